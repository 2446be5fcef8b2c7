"""Events of members by month, and the window they lie in: what several analyses begin with.

Months are whole numbers, year * 12 + month - 1.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import MemberKind, SanctionKind, State
from vestige.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from vestige.dataset.store import Dataset

MONTHS_A_YEAR: Final = 12
OUTCOMES: Final = {
    "post": ("post", "author"),
    "thread": ("thread", "starter"),
    "view": ("view", "member"),
    "download": ("download", "member"),
    "reaction": ("reaction", "giver"),
    "message": ("message", "sender"),
}
"""Outcome to its table and the column that says who did it."""


@dataclass(frozen=True)
class ForumWindow:
    """One forum and the time it was observed.

    Attributes:
        forum: id of the forum.
        start: first moment observed.
        end: last moment observed.
    """

    forum: int
    start: datetime
    end: datetime

    @property
    def first_month(self) -> int:
        """Number of the month in which the window begins."""
        return _month(self.start)

    @property
    def last_month(self) -> int:
        """Number of the month in which the window ends."""
        return _month(self.end)


def forum_window(dataset: "Dataset", code: str | None = None) -> ForumWindow:
    """The window of one forum.

    Args:
        dataset: an opened dataset.
        code: code of the forum; None when the dataset has one.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the window is unknown.
    """
    forum = dataset.manifest.only_forum(code).forum
    row = next(row for row in dataset.arrow("forum").to_pylist() if row["forum"] == forum)
    if row["window_start"] is None or row["window_end"] is None:
        raise DatasetError("the forum's window is unknown", hint="derive again with --window-end")
    return ForumWindow(int(row["forum"]), row["window_start"], row["window_end"])


def _month(moment: datetime) -> int:
    return moment.year * MONTHS_A_YEAR + moment.month - 1


def event_months(dataset: "Dataset", outcome: str, forum: int, *, removed: bool = False) -> "ir.Table":
    """member, month, count: dated events of members of one forum.

    Args:
        dataset: an opened dataset.
        outcome: one of OUTCOMES.
        forum: id of the forum.
        removed: whether posts and threads that were deleted or never approved count too.

    Raises:
        SettingsError: an unknown outcome.
        DatasetError: the dataset lacks the table.
    """
    if outcome not in OUTCOMES:
        raise SettingsError(f"there is no outcome {outcome!r}", hint=f"choose one of {', '.join(OUTCOMES)}")
    name, actor = OUTCOMES[outcome]
    events = dataset.table(name)
    moment = "created_at" if name == "thread" else "at"
    events = events.filter(events.forum == forum, events[moment].notnull(), events[actor].notnull())
    if "state" in events.columns and not removed:
        events = events.filter(events.state == State.VISIBLE.value)
    if name == "message":
        events = events.select("message", "sender", "at").distinct()
    found = events.select(member=events[actor], month=events[moment].year() * 12 + events[moment].month() - 1)
    people = members_of(dataset, forum).select("member")
    kept = found.inner_join(people, "member")
    return kept.group_by("member", "month").aggregate(count=kept.count())


def members_of(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, registered: members of one forum and the month they registered in (null when unknown)."""
    members = dataset.table("member")
    members = members.filter(members.forum == forum, members.kind == MemberKind.MEMBER.value)
    registered = members.registered_at.year() * 12 + members.registered_at.month() - 1
    return members.select("member", registered=registered)


def lasting_bans(dataset: "Dataset", forum: int, last: int) -> "ir.Table":
    """member, left: the month of each member's first ban without an end, or with one after the window.

    Empty where the dataset has no sanctions.

    Args:
        dataset: an opened dataset.
        forum: the forum.
        last: last month of the window.
    """
    if "sanction" not in dataset.tables:
        nobody = members_of(dataset, forum)
        return nobody.filter(nobody.member < 0).select("member", left=nobody.registered)
    bans = dataset.table("sanction")
    bans = bans.filter(bans.forum == forum, bans.kind == SanctionKind.BAN.value, bans["at"].notnull())
    until = bans.until.year() * 12 + bans.until.month() - 1
    bans = bans.filter(bans.until.isnull() | (until > last))
    return bans.group_by("member").aggregate(left=(bans["at"].year() * 12 + bans["at"].month() - 1).min())
