"""Reductions in the engine: first and last traces, gaps, versatility, roles, bans, thanks received."""

from functools import reduce
from typing import TYPE_CHECKING, Final

from vestige.dataset.events import MONTHS_A_YEAR, OUTCOMES, members_of
from vestige.dataset.schema import MemberKind, ReactionKind, Role, SanctionKind, State

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from vestige.dataset import Dataset

DAY_SECONDS: Final = 86_400
_RECEIVED: Final = (ReactionKind.THANKS, ReactionKind.LIKE, ReactionKind.UP)


def registrations(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, pseudonym, registered_at of the members of a forum."""
    member = dataset.table("member")
    own = member.filter(member.forum == forum, member.kind == MemberKind.MEMBER.value)
    return own.select("member", "pseudonym", "registered_at")


def events_of(dataset: "Dataset", outcome: str, forum: int) -> "ir.Table":
    """member, at, section (null where the outcome has none): dated events of members, removed ones left out."""
    import ibis

    name, actor = OUTCOMES[outcome]
    events = dataset.table(name)
    moment = "created_at" if name == "thread" else "at"
    events = events.filter(events.forum == forum, events[moment].notnull(), events[actor].notnull())
    if "state" in events.columns:
        events = events.filter(events.state == State.VISIBLE.value)
    if name == "message":
        events = events.select("message", "sender", "at").distinct()
    section = events.section if "section" in events.columns else ibis.null("int64")
    found = events.select(member=events[actor], at=events[moment], section=section)
    return found.semi_join(members_of(dataset, forum), "member")


def first_and_last(events: "ir.Table", gap: int) -> "ir.Table":
    """member, first, last, events, longest_gap (seconds), gaps longer than `gap` days.

    Args:
        events: as from `events_of`.
        gap: days.
    """
    import ibis

    seconds = events.select("member", "at", second=events.at.truncate("s").epoch_seconds())
    order = ibis.window(group_by="member", order_by=["second"])
    apart = seconds.mutate(gap=seconds.second - seconds.second.lag().over(order))
    return apart.group_by("member").aggregate(
        first=apart.at.min(),
        last=apart.at.max(),
        events=apart.count(),
        longest_gap=apart.gap.max(),
        gaps=(apart.gap > gap * DAY_SECONDS).cast("int64").sum().fill_null(0),
    )


def versatility(events: "ir.Table") -> "ir.Table":
    """member, sections, placed, entropy: number of sections, events in them, and Shannon entropy in nats.

    Args:
        events: as from `events_of`.
    """
    placed = events.filter(events.section.notnull())
    cells = placed.group_by("member", "section").aggregate(count=placed.count())
    logs = cells.mutate(weighted=cells["count"] * cells["count"].cast("float64").ln())
    found = logs.group_by("member").aggregate(
        sections=logs.count(), placed=logs["count"].sum(), weighted=logs.weighted.sum()
    )
    size = found.placed.cast("float64")  # at least 1
    return found.select("member", "sections", "placed", entropy=size.ln() - found.weighted / size)


def last_traces(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, first, last: of all kinds of traces that the dataset holds; members without any are left out."""
    import ibis

    spans = []
    for outcome, (name, _) in OUTCOMES.items():
        if name in dataset.tables:
            events = events_of(dataset, outcome, forum)
            spans.append(events.group_by("member").aggregate(first=events.at.min(), last=events.at.max()))
    if not spans:
        nobody = registrations(dataset, forum).filter(ibis.literal(False))
        return nobody.select("member", first="registered_at", last="registered_at")
    every = reduce(lambda one, other: one.union(other), spans)
    return every.group_by("member").aggregate(first=every["first"].min(), last=every["last"].max())


def role_starts(dataset: "Dataset", role: Role, forum: int) -> "ir.Table":
    """member, start (null where no spell of the role is dated), spells of a role."""
    spell = dataset.table("role_spell")
    own = spell.filter(spell.forum == forum, spell.role == role.value)
    own = own.semi_join(members_of(dataset, forum), "member")
    return own.group_by("member").aggregate(start=own.start_at.min(), spells=own.count())


def bans(dataset: "Dataset", forum: int) -> "ir.Table | None":
    """member, start: the first ban, from sanctions or from role spells; None where the dataset has neither."""
    found = []
    if "sanction" in dataset.tables:
        sanction = dataset.table("sanction")
        own = sanction.filter(
            sanction.forum == forum, sanction.kind == SanctionKind.BAN.value, sanction["at"].notnull()
        )
        found.append(own.select("member", start=own["at"]))
    if "role_spell" in dataset.tables:
        spell = dataset.table("role_spell")
        own = spell.filter(spell.forum == forum, spell.role == Role.BANNED.value, spell.start_at.notnull())
        found.append(own.select("member", start=own.start_at))
    if not found:
        return None
    every = reduce(lambda one, other: one.union(other), found)
    return every.group_by("member").aggregate(start=every.start.min())


def thanks_months(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, month, count: thanks, likes and upvotes received."""
    reaction = dataset.table("reaction")
    own = reaction.filter(
        reaction.forum == forum,
        reaction["at"].notnull(),
        reaction.receiver.notnull(),
        reaction.kind.isin([kind.value for kind in _RECEIVED]),
    )
    found = own.select(member=own.receiver, month=own["at"].year() * MONTHS_A_YEAR + own["at"].month() - 1)
    found = found.semi_join(members_of(dataset, forum), "member")
    return found.group_by("member", "month").aggregate(count=found.count())
