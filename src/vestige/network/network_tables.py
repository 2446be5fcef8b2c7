"""Ties as Ibis expressions, equal on DuckDB and Spark.

Every expression here has one row an event or a pair and plain integer columns; nothing is ordered, and nothing that
grows with the number of posts leaves the engine. `source` gives to `target`. Only accounts of kind `member` are nodes;
until `member_ties` the other ends may be anybody, or null.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import ibis

from vestige.dataset.schema import MemberKind
from vestige.network.settings import NetworkSettings, Projection, ProjectionSettings

if TYPE_CHECKING:
    import ibis.expr.types as ir


def members_of(member: "ir.Table", forum: int) -> "ir.Table":
    """Accounts that may be nodes: member, pseudonym."""
    return member.filter(member.forum == forum, member.kind == MemberKind.MEMBER.value).select("member", "pseudonym")


def in_window(time: "ir.TimestampValue", start: datetime | None, end: datetime | None) -> "ir.BooleanValue":
    """Whether an event counts: dated and inside, or anything where there is no limit."""
    inside = ibis.literal(True)
    if start is not None:
        inside &= (time >= ibis.literal(start)).fill_null(False)
    if end is not None:
        inside &= (time < ibis.literal(end)).fill_null(False)
    return inside


def posts_of(post: "ir.Table", forum: int, settings: NetworkSettings) -> "ir.Table":
    """Posts of the forum in states that count: post, seq, thread, author, at, is_opening, parent_post, counts."""
    states = [state.value for state in settings.states]
    kept = post.filter(post.forum == forum, post.state.isin(states))
    return kept.select(
        "post", "seq", "thread", "author", "at", "is_opening", "parent_post",
        counts=in_window(kept["at"], settings.start, settings.end),
    )  # fmt: skip


def participation(posts: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Of the rows of `posts_of`: member, thread, posts; members only."""
    written = posts.filter(posts.counts).inner_join(members.select("member"), [posts.author == members.member])
    return written.group_by("member", "thread").aggregate(posts=written.count())


def parent_ties(posts: "ir.Table", every_post: "ir.Table") -> "ir.Table":
    """Who answered whom by the source's own word: source, target, a row an answer whose parent is known."""
    parents = every_post.select(parent_post="post", target="author")
    answers = posts.filter(posts.counts, posts.parent_post.notnull())
    return answers.inner_join(parents, "parent_post").select(source="author", target="target")


def previous_ties(posts: "ir.Table", within: int) -> "ir.Table":
    """Who wrote after whom in a thread: source, target, a row for each of the last `within` posts' authors, each once.

    Posts before the window are looked back at; a post by a guest stands between two members' posts.
    """
    order = ibis.window(group_by=posts.thread, order_by=posts.seq)
    lags = {f"back_{place}": posts.author.lag(place).over(order) for place in range(1, within + 1)}
    looking = posts.mutate(**lags).filter(lambda rows: rows.counts)
    parts = []
    for place in range(1, within + 1):
        target = looking[f"back_{place}"]
        known = target.notnull()
        for nearer in range(1, place):
            known &= (looking[f"back_{nearer}"] != target).fill_null(True)
        parts.append(looking.filter(known).select(source="author", target=f"back_{place}"))
    return parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)


def thanks_ties(reaction: "ir.Table", post: "ir.Table | None", forum: int, settings: NetworkSettings) -> "ir.Table":
    """Who thanked whom: source, target, a row a reaction; the post's author where the receiver is not recorded."""
    kinds = [kind.value for kind in settings.reactions]
    given = reaction.filter(
        reaction.forum == forum, reaction.kind.isin(kinds), in_window(reaction["at"], settings.start, settings.end)
    )
    if post is None:
        return given.select(source="giver", target="receiver")
    authors = post.filter(post.forum == forum).select("post", "author")
    joined = given.select("giver", "receiver", "post").left_join(authors, "post")
    return joined.select(source="giver", target=ibis.coalesce(joined.receiver, joined.author))


def message_ties(message: "ir.Table", forum: int, settings: NetworkSettings) -> "ir.Table":
    """Who wrote privately to whom: source, target, a row a message and recipient."""
    sent = message.filter(message.forum == forum, in_window(message["at"], settings.start, settings.end))
    return sent.select(source="sender", target="recipient")


def counted(ties: "ir.Table") -> "ir.Table":
    """Ties of all accounts, summed: source, target (null where unknown), weight."""
    return ties.group_by("source", "target").aggregate(weight=ties.count())


