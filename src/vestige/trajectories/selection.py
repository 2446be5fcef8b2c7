"""The search over the number of groups and the orders: the whole table, and how firm the choice is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, plain_settings
from vestige.trajectories.adequacy import NOBODY_ASSIGNED, adequacy_findings, classification
from vestige.trajectories.assemble import Prepared, prepare
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.fit import fit_partitioned, fit_prepared
from vestige.trajectories.grolts import grolts_table
from vestige.trajectories.histories import Panel
from vestige.trajectories.likelihood import Evaluator
from vestige.trajectories.order_search import search_orders, settings_of
from vestige.trajectories.partitions import PartitionedPanel, prepare_part
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.search import Warm, take_patterns
from vestige.trajectories.settings import MAX_ORDER, Basis, Orders, TrajectorySettings
from vestige.trajectories.starts import smoothed_paths, split_starts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt
    import pyarrow as pa

CLOSE_RIVAL = 5.0
"""A BIC (log-likelihood scale) within 5 of the best: Jeffreys' scale calls more than 4.6 strong (Nagin 2005, p. 69)."""

SHOWN_RIVALS = 3

STABLE_RAND = 0.8
"""Steinley (2004): an adjusted Rand index above 0.9 is excellent, above 0.8 good."""


@dataclass(frozen=True)
class SelectionSettings:
    """What is searched.

    Attributes:
        model: the model; its groups and order are replaced by those searched.
        groups: numbers of groups.
        orders: orders of the curve to try, each for all groups or one each.
        search_orders: whether, from the best of these, each group's order is raised and lowered by one as long as BIC
            (members) gains. The last winner is then searched for from many starts, as every other model is.
        highest_order: highest order that this tries (Nagin 2005, p. 66: cubic curves suffice in practice).
        split_halves: whether each number of groups is also fitted to two random halves, to see whether they agree.
    """

    model: TrajectorySettings = field(default_factory=TrajectorySettings)
    groups: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    orders: tuple[Orders, ...] = ()
    search_orders: bool = False
    highest_order: int = 3
    split_halves: bool = True

    def __post_init__(self) -> None:
        if self.search_orders and self.model.basis is Basis.SPLINE:
            raise SettingsError("orders are searched for polynomials", hint="give splines as orders=(2, 3, 4)")
        if not 0 <= self.highest_order <= MAX_ORDER:
            raise SettingsError(f"the highest order must lie between 0 and {MAX_ORDER}", hint="3 is usual")
        if not self.groups or min(self.groups) < 1 or len(set(self.groups)) < len(self.groups):
            raise SettingsError("groups must be different numbers from 1", hint="for example (1, 2, 3, 4)")

    @property
    def tried_orders(self) -> tuple[Orders, ...]:
        """The orders to try, the model's own when none were given."""
        return self.orders or (self.model.order,)


@dataclass(frozen=True)
class SelectionResult:
    """Every model that was fitted.

    Attributes:
        fits: in the order searched, by number of groups, then by order.
        settings: what was searched.
        stability: adjusted Rand index of each fit's groups in two halves; None where not asked.
        findings: how close the rivals are.
        provenance: how to get this result again.
    """

    fits: tuple[TrajectoryResult, ...]
    settings: SelectionSettings
    stability: tuple[float | None, ...]
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("models", "stability", "grolts")

    def table(self, name: str = "models") -> "pa.Table":
        """A table by name.

        "models": one row a model with every criterion. "stability": groups of neighbouring fits compared. "grolts": the
        checklist of the best fit, with what the search answers.

        Raises:
            SettingsError: no such table.
        """
        if name == "models":
            return _models_table(self)
        if name == "stability":
            return _stability_table(self)
        if name == "grolts":
            return grolts_table(self.best(), self.table("models").to_pylist())
        raise SettingsError(f"there is no table {name!r}", hint=f"choose one of {', '.join(self.table_names)}")

    def best(self, criterion: str = "bic_members") -> TrajectoryResult:
        """The fit that a criterion prefers; look at the table and the findings before relying on it.

        A degenerate fit (an empty group, twins, a collapsed sigma) is passed over where there is a sound one.

        Raises:
            SettingsError: no such criterion.
        """
        lower = dict.fromkeys(("aic", "caic", "adjusted_bic", "icl"), -1.0)
        signs = {"bic_members": 1.0, "bic_observations": 1.0} | lower
        if criterion not in signs:
            raise SettingsError(f"there is no criterion {criterion!r}", hint=f"choose one of {', '.join(signs)}")
        return max(
            self.fits,
            key=lambda fit: (fit.search.best.sound, signs[criterion] * float(getattr(fit.criteria, criterion))),
        )

    def summary(self) -> str:
        """The table of models and the findings, as text."""
        from vestige.trajectories.summaries import text_table

        columns = ("groups", "order", "log_likelihood", "bic_members", "bic_observations", "starts_at_best",
                   "smallest_share", "relative_entropy", "split_half_rand")  # fmt: skip
        lines = text_table(self.table("models"), columns)
        return "\n".join([*lines, "", *(f"{own.severity.value}: {own.text}" for own in self.findings)]) + "\n"

    def plot(self, name: str = "selection") -> "alt.TopLevelMixin":
        """The chart "selection": criteria by number of groups.

        Raises:
            SettingsError: no such chart.
        """
        from vestige.trajectories.plots import selection_plot

        if name != "selection":
            raise SettingsError(f"there is no chart {name!r}", hint="choose selection")
        return selection_plot(self.table("models").to_pylist())


