"""Log-likelihood, posterior, score and observed information of any model, from its layout and its cells.

The sums over members run in `kernels`; everything here is small: distinct cells x groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vestige.trajectories import kernels
from vestige.trajectories.cells import Histories, OutcomeCells
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.layout import Components, ModelLayout, column_map, components_of
from vestige.trajectories.passes import MemoryPasses, Passes
from vestige.trajectories.sheets import RowJets, RowWeights, sheet_of


@dataclass(frozen=True)
class Expectation:
    """What one pass over the members leaves.

    Attributes:
        loglik: log-likelihood at the parameters of the pass.
        cell_weights: (cells, classes) weighted posterior mass of each cell, unlisted zeros included.
        kind_weights: (kinds, classes) weighted posterior mass of each kind of member.
        jets: log-densities and derivatives of each outcome's rows at the parameters of the pass.
    """

    loglik: float
    cell_weights: FloatArray
    kind_weights: FloatArray
    jets: tuple[RowJets, ...] = ()


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


class Evaluator:
    """Evaluates one model on one set of histories; holds no state but these.

    Where `passes` are given, log-likelihood, score and information are of the members that they run over; posteriors
    of single members, and sums over given posteriors, stay with the histories.
    """

    def __init__(
        self, layout: ModelLayout, cells: Sequence[OutcomeCells], histories: Histories, passes: Passes | None = None
    ) -> None:
        self.layout = layout
        self.cells = tuple(cells)
        self.histories = histories
        self.rows = np.concatenate([[0], np.cumsum([own.response.size for own in cells])])
        self._sheets = tuple(sheet_of(own, outcome.family) for outcome, own in zip(layout.outcomes, cells, strict=True))
        self._designs = tuple(
            tuple(part.design(sheet.time, sheet.covariates) for part in outcome.predictors)
            for outcome, sheet in zip(layout.outcomes, self._sheets, strict=True)
        )
        self._slots = layout.class_slots()
        self._components = tuple(components_of(outcome) for outcome in layout.outcomes)
        self._maps = tuple(column_map(outcome) for outcome in layout.outcomes)
        self._stacked = tuple(np.ascontiguousarray(np.column_stack(designs)) for designs in self._designs)
        self._memory = MemoryPasses(histories, int(self.rows[-1]), layout.classes)
        self._passes = passes or self._memory

    def running(self, passes: Passes) -> "Evaluator":
        """The same model with passes over other members; histories stay those in memory."""
        return Evaluator(self.layout, self.cells, self.histories, passes)

    @property
    def members(self) -> float:
        """The sum of the weights of the members that passes run over."""
        return self._passes.members

    def components(self, outcome: int) -> Components:
        """Which groups of an outcome can be maximised apart."""
        return self._components[outcome]

    def predictors(self, outcome: int, parameters: FloatArray) -> list[FloatArray]:
        """Linear predictors of one outcome, each (cells, groups)."""
        spread = self._sheets[outcome].spread
        values = self._row_predictors(outcome, parameters)
        return values if spread is None else [value[spread.row] for value in values]

    def _row_predictors(self, outcome: int, parameters: FloatArray) -> list[FloatArray]:
        own, offset = self.layout.outcomes[outcome], self._sheets[outcome].offset
        values = []
        for part, design in zip(own.predictors, self._designs[outcome], strict=True):
            coefficients = np.zeros((design.shape[1], own.groups))
            empty = np.zeros(own.groups, dtype=np.bool_)
            for group, (columns, slots) in enumerate(zip(part.columns, part.slots, strict=True)):
                coefficients[columns, group] = parameters[slots]
                empty[group] = columns.size == 0
            value = np.empty((len(design), own.groups))
            kernels.linear_predictors(design, coefficients, value)
            if empty.any():
                value[:, empty] = part.absent
            if part.name == "curve" and offset is not None:
                value += offset[:, None]
            values.append(value)
        return values

    def expectation(self, parameters: FloatArray) -> Expectation:
        """One pass over all members."""
        jets = tuple(self.jets(outcome, parameters) for outcome in range(len(self.layout.outcomes)))
        delta, base, _ = self._tables(parameters, [(own.jets.value, own.curve) for own in jets])
        loglik, listed, kinds = self._passes.expectation(delta, base)
        return self._expectation(loglik, listed, kinds, jets)

    def sums_of(self, posterior: FloatArray) -> Expectation:
        """The sums that a given (patterns, classes) posterior implies; its log-likelihood is NaN."""
        listed, kinds = self._memory.weighted(np.ascontiguousarray(posterior * self.histories.weight[:, None]))
        return self._expectation(np.nan, listed, kinds, ())

    def posterior(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(patterns, classes) posterior probabilities and (patterns,) log-likelihoods."""
        delta, base, _ = self._tables(parameters, self._densities(parameters))
        lists = self.histories
        posterior = np.empty((lists.patterns, self.layout.classes))
        loglik = np.empty(lists.patterns)
        kernels.posterior_pass.run(
            self._memory.work, lists.start, lists.cells, lists.kind, delta, base, lists.bounds, posterior, loglik
        )
        return posterior, loglik

    def member_sums(self, values: FloatArray) -> FloatArray:
        """(patterns, columns) sums of listed cells' values."""
        lists = self.histories
        sums = np.zeros((lists.patterns, values.shape[1]))
        table = np.ascontiguousarray(values)
        kernels.member_sums.run(self._memory.work, lists.start, lists.cells, table, lists.bounds, sums)
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

    def row_weights(self, outcome: int, expectation: Expectation) -> RowWeights:
        """Posterior mass on the rows that one outcome's family is evaluated on."""
        return self._sheets[outcome].row_weights(self.group_weights(outcome, expectation))

    def value(self, outcome: int, parameters: FloatArray, weights: RowWeights) -> FloatArray:
        """(groups,) weighted log-density of one outcome, but for a part that no parameter moves."""
        predictors = self._row_predictors(outcome, parameters)
        density = self.layout.outcomes[outcome].family.log_density(self._sheets[outcome].response, predictors)
        return _weighted(weights, density, predictors[0])

    def jets(self, outcome: int, parameters: FloatArray) -> RowJets:
        """Log-density of one outcome's rows in its groups, with derivatives."""
        predictors = self._row_predictors(outcome, parameters)
        jets = self.layout.outcomes[outcome].family.jets(self._sheets[outcome].response, predictors)
        return RowJets(predictors[0], jets)

    def curvature(self, outcome: int, rows: RowJets, weights: RowWeights) -> Curvature:
        """Weighted log-density of one outcome with derivatives in all parameters; `value` as there."""
        jets, shape = rows.jets, rows.jets.value.shape
        first = np.array(rows.slopes(weights))
        second = np.array([np.broadcast_to(own, shape) for own in jets.second.values()])
        owners, products = column_products(self._designs[outcome], list(jets.second))
        slopes = np.zeros((shape[1], owners.size))
        bends = np.zeros((shape[1], len(products)))
        kernels.curvature_sums(weights.mass, first, second, self._stacked[outcome], owners, products, slopes, bends)
        gradient, hessian = np.zeros(self.layout.size), np.zeros((self.layout.size, self.layout.size))
        for group, (columns, _, slots) in enumerate(zip(*self._maps[outcome], strict=True)):
            place = np.full(owners.size, -1)
            place[columns[columns >= 0]] = slots[slots >= 0]
            gradient[place[place >= 0]] += slopes[group, place >= 0]
            one, other = place[products[:, 1]], place[products[:, 2]]
            kept = (one >= 0) & (other >= 0)
            np.add.at(hessian, (np.minimum(one, other)[kept], np.maximum(one, other)[kept]), bends[group, kept])
        return Curvature(_weighted(weights, jets.value, rows.curve), gradient, _symmetric(hessian))

    def score(self, parameters: FloatArray, expectation: Expectation) -> FloatArray:
        """(parameters,) gradient of the log-likelihood, from a pass at the same parameters (Fisher's identity)."""
        score = np.zeros(self.layout.size)
        for outcome in range(len(self.layout.outcomes)):
            score += self.curvature(outcome, expectation.jets[outcome], self.row_weights(outcome, expectation)).gradient
        if self.layout.membership_size:
            mass = expectation.kind_weights
            above = mass - mass.sum(axis=1)[:, None] * self.priors(parameters)
            score[: self.layout.membership_size] += (above[:, 1:].T @ self.histories.risk).ravel()
        return score

    def information(self, parameters: FloatArray, *, robust: bool = False) -> Information:
        """Log-likelihood, score and observed information (Louis 1982), exact."""
        expectation = self.expectation(parameters)
        score = self.score(parameters, expectation)
        hessian = np.zeros((self.layout.size, self.layout.size))
        for outcome in range(len(self.layout.outcomes)):
            rows = self.row_weights(outcome, expectation)
            hessian += self.curvature(outcome, expectation.jets[outcome], rows).hessian
        size, risk = self.layout.membership_size, self.histories.risk
        if size:
            total = expectation.kind_weights.sum(axis=1)
            hessian[:size, :size] -= membership_information(self.priors(parameters), risk, total)
        covariance, meat = self._covariance(parameters, expectation.jets, robust=robust)
        return Information(expectation.loglik, score, -(hessian + covariance), meat)

    def priors(self, parameters: FloatArray) -> FloatArray:
        """(kinds, classes) membership probabilities."""
        return np.exp(self.log_priors(parameters))

    def log_priors(self, parameters: FloatArray) -> FloatArray:
        """(kinds, classes) logarithms of the membership probabilities."""
        logits = self.histories.risk @ self.layout.membership(parameters).T
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), dtype=np.float64)

    def _densities(self, parameters: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        values = []
        for outcome, own in enumerate(self.layout.outcomes):
            predictors = self._row_predictors(outcome, parameters)
            values.append((own.family.log_density(self._sheets[outcome].response, predictors), predictors[0]))
        return values

    def _tables(
        self, parameters: FloatArray, rows: Sequence[tuple[FloatArray, FloatArray]]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Cells, bases and membership probabilities from log-densities and curves of the outcomes' rows."""
        parts = []
        for outcome, (own, (density, curve)) in enumerate(zip(self.layout.outcomes, rows, strict=True)):
            values = self._sheets[outcome].cell_values(density, curve)
            own_classes = np.array_equal(own.class_group, np.arange(values.shape[1]))
            parts.append(values if own_classes else values[:, own.class_group])
        delta = np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts))
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

    def _expectation(
        self, loglik: float, listed: FloatArray, kinds: FloatArray, jets: tuple[RowJets, ...]
    ) -> Expectation:
        weights = np.maximum(listed, 0.0) if self.histories.base_cells.size == 0 else listed.copy()
        for outcome, own in enumerate(self.cells):
            if own.zero_of is not None:
                kernels.with_zeros(listed, own.zero_of, self.rows[outcome], weights)
        if self.histories.base_cells.size:
            weights[self.histories.base_cells] += self.histories.bases.T @ kinds
        return Expectation(loglik, np.maximum(weights, 0.0), kinds, jets)

    def _covariance(
        self, parameters: FloatArray, jets: tuple[RowJets, ...], *, robust: bool
    ) -> tuple[FloatArray, FloatArray]:
        delta, base, prior = self._tables(parameters, [(own.jets.value, own.curve) for own in jets])
        slopes = self._slopes(jets)
        zeros, classes, width = self.histories.base_cells, *self._slots.shape
        base_slopes = (self.histories.bases @ slopes[zeros].reshape(zeros.size, classes * width)).reshape(
            -1, classes, width
        )
        blocks = self._passes.covariance(
            delta, base, prior, self._less_zero(slopes), np.ascontiguousarray(base_slopes), robust=robust
        )
        return self._in_slots(blocks[0]), self._in_slots(blocks[1])

    def _in_slots(self, upper: FloatArray) -> FloatArray:
        """(parameters, parameters) from the upper triangle of the classes' own rows."""
        classes, columns = len(self._slots), self.histories.risk.shape[1]
        place = np.full((classes, columns + self._slots.shape[1]), -1, dtype=np.int64)
        place[1:, :columns] = np.arange(self.layout.membership_size).reshape(classes - 1, columns)
        place[:, columns:] = self._slots
        owner = (place.reshape(-1, 1) == np.arange(self.layout.size)).astype(np.float64)
        return np.asarray(owner.T @ _symmetric(np.triu(upper)) @ owner)

    def _slopes(self, jets: tuple[RowJets, ...]) -> FloatArray:
        """(cells, classes, parameters of a class) derivatives of the cells' log-densities."""
        parts = []
        for outcome, own in enumerate(self.layout.outcomes):
            sheet, (columns, owners, slots) = self._sheets[outcome], self._maps[outcome]
            first = tuple(
                np.ascontiguousarray(np.broadcast_to(slope, jets[outcome].curve.shape))
                for slope in jets[outcome].jets.first
            )
            shape = (sheet.time.size, *self._slots.shape)
            rows, curve = np.zeros(shape), np.zeros(shape if sheet.spread is not None else (0, 0, 0))
            places = np.array(
                [
                    np.searchsorted(_real(theirs), np.maximum(slots[group], 0))
                    for theirs, group in zip(self._slots, own.class_group, strict=True)
                ]
            )
            kernels.cell_slopes(
                first, self._stacked[outcome], columns, owners, places, np.asarray(own.class_group), rows, curve
            )
            parts.append(sheet.cell_slopes(rows, curve))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


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


def column_products(designs: Sequence[FloatArray], pairs: Sequence[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    """(columns,) predictor of each column of designs side by side, and (products, 3) the products a Hessian is made of.

    A product is a pair of predictors, by its place among `pairs`, and a column of each, every two columns once.
    """
    owners = np.repeat(np.arange(len(designs)), [design.shape[1] for design in designs])
    products = [
        (place, one, other)
        for place, (i, j) in enumerate(pairs)
        for one in np.flatnonzero(owners == i)
        for other in np.flatnonzero(owners == j)
        if i != j or one <= other
    ]
    return owners, np.array(products, dtype=np.int64)


def _real(slots: IntArray) -> IntArray:
    return slots[slots >= 0]


def _symmetric(upper: FloatArray) -> FloatArray:
    return upper + np.triu(upper, 1).T


def _weighted(weights: RowWeights, density: FloatArray, curve: FloatArray) -> FloatArray:
    value = (weights.mass * density).sum(axis=0)
    return np.asarray(value if weights.excess is None else value + (weights.excess * curve).sum(axis=0))
