"""Discourse, from a dump of PostgreSQL (a backup holds one, in a tar) or a live server.

What it can supply:

    member          users; -1 is the system, other ids below 0 are bots; one more for authors with deleted accounts
    role_spell      users (administrators, moderators, trust level, suspended, silenced), user_histories (since when,
                    and what ended: trust levels, administrators, moderators, suspensions), group_users and
                    group_histories (groups in the custodian's map)
    section         categories
    thread          topics, without personal messages
    post            posts of these, without the notes of moderation that the software writes itself (small actions);
                    upload_references, post_uploads (attachments, counted)
    object          uploads, without those the software brings along
    reaction        post_actions (likes), discourse_reactions_reaction_users, discourse_solved_solved_topics (plug-ins)
    message         posts of personal messages (topics of archetype private_message) to topic_allowed_users and the
                    members of topic_allowed_groups of that time; chat_messages in direct channels (plug-in)
    view            topic_views (a member's first in a thread, by day), user_visits (days), topic_users (read-marks)
    sanction        user_histories (suspensions, silencings, deactivations, with who did it), users (those without a log
                    entry), user_warnings, posts (removed by somebody else than their author)
    moderation      user_histories (of posts and threads), posts (small actions: closed, pinned, listed), moved_posts
                    (merged and split)

and what it cannot: downloads (not logged), who moved a thread to another category, later views of a thread, who read
a message. Facts: Discourse 3.2's schema and its code; times are UTC without a zone; soft deletion is `deleted_at`;
the opening post is number 1 of its topic.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import cases, kind_of, words_of
from vestige.results import Severity

DELETED_ACCOUNT: Final = 0
"""Source id of the collective account of deleted authors: users begin at 1, the software's own end at -1."""

ARCHETYPES: Final = {b"private_message": 1}
LEVELS: Final = {b"0": 0, b"1": 1, b"2": 2, b"3": 3, b"4": 4}
POST_TARGETS: Final = {b"Post": 1}
DIRECT_CHANNELS: Final = {b"DirectMessage": 1, b"DirectMessageChannel": 1}

SUSPEND, UNSUSPEND, SILENCE, UNSILENCE, DEACTIVATE = 10, 11, 30, 31, 39
LEVEL_CHANGES: Final = "2, 15"
"""`user_histories.action`: by staff, and by the software."""

MODERATED: Final = {
    17: ModerationKind.REMOVE, 18: ModerationKind.REMOVE, 49: ModerationKind.OTHER, 50: ModerationKind.OTHER,
    53: ModerationKind.EDIT, 55: ModerationKind.RESTORE, 56: ModerationKind.APPROVE, 64: ModerationKind.UNAPPROVE,
}  # fmt: skip
"""`user_histories.action` of posts and threads (49 and 50 bar a post's author from changing it, and allow it again)."""
SMALL_ACTIONS: Final = words_of(
    {
        ModerationKind.CLOSE: (b"closed.enabled", b"autoclosed.enabled", b"archived.enabled"),
        ModerationKind.OPEN: (b"closed.disabled", b"autoclosed.disabled", b"archived.disabled"),
        ModerationKind.STICK: (b"pinned.enabled", b"pinned_globally.enabled"),
        ModerationKind.UNSTICK: (b"pinned.disabled", b"pinned_globally.disabled"),
        ModerationKind.OTHER: (b"visible.enabled", b"visible.disabled"),
    }
)
"""`posts.action_code` of the notes that the software leaves in a thread (visible: listed or not)."""

LIKE: Final = 2
SMALL_ACTION: Final = 3
ADDED_TO_GROUP, REMOVED_FROM_GROUP = 2, 3
LAST_OWN_GROUP: Final = 14
"""Groups up to here are the software's: staff and trust levels, which users say as well."""

