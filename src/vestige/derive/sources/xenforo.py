"""XenForo 1 and 2.

What it can supply:

    member          user; 0 is every guest, made one account here; authors whose account is gone, one by one
    role_spell      user.user_group_id and secondary_group_ids, is_admin, is_moderator, user_state (the installer's
                    groups by themselves, own groups by the custodian's map), change_log or user_change_log (since
                    when, and roles that ended), user_group_promotion_log and user_upgrade_* (likewise, where the log
                    of changes says nothing), user_ban (banned)
    section         node (forums and categories)
    thread          thread, without the redirects that moved and merged threads leave behind
    post            post, attachment (counted); hidden with its thread
    object          attachment, attachment_data (uploader, size)
    reaction        reaction_content and content_vote (2), liked_content (1); those of posts
    message         conversation_message + conversation_recipient: everybody in the conversation but the sender
    view            thread_read, forum_read (read-marks, kept for some weeks), user.last_activity (last visit)
    sanction        user_ban, change_log (bans that ended), warning, thread_reply_ban, deletion_log and moderator_log
                    (posts and threads removed by somebody else than their author)

    moderation      moderator_log (where a thread came from by the section's name)

and what it cannot: who downloaded (a counter only), which post a post replies to (a quote in its text says so).
Facts: the package's CREATE TABLE listings and the importers of WoltLab, nitro-porter and Discourse; times are seconds
since the epoch, 0 is unset. Words stand in varbinary columns, which dumps write with an introducer or as hexadecimal.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import kind_of, words_of
from vestige.derive.sources.xenforo_accounts import (
    ACCOUNT_TABLES,
    BANS,
    CONTENT,
    MEMBER,
    ROLE_SPELLS,
    SAME_MOMENT,
    VISIT,
)
from vestige.results import Severity

STATES: Final = {b"visible": 1, b"moderated": 2, b"deleted": 3}
NODES: Final = {b"Forum": 1, b"Category": 2}
REDIRECT: Final = {b"redirect": 1}
ACTS: Final = {
    b"delete_soft": 1,
    b"delete_hard": 2,
    b"post_move_source": 3,
    b"post_move_target": 4,
    b"post_move_target_existing": 5,
    b"post_copy_source": 6,
    b"post_copy_target": 7,
    b"post_copy_target_existing": 8,
    **words_of(
        {
            ModerationKind.MOVE: (b"move",),
            ModerationKind.MERGE: (b"merge_target",),
            ModerationKind.CLOSE: (b"lock",),
            ModerationKind.OPEN: (b"unlock",),
            ModerationKind.STICK: (b"stick",),
            ModerationKind.UNSTICK: (b"unstick",),
            ModerationKind.APPROVE: (b"approve",),
            ModerationKind.UNAPPROVE: (b"unapprove",),
            ModerationKind.RESTORE: (b"undelete",),
            ModerationKind.EDIT: (b"edit", b"title", b"prefix"),
        }
    ),
}
"""`moderator_log.action`; posts that are moved or copied leave an entry for each thread they come from and go to."""


_TABLES: Final = (
    *ACCOUNT_TABLES,
    declare_table(
        "node",
        SourceColumn("node_type_id", Cell.WORD, vocabulary=NODES),
        SourceColumn("title", Cell.NAME),
        key="node_id",
        numbers="parent_node_id",
        required=True,
    ),
    declare_table(
        "thread",
        SourceColumn("discussion_state", Cell.WORD, vocabulary=STATES),
        SourceColumn("discussion_type", Cell.WORD, vocabulary=REDIRECT),
        key="thread_id",
        numbers="node_id user_id first_post_id view_count",
        seconds="post_date",
        required=True,
    ),
    declare_table("thread_view", key="thread_id", numbers="total"),
    declare_table(
        "post",
        SourceColumn("post_date", Cell.SECONDS, required=True),
        SourceColumn("message_state", Cell.WORD, vocabulary=STATES),
        key="post_id thread_id user_id",
        seconds="last_edit_date",
        required=True,
    ),
    declare_table(
        "attachment",
        SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT),
        key="attachment_id",
        numbers="data_id content_id unassociated view_count",
        seconds="attach_date",
    ),
    declare_table("attachment_data", key="data_id", numbers="user_id file_size"),
    declare_table(
        "reaction_content",
        SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT),
        key="content_id reaction_user_id",
        numbers="reaction_id content_user_id",
        seconds="reaction_date",
    ),
    declare_table("reaction", key="reaction_id", numbers="reaction_score"),
    declare_table(
        "content_vote",
        SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT),
        key="content_id vote_user_id",
        numbers="content_user_id score",
        seconds="vote_date",
    ),
    declare_table(
        "liked_content",
        SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT),
        key="content_id like_user_id",
        numbers="content_user_id",
        seconds="like_date",
    ),
    declare_table("conversation_message", key="message_id conversation_id user_id", seconds="message_date"),
    declare_table("conversation_recipient", key="conversation_id user_id"),
    declare_table("thread_reply_ban", key="user_id", numbers="ban_user_id", seconds="ban_date expiry_date"),
    declare_table("warning", key="user_id", numbers="warning_user_id", seconds="warning_date expiry_date"),
    declare_table(
        "deletion_log",
        SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT),
        key="content_id",
        numbers="delete_user_id",
        seconds="delete_date",
    ),
    declare_table(
        "moderator_log",
        SourceColumn("log_date", Cell.SECONDS, required=True),
        SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT),
        SourceColumn("action", Cell.WORD, vocabulary=ACTS),
        SourceColumn("action_params", Cell.NAMES),
        key="moderator_log_id user_id",
        numbers="content_id content_user_id discussion_content_id",
    ),
    declare_table("thread_read", key="user_id thread_id", seconds="thread_read_date"),
    declare_table("forum_read", key="user_id node_id", seconds="forum_read_date"),
)

_STATE: Final = """CASE WHEN t.discussion_state = 3 {post_deleted} THEN 'deleted'
            WHEN t.discussion_state = 2 {post_waits} THEN 'unapproved' ELSE 'visible' END AS state"""

_THREAD: Final = f"""
SELECT t.thread_id AS thread, nullif(t.node_id, 0) AS section, t.user_id AS starter, t.post_date AS created_at,
       {_STATE.format(post_deleted="", post_waits="")}, t.view_count + coalesce(w.seen, 0) AS views
