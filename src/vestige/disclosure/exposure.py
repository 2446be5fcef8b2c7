"""How far a dataset's own records single members out, and what would lower that. Pseudonymised is never anonymous."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import Role
from vestige.disclosure import exposure_tables as tables
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.disclosure.policy import MINIMUM_MEMBERS, Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import DatasetError, SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.unicity import Unicity, measure_unicity

if TYPE_CHECKING:
    from vestige.dataset import Dataset

_DAY: Final = 86_400
RESOLUTIONS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY}
"""Lengths in seconds; a month is 30 days here."""
_OWN: Final = {TimeResolution.SECOND: 0, TimeResolution.MINUTE: 1, TimeResolution.HOUR: 2, TimeResolution.DAY: 3}
ALONE, FEW, SEVERAL, MANY = "alone", "with 1 to 3 others", "with 4 to 8 others", "with 9 or more"
_SIZES: Final = ((1, ALONE), (4, FEW), (9, SEVERAL))
_POINTS_JUDGED: Final = {
    1: ("times-single-out", Severity.PROBLEM),
    4: ("several-times-single-out", Severity.CAUTION),
}
"""Known moments on which findings are made: one, and the number of the paper's abstract."""
_MANY_SINGLED_OUT: Final = 0.05
"""A convention: one member in twenty."""

Key = Callable[[dict[str, int]], tuple[int, ...]]


def _years(row: dict[str, int]) -> int:
    return -1 if row["month"] == tables.NO_MONTH else row["month"] // 12


def _staff(row: dict[str, int]) -> int:
    """Roles cut down to staff or not."""
    return int(row["role"] < list(Role).index(Role.VIP))


@dataclass(frozen=True)
class Knowledge:
    """What a reader may know of a member.

    Attributes:
        key: members with the same key look the same.
        choice: what to do for the dataset to be like that.
        least_band: members of lower bands are left out.
    """

    key: Key
    choice: str
    least_band: int = 0


_YEARS: Final = "--registration-resolution year"
_STAFF: Final = "one role in the map for all groups that are no staff"
_POSTS: Final = f"--least-posts {tables.BANDS[tables.FEW_POSTS]}"
KNOWN: Final[Mapping[str, Knowledge]] = {
    "Month of registration, role, band of posts": Knowledge(lambda row: (row["month"], row["role"], row["band"]), ""),
    "Year instead of month": Knowledge(lambda row: (_years(row), row["role"], row["band"]), _YEARS),
    "Staff or not instead of role": Knowledge(lambda row: (row["month"], _staff(row), row["band"]), _STAFF),
    "Without members of few posts": Knowledge(
        lambda row: (row["month"], row["role"], row["band"]), _POSTS, tables.FEW_POSTS
    ),
    "Year, staff or not, without members of few posts": Knowledge(
        lambda row: (_years(row), _staff(row), row["band"]), f"{_YEARS}, {_POSTS} and {_STAFF}", tables.FEW_POSTS
    ),
}
"""What a reader may know of a member, and how much less each choice at derivation would tell; coarsest last."""


@dataclass(frozen=True)
class ExposureSettings:
    """Choices of a disclosure check.

    Attributes:
        known_points: moments of activity known of a member; None for all of them.
        most_members: members tried for each figure on times.
        most_acts: latest acts that are looked at.
    """

    known_points: tuple[int | None, ...] = (1, 2, 4, None)
    most_members: int = 2_000
    most_acts: int = 2_000_000

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not self.known_points or any(points is not None and points < 1 for points in self.known_points):
            raise SettingsError("known points start at 1", where="known_points", hint="such as 1, 2, 4")
        if self.most_members < 1 or self.most_acts < 1:
            raise SettingsError("numbers of members and acts start at 1", hint="raise them")


