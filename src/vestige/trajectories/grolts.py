"""The GRoLTS checklist (van de Schoot, Sijbrandij, Winter, Depaoli and Vermunt 2017), filled in from a fit."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.trajectories.adequacy import classification
from vestige.trajectories.settings import Basis, Family, PathSettings
from vestige.version import __version__

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.trajectories.result import TrajectoryResult


class Answer(StrEnum):
    """Whether an item is answered by the fit, left to the author, or does not apply."""

    MET = "met"
    AUTHOR = "for the author"
    NOT_MET = "not met"
    NOT_APPLICABLE = "does not apply"


def grolts_table(result: "TrajectoryResult", models: Sequence[Mapping[str, Any]] = ()) -> "pa.Table":
    """The checklist item by item: number, question, answer, and the words to report.

    Args:
        result: the fit that is reported.
        models: rows of the table "models" of the search it came from, which answer the items on selection.
    """
    import pyarrow as pa

    rows = [*_data_items(result), *_model_items(result), *_report_items(result)]
    searched = _search_items(models) if models else {}
    rows = [(item, question, *searched.get(item, (answer, report))) for item, question, answer, report in rows]
    names = ("item", "question", "answer", "report")
    return pa.table({name: [str(row[place]) for row in rows] for place, name in enumerate(names)})


Row = tuple[str, str, Answer, str]


def _data_items(result: "TrajectoryResult") -> list[Row]:
    panel = result.panels[0]
    times = np.unique(panel.times)
    cells = panel.members * panel.periods
    missing = 1.0 - panel.observations / cells
    spread = "every member has the same times" if panel.times.ndim == 1 else "members have times of their own"
    gap = "no cell is missing" if panel.observations == cells else f"{missing:.1%} of the cells are missing"
    dealt = "full-information maximum likelihood: a missing cell adds nothing, which assumes missing at random"
    dropout = any(path.dropout_order is not None for path in _paths(result))
    if dropout:
        dealt += "; drop-out is modelled by group (Haviland, Jones and Nagin 2011)"
    return [
        ("1", "Is the metric of time reported?", Answer.MET, f"{times.size} times from {times[0]:g} to {times[-1]:g}."),
        ("2", "Mean and variance of time within a wave?", Answer.MET, f"{spread}."),
        ("3a", "Is the missing data mechanism reported?", Answer.AUTHOR, f"{gap}; say why."),
        (
            "3b",
            "Which variables are related to attrition?",
            Answer.AUTHOR,
            "Compare members by when they were last seen.",
        ),
        ("3c", "How were missing data dealt with?", Answer.MET, f"{dealt}."),
        ("4", "Is the distribution of the observed variables given?", Answer.MET, _distribution(result)),
        ("5", "Is the software mentioned?", Answer.MET, f"Vestige {__version__}, fit_trajectories."),
    ]


def _model_items(result: "TrajectoryResult") -> list[Row]:
    paths = _paths(result)
    shapes = "; ".join(_shape(path.order, path.basis) for path in paths)
    scopes = {path.spread.value for path in paths if path.family is Family.CNORM}
    differences = f"sigma: {', '.join(sorted(scopes))}" if scopes else "the family's variance follows from its mean"
    covariates = [
        *result.panels[0].risk_factor_names,
        *(name for panel in result.panels for name in panel.covariate_names),
    ]
    search = result.search
    return [
        (
            "6a", "Alternative within-class heterogeneity?", Answer.NOT_MET,
            "Members of a group share its path (no random effects); compare families with more dispersion (negbin).",
        ),
        ("6b", "Between-class differences in variance?", Answer.MET, f"{differences}."),
        ("7", "Are alternative shapes described?", Answer.AUTHOR, f"This fit: {shapes}; see select_trajectories."),
        (
            "8", "With covariates, can analyses be replicated?",
            Answer.MET if covariates else Answer.NOT_APPLICABLE,
            f"Covariates: {', '.join(covariates)}, estimated jointly." if covariates else "No covariates.",
        ),
        (
            "9", "Number of random starts and final iterations?", Answer.MET,
            (
                f"{search.starts} starts screened, {search.polished} polished, {result.starts_at_best} at the best "
                f"value; seed {result.provenance.seed}."
            ),
        ),
        (
            "10", "Are the selection tools described?", Answer.AUTHOR,
            (
                f"BIC (members) {result.criteria.bic_members:.2f}, BIC (observations) "
                f"{result.criteria.bic_observations:.2f}, higher is better; see select_trajectories for the rivals."
            ),
        ),
        ("11", "Number of fitted models, with one class?", Answer.AUTHOR, "Run select_trajectories from 1."),
    ]  # fmt: skip


def _search_items(models: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Answer, str]]:
    """Answers to the items on selection, from every model that was fitted."""
    numbers = sorted({row["groups"] for row in models})
    orders = list(dict.fromkeys(row["order"] for row in models))
    shown = "; ".join(f"K = {row['groups']}, order {row['order']}: {row['bic_members']:.2f}" for row in models)
    halves = any(row["split_half_rand"] is not None for row in models)
    tools = "BIC (members and observations), AIC, CAIC, adjusted BIC, ICL, entropy, starts at the best value"
    return {
        "7": (
            Answer.MET if len(orders) > 1 else Answer.AUTHOR,
            f"Orders fitted: {'; '.join(orders)}." + ("" if len(orders) > 1 else " Say why no other was."),
        ),
        "10": (Answer.MET, f"{tools}{', agreement of two halves' if halves else ''}. BIC (members): {shown}."),
        "11": (
            Answer.MET if 1 in numbers else Answer.NOT_MET,
            f"{len(models)} models, with {', '.join(map(str, numbers))} groups.",
        ),
        "14b": (Answer.MET, "plot('trajectories') of each of the fits; a chart a model in the folder of results."),
    }


def _report_items(result: "TrajectoryResult") -> list[Row]:
    groups = result.table("groups").to_pylist()
    sizes = "; ".join(f"group {row['group']}: {row['share']:.1%} ({row['assigned_members']:.0f})" for row in groups)
    weight = result.search.evaluator.histories.weight
    entropy = classification(result.pattern_posterior, weight, result.shares).relative_entropy
    return [
        ("12", "Cases per class for each model?", Answer.MET, f"{sizes}."),
        ("13", "Is entropy reported?", Answer.MET, f"Relative entropy {entropy:.3f}."),
        ("14a", "A plot of the final solution's means?", Answer.MET, "plot('trajectories')."),
        (
            "14b",
            "Plots of each model's means?",
            Answer.AUTHOR,
            "plot('trajectories') of each fit of select_trajectories.",
        ),
        ("14c", "Means with observed trajectories, by class?", Answer.MET, "plot('observed')."),
        ("15", "Is the final solution described numerically?", Answer.MET, "table('groups'), table('trajectories')."),
        (
            "16",
            "Are the syntax files available?",
            Answer.MET,
            "The provenance holds settings and seed; export_code states it.",
        ),
    ]


def _paths(result: "TrajectoryResult") -> list[PathSettings]:
    return [outcome.settings for outcome in result.search.evaluator.layout.outcomes if not outcome.auxiliary]


def _shape(order: int | tuple[int, ...], basis: Basis) -> str:
    orders = str(order) if isinstance(order, int) else ", ".join(str(own) for own in order)
    return f"{basis.value} of order {orders}"


def _distribution(result: "TrajectoryResult") -> str:
    parts = [
        f"{panel.outcome}: {path.family.value}, {panel.observations:,} observations"
        for panel, path in zip(result.panels, _paths(result), strict=True)
    ]
    return f"{'; '.join(parts)}; see plot('adequacy')."
