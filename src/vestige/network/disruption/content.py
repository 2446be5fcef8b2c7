"""What members wrote, opened, uploaded, saw and fetched: counts a member, reduced on the dataset's engine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.dataset import Dataset
from vestige.dataset.schema import DownloadOutcome, Role
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

TABLES_OF: Final = {
    "posts": ("post",),
    "threads": ("thread",),
    "uploads": ("object",),
    "views received": ("view", "thread"),
    "downloads served": ("download", "object"),
    "views made": ("view",),
    "downloads made": ("download",),
}
"""Trace to the tables it needs. Received and served: of what the member opened or uploaded."""


@dataclass(frozen=True, eq=False)
class Content:
    """One trace of all members of a network.

    Attributes:
        name: of `TABLES_OF`.
        counts: of each node of the network.
        total: of the whole forum: also of guests, of deleted and unknown authors and of members outside the network,
            whose part no removal can take away.
    """

    name: str
    counts: FloatArray
    total: float


def read_content(dataset: Dataset, forum: int, members: IntArray) -> tuple[Content, ...]:
    """Every trace that the dataset can tell and that has any count, in the order of `TABLES_OF`.

    Args:
        dataset: an opened dataset.
        forum: id of the forum.
        members: ids of the network's members, ascending.
    """
    found = []
    for name, needed in TABLES_OF.items():
        if all(table in dataset.tables for table in needed):
            rows = _counted(dataset, name, forum).to_pyarrow()
            content = _aligned(name, rows["who"].to_numpy(zero_copy_only=False), rows["events"].to_numpy(), members)
            if content.total > 0:
                found.append(content)
    return tuple(found)


def read_roles(dataset: Dataset, forum: int, members: IntArray) -> tuple[str | None, ...]:
    """The highest role that each member ever held in the data; None where none is recorded."""
    rows = dataset.table("role_spell")
    held = rows.filter(rows.forum == forum).select("member", "role").distinct().to_pyarrow()
    ranks = {role.value: rank for rank, role in enumerate(Role)}
    best: dict[int, str] = {}
    for member, role in zip(held["member"].to_pylist(), held["role"].to_pylist(), strict=True):
        if member not in best or ranks[role] < ranks[best[member]]:
            best[member] = role
    return tuple(best.get(member) for member in members.tolist())


def _counted(dataset: Dataset, name: str, forum: int) -> "ir.Table":
    """Events of each member, `who` null where nobody is known; one row a member."""
    import ibis

    def own(table: str) -> "ir.Table":
        rows = dataset.table(table)
        return rows.filter(rows.forum == forum)

    def completed() -> "ir.Table":
        rows = own("download")
        return rows.filter(rows.outcome == DownloadOutcome.COMPLETED.value)

    if name == "views received":
        seen, threads = own("view").filter(ibis._.thread.notnull()).select("thread"), own("thread")
        rows = seen.left_join(threads.select("thread", who="starter"), "thread").select("who")
    elif name == "downloads served":
        fetched, objects = completed().filter(ibis._.object.notnull()).select("object"), own("object")
        rows = fetched.left_join(objects.select("object", who="uploader"), "object").select("who")
    else:
        table = completed() if name == "downloads made" else own(TABLES_OF[name][0])
        column = {"posts": "author", "threads": "starter", "uploads": "uploader"}.get(name, "member")
        rows = table.select(who=column)
    return rows.group_by("who").aggregate(events=ibis._.count())


def _aligned(name: str, who: FloatArray, events: IntArray, members: IntArray) -> Content:
    """`who` arrives as floats where a null stands for nobody known."""
    counts = np.zeros(members.size)
    known = ~np.isnan(who.astype(np.float64))
    identifiers = who[known].astype(np.int64)
    places = np.searchsorted(members, identifiers)
    inside = (places < members.size) & (members[np.minimum(places, members.size - 1)] == identifiers)
    np.add.at(counts, places[inside], events[known][inside])
    return Content(name, counts, float(events.sum()))