_TABLES: Final = (
    declare_table(
        "users",
        SourceColumn("username", Cell.HANDLE),
        key="id",
        numbers="admin moderator trust_level staged",
        moments="created_at last_seen_at suspended_at suspended_till silenced_till",
        required=True,
    ),
    declare_table("anonymous_users", key="user_id"),
    declare_table("groups", key="id"),
    declare_table("group_users", key="user_id group_id", moments="created_at"),
    declare_table("group_histories", key="id group_id target_user_id action", moments="created_at"),
    declare_table(
        "user_histories",
        SourceColumn("previous_value", Cell.WORD, vocabulary=LEVELS),
        SourceColumn("new_value", Cell.WORD, vocabulary=LEVELS),
        key="id action",
        numbers="acting_user_id target_user_id topic_id post_id",
        moments="created_at",
    ),
    declare_table(
        "moved_posts", key="id new_topic_id", numbers="old_topic_id created_new_topic user_id", moments="created_at"
    ),
    declare_table("user_warnings", key="id user_id", numbers="created_by_id", moments="created_at"),
    declare_table("categories", key="id", numbers="parent_category_id", required=True),
    declare_table(
        "topics",
        SourceColumn("archetype", Cell.WORD, required=True, vocabulary=ARCHETYPES),
        key="id",
        numbers="category_id user_id visible views",
        moments="created_at deleted_at",
        required=True,
    ),
    declare_table(
        "posts",
        SourceColumn("action_code", Cell.WORD, vocabulary=SMALL_ACTIONS),
        key="id topic_id post_number",
        numbers="user_id post_type reply_to_post_number version hidden user_deleted deleted_by_id",
        moments="created_at last_version_at deleted_at",
        required=True,
    ),
    declare_table("post_actions", key="id post_id user_id post_action_type_id", moments="created_at deleted_at"),
    declare_table("discourse_reactions_reaction_users", key="id post_id user_id", moments="created_at"),
    declare_table("discourse_solved_solved_topics", key="id answer_post_id accepter_user_id", moments="created_at"),
    declare_table("topic_allowed_users", key="topic_id user_id", moments="created_at"),
    declare_table("topic_allowed_groups", key="topic_id group_id"),
    declare_table(
        "chat_channels", SourceColumn("chatable_type", Cell.WORD, vocabulary=DIRECT_CHANNELS), key="id chatable_id"
    ),
    declare_table("direct_message_users", key="direct_message_channel_id user_id"),
    declare_table("chat_messages", key="id chat_channel_id", numbers="user_id", moments="created_at"),
    declare_table("topic_views", key="topic_id", numbers="user_id", moments="viewed_at"),
    declare_table("topic_users", key="topic_id user_id", moments="last_visited_at"),
    declare_table("user_visits", key="user_id", moments="visited_at"),
    declare_table("uploads", key="id", numbers="user_id filesize", moments="created_at"),
    declare_table(
        "upload_references",
        SourceColumn("target_type", Cell.WORD, required=True, vocabulary=POST_TARGETS),
        key="upload_id target_id",
    ),
    declare_table("post_uploads", key="post_id upload_id"),
)

_MEMBER: Final = """
SELECT id AS member, created_at AS registered_at,
       CASE WHEN id = -1 THEN 'system' WHEN id < 0 THEN 'bot' ELSE 'member' END AS kind, username AS linked_pseudonym
FROM users
"""

_DELETED_AUTHORS: Final = f"""
SELECT {DELETED_ACCOUNT} AS member, CAST(NULL AS BIGINT) AS registered_at, 'deleted' AS kind
WHERE EXISTS (SELECT 1 FROM posts WHERE user_id IS NULL) OR EXISTS (SELECT 1 FROM topics WHERE user_id IS NULL)
"""

_LEVELS_LOGGED: Final = f"""
SELECT id, target_user_id AS member, created_at AS moment, previous_value AS before, new_value AS after
FROM user_histories
WHERE action IN ({LEVEL_CHANGES}) AND target_user_id > 0 AND created_at IS NOT NULL AND new_value BETWEEN 0 AND 4
"""

