"""vBulletin 5.

What it can supply:

    member          user; 0 is every guest and every deleted author, made one account here
    role_spell      as in vBulletin 3 and 4: user, usergroup, moderator, userban, userchangelog
    section         node of class Channel, without the roots and the channels of messages, profiles and albums
    thread          node whose parent is a channel
    post            node of a thread, its opening included; a comment on a post says which; attach, photo (counted)
    object          attach and photo nodes, filedata (size)
    reaction        reputation (the votes that the page calls likes)
    message         node of class PrivateMessage + sentto, without the sender's own copy
    view            noderead (read-marks), user (last visit)
    sanction        userban, userchangelog (bans that ended), infraction, node.deleteuserid (content removed by somebody
                    else than its author; when, if moderatorlog says so)

    moderation      moderatorlog (of moves the last one says where to)

and what it cannot: who downloaded (a counter only), what was merged into a thread.
Facts: importers of WoltLab, nitro-porter and Discourse; times are seconds since the epoch, 0 is unset. Everything is a
node: `contenttype.class` says what it is, `parentid` where it hangs, `starter` the node that opened its thread. A
deleted node has a `deleteuserid`, one that waits is not `approved`; what hangs below it is hidden with it. Titles of
sections stand in one column with those of threads: `vestige map` lists none, and kinds are given by id.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import cases
from vestige.derive.sources.vbulletin import MODERATED
from vestige.derive.sources.vbulletin_accounts import (
    ABSENT,
    ACCOUNT_TABLES,
    BANS,
    FINDINGS,
    GUEST,
    MEMBER,
    ROLE_SPELLS,
    VISIT,
)
from vestige.results import Severity

CLASSES: Final = {
    b"Channel": 1, b"Text": 2, b"Poll": 2, b"Gallery": 2, b"Video": 2, b"Link": 2, b"Event": 2,
    b"PrivateMessage": 3, b"Attach": 4, b"Photo": 4,
}  # fmt: skip
"""1 channels, 2 what members write in them, 3 private messages, 4 attached objects; reports and such are none."""
CHANNELS: Final = {
    b"vbulletin-4ecbdf567f2773.55528984": 1,
    b"vbulletin-4ecbdf567f2c35.70389590": 1,
    b"vbulletin-4ecbdf567f3da8.31769341": 2,
    b"vbulletin-4ecbdf567f36c3.90966558": 2,
    b"vbulletin-4ecbdf567f3a38.99555303": 2,
}
"""Channels that every forum has: 1 the roots of everything and of the forum; 2 messages, profiles, albums."""
MESSAGES: Final = {b"message": 1}
NODES_MODERATED: Final = {
    **MODERATED,
    65: ModerationKind.OPEN, 66: ModerationKind.CLOSE, 67: ModerationKind.COPY, 68: ModerationKind.MOVE,
    69: ModerationKind.OTHER, 70: ModerationKind.OTHER, 71: ModerationKind.APPROVE, 72: ModerationKind.UNAPPROVE,
    73: ModerationKind.REMOVE, 74: ModerationKind.DELETE, 75: ModerationKind.RESTORE, 76: ModerationKind.EDIT,
    77: ModerationKind.STICK, 78: ModerationKind.UNSTICK, 79: ModerationKind.MERGE,
}  # fmt: skip
"""`moderatorlog.type`: what was taken over from version 4, and this version's own."""

_TABLES: Final = (
    *ACCOUNT_TABLES,
    declare_table(
        "node",
        key="nodeid parentid contenttypeid",
        numbers="userid starter approved deleteuserid",
        seconds="publishdate created",
        required=True,
    ),
    declare_table(
        "contenttype",
        SourceColumn("class", Cell.WORD, required=True, vocabulary=CLASSES),
        key="contenttypeid",
        required=True,
    ),
    declare_table("channel", SourceColumn("guid", Cell.WORD, vocabulary=CHANNELS), key="nodeid"),
    declare_table("editlog", key="nodeid", seconds="dateline"),
    declare_table("postedithistory", key="nodeid", seconds="dateline"),
    declare_table("privatemessage", SourceColumn("msgtype", Cell.WORD, vocabulary=MESSAGES), key="nodeid"),
    declare_table("sentto", key="nodeid userid"),
    declare_table("nodeview", key="nodeid count"),
    declare_table("attach", key="nodeid", numbers="filedataid counter"),
    declare_table("photo", key="nodeid", numbers="filedataid"),
    declare_table("filedata", key="filedataid", numbers="filesize"),
    declare_table("reputation", key="whoadded", numbers="nodeid userid reputation", seconds="dateline"),
    declare_table("infraction", key="infracteduserid", numbers="nodeid action", seconds="actiondateline expires"),
    declare_table("noderead", key="userid nodeid", seconds="readtime"),
    declare_table(
        "moderatorlog",
        SourceColumn("type", Cell.WORD, vocabulary={str(number).encode(): number for number in NODES_MODERATED}),
        key="userid nodeid",
        seconds="dateline",
    ),
)

