"""What a reader must know before trusting a rank."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csgraph

from vestige.network.findings import NO_TIES
from vestige.network.measures import TRAITS, Measure
from vestige.network.observed import Observed
from vestige.network.position_values import Measured
from vestige.results import Finding, Severity, most_severe_first

_UNSTABLE = 0.5
"""Adjusted Rand index below which two partitions tell different stories; Steinley (2004) calls less than .65 poor."""


def position_findings(observed: Observed, measured: Measured, once: Sequence[Measure]) -> tuple[Finding, ...]:
    """Findings on a network's ranks, most severe first.

    Args:
        observed: members and records.
        measured: values and how they came about.
        once: measures that were computed a single time, without interval or stability.
    """
    shape = list(_shape(observed))
    known = {finding.code for finding in shape}
    made = [finding for finding in observed.findings if finding.code not in known]
    return most_severe_first([*made, *shape, *_ways(measured, once)])


def _shape(observed: Observed) -> Iterator[Finding]:
    ties = observed.ties
    if not ties.joined.nnz:
        text = "No two members have a tie: every measure of ties is the same for all."
        yield Finding(NO_TIES, Severity.PROBLEM, text)
        return
    count, labels = csgraph.connected_components(ties.joined, directed=False)
    sizes = np.bincount(labels)
    if count > 1:
        apart = int((sizes == 1).sum())
        text = (
            f"The network falls into {count:,} parts ({apart:,} of them single members); {sizes.max() / ties.size:.0%} "
            "of the members are in the largest. Eigenvector scores are 0 outside it, and closeness favours it."
        )
        yield Finding("disconnected", Severity.CAUTION, text)
    if ties.incidence is not None and ties.incidence.shape[1] == 1:
        text = "All posts stand in one thread: nothing can be said about who meets whom, nor drawn anew."
        yield Finding("one-thread", Severity.PROBLEM, text)


def _ways(measured: Measured, once: Sequence[Measure]) -> Iterator[Finding]:
    if measured.left_out:
        text = f"{_names(measured.left_out)} would take too long and are left out; raise effort.hole_steps for them."
        yield Finding("measure-left-out", Severity.CAUTION, text)
    if measured.paths is not None and not measured.paths.exact:
        text = f"Betweenness is an estimate: {measured.methods[Measure.BETWEENNESS]}."
        yield Finding("betweenness-estimated", Severity.NOTE, text)
    communities = measured.communities
    if communities is not None and communities.agreement is not None and communities.agreement < _UNSTABLE:
        text = (
            f"Communities differ from seed to seed (mean adjusted Rand index {communities.agreement:.2f}): "
            "bridging and participation rest on borders that the data do not draw."
        )
        yield Finding("communities-unstable", Severity.CAUTION, text)
    if once:
        text = f"{_names(once)} were computed once: repeating them would take too long (see repeat_steps)."
        yield Finding("no-intervals", Severity.CAUTION, text)


def _names(measures: Sequence[Measure]) -> str:
    names = [TRAITS[measure].title for measure in measures]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
