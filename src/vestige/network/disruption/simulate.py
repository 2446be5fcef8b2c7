"""`simulate_disruption`: removals of many kinds, each beside random members of like activity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.dataset import Dataset
from vestige.errors import SettingsError
from vestige.network.disruption.content import Content, read_content, read_roles
from vestige.network.disruption.disruption_figures import disruption_figures
from vestige.network.disruption.disruption_findings import network_findings, run_findings
from vestige.network.disruption.matching import activity_strata, matched_order, seen_network
from vestige.network.disruption.measuring import Measured, efficiency_sources, measure_recovery, measure_sequence
from vestige.network.disruption.orders import ADAPTIVE, Neighbours, dismantling_area
from vestige.network.disruption.planning import ROLE, Removal, aligned_column, checked_cost, column_removals
from vestige.network.disruption.recovery import LivingNetwork
from vestige.network.disruption.result import DisruptionResult, RemovalRuns
from vestige.network.disruption.settings import DisruptionSettings
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Provenance, most_severe_first, plain_settings
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa


def simulate_disruption(
    network: AnyNetwork,
    *,
    dataset: Dataset | None = None,
    attributes: "pa.Table | None" = None,
    settings: DisruptionSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> DisruptionResult:
    """What removals of members do to a network and to what is shared in it.

    Directions and weights of ties are left out. Everything random is drawn again in every replication: ties between
    equals, whom a random removal meets, what is seen, how the network recovers. Where nothing of that is random,
    replications agree; intervals then say nothing about how well the network is known.

    Args:
        network: of members; a two-mode network is projected first.
        dataset: the network's dataset, for roles, activity and content; None for a network alone.
        attributes: a table with a column `pseudonym` or `member` and any others, such as a trajectory group.
        settings: removals, outcomes, knowledge, recovery, costs.
        seed: of everything random.
        progress: called after each sequence of removals.

    Raises:
        SettingsError: no ties, an unknown column, costs that are missing or not above 0.
        DatasetError: a table that is needed is absent.
    """
    wanted = settings or DisruptionSettings()
    job = _job(network, dataset, attributes, wanted)
    report = progress or ignore_progress
    runs: list[list[tuple[Measured, Measured | None]]] = [[] for _ in job.removals]
    total = wanted.replications * len(job.removals)
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(wanted.replications)):
        first, *rest = child.spawn(len(job.removals) + 1)
        shared = _shared(job, np.random.default_rng(first))
        for place, (removal, own) in enumerate(zip(job.removals, rest, strict=True)):
            report(Step("removing members", number * len(job.removals) + place, total, "sequences"))
            runs[place].append(_replication(job, shared, removal, np.random.default_rng(own)))
    report(Step("removing members", total, total, "sequences"))
    gathered = tuple(
        RemovalRuns.of(removal.label, removal.chosen, own) for removal, own in zip(job.removals, runs, strict=True)
    )
    return DisruptionResult(
        figures=disruption_figures(gathered, job.contents, wanted, job.network.size),
        findings=most_severe_first(
            (
                *job.network.findings,
                *network_findings(job.neighbours, job.activity, wanted),
                *run_findings(gathered, job.contents, wanted),
            )
        ),
        provenance=Provenance(
            "simulate_disruption", plain_settings(wanted), seed, job.network.provenance.dataset_digest
        ),
        settings=wanted,
        network=job.network,
        runs=gathered,
    )


@dataclass(frozen=True, eq=False)
class _Job:
    """What stays the same in all replications."""

    network: Network
    neighbours: Neighbours
    cost: FloatArray
    activity: FloatArray
    contents: tuple[Content, ...]
    removals: tuple[Removal, ...]
    settings: DisruptionSettings


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all removals of a replication share, so that they can be compared in pairs."""

    seen: Neighbours
    strata: IntArray
    sources: IntArray
    attempts: IntArray


def _job(
    network: AnyNetwork, dataset: Dataset | None, attributes: "pa.Table | None", settings: DisruptionSettings
) -> _Job:
    plain = network.project() if isinstance(network, TwoModeNetwork) else network
    neighbours = Neighbours.of(plain.joined())
    if neighbours.others.size == 0:
        raise SettingsError("the network has no tie: nothing can break", hint="choose another kind of network")
    contents: tuple[Content, ...] = ()
    roles: tuple[str | None, ...] | None = None
    if dataset is not None:
        forum = _forum(dataset, plain)
        contents = read_content(dataset, forum, plain.members)
        roles = read_roles(dataset, forum, plain.members) if "role_spell" in dataset.tables else None
    columns = _columns(plain, attributes, contents, roles, settings)
    cost = np.ones(plain.size) if settings.cost is None else checked_cost(_given(attributes, settings.cost, plain))
    removals = tuple(Removal(own.value, strategy=own) for own in settings.strategies)
    removals += tuple(one for name in settings.by for one in column_removals(name, columns[name]))
    posts = next((own.counts for own in contents if own.name == "posts"), None)
    activity = np.asarray(plain.joined().sum(axis=1)).reshape(-1) if posts is None else posts
    return _Job(plain, neighbours, cost, activity, contents, removals, settings)


