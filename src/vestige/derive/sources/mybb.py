"""MyBB 1.6 and 1.8.

What it can supply:

    member          users; one more for all guests and deleted authors, whom the package writes as user 0
    role_spell      users (primary and additional groups) + usergroups (by their rights, own groups by the custodian's
                    map), moderators (of sections), promotionlogs (automatic promotions, dated), banned,
                    moderatorlog (bans that were lifted)
    section         forums
    thread          threads, without the shadows that moved threads leave behind and without drafts
    post            posts, without drafts; attachments (counted)
    object          attachments
    reaction        reputation, threadratings; thanks (extension "Thank You/Like System")
    message         privatemessages: copies of one message put together by sender, moment and list of recipients
    view            threadsread, forumsread (read-marks: a member had read up to then), users (last visit)
    sanction        banned, warnings, moderatorlog (bans, soft deletions, who did it), users (suspended or moderated),
                    threads (soft deletion)
    moderation      moderatorlog (entries that quote no title; where a thread went by its next move or today's place)

and what it cannot: who downloaded (a counter only), group changes made by hand (the log of administrators does not
say which group), a reply to the opening post (also written where nothing was chosen). Facts: MyBB's own schema and
code, 1.8.37; times are seconds since the epoch, 0 is unset. Log entries are in the board's language; the English ones
are known.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Packing, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import kind_of, words_of
from vestige.results import Severity

LOG_ACTIONS: Final = {
    b"Banned User": 1,
    b"Lifted User Ban": 2,
    b"Soft Deleted Post": 3,
    b"Selected Posts Soft Deleted": 3,
    **words_of(
        {
            ModerationKind.MOVE: (b"Thread Moved", b"Threads Moved"),
            ModerationKind.MERGE: (b"Threads Merged",),
            ModerationKind.SPLIT: (b"Thread Split",),
            ModerationKind.COPY: (b"Thread Copied", b"Threads Copied"),
            ModerationKind.CLOSE: (b"Thread Closed", b"Threads Closed"),
            ModerationKind.OPEN: (b"Thread Opened", b"Threads Opened"),
            ModerationKind.STICK: (b"Thread Stuck", b"Threads Stuck"),
            ModerationKind.UNSTICK: (b"Thread Unstuck", b"Threads Unstuck"),
            ModerationKind.APPROVE: (b"Threads Approved", b"Selected Posts Approved"),
            ModerationKind.UNAPPROVE: (b"Threads Unapproved", b"Selected Posts Unapproved"),
            ModerationKind.REMOVE: (b"Thread Soft Deleted", b"Threads Soft Deleted", b"Selected Threads Soft Deleted"),
            ModerationKind.RESTORE: (
                b"Thread Restored", b"Threads Restored", b"Selected Threads Restored", b"Post Restored",
                b"Restored Post", b"Selected Posts Restored",
            ),
            ModerationKind.DELETE: (b"Threads Deleted", b"Deleted Post", b"Post Deleted"),
            ModerationKind.OTHER: (b"Thread Notes Edited", b"Merged Selective Posts", b"Thread Redirects Removed"),
        }
    ),
}  # fmt: skip
"""Entries of the moderators' log that name no subject; those below 100 concern a member as well."""

LOG_DATA: Final = {b"uid": -1, b"pids": -2}
"""Keys of the log's PHP-serialised data under which ids stand."""

MOVED: Final = {b"moved|": -1}
"""How `threads.closed` says that a thread is the shadow of another."""


