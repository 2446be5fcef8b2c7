"""What a reader must know about a simulated disruption before believing it."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from vestige.network.disruption.content import Content
from vestige.network.disruption.matching import FIRST_STRATUM
from vestige.network.disruption.orders import Neighbours, Strategy, largest_component
from vestige.network.disruption.result import RemovalRuns
from vestige.network.disruption.settings import DisruptionSettings
from vestige.network.findings import share_words
from vestige.results import Finding, Severity
from vestige.statistics.compiled import FloatArray

FEW_REPLICATIONS: Final = 20
"""Below it a 95 % percentile interval is the range of what was drawn."""
NEARLY_ALL: Final = 0.995
"""A trace of which the network's members hold less than this is worth a note."""
CONNECTED: Final = 0.5
"""A largest component that holds less than this share is worth a caution."""


def network_findings(neighbours: Neighbours, activity: FloatArray, settings: DisruptionSettings) -> Iterator[Finding]:
    """Findings about the network and the settings, before anything is removed."""
    share = largest_component(neighbours).size / neighbours.size
    if share < 1:
        severity = Severity.NOTE if share >= CONNECTED else Severity.CAUTION
        yield Finding(
            "disconnected",
            severity,
            "The network was in pieces before any removal: its largest component holds "
            f"{share_words(round(share * neighbours.size), neighbours.size)} of the members.",
        )
    if settings.matched and neighbours.size < 4 * FIRST_STRATUM:
        yield Finding(
            "little-to-match",
            Severity.CAUTION,
            "The network is so small that random members of like activity are nearly the same members.",
        )
    if settings.matched and np.unique(activity).size == 1:
        yield Finding("no-activity", Severity.NOTE, "All members are equally active: matching changes nothing.")
    if settings.replications < FEW_REPLICATIONS:
        yield Finding(
            "few-replications",
            Severity.CAUTION,
            f"Intervals come from {settings.replications} replications; use 100 or more before quoting them.",
        )
    if settings.knowledge.complete and not settings.recovery.active and settings.arrests is None:
        yield Finding(
            "network-taken-as-known",
            Severity.NOTE,
            "Intervals of the targeted removals cover choices between equals only: the network is taken as fully "
            "known. Private contacts are never seen; repeat with a share of ties unseen.",
        )
    sampled = {Strategy.ADAPTIVE_BETWEENNESS, Strategy.BEST_OF} & set(settings.strategies)
    if sampled and neighbours.size * neighbours.others.size > settings.orders.work:
        yield Finding(
            "betweenness-sampled",
            Severity.NOTE,
            f"Adaptive betweenness is estimated from at least {settings.orders.fewest_sources} random sources and "
            f"computed again after every {settings.orders.batch:.1%} of the largest component.",
        )


def run_findings(
    runs: Sequence[RemovalRuns], contents: Sequence[Content], settings: DisruptionSettings
) -> Iterator[Finding]:
    """Findings about what was simulated."""
    for run in runs:
        if run.group is not None and run.matched is not None and run.group < FIRST_STRATUM:
            yield Finding(
                "small-group", Severity.NOTE, "A group of fewer than 10 members was removed; its figures are held back."
            )
            break
    parts = [(own.name, own.counts.sum() / own.total) for own in contents]
    limited = ", ".join(f"{share:.0%} of {name}" for name, share in parts if share < NEARLY_ALL)
    if limited:
        yield Finding(
            "not-all-can-be-lost",
            Severity.NOTE,
            f"At most {limited} can be lost: the rest is by guests, deleted or unknown authors or members outside the "
            "network.",
        )
    if settings.recovery.active:
        yield Finding(
            "recovery-assumed",
            Severity.CAUTION,
            "How members make new ties is an assumption, not an observation; compare several rules.",
        )
