"""SMF 2.0 and 2.1.

What it can supply:

    member          members; one more for guests and deleted authors, whom the package writes as member 0
    role_spell      members (primary and additional groups: 1 and 2 by themselves, others by the custodian's map),
                    log_group_requests, log_actions (since when), moderators and moderator_groups (of sections),
                    ban_items + ban_groups (banned, restricted), log_actions (bans that were lifted)
    section         boards
    thread          topics, without the redirects that moved ones leave behind
    post            messages; those moved to the recycling board are deleted ones of the thread they come from
    object          attachments
    reaction        user_likes (2.1; the package had no reactions before)
    message         personal_messages to pm_recipients
    view            log_topics, log_boards, log_mark_read (read-marks, see below), member_logins, members (last visit)
    sanction        ban_items + ban_groups, log_actions (who banned, posts and threads removed by somebody else than
                    their author), log_comments (warnings)

    moderation      log_actions (the moderators' entries)

and what it cannot: who downloaded (a counter only), what was merged into a thread, which post a post replies to,
changes of groups older than the log.
Facts: SMF's own schema and code; times are seconds since the epoch, 0 is unset. A read-mark is the number of the newest
message of the whole forum at that moment: it was set at or shortly after that message's time. `is_activated` above 10
is banned.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Packing, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import kind_of, words_of
from vestige.results import Severity

GUEST_ACCOUNT: Final = 0
ADMINISTRATORS, MODERATORS = 1, 2
"""Groups that the installer makes; 3 stands for moderators of single boards, post-count groups have `min_posts`."""

LOG_ACTIONS: Final = {
    b"added_to_group": 1,
    b"removed_from_group": 2,
    b"removed_all_groups": 3,
    b"ban": 4,
    b"banremove": 5,
    b"delete": 6,
    b"remove": 7,
    **words_of(
        {
            ModerationKind.MOVE: (b"move",),
            ModerationKind.MERGE: (b"merge",),
            ModerationKind.SPLIT: (b"split",),
            ModerationKind.CLOSE: (b"lock",),
            ModerationKind.OPEN: (b"unlock",),
            ModerationKind.STICK: (b"sticky",),
            ModerationKind.UNSTICK: (b"unsticky",),
            ModerationKind.APPROVE: (b"approve", b"approve_topic"),
            ModerationKind.UNAPPROVE: (b"unapprove", b"unapprove_topic"),
            ModerationKind.RESTORE: (b"restore_topic", b"restore_posts"),
            ModerationKind.EDIT: (b"modify",),
        }
    ),
}
"""Entries of the logs; those below 100 concern a member: 6 removes a message, 7 a topic."""

LOG_KEYS: Final = {
    b"member": -1,
    b"group": -2,
    b"board_from": -3,
    b"board_to": -4,
    b"new_topic": -5,
    b"topic": -6,
    b"board": -7,
}
"""Keys of `log_actions.extra` under which ids stand; a group may stand there by its name, which is never read."""

SETTINGS: Final = {b"recycle_board": 1, b"recycle_enable": 2}
NUMBERS_AS_WORDS: Final = {str(number).encode(): number for number in range(2_000)}
"""A setting's value is text: only those that are a board's number or a switch are recognised."""

MESSAGE: Final = {b"msg": 1}
WARNING: Final = {b"warning": 1}
BANNED_ABOVE: Final = 10

_TABLES: Final = (
    declare_table(
        "members",
        SourceColumn("real_name", Cell.HANDLE),
        SourceColumn("additional_groups", Cell.NUMBERS),
        key="id_member",
        numbers="id_group id_post_group is_activated",
        seconds="date_registered last_login",
        required=True,
    ),
    declare_table("membergroups", key="id_group", numbers="min_posts"),
    declare_table("log_group_requests", key="id_member id_group", numbers="status", seconds="time_acted"),
    declare_table("moderators", key="id_board id_member"),
    declare_table("moderator_groups", key="id_board id_group"),
    declare_table("boards", key="id_board", numbers="id_parent", required=True),
    declare_table(
        "settings",
        SourceColumn("variable", Cell.WORD, required=True, vocabulary=SETTINGS),
        SourceColumn("value", Cell.WORD, required=True, vocabulary=NUMBERS_AS_WORDS),
    ),
    declare_table(
        "topics",
        key="id_topic",
        numbers="id_board id_member_started id_first_msg approved id_previous_board id_previous_topic "
        "id_redirect_topic num_views",
        required=True,
    ),
    declare_table(
        "messages",
        key="id_msg id_topic",
        numbers="id_board id_member approved",
        seconds="poster_time modified_time",
        required=True,
    ),
    declare_table("attachments", key="id_attach", numbers="id_msg id_member attachment_type size downloads"),
    declare_table(
        "user_likes",
        SourceColumn("content_type", Cell.WORD, required=True, vocabulary=MESSAGE),
        key="id_member content_id",
        seconds="like_time",
    ),
    declare_table("personal_messages", key="id_pm", numbers="id_member_from", seconds="msgtime"),
    declare_table("pm_recipients", key="id_pm id_member"),
    declare_table(
        "ban_groups",
        key="id_ban_group",
        numbers="cannot_access cannot_login cannot_post",
        seconds="ban_time expire_time",
    ),
    declare_table("ban_items", key="id_ban id_ban_group", numbers="id_member"),
    declare_table(
        "log_comments",
        SourceColumn("comment_type", Cell.WORD, required=True, vocabulary=WARNING),
        key="id_comment",
        numbers="id_member id_recipient",
        seconds="log_time",
    ),
    declare_table(
        "log_actions",
        SourceColumn("action", Cell.WORD, required=True, vocabulary=LOG_ACTIONS),
        SourceColumn("extra", Cell.NUMBERS, vocabulary=LOG_KEYS, packing=Packing.VALUES),
        key="id_action",
        numbers="id_member id_board id_topic id_msg",
        seconds="log_time",
    ),
    declare_table("log_topics", key="id_member id_topic id_msg"),
    declare_table("log_boards", key="id_member id_board id_msg"),
    declare_table("log_mark_read", key="id_member id_board id_msg"),
    declare_table("member_logins", key="id_member", seconds="time"),
)

_MEMBER: Final = """
SELECT id_member AS member, date_registered AS registered_at, 'member' AS kind, real_name AS linked_pseudonym
FROM members WHERE id_member > 0
"""

_GUESTS: Final = f"""
SELECT {GUEST_ACCOUNT} AS member, CAST(NULL AS BIGINT) AS registered_at, 'guest' AS kind
WHERE EXISTS (SELECT 1 FROM messages WHERE coalesce(id_member, 0) = 0)
   OR EXISTS (SELECT 1 FROM topics WHERE coalesce(id_member_started, 0) = 0)
   OR EXISTS (SELECT 1 FROM personal_messages WHERE coalesce(id_member_from, 0) = 0)
