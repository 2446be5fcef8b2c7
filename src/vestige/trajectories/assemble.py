"""From panels and settings to an evaluator: cells, histories and layout of a single, multiple or dual model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.cells import (
    Histories,
    OutcomeCells,
    held_cells,
    observed_profiles,
    outcome_cells,
    stack_histories,
)
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.families import family_model
from vestige.trajectories.histories import Panel, SparseCounts
from vestige.trajectories.layout import LayoutBuilder, ModelLayout
from vestige.trajectories.likelihood import Evaluator
from vestige.trajectories.settings import COUNT_FAMILIES, Family, PathSettings

NOTHING_TO_FIND = "there is no path to find"


@dataclass(frozen=True)
class Prepared:
    """Data made ready once; evaluators for any number of groups and any orders follow from it.

    Attributes:
        panels: one an outcome.
        settings: path settings, one an outcome.
        cells: cells of each outcome, and of each drop-out part after its outcome.
        covariate_names: time-varying covariates of each of `cells`.
        owner: which outcome each of `cells` belongs to.
        histories: all members.
        risk_names: columns of the membership design.
        risk_center: subtracted from each of them.
        risk_scale: what each is divided by.
        held: the cells that the histories refer to, where those are a part of the members; the layout follows `cells`.
    """

    panels: tuple[Panel, ...]
    settings: tuple[PathSettings, ...]
    cells: tuple[OutcomeCells, ...]
    covariate_names: tuple[tuple[str, ...], ...]
    owner: tuple[int, ...]
    histories: Histories
    risk_names: tuple[str, ...]
    risk_center: FloatArray
    risk_scale: FloatArray
    held: tuple[OutcomeCells, ...] | None = None

    def evaluator(self, groups: Sequence[int], class_groups: Sequence[IntArray]) -> Evaluator:
        """The evaluator of a model.

        Args:
            groups: number of groups of each outcome.
            class_groups: for each outcome, its group in each class.

        Raises:
            SettingsError: more classes than distinct histories, or too few times for an order.
        """
        classes = class_groups[0].size
        if classes > self.histories.patterns:
            raise SettingsError(
                f"there are {classes} groups for {self.histories.patterns} distinct histories",
                hint="ask for fewer groups",
            )
        builder = LayoutBuilder((classes - 1) * len(self.risk_names))
        outcomes = []
        for position, (own, names, cells) in enumerate(zip(self.owner, self.covariate_names, self.cells, strict=True)):
            settings, panel = _fitting(self.settings[own], groups[own]), self.panels[own]
            auxiliary = position > 0 and self.owner[position - 1] == own
            if auxiliary:
                settings = PathSettings(family=Family.LOGIT, order=0)
            else:
                check_orders(settings, panel, groups[own])
            name = f"{panel.outcome} drop-out" if auxiliary else panel.outcome
            outcomes.append(
                builder.outcome(name, settings, cells, names, groups[own], class_groups[own], auxiliary=auxiliary)
            )
        layout = ModelLayout(classes, self.risk_names, self.risk_center, self.risk_scale, tuple(outcomes), builder.size)
        return Evaluator(layout, self.held or self.cells, self.histories)

    def shared(self, groups: int) -> Evaluator:
        """The evaluator of a model in which all outcomes share their groups."""
        return self.evaluator([groups] * len(self.panels), [np.arange(groups)] * len(self.panels))

    def with_histories(self, histories: Histories) -> "Prepared":
        """A part of the members under the same layout; cells that only others have are left out."""
        held, histories = held_cells(self.held or self.cells, histories)
        return replace(self, held=held, histories=histories)

    def with_settings(self, settings: Sequence[PathSettings]) -> "Prepared":
        """The same data under other orders or scopes; families and limits must be the same."""
        return replace(self, settings=tuple(settings))


def prepare(panels: Sequence[Panel], settings: Sequence[PathSettings], *, like: ModelLayout | None = None) -> Prepared:
    """Check the data of one or more outcomes and find their cells and patterns.

    Args:
        panels: same members in the same order; risk factors, weights and frequencies are the first's.
        settings: one an outcome.
        like: a fitted model whose scaling of risk factors is kept, for new members, who may be few and silent.

    Raises:
        SettingsError: data that a family cannot have.
    """
    lead = panels[0]
    risk, center, scale = _risk_design(lead, like)
    cells: list[OutcomeCells] = []
    names: list[tuple[str, ...]] = []
    owner: list[int] = []
    for position, (panel, own) in enumerate(zip(panels, settings, strict=True)):
        _check_panel(panel, own, lead, new=like is not None)
        cells.append(outcome_cells(panel, own))
        names.append(panel.covariate_names)
        owner.append(position)
        if own.dropout_order is not None:
            lag_names, dropout = _dropout_cells(panel, own.dropout_order)
            cells.append(dropout)
            names.append(lag_names)
            owner.append(position)
    histories = stack_histories(cells, risk, _weights(lead), _frequencies(lead))
    return Prepared(
        tuple(panels), tuple(settings), tuple(cells), tuple(names), tuple(owner), histories,
        ("constant", *lead.risk_factor_names) if risk.shape[1] > 1 else ("constant",), center, scale,
    )  # fmt: skip


def check_orders(settings: PathSettings, panel: Panel, groups: int) -> None:
    """Raise SettingsError when the panel has too few distinct times for the orders."""
    times = panel.times if panel.times.ndim == 1 else panel.times[observed_profiles(panel)]
    needed = max(*settings.orders(groups), *settings.zero_orders(groups)) + 1
    if np.unique(times).size < needed:
        raise SettingsError(
            f"{np.unique(times).size} distinct times cannot carry an order of {needed - 1}", hint="lower the order"
        )


def _fitting(settings: PathSettings, groups: int) -> PathSettings:
    """The settings, or, for a number of groups they were not written for, with the highest order everywhere."""
    order, zero = settings.order, settings.zero_order
    if not isinstance(order, int) and len(order) != groups:
        order = max(order)
    if not isinstance(zero, int) and len(zero) != groups:
        zero = max(zero)
    return settings if (order, zero) == (settings.order, settings.zero_order) else replace(
        settings, order=order, zero_order=zero
    )  # fmt: skip


def _risk_design(panel: Panel, like: ModelLayout | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    constant = np.ones((panel.rows, 1))
    if like is not None:
        if like.risk_names[1:] != panel.risk_factor_names:
            raise SettingsError("the risk factors are not those of the model", hint="give the same, in the same order")
        if panel.risk_factors is None:
            return constant, like.risk_center, like.risk_scale
        scaled = (panel.risk_factors - like.risk_center[1:]) / like.risk_scale[1:]
        return np.column_stack([constant, scaled]), like.risk_center, like.risk_scale
    if panel.risk_factors is None or not panel.risk_factor_names:
        return constant, np.zeros(1), np.ones(1)
    center, scale = panel.risk_factors.mean(axis=0), panel.risk_factors.std(axis=0)
    if (scale == 0).any():
        raise SettingsError("a risk factor is the same for everybody", hint="leave it out")
    design = np.column_stack([constant, (panel.risk_factors - center) / scale])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise SettingsError("the risk factors determine one another", hint="leave one of them out")
    return design, np.concatenate([[0.0], center]), np.concatenate([[1.0], scale])


def _weights(panel: Panel) -> FloatArray:
    """Sampling weights that sum to the number of members, as Stata's plug-in rescales them."""
    if panel.weights is None:
        return np.ones(panel.rows)
    frequencies = _frequencies(panel)
    return np.asarray(panel.weights * frequencies.sum() / (panel.weights * frequencies).sum())