_NODE: Final = """
SELECT n.nodeid, n.parentid, n.userid, coalesce(n.publishdate, n.created) AS moment, nullif(n.starter, 0) AS starter,
       n.deleteuserid, n.deleteuserid IS NOT NULL AS deleted, coalesce(n.approved, 1) = 0 AS waits, t.class
FROM node n JOIN contenttype t ON t.contenttypeid = n.contenttypeid
"""

_CHANNEL: Final = f"""
SELECT n.nodeid, n.parentid, coalesce(c.guid, 0) AS guid
FROM ({_NODE}) n LEFT JOIN channel c ON c.nodeid = n.nodeid WHERE n.class = 1
"""

_THREADS: Final = f"""
SELECT n.*, CASE WHEN c.guid < 1 THEN c.nodeid END AS section
FROM ({_NODE}) n JOIN ({_CHANNEL}) c ON c.nodeid = n.parentid WHERE n.class = 2 AND c.guid < 2
"""

_POSTS: Final = f"""
SELECT n.*, coalesce(n.starter, CASE WHEN n.nodeid IN (SELECT nodeid FROM ({_THREADS})) THEN n.nodeid
       WHEN n.parentid IN (SELECT nodeid FROM ({_THREADS})) THEN n.parentid ELSE p.parentid END) AS thread
FROM ({_NODE}) n LEFT JOIN node p ON p.nodeid = n.parentid
WHERE n.class = 2
"""
"""Where no starter is written, a post hangs on its thread and a comment on a post."""

_STATE: Final = """CASE WHEN t.deleted {post_deleted} THEN 'deleted'
            WHEN t.waits {post_waits} THEN 'unapproved' ELSE 'visible' END AS state"""

_POST: Final = f"""
WITH threads AS ({_THREADS}), posts AS ({_POSTS}), attached AS (
    SELECT n.parentid AS nodeid, count(*) AS attachments FROM ({_NODE}) n
    WHERE n.class = 4 AND n.nodeid IN (SELECT nodeid FROM attach UNION ALL SELECT nodeid FROM photo)
    GROUP BY n.parentid
), edited AS (
    SELECT e.nodeid, max(e.dateline) AS edited_at
    FROM (SELECT nodeid, dateline FROM editlog UNION ALL
          SELECT h.nodeid, h.dateline FROM postedithistory h JOIN posts p ON p.nodeid = h.nodeid
          WHERE h.dateline > p.moment) e
    GROUP BY e.nodeid
)
SELECT p.nodeid AS post, t.nodeid AS thread, t.section, p.userid AS author, p.moment AS at,
       p.nodeid = t.nodeid AS is_opening, CASE WHEN p.parentid <> t.nodeid AND p.nodeid <> t.nodeid THEN p.parentid END
           AS parent_post, e.edited_at,
       {_STATE.format(post_deleted="OR p.deleted", post_waits="OR p.waits")},
       coalesce(a.attachments, 0) AS attachments
FROM posts p
JOIN threads t ON t.nodeid = p.thread
LEFT JOIN attached a ON a.nodeid = p.nodeid
LEFT JOIN edited e ON e.nodeid = p.nodeid
ORDER BY p.nodeid
"""

_OBJECT: Final = f"""
SELECT n.nodeid AS object, n.userid AS uploader, n.moment AS at,
       {size_band("f.filesize")} AS size_band, a.counter AS downloads
FROM ({_NODE}) n
JOIN (SELECT nodeid, filedataid, counter FROM attach UNION ALL SELECT nodeid, filedataid, NULL FROM photo) a
  ON a.nodeid = n.nodeid
LEFT JOIN filedata f ON f.filedataid = a.filedataid
WHERE n.class = 4 ORDER BY n.nodeid
"""

_MESSAGE: Final = f"""
SELECT DISTINCT n.nodeid AS message, n.userid AS sender, s.userid AS recipient, n.moment AS at
FROM ({_NODE}) n
JOIN sentto s ON s.nodeid = n.nodeid
LEFT JOIN privatemessage m ON m.nodeid = n.nodeid
WHERE n.class = 3 AND s.userid > 0 AND s.userid <> n.userid AND coalesce(m.msgtype, 1) = 1
"""

_READ: Final = f"""
SELECT r.userid AS member, t.nodeid AS thread, coalesce(t.section, c.nodeid) AS section, r.readtime AS at,
       'read-mark' AS kind
FROM noderead r
LEFT JOIN ({_THREADS}) t ON t.nodeid = r.nodeid
LEFT JOIN ({_CHANNEL}) c ON c.nodeid = r.nodeid AND c.guid < 1
WHERE t.nodeid IS NOT NULL OR c.nodeid IS NOT NULL
"""

