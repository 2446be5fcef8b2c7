"""Where each parameter of a model stands, which cells it moves, and how it reads in the user's own units."""

from dataclasses import dataclass

import numpy as np

from vestige.trajectories.bases import TimeBasis
from vestige.trajectories.cells import OutcomeCells
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.families import FamilyModel, family_model
from vestige.trajectories.settings import NO_ZERO_PART, Family, PathSettings, Scope

ABSENT_ZERO = -700.0
SPREAD_PREDICTORS = ("sigma", "dispersion", "precision", "tau")
TAU_LIMIT = 1000.0
"""Where a tau that grows without bound is held; the log-likelihood is then hundredths below its limit."""


@dataclass(frozen=True)
class PredictorLayout:
    """One linear predictor of one outcome.

    Attributes:
        name: curve, zero, sigma, dispersion, precision or tau.
        basis: its functions of time.
        covariate_names: columns after the basis.
        covariate_scales: what each covariate is divided by inside.
        columns: for each group, the design columns it uses.
        slots: for each group, the parameters of those columns.
        absent: the predictor's value in a group without columns.
        floor: smallest value a parameter may take (sigma, dispersion and tau), or -inf.
        ceiling: largest value a parameter may take (tau), or inf.
        stride: size of a usual step of its parameters, for limits of steps.
    """

    name: str
    basis: TimeBasis
    covariate_names: tuple[str, ...]
    covariate_scales: FloatArray
    columns: tuple[IntArray, ...]
    slots: tuple[IntArray, ...]
    absent: float = 0.0
    floor: float = -np.inf
    ceiling: float = np.inf
    stride: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return (*self.basis.names, *self.covariate_names)

    def design(self, time: FloatArray, covariates: FloatArray) -> FloatArray:
        """(cells, columns)."""
        design = self.basis.design(time)
        return np.column_stack([design, covariates / self.covariate_scales]) if self.covariate_names else design

    def to_user(self) -> FloatArray:
        """Matrix from inner to reported coefficients."""
        size = len(self.names)
        matrix = np.eye(size)
        powers = self.basis.to_user()
        matrix[: len(powers), : len(powers)] = powers
        if self.covariate_names:
            matrix[len(powers) :, len(powers) :] = np.diag(1.0 / self.covariate_scales)
        return matrix

    @property
    def shared(self) -> bool:
        """Whether all groups share its parameters."""
        return len(self.slots) > 1 and all(np.array_equal(slots, self.slots[0]) for slots in self.slots)


@dataclass(frozen=True)
class OutcomeLayout:
    """One outcome of a model.

    Attributes:
        name: of the outcome.
        settings: its path settings.
        family: its distribution.
        predictors: its linear predictors.
        groups: number of groups of this outcome.
        class_group: (classes,) the outcome's group in each class of the model.
        auxiliary: whether it is a drop-out part, which is no response of its own.
    """

    name: str
    settings: PathSettings
    family: FamilyModel
    predictors: tuple[PredictorLayout, ...]
    groups: int
    class_group: IntArray
    auxiliary: bool = False

    @property
    def slots(self) -> IntArray:
        """All its parameters, ascending."""
        return np.unique(np.concatenate([slots for part in self.predictors for slots in part.slots]))


@dataclass(frozen=True)
class Components:
    """Sets of groups of one outcome that share no parameter with other groups.

    Attributes:
        sets: (groups, parameters) of each set.
        stacks: the parameters again, sets of equal size stacked to (sets, parameters).
    """

    sets: tuple[tuple[IntArray, IntArray], ...]
    stacks: tuple[IntArray, ...]


@dataclass(frozen=True)
class ModelLayout:
    """A whole model.

    Attributes:
        classes: number of classes that members belong to.
        risk_names: columns of the membership design, the first "constant".
        risk_center: subtracted from each risk column inside.
        risk_scale: what each risk column is divided by inside.
        outcomes: its outcomes.
        size: number of parameters.

    The first (classes - 1) x (risk columns) parameters are membership's, class by class; class 0 is the reference.
    """

    classes: int
    risk_names: tuple[str, ...]
    risk_center: FloatArray
    risk_scale: FloatArray
    outcomes: tuple[OutcomeLayout, ...]
    size: int

    @property
    def membership_size(self) -> int:
        """Number of membership parameters."""
        return (self.classes - 1) * len(self.risk_names)

    def membership(self, parameters: FloatArray) -> FloatArray:
        """(classes, risk columns) coefficients, zero for class 0."""
        given = parameters[: self.membership_size].reshape(self.classes - 1, len(self.risk_names))
        return np.vstack([np.zeros((1, len(self.risk_names))), given])

    def class_slots(self) -> IntArray:
        """(classes, width) path parameters of each class, ascending, padded by -1."""
        lists = []
        for own in range(self.classes):
            parts = [part.slots[outcome.class_group[own]] for outcome in self.outcomes for part in outcome.predictors]
            lists.append(np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64))
        width = max((slots.size for slots in lists), default=0)
        padded = np.full((self.classes, max(width, 1)), -1, dtype=np.int64)
        for own, slots in enumerate(lists):
            padded[own, : slots.size] = slots
        return padded

    def strides(self) -> FloatArray:
        """(parameters,) size of a usual step."""
        strides = np.ones(self.size)
        for outcome in self.outcomes:
            for part in outcome.predictors:
                for slots in part.slots:
                    strides[slots] = part.stride
        return strides

    def bounds(self) -> FloatArray:
        """(2, parameters) smallest and largest allowed values."""
        bounds = np.tile([[-np.inf], [np.inf]], self.size)
        for outcome in self.outcomes:
            for part in outcome.predictors:
                for slots in part.slots:
                    bounds[0, slots], bounds[1, slots] = part.floor, part.ceiling
        return bounds