def select_trajectories(
    panel: object,
    *,
    settings: SelectionSettings | None = None,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> SelectionResult:
    """Fit every number of groups and order asked for, each from its neighbours' fits as well.

    Args:
        panel: as for `fit_trajectories`; of a `PartitionedPanel`, halves are of the random part in memory.
        settings: what is searched.
        seed: of every random choice.
        progress: told of every model.

    Raises:
        SettingsError: as for `fit_trajectories`, or orders to be searched over partitions.
    """
    chosen = settings or SelectionSettings()
    wanted = [(groups, order) for groups in sorted(chosen.groups) for order in chosen.tried_orders]
    wanted = [(groups, order) for groups, order in wanted if isinstance(order, int) or len(order) == groups]
    if not wanted:
        raise SettingsError("no order fits a number of groups asked for", hint="give one order, or one a group")
    prepared, fit_one = _fitter(panel, chosen, seed)
    fits: list[TrajectoryResult] = []
    for done, (groups, order) in enumerate(wanted):
        progress(Step("models", done, len(wanted), "models"))
        fits.append(fit_one(_model_of(chosen.model, groups, order), _neighbours(fits, groups)))
        last_order = done + 1 == len(wanted) or wanted[done + 1][0] != groups
        if chosen.search_orders and last_order:
            fits += _with_other_orders(prepared, fits, groups, chosen.highest_order, seed, progress)
    halved = _best_by_groups(fits) if chosen.search_orders else fits
    stability = [_split_half(prepared, fit, seed) if chosen.split_halves and fit in halved else None for fit in fits]
    digest = prepared.panels[0].dataset_digest
    return SelectionResult(
        tuple(fits), chosen, tuple(stability), _findings(fits, stability),
        Provenance("select_trajectories", plain_settings(chosen), seed, digest),
    )  # fmt: skip


def _fitter(
    panel: object, chosen: SelectionSettings, seed: int
) -> tuple[Prepared, Callable[[TrajectorySettings, Warm], TrajectoryResult]]:
    """The data made ready, or a random part of them where they stay in Spark, and what fits one model to everybody."""
    if not isinstance(panel, PartitionedPanel):
        prepared = prepare([Panel.of(panel)], [chosen.model])
        return prepared, lambda model, warm: fit_prepared(prepared.with_settings([model]), model, seed=seed, warm=warm)
    if chosen.search_orders:
        raise SettingsError("orders are not searched over partitions", hint="give orders=(1, 2, 3), or fit in memory")
    part = panel.random_part(chosen.model.search.check_members, seed)
    return prepare_part(panel, part, chosen.model), lambda model, warm: fit_partitioned(
        panel, model, seed=seed, part=part, warm=warm
    )


def _with_other_orders(
    prepared: Prepared, fits: list[TrajectoryResult], groups: int, highest: int, seed: int, progress: Progress
) -> list[TrajectoryResult]:
    """Models of one number of groups whose orders differ between groups, the best of them from many starts."""
    best = _best_by_groups([fit for fit in fits if fit.classes == groups])[0]
    found = list(
        search_orders(
            prepared, best, highest=highest, seed=seed,
            report=lambda count: progress(Step(f"orders of {groups} groups", count, count + 1, "models")),
        )
    )  # fmt: skip
    winner = max(found, key=lambda fit: fit.criteria.bic_members, default=best)
    if winner.criteria.bic_members <= best.criteria.bic_members:
        return found
    model = settings_of(winner)
    again = fit_prepared(
        prepared.with_settings([model]), model, seed=seed, given=[winner.pattern_posterior], progress=progress
    )
    return [again if fit is winner else fit for fit in found]


def _best_by_groups(fits: Sequence[TrajectoryResult]) -> list[TrajectoryResult]:
    """The fit with the best BIC (members) of each number of groups, ascending."""
    best: dict[int, TrajectoryResult] = {}
    for fit in fits:
        rival = best.get(fit.classes)
        if rival is None or _merit(fit) > _merit(rival):
            best[fit.classes] = fit
    return [best[groups] for groups in sorted(best)]


def _merit(fit: TrajectoryResult) -> tuple[bool, float]:
    """A degenerate fit comes after every sound one."""
    return fit.search.best.sound, fit.criteria.bic_members


def adjusted_rand(first: IntArray, second: IntArray, weight: FloatArray) -> float:
    """Adjusted Rand index of two labellings (Hubert and Arabie 1985), members weighted by how many they stand for."""
    table = np.zeros((int(first.max()) + 1, int(second.max()) + 1))
    np.add.at(table, (first, second), weight)

    def pairs(counts: FloatArray) -> float:
        return float((counts * (counts - 1.0) / 2.0).sum())

    together, one, other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = one * other / max(pairs(np.array([table.sum()])), 1e-300)
    ceiling = (one + other) / 2.0
    return 1.0 if ceiling == chance else (together - chance) / (ceiling - chance)


def _model_of(model: TrajectorySettings, groups: int, order: Orders) -> TrajectorySettings:
    zero = model.zero_order
    if not isinstance(zero, int) and len(zero) != groups:
        zero = max(zero)
    return replace(
        model, groups=groups, order=order, zero_order=zero, reference_group=min(model.reference_group, groups)
    )


def _neighbours(fits: Sequence[TrajectoryResult], groups: int) -> Warm:
    """Posteriors to start from: the same number of groups under another order, and splits of one group less."""
    same = [fit for fit in fits if fit.classes == groups]
    smaller = _best_by_groups([fit for fit in fits if fit.classes == groups - 1])

    def posteriors(part: Prepared) -> list[FloatArray]:
        found = [_under(part, fit)[1] for fit in same]
        for fit in smaller:
            evaluator, posterior = _under(part, fit)
            starts = split_starts(smoothed_paths(evaluator), evaluator.histories.weight, posterior)
            found += [start.posterior for start in starts]
        return found

    return posteriors


def _under(part: Prepared, fit: TrajectoryResult) -> tuple[Evaluator, FloatArray]:
    """A fitted model's evaluator on a part of the members, and their posteriors."""
    evaluator = part.with_settings([settings_of(fit)]).shared(fit.classes)
    return evaluator, evaluator.posterior(fit.parameters)[0]


def _split_half(prepared: Prepared, fit: TrajectoryResult, seed: int) -> float | None:
    """Fit two random halves, let both classify everybody, and compare; None where a half cannot carry the groups."""
    model = settings_of(fit)
    if model.groups == 1:
        return None
    prepared = prepared.with_settings([model])
    lists = prepared.histories
    generator = np.random.default_rng([seed, 2])
    members = np.repeat(np.arange(lists.patterns), np.maximum(np.round(lists.weight), 1.0).astype(np.int64))
    generator.shuffle(members)
    labels = []
    search = replace(model.search, starts=max(4, model.search.starts // 3), polished=3, split_merge_rounds=1)
    for half in np.array_split(members, 2):
        counts = np.bincount(half, minlength=lists.patterns)
        chosen = np.flatnonzero(counts)
        part = replace(prepared, histories=take_patterns(lists, chosen, counts[chosen].astype(np.float64)))
        if chosen.size < model.groups:
            return None
        fit = fit_prepared(part, replace(model, search=search), seed=seed)
        whole = prepared.shared(model.groups)
        labels.append(whole.posterior(fit.parameters)[0].argmax(axis=1))
    return adjusted_rand(labels[0], labels[1], lists.weight)


def _findings(fits: list[TrajectoryResult], stability: list[float | None]) -> tuple[Finding, ...]:
    ranked = sorted((fit for fit in fits if fit.search.best.sound), key=lambda fit: -fit.criteria.bic_members)
    findings = []
    best = max(fits, key=_merit)
    for own in fits:
        if own.criteria.bic_members > best.criteria.bic_members:
            name = f"{own.classes} groups of order {_order_text(settings_of(own).order)}"
            text = f"The model with {name} has a higher BIC, but is degenerate and passed over."
            findings.append(Finding("degenerate-model", Severity.CAUTION, text))
    rivals = [
        fit for fit in ranked if fit is not best and best.criteria.bic_members - fit.criteria.bic_members < CLOSE_RIVAL
    ]
    for rival in rivals[:SHOWN_RIVALS]:
        gap = best.criteria.bic_members - rival.criteria.bic_members
        names = [f"{fit.classes} groups of order {_order_text(settings_of(fit).order)}" for fit in (rival, best)]
        text = f"The model with {names[0]} has a BIC only {gap:.1f} below the best ({names[1]})."
        findings.append(Finding("close-rival", Severity.CAUTION, text))
    if len(rivals) > SHOWN_RIVALS:
        text = f"{len(rivals) - SHOWN_RIVALS} more models have a BIC within {CLOSE_RIVAL:g} of the best; see the table."
        findings.append(Finding("close-rival", Severity.CAUTION, text))
    if best.classes == max(fit.classes for fit in fits) and len({fit.classes for fit in fits}) > 1:
        text = "BIC prefers the largest number of groups tried: more may fit better yet, or the family is wrong."
        findings.append(Finding("best-at-edge", Severity.CAUTION, text))
    for fit, rand in zip(fits, stability, strict=True):
        if fit is best and rand is not None and rand < STABLE_RAND:
            text = f"The {fit.classes} groups are not the same in two random halves (adjusted Rand {rand:.2f})."
            findings.append(Finding("unstable-groups", Severity.CAUTION, text))
    return tuple(findings)


def _models_table(result: SelectionResult) -> "pa.Table":
    import pyarrow as pa

    rows = []
    for fit, rand in zip(result.fits, result.stability, strict=True):
        weight = fit.search.evaluator.histories.weight
        quality = classification(fit.pattern_posterior, weight, fit.shares)
        criteria = fit.criteria
        order = settings_of(fit).order
        rows.append(
            {
                "groups": fit.classes, "order": _order_text(order), "log_likelihood": criteria.log_likelihood,
                "parameters": criteria.parameters, "bic_members": criteria.bic_members,
                "bic_observations": criteria.bic_observations, "aic": criteria.aic, "caic": criteria.caic,
                "adjusted_bic": criteria.adjusted_bic, "icl": criteria.icl, "converged": fit.converged,
                "starts": fit.search.polished, "starts_at_best": fit.starts_at_best,
                "smallest_share": float(fit.shares.min()), "relative_entropy": quality.relative_entropy,
                "lowest_average_posterior": float(np.nanmin(quality.average_posterior)), "split_half_rand": rand,
                "findings": ", ".join(finding_codes(fit)),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows)


def finding_codes(fit: TrajectoryResult) -> list[str]:
    """Codes of what a fit does not meet, but for one that tells an empty group from a small one."""
    return [own.code for own in (*fit.findings, *adequacy_findings(fit)) if own.code != NOBODY_ASSIGNED]


def _order_text(order: Orders) -> str:
    return str(order) if isinstance(order, int) else ", ".join(str(own) for own in order)


def _stability_table(result: SelectionResult) -> "pa.Table":
    """How the best fit of each number of groups agrees with that of the next: adjusted Rand index over all members."""
    import pyarrow as pa

    best = _best_by_groups(result.fits)
    rows: list[Mapping[str, object]] = []
    for one, other in pairwise(best):
        weight = one.search.evaluator.histories.weight
        labels = (one.pattern_posterior.argmax(axis=1), other.pattern_posterior.argmax(axis=1))
        rows.append(
            {
                "groups": one.classes, "order": _order_text(settings_of(one).order), "next_groups": other.classes,
                "next_order": _order_text(settings_of(other).order), "adjusted_rand": adjusted_rand(*labels, weight),
            }
        )  # fmt: skip
    schema = pa.schema([("groups", pa.int64()), ("order", pa.string()), ("next_groups", pa.int64()),
                        ("next_order", pa.string()), ("adjusted_rand", pa.float64())])  # fmt: skip
    return pa.Table.from_pylist(rows, schema)
