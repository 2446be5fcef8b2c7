"""Threads of messages that name their ancestors: parents, roots and openings, from numbers alone.

As Zawinski's algorithm does (1997-2002, "message threading", steps 1 and 2), but never by subject: the parent of a
message is the last of its references; an ancestor that the archive lacks keeps its place in the tree, so that two
answers to a missing message are in one thread; its own parent is what the first message that names it says. Loops,
which broken or hostile headers can make, are cut at their first message.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Threads:
    """The trees, by the messages' places.

    Attributes:
        thread: place of the first message of each message's thread, which stands for the thread.
        parent: place of the nearest ancestor that is in the archive; -1 without one.
        opens: whether the message is its thread's root, and not only the first that the archive has.
    """

    thread: Numbers
    parent: Numbers
    opens: npt.NDArray[np.bool_]


def first_of_each(digests: Numbers) -> npt.NDArray[np.bool_]:
    """Whether each message is the first of its id; 0 stands for no id, and such messages are all their own."""
    order = np.argsort(digests, kind="stable")
    same = np.zeros(len(digests), dtype=np.bool_)
    same[order[1:]] = digests[order[1:]] == digests[order[:-1]]
    first: npt.NDArray[np.bool_] = ~same | (digests == 0)
    return first


def build_threads(digests: Numbers, references: Numbers, counts: Numbers) -> Threads:
    """Trees of messages.

    Args:
        digests: a number for each message's id, each once; 0 without an id.
        references: the same for ids of ancestors, oldest first, message after message.
        counts: how many references each message has.
    """
    count = len(digests)
    ends = np.cumsum(counts)
    nodes, missing = _nodes(digests, references)
    parent = np.arange(count + missing, dtype=np.int64)
    has = counts > 0
    parent[np.flatnonzero(has)] = nodes[ends[has] - 1]
    _claim(parent, nodes, counts, count)
    _cut_loops(parent)
    root = _roots(parent)
    thread = np.full(count + missing, count, dtype=np.int64)
    np.minimum.at(thread, root[:count], np.arange(count, dtype=np.int64))
    return Threads(thread[root[:count]], _present_ancestor(parent, count), root[:count] == np.arange(count))


def _nodes(digests: Numbers, references: Numbers) -> tuple[Numbers, int]:
    """The node of each reference: a message's place, or a number after all places for one that is missing."""
    order = np.argsort(digests, kind="stable")
    ordered = digests[order]
    spot = np.minimum(np.searchsorted(ordered, references), max(len(ordered) - 1, 0))
    known = ordered[spot] == references if len(ordered) else np.zeros(len(references), dtype=np.bool_)
    absent, numbers = np.unique(references[~known], return_inverse=True)
    nodes = np.empty(len(references), dtype=np.int64)
    nodes[known] = order[spot[known]] if len(ordered) else 0
    nodes[~known] = len(digests) + numbers
    return nodes, len(absent)


def _claim(parent: Numbers, nodes: Numbers, counts: Numbers, messages: int) -> None:
    """Give each missing ancestor the parent that the first message which names it says."""
    owner = np.repeat(np.arange(len(counts)), counts)
    child, before = nodes[1:], nodes[:-1]
    says = (owner[1:] == owner[:-1]) & (child >= messages) & (child != before)
    child, before = child[says], before[says]
    first = np.unique(child, return_index=True)[1]
    parent[child[first]] = before[first]


def _roots(parent: Numbers) -> Numbers:
    root = parent.copy()
    while True:
        above = root[root]
        if np.array_equal(above, root):
            return root
        root = above


def _cut_loops(parent: Numbers) -> None:
    """Make the first node of every loop a root."""
    far = parent.copy()
    for _ in range(max(len(parent), 2).bit_length()):
        far = far[far]
    looping = np.unique(far[parent[far] != far])  # after so many steps, only nodes of loops are left
    seen: set[int] = set()
    for node in looping.tolist():
        if node in seen:
            continue
        loop, at = [], node
        while at not in seen:
            seen.add(at)
            loop.append(at)
            at = int(parent[at])
        first = min(loop)
        parent[first] = first


def _present_ancestor(parent: Numbers, messages: int) -> Numbers:
    """For each message its nearest ancestor in the archive, over missing ones; -1 without one."""
    place = np.arange(len(parent), dtype=np.int64)
    step = np.where(place < messages, place, parent)  # a message ends the climb, a missing one passes on
    while True:
        above = step[step]
        if np.array_equal(above, step):
            break
        step = above
    found = step[parent[:messages]]
    return np.where((found < messages) & (parent[:messages] != place[:messages]), found, -1)