_TABLES: Final = (
    declare_table(
        "users",
        SourceColumn("username", Cell.HANDLE),
        SourceColumn("additionalgroups", Cell.NUMBERS),
        key="uid usergroup",
        numbers="moderateposts suspendposting",
        seconds="regdate lastvisit lastactive moderationtime suspensiontime",
        required=True,
    ),
    declare_table("usergroups", key="gid", numbers="type isbannedgroup cancp issupermod", required=True),
    declare_table("moderators", key="id", numbers="isgroup"),
    declare_table(
        "promotionlogs",
        SourceColumn("oldusergroup", Cell.NUMBERS),
        SourceColumn("dateline", Cell.SECONDS, required=True),
        SourceColumn("type", Cell.WORD, vocabulary={b"primary": 1, b"secondary": 2}),
        key="plid uid newusergroup",
    ),
    declare_table("forums", key="fid", numbers="pid", required=True),
    declare_table(
        "threads",
        SourceColumn("closed", Cell.NUMBERS, packing=Packing.PREFIXED, vocabulary=MOVED),
        key="tid",
        numbers="fid uid firstpost visible views",
        seconds="dateline deletetime",
        required=True,
    ),
    declare_table(
        "posts",
        SourceColumn("dateline", Cell.SECONDS, required=True),
        key="pid tid uid",
        numbers="replyto fid visible",
        seconds="edittime",
        required=True,
    ),
    declare_table("threadviews", key="tid"),
    declare_table("attachments", key="aid", numbers="pid uid filesize downloads", seconds="dateuploaded"),
    declare_table("reputation", key="adduid", numbers="uid pid reputation", seconds="dateline"),
    declare_table("g33k_thankyoulike_thankyoulike", key="pid uid", numbers="puid", seconds="dateline"),
    declare_table("threadratings", key="tid uid", numbers="rating"),
    declare_table(
        "privatemessages",
        SourceColumn("recipients", Cell.NUMBERS, packing=Packing.VALUES),
        key="pmid",
        numbers="uid toid fromid folder",
        seconds="dateline",
    ),
    declare_table("threadsread", key="tid uid", seconds="dateline"),
    declare_table("forumsread", key="fid uid", seconds="dateline"),
    declare_table(
        "banned",
        SourceColumn("oldadditionalgroups", Cell.NUMBERS),
        key="uid",
        numbers="oldgroup admin",
        seconds="dateline lifted",
    ),
    declare_table("warnings", key="uid", numbers="issuedby", seconds="dateline expires daterevoked"),
    declare_table(
        "moderatorlog",
        SourceColumn("dateline", Cell.SECONDS, required=True),
        SourceColumn("action", Cell.WORD, vocabulary=LOG_ACTIONS),
        SourceColumn("data", Cell.NUMBERS, packing=Packing.VALUES, vocabulary=LOG_DATA),
        key="uid",
        numbers="fid tid pid",
    ),
)

_DRAFT = -2
_IS_DRAFT = f"coalesce(visible, 1) = {_DRAFT}"
_IS_SHADOW = "coalesce(len(closed), 0) > 0"
_STATE = "CASE coalesce({0}visible, 1) WHEN 1 THEN 'visible' WHEN -1 THEN 'deleted' ELSE 'unapproved' END AS state"

_MEMBER = """
SELECT uid AS member, regdate AS registered_at, 'member' AS kind, username AS linked_pseudonym FROM users WHERE uid > 0
UNION ALL
SELECT 0, NULL, 'guest', NULL WHERE EXISTS (SELECT 1 FROM posts WHERE uid = 0)
"""

_ROLE = """
SELECT g.gid,
       coalesce(c.role, CASE WHEN g.gid = 1 AND coalesce(g.type, 1) = 1 THEN NULL
                             WHEN g.isbannedgroup = 1 THEN 'banned'
                             WHEN g.cancp = 1 THEN 'administrator'
                             WHEN g.issupermod = 1 OR (g.gid = 6 AND coalesce(g.type, 1) = 1) THEN 'moderator'
                             ELSE 'registered' END) AS role,
       CASE WHEN c.role IS NOT NULL THEN c.rank
            WHEN g.isbannedgroup = 1 THEN NULL
            WHEN g.cancp = 1 OR g.issupermod = 1 THEN 0
            WHEN g.gid = 6 AND coalesce(g.type, 1) = 1 THEN 1 END AS rank
FROM usergroups g LEFT JOIN custodian_group c ON c.id = g.gid
"""
"""Role of each group: 1 is of guests, 6 of moderators; the other standing groups are told by their rights."""

