"""vBulletin 3 and 4.

What it can supply:

    member          user; 0 is every guest and every deleted author, made one account here
    role_spell      user.usergroupid and membergroupids (the installer's groups by themselves, own groups by the
                    custodian's map), moderator (moderators of sections), userban (banned), userchangelog (since when,
                    and roles that ended)
    section         forum
    thread          thread, without the redirects that moved threads leave behind
    post            post, editlog and postedithistory (last edit), attachment (counted); hidden with its thread
    object          attachment, filedata (size, from 4 on)
    reaction        post_thanks (add-on "Post Thank You"), reputation
    message         pmtext (touserarray keeps every recipient) + pm (copies, without the sender's own)
    view            threadread, forumread (read-marks: a member had read up to then), user (last visit)
    sanction        userban, userchangelog (bans that ended), infraction, deletionlog (posts and threads removed by
                    somebody else than their author)

    moderation      moderatorlog (from 3.5 on; where a thread went by the section's name)

and what it cannot: who downloaded (a counter only), what was merged into a thread or split off it.
Facts: importers of WoltLab, nitro-porter, MyBB and phpBB; times are seconds since the epoch, 0 is unset; `visible` is
0 for waiting, 1, 2 for deleted; `thread.open` 10 is a redirect; `post.parentid` is the opening post where nobody chose
one; 3.x keeps attachments by `postid`, 4.x by `contentid` and a content type.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Packing, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import cases
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

REMOVED_KINDS: Final = {b"post": 1, b"thread": 2}
POST_CONTENT: Final = {b"Post": 1}

MODERATED: Final = {
    1: ModerationKind.CLOSE, 2: ModerationKind.OPEN, 3: ModerationKind.MOVE, 4: ModerationKind.MOVE,
    5: ModerationKind.COPY, 6: ModerationKind.EDIT, 7: ModerationKind.MERGE, 8: ModerationKind.SPLIT,
    9: ModerationKind.UNSTICK, 10: ModerationKind.STICK, 11: ModerationKind.OTHER, 12: ModerationKind.OTHER,
    13: ModerationKind.OTHER, 14: ModerationKind.REMOVE, 15: ModerationKind.DELETE, 16: ModerationKind.RESTORE,
    17: ModerationKind.REMOVE, 18: ModerationKind.DELETE, 19: ModerationKind.RESTORE, 20: ModerationKind.EDIT,
    21: ModerationKind.APPROVE, 22: ModerationKind.UNAPPROVE, 23: ModerationKind.MERGE, 24: ModerationKind.UNAPPROVE,
    25: ModerationKind.APPROVE, 26: ModerationKind.OTHER, 27: ModerationKind.APPROVE, 28: ModerationKind.UNAPPROVE,
    29: ModerationKind.EDIT, 30: ModerationKind.OTHER, 31: ModerationKind.COPY,
}  # fmt: skip
"""`moderatorlog.type`, of threads, posts and attachments; versions before 3.5 logged a text alone."""


_TABLES: Final = (
    *ACCOUNT_TABLES,
    declare_table("forum", SourceColumn("title", Cell.NAME), key="forumid", numbers="parentid", required=True),
    declare_table(
        "thread",
        key="threadid",
        numbers="forumid postuserid firstpostid open visible views",
        seconds="dateline",
        required=True,
    ),
    declare_table("threadviews", key="threadid"),
    declare_table(
        "post",
        SourceColumn("dateline", Cell.SECONDS, required=True),
        key="postid threadid userid",
        numbers="parentid visible",
        required=True,
    ),
    declare_table("editlog", SourceColumn("dateline", Cell.SECONDS, required=True), key="postid"),
    declare_table("postedithistory", SourceColumn("dateline", Cell.SECONDS, required=True), key="postid"),
    declare_table(
        "deletionlog",
        SourceColumn("type", Cell.WORD, required=True, vocabulary=REMOVED_KINDS),
        key="primaryid",
        numbers="userid",
        seconds="dateline",
    ),
    declare_table(
        "attachment",
        key="attachmentid",
        numbers="postid contentid contenttypeid userid filedataid filesize counter",
        seconds="dateline",
    ),
    declare_table("filedata", key="filedataid", numbers="filesize"),
    declare_table("contenttype", SourceColumn("class", Cell.WORD, vocabulary=POST_CONTENT), key="contenttypeid"),
    declare_table("post_thanks", key="userid", numbers="postid", seconds="date"),
    declare_table("reputation", key="whoadded", numbers="userid postid reputation", seconds="dateline"),
    declare_table(
        "pmtext",
        SourceColumn("touserarray", Cell.NUMBERS, packing=Packing.KEYS),
        key="pmtextid fromuserid",
        seconds="dateline",
    ),
    declare_table("pm", key="pmtextid userid", numbers="folderid"),
    declare_table("infraction", key="userid", numbers="whoadded action", seconds="dateline expires actiondateline"),
    declare_table(
        "moderatorlog",
        SourceColumn("dateline", Cell.SECONDS, required=True),
        SourceColumn("action", Cell.NAME),
        key="moderatorlogid userid",
        numbers="forumid threadid postid type",
    ),
    declare_table("threadread", key="userid threadid", seconds="readtime"),
    declare_table("forumread", key="userid forumid", seconds="readtime"),
)

_STATE: Final = """CASE WHEN coalesce(t.visible, 1) = 2 {post_deleted} THEN 'deleted'
            WHEN coalesce(t.visible, 1) <> 1 {post_waits} THEN 'unapproved' ELSE 'visible' END AS state"""

_THREAD: Final = f"""
SELECT t.threadid AS thread, nullif(t.forumid, 0) AS section, t.postuserid AS starter, t.dateline AS created_at,
       {_STATE.format(post_deleted="", post_waits="")}, t.views + coalesce(w.seen, 0) AS views
