"""From reductions to tables, each with the rule by which the disclosure policy lets it leave."""

from collections.abc import Iterator
from typing import Final

from vestige.activity.calendar import complete_calendar, month_date
from vestige.activity.reduce import Reduction, TraceReduction
from vestige.activity.traces import COMMUNICATION, DOWNLOADS, POSTS, THREADS, TRACES
from vestige.dataset.schema import MemberKind, ModerationKind, Role
from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import (
    MOST,
    Figures,
    busiest_two,
    contribution_columns,
    count_column,
    members_column,
    most_of,
    rows_table,
)
from vestige.disclosure.populations import EVERYBODY
from vestige.statistics.distribution import Distribution

BAND_STARTS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)
"""Lower ends of the bands in which activity per member is shown."""
COMMUNICATED: Final = "Communicated (a post, thread or message)"
SILENT: Final = "Downloaded, never communicated"
TRACELESS: Final = "Left no trace but the registration"
OUTSIDE: Final = "outside-any"
"""Stands in for the kind of section of what lies in no section."""


def sentence_case(deed: str) -> str:
    """A deed as the label of a row."""
    return deed[0].upper() + deed[1:]


DEEDS: Final = {sentence_case(trace.deed): trace.actors for trace in TRACES} | {
    COMMUNICATED: "communicating",
    SILENT: "silent-downloading",
    TRACELESS: "traceless",
}
"""Label of a deed to those who did it, as the disclosure policy names them across tables."""


def describe_figures(reduction: Reduction) -> Iterator[Figures]:
    """Every table of the description but those of concentration; a table without rows is left out."""
    for figures in (
        volume(reduction),
        months(reduction),
        participation(reduction),
        *(
            per_member(reduction, reduction.traces[trace.name])
            for trace in (POSTS, DOWNLOADS)
            if trace.name in reduction.traces
        ),
        sections(reduction),
        roles(reduction),
        moderation(reduction),
        accounts(reduction),
    ):
        if figures.data.num_rows:
            yield figures


def volume(reduction: Reduction) -> Figures:
    """Events of members, and the members behind them."""
    rule = TableRule(
        "volume",
        "Activity in the window",
        (
            ColumnRule("trace", "What", ColumnKind.LABEL, vocabulary=tuple(trace.title for trace in TRACES)),
            count_column(
                "events",
                "Events",
                behind="members",
                additive=Additive.NO,
                largest=MOST,
                counts={trace.title: trace.name for trace in TRACES},
            ),
            members_column(
                "members",
                "Members involved",
                additive=Additive.NO,
                counts={trace.title: trace.actors for trace in TRACES},
            ),
            *contribution_columns(),
            ColumnRule("per_member", "Events per member involved", ColumnKind.RATIO, ratio=("events", "members")),
        ),
        "Registered members only: guests, deleted authors, bots and system accounts are left out.",
    )
    rows = [
        (found.trace.title, found.events, found.members, *_busiest(found.distribution))
        for found in reduction.traces.values()
    ]
    return Figures(rule, rows_table(rule, rows))


def months(reduction: Reduction) -> Figures:
    """Members and events of each month of a complete calendar; an empty month is a month of zeros."""
    shown = [reduction.traces[trace.name] for trace in (POSTS, THREADS, DOWNLOADS) if trace.name in reduction.traces]
    titles = {POSTS.name: "Posters", DOWNLOADS.name: "Downloaders"}
    columns = [
        ColumnRule("month", "Month", ColumnKind.MONTH),
        members_column("new_members", "New members", additive=Additive.DISJOINT, counts="registered"),
    ]
    for found in shown:
        name = found.trace.name
        columns += [
            members_column(
                f"members_{name}",
                titles.get(name, ""),
                additive=Additive.NO,
                shown=name in titles,
                counts=found.trace.actors,
            ),
            count_column(name, found.trace.title, behind=f"members_{name}", counts=name, largest=most_of(name)),
            *contribution_columns(most_of(name)),
        ]
    rule = TableRule(
        "months", "Growth by month", tuple(columns), "Every month of the window is listed, also an empty one."
    )
    seen = {month for found in shown for month in found.by_month} | set(reduction.registrations)
    calendar = complete_calendar(reduction.windows, (month for month in seen if month is not None))
    rows = []
    for month in calendar:
        row: list[object] = [month_date(month), reduction.registrations.get(month, 0)]
        for found in shown:
            events, members = found.by_month.get(month, (0, 0))
            row += [members, events, *found.busiest_by_month.get(month, (0, 0))]
        rows.append(tuple(row))
    return Figures(rule, rows_table(rule, rows))


