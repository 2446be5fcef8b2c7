"""Networks in words and numbers."""

from typing import TYPE_CHECKING

from vestige.network.settings import Source

if TYPE_CHECKING:
    from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork


def network_words(network: "Network") -> str:
    """One paragraph on a network of members, and its findings."""
    isolated = int((network.degree == 0).sum())
    direction = "directed" if network.directed else "undirected"
    possible = network.size * (network.size - 1) / (1 if network.directed else 2)
    density = f"{network.ties / possible:.2g}" if possible else "not defined"
    line = (
        f"{network.kind.value} network, {direction}{_place(network)}: {network.size:,} members, {network.ties:,} ties, "
        f"density {density}; {isolated:,} members without a tie."
    )
    return "\n".join([line, *_findings(network)])


def two_mode_words(network: "TwoModeNetwork") -> str:
    """One paragraph on a two-mode network, and its findings."""
    sizes = network.thread_sizes
    alone = int((sizes == 1).sum())
    largest = int(sizes.max(initial=0))
    line = (
        f"two-mode network{_place(network)}: {network.size:,} members in {len(sizes):,} threads, {network.ties:,} "
        f"pairs of a member and a thread; the largest thread has {largest:,} members, {alone:,} threads have one."
    )
    return "\n".join([line, *_findings(network)])


def _place(network: "AnyNetwork") -> str:
    if network.source is Source.EDGE_LIST:
        return " from an edge list"
    start, end = network.window
    since = f" from {start:%Y-%m-%d}" if start else ""
    until = f" to before {end:%Y-%m-%d}" if end else ""
    return f" of forum {network.forum}{since}{until}"


def _findings(network: "AnyNetwork") -> list[str]:
    return [f"{finding.severity.value}: {finding.text}" for finding in network.findings]
