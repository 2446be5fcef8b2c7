"""Classes of key members who stand in the same place: tied to the same others, writing in the same threads.

A class gets the word "general" when its members write over the sections as everybody does, else the code of the section
kind they write in most beyond their share. Where a custodian coded sections as, say, management or technical, classes
come out as general, managing and technical (Fonhof, van der Bruggen and Takes 2018 tell key members apart so).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from vestige.dataset import Dataset
from vestige.network.ties import Ties
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray

MOST_CLASSES = 6
GENERAL = "general"
_SPECIAL = 2.0
"""A class is named after a section kind that it writes in at least twice as much as everybody."""
_FEWEST = 4


@dataclass(frozen=True, eq=False)
class RoleClasses:
    """Key members by structural equivalence.

    Attributes:
        rows: rows of the members, most central first. Shape (key members,).
        labels: class of each, from 0, the largest first. Shape (key members,).
        separation: mean silhouette, -1 to 1: how much nearer members are to their own class than to the next.
        words: name of each class: "general", a section kind, or "" where sections are unknown.
        special: how many times its share of everybody's posts each class writes in that section kind.
    """

    rows: IntArray
    labels: IntArray
    separation: float
    words: tuple[str, ...]
    special: tuple[float | None, ...] = field(repr=False)

    @property
    def sizes(self) -> IntArray:
        """Members of each class."""
        return np.bincount(self.labels)


def find_classes(ties: Ties, rows: IntArray, sections: Mapping[str, FloatArray]) -> RoleClasses | None:
    """Classes of structurally equivalent members; None for fewer than four, or without any tie among their profiles.

    Profiles are threads joined where known, else ties given and received; members are as near as the cosine of their
    profiles. Complete linkage, which leaves no chains of strangers; as many classes (2 to 6) as separate best.

    Args:
        ties: records of all members.
        rows: the key members.
        sections: posts of each member by section kind. Shape (members,) each.

    Source:
        Lorrain and White (1971), Structural equivalence of individuals in social networks; Wasserman and Faust (1994),
        chapter 9; Rousseeuw (1987) for silhouettes.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    profiles = _profiles(ties, rows)
    known = np.diff(profiles.indptr) > 0
    rows, profiles = rows[known], sparse.csr_array(profiles[known])
    if rows.size < _FEWEST:
        return None
    length = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1)).reshape(-1))
    unit = sparse.diags_array(1 / length, format="csr") @ profiles
    distance = np.clip(1 - (unit @ unit.T).toarray(), 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="complete")
    cuts = [fcluster(tree, count, criterion="maxclust") - 1 for count in range(2, min(MOST_CLASSES, rows.size - 1) + 1)]
    values = [silhouette(distance, cut.astype(np.int64)) for cut in cuts]
    best = int(np.argmax(values))
    labels = _by_size(cuts[best].astype(np.int64))
    words, special = _words(rows, labels, sections)
    return RoleClasses(rows, labels, float(values[best]), words, special)


def _profiles(ties: Ties, rows: IntArray) -> sparse.csr_array:
    if ties.membership is not None:
        return sparse.csr_array(ties.membership[rows])
    received = sparse.csr_array(ties.adjacency.T)
    return sparse.csr_array(sparse.hstack([ties.adjacency[rows], received[rows]]))


def silhouette(distance: FloatArray, labels: IntArray) -> float:
    """Mean silhouette; members alone in their class count 0.

    Args:
        distance: shape (members, members).
        labels: class of each from 0, at least two classes. Shape (members,).
    """
    classes = int(labels.max()) + 1
    if classes < 2:  # noqa: PLR2004 - one class has no next
        return 0.0
    sizes = np.bincount(labels, minlength=classes)
    sums = distance @ np.eye(classes)[labels]
    own = sums[np.arange(labels.size), labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / np.maximum(sizes, 1)
    means[np.arange(labels.size), labels] = np.inf
    other = means.min(axis=1)
    larger = np.maximum(own, other)
    value = np.divide(other - own, larger, out=np.zeros(labels.size), where=larger > 0)
    return float(np.where(sizes[labels] > 1, value, 0.0).mean())


def _by_size(labels: IntArray) -> IntArray:
    _, first, place, count = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(count.size, np.int64)
    number[np.lexsort((first, -count))] = np.arange(count.size)
    return np.asarray(number[place], dtype=np.int64)


def _words(
    rows: IntArray, labels: IntArray, sections: Mapping[str, FloatArray]
) -> tuple[tuple[str, ...], tuple[float | None, ...]]:
    classes = int(labels.max()) + 1
    if not sections:
        return ("",) * classes, (None,) * classes
    posts = np.column_stack(list(sections.values()))
    usual = posts.sum(axis=0) / max(posts.sum(), 1)
    words, special = [], []
    for own in range(classes):
        written = posts[rows[labels == own]].sum(axis=0)
        share = written / max(written.sum(), 1)
        times = np.divide(share, usual, out=np.zeros_like(share), where=usual > 0)
        most = int(np.argmax(np.where(share >= share.max() / 2, times, 0.0)))
        words.append(list(sections)[most] if times[most] >= _SPECIAL else GENERAL)
        special.append(float(times[most]))
    return tuple(words), tuple(special)


def section_posts(dataset: Dataset, forum: int, members: IntArray) -> dict[str, FloatArray]:
    """Posts of each member by section kind; empty where the source knows no sections. Shape (members,) each."""
    if "section" not in dataset.tables or "post" not in dataset.tables:
        return {}
    post, section = dataset.table("post"), dataset.table("section")
    kinds = section.filter(section.forum == forum).select("section", "kind")
    counted = post.filter(post.forum == forum, post.author.notnull()).inner_join(kinds, "section")
    found = counted.group_by("author", "kind").aggregate(posts=counted.count()).to_pyarrow().to_pydict()
    author = np.array(found["author"], dtype=np.int64)
    place = np.searchsorted(members, author)
    inside: BoolArray = (place < members.size) & (members[np.minimum(place, members.size - 1)] == author)
    kind, posts = np.array(found["kind"], dtype=object), np.array(found["posts"], dtype=np.float64)
    made = {}
    for name in sorted(set(found["kind"])):
        own = inside & (kind == name)
        made[str(name)] = np.bincount(place[own], posts[own], minlength=members.size).astype(np.float64)
    return made
