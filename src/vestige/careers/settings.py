"""Choices of the careers' analyses, each checked on construction."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vestige.dataset.events import OUTCOMES
from vestige.dataset.schema import Role
from vestige.errors import SettingsError
from vestige.inputs import chosen

LONGEST_DAYS: Final = 36_500


class Clock(StrEnum):
    """What time counts from in a model of hazards."""

    REGISTRATION = "registration"
    CALENDAR = "calendar"


class Covariate(StrEnum):
    """What may go with a hazard; each is known at the start of the month that it stands for.

    Counts enter as log2(1 + count), so that their hazard ratio is for a doubling.
    """

    POSTS = "posts"
    """Posts of all earlier months."""
    RECENT_POSTS = "recent-posts"
    """Posts of the month before."""
    THANKS = "thanks"
    """Thanks, likes and upvotes received in all earlier months."""
    POSTED_EARLY = "posted-early"
    """Whether the member posted in the month of registration; members are then at risk from the next month on."""
    TENURE = "tenure"
    """Months since registration; on the calendar's clock only."""


class Family(StrEnum):
    """How counts of a month scatter about a member's trend."""

    POISSON = "poisson"
    QUASI_POISSON = "quasi-poisson"
    NEGATIVE_BINOMIAL = "negative-binomial"


def _require(condition: bool, name: str, rule: str) -> None:
    if not condition:
        raise SettingsError(f"{name} must be {rule}", hint="see docs/reference/commands.md")


@dataclass(frozen=True)
class CareerSettings:
    """What a career is made of.

    Attributes:
        outcome: post, thread, view, download, reaction or message.
        forum: code of the forum; None when the dataset has one.
        leaving_after: days without the outcome, up to the window's end, after which a career counts as ended. A
            convention: half a year; careers seen later than that are censored, not ended.
        gap: days between two events from which on a gap is counted as an interruption. A convention: a quarter.
        fewest_events: events below which no trend and no versatility is computed for a member; with fewer the interval
            says nothing and entropy is biased low (Miller 1955).
        fewest_months: months of observation below which no trend is computed.
        family: how counts scatter about the trend. Quasi-Poisson estimates the scatter of each member, the negative
            binomial one dispersion for all.
        confidence: of every interval.
    """

    outcome: str = "post"
    forum: str | None = None
    leaving_after: int = 180
    gap: int = 90
    fewest_events: int = 10
    fewest_months: int = 6
    family: Family = Family.QUASI_POISSON
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        object.__setattr__(self, "family", chosen(Family, self.family, "family"))
        _require(self.outcome in OUTCOMES, "outcome", f"one of {', '.join(OUTCOMES)}")
        _require(0 < self.leaving_after <= LONGEST_DAYS, "leaving_after", "1 to 36,500 days")
        _require(0 < self.gap <= LONGEST_DAYS, "gap", "1 to 36,500 days")
        _require(self.fewest_events >= 2, "fewest_events", "at least 2")  # noqa: PLR2004 - one event has no trend
        _require(self.fewest_months >= 3, "fewest_months", "at least 3")  # noqa: PLR2004 - two months fit exactly
        _require(0 < self.confidence < 1, "confidence", "between 0 and 1")


@dataclass(frozen=True)
class AttainmentSettings:
    """Time to a role, and what goes with it.

    Attributes:
        role: the role.
        forum: code of the forum; None when the dataset has one.
        leaving_after: days without any trace, up to the window's end, after which a member counts as gone since the
            last trace; None for no such cause. A convention: half a year.
        clock: of the hazard model; cumulative incidence always counts from registration.
        covariates: of the hazard model; none leaves it out.
        confidence: of every interval.
        most_members: members above which the hazard model is fitted to a random part of this size.
    """

    role: Role = Role.VIP
    forum: str | None = None
    leaving_after: int | None = 180
    clock: Clock = Clock.REGISTRATION
    covariates: tuple[Covariate, ...] = (Covariate.POSTS, Covariate.THANKS)
    confidence: float = 0.95
    most_members: int = 200_000

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        object.__setattr__(self, "role", chosen(Role, self.role, "role"))
        object.__setattr__(self, "clock", chosen(Clock, self.clock, "clock"))
        given = tuple(chosen(Covariate, covariate, "covariate") for covariate in self.covariates)
        object.__setattr__(self, "covariates", given)
        _require(len(set(given)) == len(given), "covariates", "named once each")
        if Covariate.TENURE in given and self.clock is Clock.REGISTRATION:
            raise SettingsError("tenure is the clock itself", hint="choose the calendar's clock, or leave tenure out")
        _require(self.leaving_after is None or 0 < self.leaving_after <= LONGEST_DAYS, "leaving_after", "1 to 36,500")
        _require(0 < self.confidence < 1, "confidence", "between 0 and 1")
        _require(self.most_members >= 100, "most_members", "at least 100")  # noqa: PLR2004 - a bound


@dataclass(frozen=True)
class ForecastSettings:
    """How well early activity foretells later activity, for groups of members with a like beginning.

    Attributes:
        outcome: what is counted early and later.
        early: months after registration that the groups are made of.
        later: months after those that are foretold.
        role: a role whose attainment in the later months is foretold as well; None for none.
        forum: code of the forum; None when the dataset has one.
        confidence: of every interval.
        replicates: bootstrap samples over members.
    """

    outcome: str = "post"
    early: int = 3
    later: int = 6
    role: Role | None = None
    forum: str | None = None
    confidence: float = 0.95
    replicates: int = 1_000

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.role is not None:
            object.__setattr__(self, "role", chosen(Role, self.role, "role"))
        _require(self.outcome in OUTCOMES, "outcome", f"one of {', '.join(OUTCOMES)}")
        _require(1 <= self.early <= 120, "early", "1 to 120 months")  # noqa: PLR2004 - a bound
        _require(1 <= self.later <= 120, "later", "1 to 120 months")  # noqa: PLR2004 - a bound
        _require(0 < self.confidence < 1, "confidence", "between 0 and 1")
        _require(100 <= self.replicates <= 100_000, "replicates", "100 to 100,000")  # noqa: PLR2004 - a bound