def participation(reduction: Reduction) -> Figures:
    """Members who left each trace at least once, as shares of all members."""
    deeds = _deeds(reduction)
    rule = TableRule(
        "participation",
        "Who takes part",
        (
            ColumnRule("deed", "At least once", ColumnKind.LABEL, vocabulary=tuple(deeds) or ("-",)),
            ColumnRule(
                "members",
                "Members",
                ColumnKind.MEMBERS,
                behind=("added",),
                within="superset",
                additive=Additive.NO,
                counts=DEEDS,
            ),
            members_column("added", "Members beyond the largest group in it", additive=Additive.NO, shown=False),
            members_column("of_members", "Of members", additive=Additive.NO, counts=EVERYBODY, whole=True),
            members_column("superset", "Largest group it is part of", additive=Additive.NO, shown=False),
            ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("members", "of_members")),
            ColumnRule("low", "95 % from", ColumnKind.SHARE_LOWER, ratio=("members", "of_members")),
            ColumnRule("high", "to", ColumnKind.SHARE_UPPER, ratio=("members", "of_members")),
        ),
        "Intervals (Wilson) hold if the members seen are taken as a sample of those such a forum attracts.",
    )
    rows = [(deed, members, added, reduction.members, superset) for deed, (members, added, superset) in deeds.items()]
    return Figures(rule, rows_table(rule, rows))


def _deeds(reduction: Reduction) -> dict[str, tuple[int, int, int]]:
    """Deed to the members who did it, and the two groups that subtraction would be made with.

    These are how many it adds to the largest group within it, and the smallest group that it lies within.
    """
    if not reduction.traces:
        return {}
    present = set(reduction.traces)
    everyone = reduction.members
    words = {trace.name for trace in COMMUNICATION} & present
    communicated = reduction.members_with(words)
    deeds = {}
    for found in reduction.traces.values():
        deeds[sentence_case(found.trace.deed)] = (found.members, found.members, everyone)
    if len(words) > 1:
        added = communicated - max(reduction.traces[name].members for name in words)
        deeds[COMMUNICATED] = (communicated, added, everyone)
    if DOWNLOADS.name in present and words:
        downloaded = reduction.members_with({DOWNLOADS.name})
        silent = reduction.members_with(words | {DOWNLOADS.name}) - communicated
        deeds[SILENT] = (silent, silent, downloaded)
    traceless = everyone - reduction.members_with(present)
    deeds[TRACELESS] = (traceless, traceless, everyone)
    return deeds


def per_member(reduction: Reduction, found: TraceReduction) -> Figures:
    """Members by how much they did, those who did nothing included."""
    name, title = found.trace.name, found.trace.title
    labels = _band_labels()
    rule = TableRule(
        f"{name}_per_member",
        f"{title} per member",
        (
            ColumnRule("band", f"{title} per member", ColumnKind.LABEL, vocabulary=labels),
            members_column("members", "Members", additive=Additive.DISJOINT, counts=EVERYBODY),
            members_column("of_members", "Of members", additive=Additive.NO, shown=False, counts=EVERYBODY, whole=True),
            ColumnRule("share", "Share of members", ColumnKind.SHARE, ratio=("members", "of_members")),
            count_column("events", title, behind="members", additive=Additive.DISJOINT, largest=MOST, counts=name),
            *contribution_columns(),
            members_column("actors", "Members with any", additive=Additive.NO, shown=False),
            count_column(
                "of_events",
                f"All {title.lower()}",
                behind="actors",
                additive=Additive.NO,
                shown=False,
                counts=name,
                whole=True,
            ),
            ColumnRule("share_of_events", f"Share of {title.lower()}", ColumnKind.SHARE, ratio=("events", "of_events")),
        ),
    )
    members = [0] * len(labels)
    events = [0] * len(labels)
    members[0] = reduction.members - found.members
    most = [(0, 0)] * len(labels)
    for value, count in zip(found.distribution.values, found.distribution.members, strict=True):
        band = max(place for place, start in enumerate(BAND_STARTS) if value >= start)
        members[band] += int(count)
        events[band] += round(value * count)
        most[band] = busiest_two([*most[band], value], [1, 1, int(count)])
    last = max(place for place, count in enumerate(members) if count or place == 0)
    rows = [
        (label, members[place], reduction.members, events[place], *most[place], found.members, found.events)
        for place, label in enumerate(labels[: last + 1])
    ]
    return Figures(rule, rows_table(rule, rows))


def _busiest(distribution: Distribution) -> tuple[int, int]:
    return busiest_two(distribution.values.tolist(), distribution.members.tolist())


