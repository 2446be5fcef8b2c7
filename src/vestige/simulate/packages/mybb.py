"""MyBB 1.8 as a dump: a copy of a message for each who holds it, recipients in PHP's serialisation, addresses in bytes.

Facts of the format: groups 1 to 7 are the installer's (6 moderators, 7 banned); user 0 is every guest and every deleted
author; `closed` of a moved thread's shadow is `moved|` and the thread; folder 2 holds what was sent, 3 drafts.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import Package, PackageTable

_VIP: Final = 8
_GROUP: Final = "CASE {} WHEN 'administrator' THEN 4 WHEN 'moderator' THEN 6 WHEN 'vip' THEN 8 ELSE 2 END"
_VISIBLE: Final = "CASE state WHEN 'visible' THEN 1 WHEN 'unapproved' THEN 0 ELSE -1 END"

_WAITING: Final = "views > 0 AND number % 5 = 0"
"""Threads of which one view has not been added yet."""

_USERS: Final = f"""
SELECT member AS uid, text_of('users.username') || member AS username,
       CASE WHEN banned_at IS NOT NULL THEN 7 ELSE {_GROUP.format("role")} END AS usergroup,
       '' AS additionalgroups, registered_at AS regdate, coalesce(last_visit_at, 0) AS lastvisit,
       coalesce(last_visit_at, 0) AS lastactive,
       coalesce(last_post_at, 0) AS lastpost, posts AS postnum
FROM member WHERE kind <> 'guest'
"""

_PROMOTIONS: Final = f"""
SELECT row_number() OVER (ORDER BY moment, change) AS plid, member AS uid, {_GROUP.format("old_role")} AS oldusergroup,
       {_GROUP.format("new_role")} AS newusergroup, moment AS dateline, 'primary' AS type
FROM role_change WHERE new_role <> 'banned' AND old_role <> 'banned'
"""

_BANNED: Final = f"""
SELECT s.member AS uid, 7 AS gid, coalesce({_GROUP.format("c.old_role")}, 2) AS oldgroup, '' AS oldadditionalgroups,
       coalesce(s.staff, 0) AS admin, s.moment AS dateline, coalesce(s.until, 0) AS lifted
FROM sanction s LEFT JOIN role_change c ON c.member = s.member AND c.new_role = 'banned' WHERE s.kind = 'ban'
"""

_THREADS: Final = f"""
SELECT thread AS tid, section AS fid, coalesce(starter, 0) AS uid, created_at AS dateline, first_post AS firstpost,
       last_post_at AS lastpost, views - ({_WAITING})::INT AS views, posts - 1 AS replies,
       (number % 9 = 0)::INT::VARCHAR AS closed, {_VISIBLE} AS visible
FROM thread
UNION ALL
SELECT (SELECT max(thread) FROM thread) + row_number() OVER (ORDER BY thread), section, coalesce(starter, 0),
       created_at, 0, created_at, 0, 0, 'moved|' || thread, 1
FROM thread WHERE number % 20 = 0
"""

_POSTS: Final = f"""
SELECT post AS pid, thread AS tid, coalesce(parent_post, CASE WHEN NOT is_opening THEN first_post END, 0) AS replyto,
       section AS fid, coalesce(author, 0) AS uid, moment AS dateline, coalesce(edited_at, 0) AS edittime,
       coalesce(CASE WHEN edited_at IS NOT NULL THEN author END, 0) AS edituid, {_VISIBLE} AS visible
FROM (SELECT p.*, t.first_post FROM post p JOIN thread t ON t.thread = p.thread)
UNION ALL
SELECT (SELECT max(post) FROM post) + n, (SELECT min(thread) FROM thread), 0, 1, (SELECT max(author) FROM post), 1, 0,
       0, -2
FROM filler
"""

_RECIPIENTS: Final = """
SELECT message, sender, moment, recipients, 'a:1:{s:2:"to";a:' || len(recipients) || ':{' || (
       SELECT string_agg('i:' || place - 1 || ';s:' || strlen(recipients[place]::VARCHAR) || ':"'
                         || recipients[place] || '";', '' ORDER BY place)
       FROM unnest(range(1, len(recipients) + 1)) AS listed (place)) || '}}' AS packed
FROM envelope
"""
_MESSAGES: Final = f"""
SELECT row_number() OVER (ORDER BY message, folder, holder) AS pmid, holder AS uid, toid, sender AS fromid,
       packed AS recipients, folder, moment AS dateline