"""

_LOG: Final = """
SELECT id_action, action, id_member AS actor, log_time AS moment,
       extra[list_position(extra, -1) + 1] AS member,
       CASE WHEN list_contains(extra, -2) THEN extra[list_position(extra, -2) + 1] END AS group_id
FROM log_actions WHERE action BETWEEN 1 AND 7 AND log_time IS NOT NULL AND list_contains(extra, -1)
"""

_IN_GROUPS: Final = """
SELECT id_member AS member, id_group AS group_id, FALSE AS by_posts FROM members WHERE id_group > 0
UNION
SELECT id_member, unnest(additional_groups), FALSE FROM members
UNION
SELECT id_member, id_post_group, TRUE FROM members WHERE id_post_group > 0
"""

_GIVEN: Final = f"""
SELECT g.member, g.group_id, coalesce(c.role, CASE g.group_id WHEN {ADMINISTRATORS} THEN 'administrator'
                                                            WHEN {MODERATORS} THEN 'moderator' END) AS role,
       CASE WHEN c.role IS NULL THEN 0 ELSE c.rank END AS rank
FROM ({_IN_GROUPS}) g LEFT JOIN custodian_group c ON c.id = g.group_id
WHERE g.member > 0 AND (c.role IS NOT NULL OR (NOT g.by_posts AND g.group_id IN ({ADMINISTRATORS}, {MODERATORS})))
"""

_SINCE: Final = f"""
SELECT id_member AS member, id_group AS group_id, max(time_acted) AS moment FROM log_group_requests
WHERE status = 1 AND time_acted IS NOT NULL GROUP BY id_member, id_group
UNION ALL
SELECT member, group_id, max(moment) FROM ({_LOG}) WHERE action = 1 AND group_id >= 0 GROUP BY member, group_id
UNION ALL
SELECT l.member, any_value(g.group_id), max(l.moment)
FROM ({_LOG}) l JOIN ({_GIVEN}) g ON g.member = l.member
WHERE l.action IN (1, 2, 3)
GROUP BY l.member
HAVING count(DISTINCT g.group_id) = 1 AND count(DISTINCT l.id_action) = 1 AND any_value(l.action) = 1
   AND any_value(l.group_id) IS NULL