@dataclass(frozen=True)
class ExposureResult(FiguresResult):
    """A disclosure check.

    Attributes:
        figures: tables `times` and `combinations`, with their rules.
        findings: what to know, most severe first.
        provenance: how to get this result again.
        unicity: members singled out by known moments, for each resolution and number of moments.
        class_sizes: what is known, to how many members share it with how many others.
    """

    unicity: tuple[Unicity, ...] = field(repr=False)
    class_sizes: Mapping[str, Mapping[str, int]] = field(repr=False)

    def charts(self) -> Mapping[str, ChartKind]:
        """There are none."""
        return {}

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """What each table says first, from published figures only."""
        rows = self.safe("times").rows()
        shown = [row for row in rows if row["share"] is not None and (not brief or row["known"] == "1")]
        return tuple(
            f"Times to the {row['resolution']}, {row['known']} known: {row['share']:.1%} of the members singled out."
            for row in shown
        )


def check_disclosure(
    dataset: "Dataset", *, settings: ExposureSettings | None = None, seed: int = 0, progress: Progress | None = None
) -> ExposureResult:
    """Members singled out by their times, by what is known of them, and by small sections.

    Args:
        dataset: an opened dataset.
        settings: what is known, and how much is tried.
        seed: of the draws of members and of moments.
        progress: called once a step.

    Raises:
        DatasetError: the dataset has no members.

    Sources:
        de Montjoye et al. (2013), Scientific Reports 3, 1376 (times). Sweeney (2002), International Journal of
        Uncertainty, Fuzziness and Knowledge-based Systems 10, 557-570 (k-anonymity).
    """
    wanted = settings or ExposureSettings()
    tell = progress or ignore_progress
    tell(Step("times", 0, 3, "steps"))
    acts = tables.acts(dataset, wanted.most_acts).to_pyarrow()
    names = list(RESOLUTIONS)[_OWN[dataset.manifest.time_resolution] :]
    unicity = measure_unicity(
        acts.column("who").to_numpy().astype(np.int64), acts.column("second").to_numpy().astype(np.int64),
        {name: RESOLUTIONS[name] for name in names}, known_points=wanted.known_points,
        most_members=wanted.most_members, seed=seed,
    )  # fmt: skip
    tell(Step("what is known", 1, 3, "steps"))
    known: list[dict[str, int]] = tables.knowable(dataset).to_pyarrow().to_pylist()
    if not known:
        raise DatasetError("the dataset has no members", hint="nothing can single anybody out")
    sizes = {name: _class_sizes(known, knowledge) for name, knowledge in KNOWN.items()}
    tell(Step("sections", 2, 3, "steps"))
    figures = [_times(unicity), _combinations(sizes)]
    small = None
    if {"section", "post"} <= set(dataset.tables):
        counts = {row["members"]: row["sections"] for row in tables.section_members(dataset).to_pyarrow().to_pylist()}
        small = sum(number for members, number in counts.items() if members < MINIMUM_MEMBERS)
    tell(Step("done", 3, 3, "steps"))
    return ExposureResult(
        {each.rule.name: each for each in figures},
        most_severe_first(_findings(unicity, sizes, small)),
        Provenance("check_disclosure", plain_settings(wanted), seed, dataset.manifest.digest),
        unicity,
        sizes,
    )


def _class_sizes(known: list[dict[str, int]], knowledge: Knowledge) -> dict[str, int]:
    """Members by the number of others who look the same."""
    classes = Counter[tuple[int, ...]]()
    for row in known:
        if row["band"] >= knowledge.least_band:
            classes[knowledge.key(row)] += row["members"]
    found = dict.fromkeys((ALONE, FEW, SEVERAL, MANY), 0)
    for members in classes.values():
        found[next((name for largest, name in _SIZES if members <= largest), MANY)] += members
    return found


