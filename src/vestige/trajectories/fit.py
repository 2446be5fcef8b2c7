"""The verbs that fit: one outcome, several outcomes that share groups, two outcomes with groups of their own."""

from collections.abc import Sequence
from dataclasses import replace

from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.results import Finding, Provenance, Severity, plain_settings
from vestige.trajectories.assemble import Prepared, class_grid, prepare
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.criteria import criteria_of
from vestige.trajectories.findings import findings_of
from vestige.trajectories.histories import Panel
from vestige.trajectories.inference import inner_covariance, reported
from vestige.trajectories.partitions import PartitionedPanel, PartitionPasses, prepare_part
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.search import SearchOutcome, Warm, carry_optima, search_optimum
from vestige.trajectories.settings import (
    AnySettings,
    DualTrajectorySettings,
    MultiTrajectorySettings,
    TrajectorySettings,
)


def fit_trajectories(
    panel: object,
    *,
    settings: TrajectorySettings | None = None,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> TrajectoryResult:
    """Fit a group-based trajectory model (Nagin 1999, 2005) and look hard for its best optimum.

    Args:
        panel: a `Panel` (from `build_panel`, `wide_panel` or `long_panel`), a (members, times) array whose times are
            1, 2, ..., or a `PartitionedPanel` (from `partition_panel`), whose passes run in Spark.
        settings: family, groups, orders, search.
        seed: of every random choice; the same seed gives the same answer on any number of threads.
        progress: told of every start.

    Raises:
        SettingsError: data that the family cannot have, too few times for an order, more groups than histories.
    """
    chosen = settings or TrajectorySettings()
    if isinstance(panel, PartitionedPanel):
        return fit_partitioned(panel, chosen, seed=seed, progress=progress)
    prepared = prepare([Panel.of(panel)], [chosen])
    return fit_prepared(prepared, chosen, seed=seed, progress=progress)


def fit_multi_trajectories(
    panels: Sequence[object],
    *,
    settings: MultiTrajectorySettings,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> TrajectoryResult:
    """Fit one set of groups to several outcomes together; arguments as in `fit_trajectories`.

    Raises:
        SettingsError: as there, or another number of panels than of outcomes.
    """
    tables = [Panel.of(panel) for panel in panels]
    if len(tables) != len(settings.outcomes):
        raise SettingsError("the number of panels is not the number of outcomes", hint="give one panel an outcome")
    prepared = prepare(_named(tables), settings.outcomes)
    return fit_prepared(prepared, settings, seed=seed, progress=progress)


def fit_dual_trajectories(
    first: object,
    second: object,
    *,
    settings: DualTrajectorySettings,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> TrajectoryResult:
    """Fit two outcomes with groups of their own, and the second's membership given the first's.

    Arguments are as in `fit_trajectories`. Classes are pairs of groups, the first outcome's slowest; their free
    probabilities are the same model as Nagin and Tremblay's (2001) conditional ones. Risk factors of the first panel
    move every pair's probability, hence the conditional ones too.

    Raises:
        SettingsError: as in `fit_trajectories`.
    """
    tables = _named([Panel.of(first), Panel.of(second)])
    return fit_prepared(prepare(tables, settings.outcomes), settings, seed=seed, progress=progress)


def fit_prepared(
    prepared: Prepared,
    settings: AnySettings,
    *,
    seed: int,
    given: Sequence[FloatArray] = (),
    warm: Warm | None = None,
    progress: Progress = ignore_progress,
) -> TrajectoryResult:
    """Fit a model to data made ready before (by a search over K, a bootstrap), perhaps from given posteriors.

    `given` and `warm` are as in `search_optimum`.
    """
    if isinstance(settings, DualTrajectorySettings):
        pair = settings.groups
        grid = class_grid(*pair)
        found = search_optimum(
            prepared, lambda part: part.evaluator(pair, grid), settings.search,
            seed=seed, given=given, shared_groups=False, robust=settings.robust, progress=progress,
        )  # fmt: skip
    else:
        groups = settings.groups
        found = search_optimum(
            prepared, lambda part: part.shared(groups), settings.search,
            seed=seed, given=given, warm=warm, robust=settings.robust, progress=progress,
        )  # fmt: skip
    return result_of(prepared, settings, found, seed)


def fit_partitioned(
    panel: PartitionedPanel,
    settings: TrajectorySettings,
    *,
    seed: int,
    part: Panel | None = None,
    warm: Warm | None = None,
    progress: Progress = ignore_progress,
) -> TrajectoryResult:
    """Search on a random part in memory, then follow the best optima with passes over everybody in Spark.

    Log-likelihood, estimates, their covariance and the criteria are of everybody, but the entropy of the
    classification, which is the part's, scaled. The posteriors, and the tables made from them, are the part's.

    Args:
        panel: in Spark.
        settings: of the model.
        seed: of every random choice.
        part: the random part, where it was drawn before.
        warm: as in `search_optimum`.
        progress: told of every start.
    """
    part = part or panel.random_part(settings.search.check_members, seed)
    prepared = prepare_part(panel, part, settings)
    found = search_optimum(
        prepared, lambda own: own.shared(settings.groups), settings.search, seed=seed, warm=warm, progress=progress
    )
    everybody = found.evaluator.running(PartitionPasses(panel))
    whole = carry_optima(found, everybody, settings.search, robust=settings.robust, progress=progress)
    text = (
        f"Passes ran in Spark over {panel.partitions} partitions of {panel.patterns:,} distinct histories; their sums "
        f"came back, and a random part of {part.members:,} members, whom the posteriors and the tables of members, "
        "observed means and adequacy are of."
    )
    result = result_of(prepared, settings, whole, seed, members=panel.members, observations=panel.observations)
    return replace(result, findings=(*result.findings, Finding("ran-in-partitions", Severity.NOTE, text)))


def result_of(
    prepared: Prepared, settings: AnySettings, found: SearchOutcome, seed: int,
    *, members: int | None = None, observations: int | None = None,
) -> TrajectoryResult:  # fmt: skip
    """The result of a search; `members` and `observations` where they are more than those prepared."""
    evaluator, parameters = found.evaluator, found.best.optimum.parameters
    weight = evaluator.histories.weight
    if members is not None:
        weight = weight * (members / weight.sum())
    members = members or prepared.panels[0].members
    covariance, identified = inner_covariance(evaluator, found.information, robust=settings.robust, members=members)
    reference = 0 if isinstance(settings, DualTrajectorySettings) else settings.reference_group - 1
    posterior, _ = evaluator.posterior(parameters)
    observations = observations or sum(panel.observations for panel in prepared.panels)
    return TrajectoryResult(
        settings=settings,
        panels=prepared.panels,
        search=found,
        estimates=reported(evaluator, parameters, covariance, identified, reference),
        inner_covariance=covariance,
        criteria=criteria_of(
            found.best.optimum.loglik,
            parameters.size,
            members,
            observations,
            posterior,
            weight,
        ),
        pattern_posterior=posterior,
        findings=findings_of(found, posterior, settings, bool(identified.all())),
        provenance=Provenance("fit_trajectories", plain_settings(settings), seed, prepared.panels[0].dataset_digest),
    )


def _named(panels: Sequence[Panel]) -> list[Panel]:
    """Panels whose outcomes have different names."""
    names = [panel.outcome for panel in panels]
    if len(set(names)) == len(names):
        return list(panels)
    return [replace(panel, outcome=f"{panel.outcome}{number}") for number, panel in enumerate(panels, 1)]