_INFRACTION: Final = f"""
SELECT i.infracteduserid AS member, nullif(n.userid, 0) AS "by", 'warning' AS kind, n.moment AS at,
       CASE WHEN i.action = 2 THEN coalesce(i.actiondateline, i.expires) ELSE i.expires END AS until
FROM infraction i LEFT JOIN ({_NODE}) n ON n.nodeid = i.nodeid
"""

_REMOVAL: Final = f"""
SELECT n.userid AS member, n.deleteuserid AS "by", 'removal' AS kind, l.moment AS at
FROM ({_NODE}) n
LEFT JOIN (SELECT nodeid, userid, max(dateline) AS moment FROM moderatorlog
           WHERE type IS NULL OR {cases("type", NODES_MODERATED)} IN ('remove', 'delete') GROUP BY nodeid, userid) l
       ON l.nodeid = n.nodeid AND l.userid = n.deleteuserid
WHERE n.class = 2 AND n.deleteuserid > 0 AND n.userid > 0 AND n.deleteuserid <> n.userid
"""

_MODERATION: Final = f"""
WITH threads AS ({_THREADS}), posts AS ({_POSTS}), acts AS (
    SELECT l.userid, l.dateline, {cases("l.type", NODES_MODERATED)} AS kind, coalesce(p.thread, t.nodeid) AS thread,
           CASE WHEN t.nodeid IS NULL THEN p.nodeid END AS post, t.section
    FROM moderatorlog l
    LEFT JOIN threads t ON t.nodeid = l.nodeid
    LEFT JOIN posts p ON p.nodeid = l.nodeid
)
SELECT nullif(userid, 0) AS "by", kind, dateline AS at, CASE WHEN kind <> 'merge' THEN thread END AS thread, post,
       CASE WHEN kind = 'move' AND lead(dateline) OVER moves IS NULL THEN section END AS to_section,
       CASE WHEN kind = 'merge' THEN thread END AS target_thread
FROM acts WHERE kind IS NOT NULL
WINDOW moves AS (PARTITION BY thread, kind ORDER BY dateline)
"""
"""An entry has the node alone: where a thread went is known of its last move, since it stands there."""

_ASSEMBLY: Final = {
    "member": {"user": MEMBER, "node": GUEST.format(written=f"({_NODE}) WHERE class IN (2, 3) AND userid = 0")},
    "role_spell": ROLE_SPELLS,
    "section": {
        "node": f"""SELECT c.nodeid AS section, p.nodeid AS parent
                    FROM ({_CHANNEL}) c LEFT JOIN ({_CHANNEL}) p ON p.nodeid = c.parentid AND p.guid < 1
                    WHERE c.guid < 1"""
    },
    "thread": {
        "node": f"""SELECT t.nodeid AS thread, t.section, t.userid AS starter, t.moment AS created_at,
                           {_STATE.format(post_deleted="", post_waits="")}, v.count AS views
                    FROM ({_THREADS}) t LEFT JOIN nodeview v ON v.nodeid = t.nodeid"""
    },
    "post": {"node": _POST},
    "reaction": {
        "reputation": """SELECT whoadded AS giver, userid AS receiver, nullif(nodeid, 0) AS post, dateline AS at,
                                'like' AS kind, coalesce(reputation, 1) AS weight FROM reputation"""
    },
    "message": {"node": _MESSAGE},
    "view": {"noderead": _READ, "user": VISIT},
    "object": {"node": _OBJECT},
    "sanction": {**BANS, "infraction": _INFRACTION, "node": _REMOVAL},
    "moderation": {"moderatorlog": _MODERATION},
}

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        f"SELECT count(*) FROM ({_POSTS}) p JOIN ({_THREADS}) t ON t.nodeid = p.thread WHERE p.userid = 0",
    ),
    SourceFinding(
        "other-nodes",
        Severity.NOTE,
        "{count} texts stand on profiles, in albums or elsewhere outside the forum: they were left out",
        f"SELECT count(*) FROM ({_POSTS}) p ANTI JOIN ({_THREADS}) t ON t.nodeid = p.thread",
    ),
    *FINDINGS,
)

VBULLETIN5: Final = Source(
    software=Software.VBULLETIN5,
    title="vBulletin 5",
    tables=_TABLES,
    detect=("node", "contenttype", "sentto"),
    assembly=_ASSEMBLY,
    absent={
        **ABSENT,
        "moderation.from_section": "the log has the thread that was moved, and not from where",
        "moderation.member": "the log does not say whose thread or post it was",
        "post.parent_post": "nobody commented on a post: every post answers its thread",
        "reaction": "nobody voted for a post",
    },
    findings=_FINDINGS,
    group_table=("usergroup", "usergroupid", "title"),
)