def _band_labels() -> tuple[str, ...]:
    ends = [start - 1 for start in BAND_STARTS[1:]]
    ranges = zip(BAND_STARTS, ends, strict=False)
    return (*(f"{low:,}" if low == high else f"{low:,}-{high:,}" for low, high in ranges), f"{BAND_STARTS[-1]:,}+")


def sections(reduction: Reduction) -> Figures:
    """Activity of members in each kind of section, busiest first."""
    rule = TableRule(
        "sections",
        "Sections",
        (
            ColumnRule("kind", "Kind of section", ColumnKind.CODE),
            members_column("starters", "Members opening threads", additive=Additive.NO, shown=False),
            count_column("threads", "Threads", behind="starters", counts=THREADS.name, largest=most_of("threads")),
            *contribution_columns(most_of("threads")),
            members_column("members", "Members posting", additive=Additive.NO, counts=POSTS.actors),
            count_column("posts", "Posts", behind="members", counts=POSTS.name, largest=most_of("posts")),
            *contribution_columns(most_of("posts")),
            members_column("posters", "Members posting anywhere", additive=Additive.NO, shown=False),
            count_column(
                "of_posts",
                "All posts",
                behind="posters",
                additive=Additive.NO,
                shown=False,
                counts=POSTS.name,
                whole=True,
            ),
            ColumnRule("share", "Share of posts", ColumnKind.SHARE, ratio=("posts", "of_posts")),
        ),
        "Kinds are neutral codes given by the custodian; sections of one kind are counted together.",
    )
    posts = reduction.traces.get(POSTS.name)
    everything = (posts.members, posts.events) if posts else (0, 0)
    busiest, nobody = reduction.busiest_in_sections, (None, None, None, None)
    ordered = sorted(reduction.sections.items(), key=lambda row: (-row[1][2], row[0] or OUTSIDE))
    rows = [
        (
            kind or OUTSIDE,
            starters,
            threads,
            *busiest.get(kind, nobody)[:2],
            members,
            events,
            *busiest.get(kind, nobody)[2:],
            *everything,
        )
        for kind, (threads, starters, events, members) in ordered
    ]
    return Figures(rule, rows_table(rule, rows))


def roles(reduction: Reduction) -> Figures:
    """Members by role, highest standing first; a member may have held several."""
    rule = TableRule(
        "roles",
        "Roles",
        (
            ColumnRule("role", "Role", ColumnKind.LABEL, vocabulary=tuple(role.value for role in Role)),
            members_column("at_end", "Held it at the end", additive=Additive.NO, counts="holding-roles-at-end"),
            members_column("ever", "Ever held it", additive=Additive.NO, counts="holding-roles"),
        ),
        "A member may hold several roles. Most software keeps only today's roles.",
    )
    rows = [(role.value, *reversed(reduction.roles[role.value])) for role in Role if role.value in reduction.roles]
    return Figures(rule, rows_table(rule, rows))


def moderation(reduction: Reduction) -> Figures:
    """Acts of staff by kind; staff are few, so that most forums' figures are held back."""
    rule = TableRule(
        "moderation",
        "What staff did",
        (
            ColumnRule("kind", "Act", ColumnKind.LABEL, vocabulary=tuple(kind.value for kind in ModerationKind)),
            count_column("acts", "Acts", behind="members", additive=Additive.OVERLAPPING, largest=MOST),
            members_column("members", "Members who did it", additive=Additive.NO),
            *contribution_columns(),
        ),
        "As the software's log tells it. Acts by nobody known, or by the software itself, are left out.",
    )
    rows = [
        (kind.value, round(acts.total), acts.size, *_busiest(acts))
        for kind in ModerationKind
        if (acts := reduction.moderation.get(kind.value)) is not None
    ]
    return Figures(rule, rows_table(rule, rows))


def accounts(reduction: Reduction) -> Figures:
    """Accounts by kind; only the first kind is counted as members elsewhere."""
    rule = TableRule(
        "accounts",
        "Accounts by kind",
        (
            ColumnRule(
                "kind", "Kind of account", ColumnKind.LABEL, vocabulary=tuple(kind.value for kind in MemberKind)
            ),
            members_column("accounts", "Accounts", additive=Additive.NO, counts={MemberKind.MEMBER.value: EVERYBODY}),
        ),
        "Only accounts of kind member are counted as members. One account may stand for all guests or deleted authors.",
    )
    rows = [(kind.value, reduction.accounts[kind.value]) for kind in MemberKind if kind.value in reduction.accounts]
    return Figures(rule, rows_table(rule, rows))