FROM thread t LEFT JOIN (SELECT threadid, count(*) AS seen FROM threadviews GROUP BY threadid) w
  ON w.threadid = t.threadid
 WHERE t.open IS DISTINCT FROM 10
"""

_ATTACHED: Final = """
SELECT a.*, coalesce(nullif(a.postid, 0), CASE WHEN coalesce(c.class, nullif(a.contenttypeid, 1) IS NULL) THEN
       a.contentid END) AS held_by
FROM attachment a
LEFT JOIN (SELECT contenttypeid, class = 1 AS class FROM contenttype) c ON c.contenttypeid = a.contenttypeid
"""
"""Attachments with the post that holds them; content type 1 is the post's where no table says so."""

_POST: Final = f"""
WITH told AS (
    SELECT t.threadid, p.postid FROM thread t JOIN post p ON p.postid = t.firstpostid AND p.threadid = t.threadid
), opening AS (
    SELECT threadid, postid FROM told
    UNION ALL
    SELECT p.threadid, min(p.postid) FROM post p ANTI JOIN told ON told.threadid = p.threadid GROUP BY p.threadid
), attached AS (
    SELECT held_by AS postid, count(*) AS attachments FROM ({_ATTACHED}) WHERE held_by > 0 GROUP BY held_by
), edited AS (
    SELECT postid, max(dateline) AS edited_at
    FROM (SELECT postid, dateline FROM editlog UNION ALL
          SELECT h.postid, h.dateline FROM postedithistory h JOIN post p ON p.postid = h.postid
          WHERE h.dateline > p.dateline)
    GROUP BY postid
)
SELECT p.postid AS post, p.threadid AS thread, nullif(t.forumid, 0) AS section, p.userid AS author, p.dateline AS at,
       o.postid = p.postid AS is_opening, nullif(nullif(p.parentid, o.postid), 0) AS parent_post, e.edited_at,
       {_STATE.format(post_deleted="OR p.visible = 2", post_waits="OR coalesce(p.visible, 1) <> 1")},
       coalesce(a.attachments, 0) AS attachments
FROM post p
LEFT JOIN thread t ON t.threadid = p.threadid
LEFT JOIN opening o ON o.threadid = p.threadid
LEFT JOIN attached a ON a.postid = p.postid
LEFT JOIN edited e ON e.postid = p.postid
ORDER BY p.postid
"""

_OBJECT: Final = f"""
SELECT a.attachmentid AS object, a.userid AS uploader, a.dateline AS at,
       {size_band("b.size")} AS size_band, a.counter AS downloads
FROM attachment a
JOIN (SELECT a.attachmentid, max(coalesce(f.filesize, a.filesize)) AS size
      FROM attachment a LEFT JOIN filedata f ON f.filedataid = a.filedataid GROUP BY a.attachmentid) b
  ON b.attachmentid = a.attachmentid
ORDER BY a.attachmentid
"""

_THANKS: Final = """
SELECT k.userid AS giver, p.userid AS receiver, nullif(k.postid, 0) AS post, k.date AS at, 'thanks' AS kind, 1 AS weight
FROM post_thanks k LEFT JOIN post p ON p.postid = k.postid
"""

_REPUTATION: Final = """
SELECT whoadded AS giver, userid AS receiver, nullif(postid, 0) AS post, dateline AS at, 'reputation' AS kind,
       coalesce(reputation, 1) AS weight
FROM reputation
"""

_ADDRESSED: Final = """
SELECT pmtextid, unnest(touserarray) AS recipient FROM pmtext
UNION
SELECT pmtextid, userid FROM pm WHERE coalesce(folderid, 0) <> -1
"""

_MESSAGE: Final = f"""
SELECT DISTINCT r.pmtextid AS message, m.fromuserid AS sender, r.recipient, m.dateline AS at
FROM ({_ADDRESSED}) r LEFT JOIN pmtext m ON m.pmtextid = r.pmtextid
WHERE r.recipient > 0
"""