FROM thread t
LEFT JOIN (SELECT thread_id, sum(coalesce(total, 1))::BIGINT AS seen FROM thread_view GROUP BY thread_id) w
  ON w.thread_id = t.thread_id
WHERE t.discussion_type IS DISTINCT FROM 1
"""

_POST: Final = f"""
WITH told AS (
    SELECT t.thread_id, p.post_id FROM thread t
    JOIN post p ON p.post_id = t.first_post_id AND p.thread_id = t.thread_id
), opening AS (
    SELECT post_id FROM told
    UNION ALL
    SELECT min(p.post_id) FROM post p ANTI JOIN told ON told.thread_id = p.thread_id GROUP BY p.thread_id
), attached AS (
    SELECT content_id AS post_id, count(*) AS attachments
    FROM attachment WHERE content_type = 1 AND coalesce(unassociated, 0) = 0 GROUP BY content_id
)
SELECT p.post_id AS post, p.thread_id AS thread, nullif(t.node_id, 0) AS section, p.user_id AS author,
       p.post_date AS at, o.post_id IS NOT NULL AS is_opening, p.last_edit_date AS edited_at,
       {_STATE.format(post_deleted="OR p.message_state = 3", post_waits="OR p.message_state = 2")},
       coalesce(a.attachments, 0) AS attachments
FROM post p
LEFT JOIN thread t ON t.thread_id = p.thread_id
LEFT JOIN opening o ON o.post_id = p.post_id
LEFT JOIN attached a ON a.post_id = p.post_id
ORDER BY p.post_id
"""

_OBJECT: Final = f"""
SELECT a.attachment_id AS object, d.user_id AS uploader, a.attach_date AS at,
       {size_band("d.file_size")} AS size_band, a.view_count AS downloads
FROM attachment a LEFT JOIN attachment_data d ON d.data_id = a.data_id
ORDER BY a.attachment_id
"""

_REACTION: Final = """
SELECT c.reaction_user_id AS giver, c.content_user_id AS receiver, c.content_id AS post, c.reaction_date AS at,
       CASE WHEN coalesce(c.reaction_id, 1) = 1 THEN 'like' ELSE 'other' END AS kind,
       coalesce(r.reaction_score, 1) AS weight