_STANDING: Final = """
CASE WHEN level >= 3 THEN 'full' ELSE 'registered' END AS role, CASE WHEN level >= 3 THEN 4 ELSE 2 END - level AS rank
"""

_LEVELS_NOW: Final = f"""
SELECT u.id AS member, {_STANDING.replace("level", "u.trust_level")}, 'snapshot' AS evidence
FROM users u
LEFT JOIN (SELECT member, arg_max(after, (moment, id)) AS level FROM ({_LEVELS_LOGGED}) GROUP BY member) l
       ON l.member = u.id
WHERE u.id > 0 AND u.trust_level BETWEEN 0 AND 4 AND l.level IS DISTINCT FROM u.trust_level
"""

_LEVELS_HELD: Final = f"""
WITH changes AS (
    SELECT *, lead(moment) OVER told AS next, row_number() OVER told AS number FROM ({_LEVELS_LOGGED})
    WINDOW told AS (PARTITION BY member ORDER BY moment, id)
), held AS (
    SELECT member, after AS level, moment AS start_at, next AS end_at FROM changes
    UNION ALL
    SELECT c.member, c.before AS level, u.created_at AS start_at, c.moment AS end_at
    FROM changes c JOIN users u ON u.id = c.member
    WHERE c.number = 1 AND c.before BETWEEN 0 AND 4 AND coalesce(u.created_at <= c.moment, TRUE)
)
SELECT member, {_STANDING}, start_at, end_at, 'log' AS evidence FROM held
"""


def _logged(begin: int, end: int) -> str:
    """SQL: what staff did to a member, and when it was undone (before it was done again), from the log."""
    return f"""
    SELECT b.id, b.target_user_id AS member, b.acting_user_id AS actor, b.created_at AS start_at,
           min(e.created_at) AS end_at
    FROM user_histories b
    LEFT JOIN user_histories e ON e.target_user_id = b.target_user_id AND e.action = {end}
         AND (e.created_at, e.id) > (b.created_at, b.id)
         AND NOT EXISTS (SELECT 1 FROM user_histories m WHERE m.target_user_id = b.target_user_id
                         AND m.action = {begin} AND (m.created_at, m.id) > (b.created_at, b.id)
                         AND (m.created_at, m.id) < (e.created_at, e.id))
    WHERE b.action = {begin} AND b.target_user_id > 0 AND b.created_at IS NOT NULL
    GROUP BY b.id, b.target_user_id, b.acting_user_id, b.created_at
    """


def _held_by_staff(flag: str, role: str, granted: int, revoked: int) -> tuple[str, str]:
    """SQL: who holds a role now (without a log entry), and who held it when (from the log)."""
    logged = _logged(granted, revoked)
    now = f"""
    SELECT u.id AS member, '{role}' AS role, 0 AS rank, 'snapshot' AS evidence FROM users u
    WHERE u.id > 0 AND u.{flag} = 1
      AND NOT EXISTS (SELECT 1 FROM ({logged}) l WHERE l.member = u.id AND l.end_at IS NULL)
    """
    held = f"""
    SELECT l.member, '{role}' AS role, 0 AS rank, l.start_at, l.end_at, 'log' AS evidence
    FROM ({logged}) l JOIN users u ON u.id = l.member WHERE l.end_at IS NOT NULL OR u.{flag} = 1
    """
    return now, held


_ADMINISTRATORS: Final = _held_by_staff("admin", "administrator", 32, 33)
_MODERATORS: Final = _held_by_staff("moderator", "moderator", 34, 35)

_SAME_MOMENT: Final = 60_000_000
"""Microseconds: an account is suspended, and its log written, in one request."""