def _frequencies(panel: Panel) -> FloatArray:
    return np.ones(panel.rows) if panel.frequencies is None else panel.frequencies.astype(np.float64)


def _check_panel(panel: Panel, settings: PathSettings, lead: Panel, *, new: bool) -> None:
    if panel.rows != lead.rows:
        raise SettingsError("the outcomes have different members", hint="give every outcome the same rows")
    if panel.members < 2 and not new:  # noqa: PLR2004 - one member has no group
        raise SettingsError("the panel has one member", hint="a group needs several members")
    values = panel.values
    observed = _extremes(values) if isinstance(values, SparseCounts) else values[np.isfinite(values)]
    fault = family_model(settings).fault(observed)
    if fault and not (new and fault.endswith(NOTHING_TO_FIND)):
        raise SettingsError(fault, hint=f"check the columns, or choose another family than {settings.family.value}")
    if panel.exposure is not None and settings.family not in COUNT_FAMILIES:
        raise SettingsError("exposure belongs to counts", hint="leave it out, or choose a family of counts")
    if panel.covariates is not None and not np.isfinite(panel.covariates[observed_profiles(panel)]).all():
        raise SettingsError("a time-varying covariate is missing at an observed cell", hint="fill it or drop the cell")


def _extremes(counts: SparseCounts) -> FloatArray:
    """The least and the largest response: all that a check of whole numbers needs."""
    found = [counts.count.min(), counts.count.max()] if counts.count.size else []
    cells = counts.profiles.sum(axis=1) @ np.bincount(counts.profile, minlength=len(counts.profiles))
    return np.array([*found, 0] if cells > counts.count.size else found, dtype=np.float64)


def _dropout_cells(panel: Panel, order: int) -> tuple[tuple[str, ...], OutcomeCells]:
    """Whether each member is gone at a wave, given that it was there before, with lagged responses.

    Waves begin at the second (orders 0 and 1) or third (order 2). A lag that is missing in between takes the last
    response before it.
    """
    values = panel.dense()
    observed = np.isfinite(values)
    periods = values.shape[1]
    last = periods - 1 - np.argmax(observed[:, ::-1], axis=1)
    carried = _carried_forward(values)
    first_wave = max(order, 1)
    waves = np.arange(periods)[None, :]
    at_risk = (waves >= first_wave) & (waves <= last[:, None] + 1)
    member, wave = np.nonzero(at_risk)
    gone = (wave == last[member] + 1).astype(np.float64)
    if not gone.any():
        raise SettingsError("nobody drops out", hint="leave dropout_order at None")
    lags = np.column_stack([carried[member, wave - lag] for lag in range(1, order + 1)]) if order else None
    covariates = np.zeros((gone.size, 0)) if lags is None else np.nan_to_num(lags)
    rows = np.column_stack([gone, covariates])
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return tuple(f"lag{lag}" for lag in range(1, order + 1)), OutcomeCells(
        response=gone[first],
        time=np.zeros(first.size),
        covariates=covariates[first],
        offset=None,
        zero_of=None,
        zero_cells=np.zeros(0, dtype=np.int32),
        start=np.concatenate([[0], np.cumsum(at_risk.sum(axis=1))]).astype(np.int64),
        cells=inverse.reshape(-1).astype(np.int32),
        profile=np.zeros(panel.rows, dtype=np.int32),
        profiles=np.zeros((1, 0)),
    )


def _carried_forward(values: FloatArray) -> FloatArray:
    carried = values.copy()
    for wave in range(1, values.shape[1]):
        missing = np.isnan(carried[:, wave])
        carried[missing, wave] = carried[missing, wave - 1]
    return carried


def class_grid(first: int, second: int) -> tuple[IntArray, IntArray]:
    """Groups of both outcomes in each class of a dual model, first outcome slowest."""
    one, two = np.divmod(np.arange(first * second), second)
    return one, two
