"""What members did, counted in the engine: the baselines that every position must be compared with."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from vestige.dataset import Dataset
from vestige.network import network_tables as tables
from vestige.network.build import forum_of
from vestige.network.measures import Measure
from vestige.network.settings import NetworkSettings
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

_DAY_SECONDS = 86_400.0


def active_days(dataset: Dataset, settings: NetworkSettings, members: IntArray) -> sparse.csr_array | None:
    """1 for each member and day with a post that counts; None without dated posts.

    Args:
        dataset: an opened dataset.
        settings: forum, window and states.
        members: ids, ascending. Shape (members,).

    Returns:
        Shape (members, days with a post).
    """
    if "post" not in dataset.tables:
        return None
    forum, _ = forum_of(dataset, settings.forum)
    posts = tables.posts_of(dataset.table("post"), forum, settings)
    people = tables.members_of(dataset.table("member"), forum).select("member")
    written = posts.filter(posts.counts, posts["at"].notnull()).inner_join(people, [("author", "member")])
    pairs = written.select("author", day=written["at"].date()).distinct().to_pyarrow()
    if not pairs.num_rows:
        return None
    author = np.asarray(pairs.column("author"))
    rows = np.searchsorted(members, author)
    known = (rows < members.size) & (members[np.minimum(rows, members.size - 1)] == author)
    days, columns = np.unique(np.asarray(pairs.column("day"))[known], return_inverse=True)
    ones = np.ones(int(known.sum()))
    return sparse.csr_array((ones, (rows[known], columns)), shape=(members.size, days.size))


def thanks_received(dataset: Dataset, settings: NetworkSettings, members: IntArray) -> FloatArray | None:
    """Thanks, likes and votes up by others, per member; None where the source records none. Shape (members,).

    Anonymous votes count: they are no tie, but they were received.
    """
    if "reaction" not in dataset.tables:
        return None
    forum, _ = forum_of(dataset, settings.forum)
    post = dataset.table("post") if "post" in dataset.tables else None
    given = tables.thanks_ties(dataset.table("reaction"), post, forum, settings)
    others = given.filter((given.source != given.target).fill_null(True))
    return _placed(others.group_by("target").aggregate(value=others.count()), "target", members)


def tenure(dataset: Dataset, settings: NetworkSettings, members: IntArray) -> FloatArray | None:
    """Days from registration to the end of what counts; NaN where unknown or later. Shape (members,).

    None where the end is unknown, or no member's registration is known.
    """
    forum, code = forum_of(dataset, settings.forum)
    end = settings.end or _window_end(dataset, code)
    if end is None:
        return None
    people = dataset.table("member")
    known = people.filter(people.forum == forum, people.registered_at.notnull())
    found = known.select("member", "registered_at").to_pyarrow()
    if not found.num_rows:
        return None
    registered = np.full(members.size, np.nan)
    rows, kept = _rows(np.asarray(found.column("member")), members)
    seconds = np.asarray(found.column("registered_at")).astype("datetime64[us]").astype(np.float64) / 1e6
    registered[rows] = seconds[kept]
    days = (end.replace(tzinfo=UTC).timestamp() - registered) / _DAY_SECONDS
    return np.where(days >= 0, days, np.nan)


def activity_of(
    dataset: Dataset, settings: NetworkSettings, members: IntArray, incidence: sparse.csr_array | None
) -> tuple[dict[Measure, FloatArray], sparse.csr_array | None]:
    """Every baseline that the dataset can give, and the days behind active days.

    Args:
        dataset: an opened dataset.
        settings: forum, window, states and reactions.
        members: ids, ascending. Shape (members,).
        incidence: posts by member and thread; None where there are none.
    """
    found: dict[Measure, FloatArray] = {}
    if incidence is not None:
        found[Measure.POSTS] = np.asarray(incidence.sum(axis=1), dtype=np.float64).reshape(-1)
        found[Measure.THREADS] = np.diff(incidence.indptr).astype(np.float64)
    days = active_days(dataset, settings, members)
    if days is not None:
        found[Measure.ACTIVE_DAYS] = np.diff(days.indptr).astype(np.float64)
    more = {
        Measure.TENURE: tenure(dataset, settings, members),
        Measure.THANKS_RECEIVED: thanks_received(dataset, settings, members),
    }
    return found | {measure: values for measure, values in more.items() if values is not None}, days


def _window_end(dataset: Dataset, code: str) -> datetime | None:
    rows: list[dict[str, Any]] = dataset.arrow("forum").to_pylist()
    return next((row["window_end"] for row in rows if row["code"] == code), None)


def _placed(table: "ir.Table", key: str, members: IntArray) -> FloatArray:
    found = table.filter(table[key].notnull()).to_pyarrow()
    values = np.zeros(members.size)
    rows, kept = _rows(np.asarray(found.column(key)), members)
    values[rows] = np.asarray(found.column("value")).astype(np.float64)[kept]
    return values


def _rows(ids: IntArray, members: IntArray) -> tuple[IntArray, "np.ndarray[Any, np.dtype[np.bool_]]"]:
    """Rows of ids among the members, and which ids have one."""
    places = np.searchsorted(members, ids)
    kept = (places < members.size) & (members[np.minimum(places, members.size - 1)] == ids)
    return places[kept].astype(np.int64), kept
