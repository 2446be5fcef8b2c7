"""What groups are profiled against: each member's role, sections, reactions and registration, from a dataset."""

from typing import TYPE_CHECKING, Final

from vestige.dataset.events import event_months, forum_window, members_of
from vestige.dataset.schema import Role, State

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from vestige.dataset import Dataset

ROLE_RANK: Final = (
    Role.ADMINISTRATOR, Role.MODERATOR, Role.VIP, Role.FULL, Role.REGISTERED, Role.RESTRICTED, Role.BANNED
)  # fmt: skip
"""Of several roles at the window's end the first of these counts, but a ban above all."""


def member_traits(dataset: "Dataset", *, forum: str | None = None) -> "pa.Table":
    """Traits of every member of a forum, a row a member, for `profile_groups`. Member-level: not for release.

    Args:
        dataset: an opened dataset.
        forum: code of the forum; None when the dataset has one.

    Returns:
        member; registered (year, as text; null when unknown); and, where the dataset has the tables, role (at the
        window's end), section (kind of the section with most visible posts; null without posts), reactions_given and
        reactions_received.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the window is unknown.
    """
    window = forum_window(dataset, forum)
    people = members_of(dataset, window.forum)
    found = people.select("member", registered=(people.registered // 12).cast("string"))
    if "role_spell" in dataset.tables:
        found = _joined(found, _roles(dataset, window.forum))
        found = found.mutate(role=found.role.fill_null(Role.REGISTERED.value))
    if {"post", "section"}.issubset(dataset.tables):
        found = _joined(found, _sections(dataset, window.forum))
    if "reaction" in dataset.tables:
        given = event_months(dataset, "reaction", window.forum)
        found = _joined(found, given.group_by("member").aggregate(reactions_given=given["count"].sum()))
        found = _joined(found, _received(dataset, window.forum))
        found = found.mutate(
            reactions_given=found.reactions_given.fill_null(0), reactions_received=found.reactions_received.fill_null(0)
        )
    return found.order_by("member").to_pyarrow()


def _joined(people: "ir.Table", trait: "ir.Table") -> "ir.Table":
    return people.left_join(trait, "member").drop("member_right")


def _roles(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, role: the highest role that had not ended by the window's end; a ban outranks it."""
    import ibis

    spells = dataset.table("role_spell")
    spells = spells.filter(spells.forum == forum, spells.end_at.isnull())
    places = {role.value: place + 1 for place, role in enumerate(ROLE_RANK)} | {Role.BANNED.value: 0}
    ranked = spells.select("member", place=spells.role.cases(*places.items(), else_=len(ROLE_RANK)))
    lowest = ranked.group_by("member").aggregate(place=ranked.place.min())
    names = {place: name for name, place in places.items()}
    role = lowest.place.cases(*names.items(), else_=ibis.literal(Role.REGISTERED.value))
    return lowest.select("member", role=role)


def _sections(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, section: kind of the section with most visible posts; of equals the lowest section."""
    import ibis

    posts = dataset.table("post")
    posts = posts.filter(
        posts.forum == forum, posts.author.notnull(), posts.section.notnull(), posts.state == State.VISIBLE.value
    )
    counts = posts.group_by("author", "section").aggregate(posts=posts.count())
    order = ibis.row_number().over(
        ibis.window(group_by=counts.author, order_by=[counts.posts.desc(), counts.section.asc()])
    )
    numbered = counts.mutate(place=order)
    first = numbered.filter(numbered.place == 0).select(member="author", section="section")
    kinds = dataset.table("section")
    kinds = kinds.filter(kinds.forum == forum).select(number="section", kind="kind")
    return first.inner_join(kinds, first.section == kinds.number).select("member", section="kind")


def _received(dataset: "Dataset", forum: int) -> "ir.Table":
    reactions = dataset.table("reaction")
    reactions = reactions.filter(reactions.forum == forum, reactions.receiver.notnull())
    named = reactions.select(member="receiver")
    return named.group_by("member").aggregate(reactions_received=named.count())