"""
"""The last part: the log names the group, so that it says which only where one entry and one group are all there is."""

_ROLES: Final = f"""
SELECT id_member AS member, 'registered' AS role, NULL AS rank, NULL AS start_at, 'snapshot' AS evidence
FROM members WHERE id_member > 0
UNION ALL
SELECT g.member, g.role, min(g.rank), CASE WHEN count(*) = count(s.moment) THEN min(s.moment) END, 'snapshot'
FROM ({_GIVEN}) g
LEFT JOIN (SELECT member, group_id, max(moment) AS moment FROM ({_SINCE}) GROUP BY 1, 2) s
       ON s.member = g.member AND s.group_id = g.group_id
GROUP BY g.member, g.role
UNION ALL
SELECT m.id_member, 'banned', NULL, NULL, 'snapshot' FROM members m
WHERE m.is_activated > {BANNED_ABOVE} AND m.id_member NOT IN (SELECT id_member FROM ban_items WHERE id_member > 0)
"""

_SECTION_MODERATORS: Final = f"""
SELECT DISTINCT s.member, 'moderator' AS role, 1 AS rank, 'snapshot' AS evidence FROM (
    SELECT id_member AS member FROM moderators
    UNION ALL
    SELECT g.member FROM moderator_groups k JOIN ({_IN_GROUPS}) g ON g.group_id = k.id_group AND NOT g.by_posts
) s WHERE s.member > 0 AND s.member NOT IN (SELECT member FROM ({_GIVEN}) WHERE role IN ('administrator', 'moderator'))
"""

_BANS: Final = """
SELECT i.id_ban, i.id_member AS member, b.ban_time AS start_at,
       CASE WHEN b.expire_time >= b.ban_time THEN b.expire_time END AS end_at,
       coalesce(b.cannot_access, 0) + coalesce(b.cannot_login, 0) > 0 AS shut_out
FROM ban_items i JOIN ban_groups b ON b.id_ban_group = i.id_ban_group WHERE i.id_member > 0
"""

_SAME_MOMENT: Final = 60_000_000
"""Microseconds: a ban and its log entry are written in one request."""

_LIFTED: Final = f"""
SELECT l.id_action, l.member, l.actor, l.moment AS start_at, min(e.moment) AS end_at
FROM ({_LOG}) l JOIN ({_LOG}) e ON e.member = l.member AND e.action = 5 AND e.moment >= l.moment
WHERE l.action = 4
  AND NOT EXISTS (SELECT 1 FROM ({_BANS}) b WHERE b.member = l.member AND abs(b.start_at - l.moment) <= {_SAME_MOMENT})