FROM reaction_content c LEFT JOIN reaction r ON r.reaction_id = c.reaction_id
WHERE c.content_type = 1
"""

_MESSAGE: Final = """
SELECT DISTINCT m.message_id AS message, m.user_id AS sender, r.user_id AS recipient, m.message_date AS at
FROM conversation_message m JOIN conversation_recipient r ON r.conversation_id = m.conversation_id
WHERE r.user_id <> m.user_id AND r.user_id > 0
"""

_REMOVED: Final = """
SELECT l.content_type, l.content_id, coalesce(p.user_id, t.user_id) AS member, l.delete_user_id AS actor,
       l.delete_date AS moment
FROM deletion_log l
LEFT JOIN post p ON l.content_type = 1 AND p.post_id = l.content_id
LEFT JOIN thread t ON l.content_type = 2 AND t.thread_id = l.content_id AND t.discussion_type IS DISTINCT FROM 1
"""

_OTHERWISE_REMOVED: Final = f"""
SELECT l.content_user_id AS member, l.user_id AS "by", 'removal' AS kind, l.log_date AS at
FROM moderator_log l
WHERE l.action IN (1, 2) AND l.content_type IN (1, 2) AND l.content_user_id > 0 AND l.content_user_id <> l.user_id
  AND NOT EXISTS (
    SELECT 1 FROM deletion_log d WHERE d.content_type = l.content_type AND d.content_id = l.content_id
        AND abs(d.delete_date - l.log_date) <= {SAME_MOMENT})
"""

_ACTS: Final = f"""
SELECT l.moderator_log_id AS id, nullif(l.user_id, 0) AS actor, l.log_date AS moment, l.action,
       CASE WHEN l.action = 1 THEN 'remove' WHEN l.action = 2 THEN 'delete'
            WHEN l.action = 6 THEN 'copy' WHEN l.content_type = 1 AND {kind_of("l.action")} = 'merge' THEN 'other'
            ELSE {kind_of("l.action")} END AS kind,
       CASE l.content_type WHEN 2 THEN l.content_id ELSE nullif(l.discussion_content_id, 0) END AS thread,
       CASE WHEN l.content_type = 1 THEN l.content_id END AS post, nullif(l.content_user_id, 0) AS member,
       n.node_id AS from_section
FROM moderator_log l
LEFT JOIN (SELECT title, any_value(node_id) AS node_id FROM node GROUP BY title HAVING count(*) = 1) n
       ON n.title = l.action_params[2]
WHERE l.content_type IN (1, 2)
"""

_MODERATION: Final = f"""
WITH acts AS ({_ACTS}), taken AS (
    SELECT s.id, arg_max(t.thread, t.id) AS target, bool_or(t.action IN (5, 8)) AS existing
    FROM acts s
    JOIN acts t ON s.action IN (3, 6) AND t.action IN (s.action + 1, s.action + 2) AND t.actor = s.actor
               AND t.id < s.id AND abs(t.moment - s.moment) <= {SAME_MOMENT}
    GROUP BY s.id
)
SELECT a.actor AS "by",
       CASE WHEN a.action = 3 THEN CASE WHEN k.existing THEN 'merge' ELSE 'split' END ELSE a.kind END AS kind,
       a.moment AS at, CASE WHEN a.kind IS DISTINCT FROM 'merge' THEN a.thread END AS thread, a.post, a.member,
       CASE WHEN a.kind = 'move' THEN a.from_section END AS from_section,
       CASE WHEN a.kind = 'move' THEN coalesce(
           lead(a.from_section) OVER moves,
           CASE WHEN lead(a.id) OVER moves IS NULL THEN nullif(t.node_id, 0) END) END AS to_section,
       CASE WHEN a.kind = 'merge' THEN a.thread ELSE k.target END AS target_thread
