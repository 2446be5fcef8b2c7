"""From who did what to tables of participation, each with the rule by which it may leave."""

from collections.abc import Iterator, Mapping
from math import exp, sqrt
from typing import Final

from vestige.activity.actor_reduce import COMPLETED, ActorReduction, Exposure, PlaceUse
from vestige.activity.figures import COMMUNICATED, DEEDS, OUTSIDE, SILENT, TRACELESS, sentence_case
from vestige.activity.traces import COMMUNICATION, DOWNLOADS, POSTS, TRACES, VIEWS
from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.disclosure.populations import EVERYBODY
from vestige.statistics.survival import NORMAL_QUANTILE

ALL: Final = "all members"
SEEN: Final = "members who left any trace"
ANY: Final = "members with any"
READ_ONLY: Final = "Viewed, never communicated"
DONE: Final = "Completed a download"
NEVER_POSTED: Final = "Never posted"
FEW_WORDS: Final = "At most {} posts"
NEVER_SPOKE: Final = "Never communicated (post, thread, message)"
_WRITING: Final = frozenset(trace.name for trace in COMMUNICATION)
_LURKERS: Final = {
    (NEVER_POSTED, ALL): "never-posting",
    (NEVER_POSTED, SEEN): "seen-never-posting",
    (NEVER_SPOKE, ALL): "never-communicating",
    (NEVER_SPOKE, SEEN): "seen-never-communicating",
}
_LURKERS_OF: Final = {ALL: EVERYBODY, SEEN: "active"}
_EXPOSED: Final = {(trace.title, ALL): EVERYBODY for trace in TRACES} | {
    (trace.title, ANY): trace.actors for trace in TRACES
}
_VIEWED: Final = "viewed"
_POSTED: Final = "posted"


def participation_tables(reduction: ActorReduction, few: int) -> Iterator[Figures]:
    """Every table; those without rows are left out."""
    found = [_deeds_table(reduction), _lurkers(reduction, few), _rates(reduction)]
    if reduction.places is not None:
        found += [_section_use(reduction.places, reduction.kinds), _overlaps(reduction.places, reduction.kinds)]
    yield from (figures for figures in found if figures.data.num_rows)


def _shares() -> tuple[ColumnRule, ...]:
    pair = ("members", "of_members")
    return (
        ColumnRule("share", "Share", ColumnKind.SHARE, ratio=pair),
        ColumnRule("low", "95 % from", ColumnKind.SHARE_LOWER, ratio=pair),
        ColumnRule("high", "to", ColumnKind.SHARE_UPPER, ratio=pair),
    )


def _deeds_table(reduction: ActorReduction) -> Figures:
    """Rows are members who did something; `added` and `superset` are the groups that subtraction would be made with."""
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
                counts=DEEDS | {READ_ONLY: "reading-only", DONE: "completing"},
            ),
            members_column("added", "Members beyond the largest group in it", additive=Additive.NO, shown=False),
            members_column("of_members", "Of members", additive=Additive.NO, counts=EVERYBODY, whole=True),
            members_column("superset", "Largest group it is part of", additive=Additive.NO, shown=False),
            *_shares(),
        ),
        "Intervals (Wilson) hold if the members seen are taken as a sample of those such a forum attracts.",
    )
    rows = [(deed, members, added, reduction.members, superset) for deed, (members, added, superset) in deeds.items()]
    return Figures(rule, rows_table(rule, rows))


def _deeds(reduction: ActorReduction) -> dict[str, tuple[int, int, int]]:
    """Deed to the members who did it, how many it adds to the largest group in it, and the smallest group it is in."""
    present = {trace.name for trace in reduction.distributions}
    if not present:
        return {}
    everyone, words = reduction.members, _WRITING & present
    spoke = reduction.members_with(set(words))
    deeds = {}
    for trace, distribution in reduction.distributions.items():
        deeds[sentence_case(trace.deed)] = (distribution.size, distribution.size, everyone)
    if len(words) > 1:
        largest = max(reduction.members_with({name}) for name in words)
        deeds[COMMUNICATED] = (spoke, spoke - largest, everyone)
    if words and VIEWS.name in present:
        viewers = reduction.members_with({VIEWS.name})
        readers = reduction.members_with({VIEWS.name, *words}) - spoke
        deeds[READ_ONLY] = (readers, readers, viewers)
    if DOWNLOADS.name in present:
        downloaders = reduction.members_with({DOWNLOADS.name})
        done = reduction.members_with({COMPLETED})
        deeds[DONE] = (done, done, downloaders if downloaders > done else everyone)
        if words:
            silent = reduction.members_with({DOWNLOADS.name, *words}) - spoke
            deeds[SILENT] = (silent, silent, downloaders)
    traceless = everyone - reduction.members_with(present)
    deeds[TRACELESS] = (traceless, traceless, everyone)
    return deeds