GROUP BY l.id_action, l.member, l.actor, l.moment
"""

_BOARD: Final = """
SELECT max(value) AS board FROM settings WHERE variable = 1 AND value > 0
"""

_TOPICS: Final = f"""
SELECT t.id_topic, t.id_first_msg, t.id_member_started, t.approved, t.num_views, t.id_board = r.board AS recycled,
       CASE WHEN t.id_board = r.board AND p.id_topic IS NOT NULL THEN p.id_topic ELSE t.id_topic END AS thread,
       CASE WHEN t.id_board = r.board AND p.id_topic IS NOT NULL THEN p.id_board
            WHEN t.id_board = r.board AND t.id_previous_board > 0 THEN t.id_previous_board
            ELSE t.id_board END AS section
FROM topics t
CROSS JOIN ({_BOARD}) r
LEFT JOIN topics p ON p.id_topic = t.id_previous_topic AND t.id_previous_topic > 0 AND p.id_topic <> t.id_topic
WHERE coalesce(t.id_redirect_topic, 0) = 0
"""
"""Messages removed one by one become topics of the recycling board that say which topic they come from."""

_THREAD: Final = f"""
SELECT t.id_topic AS thread, t.section, coalesce(t.id_member_started, {GUEST_ACCOUNT}) AS starter,
       m.poster_time AS created_at, t.num_views AS views,
       CASE WHEN t.recycled THEN 'deleted' WHEN t.approved = 0 THEN 'unapproved' ELSE 'visible' END AS state
FROM ({_TOPICS}) t LEFT JOIN messages m ON m.id_msg = t.id_first_msg
WHERE t.thread = t.id_topic
"""

_POST: Final = f"""
WITH told AS (
    SELECT t.id_topic, m.id_msg FROM topics t JOIN messages m ON m.id_msg = t.id_first_msg AND m.id_topic = t.id_topic
), opening AS (
    SELECT id_topic, id_msg FROM told
    UNION ALL
    SELECT id_topic, min(id_msg) FROM messages ANTI JOIN told USING (id_topic) GROUP BY id_topic
), attached AS (
    SELECT id_msg, count(*) AS attachments FROM attachments WHERE coalesce(attachment_type, 0) = 0 GROUP BY id_msg
)
SELECT m.id_msg AS post, t.thread, t.section, coalesce(m.id_member, {GUEST_ACCOUNT}) AS author, m.poster_time AS at,
       o.id_msg IS NOT NULL AND t.thread = t.id_topic AS is_opening, m.modified_time AS edited_at,
       CASE WHEN t.recycled THEN 'deleted' WHEN m.approved = 0 THEN 'unapproved' ELSE 'visible' END AS state,
       coalesce(a.attachments, 0) AS attachments
FROM messages m
JOIN ({_TOPICS}) t ON t.id_topic = m.id_topic
LEFT JOIN opening o ON o.id_msg = m.id_msg
LEFT JOIN attached a ON a.id_msg = m.id_msg
"""

_OBJECT: Final = f"""
SELECT a.id_attach AS object, coalesce(m.id_member, nullif(a.id_member, 0)) AS uploader,
       m.poster_time AS at, {size_band("a.size")} AS size_band, a.downloads
FROM attachments a LEFT JOIN messages m ON m.id_msg = a.id_msg WHERE coalesce(a.attachment_type, 0) = 0
"""

_LIKES: Final = """
SELECT l.id_member AS giver, m.id_member AS receiver, l.content_id AS post, l.like_time AS at, 'like' AS kind
FROM user_likes l LEFT JOIN messages m ON m.id_msg = l.content_id WHERE l.content_type = 1
"""

_MESSAGES: Final = f"""
SELECT DISTINCT r.id_pm AS message, coalesce(p.id_member_from, {GUEST_ACCOUNT}) AS sender, r.id_member AS recipient,
       p.msgtime AS at