FROM acts a
LEFT JOIN taken k ON k.id = a.id
LEFT JOIN thread t ON t.thread_id = a.thread
WHERE a.kind IS NOT NULL OR a.action = 3
WINDOW moves AS (PARTITION BY a.thread, a.kind ORDER BY a.moment, a.id)
"""
"""A move names the section the thread came from; the next move, or where it stands today, says where it went."""

_ASSEMBLY: Final = {
    "member": {"user": MEMBER},
    "role_spell": ROLE_SPELLS,
    "section": {
        "node": "SELECT node_id AS section, nullif(parent_node_id, 0) AS parent FROM node WHERE node_type_id > 0"
    },
    "thread": {"thread": _THREAD},
    "post": {"post": _POST},
    "reaction": {
        "reaction_content": _REACTION,
        "content_vote": """SELECT vote_user_id AS giver, content_user_id AS receiver, content_id AS post,
                                  vote_date AS at, CASE WHEN score < 0 THEN 'down' ELSE 'up' END AS kind,
                                  coalesce(score, 1) AS weight FROM content_vote WHERE content_type = 1""",
        "liked_content": """SELECT like_user_id AS giver, content_user_id AS receiver, content_id AS post,
                                   like_date AS at, 'like' AS kind, 1 AS weight
                            FROM liked_content WHERE content_type = 1""",
    },
    "message": {"conversation_message": _MESSAGE},
    "view": {
        "thread_read": """SELECT r.user_id AS member, r.thread_id AS thread, nullif(t.node_id, 0) AS section,
                                 r.thread_read_date AS at, 'read-mark' AS kind
                          FROM thread_read r LEFT JOIN thread t ON t.thread_id = r.thread_id""",
        "forum_read": """SELECT user_id AS member, node_id AS section, forum_read_date AS at, 'read-mark' AS kind
                         FROM forum_read""",
        "user": VISIT,
    },
    "object": {"attachment": _OBJECT},
    "sanction": {
        **BANS,
        "warning": """SELECT user_id AS member, nullif(warning_user_id, 0) AS "by", 'warning' AS kind,
                             warning_date AS at, expiry_date AS until FROM warning""",
        "thread_reply_ban": """SELECT user_id AS member, nullif(ban_user_id, 0) AS "by", 'restriction' AS kind,
                                      ban_date AS at, expiry_date AS until FROM thread_reply_ban""",
        "deletion_log": f"""SELECT member, actor AS "by", 'removal' AS kind, moment AS at FROM ({_REMOVED})
                            WHERE member > 0 AND actor > 0 AND member <> actor""",
        "moderator_log": _OTHERWISE_REMOVED,
    },
    "moderation": {"moderator_log": _MODERATION},
}

_ABSENT: Final = {
    "download": "XenForo counts an attachment's downloads and does not log who made them",
    "external_event": "not in a forum's own records; the custodian knows them",
    "object.class": "needs a list of hashes that stays outside",
    "post.parent_post": "XenForo does not record which post a post replies to; only a quote in its text says so",
    "role_spell.start_at": "no change of groups was logged: only today's groups are known",
    "role_spell.end_at": "no logged change of groups ended a role",
}

_FINDINGS: Final = (
    SourceFinding(
        "guests-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        "SELECT count(*) FROM post WHERE user_id = 0",
    ),
    SourceFinding(
        "deleted-accounts",
        Severity.NOTE,
        "{count} authors have no account any more: each is kept apart, and none is counted as a member",
        'SELECT count(DISTINCT p.user_id) FROM post p ANTI JOIN "user" u ON u.user_id = p.user_id WHERE p.user_id > 0',
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their members count as registered",
        """SELECT count(*) FROM user_group g ANTI JOIN custodian_group c ON c.id = g.user_group_id
           WHERE g.user_group_id > 4""",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} redirects of moved or merged threads were left out: the threads themselves are there",
        "SELECT count(*) FROM thread WHERE discussion_type = 1",
    ),
    SourceFinding(
        "reactions-elsewhere",
        Severity.NOTE,
        "{count} reactions are to something else than a post, such as a profile: they were left out",
        """SELECT (SELECT count(*) FROM reaction_content WHERE content_type IS DISTINCT FROM 1)
               + (SELECT count(*) FROM content_vote WHERE content_type IS DISTINCT FROM 1)
               + (SELECT count(*) FROM liked_content WHERE content_type IS DISTINCT FROM 1)""",
    ),
    SourceFinding(
        "joined-later",
        Severity.NOTE,
        "{count} conversations have more than two members: who was invited later counts as recipient from the start",
        """SELECT count(*) FROM (SELECT conversation_id FROM conversation_recipient
                                 GROUP BY conversation_id HAVING count(*) > 2)""",
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: XenForo keeps no earlier ones",
        f"SELECT count(*) FROM ({VISIT})",
    ),
)

XENFORO: Final = Source(
    software=Software.XENFORO,
    title="XenForo 1 and 2",
    tables=_TABLES,
    detect=("post", "thread", "conversation_recipient", "conversation_master", "data_registry"),
    assembly=_ASSEMBLY,
    absent=_ABSENT,
    findings=_FINDINGS,
    group_table=("user_group", "user_group_id", "title"),
    section_table=("node", "node_id", "title"),
)
