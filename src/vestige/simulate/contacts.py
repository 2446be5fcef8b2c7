"""Thanks and private messages: between members who meet in the same stream of posts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.simulate.calendar import DAY, UNKNOWN, Flags, Integers
from vestige.simulate.settings import StructureSettings
from vestige.simulate.threads import Planted, Threads

_NEAR: Final = 40.0
_ANYONE: Final = 0.3
"""Share of messages to a member met anywhere."""
_SECOND_RECIPIENT: Final = 0.05
_VOTED_WITHIN: Final = 2 * DAY
_DOWN: Final = 0.1
"""Share of the anonymous votes that are against."""


@dataclass(frozen=True)
class Posts:
    """Posts in time order.

    Attributes:
        author: table id of the account that wrote each.
        at: time.
        planted: what was planted in its author.
        by_member: whether its author is a member, not a guest or deleted author.
    """

    author: Integers
    at: Integers
    planted: Integers
    by_member: Flags


def draw_reactions(
    generator: np.random.Generator, posts: Posts, threads: Threads, settings: StructureSettings
) -> dict[str, Integers]:
    """Thanks: giver, receiver, post, at; a member thanks a post at most once, and never his own.

    The giver is the author of a post that follows soon in the same stream, and thanks when he writes it.
    """
    target = _draw_targets(generator, posts, settings.thanks_per_post, settings.key_attraction)
    count = len(target)
    lag = 1 + (generator.standard_exponential(count, dtype=np.float32) * _NEAR).astype(np.int64)
    place = threads.place[target] + lag
    inside = place < threads.starts[threads.stream[target].astype(np.int64) + 1]
    target, thanking = target[inside], threads.order[place[inside]]
    wanted = (
        (posts.author[target] != posts.author[thanking])
        & posts.by_member[target]
        & posts.by_member[thanking]
        & (posts.planted[target] <= Planted.KEY)
    )
    target, thanking = target[wanted], thanking[wanted]
    giver, at = posts.author[thanking], posts.at[thanking]
    width = int(posts.author.max(initial=0)) + 1
    _, first = np.unique(target.astype(np.int64) * width + giver, return_index=True)
    first = first[np.argsort(at[first], kind="stable")]
    return {
        "giver": giver[first],
        "receiver": posts.author[target[first]],
        "post": target[first].astype(np.int32),
        "at": at[first],
    }


def draw_anonymous_votes(
    generator: np.random.Generator, posts: Posts, last: int, settings: StructureSettings
) -> dict[str, Integers]:
    """Votes that nobody signed: giver (UNKNOWN), receiver, post, at, weight (1 or -1); within days of the post.

    Args:
        generator: source of randomness.
        posts: posts in time order.
        last: last second of the window.
        settings: votes per post, and what draws them.
    """
    target = _draw_targets(generator, posts, settings.anonymous_votes_per_post, settings.key_attraction)
    target = target[posts.by_member[target] & (posts.planted[target] <= Planted.KEY)]
    at = posts.at[target] + (generator.standard_exponential(len(target)) * _VOTED_WITHIN).astype(np.int64)
    order = np.argsort(at, kind="stable")
    order = order[at[order] <= last]
    return {
        "giver": np.full(len(order), UNKNOWN, np.int32),
        "receiver": posts.author[target[order]],
        "post": target[order].astype(np.int32),
        "at": at[order],
        "weight": np.where(generator.random(len(order)) < _DOWN, -1, 1).astype(np.int8),
    }


def _draw_targets(generator: np.random.Generator, posts: Posts, per_post: float, attraction: float) -> Integers:
    """Posts that draw a reaction, in no order; those of key members more often."""
    total = len(posts.at)
    count = int(generator.poisson(per_post * total)) if total else 0
    target = generator.integers(max(total, 1), size=count)
    key = np.flatnonzero(posts.planted == Planted.KEY)
    if len(key):
        pull = attraction * len(key)
        drawn = np.flatnonzero(generator.random(count) < pull / (pull + total - len(key)))
        target[drawn] = key[generator.integers(len(key), size=len(drawn))]
    return target


def draw_messages(
    generator: np.random.Generator,
    posts: Posts,
    threads: Threads,
    active_until: Integers,
    settings: StructureSettings,
) -> dict[str, Integers]:
    """Envelopes: message, sender, recipient, at; one row a recipient, messages numbered by time.

    Args:
        generator: source of randomness.
        posts: posts in time order.
        threads: their streams.
        active_until: last second of each account, by table id.
        settings: messages per post.
    """
    total = len(posts.at)
    count = int(generator.poisson(settings.messages_per_post * total)) if total else 0
    sending = generator.integers(max(total, 1), size=count)
    meeting = _meet(generator, sending, posts, threads)
    second = np.flatnonzero(generator.random(count, dtype=np.float32) < _SECOND_RECIPIENT)
    draft = np.concatenate((np.arange(count), second))
    sending = np.concatenate((sending, sending[second]))
    meeting = np.concatenate((meeting, _meet(generator, sending[:count][second], posts, threads)))
    sender, recipient = posts.author[sending], posts.author[meeting]
    at = np.maximum(posts.at[sending], posts.at[meeting])
    at[count:] = at[second]
    wanted = (sender != recipient) & posts.by_member[sending] & posts.by_member[meeting] & (at <= active_until[sender])
    width = int(posts.author.max(initial=0)) + 1
    _, first = np.unique(draft[wanted] * width + recipient[wanted], return_index=True)
    rows = np.flatnonzero(wanted)[first]
    rows = rows[np.lexsort((draft[rows], at[rows]))]
    new = np.diff(draft[rows], prepend=-1) != 0
    return {
        "message": (np.cumsum(new) - 1).astype(np.int32),
        "sender": sender[rows],
        "recipient": recipient[rows],
        "at": at[rows],
    }


def _meet(generator: np.random.Generator, post: Integers, posts: Posts, threads: Threads) -> Integers:
    """A post by someone the author may write to: near in the same stream, or anywhere."""
    lag = 1 + (generator.standard_exponential(len(post), dtype=np.float32) * _NEAR).astype(np.int64)
    place = np.maximum(threads.place[post] - lag, threads.starts[threads.stream[post].astype(np.int64)])
    anywhere = generator.integers(max(len(posts.at), 1), size=len(post))
    far = generator.random(len(post), dtype=np.float32) < _ANYONE
    return np.where(far, anywhere, threads.order[place] if len(post) else place)
