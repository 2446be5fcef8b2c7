"""Who replies to what: a copying process that gives heavy-tailed threads, reply trees and communities.

Each post either opens a thread or answers an earlier post of its stream (a community's own sequence of posts).
Answering any earlier post with equal chance makes a thread grow in proportion to its size, so that sizes follow a
Yule law (Simon 1955); a share of answers goes to recent posts, as on real forums. Everything is done for all posts
at once: parents are drawn as positions in arrays, and each post's thread is found by pointer jumping.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from vestige.simulate.calendar import UNKNOWN, Flags, Floats, Integers
from vestige.simulate.settings import StructureSettings

_RECENT_POSTS: Final = 40.0
"""Mean number of posts that a recent reply looks back, in its stream."""


class Planted(IntEnum):
    """What was planted in a member: nothing, importance, or one of two kinds of idle activity.

    KEY draws replies and thanks and links communities. CHATTER posts in endless threads of his own kind.
    SOLILOQUY opens threads that nobody answers.
    """

    NONE = 0
    KEY = 1
    CHATTER = 2
    SOLILOQUY = 3


_OPENING_FACTOR: Final = {Planted.NONE: 1.0, Planted.KEY: 4.0, Planted.CHATTER: 0.02, Planted.SOLILOQUY: 9.0}


@dataclass(frozen=True)
class Threads:
    """Threads, and each post's place in them.

    Attributes:
        thread: dense thread id of each post; threads are numbered by their opening.
        parent: post replied to, or UNKNOWN for opening posts.
        opening: the opening post of each thread.
        stream: community stream of each post.
        order: post ids ordered by stream, then time.
        place: position of each post in `order`.
        starts: first position of each stream in `order`, and their total; `streams + 1` values.
    """

    thread: Integers
    parent: Integers
    opening: Integers
    stream: Integers
    order: Integers
    place: Integers
    starts: Integers


def draw_streams(
    generator: np.random.Generator, community: Integers, planted: Integers, settings: StructureSettings
) -> Integers:
    """The stream of each post: mostly its author's community; chatter has a stream of its own, the last.

    Args:
        generator: source of randomness.
        community: author's community, per post.
        planted: what was planted in the author, per post.
        settings: communities and mixing.
    """
    mixing = np.array([settings.mixing, settings.key_mixing, 0.0, settings.mixing], np.float32)
    away = generator.random(len(community), dtype=np.float32) < mixing[planted]
    stream = community.astype(np.int8)
    step = generator.integers(1, max(settings.communities, 2), size=int(away.sum()), dtype=np.int8)
    stream[away] = (stream[away].astype(np.int16) + step) % settings.communities
    chatter = (planted == Planted.CHATTER) & (generator.random(len(planted), dtype=np.float32) < 0.9)  # noqa: PLR2004
    stream[chatter] = settings.communities
    return stream


def build_threads(
    generator: np.random.Generator, stream: Integers, planted: Integers, settings: StructureSettings
) -> Threads:
    """Draw every post's parent and find its thread.

    Args:
        generator: source of randomness.
        stream: stream of each post, posts being in time order.
        planted: what was planted in each post's author.
        settings: opening, recency and key members' pull.
    """
    order = np.argsort(stream, kind="stable").astype(np.int32)
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int32)
    counts = np.bincount(stream, minlength=settings.communities + 1)
    starts = np.concatenate(([0], np.cumsum(counts)))
    parent = _draw_parents(generator, planted[order], starts, settings)
    root = _find_roots(parent)
    opens = root == np.arange(len(root), dtype=np.int32)
    opening = np.sort(order[opens])
    number = np.full(len(order), UNKNOWN, np.int32)
    number[opening] = np.arange(len(opening), dtype=np.int32)
    thread = np.empty_like(order)
    thread[order] = number[order[root]]
    parent_post = np.empty_like(order)
    parent_post[order] = np.where(opens, UNKNOWN, order[parent])
    return Threads(thread, parent_post, opening, stream, order, place, starts)


def _draw_parents(
    generator: np.random.Generator, planted: Integers, starts: Integers, settings: StructureSettings
) -> Integers:
    """Parent of each position; itself for opening posts."""
    count = len(planted)
    factor = np.array([_OPENING_FACTOR[kind] for kind in Planted], np.float32)
    opening_chance = np.minimum(settings.opening_share * factor, 0.95)
    replies = np.flatnonzero(generator.random(count, dtype=np.float32) >= opening_chance[planted]).astype(np.int32)
    key, ordinary = planted == Planted.KEY, planted == Planted.NONE
    ordinary[starts[-2] :] = True
    key[starts[-2] :] = False
    key_posts, ordinary_posts = _list_earlier(key, starts, replies), _list_earlier(ordinary, starts, replies)
    pull = settings.key_attraction * key_posts.available
    all_pulls = np.maximum(pull + ordinary_posts.available, 1)
    to_key = generator.random(len(replies), dtype=np.float32) * all_pulls < pull
    parent = np.arange(count, dtype=np.int32)
    for earlier, wanted in ((key_posts, to_key), (ordinary_posts, ~to_key)):
        asking = wanted & (earlier.available > 0)
        parent[replies[asking]] = _choose(generator, earlier, asking, settings.recent_share)
    return parent


@dataclass(frozen=True)
class _Earlier:
    """Posts of one kind that stand before each reply in its stream.

    Attributes:
        listed: positions of all posts of the kind.
        first: for each reply, where its stream begins in `listed`.
        available: for each reply, how many of its stream stand before it.
    """

    listed: Integers
    first: Integers
    available: Integers


def _list_earlier(eligible: Flags, starts: Integers, replies: Integers) -> _Earlier:
    listed = np.flatnonzero(eligible).astype(np.int32)
    before = np.concatenate(([0], np.cumsum(eligible, dtype=np.int32)))
    stream = np.repeat(np.arange(len(starts) - 1, dtype=np.int8), np.diff(starts))[replies]
    first = before[starts].astype(np.int32)[stream]
    return _Earlier(listed, first, before[replies].astype(np.int32) - first)


def _choose(generator: np.random.Generator, earlier: _Earlier, asking: Flags, recent_share: float) -> Integers:
    """A position for each asking reply: one of the latest, or any."""
    first, available = earlier.first[asking], earlier.available[asking]
    lag = (generator.standard_exponential(len(first), dtype=np.float32) * _RECENT_POSTS).astype(np.int32)
    anywhere = (generator.random(len(first)) * available).astype(np.int32)
    recent = (generator.random(len(first), dtype=np.float32) < recent_share) & (lag < available)
    return earlier.listed[first + np.where(recent, available - 1 - lag, anywhere)]


def _find_roots(parent: Integers) -> Integers:
    """Follow parents to the root by doubling: each round halves what is left of every chain."""
    root = parent.copy()
    open_ends = np.arange(len(root), dtype=np.int32)
    while len(open_ends):
        above = root[root[open_ends]]
        moved = above != root[open_ends]
        root[open_ends] = above
        open_ends = open_ends[moved]
    return root


def draw_sections(
    generator: np.random.Generator, thread_stream: Integers, settings: StructureSettings
) -> tuple[Integers, Integers]:
    """The section of each thread, and the parent of each section (UNKNOWN at the top).

    Sections are dealt to the streams in turn; a stream's first section encloses its others. With fewer sections
    than streams, streams share them.
    """
    streams = settings.communities + 1
    section = np.arange(settings.sections)
    parent = np.where(section < streams, UNKNOWN, section % streams).astype(np.int32)
    home = thread_stream.astype(np.int64) % settings.sections
    choices = 1 + (settings.sections - 1 - home) // streams if settings.sections > streams else np.ones_like(home)
    skewed: Floats = generator.random(len(home)) ** 2
    return (home + streams * (skewed * choices).astype(np.int64)).astype(np.int32), parent