_SUSPENSIONS: Final = f"""
SELECT TRUE AS is_logged, l.member, l.actor, l.start_at,
       CASE WHEN u.id IS NOT NULL THEN u.suspended_till ELSE l.end_at END AS end_at, u.id IS NOT NULL AS is_current
FROM ({_logged(SUSPEND, UNSUSPEND)}) l
LEFT JOIN users u ON u.id = l.member AND abs(u.suspended_at - l.start_at) <= {_SAME_MOMENT}
UNION ALL
SELECT FALSE, u.id, NULL, u.suspended_at, u.suspended_till, TRUE FROM users u
WHERE u.id > 0 AND u.suspended_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM user_histories h WHERE h.target_user_id = u.id AND h.action = {SUSPEND}
                  AND abs(u.suspended_at - h.created_at) <= {_SAME_MOMENT})
"""

_SILENCINGS: Final = f"""
SELECT TRUE AS is_logged, l.member, l.actor, l.start_at,
       coalesce(l.end_at, CASE WHEN l.start_at = l.latest THEN u.silenced_till END) AS end_at
FROM (SELECT *, max(start_at) OVER (PARTITION BY member) AS latest FROM ({_logged(SILENCE, UNSILENCE)})) l
LEFT JOIN users u ON u.id = l.member
UNION ALL
SELECT FALSE, u.id, NULL, NULL, u.silenced_till FROM users u
WHERE u.id > 0 AND u.silenced_till IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM user_histories h WHERE h.target_user_id = u.id AND h.action = {SILENCE})
"""

_SPAN: Final = "start_at, CASE WHEN start_at IS NULL OR end_at >= start_at THEN end_at END AS end_at"

_STATES_NOW: Final = f"""
SELECT member, 'banned' AS role, NULL AS rank, {_SPAN}, 'snapshot' AS evidence FROM ({_SUSPENSIONS}) WHERE is_current
UNION ALL
SELECT member, 'restricted', NULL, {_SPAN}, 'snapshot' FROM ({_SILENCINGS}) WHERE end_at IS NOT NULL
"""

_BANS_ENDED: Final = f"""
SELECT member, 'banned' AS role, NULL AS rank, start_at, end_at, 'log' AS evidence
FROM ({_SUSPENSIONS}) WHERE NOT is_current AND end_at IS NOT NULL
"""

_IN_GROUPS: Final = """
SELECT m.user_id AS member, c.role, c.rank, m.created_at AS start_at, 'snapshot' AS evidence
FROM group_users m JOIN custodian_group c ON c.id = m.group_id WHERE m.user_id > 0
"""

_LEFT_GROUPS: Final = f"""
SELECT o.target_user_id AS member, c.role, c.rank, max(i.created_at) AS start_at, o.created_at AS end_at,
       'log' AS evidence
FROM group_histories o
JOIN custodian_group c ON c.id = o.group_id
LEFT JOIN group_histories i ON i.group_id = o.group_id AND i.target_user_id = o.target_user_id
     AND i.action = {ADDED_TO_GROUP} AND i.created_at <= o.created_at
WHERE o.action = {REMOVED_FROM_GROUP} AND o.target_user_id > 0
GROUP BY o.id, o.target_user_id, c.role, c.rank, o.created_at
"""

_THREAD: Final = f"""
SELECT id AS thread, category_id AS section, coalesce(user_id, {DELETED_ACCOUNT}) AS starter, created_at,
       CASE WHEN deleted_at IS NULL THEN 'visible' ELSE 'deleted' END AS state, views
FROM topics WHERE archetype IS DISTINCT FROM 1
"""

_PUBLIC_POSTS: Final = f"""
posts p JOIN topics t ON t.id = p.topic_id AND t.archetype IS DISTINCT FROM 1
                     AND coalesce(p.post_type, 1) <> {SMALL_ACTION}
"""

