"""phpBB 3.0 to 3.3.

What it can supply:

    member          users, bots (user 1 is every guest and every deleted author whose posts were kept)
    role_spell      user_group + groups (standing groups by themselves, own groups by the custodian's map),
                    users.user_type 3 (founders), moderator_cache (moderators of sections), banlist (banned), log
                    (lifted bans; who was put into and out of groups when: it names them, see `phpbb_roles.py`)
    section         forums
    thread          topics, without the shadows that moved threads leave behind
    post            posts, attachments (counted); 3.0 has post_approved, later versions post_visibility
    object          attachments
    reaction        thanks (extension "Thanks for posts"; the package itself has no reactions)
    message         privmsgs_to + privmsgs, without the sender's own copy; privmsgs' addresses for removed copies
    view            topics_track, forums_track (read-marks: a member had read up to then), users (last visit)
    sanction        banlist, warnings, log (lifted bans, expired warnings, posts deleted for good, who did it), users
                    (accounts deactivated by hand), posts (posts removed by somebody else than their author)

    moderation      log (moderators' entries; sections by their names, see `phpbb_moderation.py`)

and what it cannot: who downloaded (a counter only), which post a post replies to, which thread was merged into another.
Facts: phpBB's own schema of 3.0.x and 3.3.x; times are seconds since the epoch, 0 is unset.
"""

from typing import Final

from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, Packing, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.phpbb_moderation import MODERATION
from vestige.derive.sources.phpbb_roles import (
    BANS,
    FOUNDERS,
    GROUP_NAMES,
    GROUP_ROLES,
    LOG_OPERATIONS,
    LOGGED_BANS,
    LOGGED_NAMES,
    LOGGED_REMOVALS,
    LOGGED_RESTRICTIONS,
    LOGGED_ROLES,
    SAME_MOMENT,
    SECTION_MODERATORS,
    UNRESOLVED,
    USER_LOG,
)
from vestige.results import Severity

_ADDRESSED: Final = {b"u_": -1}
"""How the address of a message begins where it is a member; `g_` is a group, which is resolved when it is sent."""


_TABLES: Final = (
    declare_table(
        "users",
        SourceColumn("username", Cell.NAME),
        SourceColumn("username_clean", Cell.HANDLE),
        key="user_id",
        numbers="user_type user_inactive_reason",
        seconds="user_regdate user_lastvisit user_last_active user_inactive_time",
        required=True,
    ),
    declare_table("bots", key="user_id"),
    declare_table(
        "groups",
        SourceColumn("group_name", Cell.NAME, required=True, vocabulary=GROUP_NAMES),
        key="group_id group_type",
    ),
    declare_table("user_group", key="user_id group_id", numbers="user_pending"),
    declare_table("moderator_cache", key="user_id group_id"),
    declare_table("forums", SourceColumn("forum_name", Cell.NAME), key="forum_id", numbers="parent_id", required=True),
    declare_table(
        "topics",
        key="topic_id",
        numbers="forum_id topic_poster topic_visibility topic_approved topic_first_post_id topic_moved_id topic_views",
        seconds="topic_time topic_delete_time",
        required=True,
    ),
    declare_table(
        "posts",
        SourceColumn("post_time", Cell.SECONDS, required=True),
        key="post_id topic_id poster_id",
        numbers="forum_id post_visibility post_approved post_delete_user",
        seconds="post_edit_time post_delete_time",
        required=True,
    ),
    declare_table(
        "attachments",
        key="attach_id post_msg_id",
        numbers="in_message is_orphan poster_id filesize download_count",
        seconds="filetime",
    ),
    declare_table("thanks", key="post_id user_id", numbers="poster_id", seconds="thanks_time"),
    declare_table(
        "privmsgs",
        SourceColumn("to_address", Cell.NUMBERS, packing=Packing.PREFIXED, vocabulary=_ADDRESSED),
        SourceColumn("bcc_address", Cell.NUMBERS, packing=Packing.PREFIXED, vocabulary=_ADDRESSED),
        key="msg_id author_id",
        seconds="message_time",
    ),
    declare_table("privmsgs_to", key="msg_id user_id", numbers="author_id folder_id"),
    declare_table("topics_track", key="user_id topic_id", numbers="forum_id", seconds="mark_time"),
    declare_table("forums_track", key="user_id forum_id", seconds="mark_time"),
    declare_table("banlist", key="ban_id ban_userid", numbers="ban_exclude", seconds="ban_start ban_end"),
    declare_table("warnings", key="user_id", numbers="log_id", seconds="warning_time"),
    declare_table(
        "log",
        SourceColumn("log_time", Cell.SECONDS, required=True),
        SourceColumn("log_operation", Cell.WORD, required=True, vocabulary=LOG_OPERATIONS),
        SourceColumn("log_data", Cell.NAMES, vocabulary=LOGGED_NAMES),
        key="log_id log_type user_id reportee_id",
        numbers="forum_id topic_id post_id",
    ),
)

