"""phpBB's log of a synthetic forum: sanctions, changes of groups, and what moderators did to threads."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from vestige.dataset.schema import ModerationKind, Role, SanctionKind
from vestige.simulate.calendar import UNKNOWN, Integers
from vestige.simulate.dump_file import TableRows
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.phpbb_accounts import ANONYMOUS, SourceIds, founders, member_name, own_group_name
from vestige.simulate.sql_rows import Words
from vestige.simulate.tables import code_of

_ADMINISTRATORS_LOG, _MODERATORS_LOG, _USER_LOG = 0, 1, 3
_OPERATIONS: Final = {
    ModerationKind.MOVE: b"LOG_MOVE",
    ModerationKind.MERGE: b"LOG_MERGE",
    ModerationKind.CLOSE: b"LOG_LOCK",
    ModerationKind.STICK: b"LOG_TOPIC_TYPE_CHANGED",
    ModerationKind.EDIT: b"LOG_POST_EDITED",
}


class _Entry(NamedTuple):
    """One entry; ids as the dump has them, 0 for none."""

    kind: int
    actor: int
    moment: int
    operation: bytes
    data: bytes
    member: int = 0
    section: int = 0
    thread: int = 0
    post: int = 0


def log_rows(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> TableRows:
    """An entry for every sanction that somebody known imposed, then what else was logged, one that tells nothing."""
    text = canaries["log.log_data"].encode()
    nothing = _Entry(
        _ADMINISTRATORS_LOG, ANONYMOUS, forum.window.end, canaries["log.log_operation"].encode(), _packed([text])
    )
    entries = [
        *_sanctions(forum, ids, text),
        *_group_changes(forum, ids, canaries),
        *_acts(forum, ids, canaries),
        nothing,
    ]
    operations, data = ([entry.operation for entry in entries], [entry.data for entry in entries])
    return TableRows(
        len(entries),
        {
            "log_id": np.arange(1, len(entries) + 1),
            "log_type": np.array([entry.kind for entry in entries]),
            "user_id": np.array([entry.actor for entry in entries]),
            "reportee_id": np.array([entry.member for entry in entries]),
            "forum_id": np.array([entry.section for entry in entries]),
            "topic_id": np.array([entry.thread for entry in entries]),
            "post_id": np.array([entry.post for entry in entries]),
            "log_time": np.array([entry.moment for entry in entries]),
            "log_operation": _words(operations),
            "log_data": _words(data),
        },
    )


def log_ids(forum: SimulatedForum) -> Integers:
    """Log entry of each sanction; 0 where there is none."""
    known = forum.tables["sanction"]["by"] != UNKNOWN
    return np.where(known, np.cumsum(known), 0)


def _words(texts: list[bytes]) -> Words:
    known = sorted(set(texts))
    place = {text: number for number, text in enumerate(known)}
    return Words(np.array([place[text] for text in texts]), tuple(known))


def _packed(texts: list[bytes]) -> bytes:
    """A PHP array of strings."""
    parts = b"".join(b'i:%d;s:%d:"%b";' % (place, len(text), text) for place, text in enumerate(texts))
    return b"a:%d:{%b}" % (len(texts), parts)


def _sanctions(forum: SimulatedForum, ids: SourceIds, text: bytes) -> Iterator[_Entry]:
    table = forum.tables["sanction"]
    for row in np.flatnonzero(table["by"] != UNKNOWN):
        is_ban = table["kind"][row] == code_of(SanctionKind.BAN)
        operation = b"LOG_BAN_USER" if is_ban else b"LOG_USER_WARNING_BODY"
        yield _Entry(
            _USER_LOG,
            int(ids.member[table["by"][row]]),
            int(table["at"][row]),
            operation,
            _packed([text]),
            member=int(ids.member[table["member"][row]]),
        )


def _group_changes(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> Iterator[_Entry]:
    """Members who were put into a group that raises them, and out of it; the log names both."""
    groups = {
        code_of(Role.ADMINISTRATOR): b"Administrators",
        code_of(Role.MODERATOR): b"Global moderators",
        code_of(Role.VIP): own_group_name(canaries),
    }
    spells, founding = forum.tables["role_spell"], set(founders(forum).tolist())
    for row in np.flatnonzero(np.isin(spells["role"], list(groups))):
        member = int(spells["member"][row])
        if member in founding:
            continue
        name = member_name(canaries) + b"%d" % ids.member[member]
        data = _packed([groups[int(spells["role"][row])], name])
        for moment, operation in ((spells["start_at"], b"LOG_USERS_ADDED"), (spells["end_at"], b"LOG_GROUP_REMOVE")):
            if moment[row] != UNKNOWN:
                yield _Entry(_ADMINISTRATORS_LOG, int(ids.member[min(founding)]), int(moment[row]), operation, data)


def _acts(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> Iterator[_Entry]:
    """A split leaves an entry for the thread it made, then one for the thread it was split off."""
    table, section = forum.tables["moderation"], forum.tables["thread"]["section"]
    name, title = canaries["forums.forum_name"].encode(), canaries["log.log_data"].encode()
    by_code = {code_of(kind): operation for kind, operation in _OPERATIONS.items()}
    for row in range(len(table["at"])):
        thread, target = int(table["thread"][row]), int(table["target_thread"][row])
        actor, moment, post = int(ids.member[table["by"][row]]), int(table["at"][row]), int(table["post"][row])
        told = [title]
        if table["kind"][row] == code_of(ModerationKind.MOVE):
            told = [name + b"%d" % ids.section[table[end][row]] for end in ("from_section", "to_section")]
        subject = target if thread == UNKNOWN else thread
        place = int(ids.section[section[subject]])
        operation = by_code.get(int(table["kind"][row]), b"LOG_SPLIT_SOURCE")
        if operation == b"LOG_SPLIT_SOURCE":
            made = int(ids.thread[target])
            yield _Entry(
                _MODERATORS_LOG, actor, moment, b"LOG_SPLIT_DESTINATION", _packed(told), section=place, thread=made
            )
        yield _Entry(
            _MODERATORS_LOG,
            actor,
            moment,
            operation,
            _packed(told),
            section=place,
            thread=int(ids.thread[subject]),
            post=0 if post == UNKNOWN else int(ids.post[post]),
        )