FROM (
    SELECT e.message, m.recipient AS holder, m.recipient AS toid, e.sender, e.packed,
           1 + (m.recipient % 3) * 5 AS folder, e.moment
    FROM ({_RECIPIENTS}) e JOIN message m ON m.message = e.message
    WHERE m.position = 1 OR (e.message + m.recipient) % 4 > 0
    UNION ALL
    SELECT message, sender, 0, sender, packed, 2, moment FROM ({_RECIPIENTS}) WHERE message % 3 > 0
    UNION ALL
    SELECT message, sender, 0, sender, packed, 3, moment + 1 FROM ({_RECIPIENTS}) WHERE message % 20 = 0
)
"""

_TABLES: Final = {
    "adminlog": PackageTable(
        """uid id, ipaddress varbinary(16), dateline time, module varchar(50), action varchar(50), data text
        | module(module;action) uid(uid)"""
    ),
    "attachments": PackageTable(
        """aid key, pid id, posthash varchar(50), uid id, filename varchar(255), filetype varchar(120), filesize id,
        attachname varchar(255), downloads id, dateuploaded time, visible flag, thumbnail varchar(120)
        | PRIMARY(aid) pid(pid;visible) uid(uid)""",
        """SELECT object AS aid, post AS pid, coalesce(uploader, 0) AS uid, bytes AS filesize, downloads,
                  moment AS dateuploaded, 1 AS visible FROM object""",
    ),
    "banned": PackageTable(
        """uid id, gid id, oldgroup id, oldadditionalgroups text, olddisplaygroup id, admin id, dateline time,
        bantime varchar(50), lifted time, reason varchar(255) | uid(uid) dateline(dateline)""",
        _BANNED,
    ),
    "datacache": PackageTable(
        "title varchar(50), cache mediumtext | PRIMARY(title)",
        "SELECT text_of('datacache.title') || n AS title FROM filler",
    ),
    "forums": PackageTable(
        """fid key, name varchar(120), description text, linkto varchar(180), type char(1), pid small,
        parentlist text, disporder small, active flag, open flag, threads id, posts id, lastpost time,
        lastposter varchar(120), lastposteruid id, lastposttid id, lastpostsubject varchar(120), password varchar(50),
        rules text | PRIMARY(fid)""",
        """SELECT section AS fid, coalesce(parent, 0) AS pid, 'f' AS type, position AS disporder FROM section""",
    ),
    "moderatorlog": PackageTable(
        """uid id, dateline time, fid small, tid id, pid id, action text, data text, ipaddress varbinary(16)
        | uid(uid) fid(fid) tid(tid)""",
        """SELECT staff AS uid, moment AS dateline, coalesce(from_section, subject_section) AS fid, subject AS tid,
                  CASE kind WHEN 'move' THEN 'Thread Moved' WHEN 'merge' THEN 'Threads Merged'
                            WHEN 'split' THEN 'Thread Split' WHEN 'close' THEN 'Thread Closed'
                            WHEN 'stick' THEN 'Threads Stuck' ELSE text_of('moderatorlog.action') END AS action
           FROM moderation
           UNION ALL SELECT n, 1, 1, 0, text_of('moderatorlog.action') FROM filler""",
    ),
    "moderators": PackageTable(
        "mid key, fid small, id id, isgroup flag | PRIMARY(mid) uid(id;fid)",
        "SELECT row_number() OVER () AS mid, 1 AS fid, member AS id, 0 AS isgroup FROM member WHERE role = 'moderator' "
        "AND banned_at IS NULL",
    ),
    "posts": PackageTable(
        """pid key, tid id, replyto id, fid small, subject varchar(120), icon small, uid id, username varchar(80),
        dateline time, message text, ipaddress varbinary(16), includesig flag, smilieoff flag, edituid id,
        edittime time, editreason varchar(150), visible tinyint(1) | PRIMARY(pid) tid(tid;uid) uid(uid)""",
        _POSTS,
    ),
    "privatemessages": PackageTable(
        """pmid key, uid id, toid id, fromid id, recipients text, folder small 1, subject varchar(120), icon small,
        message text, dateline time, deletetime time, status flag, statustime time, includesig flag, smilieoff flag,
        receipt flag, readtime time, ipaddress varbinary(16) | PRIMARY(pmid) uid(uid;folder)""",
        _MESSAGES,
    ),
    "promotionlogs": PackageTable(
        """plid key, pid id, uid id, oldusergroup varchar(200) 0, newusergroup smallint(6), dateline time,
        type varchar(9) primary | PRIMARY(plid)""",
        _PROMOTIONS,
    ),
    "reputation": PackageTable(
        """rid key, uid id, adduid id, pid id, reputation smallint(6), dateline time, comments text
        | PRIMARY(rid) uid(uid)""",
        """SELECT reaction AS rid, coalesce(receiver, 0) AS uid, giver AS adduid, post AS pid,
                  reaction % 5 - 1 AS reputation, moment AS dateline FROM reaction WHERE reaction % 4 > 0""",
    ),
    "sessions": PackageTable(
        """sid varchar(32), uid id, ip varbinary(16), time time, location varchar(150), useragent varchar(200),
        location1 id, location2 id | PRIMARY(sid)"""
    ),
    "threadratings": PackageTable(
        "rid key, tid id, uid id, rating flag, ipaddress varbinary(16) | PRIMARY(rid) tid(tid;uid)",
        """SELECT r.reaction AS rid, p.thread AS tid, r.giver AS uid, 1 + r.giver % 5 AS rating
           FROM reaction r JOIN post p ON p.post = r.post WHERE r.reaction % 4 = 0""",
    ),
    "threads": PackageTable(
        """tid key, fid small, subject varchar(120), prefix small, icon small, poll id, uid id, username varchar(80),
        dateline time, firstpost id, lastpost time, lastposter varchar(120), lastposteruid id, views id, replies id,
        closed varchar(30), sticky flag, numratings small, totalratings small, notes text, visible tinyint(1),
        unapprovedposts id, deletedposts id, attachmentcount id, deletetime time | PRIMARY(tid) fid(fid;visible)""",
        _THREADS,
    ),
    "threadsread": PackageTable(
        "tid id, uid id, dateline time | !tid(tid;uid) dateline(dateline)",
        "SELECT thread AS tid, member AS uid, moment AS dateline FROM read_mark",
    ),
    "threadviews": PackageTable("tid id | tid(tid)", f"SELECT thread AS tid FROM thread WHERE {_WAITING}"),
    "usergroups": PackageTable(
        """gid key, type flag 2, title varchar(120), description text, namestyle varchar(200), usertitle varchar(120),
        stars small, starimage varchar(120), image varchar(120), disporder small, isbannedgroup flag, cancp flag,
        issupermod flag | PRIMARY(gid)""",
        f"""SELECT n AS gid, CASE WHEN n < {_VIP} THEN 1 ELSE 2 END AS type, n AS disporder,
                   (n = 7)::INT AS isbannedgroup, (n = 4)::INT AS cancp, (n IN (3, 4))::INT AS issupermod
            FROM filler WHERE n <= {_VIP}""",
    ),
    "users": PackageTable(
        """uid key, username varchar(120), password varchar(120), salt varchar(10), loginkey varchar(50),
        email varchar(220), postnum id, threadnum id, avatar varchar(200), usergroup small,
        additionalgroups varchar(200), displaygroup small, usertitle varchar(250), regdate time, lastactive time,
        lastvisit time, lastpost time, website varchar(200), icq varchar(10), birthday varchar(15), signature text,
        buddylist text, ignorelist text, pmfolders text, notepad text, referrer id, regip varbinary(16),
        lastip varbinary(16), timeonline id, warningpoints id, moderateposts flag, moderationtime time,
        suspendposting flag, suspensiontime time, usernotes text | PRIMARY(uid) !username(username)""",
        _USERS,
    ),
    "warnings": PackageTable(
        """wid key, uid id, tid id, pid id, title varchar(120), points small, dateline time, issuedby id, expires time,
        expired flag, daterevoked time, revokedby id, revokereason text, notes text | PRIMARY(wid) uid(uid)""",
        """SELECT sanction AS wid, member AS uid, coalesce(post, 0) AS pid, 1 AS points, moment AS dateline,
                  coalesce(staff, 0) AS issuedby, coalesce(until, 0) AS expires FROM sanction WHERE kind = 'warning'""",
    ),
}

MYBB: Final = Package(
    software=Software.MYBB,
    prefix="mybb_",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    charset="utf8mb3",
    bodies=frozenset({"posts.message", "privatemessages.message"}),
    held={
        "member": "SELECT member, registered_at, CASE kind WHEN 'bot' THEN 'member' ELSE kind END AS kind FROM member",
        "post": """SELECT post, thread, section, author, moment AS at, is_opening, edited_at, state, attachments,
                          CASE WHEN parent_post NOT IN (SELECT first_post FROM thread) THEN parent_post END
                              AS parent_post
                   FROM post""",
        "reaction": """SELECT giver, receiver, post, moment AS at, 'reputation' AS kind, reaction % 5 - 1 AS weight
                       FROM reaction WHERE reaction % 4 > 0
                       UNION ALL
                       SELECT r.giver, t.starter, t.first_post, NULL, 'other', 1 + r.giver % 5
                       FROM reaction r JOIN post p ON p.post = r.post JOIN thread t ON t.thread = p.thread
                       WHERE r.reaction % 4 = 0""",
        "role_spell": "SELECT member, role, start_at, end_at FROM _role_spell WHERE role <> 'registered'",
        "moderation": """SELECT staff AS "by", kind, moment AS at, thread, NULL AS member, from_section, to_section,
                                CASE WHEN kind = 'merge' THEN target_thread END AS target_thread
                         FROM moderation WHERE kind <> 'edit'""",
    },
)