def _forum(dataset: Dataset, network: Network) -> int:
    codes = {entry.code: entry.forum for entry in dataset.manifest.forums}
    if network.forum not in codes:
        raise SettingsError("the network is not of this dataset", hint="build it from the same dataset")
    return codes[network.forum]


def _columns(
    network: Network,
    attributes: "pa.Table | None",
    contents: tuple[Content, ...],
    roles: tuple[str | None, ...] | None,
    settings: DisruptionSettings,
) -> Mapping[str, list[Any]]:
    known: dict[str, list[Any]] = {own.name: own.counts.tolist() for own in contents}
    if roles is not None:
        known[ROLE] = list(roles)
    given = {} if attributes is None else {name for name in settings.by if name in attributes.column_names}
    missing = [name for name in settings.by if name not in known and name not in given]
    if missing:
        here = ", ".join(known) or "none without a dataset"
        raise SettingsError(
            f"{len(missing)} of the columns to remove by are not known",
            hint=f"of the dataset there are: {here}; others come with a table of attributes",
        )
    return known | {name: _given(attributes, name, network) for name in given}


def _given(attributes: "pa.Table | None", column: str, network: Network) -> list[Any]:
    if attributes is None:
        raise SettingsError("a column needs a table of attributes", hint="pass attributes, or --attributes FILE")
    return aligned_column(attributes, column, network.members, network.pseudonyms)


def _shared(job: _Job, generator: np.random.Generator) -> _Shared:
    settings = job.settings
    sources = efficiency_sources(job.neighbours, generator) if settings.efficiency else np.zeros(0, dtype=np.int64)
    arrests = settings.arrests
    attempts = np.zeros(0, dtype=np.int64)
    if arrests is not None:
        attempts = np.concatenate([[0], np.cumsum(generator.poisson(arrests.each, arrests.periods))])
    return _Shared(
        seen_network(job.neighbours, settings.knowledge, generator),
        activity_strata(job.activity, generator),
        sources,
        attempts,
    )


def _replication(
    job: _Job, shared: _Shared, removal: Removal, generator: np.random.Generator
) -> tuple[Measured, Measured | None]:
    settings = job.settings
    planned = removal.order(
        shared.seen, job.cost, generator, reinsertion=settings.reinsertion, settings=settings.orders
    )
    order, marks = _arrested(job, shared, removal, planned, generator)
    targeted = _measure(job, shared, removal, order, marks, generator)
    if not settings.matched:
        return targeted, None
    beside = matched_order(order, shared.strata, generator)
    other = Removal("matched", chosen=removal.chosen)
    return targeted, _measure(job, shared, other, beside, targeted.removed, generator)


def _arrested(
    job: _Job, shared: _Shared, removal: Removal, order: IntArray, generator: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """The order as it comes true, and how many are removed at each point."""
    limit = order.size if removal.chosen is None else removal.chosen.size
    arrests = job.settings.arrests
    if arrests is not None:
        caught = generator.random(limit) < arrests.success
        cumulative = np.concatenate([[0], np.cumsum(caught)])
        marks = cumulative[np.minimum(shared.attempts, limit)]
        return np.concatenate([order[:limit][caught], order[:limit][~caught], order[limit:]]), marks
    spent = np.concatenate([[0.0], np.cumsum(job.cost[order])]) / job.cost.sum()
    end = job.settings.up_to if removal.chosen is None else float(spent[limit])
    shares = np.linspace(0, end, job.settings.points)
    marks = np.searchsorted(spent, shares * (1 + 1e-12) + 1e-12, side="right") - 1
    return order, np.minimum(marks, limit)


def _measure(
    job: _Job, shared: _Shared, removal: Removal, order: IntArray, marks: IntArray, generator: np.random.Generator
) -> Measured:
    settings = job.settings
    if not settings.recovery.active:
        outcomes = measure_sequence(job.neighbours, order, marks, job.contents, shared.sources)
        whole = removal.chosen is None
        area = dismantling_area(job.neighbours, order, job.cost) if whole else float("nan")
        return Measured(marks, outcomes, area, order if whole else order[: marks[-1]])
    living = LivingNetwork(job.neighbours, settings.recovery, generator)
    replan = None
    if removal.strategy in ADAPTIVE:

        def replan(now: Neighbours) -> IntArray:
            seen = seen_network(now, settings.knowledge, generator)
            return removal.order(seen, job.cost, generator, reinsertion=settings.reinsertion, settings=settings.orders)

    outcomes, actual = measure_recovery(living, order, marks, job.contents, shared.sources, replan)
    return Measured(marks, outcomes, float("nan"), actual)
