"""Members whom a rule picks out for review: silent but strongly engaged, early, rising, of high status.

A rule is a threshold on what was observed, shown with its source. The list is for a person to read, in the order of the
pseudonyms, which mean nothing. There is no score, no rank and no statement about what anybody will do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vestige.activity.group_figures import Criterion, group_figures, group_findings, group_sentences, member_list
from vestige.activity.group_rules import (
    RuleInput,
    find_early,
    find_high_status,
    find_rising,
    find_silent,
    reduce_rules,
)
from vestige.activity.profile import ProfileResult, ProfileSettings, fit_profile
from vestige.dataset import Dataset
from vestige.dataset.schema import Role
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.results import Provenance, plain_settings

if TYPE_CHECKING:
    import pyarrow as pa

MEMBERS_TABLE: Final = "members"
_MOST_DAYS: Final = 3_660


class GroupRule(StrEnum):
    """What picks a member out."""

    SILENT_ENGAGED = "silent-engaged"
    FIRST_WEEK = "first-week"
    RISING = "rising"
    HIGH_STATUS = "high-status"


@dataclass(frozen=True)
class GroupSettings:
    """Thresholds of the rules; all of them are conventions of this program, to be set for the question at hand.

    Attributes:
        profile: what is counted, and how.
        engaged_quantile: a silent member is strongly engaged with more page views or downloads per time than this part
            of all members; 0.9, the upper tenth, by convention.
        first_days: days from the forum's beginning (stated, else the first registration) within which a member is
            early; 7, a week, by convention.
        rising_days: length of the last stretch of the window, and of the stretch before it, that are compared; 28 by
            convention: four weeks, so that each weekday counts alike.
        rising_ratio: active days in the last stretch over those in the one before, from which on a member is rising; 2
            by convention.
        rising_least: active days in the last stretch below which nobody is rising; 8 by convention, twice a week.
        roles: roles that are high status, held at any time.
        reaction_quantile: members who received more reactions than this part of all members are of high status as
            well; 0.99, the upper hundredth, by convention.
        reaction_least: reactions received below which nobody is of high status by them; 10 by convention.
    """

    profile: ProfileSettings = field(default_factory=ProfileSettings)
    engaged_quantile: float = 0.9
    first_days: float = 7
    rising_days: int = 28
    rising_ratio: float = 2
    rising_least: int = 8
    roles: tuple[Role, ...] = (Role.ADMINISTRATOR, Role.MODERATOR, Role.VIP)
    reaction_quantile: float = 0.99
    reaction_least: int = 10

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for holds, name, rule in (
            (0 < self.engaged_quantile < 1, "engaged_quantile", "between 0 and 1"),
            (0 < self.first_days <= _MOST_DAYS, "first_days", "above 0"),
            (1 <= self.rising_days <= _MOST_DAYS, "rising_days", "1 or more"),
            (self.rising_ratio >= 1, "rising_ratio", "1 or more"),
            (1 <= self.rising_least <= self.rising_days, "rising_least", "1 to the days compared"),
            (all(isinstance(role, Role) for role in self.roles), "roles", "among Role"),
            (0 < self.reaction_quantile < 1, "reaction_quantile", "between 0 and 1"),
            (self.reaction_least >= 1, "reaction_least", "1 or more"),
        ):
            if not holds:
                raise SettingsError("a threshold of the groups is out of range", where=name, hint=rule)


@dataclass(frozen=True)
class GroupResult(FiguresResult):
    """Counts of the rules and their overlap; `table("members")` is the review list, for the researcher.

    Attributes:
        settings: thresholds.
        criteria: rule to whom it picks out, why, and with which thresholds.
        pseudonyms: of all members, in the order of the criteria's rows.
    """

    settings: GroupSettings
    criteria: Mapping[GroupRule, Criterion] = field(repr=False)
    pseudonyms: "pa.Array" = field(repr=False)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the tables; `members`, with a row a member, has no published form."""
        return (*self.figures, MEMBERS_TABLE)

    def table(self, name: str) -> "pa.Table":
        """An exact table. `members` has a row for each member that any rule picks out, by pseudonym, with the reasons.

        Raises:
            SettingsError: there is no such table.
        """
        return member_list(self.criteria, self.pseudonyms) if name == MEMBERS_TABLE else super().table(name)

    def charts(self) -> Mapping[str, ChartKind]:
        """None: four counts need no picture."""
        return {}

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a rule, from published figures only."""
        return group_sentences(self.safe("rules").rows()[: 2 if brief else None])


def measure_groups(
    dataset: Dataset,
    *,
    settings: GroupSettings | None = None,
    profile: ProfileResult | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> GroupResult:
    """Members whom each rule picks out, the overlap of the rules, and each member's reasons.

    Args:
        dataset: an opened dataset on either engine.
        settings: thresholds.
        profile: of the same dataset, where it has been made already; `settings.profile` then has no effect.
        seed: kept in the provenance; nothing here is random.
        progress: called as tables are read.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the tables `forum` or `member` are absent, the forum has no member, or a file was changed.
    """
    settings = settings or GroupSettings()
    if profile is None:
        profile = fit_profile(dataset, settings=settings.profile, seed=seed, progress=progress or ignore_progress)
    settings = replace(settings, profile=profile.settings)
    found: RuleInput = reduce_rules(dataset, profile, settings.rising_days, settings.roles)
    criteria = {
        GroupRule.SILENT_ENGAGED: find_silent(profile, settings.engaged_quantile),
        GroupRule.FIRST_WEEK: find_early(profile, found, settings.first_days),
        GroupRule.RISING: find_rising(
            profile, found, days=settings.rising_days, ratio=settings.rising_ratio, least=settings.rising_least
        ),
        GroupRule.HIGH_STATUS: find_high_status(
            profile, found, quantile=settings.reaction_quantile, least=settings.reaction_least
        ),
    }
    figures = group_figures({rule.value: own for rule, own in criteria.items()}, profile.marks.members)
    return GroupResult(
        figures={each.rule.name: each for each in figures},
        findings=group_findings({rule.value: own for rule, own in criteria.items()}, profile.findings),
        provenance=Provenance(
            verb="measure_groups",
            settings=plain_settings(settings),
            seed=seed,
            dataset_digest=dataset.manifest.digest,
        ),
        settings=settings,
        criteria=criteria,
        pseudonyms=profile.marks.pseudonym,
    )