class LayoutBuilder:
    """Hands out parameter slots while the outcomes of a model are laid out one after another."""

    def __init__(self, membership_size: int) -> None:
        self._next = membership_size

    @property
    def size(self) -> int:
        """Parameters handed out so far."""
        return self._next

    def take(self, count: int) -> IntArray:
        """The next `count` parameters."""
        slots = np.arange(self._next, self._next + count)
        self._next += count
        return slots

    def outcome(
        self, name: str, settings: PathSettings, cells: OutcomeCells, covariate_names: tuple[str, ...],
        groups: int, class_group: IntArray, *, auxiliary: bool = False,
    ) -> OutcomeLayout:  # fmt: skip
        """Lay out one outcome.

        Args:
            name: of the outcome.
            settings: its path settings.
            cells: its cells, for the range of times and of responses.
            covariate_names: its time-varying covariates.
            groups: number of its groups.
            class_group: (classes,) its group in each class.
            auxiliary: whether it is a drop-out part.
        """
        family = family_model(settings)
        parts = []
        for predictor in family.predictors:
            if predictor == "curve":
                parts.append(self._curve(settings, cells, covariate_names, groups))
            elif predictor == "zero":
                parts.append(self._zero(settings, cells, groups))
            else:
                parts.append(self._spread(predictor, settings, cells, groups))
        return OutcomeLayout(name, settings, family, tuple(parts), groups, class_group, auxiliary)

    def _curve(
        self, settings: PathSettings, cells: OutcomeCells, covariate_names: tuple[str, ...], groups: int
    ) -> PredictorLayout:
        orders = settings.orders(groups)
        basis = TimeBasis.of(settings.basis, max(orders), cells.time)
        extra = np.arange(len(covariate_names)) + max(orders) + 1
        columns = tuple(np.concatenate([np.arange(order + 1), extra]) for order in orders)
        scales = cells.covariates.std(axis=0) if covariate_names else np.ones(0)
        slots = tuple(self.take(own.size) for own in columns)
        stride = float(cells.response.std()) or 1.0
        return PredictorLayout(
            "curve", basis, covariate_names, np.where(scales > 0, scales, 1.0), columns, slots,
            stride=stride if settings.family is Family.CNORM else 1.0,
        )  # fmt: skip

    def _zero(self, settings: PathSettings, cells: OutcomeCells, groups: int) -> PredictorLayout:
        orders = settings.zero_orders(groups)
        basis = TimeBasis.of(settings.basis, max(*orders, 0), cells.time)
        columns = tuple(np.arange(order + 1) for order in orders)
        if settings.zero_scope is Scope.COMMON:
            slots: tuple[IntArray, ...] = (self.take(columns[0].size),) * groups
        else:
            slots = tuple(self.take(own.size) for own in columns)
        absent = ABSENT_ZERO if NO_ZERO_PART in orders else 0.0
        return PredictorLayout("zero", basis, (), np.ones(0), columns, slots, absent)

    def _spread(self, name: str, settings: PathSettings, cells: OutcomeCells, groups: int) -> PredictorLayout:
        basis = TimeBasis.of(settings.basis, 0, cells.time)
        columns = (np.zeros(1, dtype=np.int64),) * groups
        if settings.spread is Scope.COMMON:
            slots: tuple[IntArray, ...] = (self.take(1),) * groups
        else:
            slots = tuple(self.take(1) for _ in range(groups))
        floor, ceiling = -np.inf, np.inf
        if name == "sigma":
            floor = float(np.log(1e-3 * max(float(cells.response.std()), 1e-12)))
        elif name == "dispersion":
            floor = -16.0
        elif name == "tau":
            floor, ceiling = -TAU_LIMIT, TAU_LIMIT
        return PredictorLayout(name, basis, (), np.ones(0), columns, slots, 0.0, floor, ceiling)


def outcome_slots(outcome: OutcomeLayout) -> tuple[tuple[IntArray, IntArray], ...]:
    """Groups that share no parameter with others, each as (groups, parameters)."""
    owners: list[tuple[set[int], set[int]]] = []
    for group in range(outcome.groups):
        own = {int(slot) for part in outcome.predictors for slot in part.slots[group]}
        groups = {group}
        apart = []
        for other_groups, slots in owners:
            if slots & own:
                own |= slots
                groups |= other_groups
            else:
                apart.append((other_groups, slots))
        owners = [*apart, (groups, own)]
    return tuple((np.array(sorted(groups)), np.array(sorted(own), dtype=np.int64)) for groups, own in owners)


def components_of(outcome: OutcomeLayout) -> Components:
    """The sets of an outcome, and those of equal size together."""
    sets = outcome_slots(outcome)
    sizes = sorted({slots.size for _, slots in sets} - {0})
    stacks = tuple(np.array([slots for _, slots in sets if slots.size == size]) for size in sizes)
    return Components(sets, stacks)


def column_map(outcome: OutcomeLayout) -> tuple[IntArray, IntArray, IntArray]:
    """(groups, parameters of a group) stacked design column, predictor and slot of each parameter, slots ascending."""
    rows = []
    for group in range(outcome.groups):
        offset, entries = 0, []
        for owner, part in enumerate(outcome.predictors):
            pairs = zip(part.columns[group], part.slots[group], strict=True)
            entries += [(int(slot), offset + int(column), owner) for column, slot in pairs]
            offset += len(part.names)
        rows.append(sorted(entries))
    width = max(1, *(len(row) for row in rows))
    maps = np.full((3, outcome.groups, width), -1, dtype=np.int64)
    for group, row in enumerate(rows):
        for place, (slot, column, owner) in enumerate(row):
            maps[:, group, place] = column, owner, slot
    return maps[0], maps[1], maps[2]