FROM pm_recipients r JOIN personal_messages p ON p.id_pm = r.id_pm WHERE r.id_member > 0
"""


def _marks(table: str, columns: str, join: str = "") -> str:
    """SQL: read-marks, at the time of the newest message that there was."""
    return f"""
    SELECT v.id_member AS member, {columns}, p.moment AS at, 'read-mark' AS kind
    FROM {table} v {join}
    ASOF JOIN (SELECT id_msg, max(poster_time) OVER (ORDER BY id_msg) AS moment FROM messages) p
         ON p.id_msg <= v.id_msg
    WHERE v.id_member > 0 AND v.id_msg > 0
    """


_LOGGED_SANCTIONS: Final = f"""
SELECT member, nullif(actor, 0) AS "by", 'ban' AS kind, start_at AS at, end_at AS until FROM ({_LIFTED})
UNION ALL
SELECT member, actor, 'removal', moment, NULL FROM ({_LOG})
WHERE action IN (6, 7) AND member > 0 AND actor > 0 AND actor <> member
"""

_BAN_SANCTIONS: Final = f"""
SELECT b.member, min(nullif(l.actor, 0)) AS "by", CASE WHEN b.shut_out THEN 'ban' ELSE 'restriction' END AS kind,
       b.start_at AS at, b.end_at AS until
FROM ({_BANS}) b
LEFT JOIN ({_LOG}) l ON l.action = 4 AND l.member = b.member AND abs(b.start_at - l.moment) <= {_SAME_MOMENT}
GROUP BY b.id_ban, b.member, b.shut_out, b.start_at, b.end_at
"""


def _extra(key: int) -> str:
    """SQL: the number that stands under a key of an entry's extra data."""
    return f"CASE WHEN list_contains(l.extra, {key}) THEN l.extra[list_position(l.extra, {key}) + 1] END"


_MODERATION: Final = f"""
SELECT nullif(a.actor, 0) AS "by", a.kind, a.moment AS at,
       CASE WHEN a.kind <> 'merge' THEN a.thread END AS thread, a.post, a.member,
       CASE WHEN a.kind = 'move' THEN a.board_from END AS from_section,
       CASE WHEN a.kind = 'move' THEN coalesce(a.board_to, a.board) END AS to_section,
       CASE WHEN a.kind = 'merge' THEN a.thread WHEN a.kind = 'split' THEN a.new_topic END AS target_thread
FROM (
    SELECT l.id_member AS actor, l.log_time AS moment, nullif(l.id_msg, 0) AS post,
           coalesce(nullif(l.id_board, 0), {_extra(-7)}) AS board,
           CASE WHEN l.action = 6 AND m.id_msg IS NOT NULL OR l.action = 7 AND t.id_topic IS NOT NULL THEN 'remove'
                WHEN l.action IN (6, 7) THEN 'delete' ELSE {kind_of("l.action")} END AS kind,
           coalesce(t.thread, l.topic) AS thread, nullif({_extra(-1)}, 0) AS member,
           {_extra(-3)} AS board_from, {_extra(-4)} AS board_to, {_extra(-5)} AS new_topic
    FROM (SELECT l.*, coalesce(nullif(l.id_topic, 0), {_extra(-6)}) AS topic FROM log_actions l WHERE l.action >= 6) l
    LEFT JOIN ({_TOPICS}) t ON t.id_topic = l.topic
    LEFT JOIN messages m ON m.id_msg = l.id_msg
) a
"""
"""What is removed is deleted for good unless it is still there, in the recycling board."""

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        "SELECT count(*) FROM messages WHERE coalesce(id_member, 0) = 0",
    ),
    SourceFinding(
        "read-marks-by-message",
        Severity.CAUTION,
        "{count} read-marks carry no time of their own: theirs is that of the forum's newest message of that moment",
        """SELECT (SELECT count(*) FROM log_topics) + (SELECT count(*) FROM log_boards)
                + (SELECT count(*) FROM log_mark_read)""",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their members count as registered",
        f"""SELECT count(*) FROM membergroups g ANTI JOIN custodian_group c ON c.id = g.id_group
            WHERE g.id_group NOT IN ({ADMINISTRATORS}, {MODERATORS}, 3) AND coalesce(g.min_posts, -1) < 0""",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} redirects of moved threads were left out: the threads themselves are there",
        "SELECT count(*) FROM topics WHERE id_redirect_topic > 0",
    ),
    SourceFinding(
        "address-bans",
        Severity.NOTE,
        "{count} bans are of addresses and name no member: they were left out",
        "SELECT count(*) FROM ban_items WHERE coalesce(id_member, 0) = 0",
    ),
    SourceFinding(
        "accounts-never-activated",
        Severity.NOTE,
        "{count} accounts were registered and wait for activation or approval",
        f"SELECT count(*) FROM members WHERE is_activated % {BANNED_ABOVE} <> 1",
    ),
    SourceFinding(
        "no-recycling",
        Severity.NOTE,
        "{count} setting says that removed posts are not kept: there are no deleted posts to see",
        "SELECT count(*) FROM settings WHERE variable = 2 AND value = 0",
    ),
)

