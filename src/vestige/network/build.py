"""`build_network`: from a dataset's events to a network of its members."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.dataset import Dataset
from vestige.dataset.schema import TABLES
from vestige.errors import DatasetError
from vestige.network import network_tables as tables
from vestige.network.edges import adjacency_of, summed_matrix
from vestige.network.findings import event_findings, near_findings, post_findings, reply_findings, size_findings
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.projection import cap_findings, measure_cap, refuse_blow_up
from vestige.network.settings import NetworkKind, NetworkSettings, ReplyRule
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, most_severe_first, plain_settings
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

_TABLE_OF: Final = {
    NetworkKind.TWO_MODE: "post",
    NetworkKind.CO_PARTICIPATION: "post",
    NetworkKind.REPLY: "post",
    NetworkKind.THANKS: "reaction",
    NetworkKind.MESSAGES: "message",
}


def build_network(
    dataset: Dataset, *, settings: NetworkSettings | None = None, seed: int = 0, progress: Progress | None = None
) -> AnyNetwork:
    """A network of a dataset's members; ties are counted in the engine.

    Guests, deleted authors, bots and system accounts never become a node. Whoever wrote stays a node of the two-mode,
    co-participation and reply networks, also without a tie; thanks and messages have those who gave or received.

    Args:
        dataset: an opened dataset.
        settings: which events join members.
        seed: noted in the provenance; nothing is random here.
        progress: called as the steps are done.

    Returns:
        A `TwoModeNetwork` for that kind, else a `Network`.

    Raises:
        SettingsError: no such forum, several and none chosen, or more pairs than `most_pairs`.
        DatasetError: the table is absent, or no member is left to make a network of.
    """
    wanted = settings or NetworkSettings()
    report = progress or ignore_progress
    forum, code = forum_of(dataset, wanted.forum)
    table = _TABLE_OF[wanted.kind]
    if table not in dataset.tables:
        reason = dataset.manifest.absent.get(table, "the source does not supply it")
        raise DatasetError(
            f"there is no {wanted.kind.value} network without table {table!r}: {reason}", hint="choose another kind"
        )
    report(Step("counting ties", 0, 2))
    provenance = Provenance("build_network", plain_settings(wanted), seed, dataset.manifest.digest)
    job = _Job(dataset, forum, code, wanted, provenance)
    if wanted.kind in {NetworkKind.THANKS, NetworkKind.MESSAGES}:
        network: AnyNetwork = _event_network(job)
    else:
        network = _post_network(job)
    report(Step("counting ties", 2, 2))
    return network


@dataclass(frozen=True)
class _Job:
    dataset: Dataset
    forum: int
    code: str
    settings: NetworkSettings
    provenance: Provenance

    @property
    def members(self) -> "ir.Table":
        return tables.members_of(self.dataset.table("member"), self.forum)

    @property
    def posts(self) -> "ir.Table":
        return tables.posts_of(self.dataset.table("post"), self.forum, self.settings)


def forum_of(dataset: Dataset, code: str | None) -> tuple[int, str]:
    """Id and code of the forum that a code means; None means the only one.

    Raises:
        SettingsError: there is no such forum, or there are several and none was chosen.
    """
    forum = dataset.manifest.only_forum(code)
    return forum.forum, forum.code


def edge_expression(dataset: Dataset, settings: NetworkSettings) -> "ir.Table":
    """The ties as an expression on the dataset's engine: from, to, weight; each pair once when undirected.

    The two-mode network gives from (member), to (thread), weight (posts). For networks too large for one machine's
    memory, and for writing Parquet straight from the engine.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the table is absent.
    """
    forum, code = forum_of(dataset, settings.forum)
    job = _Job(dataset, forum, code, settings, Provenance("edge_expression", {}, None, None))
    if settings.kind is NetworkKind.TWO_MODE:
        written = tables.participation(job.posts, job.members)
        return written.select(**{"from": "member", "to": "thread", "weight": "posts"})
    if settings.kind is NetworkKind.CO_PARTICIPATION:
        return _pairs(job).drop("shared")
    ties = _reply_ties(job, _reply_rule(job)[0]) if settings.kind is NetworkKind.REPLY else _given_ties(job)
    return tables.member_ties(tables.counted(ties), job.members)


def _event_network(job: _Job) -> Network:
    """Thanks or messages: nodes are those with a tie."""
    edges, counts = _summed_ties(job, _given_ties(job))
    findings = list(event_findings(job.settings, counts, _undated(job)))
    nodes = np.unique(np.concatenate([edges.source, edges.target]))
    return _network(job, nodes, edges, findings)


def _post_network(job: _Job) -> AnyNetwork:
    """Networks whose nodes are those who wrote."""
    counts = _row(tables.post_counts(job.posts, job.members))
    findings = list(post_findings(counts["posts"], counts["by_members"]))
    undated = _undated(job)
    if job.settings.kind is NetworkKind.REPLY:
        rule, more = _reply_rule(job)
        edges, ties = _summed_ties(job, _reply_ties(job, rule))
        findings += [*more, *event_findings(job.settings, ties, undated)]
        return _network(job, _writers(job), edges, findings)
    findings += event_findings(job.settings, {"self_ties": 0, "others": 0, "events": 0, "anonymous": 0}, undated)
    two_mode = _two_mode(job, findings)
    if job.settings.kind is NetworkKind.TWO_MODE:
        return two_mode
    if job.settings.projection.days is None:
        return two_mode.project(job.settings.projection)
    return _near_network(job, two_mode)


def _two_mode(job: _Job, findings: list[Finding]) -> TwoModeNetwork:
    written = tables.participation(job.posts, job.members).to_pyarrow()
    if not written.num_rows:
        raise DatasetError("no member wrote anything that counts", hint="widen the window, or choose another kind")
    columns = [np.asarray(written.column(name)) for name in ("member", "thread", "posts")]
    del written
    members, rows = np.unique(columns[0], return_inverse=True)
    threads, places = np.unique(columns[1], return_inverse=True)
    return TwoModeNetwork(
        members=members.astype(np.int64),
        pseudonyms=_pseudonyms(job, members),
        threads=threads.astype(np.int64),
        incidence=summed_matrix(rows, places, columns[2].astype(np.float64), (members.size, threads.size)),
        settings=job.settings,
        findings=most_severe_first([*findings, *size_findings(members.size, threads.size)]),
        provenance=job.provenance,
        forum=job.code,
        window=(job.settings.start, job.settings.end),
    )


def _near_network(job: _Job, two_mode: TwoModeNetwork) -> Network:
    """Co-participation where only posts near in time join their authors."""
    cap = measure_cap(two_mode, job.settings.projection.largest_thread)
    refuse_blow_up(cap.pairs, job.settings.projection)
    found = _pairs(job).to_pyarrow()
    source, target, shared = (np.asarray(found.column(name)).astype(np.int64) for name in ("from", "to", "shared"))
    edges = _Edges(source, target, np.asarray(found.column("weight")).astype(np.float64))
    findings = [
        *two_mode.findings, *cap_findings(cap), *near_findings(job.settings.projection, int(shared.sum()), cap.pairs),
    ]  # fmt: skip
    return _network(job, two_mode.members, edges, findings)


@dataclass(frozen=True)
class _Edges:
    """Member ids of giver and receiver, and weight, of each tie."""

    source: IntArray
    target: IntArray
    weight: FloatArray


def _network(job: _Job, members: IntArray, edges: _Edges, findings: list[Finding]) -> Network:
    if not members.size:
        raise DatasetError("no member has anything that counts", hint="widen the window, or choose another kind")
    directed = job.settings.kind is not NetworkKind.CO_PARTICIPATION
    source, target = np.searchsorted(members, edges.source), np.searchsorted(members, edges.target)
    missing = [] if edges.source.size else size_findings(members.size, 0)
    return Network(
        kind=job.settings.kind,
        directed=directed,
        members=members,
        pseudonyms=_pseudonyms(job, members),
        adjacency=adjacency_of(source, target, edges.weight, members.size, directed=directed),
        settings=job.settings,
        findings=most_severe_first([*findings, *missing]),
        provenance=job.provenance,
        forum=job.code,
        window=(job.settings.start, job.settings.end),
    )


def _summed_ties(job: _Job, ties: "ir.Table") -> tuple[_Edges, dict[str, int]]:
    """Ties between members, and what was left out: events, self_ties, others, anonymous."""
    with ExitStack() as kept:
        summed = kept.enter_context(tables.counted(ties).cache())
        counts = _row(tables.left_out(summed, job.members))
        found = tables.member_ties(summed, job.members).to_pyarrow()
    source, target = (np.asarray(found.column(name)).astype(np.int64) for name in ("from", "to"))
    return _Edges(source, target, np.asarray(found.column("weight")).astype(np.float64)), counts


def _given_ties(job: _Job) -> "ir.Table":
    dataset, settings = job.dataset, job.settings
    if settings.kind is NetworkKind.MESSAGES:
        return tables.message_ties(dataset.table("message"), job.forum, settings)
    post = dataset.table("post") if "post" in dataset.tables else None
    return tables.thanks_ties(dataset.table("reaction"), post, job.forum, settings)


def _reply_rule(job: _Job) -> tuple[ReplyRule, list[Finding]]:
    """The rule that applies, and what to say of it."""
    counts = _row(tables.post_counts(job.posts, job.members))
    answers, known = counts["answers"], counts["with_parent"]
    rule = job.settings.reply
    if rule is ReplyRule.AUTO:
        rule = ReplyRule.PARENT if known and 2 * known >= answers else ReplyRule.PREVIOUS
    return rule, list(reply_findings(rule, job.settings, answers, known))


def _reply_ties(job: _Job, rule: ReplyRule) -> "ir.Table":
    posts = job.posts
    if rule is ReplyRule.PARENT:
        return tables.parent_ties(posts, posts)
    return tables.previous_ties(posts, job.settings.within if rule is ReplyRule.WITHIN else 1)


def _pairs(job: _Job) -> "ir.Table":
    posts, members, projection = job.posts, job.members, job.settings.projection
    written = tables.participation(posts, members)
    if projection.days is None:
        return tables.co_participation(written, projection)
    return tables.co_participation_near(posts, written, projection)


def _writers(job: _Job) -> IntArray:
    posts, people = job.posts, job.members.select("member")
    wrote = posts.filter(posts.counts).select(member="author").distinct().semi_join(people, "member")
    return np.unique(np.asarray(wrote.to_pyarrow().column("member")).astype(np.int64))


def _pseudonyms(job: _Job, members: IntArray) -> tuple[str, ...]:
    known = job.members.to_pyarrow()
    order = np.argsort(np.asarray(known.column("member")))
    places = order[np.searchsorted(np.asarray(known.column("member"))[order], members)]
    return tuple(known.column("pseudonym").take(places).to_pylist())


def _undated(job: _Job) -> int:
    """Events that a window leaves out because they have no time; 0 without a window."""
    if job.settings.start is None and job.settings.end is None:
        return 0
    name = _TABLE_OF[job.settings.kind]
    if "at" not in TABLES[name].names:
        return 0
    return _row(tables.undated(job.dataset.table(name), job.forum))["undated"]


def _row(expression: "ir.Table") -> dict[str, int]:
    row: dict[str, Any] = expression.to_pyarrow().to_pylist()[0]
    return {name: int(value or 0) for name, value in row.items()}
