"""The members whose positions are measured, with all records of them in one order."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from vestige.dataset import Dataset
from vestige.errors import SettingsError
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.measures import Measure
from vestige.network.settings import NetworkKind, NetworkSettings, ProjectionSettings
from vestige.network.ties import Ties
from vestige.progress import Progress
from vestige.results import Finding, most_severe_first
from vestige.statistics.compiled import IntArray


@dataclass(frozen=True, eq=False)
class Observed:
    """Members and their records.

    Attributes:
        members: ids, ascending. Shape (members,).
        pseudonyms: in the same order.
        ties: ties, threads and activity, one row a member.
        kind: what a tie is.
        forum: code of the forum; None for a list of ties.
        digest: of the dataset or file.
        findings: of how the networks were made.
    """

    members: IntArray
    pseudonyms: tuple[str, ...] = field(repr=False)
    ties: Ties
    kind: NetworkKind
    forum: str | None
    digest: str | None
    findings: tuple[Finding, ...] = field(repr=False)


def observe_dataset(dataset: Dataset, settings: NetworkSettings, *, progress: Progress) -> Observed:
    """Everybody who wrote or has a tie, with ties of the wanted kind, threads and activity.

    Raises:
        SettingsError: no such forum, several and none chosen, or a projection that is too large.
        DatasetError: the table is absent, or nobody is left.
    """
    from vestige.network.activity import activity_of
    from vestige.network.build import build_network

    two_mode: TwoModeNetwork | None = None
    if "post" in dataset.tables:
        made = build_network(dataset, settings=replace(settings, kind=NetworkKind.TWO_MODE), progress=progress)
        two_mode = made if isinstance(made, TwoModeNetwork) else None
    projection = _projection(settings)
    network: AnyNetwork
    if two_mode is not None and projection is not None:
        network = two_mode.project(projection)
    else:
        network = build_network(dataset, settings=settings, progress=progress)
    if not isinstance(network, Network):
        raise SettingsError("there are no posts to make a two-mode network of", hint="choose another kind of network")
    seen = _aligned(network, two_mode, projection)
    activity, days = activity_of(dataset, settings, seen.members, seen.ties.incidence)
    return replace(seen, ties=replace(seen.ties, activity=activity, days=days))


def observe_network(network: AnyNetwork, *, projection: ProjectionSettings | None = None) -> Observed:
    """The members of a network that was made elsewhere; activity is what its ties show.

    Args:
        network: with ties between members, or between members and threads.
        projection: how threads join members; None for the usual.
    """
    if isinstance(network, Network):
        return _aligned(network, None, None)
    joining = projection or ProjectionSettings()
    seen = _aligned(network.project(joining), network, joining)
    activity = {Measure.POSTS: network.posts, Measure.THREADS: network.threads_joined.astype(np.float64)}
    return replace(seen, ties=replace(seen.ties, activity=activity))


def _projection(settings: NetworkSettings) -> ProjectionSettings | None:
    """How ties follow from who wrote where; None where more than that decides."""
    if settings.kind not in {NetworkKind.CO_PARTICIPATION, NetworkKind.TWO_MODE}:
        return None
    return settings.projection if settings.projection.days is None else None


def _aligned(network: Network, two_mode: TwoModeNetwork | None, projection: ProjectionSettings | None) -> Observed:
    names = dict(zip(network.members.tolist(), network.pseudonyms, strict=True))
    incidence = None
    members = network.members
    if two_mode is not None:
        names |= dict(zip(two_mode.members.tolist(), two_mode.pseudonyms, strict=True))
        members = np.union1d(network.members, two_mode.members)
        incidence = _spread(two_mode.incidence, np.searchsorted(members, two_mode.members), members.size)
    places = np.searchsorted(members, network.members)
    adjacency = _spread(network.adjacency, places, members.size)
    if places.size < members.size:
        turned = _spread(sparse.csr_array(adjacency.T), places, members.size)
        adjacency = sparse.csr_array(turned.T)
        adjacency.sort_indices()
    return Observed(
        members=members,
        pseudonyms=tuple(names[member] for member in members.tolist()),
        ties=Ties(adjacency, network.directed, incidence, projection),
        kind=network.kind,
        forum=network.forum,
        digest=network.provenance.dataset_digest,
        findings=most_severe_first(dict.fromkeys((*network.findings, *(two_mode.findings if two_mode else ())))),
    )


def _spread(matrix: sparse.csr_array, rows: IntArray, size: int) -> sparse.csr_array:
    """The same rows at other places of a taller matrix; places ascend."""
    if rows.size == size:
        return matrix
    counts = np.zeros(size, np.int64)
    counts[rows] = np.diff(matrix.indptr)
    begins = np.concatenate(([0], np.cumsum(counts)))
    return sparse.csr_array((matrix.data, matrix.indices, begins), shape=(size, matrix.shape[1]))