_HELD = f"""
SELECT h.member, r.role, min(r.rank) AS rank
FROM (
    SELECT uid AS member, usergroup AS gid FROM users
    UNION ALL
    SELECT uid, unnest(additionalgroups) FROM users
) h JOIN ({_ROLE}) r ON r.gid = h.gid
WHERE h.member > 0 AND r.role IS NOT NULL
GROUP BY h.member, r.role
"""

_BANS = """
SELECT uid AS member, admin AS actor, dateline AS start_at, CASE WHEN lifted > dateline THEN lifted END AS end_at
FROM banned WHERE uid > 0
"""

_CHANGES = f"""
SELECT p.plid, p.uid AS member, p.dateline AS moment, p.type, o.role AS old_role, o.rank AS old_rank,
       n.role AS new_role, n.rank AS new_rank
FROM promotionlogs p
JOIN ({_ROLE}) n ON n.gid = p.newusergroup
LEFT JOIN ({_ROLE}) o ON o.gid = p.oldusergroup[1] AND p.type <> 2
WHERE (o.role, o.rank) IS DISTINCT FROM (n.role, n.rank)
"""

_PROMOTED = f"""
WITH changes AS ({_CHANGES}), primaries AS (
    SELECT c.*, lead(c.moment) OVER one AS next_at, row_number() OVER one AS place,
           CASE WHEN b.start_at >= c.moment THEN b.start_at END AS banned_at
    FROM changes c LEFT JOIN (SELECT member, min(start_at) AS start_at FROM ({_BANS}) GROUP BY member) b
         ON b.member = c.member
    WHERE c.type <> 2 WINDOW one AS (PARTITION BY c.member ORDER BY c.moment, c.plid)
)
SELECT member, new_role AS role, new_rank AS rank, moment AS start_at, coalesce(next_at, banned_at) AS end_at
FROM primaries
UNION ALL
SELECT member, old_role, old_rank, NULL, moment FROM primaries WHERE place = 1 AND old_role IS NOT NULL
UNION ALL
SELECT member, new_role, new_rank, min(moment), NULL FROM changes WHERE type = 2 GROUP BY member, new_role, new_rank
"""

_BEFORE_BAN = f"""
SELECT b.member, r.role, min(r.rank) AS rank, b.start_at AS end_at
FROM (
    SELECT uid AS member, oldgroup AS gid, dateline AS start_at FROM banned
    UNION ALL
    SELECT uid, unnest(oldadditionalgroups), dateline FROM banned
) b JOIN ({_ROLE}) r ON r.gid = b.gid AND r.role IS NOT NULL AND r.role <> 'banned'
WHERE b.member > 0 AND NOT EXISTS (
    SELECT 1 FROM ({_PROMOTED}) p WHERE p.member = b.member AND p.role = r.role AND p.end_at = b.start_at)
GROUP BY b.member, r.role, b.start_at
"""

_SNAPSHOT = f"""
SELECT h.member, h.role, h.rank, 'snapshot' AS evidence
FROM ({_HELD}) h
WHERE NOT (h.role = 'banned' AND h.member IN (SELECT uid FROM banned))
  AND NOT EXISTS (
    SELECT 1 FROM ({_PROMOTED}) p
    WHERE p.member = h.member AND p.role = h.role AND p.rank IS NOT DISTINCT FROM h.rank AND p.end_at IS NULL)
"""

_SECTION_MODERATORS = f"""
SELECT DISTINCT s.member, 'moderator' AS role, 1 AS rank, 'snapshot' AS evidence
FROM (
    SELECT id AS member FROM moderators WHERE coalesce(isgroup, 0) = 0
    UNION ALL
    SELECT u.uid FROM moderators m JOIN users u ON u.usergroup = m.id OR list_contains(u.additionalgroups, m.id)
    WHERE m.isgroup = 1
) s
WHERE s.member > 0 AND s.member NOT IN (SELECT member FROM ({_HELD}) WHERE role IN ('administrator', 'moderator'))
"""

_LOGGED = """
SELECT uid AS actor, dateline AS moment, action, tid, pid, data[list_position(data, -1) + 1] AS member, data
FROM moderatorlog
"""
_SAME_MOMENT = 60_000_000
"""Microseconds: the package writes a sanction and its log entry in one request."""