def _lurkers(reduction: ActorReduction, few: int) -> Figures:
    little = FEW_WORDS.format(few)
    rule = TableRule(
        "lurkers",
        "Lurkers, by the definitions in use",
        (
            ColumnRule("definition", "Definition", ColumnKind.LABEL, vocabulary=(NEVER_POSTED, NEVER_SPOKE, little)),
            ColumnRule("population", "Among", ColumnKind.LABEL, vocabulary=(ALL, SEEN)),
            ColumnRule(
                "members",
                "Members",
                ColumnKind.MEMBERS,
                behind=("added",),
                within="of_members",
                additive=Additive.NO,
                counts=_LURKERS,
            ),
            members_column("added", "Members by which it differs from the first", additive=Additive.NO, shown=False),
            members_column("of_members", "Of members", additive=Additive.NO, counts=_LURKERS_OF, whole=True),
            *_shares(),
        ),
        "The definitions differ by an order of magnitude on many forums; say which one is meant.",
    )
    posts = reduction.distributions.get(POSTS)
    if posts is None:
        return Figures(rule, rows_table(rule, []))
    present = {trace.name for trace in reduction.distributions}
    more = int(posts.members[posts.values > few].sum())
    spoke = reduction.members_with(set(_WRITING & present))
    rows = []
    for population, size in ((ALL, reduction.members), (SEEN, reduction.members_with(present))):
        never = size - posts.size
        rows += [
            (NEVER_POSTED, population, never, never, size),
            (NEVER_SPOKE, population, size - spoke, spoke - posts.size, size),
            (little, population, size - more, posts.size - more, size),
        ]
    return Figures(rule, rows_table(rule, rows))


def _rates(reduction: ActorReduction) -> Figures:
    rule = TableRule(
        "rates",
        "Events a fortnight",
        (
            ColumnRule("trace", "What", ColumnKind.LABEL, vocabulary=tuple(trace.title for trace in TRACES)),
            ColumnRule("population", "Among", ColumnKind.LABEL, vocabulary=(ALL, ANY)),
            members_column("members", "Members", additive=Additive.NO, counts=_EXPOSED),
            members_column("actors", "Members with any", additive=Additive.NO, shown=False),
            *(
                ColumnRule(name, title, ColumnKind.ESTIMATE, behind=("members", "actors"))
                for name, title in (("rate", "Events a fortnight"), ("low", "95 % from"), ("high", "to"))
            ),
        ),
        "Events over the time in which a member was registered and the trace was recorded, all members together.",
    )
    rows = [
        (trace.title, population, sums.members, active.members, *rate_of(sums))
        for trace, (everyone, active) in reduction.exposures.items()
        for population, sums in ((ALL, everyone), (ANY, active))
        if sums.time > 0
    ]
    return Figures(rule, rows_table(rule, rows))


def rate_of(sums: Exposure) -> tuple[float, float | None, float | None]:
    """Events a fortnight with its 95 % interval on the log scale, members being the units.

    Source:
        The variance of a ratio of means: Cochran (1977), Sampling Techniques, section 2.11.
    """
    rate = sums.events / sums.time
    residuals = sums.events_squared - 2 * rate * sums.events_time + rate**2 * sums.time_squared
    if rate <= 0 or sums.members < 2:  # noqa: PLR2004 - a variance needs two
        return rate, None, None
    error = sqrt(max(residuals, 0.0) * sums.members / (sums.members - 1)) / sums.time
    factor = exp(NORMAL_QUANTILE * error / rate)
    return rate, rate / factor, rate * factor


def _section_use(places: PlaceUse, kinds: Mapping[int, str]) -> Figures:
    rule = TableRule(
        "section_use",
        "Who visits and who posts, by kind of section",
        (
            ColumnRule("kind", "Kind of section", ColumnKind.CODE),
            members_column("viewers", "Viewing", additive=Additive.NO, counts="viewing"),
            members_column("posters", "Posting", additive=Additive.NO, counts="posting"),
            members_column("both", "Both", within="viewers", additive=Additive.NO, counts="viewing-and-posting"),
            ColumnRule("share", "Of those viewing, posting", ColumnKind.SHARE, ratio=("both", "viewers")),
        ),
        "Sections of one kind are taken together; kinds are neutral codes given by the custodian.",
    )
    counts = {place: (places.viewers.get(place, 0), places.posters.get(place, 0)) for place in (*sorted(kinds), 0)}
    ordered = sorted(counts, key=lambda place: (-max(counts[place]), place))
    rows = [
        (kinds.get(place, OUTSIDE), *counts[place], places.both.get(place, 0))
        for place in ordered
        if any(counts[place])
    ]
    return Figures(rule, rows_table(rule, rows))


def _overlaps(places: PlaceUse, kinds: Mapping[int, str]) -> Figures:
    rule = TableRule(
        "section_overlap",
        "Members in two kinds of section",
        (
            ColumnRule("what", "Members who", ColumnKind.LABEL, vocabulary=(_VIEWED, _POSTED)),
            ColumnRule("one", "in", ColumnKind.CODE),
            ColumnRule("other", "and in", ColumnKind.CODE),
            members_column("both", "Both", within="smaller", additive=Additive.NO),
            members_column("smaller", "In the smaller", additive=Additive.NO, shown=False),
            members_column("either", "Either", additive=Additive.NO),
            ColumnRule("share", "Both of either", ColumnKind.SHARE, ratio=("both", "either")),
        ),
        "Jaccard's coefficient among the busiest kinds of section: 0 %: nobody in both; 100 %: the same members.",
    )
    rows = [
        (
            what,
            kinds.get(one, OUTSIDE),
            kinds.get(other, OUTSIDE),
            both,
            min(counts[one], counts[other]),
            counts[one] + counts[other] - both,
        )
        for what, counts, pairs in (
            (_VIEWED, places.viewers, places.viewer_pairs),
            (_POSTED, places.posters, places.poster_pairs),
        )
        for (one, other), both in pairs.items()
        if counts[one] and counts[other]
    ]
    return Figures(rule, rows_table(rule, rows))