_POST: Final = f"""
WITH attached AS (
    SELECT post_id, count(*) AS attachments FROM (
        SELECT target_id AS post_id, upload_id FROM upload_references WHERE target_type = 1
        UNION SELECT post_id, upload_id FROM post_uploads) GROUP BY post_id
)
SELECT p.id AS post, p.topic_id AS thread, t.category_id AS section, coalesce(p.user_id, {DELETED_ACCOUNT}) AS author,
       p.created_at AS at, p.post_number = 1 AS is_opening, r.id AS parent_post,
       CASE WHEN p.version > 1 THEN p.last_version_at END AS edited_at,
       CASE WHEN p.deleted_at IS NOT NULL OR p.user_deleted = 1 THEN 'deleted'
            WHEN p.hidden = 1 THEN 'unapproved' ELSE 'visible' END AS state,
       coalesce(a.attachments, 0) AS attachments
FROM {_PUBLIC_POSTS}
LEFT JOIN posts r ON r.topic_id = p.topic_id AND r.post_number = p.reply_to_post_number
     AND coalesce(r.post_type, 1) <> {SMALL_ACTION}
LEFT JOIN attached a ON a.post_id = p.id
"""


def _reactions(table: str, giver: str, post: str, kind: str, where: str = "TRUE") -> str:
    """SQL: what was given to posts of threads; what is given in personal messages stays there."""
    return f"""
    SELECT g.{giver} AS giver, coalesce(p.user_id, {DELETED_ACCOUNT}) AS receiver, p.id AS post, g.created_at AS at,
           '{kind}' AS kind
    FROM {table} g JOIN ({{posts}}) p ON p.id = g.{post} WHERE {where}
    """.format(posts=f"SELECT p.id, p.user_id FROM {_PUBLIC_POSTS}")


_MESSAGE: Final = f"""
SELECT DISTINCT p.id * 2 AS message, coalesce(p.user_id, {DELETED_ACCOUNT}) AS sender, r.user_id AS recipient,
       p.created_at AS at
FROM posts p
JOIN topics t ON t.id = p.topic_id AND t.archetype = 1
JOIN (
    SELECT topic_id, user_id, created_at FROM topic_allowed_users
    UNION ALL
    SELECT g.topic_id, m.user_id, m.created_at FROM topic_allowed_groups g JOIN group_users m ON m.group_id = g.group_id
) r ON r.topic_id = p.topic_id AND r.user_id IS DISTINCT FROM p.user_id
   AND coalesce(r.created_at <= p.created_at + {_SAME_MOMENT}, TRUE)
WHERE coalesce(p.post_type, 1) <> {SMALL_ACTION}
"""

_DIRECT_CHAT: Final = f"""
SELECT DISTINCT m.id * 2 + 1 AS message, coalesce(m.user_id, {DELETED_ACCOUNT}) AS sender, u.user_id AS recipient,
       m.created_at AS at
FROM chat_messages m
JOIN chat_channels c ON c.id = m.chat_channel_id AND c.chatable_type = 1
JOIN direct_message_users u ON u.direct_message_channel_id = c.chatable_id AND u.user_id IS DISTINCT FROM m.user_id
"""


def _views(table: str, at: str, kind: str) -> str:
    return f"""
    SELECT v.user_id AS member, v.topic_id AS thread, t.category_id AS section, v.{at} AS at, '{kind}' AS kind
    FROM {table} v JOIN topics t ON t.id = v.topic_id AND t.archetype IS DISTINCT FROM 1
    WHERE v.user_id > 0 AND v.{at} IS NOT NULL
    """


_SANCTIONS: Final = f"""
SELECT member, actor AS "by", 'ban' AS kind, start_at AS at, end_at AS until FROM ({_SUSPENSIONS}) WHERE is_logged
UNION ALL
SELECT member, actor, 'restriction', start_at, end_at FROM ({_SILENCINGS}) WHERE is_logged
UNION ALL
SELECT target_user_id, acting_user_id, 'restriction', created_at, NULL FROM user_histories
WHERE action = {DEACTIVATE} AND target_user_id > 0
"""

