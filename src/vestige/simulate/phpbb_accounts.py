"""Accounts and groups of a synthetic forum as rows of phpBB's tables, and the ids that the dump gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.dataset.schema import Role
from vestige.simulate.calendar import UNKNOWN, Integers
from vestige.simulate.dump_file import TableRows
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.sql_rows import Numbered, Value, Words
from vestige.simulate.tables import DELETED, FIRST_BOT, GUEST, code_of

ANONYMOUS: Final = 1
"""The account of guests and of deleted authors."""

STANDING_GROUPS: Final = (
    b"GUESTS",
    b"REGISTERED",
    b"REGISTERED_COPPA",
    b"GLOBAL_MODERATORS",
    b"ADMINISTRATORS",
    b"BOTS",
    b"NEWLY_REGISTERED",
)
REGISTERED_GROUP, MODERATOR_GROUP, ADMINISTRATOR_GROUP, BOT_GROUP, OWN_GROUP = 2, 4, 5, 6, 8

_IGNORED, _FOUNDER = 2, 3
_GAP_SHARE: Final = 0.02
_HOSTILE: Final = b" O'x \\ \"; -- "


@dataclass(frozen=True)
class SourceIds:
    """Ids as the dump has them, by dense id: ascending, with gaps where rows were once removed.

    Guests and deleted authors share one account, as phpBB leaves them.
    """

    member: Integers
    section: Integers
    thread: Integers
    post: Integers
    message: Integers
    object: Integers


def make_source_ids(forum: SimulatedForum, seed: int) -> SourceIds:
    """Number everything the way a database that lost rows would."""
    generator = np.random.default_rng([seed, 1])
    tables = forum.tables

    def number(count: int, first: int) -> Integers:
        return first + np.arange(count) + np.cumsum(generator.random(count) < _GAP_SHARE)

    member = np.concatenate(([ANONYMOUS, ANONYMOUS], number(len(tables["member"]["member"]) - FIRST_BOT, 2)))
    messages = int(tables["message"]["message"][-1]) + 1 if len(tables["message"]["message"]) else 0
    return SourceIds(
        member,
        number(len(tables["section"]["section"]), 1),
        number(len(tables["thread"]["thread"]), 1),
        number(len(tables["post"]["post"]), 1),
        number(messages, 1),
        number(len(tables["object"]["object"]), 1),
    )


def role_at_end(forum: SimulatedForum) -> Integers:
    """Position in `Role` of every account's role at the window's end; `registered` for those without a spell."""
    spells = forum.tables["role_spell"]
    role = np.full(len(forum.tables["member"]["member"]), code_of(Role.REGISTERED), np.int8)
    lasting = (spells["end_at"] == UNKNOWN) & (spells["role"] != code_of(Role.BANNED))
    role[spells["member"][lasting]] = spells["role"][lasting]
    return role


def users_rows(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> TableRows:
    """Accounts; a name holds a canary, hostile characters and the id that makes it unique."""
    posts, table = forum.tables["post"], forum.tables["member"]
    written = np.bincount(posts["author"], minlength=len(ids.member))
    last_post, last_visit = np.zeros(len(ids.member), np.int64), np.zeros(len(ids.member), np.int64)
    last_post[posts["author"]] = posts["at"]
    last_visit[forum.tables["view"]["member"]] = forum.tables["view"]["at"]
    last_visit = np.maximum(last_visit, last_post)
    kept = np.flatnonzero(np.arange(len(ids.member)) != DELETED)
    kind = np.zeros(len(ids.member), np.int8)
    kind[: forum.first_member] = _IGNORED
    kind[founders(forum)] = _FOUNDER
    return TableRows(
        len(kept),
        {
            "user_id": ids.member[kept],
            "user_type": kind[kept],
            "group_id": _group_of(forum)[kept],
            "user_regdate": or_zero(table["registered_at"])[kept],
            "username": Numbered(ids.member[kept], member_name(canaries)),
            "username_clean": Numbered(ids.member[kept], canaries["users.username_clean"].encode() + _HOSTILE),
            "user_posts": np.where(kept < FIRST_BOT, 0, written[kept]),
            "user_lastpost_time": last_post[kept],
            "user_lastvisit": last_visit[kept],
            "user_last_active": last_visit[kept],
        },
    )


def member_name(canaries: Mapping[str, str]) -> bytes:
    """How every member's name begins; his id follows."""
    return canaries["users.username"].encode() + _HOSTILE


def own_group_name(canaries: Mapping[str, str]) -> bytes:
    """Name of the forum's own group, of those who are `vip`."""
    return canaries["groups.group_name"].encode() + b" '); --"


def founders(forum: SimulatedForum) -> Integers:
    """Table ids of the founders: administrators by their account, whatever their groups."""
    return np.flatnonzero(forum.truth.people.administrator)[:1] + forum.first_member


def user_group_rows(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    """Members belong to the registered users and, some, to a second group; guests and bots to their own."""
    group = _group_of(forum)
    account = np.flatnonzero(np.arange(len(group)) != DELETED)
    more = np.flatnonzero((np.arange(len(group)) >= forum.first_member) & (group != REGISTERED_GROUP))
    first = np.where(account >= forum.first_member, REGISTERED_GROUP, group[account])
    member = np.concatenate((account, more))
    values: dict[str, Value] = {
        "group_id": np.concatenate((first, group[more])),
        "user_id": ids.member[member],
        "group_leader": np.zeros(len(member), np.int8),
        "user_pending": np.zeros(len(member), np.int8),
    }
    return TableRows(len(member), values)


def groups_rows(canaries: Mapping[str, str]) -> TableRows:
    """The standing groups, and one of the forum's own for `vip`."""
    names = (*STANDING_GROUPS, own_group_name(canaries))
    number = np.arange(1, len(names) + 1)
    kind = np.where(number <= len(STANDING_GROUPS), 3, 1)
    return TableRows(len(names), {"group_id": number, "group_type": kind, "group_name": Words(number - 1, names)})


def bots_rows(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    """Crawlers' accounts."""
    bots = ids.member[FIRST_BOT : forum.first_member]
    return TableRows(len(bots), {"bot_id": np.arange(1, len(bots) + 1), "user_id": bots})


def _group_of(forum: SimulatedForum) -> Integers:
    group = np.full(len(forum.tables["member"]["member"]), REGISTERED_GROUP)
    role = role_at_end(forum)
    for wanted, number in (
        (Role.MODERATOR, MODERATOR_GROUP),
        (Role.ADMINISTRATOR, ADMINISTRATOR_GROUP),
        (Role.VIP, OWN_GROUP),
    ):
        group[role == code_of(wanted)] = number
    group[FIRST_BOT : forum.first_member] = BOT_GROUP
    group[GUEST] = 1
    return group


def or_zero(times: Integers) -> Integers:
    """Times as phpBB stores them: 0 for none."""
    return np.maximum(times, 0)