_LOGGED_BANS = f"""
SELECT l.member, l.actor, l.moment AS start_at, e.moment AS end_at
FROM (SELECT * FROM ({_LOGGED}) WHERE action = 1 AND member > 0) l
ASOF LEFT JOIN (SELECT * FROM ({_LOGGED}) WHERE action = 2 AND member > 0) e
     ON e.member = l.member AND l.moment <= e.moment
WHERE NOT EXISTS (
    SELECT 1 FROM ({_BANS}) b WHERE b.member = l.member AND abs(b.start_at - l.moment) <= {_SAME_MOMENT})
"""

_THREAD = f"""
SELECT tid AS thread, nullif(fid, 0) AS section, uid AS starter, dateline AS created_at, {_STATE.format("")},
       views + coalesce(waiting.seen, 0) AS views
FROM threads
LEFT JOIN (SELECT tid AS seen_thread, count(*) AS seen FROM threadviews GROUP BY tid) waiting ON seen_thread = tid
WHERE NOT {_IS_SHADOW} AND NOT {_IS_DRAFT}
"""

_POST = f"""
WITH written AS (SELECT * FROM posts WHERE NOT {_IS_DRAFT}), told AS (
    SELECT t.tid, p.pid FROM threads t JOIN written p ON p.pid = t.firstpost AND p.tid = t.tid
), opening AS (
    SELECT tid, pid FROM told
    UNION ALL
    SELECT p.tid, min(p.pid) AS pid FROM written p ANTI JOIN told ON told.tid = p.tid GROUP BY p.tid
), attached AS (
    SELECT pid, count(*) AS attachments FROM attachments WHERE pid > 0 GROUP BY pid
)
SELECT p.pid AS post, p.tid AS thread, nullif(p.fid, 0) AS section, p.uid AS author, p.dateline AS at,
       p.pid = o.pid AS is_opening, CASE WHEN p.replyto > 0 AND p.replyto <> o.pid THEN p.replyto END AS parent_post,
       p.edittime AS edited_at, {_STATE.format("p.")}, coalesce(a.attachments, 0) AS attachments
FROM written p
JOIN opening o ON o.tid = p.tid
LEFT JOIN attached a ON a.pid = p.pid
"""

_OBJECT = f"""
SELECT aid AS object, uid AS uploader, dateuploaded AS at,
       {size_band("filesize")} AS size_band, downloads
FROM attachments
"""

_REPUTATION = """
SELECT adduid AS giver, uid AS receiver, nullif(pid, 0) AS post, dateline AS at, 'reputation' AS kind,
       coalesce(reputation, 1) AS weight
FROM reputation WHERE adduid > 0
"""

_THANKS = """
SELECT uid AS giver, nullif(puid, 0) AS receiver, nullif(pid, 0) AS post, dateline AS at, 'thanks' AS kind
FROM g33k_thankyoulike_thankyoulike WHERE uid > 0
"""

_RATING = """
SELECT r.uid AS giver, t.uid AS receiver, nullif(t.firstpost, 0) AS post, 'other' AS kind,
       coalesce(r.rating, 0) AS weight
FROM threadratings r JOIN threads t ON t.tid = r.tid WHERE r.uid > 0
"""

_ADDRESSED = """
SELECT pmid, uid, fromid, dateline, coalesce(folder, 1) = 2 AS sent,
       CASE WHEN len(recipients) > 0 THEN list_sort(list_distinct(recipients))
            WHEN toid > 0 THEN [toid] WHEN uid <> coalesce(fromid, 0) THEN [uid] ELSE [] END AS recipients
FROM privatemessages WHERE coalesce(folder, 1) <> 3
"""
"""Nobody holds two copies of a message, unless he wrote to himself: what he holds twice was sent twice."""
_MESSAGE = f"""
SELECT message, sender, unnest(recipients) AS recipient, moment AS at
FROM (
    SELECT min(pmid) AS message, nullif(fromid, 0) AS sender, recipients, dateline AS moment
    FROM (SELECT *, row_number() OVER (PARTITION BY fromid, dateline, recipients, uid, sent ORDER BY pmid) AS place
          FROM ({_ADDRESSED}))
    GROUP BY fromid, dateline, recipients, place
)
"""