_MEMBER = """
SELECT u.user_id AS member,
       CASE WHEN u.user_id <> 1 THEN u.user_regdate END AS registered_at,
       CASE WHEN u.user_id = 1 THEN 'guest'
            WHEN u.user_type = 2 OR b.user_id IS NOT NULL THEN 'bot'
            ELSE 'member' END AS kind,
       u.username_clean AS linked_pseudonym
FROM users u LEFT JOIN (SELECT DISTINCT user_id FROM bots) b ON b.user_id = u.user_id
"""

_THREAD = """
SELECT topic_id AS thread, nullif(forum_id, 0) AS section, nullif(topic_poster, 0) AS starter,
       topic_time AS created_at,
       CASE coalesce(topic_visibility, topic_approved, 1)
            WHEN 1 THEN 'visible' WHEN 2 THEN 'deleted' ELSE 'unapproved' END AS state,
       topic_views AS views
FROM topics WHERE coalesce(topic_moved_id, 0) = 0
"""

_POST = """
WITH told AS (
    SELECT t.topic_id, p.post_id FROM topics t
    JOIN posts p ON p.post_id = t.topic_first_post_id AND p.topic_id = t.topic_id
), opening AS (
    SELECT post_id FROM told
    UNION ALL
    SELECT min(p.post_id) AS post_id FROM posts p ANTI JOIN told ON told.topic_id = p.topic_id GROUP BY p.topic_id
), attached AS (
    SELECT post_msg_id AS post_id, count(*) AS attachments
    FROM attachments WHERE coalesce(in_message, 0) = 0 AND coalesce(is_orphan, 0) = 0
    GROUP BY post_msg_id
)
SELECT p.post_id AS post, p.topic_id AS thread, nullif(p.forum_id, 0) AS section, nullif(p.poster_id, 0) AS author,
       p.post_time AS at, o.post_id IS NOT NULL AS is_opening, p.post_edit_time AS edited_at,
       CASE coalesce(p.post_visibility, p.post_approved, 1)
            WHEN 1 THEN 'visible' WHEN 2 THEN 'deleted' ELSE 'unapproved' END AS state,
       coalesce(a.attachments, 0) AS attachments
FROM posts p
LEFT JOIN opening o ON o.post_id = p.post_id
LEFT JOIN attached a ON a.post_id = p.post_id
"""

_OBJECT = f"""
SELECT attach_id AS object, nullif(poster_id, 0) AS uploader, filetime AS at,
       {size_band("filesize")} AS size_band, download_count AS downloads
FROM attachments
"""

_REACTION = """
SELECT user_id AS giver, nullif(poster_id, 0) AS receiver, nullif(post_id, 0) AS post, thanks_time AS at,
       'thanks' AS kind
FROM thanks
"""

_ENVELOPES = """
FROM privmsgs_to r LEFT JOIN privmsgs m ON m.msg_id = r.msg_id
WHERE coalesce(r.folder_id NOT IN (-1, -2), r.user_id <> coalesce(m.author_id, r.author_id), TRUE)
"""
_MESSAGE = f"""
SELECT DISTINCT r.msg_id AS message, nullif(coalesce(m.author_id, r.author_id), 0) AS sender, r.user_id AS recipient,
       m.message_time AS at
{_ENVELOPES}
"""

