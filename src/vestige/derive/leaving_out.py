"""What a custodian chooses to leave out: sections in which few wrote, members who wrote little, days of registration.

Leaving out works on the assembled `_raw_` tables, before rows are resolved and numbered, so that nothing of it is in
the dataset. Leaving out sections takes posts from members, and members from sections: both are repeated until both
limits hold.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from vestige.dataset.schema import MemberKind
from vestige.derive.staging import Staging
from vestige.derive.window import Window
from vestige.results import Finding, Severity

_COUNTED: Final = f"kind = '{MemberKind.MEMBER}'"
_PEOPLE: Final = f"SELECT member FROM _raw_member WHERE {_COUNTED}"


class RegistrationResolution(StrEnum):
    """To what times of registration are cut, where they shall be coarser than other times."""

    MONTH = "month"
    YEAR = "year"


def cut_registration(
    staging: Staging, kept: Iterable[str], resolution: RegistrationResolution, window: Window | None
) -> Finding:
    """Cut times of registration, also where a role is held since then. Works on the `_kept_` tables.

    Args:
        staging: holds the `_kept_` tables and `_id_member`.
        kept: which of them there are.
        resolution: to which unit.
        window: no time is cut to before its start.
    """
    earliest = window.start if window is not None else 0
    if "role_spell" in kept:
        staging.run(
            f"UPDATE _kept_role_spell k SET start_at = {_start_of(resolution, 'k.start_at', earliest)} "
            "FROM _id_member i JOIN _kept_member m ON m._source = i.source "
            "WHERE i.id = k.member AND k.start_at = m.registered_at"
        )
    staging.run(
        f"CREATE TABLE _cut AS SELECT * REPLACE ({_start_of(resolution, 'registered_at', earliest)} AS registered_at) "
        "FROM _kept_member"
    )
    staging.run("DROP TABLE _kept_member")
    staging.run("ALTER TABLE _cut RENAME TO _kept_member")
    text = (
        f"times of registration were cut to the {resolution.value} by choice: growth by month, and time since "
        "registration, are wrong by up to as much"
    )
    return Finding("registration-cut", Severity.CAUTION, text)


def _start_of(resolution: RegistrationResolution, time: str, earliest: int) -> str:
    start = f"epoch_us(date_trunc('{resolution.value}', make_timestamp({time})))"
    return f"CASE WHEN {time} IS NOT NULL THEN greatest({start}, {earliest}) END"


def leave_out(
    staging: Staging, supplied: tuple[str, ...], *, least_section_members: int, least_posts: int
) -> Iterator[Finding]:
    """Leave out rare sections, with their threads, posts, reactions and views, and members of few posts.

    Args:
        staging: holds the `_raw_` tables.
        supplied: which of them there are.
        least_section_members: fewest members who wrote in a section that stays; 0 keeps all.
        least_posts: fewest posts of a member who stays; posts of the others stay without an author, and
            the reactions they gave without a giver. 0 keeps all.
    """
    sections = posts = members = 0
    gone = True
    while gone:
        lost_sections, lost_posts = _sections(staging, supplied, least_section_members)
        lost_members = _members(staging, supplied, least_posts)
        sections, posts, members = sections + lost_sections, posts + lost_posts, members + lost_members
        gone = bool(lost_sections or lost_members)
    if sections:
        text = (
            f"{sections:,} sections in which fewer than {least_section_members:,} members wrote were left out by "
            f"choice, with {posts:,} posts: totals are smaller than the forum's"
        )
        yield Finding("rare-sections-left-out", Severity.CAUTION, text)
    if members:
        text = (
            f"{members:,} members with fewer than {least_posts:,} posts were left out by choice; their posts, threads, "
            "uploads, votes and messages to others stay without saying whose they are; who only reads cannot be studied"
        )
        yield Finding("members-of-few-posts-left-out", Severity.CAUTION, text)


def _sections(staging: Staging, supplied: tuple[str, ...], least: int) -> tuple[int, int]:
    """Sections and posts left out."""
    if least < 1 or not {"section", "post", "member"} <= set(supplied):
        return 0, 0
    if "thread" in supplied:
        staging.run('CREATE TABLE _placed AS SELECT thread, any_value("section") AS place FROM _raw_thread GROUP BY 1')
    else:
        staging.run("CREATE TABLE _placed (thread BIGINT, place BIGINT)")
    staging.run(
        'CREATE TABLE _located AS SELECT p.post, p.author, p.thread, coalesce(p."section", t.place) AS place '
        "FROM _raw_post p LEFT JOIN _placed t ON t.thread = p.thread"
    )
    staging.run(
        'CREATE TABLE _rare AS SELECT s."section" AS place FROM _raw_section s LEFT JOIN ('
        f"SELECT place, count(DISTINCT author) AS writers FROM _located WHERE author IN ({_PEOPLE}) GROUP BY place"
        f') w ON w.place = s."section" WHERE coalesce(w.writers, 0) < {least}'
    )
    staging.run("CREATE TABLE _lost_thread AS SELECT thread FROM _placed WHERE place IN (SELECT place FROM _rare)")
    staging.run(
        "CREATE TABLE _lost_post AS SELECT post FROM _located WHERE place IN (SELECT place FROM _rare) "
        "OR thread IN (SELECT thread FROM _lost_thread)"
    )
    (sections,), (posts,) = staging.row("SELECT count(*) FROM _rare"), staging.row("SELECT count(*) FROM _lost_post")
    for table in set(supplied) & _LOST_WITH.keys():
        staging.run(f'DELETE FROM "_raw_{table}" WHERE {_LOST_WITH[table]}')
    for table in ("_placed", "_located", "_rare", "_lost_thread", "_lost_post"):
        staging.run(f"DROP TABLE {table}")
    return sections, posts


_LOST_WITH: Final = {
    "section": '"section" IN (SELECT place FROM _rare)',
    "thread": "thread IN (SELECT thread FROM _lost_thread)",
    "post": "post IN (SELECT post FROM _lost_post)",
    "reaction": "post IN (SELECT post FROM _lost_post)",
    "moderation": "thread IN (SELECT thread FROM _lost_thread) OR post IN (SELECT post FROM _lost_post) "
    "OR (thread IS NULL AND target_thread IN (SELECT thread FROM _lost_thread))",
    "view": '"section" IN (SELECT place FROM _rare) OR thread IN (SELECT thread FROM _lost_thread)',
}
"""Which rows of a table go with the sections."""


def _members(staging: Staging, supplied: tuple[str, ...], least: int) -> int:
    """Members left out."""
    if least < 1 or not {"member", "post"} <= set(supplied):
        return 0
    many = f"SELECT author FROM _raw_post WHERE author IS NOT NULL GROUP BY author HAVING count(*) >= {least}"
    condition = f"{_COUNTED} AND member NOT IN ({many})"
    count: int = staging.row(f"SELECT count(*) FROM _raw_member WHERE {condition}")[0]
    staging.run(f"DELETE FROM _raw_member WHERE {condition}")
    return count