_THREAD_READ = "SELECT uid AS member, tid AS thread, dateline AS at, 'read-mark' AS kind FROM threadsread"
_SECTION_READ = "SELECT uid AS member, fid AS section, dateline AS at, 'read-mark' AS kind FROM forumsread"
_VISIT = """
SELECT uid AS member, greatest(lastvisit, lastactive) AS at, 'visit' AS kind
FROM users WHERE uid > 0 AND greatest(lastvisit, lastactive) IS NOT NULL
"""

_WARNING = """
SELECT uid AS member, nullif(issuedby, 0) AS "by", 'warning' AS kind, dateline AS at,
       CASE WHEN least(expires, daterevoked) >= dateline THEN least(expires, daterevoked) END AS until
FROM warnings
"""

_RESTRICTED = """
SELECT uid AS member, 'restriction' AS kind, suspensiontime AS until FROM users WHERE suspendposting = 1
UNION ALL
SELECT uid, 'restriction', moderationtime FROM users WHERE moderateposts = 1
"""

_THREAD_REMOVAL = f"""
SELECT t.uid AS member, min(l.actor) AS "by", 'removal' AS kind, t.deletetime AS at
FROM threads t
LEFT JOIN ({_LOGGED}) l ON l.tid = t.tid AND abs(l.moment - t.deletetime) <= {_SAME_MOMENT}
WHERE t.visible = -1 AND t.deletetime IS NOT NULL AND t.uid > 0 AND NOT {_IS_SHADOW}
GROUP BY t.tid, t.uid, t.deletetime
HAVING min(l.actor) IS DISTINCT FROM t.uid
"""

_LOGGED_REMOVAL = f"""
SELECT p.uid AS member, l.actor AS "by", 'removal' AS kind, max(l.moment) AS at, NULL::BIGINT AS until
FROM (
    SELECT actor, moment, pid FROM ({_LOGGED}) WHERE action = 3 AND pid > 0
    UNION ALL
    SELECT actor, moment, unnest(list_filter(data, lambda number: number > 0)) FROM ({_LOGGED}) WHERE action = 3
) l JOIN posts p ON p.pid = l.pid
WHERE p.visible = -1 AND p.uid > 0 AND p.uid <> l.actor
GROUP BY p.pid, p.uid, l.actor
"""

_ACTS: Final = f"""
SELECT nullif(uid, 0) AS "by", CASE action WHEN 3 THEN 'remove' ELSE {kind_of("action")} END AS kind, dateline AS at,
       nullif(fid, 0) AS fid, nullif(tid, 0) AS tid, nullif(pid, 0) AS pid
FROM moderatorlog
"""

_MODERATION: Final = f"""
SELECT a."by", a.kind, a.at, CASE WHEN a.kind <> 'merge' THEN a.tid END AS thread, a.pid AS post,
       CASE WHEN a.kind IN ('move', 'copy') THEN a.fid END AS from_section,
       CASE WHEN a.kind = 'move' THEN coalesce(
           lead(a.fid) OVER moves, CASE WHEN lead(a.at) OVER moves IS NULL THEN nullif(t.fid, 0) END) END AS to_section,
       CASE WHEN a.kind = 'merge' THEN a.tid END AS target_thread
FROM ({_ACTS}) a LEFT JOIN threads t ON t.tid = a.tid AND NOT ({_IS_SHADOW})
WHERE a.kind IS NOT NULL
WINDOW moves AS (PARTITION BY a.tid, a.kind ORDER BY a.at)
"""
"""An entry says where a thread stood; the next move, or where it stands today, says where it went."""