_LEFT_OUT = f"""
SELECT m.msg_id AS message, nullif(m.author_id, 0) AS sender, m.recipient, m.message_time AS at
FROM (
    SELECT DISTINCT msg_id, author_id, message_time,
           unnest(list_filter(list_concat(to_address, bcc_address), lambda number: number > 0)) AS recipient
    FROM privmsgs
) m
ANTI JOIN (SELECT r.msg_id, r.user_id {_ENVELOPES}) r ON r.msg_id = m.msg_id AND r.user_id = m.recipient
"""
"""Recipients who have removed their copy: the message itself still has their address."""

_THREAD_READ = """
SELECT user_id AS member, nullif(topic_id, 0) AS thread, nullif(forum_id, 0) AS section, mark_time AS at,
       'read-mark' AS kind
FROM topics_track
"""

_SECTION_READ = """
SELECT user_id AS member, nullif(forum_id, 0) AS section, mark_time AS at, 'read-mark' AS kind FROM forums_track
"""

_VISIT = """
SELECT user_id AS member, greatest(user_lastvisit, user_last_active) AS at, 'visit' AS kind
FROM users WHERE user_id <> 1 AND greatest(user_lastvisit, user_last_active) IS NOT NULL
"""

_BAN_SANCTION = f"""
SELECT b.member, min(l.actor) AS "by", 'ban' AS kind, b.start_at AS at, b.end_at AS until
FROM ({BANS}) b
LEFT JOIN ({USER_LOG} AND log_operation = 1) l
       ON l.member = b.member AND abs(b.start_at - l.log_time) <= {SAME_MOMENT}
GROUP BY b.ban_id, b.member, b.start_at, b.end_at
"""

_WARNING_SANCTION = f"""
SELECT w.user_id AS member, l.actor AS "by", 'warning' AS kind, w.warning_time AS at
FROM warnings w LEFT JOIN ({USER_LOG}) l ON l.log_id = w.log_id AND l.member = w.user_id
"""

_LOGGED_SANCTION = f"""
SELECT member, actor AS "by", 'ban' AS kind, start_at AS at, end_at AS until FROM ({LOGGED_BANS})
UNION ALL
SELECT l.member, l.actor AS "by", 'warning' AS kind, l.log_time AS at, NULL AS until
FROM ({USER_LOG} AND log_operation = 3) l
WHERE NOT EXISTS (SELECT 1 FROM warnings w WHERE w.log_id = l.log_id)
UNION ALL
{LOGGED_RESTRICTIONS}
UNION ALL
{LOGGED_REMOVALS}
"""

_DEACTIVATED = f"""
SELECT u.user_id AS member, min(l.actor) AS "by", 'restriction' AS kind, u.user_inactive_time AS at
FROM users u
LEFT JOIN ({USER_LOG} AND log_operation = 4) l
       ON l.member = u.user_id AND abs(l.log_time - u.user_inactive_time) <= {SAME_MOMENT}
WHERE u.user_type = 1 AND u.user_inactive_reason = 3
GROUP BY u.user_id, u.user_inactive_time
"""

_REMOVAL = """
SELECT p.poster_id AS member, p.post_delete_user AS "by", 'removal' AS kind, p.post_delete_time AS at
FROM posts p LEFT JOIN topics t ON t.topic_id = p.topic_id
WHERE p.post_visibility = 2 AND p.post_delete_user > 0 AND p.poster_id > 1 AND p.post_delete_user <> p.poster_id
  AND NOT (t.topic_visibility = 2 AND t.topic_delete_time IS NOT DISTINCT FROM p.post_delete_time
           AND t.topic_first_post_id IS DISTINCT FROM p.post_id)
"""