_THREAD_READ: Final = """
SELECT r.userid AS member, r.threadid AS thread, nullif(t.forumid, 0) AS section, r.readtime AS at, 'read-mark' AS kind
FROM threadread r LEFT JOIN thread t ON t.threadid = r.threadid
"""

_INFRACTION: Final = """
SELECT userid AS member, nullif(whoadded, 0) AS "by", 'warning' AS kind, dateline AS at,
       CASE WHEN action = 2 THEN coalesce(actiondateline, expires) ELSE expires END AS until
FROM infraction
"""

_REMOVAL: Final = """
SELECT x.member, x.actor AS "by", 'removal' AS kind, x.moment AS at
FROM (
    SELECT p.userid AS member, l.userid AS actor, l.dateline AS moment
    FROM deletionlog l JOIN post p ON p.postid = l.primaryid WHERE l.type = 1
    UNION ALL
    SELECT t.postuserid, l.userid, l.dateline
    FROM deletionlog l JOIN thread t ON t.threadid = l.primaryid WHERE l.type = 2 AND t.open IS DISTINCT FROM 10
) x WHERE x.member > 0 AND x.actor > 0 AND x.actor <> x.member
"""

_MODERATION: Final = f"""
SELECT nullif(l.userid, 0) AS "by", l.kind, l.dateline AS at,
       CASE WHEN l.kind <> 'merge' THEN nullif(l.threadid, 0) END AS thread, nullif(l.postid, 0) AS post,
       CASE WHEN l.kind IN ('move', 'copy') THEN nullif(l.forumid, 0) END AS from_section,
       CASE WHEN l.kind IN ('move', 'copy') THEN f.forumid END AS to_section,
       CASE WHEN l.kind = 'merge' THEN nullif(l.threadid, 0) END AS target_thread
FROM (SELECT *, {cases("type", MODERATED)} AS kind FROM moderatorlog) l
LEFT JOIN (SELECT title, any_value(forumid) AS forumid FROM forum GROUP BY title HAVING count(*) = 1) f
       ON f.title = l.action
WHERE l.kind IS NOT NULL
"""
"""An entry has the thread's section of before, and of a move or copy the name of the section it went to."""

_ASSEMBLY: Final = {
    "member": {
        "user": MEMBER,
        "post": GUEST.format(
            written="(SELECT userid FROM post UNION ALL SELECT postuserid FROM thread) w (author) WHERE author = 0"
        ),
    },
    "role_spell": ROLE_SPELLS,
    "section": {"forum": "SELECT forumid AS section, CASE WHEN parentid > 0 THEN parentid END AS parent FROM forum"},
    "thread": {"thread": _THREAD},
    "post": {"post": _POST},
    "reaction": {"post_thanks": _THANKS, "reputation": _REPUTATION},
    "message": {"pmtext": _MESSAGE},
    "view": {
        "threadread": _THREAD_READ,
        "forumread": """SELECT userid AS member, forumid AS section, readtime AS at, 'read-mark' AS kind
                        FROM forumread""",
        "user": VISIT,
    },
    "object": {"attachment": _OBJECT},
    "sanction": {
        **BANS,
        "infraction": _INFRACTION,
        "deletionlog": _REMOVAL,
    },
    "moderation": {"moderatorlog": _MODERATION},
}

_ABSENT: Final = {
    **ABSENT,
    "moderation.member": "the log does not say whose thread or post it was",
    "post.parent_post": "every post names the opening post as the one it answers, which is what is written by default",
    "reaction": "neither reputation nor the add-on for thanks was in use",
}

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        "SELECT count(*) FROM post WHERE userid = 0",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} redirects of moved threads were left out: the threads themselves are there",
        "SELECT count(*) FROM thread WHERE open = 10",
    ),
    SourceFinding(
        "answers-by-default",
        Severity.NOTE,
        "{count} posts name the opening post as the one they answer, which the package writes where nobody chose one: "
        "what they answer counts as unknown",
        "SELECT count(*) FROM post p JOIN thread t ON t.threadid = p.threadid AND t.firstpostid = p.parentid",
    ),
    SourceFinding(
        "messages-without-recipient",
        Severity.NOTE,
        "{count} private messages name no recipient: they were left out",
        f"SELECT count(*) FROM pmtext m ANTI JOIN ({_ADDRESSED}) r ON r.pmtextid = m.pmtextid",
    ),
    *FINDINGS,
)

VBULLETIN: Final = Source(
    software=Software.VBULLETIN3,
    title="vBulletin 3 and 4",
    tables=_TABLES,
    detect=("post", "thread", "pmtext", "deletionlog"),
    assembly=_ASSEMBLY,
    absent=_ABSENT,
    findings=_FINDINGS,
    group_table=("usergroup", "usergroupid", "title"),
    section_table=("forum", "forumid", "title"),
)