_ASSEMBLY: Final = {
    "member": {"users": _MEMBER},
    "role_spell": {
        "users": _SNAPSHOT,
        "moderators": _SECTION_MODERATORS,
        "promotionlogs": f"SELECT *, 'log' AS evidence FROM ({_PROMOTED}) WHERE role IS NOT NULL AND member > 0",
        "banned": f"""SELECT member, 'banned' AS role, NULL AS rank, start_at, end_at, 'snapshot' AS evidence
                      FROM ({_BANS})
                      UNION ALL
                      SELECT member, role, rank, NULL, end_at, 'snapshot' FROM ({_BEFORE_BAN})""",
        "moderatorlog": f"""SELECT member, 'banned' AS role, start_at, end_at, 'log' AS evidence
                            FROM ({_LOGGED_BANS}) WHERE end_at IS NOT NULL""",
    },
    "section": {"forums": "SELECT fid AS section, nullif(pid, 0) AS parent FROM forums"},
    "thread": {"threads": _THREAD},
    "post": {"posts": _POST},
    "reaction": {
        "reputation": _REPUTATION,
        "g33k_thankyoulike_thankyoulike": _THANKS,
        "threadratings": _RATING,
    },
    "message": {"privatemessages": _MESSAGE},
    "view": {"threadsread": _THREAD_READ, "forumsread": _SECTION_READ, "users": _VISIT},
    "object": {"attachments": _OBJECT},
    "sanction": {
        "banned": f"""SELECT member, nullif(actor, 0) AS "by", 'ban' AS kind, start_at AS at, end_at AS until
                      FROM ({_BANS})""",
        "warnings": _WARNING,
        "users": _RESTRICTED,
        "threads": _THREAD_REMOVAL,
        "moderatorlog": f"""SELECT member, actor AS "by", 'ban' AS kind, start_at AS at, end_at AS until
                            FROM ({_LOGGED_BANS}) UNION ALL {_LOGGED_REMOVAL}""",
    },
    "moderation": {"moderatorlog": _MODERATION},
}

_ABSENT: Final = {
    "download": "MyBB counts an attachment's downloads and does not log who made them",
    "external_event": "not in a forum's own records; the custodian knows them",
    "object.class": "needs a list of hashes that stays outside",
    "role_spell.start_at": "MyBB dates automatic promotions only",
    "role_spell.end_at": "MyBB dates automatic promotions only",
}

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        "SELECT count(*) FROM posts WHERE uid = 0",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their rights decide",
        "SELECT count(*) FROM usergroups g ANTI JOIN custodian_group c ON c.id = g.gid WHERE g.type = 2",
    ),
    SourceFinding(
        "accounts-never-activated",
        Severity.NOTE,
        "{count} accounts were registered and never activated: they could not post",
        "SELECT count(*) FROM users WHERE usergroup = 5",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} shadows of moved threads were left out: the threads themselves are there",
        f"SELECT count(*) FROM threads WHERE {_IS_SHADOW}",
    ),
    SourceFinding(
        "drafts",
        Severity.NOTE,
        "{count} posts and private messages are drafts that nobody else saw: they were left out",
        f"SELECT (SELECT count(*) FROM posts WHERE {_IS_DRAFT}) + "
        "(SELECT count(*) FROM privatemessages WHERE folder = 3)",
    ),
    SourceFinding(
        "replies-to-the-opening-post",
        Severity.NOTE,
        "{count} posts are marked as replies to the opening post, which MyBB writes also where nothing was chosen: "
        "what they reply to is unknown",
        "SELECT count(*) FROM posts p JOIN threads t ON t.tid = p.tid WHERE p.replyto = t.firstpost AND p.replyto > 0",
    ),
    SourceFinding(
        "log-entries-in-another-language",
        Severity.NOTE,
        "{count} entries of the moderators' log are of another kind or in another language than English: not used",
        "SELECT count(*) FROM moderatorlog WHERE action = -1",
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: MyBB keeps no earlier ones",
        f"SELECT count(*) FROM ({_VISIT})",
    ),
)

MYBB: Final = Source(
    software=Software.MYBB,
    title="MyBB 1.6 and 1.8",
    tables=_TABLES,
    detect=("threads", "posts", "forums", "users", "privatemessages", "usergroups", "datacache"),
    assembly=_ASSEMBLY,
    absent=_ABSENT,
    findings=_FINDINGS,
    group_table=("usergroups", "gid", "title"),
    section_table=("forums", "fid", "name"),
)
