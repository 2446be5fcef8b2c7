"""What a trajectory model is asked to be: family, groups, curves, and how hard to look for the optimum."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vestige.errors import SettingsError
from vestige.inputs import chosen

MAX_ORDER: Final = 5
NO_ZERO_PART: Final = -1


class Family(StrEnum):
    """Distribution of one response given its group's curve.

    Sources: Nagin (1999) for poisson, zip, logit and cnorm; Lambert (1992) for the zero-inflated Poisson; Hilbe (2011)
    for the negative binomial (NB2); Ferrari and Cribari-Neto (2004) for beta; Nielsen et al. (2014) for zip-tau, the
    form that crimCV fits, in which the log-odds of a structural zero are -tau times the log of the rate.
    """

    POISSON = "poisson"
    ZIP = "zip"
    ZIP_TAU = "zip-tau"
    NEGBIN = "negbin"
    ZINB = "zinb"
    LOGIT = "logit"
    CNORM = "cnorm"
    BETA = "beta"


class Scope(StrEnum):
    """Whether every group has its own parameter, or all share one."""

    GROUP = "group"
    COMMON = "common"


class Basis(StrEnum):
    """Functions of time that make up a curve: powers, or a natural cubic spline with `order` columns."""

    POLYNOMIAL = "polynomial"
    SPLINE = "spline"


COUNT_FAMILIES: Final = frozenset({Family.POISSON, Family.ZIP, Family.ZIP_TAU, Family.NEGBIN, Family.ZINB})
ZERO_FAMILIES: Final = frozenset({Family.ZIP, Family.ZINB})

Orders = int | tuple[int, ...]


@dataclass(frozen=True)
class PathSettings:
    """How one outcome runs over time within the groups.

    Attributes:
        family: distribution of a response.
        order: polynomial order 0-5 (or number of spline columns beside the intercept), one for all groups or one each.
        basis: powers of time or a natural cubic spline.
        zero_order: polynomial order of the log-odds of a structural zero; -1 for none in that group.
        zero_scope: one zero part a group, or one common to all (Stata's `iorder(0)`).
        spread_scope: one sigma, dispersion, precision or tau a group, or one common to all; None takes the field's
            habit: common for cnorm, one a group elsewhere.
        minimum: lower limit of a censored normal; None for no limit.
        maximum: upper limit of a censored normal.
        dropout_order: drop-out model of Haviland, Jones and Nagin (2011): None for none, 0 constant, 1 or 2 with that
            many lagged responses.
    """

    family: Family = Family.ZIP
    order: Orders = 2
    basis: Basis = Basis.POLYNOMIAL
    zero_order: Orders = 0
    zero_scope: Scope = Scope.GROUP
    spread_scope: Scope | None = None
    minimum: float | None = None
    maximum: float | None = None
    dropout_order: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", chosen(Family, self.family, "family"))
        object.__setattr__(self, "basis", chosen(Basis, self.basis, "basis"))
        object.__setattr__(self, "zero_scope", chosen(Scope, self.zero_scope, "zero_scope"))
        if self.spread_scope is not None:
            object.__setattr__(self, "spread_scope", chosen(Scope, self.spread_scope, "spread_scope"))
        object.__setattr__(self, "order", _tidy(self.order))
        object.__setattr__(self, "zero_order", _tidy(self.zero_order))
        _check_orders(self.order, "order", lowest=0)
        _check_orders(self.zero_order, "zero_order", lowest=NO_ZERO_PART)
        self._check_parts()

    def _check_parts(self) -> None:
        if self.basis is Basis.SPLINE and not isinstance(self.order, int):
            raise SettingsError("a spline has the same columns in every group", hint="give one order")
        if self.zero_scope is Scope.COMMON and not isinstance(self.zero_order, int):
            raise SettingsError("a common zero part has one order", hint="give one zero_order, or zero_scope='group'")
        if (self.minimum is not None or self.maximum is not None) and self.family is not Family.CNORM:
            raise SettingsError("limits belong to the censored normal", hint="use family='cnorm'")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise SettingsError("the lower limit is not below the upper one", hint="swap minimum and maximum")
        if self.dropout_order not in {None, 0, 1, 2}:
            raise SettingsError("the drop-out model takes 0, 1 or 2 lagged responses", hint="set dropout_order to 0-2")

    def orders(self, groups: int) -> tuple[int, ...]:
        """Order of each group's curve."""
        return _spread(self.order, groups, "order")

    def zero_orders(self, groups: int) -> tuple[int, ...]:
        """Order of each group's zero part; -1 where there is none, or where the family has none."""
        if self.family not in ZERO_FAMILIES:
            return (NO_ZERO_PART,) * groups
        return _spread(self.zero_order, groups, "zero_order")

    @property
    def spread(self) -> Scope:
        """Scope of the spread parameter, with the field's habit where none was chosen."""
        if self.spread_scope is not None:
            return self.spread_scope
        return Scope.COMMON if self.family is Family.CNORM else Scope.GROUP


@dataclass(frozen=True)
class SearchSettings:
    """How the best optimum is looked for.

    Attributes:
        starts: starting points (quantiles, k-means on smoothed paths, random members, splits of the fit with a group
            less).
        polished: how many of them are followed to their optimum after screening.
        screening_iterations: EM steps that each start gets before they are ranked.
        split_merge_rounds: rounds of merging two groups of the best fit and splitting a third (Ueda et al. 2000).
        search_members: with more distinct histories than this, the search runs on a random part of this size, and the
            best few optima are then polished on everybody.
        check_members: with more distinct histories than this, these optima first go to a random part of this size,
            where groups are merged and split once more: groups too small for the first part show here.
        tolerance: two log-likelihoods closer than this count as the same optimum.
        max_iterations: limit of EM steps and of Newton steps for each start.
    """

    starts: int = 20
    polished: int = 10
    screening_iterations: int = 12
    split_merge_rounds: int = 4
    search_members: int = 6_000
    check_members: int = 60_000
    tolerance: float = 1e-3
    max_iterations: int = 400

    def __post_init__(self) -> None:
        if self.starts < 1 or self.polished < 1 or self.screening_iterations < 1 or self.max_iterations < 1:
            raise SettingsError("the search needs at least one start and one iteration", hint="raise it to 1 or more")
        if self.search_members < 100:  # noqa: PLR2004 - fewer carry no rare group
            raise SettingsError("the search needs at least 100 members", hint="raise search_members")
        if self.check_members < self.search_members:
            raise SettingsError("the second part of the search is smaller than the first", hint="raise check_members")


@dataclass(frozen=True)
class TrajectorySettings(PathSettings):
    """One group-based trajectory model.

    Attributes:
        groups: number of groups.
        reference_group: group (from 1) that membership coefficients are relative to; groups are numbered as reported.
        search: how the optimum is looked for.
        confidence: level of intervals and bands.
        robust: whether standard errors are clustered by member (sandwich) instead of model-based.
        small_group: a group with a share below this gets a finding (5 %: Nagin 2005, p. 75 speaks of small groups).
    """

    groups: int = 3
    reference_group: int = 1
    search: SearchSettings = SearchSettings()
    confidence: float = 0.95
    robust: bool = False
    small_group: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_groups(self.groups, self.reference_group, self.confidence)
        self.orders(self.groups)
        self.zero_orders(self.groups)


@dataclass(frozen=True)
class MultiTrajectorySettings:
    """Several outcomes that share their groups (Nagin, Jones, Lima Passos and Tremblay 2018).

    Attributes:
        outcomes: path settings, one an outcome.
        groups: number of groups.

    The other attributes are as in `TrajectorySettings`.
    """

    outcomes: tuple[PathSettings, ...]
    groups: int = 3
    reference_group: int = 1
    search: SearchSettings = SearchSettings()
    confidence: float = 0.95
    robust: bool = False
    small_group: float = 0.01

    def __post_init__(self) -> None:
        check_groups(self.groups, self.reference_group, self.confidence)
        if not self.outcomes:
            raise SettingsError("there is no outcome", hint="give path settings for each outcome")
        for outcome in self.outcomes:
            outcome.orders(self.groups)
            outcome.zero_orders(self.groups)


@dataclass(frozen=True)
class DualTrajectorySettings:
    """Two outcomes with groups of their own and conditional membership (Nagin and Tremblay 2001).

    Attributes:
        outcomes: path settings of the first and of the second outcome.
        groups: number of groups of the first and of the second outcome.

    The other attributes are as in `TrajectorySettings`.
    """

    outcomes: tuple[PathSettings, PathSettings]
    groups: tuple[int, int] = (3, 3)
    search: SearchSettings = SearchSettings()
    confidence: float = 0.95
    robust: bool = False
    small_group: float = 0.01

    def __post_init__(self) -> None:
        for outcome, groups in zip(self.outcomes, self.groups, strict=True):
            check_groups(groups, 1, self.confidence)
            outcome.orders(groups)
            outcome.zero_orders(groups)


AnySettings = TrajectorySettings | MultiTrajectorySettings | DualTrajectorySettings


def check_groups(groups: int, reference_group: int, confidence: float) -> None:
    """Check what every kind of trajectory model needs; raises SettingsError."""
    if groups < 1:
        raise SettingsError("a model needs at least one group", hint="set groups to 1 or more")
    if not 1 <= reference_group <= groups:
        raise SettingsError("the reference group is not one of the groups", hint="choose 1 to the number of groups")
    if not 0.5 < confidence < 1:  # noqa: PLR2004 - a level below one half is a mistake
        raise SettingsError("the confidence level must lie between 0.5 and 1", hint="use 0.95")


def _tidy(orders: Orders | Sequence[int]) -> Orders:
    return orders if isinstance(orders, int) else tuple(int(order) for order in orders)


def _check_orders(orders: Orders, name: str, *, lowest: int) -> None:
    given = (orders,) if isinstance(orders, int) else orders
    if not given or any(not lowest <= order <= MAX_ORDER for order in given):
        raise SettingsError(f"{name} must lie between {lowest} and {MAX_ORDER}", hint="give one number, or one a group")


def _spread(orders: Orders, groups: int, name: str) -> tuple[int, ...]:
    if isinstance(orders, int):
        return (orders,) * groups
    if len(orders) != groups:
        raise SettingsError(f"{name} has {len(orders)} entries for {groups} groups", hint="give one a group, or one")
    return orders
