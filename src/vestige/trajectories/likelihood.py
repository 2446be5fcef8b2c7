"""Log-likelihood, posterior, score and observed information of any model, from its layout and its cells.

The sums over members run in `kernels`; everything here is small: distinct cells x groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vestige.trajectories import kernels
from vestige.trajectories.cells import Histories, OutcomeCells, slots_for
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.families import Jets
from vestige.trajectories.layout import ModelLayout, OutcomeLayout


@dataclass(frozen=True)
class Expectation:
    """What one pass over the members leaves.

    Attributes:
        loglik: log-likelihood at the parameters of the pass.
        cell_weights: (cells, classes) weighted posterior mass of each cell, unlisted zeros included.
        kind_weights: (kinds, classes) weighted posterior mass of each kind of member.
        jets: log-densities and derivatives of each outcome's cells at the parameters of the pass.
    """

    loglik: float
    cell_weights: FloatArray
    kind_weights: FloatArray
    jets: tuple[Jets, ...] = ()


@dataclass(frozen=True)
class Information:
    """Log-likelihood with derivatives.

    Attributes:
        loglik: log-likelihood.
        score: (parameters,) its gradient.
        observed: (parameters, parameters) its negative Hessian.
        meat: (parameters, parameters) sum of the outer products of members' scores; zero unless asked for.
    """

    loglik: float
    score: FloatArray
    observed: FloatArray
    meat: FloatArray


@dataclass(frozen=True)
class Curvature:
    """Weighted log-density of one outcome with derivatives, as a Newton step needs it.

    Attributes:
        value: (groups,) weighted log-density of each group.
        gradient: (parameters,) in the model's slots.
        hessian: (parameters, parameters) in the model's slots.
    """

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray


@dataclass(frozen=True)
class Components:
    """Sets of groups of one outcome that share no parameter with other groups.

    Attributes:
        sets: (groups, parameters) of each set.
        stacks: the parameters again, sets of equal size stacked to (sets, parameters).
    """

    sets: tuple[tuple[IntArray, IntArray], ...]
    stacks: tuple[IntArray, ...]


class Evaluator:
    """Evaluates one model on one set of histories; holds no state but these."""

    def __init__(self, layout: ModelLayout, cells: Sequence[OutcomeCells], histories: Histories) -> None:
        self.layout = layout
        self.cells = tuple(cells)
        self.histories = histories
        self.rows = np.concatenate([[0], np.cumsum([own.response.size for own in cells])])
        self._designs = tuple(
            tuple(part.design(own.time, own.covariates) for part in outcome.predictors)
            for outcome, own in zip(layout.outcomes, cells, strict=True)
        )
        self._slots, self._class_slot = layout.class_slots()
        self._components = tuple(_components(outcome) for outcome in layout.outcomes)
        self._maps = tuple(_column_map(outcome) for outcome in layout.outcomes)
        self._stacked = tuple(np.ascontiguousarray(np.column_stack(designs)) for designs in self._designs)
        slots = slots_for(histories, int(self.rows[-1]), layout.classes)
        merged = np.linspace(0, histories.bounds.size - 1, slots + 1)
        self._bounds = histories.bounds[merged.round().astype(np.int64)]
        if histories.direct_cells and histories.direct_kinds:
            self._bounds = histories.bounds
        chunks = np.arange(self._bounds.size - 1)
        self._sum_slots = np.array([chunks * (not histories.direct_cells), chunks * (not histories.direct_kinds)])

    @property
    def _work(self) -> int:
        return (self.histories.entries + 8 * self.histories.patterns) * self.layout.classes

    def components(self, outcome: int) -> Components:
        """Which groups of an outcome can be maximised apart."""
        return self._components[outcome]

    def predictors(self, outcome: int, parameters: FloatArray) -> list[FloatArray]:
        """Linear predictors of one outcome, each (cells, groups)."""
        own, cells = self.layout.outcomes[outcome], self.cells[outcome]
        values = []
        for part, design in zip(own.predictors, self._designs[outcome], strict=True):
            coefficients = np.zeros((design.shape[1], own.groups))
            empty = np.zeros(own.groups, dtype=np.bool_)
            for group, (columns, slots) in enumerate(zip(part.columns, part.slots, strict=True)):
                coefficients[columns, group] = parameters[slots]
                empty[group] = columns.size == 0
            value = design @ coefficients
            if empty.any():
                value[:, empty] = part.absent
            if part.name == "curve" and cells.offset is not None:
                value += cells.offset[:, None]
            values.append(value)
        return values

    def expectation(self, parameters: FloatArray) -> Expectation:
        """One pass over all members."""
        jets = tuple(self.jets(outcome, parameters) for outcome in range(len(self.layout.outcomes)))
        delta, base, _ = self._tables(parameters, [jet.value for jet in jets])
        cell_sums, kind_sums, loglik = self._empty_sums()
        lists = self.histories
        kernels.expectation_pass.run(
            self._work, lists.start, lists.cells, lists.kind, lists.weight, delta, base, self._bounds,
            self._sum_slots, cell_sums, kind_sums, loglik,
        )  # fmt: skip
        return self._expectation(float(loglik.sum()), cell_sums, kind_sums, jets)

    def sums_of(self, posterior: FloatArray) -> Expectation:
        """The sums that a given (patterns, classes) posterior implies; its log-likelihood is NaN."""
        cell_sums, kind_sums, _ = self._empty_sums()
        lists = self.histories
        weighted = np.ascontiguousarray(posterior * lists.weight[:, None])
        kernels.weighted_sums.run(
            self._work, lists.start, lists.cells, lists.kind, weighted, self._bounds,
            self._sum_slots, cell_sums, kind_sums,
        )  # fmt: skip
        return self._expectation(np.nan, cell_sums, kind_sums, ())

    def posterior(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(patterns, classes) posterior probabilities and (patterns,) log-likelihoods."""
        delta, base, _ = self._tables(parameters, self._densities(parameters))
        lists = self.histories
        posterior = np.empty((lists.patterns, self.layout.classes))
        loglik = np.empty(lists.patterns)
        kernels.posterior_pass.run(
            self._work, lists.start, lists.cells, lists.kind, delta, base, lists.bounds, posterior, loglik
        )
        return posterior, loglik

    def member_sums(self, values: FloatArray) -> FloatArray:
        """(patterns, columns) sums of listed cells' values."""
        lists = self.histories
        sums = np.zeros((lists.patterns, values.shape[1]))
        table = np.ascontiguousarray(values)
        kernels.member_sums.run(self._work, lists.start, lists.cells, table, lists.bounds, sums)
        return sums

    def group_weights(self, outcome: int, expectation: Expectation) -> FloatArray:
        """(cells of the outcome, its groups) posterior mass."""
        own = self.layout.outcomes[outcome]
        weights = expectation.cell_weights[self.rows[outcome] : self.rows[outcome + 1]]
        if own.groups == self.layout.classes:
            return weights
        grouped = np.zeros((len(weights), own.groups))
        for position, group in enumerate(own.class_group):
            grouped[:, group] += weights[:, position]
        return grouped

    def value(self, outcome: int, parameters: FloatArray, weights: FloatArray) -> FloatArray:
        """(groups,) weighted log-density of one outcome."""
        own = self.layout.outcomes[outcome]
        density = own.family.log_density(self.cells[outcome].response[:, None], self.predictors(outcome, parameters))
        return np.asarray((weights * density).sum(axis=0))

    def jets(self, outcome: int, parameters: FloatArray) -> Jets:
        """Log-density of one outcome's cells in its groups, with derivatives."""
        own = self.layout.outcomes[outcome]
        return own.family.jets(self.cells[outcome].response[:, None], self.predictors(outcome, parameters))

    def curvature(self, outcome: int, jets: Jets, weights: FloatArray) -> Curvature:
        """Weighted log-density of one outcome with derivatives in all parameters."""
        size, count = self.layout.size, len(jets.first)
        second = np.zeros((count, count, *jets.value.shape))
        for (i, j), bend in jets.second.items():
            second[i, j] = bend
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        columns, owners, slots = self._maps[outcome]
        first = np.array(np.broadcast_arrays(*jets.first)) if count > 1 else jets.first[0][None]
        kernels.curvature_sums(
            weights, first, second, self._stacked[outcome], columns, owners, slots, gradient, hessian
        )
        return Curvature((weights * jets.value).sum(axis=0), gradient, _symmetric(hessian))

    def information(self, parameters: FloatArray, *, robust: bool = False) -> Information:
        """Log-likelihood, score and observed information (Louis 1982), exact."""
        expectation = self.expectation(parameters)
        score = np.zeros(self.layout.size)
        hessian = np.zeros((self.layout.size, self.layout.size))
        for outcome in range(len(self.layout.outcomes)):
            part = self.curvature(outcome, expectation.jets[outcome], self.group_weights(outcome, expectation))
            score += part.gradient
            hessian += part.hessian
        self._add_membership(parameters, expectation, score, hessian)
        covariance, meat = self._covariance(parameters, expectation.jets, robust=robust)
        return Information(expectation.loglik, score, -(hessian + covariance), meat)

    def priors(self, parameters: FloatArray) -> FloatArray:
        """(kinds, classes) membership probabilities."""
        return np.exp(self.log_priors(parameters))

    def log_priors(self, parameters: FloatArray) -> FloatArray:
        """(kinds, classes) logarithms of the membership probabilities."""
        logits = self.histories.risk @ self.layout.membership(parameters).T
        return np.asarray(logits - np.logaddexp.reduce(logits, axis=1)[:, None], dtype=np.float64)

    def _densities(self, parameters: FloatArray) -> list[FloatArray]:
        return [
            own.family.log_density(self.cells[outcome].response[:, None], self.predictors(outcome, parameters))
            for outcome, own in enumerate(self.layout.outcomes)
        ]

    def _tables(
        self, parameters: FloatArray, densities: Sequence[FloatArray]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        delta = np.empty((self.rows[-1], self.layout.classes))
        for outcome, (own, density) in enumerate(zip(self.layout.outcomes, densities, strict=True)):
            delta[self.rows[outcome] : self.rows[outcome + 1]] = density[:, own.class_group]
        log_prior = self.log_priors(parameters)
        base = log_prior + self.histories.bases @ delta[self.histories.base_cells]
        return self._less_zero(delta), np.ascontiguousarray(base), np.exp(log_prior)

    def _less_zero(self, table: FloatArray) -> FloatArray:
        """Cell values less those of a zero at the same time, where zeros are unlisted."""
        if self.histories.base_cells.size == 0:
            return table
        lessened = table.copy()
        for outcome, own in enumerate(self.cells):
            if own.zero_of is not None:
                rows = slice(self.rows[outcome], self.rows[outcome + 1])
                lessened[rows] -= table[self.rows[outcome] + own.zero_of]
        return lessened

    def _empty_sums(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        chunks, classes = self._bounds.size - 1, self.layout.classes
        cell_slots = 1 if self.histories.direct_cells else chunks
        kind_slots = 1 if self.histories.direct_kinds else chunks
        return (
            np.zeros((cell_slots, self.rows[-1], classes)),
            np.zeros((kind_slots, len(self.histories.bases), classes)),
            np.zeros(chunks),
        )

    def _expectation(
        self, loglik: float, cell_sums: FloatArray, kind_sums: FloatArray, jets: tuple[Jets, ...]
    ) -> Expectation:
        listed, kinds = cell_sums.sum(axis=0), kind_sums.sum(axis=0)
        weights = listed.copy()
        for outcome, own in enumerate(self.cells):
            if own.zero_of is not None:
                rows = slice(self.rows[outcome], self.rows[outcome + 1])
                np.subtract.at(weights, self.rows[outcome] + own.zero_of, listed[rows])
        if self.histories.base_cells.size:
            weights[self.histories.base_cells] += self.histories.bases.T @ kinds
        return Expectation(loglik, np.maximum(weights, 0.0), kinds, jets)

    def _add_membership(
        self, parameters: FloatArray, expectation: Expectation, score: FloatArray, hessian: FloatArray
    ) -> None:
        size, risk = self.layout.membership_size, self.histories.risk
        if size == 0:
            return
        mass, prior = expectation.kind_weights, self.priors(parameters)
        total = mass.sum(axis=1)
        score[:size] += ((mass - total[:, None] * prior)[:, 1:].T @ risk).ravel()
        hessian[:size, :size] -= membership_information(prior, risk, total)

    def _covariance(
        self, parameters: FloatArray, jets: tuple[Jets, ...], *, robust: bool
    ) -> tuple[FloatArray, FloatArray]:
        delta, base, prior = self._tables(parameters, [jet.value for jet in jets])
        slopes = self._slopes(jets)
        zeros, classes, width = self.histories.base_cells, *self._slots.shape
        base_slopes = (self.histories.bases @ slopes[zeros].reshape(zeros.size, classes * width)).reshape(
            -1, classes, width
        )
        chunks, size, lists = lists_chunks(self.histories), self.layout.size, self.histories
        covariance = np.zeros((chunks, size, size))
        meat = np.zeros((chunks if robust else 1, size, size))
        kernels.information_pass.run(
            self._work * width, lists.start, lists.cells, lists.kind, lists.weight, lists.meat_weight, delta, base,
            prior, lists.risk, self._less_zero(slopes), np.ascontiguousarray(base_slopes), self._slots,
            self._class_slot, lists.bounds, robust, covariance, meat,
        )  # fmt: skip
        return _symmetric(covariance.sum(axis=0)), _symmetric(meat.sum(axis=0))

    def _slopes(self, jets: tuple[Jets, ...]) -> FloatArray:
        classes, width = self._slots.shape
        slopes = np.zeros((self.rows[-1], classes, width))
        for outcome, own in enumerate(self.layout.outcomes):
            rows = slice(self.rows[outcome], self.rows[outcome + 1])
            for position in range(classes):
                group = own.class_group[position]
                for i, part in enumerate(own.predictors):
                    if part.slots[group].size:
                        places = np.searchsorted(_real(self._slots[position]), part.slots[group])
                        columns = self._designs[outcome][i][:, part.columns[group]]
                        slopes[rows, position, places] = columns * jets[outcome].first[i][:, group][:, None]
        return slopes


def lists_chunks(histories: Histories) -> int:
    """Number of chunks that passes run in."""
    return int(histories.bounds.size - 1)


def membership_information(prior: FloatArray, risk: FloatArray, total: FloatArray) -> FloatArray:
    """Information of a multinomial logit, class 0 the reference, class by class.

    Args:
        prior: (kinds, classes) probabilities.
        risk: (kinds, columns) design.
        total: (kinds,) weight.
    """
    free = prior[:, 1:]
    spread = np.einsum("ij,jk->ijk", free, np.eye(free.shape[1])) - free[:, :, None] * free[:, None, :]
    blocks = np.einsum("i,ijk,ia,ib->jakb", total, spread, risk, risk, optimize=True)
    size = free.shape[1] * risk.shape[1]
    return np.asarray(blocks.reshape(size, size))


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


def _components(outcome: OutcomeLayout) -> Components:
    sets = outcome_slots(outcome)
    sizes = sorted({slots.size for _, slots in sets} - {0})
    stacks = tuple(np.array([slots for _, slots in sets if slots.size == size]) for size in sizes)
    return Components(sets, stacks)


def _column_map(outcome: OutcomeLayout) -> tuple[IntArray, IntArray, IntArray]:
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


def _real(slots: IntArray) -> IntArray:
    return slots[slots >= 0]


def _symmetric(upper: FloatArray) -> FloatArray:
    return upper + np.triu(upper, 1).T