_UNLOGGED_SANCTIONS: Final = f"""
SELECT member, 'ban' AS kind, start_at AS at, end_at AS until FROM ({_SUSPENSIONS}) WHERE NOT is_logged
UNION ALL
SELECT member, 'restriction', NULL, end_at FROM ({_SILENCINGS}) WHERE NOT is_logged
"""

_REMOVALS: Final = f"""
SELECT p.user_id AS member, p.deleted_by_id AS "by", 'removal' AS kind, p.deleted_at AS at FROM {_PUBLIC_POSTS}
WHERE p.deleted_at IS NOT NULL AND p.deleted_by_id > 0 AND p.user_id > 0 AND p.deleted_by_id <> p.user_id
"""

_STAFF_LOG: Final = f"""
SELECT CASE WHEN h.acting_user_id <> 0 THEN h.acting_user_id END AS "by", {cases("h.action", MODERATED)} AS kind,
       h.created_at AS at, coalesce(h.topic_id, p.topic_id) AS thread, h.post_id AS post,
       CASE WHEN h.target_user_id > 0 THEN h.target_user_id END AS member
FROM user_histories h
LEFT JOIN posts p ON p.id = h.post_id
LEFT JOIN topics t ON t.id = coalesce(h.topic_id, p.topic_id)
WHERE h.action IN ({", ".join(map(str, MODERATED))}) AND t.archetype IS DISTINCT FROM 1
"""

_SMALL_ACTIONS: Final = f"""
SELECT p.user_id AS "by", {kind_of("p.action_code")} AS kind, p.created_at AS at, p.topic_id AS thread
FROM posts p JOIN topics t ON t.id = p.topic_id AND t.archetype IS DISTINCT FROM 1
WHERE p.post_type = {SMALL_ACTION} AND p.action_code > 0
"""

_MOVED: Final = f"""
SELECT m.user_id AS "by", CASE WHEN m.made THEN 'split' ELSE 'merge' END AS kind, min(m.created_at) AS at,
       m.old_topic_id AS thread, m.new_topic_id AS target_thread
FROM (SELECT *, coalesce(created_new_topic, 0) = 1 AS made, created_at // {_SAME_MOMENT} AS minute FROM moved_posts) m
GROUP BY m.user_id, m.made, m.old_topic_id, m.new_topic_id, m.minute
"""
"""Posts moved together, to a new thread or to one that was there: a row each in the database, one act here."""

_OBJECT: Final = f"""
SELECT id AS object, user_id AS uploader, created_at AS at, {size_band("filesize")} AS size_band
FROM uploads WHERE id > 0
"""

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by deleted authors, kept under one account that is never counted as a member",
        f"SELECT count(*) FROM {_PUBLIC_POSTS} WHERE p.user_id IS NULL",
    ),
    SourceFinding(
        "view-times-are-days",
        Severity.CAUTION,
        "{count} views are kept with the day only (first of a thread, days of visits): their hour is always midnight",
        """SELECT (SELECT count(*) FROM topic_views WHERE user_id > 0) + (SELECT count(*) FROM user_visits)""",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: only trust levels and staff count",
        f"""SELECT count(*) FROM groups g ANTI JOIN custodian_group c ON c.id = g.id WHERE g.id > {LAST_OWN_GROUP}""",
    ),
    SourceFinding(
        "anonymous-shadows",
        Severity.CAUTION,
        "{count} accounts are anonymous second accounts of members: one person, two accounts",
        "SELECT count(*) FROM anonymous_users",
    ),
    SourceFinding(
        "accounts-never-registered",
        Severity.NOTE,
        "{count} accounts were made for senders of e-mail who never registered",
        "SELECT count(*) FROM users WHERE staged = 1 AND id > 0",
    ),
    SourceFinding(
        "software-notes-left-out",
        Severity.NOTE,
        "{count} posts are notes that the software wrote about moderation and were left out",
        f"SELECT count(*) FROM posts WHERE post_type = {SMALL_ACTION}",
    ),
    SourceFinding(
        "unlisted-threads",
        Severity.NOTE,
        "{count} threads are not listed, though whoever knows the address sees them; they count as visible",
        "SELECT count(*) FROM topics WHERE visible = 0 AND archetype IS DISTINCT FROM 1 AND deleted_at IS NULL",
    ),
    SourceFinding(
        "chat-left-out",
        Severity.NOTE,
        "{count} chat messages in channels for many are neither posts nor messages to somebody and were left out",
        """SELECT count(*) FROM chat_messages m JOIN chat_channels c ON c.id = m.chat_channel_id
           WHERE c.chatable_type IS DISTINCT FROM 1""",
    ),
)