_ASSEMBLY: Final = {
    "member": {"users": _MEMBER},
    "role_spell": {
        "users": FOUNDERS,
        "user_group": GROUP_ROLES,
        "moderator_cache": SECTION_MODERATORS,
        "banlist": f"SELECT member, 'banned' AS role, start_at, end_at, 'snapshot' AS evidence FROM ({BANS})",
        "log": f"""SELECT member, 'banned' AS role, NULL::BIGINT AS rank, start_at, end_at, 'log' AS evidence
                   FROM ({LOGGED_BANS}) WHERE end_at IS NOT NULL
                   UNION ALL {LOGGED_ROLES}""",
    },
    "section": {"forums": "SELECT forum_id AS section, nullif(parent_id, 0) AS parent FROM forums"},
    "thread": {"topics": _THREAD},
    "post": {"posts": _POST},
    "reaction": {"thanks": _REACTION},
    "message": {"privmsgs_to": _MESSAGE, "privmsgs": _LEFT_OUT},
    "view": {"topics_track": _THREAD_READ, "forums_track": _SECTION_READ, "users": _VISIT},
    "object": {"attachments": _OBJECT},
    "sanction": {
        "banlist": _BAN_SANCTION,
        "warnings": _WARNING_SANCTION,
        "log": _LOGGED_SANCTION,
        "users": _DEACTIVATED,
        "posts": _REMOVAL,
    },
    "moderation": {"log": MODERATION},
}

_ABSENT: Final = {
    "download": "phpBB counts an attachment's downloads and does not log who made them",
    "external_event": "not in a forum's own records; the custodian knows them",
    "post.parent_post": "phpBB does not record which post a post replies to",
    "object.class": "needs a list of hashes that stays outside",
    "role_spell.start_at": "phpBB keeps today's groups; its log, which has changes, was emptied or names nobody here",
    "role_spell.end_at": "phpBB keeps today's groups; its log, which has changes, was emptied or names nobody here",
    "moderation.from_section": "the log names sections: no thread was moved, or the sections have other names now",
    "moderation.to_section": "the log names sections: no thread was moved, or the sections have other names now",
    "reaction.at": "the extension recorded no times when these thanks were given",
}

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        "SELECT count(*) FROM posts WHERE poster_id = 1",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their members count as registered",
        """SELECT count(*) FROM groups g ANTI JOIN custodian_group c ON c.id = g.group_id
           WHERE g.group_type <> 3 OR g.group_name < 0""",
    ),
    SourceFinding(
        "accounts-never-activated",
        Severity.NOTE,
        "{count} accounts were registered and never activated: they could not post",
        "SELECT count(*) FROM users WHERE user_type = 1 AND user_inactive_reason = 1",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} shadows of moved threads were left out: the threads themselves are there",
        "SELECT count(*) FROM topics WHERE topic_moved_id > 0",
    ),
    SourceFinding(
        "address-bans",
        Severity.NOTE,
        "{count} bans are of addresses and name no member: they were left out",
        "SELECT count(*) FROM banlist WHERE coalesce(ban_userid, 0) = 0",
    ),
    SourceFinding(
        "messages-without-recipient",
        Severity.NOTE,
        "{count} private messages have no recipient left, because every recipient deleted them and no address is kept: "
        "they were left out",
        f"""SELECT count(*) FROM privmsgs m
            ANTI JOIN (SELECT r.msg_id AS message {_ENVELOPES}) r ON r.message = m.msg_id
            ANTI JOIN (SELECT message FROM ({_LEFT_OUT})) a ON a.message = m.msg_id""",
    ),
    SourceFinding(
        "log-names-unresolved",
        Severity.NOTE,
        "{count} changes of groups in the log name a group or members that are not there any more: not used",
        UNRESOLVED,
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: phpBB keeps no earlier ones",
        f"SELECT count(*) FROM ({_VISIT})",
    ),
)

PHPBB: Final = Source(
    software=Software.PHPBB,
    title="phpBB 3.0 to 3.3",
    tables=_TABLES,
    detect=("posts", "topics", "forums", "users", "privmsgs_to"),
    assembly=_ASSEMBLY,
    absent=_ABSENT,
    findings=_FINDINGS,
    group_table=("groups", "group_id", "group_name"),
    section_table=("forums", "forum_id", "forum_name"),
)
