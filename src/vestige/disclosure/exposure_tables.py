"""Reductions for a disclosure check: what is known of each member, and who is in small sections."""

from functools import reduce
from typing import TYPE_CHECKING, Final

from vestige.dataset.events import MONTHS_A_YEAR, OUTCOMES
from vestige.dataset.schema import MemberKind, Role

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from vestige.dataset import Dataset

BANDS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
"""Lower ends of the bands of posts."""
FEW_POSTS: Final = 3
"""The band from which members have more than few posts."""
NO_MONTH: Final = -1
NO_ROLE: Final = len(Role)
_TIMED: Final = ("post", "reaction", "message", "download", "view")


def members(dataset: "Dataset") -> "ir.Table":
    """forum, member: those that count as members."""
    table = dataset.table("member")
    return table.filter(table.kind == MemberKind.MEMBER.value).select("forum", "member", "registered_at")


def acts(dataset: "Dataset", most: int) -> "ir.Table":
    """who, second: the latest dated acts of members; `who` numbers members over all forums."""
    found = []
    for outcome in _TIMED:
        name, actor = OUTCOMES[outcome]
        if name in dataset.tables:
            rows = dataset.table(name)
            known = rows.filter(rows["at"].notnull(), rows[actor].notnull())
            if name == "message":
                known = known.select("forum", "message", "sender", "at").distinct()
            found.append(known.select("forum", member=known[actor], second=known["at"].truncate("s").epoch_seconds()))
    if not found:
        nobody = members(dataset)
        return nobody.filter(nobody.forum < 0).select(who="member", second="member")
    every = reduce(lambda one, other: one.union(other), found)
    own = every.semi_join(members(dataset), ["forum", "member"])
    latest = own.order_by(own.second.desc(), "forum", "member").limit(most)
    return latest.select(who=latest.forum * (1 << 40) + latest.member, second=latest.second)


def knowable(dataset: "Dataset") -> "ir.Table":
    """month, role, band, members: how many members share what a reader may know of them.

    `month` numbers the month of registration, `role` the highest role at the end in the order of the schema, and
    `band` the band of posts; NO_MONTH and NO_ROLE where there is none.
    """
    import ibis

    people = members(dataset)
    month = people.registered_at.year() * MONTHS_A_YEAR + people.registered_at.month() - 1
    known = people.select("forum", "member", month=month.fill_null(NO_MONTH).cast("int64"))
    if "role_spell" in dataset.tables:
        spells = dataset.table("role_spell")
        rank = spells.role.cases(
            *((role.value, place) for place, role in enumerate(Role) if role is not Role.REGISTERED), else_=NO_ROLE
        )
        lasting = spells.filter(spells.end_at.isnull()).mutate(rank=rank.cast("int64"))
        best = lasting.group_by("forum", "member").aggregate(role=lasting.rank.min())
        known = known.left_join(best, ["forum", "member"]).select("forum", "member", "month", "role")
        known = known.mutate(role=known.role.fill_null(NO_ROLE))
    else:
        known = known.mutate(role=ibis.literal(NO_ROLE, "int64"))
    known = _with_band(dataset, known)
    return known.group_by("month", "role", "band").aggregate(members=known.count())


def _with_band(dataset: "Dataset", known: "ir.Table") -> "ir.Table":
    import ibis

    if "post" not in dataset.tables:
        return known.mutate(band=ibis.literal(0, "int64"))
    post = dataset.table("post")
    written = post.filter(post.author.notnull())
    counts = written.group_by("forum", member=written.author).aggregate(posts=written.count())
    joined = known.left_join(counts, ["forum", "member"]).select("forum", "member", "month", "role", "posts")
    posts = joined.posts.fill_null(0)
    band = sum(((posts >= start).cast("int64") for start in BANDS[1:]), ibis.literal(0, "int64"))
    return joined.select("forum", "member", "month", "role", band=band)


def section_members(dataset: "Dataset") -> "ir.Table":
    """members, sections: how many sections have so many members who wrote in them."""
    post = dataset.table("post")
    placed = post.filter(post.section.notnull(), post.author.notnull())
    own = placed.semi_join(members(dataset), [("forum", "forum"), ("author", "member")])
    writers = own.select("forum", "section", "author").distinct()
    wrote = writers.group_by("forum", "section").aggregate(members=writers.count())
    section = dataset.table("section")
    every = section.left_join(wrote, ["forum", "section"]).select("forum", "section", "members")
    filled = every.mutate(members=every.members.fill_null(0))
    return filled.group_by("members").aggregate(sections=filled.count())
