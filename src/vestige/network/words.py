"""Networks in words and numbers."""

from typing import TYPE_CHECKING

from vestige.network.settings import NetworkKind, Source

if TYPE_CHECKING:
    from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork


def network_words(network: "Network") -> str:
    """One paragraph on a network of members, and its findings: exact, for the researcher."""
    isolated = int((network.degree == 0).sum())
    possible = network.size * (network.size - 1) / (1 if network.directed else 2)
    density = f"{network.ties / possible:.2g}" if possible else "not defined"
    line = (
        f"{opening_words(network)}: {network.size:,} members, {network.ties:,} ties, density {density}; "
        f"{isolated:,} members without a tie."
    )
    return "\n".join([line, *_findings(network)])


def two_mode_words(network: "TwoModeNetwork") -> str:
    """One paragraph on a two-mode network, and its findings: exact, for the researcher."""
    sizes = network.thread_sizes
    line = (
        f"{opening_words(network)}: {network.size:,} members in {len(sizes):,} threads, {network.ties:,} pairs of a "
        f"member and a thread; the largest thread has {int(sizes.max(initial=0)):,} members, "
        f"{int((sizes == 1).sum()):,} threads have one."
    )
    return "\n".join([line, *_findings(network)])


def opening_words(network: "AnyNetwork") -> str:
    """Kind, direction, forum and window, without a figure."""
    two_mode = network.kind is NetworkKind.TWO_MODE
    direction = "" if two_mode else ", directed" if network.directed else ", undirected"
    return f"{network.kind.value} network{direction}{_place(network)}"


def _place(network: "AnyNetwork") -> str:
    if network.source is Source.EDGE_LIST:
        return " from an edge list"
    start, end = network.window
    since = f" from {start:%Y-%m-%d}" if start else ""
    until = f" to before {end:%Y-%m-%d}" if end else ""
    return f" of forum {network.forum}{since}{until}"


def _findings(network: "AnyNetwork") -> list[str]:
    return [f"{finding.severity.value}: {finding.text}" for finding in network.findings]