SMF: Final = Source(
    software=Software.SMF,
    title="SMF 2.0 and 2.1",
    tables=_TABLES,
    detect=("messages", "log_actions", "pm_recipients", "boards"),
    assembly={
        "member": {"members": _MEMBER, "messages": _GUESTS},
        "role_spell": {
            "members": _ROLES,
            "moderators": _SECTION_MODERATORS,
            "ban_items": f"""SELECT member, CASE WHEN shut_out THEN 'banned' ELSE 'restricted' END AS role, start_at,
                                    end_at, 'snapshot' AS evidence FROM ({_BANS})""",
            "log_actions": f"SELECT member, 'banned' AS role, start_at, end_at, 'log' AS evidence FROM ({_LIFTED})",
        },
        "section": {"boards": "SELECT id_board AS section, nullif(id_parent, 0) AS parent FROM boards"},
        "thread": {"topics": _THREAD},
        "post": {"messages": _POST},
        "object": {"attachments": _OBJECT},
        "reaction": {"user_likes": _LIKES},
        "message": {"pm_recipients": _MESSAGES},
        "view": {
            "log_topics": _marks(
                "log_topics",
                "t.thread, t.section",
                f"JOIN ({_TOPICS}) t ON t.id_topic = v.id_topic",
            ),
            "log_boards": _marks("log_boards", "NULL AS thread, v.id_board AS section"),
            "log_mark_read": _marks("log_mark_read", "NULL AS thread, v.id_board AS section"),
            "member_logins": """SELECT id_member AS member, time AS at, 'visit' AS kind FROM member_logins
                                WHERE id_member > 0""",
            "members": """SELECT id_member AS member, last_login AS at, 'visit' AS kind FROM members
                          WHERE id_member > 0 AND last_login IS NOT NULL""",
        },
        "sanction": {
            "ban_items": _BAN_SANCTIONS,
            "log_comments": """SELECT id_recipient AS member, nullif(id_member, 0) AS "by", 'warning' AS kind,
                                      log_time AS at FROM log_comments
                               WHERE comment_type = 1 AND id_recipient > 0""",
            "log_actions": _LOGGED_SANCTIONS,
        },
        "moderation": {"log_actions": _MODERATION},
    },
    absent={
        "download": "SMF counts an attachment's downloads and does not log who made them",
        "external_event": "not in a forum's own records; the custodian knows them",
        "post.parent_post": "SMF does not record which post a post replies to",
        "object.class": "needs a list of hashes that stays outside",
        "role_spell.start_at": "SMF keeps today's groups; its log says since when only where it was on",
    },
    findings=_FINDINGS,
    group_table=("membergroups", "id_group", "group_name"),
    section_table=("boards", "id_board", "name"),
)
