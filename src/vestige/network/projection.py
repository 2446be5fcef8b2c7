"""From members and threads to members and members, without the blow-up of a thread with thousands of writers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from vestige.errors import SettingsError
from vestige.network.findings import member_words, share_words
from vestige.network.graph import AnySettings, Network, TwoModeNetwork
from vestige.network.projection_kernel import joined_matrix
from vestige.network.settings import NetworkKind, NetworkSettings, Projection, ProjectionSettings
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings


@dataclass(frozen=True)
class Cap:
    """What a limit on thread size leaves out.

    Attributes:
        limit: members of the largest thread that still joins; None for no limit.
        threads: threads with two members or more.
        left_out: threads above the limit.
        posts: posts in threads with two members or more.
        posts_left_out: posts in the threads above the limit.
        pairs: pairs of members, counted once a thread, in the threads that are kept.
        pairs_left_out: the same in the threads above the limit.
        unjoined: members who share threads with others, but only such as are above the limit.
    """

    limit: int | None
    threads: int
    left_out: int
    posts: int
    posts_left_out: int
    pairs: int
    pairs_left_out: int
    unjoined: int


def project_two_mode(network: TwoModeNetwork, settings: ProjectionSettings) -> Network:
    """The co-participation network of a two-mode network.

    Every member stays a node, also one who is joined to nobody.

    Args:
        network: members and threads.
        settings: weighting and limit.

    Raises:
        SettingsError: more pairs than `most_pairs`, or a window in time, which a matrix of counts cannot give.
    """
    if settings.days is not None:
        raise SettingsError("a two-mode matrix knows no times", hint="set days in build_network's settings")
    cap = measure_cap(network, settings.largest_thread)
    refuse_blow_up(cap.pairs, settings)
    return Network(
        kind=NetworkKind.CO_PARTICIPATION,
        directed=False,
        members=network.members,
        pseudonyms=network.pseudonyms,
        adjacency=projected_matrix(network.membership(), settings),
        settings=_joined_settings(network, settings),
        findings=most_severe_first([*network.findings, *cap_findings(cap)]),
        provenance=Provenance(
            network.provenance.verb,
            {**network.provenance.settings, "kind": "co-participation", "projection": plain_settings(settings)},
            network.provenance.seed,
            network.provenance.dataset_digest,
        ),
        forum=network.forum,
        window=network.window,
        source=network.source,
    )


def _joined_settings(network: TwoModeNetwork, settings: ProjectionSettings) -> AnySettings:
    if isinstance(network.settings, NetworkSettings):
        return replace(network.settings, kind=NetworkKind.CO_PARTICIPATION, projection=settings)
    return network.settings


def projected_matrix(membership: sparse.csr_array, settings: ProjectionSettings) -> sparse.csr_array:
    """The weights between members of a 0/1 membership matrix; symmetric, without a diagonal.

    Args:
        membership: shape (members, threads).
        settings: weighting and limit; `days` is not looked at.
    """
    sizes = np.bincount(membership.indices, minlength=membership.shape[1])
    kept = np.flatnonzero((sizes > 1) & (sizes <= (settings.largest_thread or sizes.max(initial=0))))
    inside = sparse.csr_array(membership[:, kept])
    weights = np.ones(kept.size) if settings.weighting is Projection.COUNT else 1.0 / (sizes[kept] - 1)
    return joined_matrix(inside, weights)


def measure_cap(network: TwoModeNetwork, limit: int | None) -> Cap:
    """What a limit on thread size would leave out."""
    sizes = network.thread_sizes
    posts = np.bincount(network.incidence.indices, network.incidence.data, minlength=sizes.size)
    shared = sizes > 1
    over = shared & (sizes > (limit or sizes.max(initial=0)))
    pairs = sizes * (sizes - 1) // 2
    membership = network.membership()
    in_shared = np.asarray(membership @ shared.astype(np.float64)) > 0
    in_kept = np.asarray(membership @ (shared & ~over).astype(np.float64)) > 0
    return Cap(
        limit=limit,
        threads=int(shared.sum()),
        left_out=int(over.sum()),
        posts=int(posts[shared].sum()),
        posts_left_out=int(posts[over].sum()),
        pairs=int(pairs[~over].sum()),
        pairs_left_out=int(pairs[over].sum()),
        unjoined=int((in_shared & ~in_kept).sum()),
    )


def cap_findings(cap: Cap) -> Iterator[Finding]:
    """The effect of a limit in words; nothing where there is none."""
    if not cap.left_out:
        return
    text = (
        f"Threads with more than {cap.limit:,} members join nobody: {share_words(cap.left_out, cap.threads)} of the "
        f"threads that several wrote in are left out, with {share_words(cap.posts_left_out, cap.posts)} of their posts "
        f"and {share_words(cap.pairs_left_out, cap.pairs + cap.pairs_left_out)} of their pairs"
    )
    text += f"; {member_words(cap.unjoined)} are joined to nobody for that reason." if cap.unjoined else "."
    yield Finding("large-threads-left-out", Severity.CAUTION, text)


def refuse_blow_up(pairs: int, settings: ProjectionSettings) -> None:
    """Raise SettingsError when a projection would be larger than allowed, with the limit that would help."""
    if pairs > settings.most_pairs:
        raise SettingsError(
            f"the projection would count {pairs:,} pairs, more than {settings.most_pairs:,}",
            hint="lower largest_thread, use the two-mode network, or raise most_pairs",
        )