DISCOURSE: Final = Source(
    software=Software.DISCOURSE,
    title="Discourse 2 and 3",
    tables=_TABLES,
    detect=("topics", "posts", "post_actions", "user_histories", "topic_users"),
    assembly={
        "member": {"users": _MEMBER, "posts": _DELETED_AUTHORS},
        "role_spell": {
            "users": f"""SELECT member, role, rank, NULL AS start_at, NULL AS end_at, evidence FROM (
                {_ADMINISTRATORS[0]} UNION ALL {_MODERATORS[0]} UNION ALL {_LEVELS_NOW})
                UNION ALL {_STATES_NOW}""",
            "user_histories": f"""{_ADMINISTRATORS[1]} UNION ALL {_MODERATORS[1]} UNION ALL {_BANS_ENDED}
                UNION ALL (SELECT member, role, rank, start_at, end_at, evidence FROM ({_LEVELS_HELD}))""",
            "group_users": _IN_GROUPS,
            "group_histories": _LEFT_GROUPS,
        },
        "section": {"categories": "SELECT id AS section, parent_category_id AS parent FROM categories"},
        "thread": {"topics": _THREAD},
        "post": {"posts": _POST},
        "reaction": {
            "post_actions": _reactions(
                "post_actions", "user_id", "post_id", "like", f"g.post_action_type_id = {LIKE} AND g.deleted_at IS NULL"
            ),
            "discourse_reactions_reaction_users": _reactions(
                "discourse_reactions_reaction_users", "user_id", "post_id", "other"
            ),
            "discourse_solved_solved_topics": _reactions(
                "discourse_solved_solved_topics", "accepter_user_id", "answer_post_id", "accept"
            ),
        },
        "message": {"posts": _MESSAGE, "chat_messages": _DIRECT_CHAT},
        "view": {
            "topic_views": _views("topic_views", "viewed_at", "thread"),
            "topic_users": _views("topic_users", "last_visited_at", "read-mark"),
            "user_visits": """SELECT user_id AS member, visited_at AS at, 'visit' AS kind FROM user_visits
                              WHERE user_id > 0""",
        },
        "object": {"uploads": _OBJECT},
        "sanction": {
            "user_histories": _SANCTIONS,
            "users": _UNLOGGED_SANCTIONS,
            "user_warnings": """SELECT user_id AS member, created_by_id AS "by", 'warning' AS kind, created_at AS at
                                FROM user_warnings""",
            "posts": _REMOVALS,
        },
        "moderation": {"user_histories": _STAFF_LOG, "posts": _SMALL_ACTIONS, "moved_posts": _MOVED},
    },
    absent={
        "moderation.from_section": "who moved a thread to another category stands in the text of its revisions only",
        "moderation.to_section": "who moved a thread to another category stands in the text of its revisions only",
        "object.downloads": "Discourse does not count downloads",
        "download": "Discourse does not log who downloaded what",
        "external_event": "not in a forum's own records; the custodian knows them",
        "object.class": "needs a list of hashes that stays outside",
    },
    findings=_FINDINGS,
    group_table=("groups", "id", "name"),
    section_table=("categories", "id", "name"),
)
