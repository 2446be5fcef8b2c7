"""A synthetic forum as the rows of phpBB's tables: what each column holds."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from vestige.dataset.schema import SanctionKind, State, ViewKind
from vestige.simulate.calendar import UNKNOWN, Integers
from vestige.simulate.dump_file import TableRows
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.phpbb_accounts import (
    SourceIds,
    bots_rows,
    groups_rows,
    or_zero,
    user_group_rows,
    users_rows,
)
from vestige.simulate.phpbb_log import log_ids, log_rows
from vestige.simulate.sql_rows import Numbered, Value, Words
from vestige.simulate.tables import code_of

_VISIBILITY: Final = {State.VISIBLE: 1, State.UNAPPROVED: 0, State.DELETED: 2}
BAND_BYTES: Final = np.array([20_000, 400_000, 4_000_000, 40_000_000, 400_000_000])
_SENT_FOLDER: Final = -1
_SMALL_TABLE: Final = 200


def phpbb_rows(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> dict[str, TableRows]:
    """Every table's rows.

    Args:
        forum: the forum.
        ids: ids in the dump.
        canaries: "table.column" to its canary.
    """
    rows = {
        "attachments": _attachments(forum, ids),
        "banlist": _banlist(forum, ids),
        "bots": bots_rows(forum, ids),
        "config": _config(canaries),
        "drafts": _small({"draft_id": np.arange(1, _SMALL_TABLE + 1)}),
        "forums": _forums(forum, ids, canaries),
        "groups": groups_rows(canaries),
        "log": log_rows(forum, ids, canaries),
        "posts": _posts(forum, ids),
        "privmsgs": _privmsgs(forum, ids, canaries),
        "privmsgs_to": _privmsgs_to(forum, ids),
        "reports": _small({"report_id": np.arange(1, _SMALL_TABLE + 1)}),
        "sessions": _sessions(forum, ids, canaries),
        "thanks": _thanks(forum, ids),
        "topics": _topics(forum, ids),
        "topics_track": _topics_track(forum, ids),
        "user_group": user_group_rows(forum, ids),
        "users": users_rows(forum, ids, canaries),
        "warnings": _warnings(forum, ids),
    }
    return dict(sorted(rows.items()))


def _small(values: Mapping[str, Value]) -> TableRows:
    return TableRows(_SMALL_TABLE, values)


def _config(canaries: Mapping[str, str]) -> TableRows:
    names = (b"version", b"dbms_version", b"board_startdate", canaries["config.config_name"].encode())
    return TableRows(len(names), {"config_name": Words(np.arange(len(names)), names)})


def _forums(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> TableRows:
    parent = forum.tables["section"]["parent"]
    tops = np.flatnonzero(parent == UNKNOWN)
    order = np.concatenate([np.concatenate(([top], np.flatnonzero(parent == top))) for top in tops])
    children = np.bincount(parent[parent != UNKNOWN], minlength=len(parent))
    left = np.zeros(len(parent), np.int64)
    opened = np.arange(len(order))
    closed_before = opened - np.where(parent[order] == UNKNOWN, 0, 1)
    left[order] = 1 + opened + closed_before
    return TableRows(
        len(parent),
        {
            "forum_id": ids.section,
            "parent_id": np.where(parent == UNKNOWN, 0, ids.section[parent]),
            "forum_name": Numbered(ids.section, canaries["forums.forum_name"].encode()),
            "left_id": left,
            "right_id": left + 1 + 2 * children,
            "forum_type": np.ones(len(parent), np.int8),
        },
    )


def _state_counts(forum: SimulatedForum, state: State) -> Integers:
    posts = forum.tables["post"]
    counted = posts["state"] == code_of(state)
    return np.bincount(posts["thread"][counted], minlength=len(forum.tables["thread"]["thread"]))


def _visibility(state: Integers) -> Integers:
    return np.array([_VISIBILITY[known] for known in State], np.int8)[state]


def _topics(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    threads, posts = forum.tables["thread"], forum.tables["post"]
    count = len(threads["thread"])
    last = np.zeros(count, np.int64)
    last[posts["thread"]] = posts["post"]
    first = np.flatnonzero(posts["is_opening"])
    return TableRows(
        count,
        {
            "topic_id": ids.thread,
            "forum_id": ids.section[threads["section"]],
            "topic_poster": ids.member[threads["starter"]],
            "topic_time": threads["created_at"],
            "topic_views": threads["views"],
            "topic_first_post_id": ids.post[first],
            "topic_last_post_id": ids.post[last],
            "topic_last_poster_id": ids.member[posts["author"][last]],
            "topic_last_post_time": posts["at"][last],
            "topic_visibility": _visibility(threads["state"]),
            "topic_approved": (_visibility(threads["state"]) != 0).astype(np.int8),
            "topic_posts_approved": _state_counts(forum, State.VISIBLE),
            "topic_posts_unapproved": _state_counts(forum, State.UNAPPROVED),
            "topic_posts_softdeleted": _state_counts(forum, State.DELETED),
        },
    )


def _posts(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    posts = forum.tables["post"]
    edited = posts["edited_at"] != UNKNOWN
    return TableRows(
        len(posts["post"]),
        {
            "post_id": ids.post,
            "topic_id": ids.thread[posts["thread"]],
            "forum_id": ids.section[posts["section"]],
            "poster_id": ids.member[posts["author"]],
            "post_time": posts["at"],
            "post_attachment": (posts["attachments"] > 0).astype(np.int8),
            "post_edit_time": or_zero(posts["edited_at"]),
            "post_edit_user": np.where(edited, ids.member[posts["author"]], 0),
            "post_edit_count": edited.astype(np.int8),
            "post_visibility": _visibility(posts["state"]),
            "post_approved": (_visibility(posts["state"]) != 0).astype(np.int8),
        },
    )


def _attachments(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    posts, objects = forum.tables["post"], forum.tables["object"]
    holder = np.repeat(posts["post"], posts["attachments"])
    count = len(objects["object"])
    return TableRows(
        count,
        {
            "attach_id": ids.object,
            "post_msg_id": ids.post[holder],
            "topic_id": ids.thread[posts["thread"][holder]],
            "poster_id": ids.member[objects["uploader"]],
            "is_orphan": np.zeros(count, np.int8),
            "download_count": objects["downloads"],
            "filesize": BAND_BYTES[objects["size_band"]],
            "filetime": objects["at"],
        },
    )


def _thanks(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    posts = forum.tables["post"]
    known = forum.tables["reaction"]["giver"] != UNKNOWN
    given = {name: column[known] for name, column in forum.tables["reaction"].items()}
    return TableRows(
        len(given["at"]),
        {
            "post_id": ids.post[given["post"]],
            "poster_id": ids.member[given["receiver"]],
            "user_id": ids.member[given["giver"]],
            "topic_id": ids.thread[posts["thread"][given["post"]]],
            "forum_id": ids.section[posts["section"][given["post"]]],
            "thanks_time": given["at"],
        },
    )


def _privmsgs(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> TableRows:
    sent = forum.tables["message"]
    first = np.flatnonzero(np.diff(sent["message"], prepend=-1))
    return TableRows(
        len(first),
        {
            "msg_id": ids.message,
            "author_id": ids.member[sent["sender"][first]],
            "message_time": sent["at"][first],
            "to_address": Numbered(
                ids.member[sent["recipient"][first]], canaries["privmsgs.to_address"].encode() + b":u_"
            ),
        },
    )


def _privmsgs_to(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    """One row a recipient, and one for the sender's own copy."""
    sent = forum.tables["message"]
    first = np.flatnonzero(np.diff(sent["message"], prepend=-1))
    message = np.concatenate((sent["message"], sent["message"][first]))
    sender = ids.member[np.concatenate((sent["sender"], sent["sender"][first]))]
    folder = np.zeros(len(message), np.int8)
    folder[len(sent["message"]) :] = _SENT_FOLDER
    holder = np.concatenate((ids.member[sent["recipient"]], ids.member[sent["sender"][first]]))
    order = np.argsort(message, kind="stable")
    return TableRows(
        len(message),
        {
            "msg_id": ids.message[message][order],
            "user_id": holder[order],
            "author_id": sender[order],
            "folder_id": folder[order],
        },
    )


