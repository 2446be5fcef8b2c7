"""Thanks and private messages: between members who meet in the same stream of posts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.simulate.calendar import Flags, Integers
from vestige.simulate.settings import StructureSettings
from vestige.simulate.threads import Planted, Threads

_NEAR: Final = 40.0
_ANYONE: Final = 0.3
"""Share of messages to a member met anywhere."""
_SECOND_RECIPIENT: Final = 0.05


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
    count = int(generator.poisson(settings.thanks_per_post * len(posts.at))) if len(posts.at) else 0
    target = generator.integers(max(len(posts.at), 1), size=count)
    key = np.flatnonzero(posts.planted == Planted.KEY)
    if len(key):
        pull = settings.key_attraction * len(key)
        drawn = np.flatnonzero(generator.random(count) < pull / (pull + len(posts.at) - len(key)))
        target[drawn] = key[generator.integers(len(key), size=len(drawn))]
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