def member_ties(summed: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Of the rows of `counted`: from, to, weight; members only, nobody to himself."""
    apart = summed.filter(summed.source != summed.target)
    people = members.select("member")
    kept = apart.semi_join(people, [("source", "member")])
    kept = kept.semi_join(people, [("target", "member")])
    return kept.select(**{"from": "source", "to": "target", "weight": "weight"})


def left_out(summed: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Of the rows of `counted`, one row: events, self_ties (by members), others (an end is no member), anonymous.

    Anonymous are those of the others of which the source does not say whose act it was.
    """
    people = members.select("member")
    givers = people.rename(giver="member")
    takers = people.rename(taker="member")
    joined = summed.left_join(givers, [("source", "giver")])
    joined = joined.left_join(takers, [("target", "taker")])
    outside = joined.giver.isnull() | joined.taker.isnull()
    alone = ~outside & (joined.source == joined.target)
    nothing = ibis.literal(0, "int64")
    return joined.aggregate(
        events=joined.weight.sum().fill_null(0),
        self_ties=ibis.ifelse(alone.fill_null(False), joined.weight, nothing).sum().fill_null(0),
        others=ibis.ifelse(outside, joined.weight, nothing).sum().fill_null(0),
        anonymous=ibis.ifelse(joined.source.isnull(), joined.weight, nothing).sum().fill_null(0),
    )


def thread_sizes(written: "ir.Table") -> "ir.Table":
    """Of the rows of `participation`: thread, members, posts."""
    return written.group_by("thread").aggregate(members=written.count(), posts=written.posts.sum())


def co_participation(written: "ir.Table", settings: ProjectionSettings) -> "ir.Table":
    """Of the rows of `participation`: from < to, shared (threads), weight; the limit on thread size applies first."""
    return _paired(_limited(written, settings), settings)


def co_participation_near(posts: "ir.Table", written: "ir.Table", settings: ProjectionSettings) -> "ir.Table":
    """As `co_participation`, but only where two posts in the thread lie at most `days` apart.

    Undated posts join nobody. Posts of a thread are compared with each other, so the limit on thread size matters.
    """
    kept = _limited(written, settings).select("member", "thread", "size")
    dated = posts.filter(posts.counts, posts["at"].notnull()).select("thread", "author", "at")
    dated = dated.inner_join(kept, [dated.thread == kept.thread, dated.author == kept.member])
    dated = dated.select("thread", "member", "size", "at")
    other = dated.view()
    span = ibis.interval(seconds=round((settings.days or 0.0) * 86_400))
    near = dated.inner_join(
        other,
        [
            dated.thread == other.thread,
            dated.member < other.member,
            other["at"] >= dated["at"] - span,
            other["at"] <= dated["at"] + span,
        ],
        rname="other_{name}",
    )
    once = near.select("thread", "size", **{"from": "member", "to": "other_member"}).distinct()
    return _summed(once, settings)


def _limited(written: "ir.Table", settings: ProjectionSettings) -> "ir.Table":
    sizes = thread_sizes(written)
    joining = sizes.members > 1
    if settings.largest_thread is not None:
        joining &= sizes.members <= settings.largest_thread
    kept = sizes.filter(joining).select("thread", size="members")
    return written.inner_join(kept, "thread").select("member", "thread", "size")


def _paired(kept: "ir.Table", settings: ProjectionSettings) -> "ir.Table":
    other = kept.view()
    pairs = kept.inner_join(
        other, [kept.thread == other.thread, kept.member < other.member], rname="other_{name}"
    ).select("size", **{"from": "member", "to": "other_member"})
    return _summed(pairs, settings)


def _summed(pairs: "ir.Table", settings: ProjectionSettings) -> "ir.Table":
    shared = pairs.count()
    weight = shared.cast("float64")
    if settings.weighting is Projection.NEWMAN:
        weight = (1.0 / (pairs["size"] - 1).cast("float64")).sum()
    return pairs.group_by("from", "to").aggregate(shared=shared, weight=weight)


def post_counts(posts: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Of the rows of `posts_of`, one row: posts that count, by_members, answers, with_parent."""
    people = members.select("member")
    joined = posts.filter(posts.counts).left_join(people, [posts.author == people.member])
    answer = ~joined.is_opening
    return joined.aggregate(
        posts=joined.count(),
        by_members=joined.member.count(),
        answers=answer.cast("int64").sum().fill_null(0),
        with_parent=(answer & joined.parent_post.notnull()).cast("int64").sum().fill_null(0),
    )


def undated(events: "ir.Table", forum: int) -> "ir.Table":
    """Events of the forum without a time, one row: undated."""
    return events.filter(events.forum == forum).aggregate(undated=(events["at"].isnull()).cast("int64").sum())