def _times(unicity: tuple[Unicity, ...]) -> Figures:
    words = {points: "all" if points is None else str(points) for points in (own.known_points for own in unicity)}
    rule = TableRule(
        "times",
        "Members singled out by moments of activity that are known",
        (
            ColumnRule("resolution", "Times to the", ColumnKind.LABEL, vocabulary=tuple(RESOLUTIONS)),
            ColumnRule("known", "Moments known", ColumnKind.LABEL, vocabulary=tuple(words.values())),
            members_column("tried", "Members tried", additive=Additive.NO),
            ColumnRule("share", "Singled out", ColumnKind.PROPORTION, behind=("tried",)),
        ),
        "Somebody who knows from elsewhere when a person was active can look for the account that was. The first rows "
        "are of the dataset as it is; the others show what coarser times would change. Derivation offers the hour and "
        "the day; weeks and months show what even coarser ones would be worth.",
    )
    rows = [(own.resolution, words[own.known_points], own.members, own.share) for own in unicity]
    return Figures(rule, rows_table(rule, rows))


def _combinations(sizes: Mapping[str, Mapping[str, int]]) -> Figures:
    bands = (("alone", ALONE), ("few", FEW), ("several", SEVERAL), ("many", MANY))
    rule = TableRule(
        "combinations",
        "Members who share what may be known of them",
        (
            ColumnRule("known", "Known", ColumnKind.LABEL, vocabulary=tuple(sizes)),
            members_column("members", "Members", additive=Additive.NO, counts="members", whole=True),
            *(
                ColumnRule(name, title.capitalize(), ColumnKind.PROPORTION, behind=("members",))
                for name, title in bands
            ),
        ),
        "Each row after the first shows what a choice at derivation would change: "
        + "; ".join(f"{name.lower()}: {KNOWN[name].choice}" for name in list(sizes)[1:-1])
        + ".",
    )
    rows = [
        (known, total := sum(found.values()), *(found[title] / max(total, 1) for _, title in bands))
        for known, found in sizes.items()
    ]
    return Figures(rule, rows_table(rule, rows))


def _findings_on_times(unicity: tuple[Unicity, ...], points: int) -> Iterator[Finding]:
    shares = {
        own.resolution: own.share for own in unicity if own.known_points == points and own.members >= MINIMUM_MEMBERS
    }
    own, *coarser = shares.items() or [("", 0.0)]
    if own[1] > _MANY_SINGLED_OUT:
        better = next((name for name, share in coarser if share <= _MANY_SINGLED_OUT), None)
        derivable = better in {resolution.value for resolution in TimeResolution}
        choice = f"derive with --time-resolution {better}" if derivable else "coarser times help only in part"
        moments = "One known moment singles" if points == 1 else f"{points} known moments single"
        text = f"{moments} out more than one member in twenty at times to the {own[0]}: {choice}."
        code, severity = _POINTS_JUDGED[points]
        yield Finding(code, severity, text)


def _findings(
    unicity: tuple[Unicity, ...], sizes: Mapping[str, Mapping[str, int]], small_sections: int | None
) -> list[Finding]:
    text = "The dataset is pseudonymised, never anonymous: whoever knows enough of a member can find the account."
    found = [Finding("pseudonymised", Severity.CAUTION, text)]
    found += [finding for points in _POINTS_JUDGED for finding in _findings_on_times(unicity, points)]
    shares = {name: each[ALONE] / max(sum(each.values()), 1) for name, each in sizes.items()}
    if next(iter(shares.values())) > _MANY_SINGLED_OUT:
        enough = [name for name, share in list(shares.items())[1:] if share <= _MANY_SINGLED_OUT]
        choice = f"derive with {KNOWN[enough[0]].choice}" if enough else "no choice at derivation helps enough"
        text = f"Registration, role and posts together single out more than one member in twenty: {choice}."
        found.append(Finding("combinations-single-out", Severity.PROBLEM, text))
    if small_sections:
        text = (
            f"Some sections have fewer than {MINIMUM_MEMBERS} members who wrote in them: whoever knows of such a "
            "section knows nearly who they are. Give them a common code in the map, or derive with "
            f"--least-section-members {MINIMUM_MEMBERS}."
        )
        found.append(Finding("small-sections", Severity.CAUTION, text))
    return found