def _banlist(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    """Bans of members, and one row each of an address and a mail ban, which name nobody."""
    rows = _sanctions(forum, SanctionKind.BAN)
    table = forum.tables["sanction"]
    member = np.concatenate((ids.member[table["member"][rows]], [0, 0]))
    at = np.concatenate((table["at"][rows], [forum.window.start, forum.window.start]))
    until = np.concatenate((or_zero(table["until"][rows]), [0, 0]))
    count = len(member)
    return TableRows(
        count,
        {"ban_id": np.arange(1, count + 1), "ban_userid": member, "ban_start": at, "ban_end": until},
    )


def _warnings(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    rows = _sanctions(forum, SanctionKind.WARNING)
    table = forum.tables["sanction"]
    return TableRows(
        len(rows),
        {
            "warning_id": np.arange(1, len(rows) + 1),
            "user_id": ids.member[table["member"][rows]],
            "post_id": ids.post[table["post"][rows]],
            "log_id": log_ids(forum)[rows],
            "warning_time": table["at"][rows],
        },
    )


def _sanctions(forum: SimulatedForum, kind: SanctionKind) -> Integers:
    return np.flatnonzero(forum.tables["sanction"]["kind"] == code_of(kind))


def _sessions(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> TableRows:
    """Sessions alive at the window's end: the last few planted ones."""
    planted = forum.truth.sessions
    last = np.argsort(planted.end, kind="stable")[-_SMALL_TABLE:]
    member = planted.member[last] + forum.first_member
    return TableRows(
        len(last),
        {
            "session_id": Numbered(np.arange(len(last)), canaries["sessions.session_id"].encode()),
            "session_user_id": ids.member[member],
            "session_start": planted.start[last],
            "session_time": planted.end[last],
        },
    )


def _topics_track(forum: SimulatedForum, ids: SourceIds) -> TableRows:
    """Read marks: the last time each member saw each thread."""
    views = forum.tables["view"]
    seen = np.flatnonzero(views["kind"] == code_of(ViewKind.THREAD))
    width = len(ids.thread) + 1
    pair = views["member"][seen].astype(np.int64) * width + views["thread"][seen]
    _, last = np.unique(pair[::-1], return_index=True)
    rows = seen[::-1][last]
    return TableRows(
        len(rows),
        {
            "user_id": ids.member[views["member"][rows]],
            "topic_id": ids.thread[views["thread"][rows]],
            "forum_id": ids.section[forum.tables["thread"]["section"][views["thread"][rows]]],
            "mark_time": views["at"][rows],
        },
    )
