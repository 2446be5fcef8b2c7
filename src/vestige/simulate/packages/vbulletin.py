"""vBulletin 3.8 and 4.2 as a dump: Latin-1 tables that hold other bytes, groups in one column and a packed list.

Facts of the format: groups 1 to 8 are the installer's; `post.parentid` is the opening post where nobody chose one;
`deletionlog` says who removed what; moved threads leave a redirect (`open` 10) whose `pollid` is the thread.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import Package, PackageTable

_VIP: Final = 9
_VISIBLE: Final = "CASE state WHEN 'visible' THEN 1 WHEN 'unapproved' THEN 0 ELSE 2 END"
_GROUP: Final = """CASE WHEN banned_at IS NOT NULL THEN 8 WHEN kind = 'guest' THEN 1
                       WHEN role = 'administrator' THEN 6 ELSE 2 END"""
_MORE: Final = "CASE {} WHEN 'moderator' THEN '7' WHEN 'vip' THEN '9' ELSE '' END"
_PRIMARY: Final = "CASE {} WHEN 'administrator' THEN '6' WHEN 'banned' THEN '8' ELSE '2' END"

_USER: Final = f"""
SELECT member AS userid, {_GROUP} AS usergroupid,
       CASE WHEN banned_at IS NULL THEN {_MORE.format("role")} ELSE '' END AS membergroupids,
       text_of('user.username') || member AS username, registered_at AS joindate,
       coalesce(last_visit_at, 0) AS lastvisit, coalesce(last_visit_at, 0) AS lastactivity,
       coalesce(last_post_at, 0) AS lastpost, posts
FROM member WHERE kind = 'member'
"""

_CHANGES: Final = f"""
SELECT row_number() OVER (ORDER BY moment, change, fieldname) AS changeid, member AS userid, fieldname, newvalue,
       oldvalue, adminid, moment AS change_time
FROM (
    SELECT change, member, moment, 'usergroupid' AS fieldname, {_PRIMARY.format("new_role")} AS newvalue,
           {_PRIMARY.format("old_role")} AS oldvalue, 0 AS adminid
    FROM role_change
    UNION ALL
    SELECT change, member, moment, 'membergroupids', {_MORE.format("new_role")}, {_MORE.format("old_role")}, 0
    FROM role_change
    UNION ALL
    SELECT 0, member, last_visit_at, 'username', text_of('userchangelog.newvalue') || member,
           text_of('userchangelog.oldvalue') || member, member
    FROM member WHERE kind = 'member' AND member % 7 = 0 AND last_visit_at IS NOT NULL
)
WHERE newvalue <> oldvalue
"""

_THREAD: Final = f"""
SELECT thread AS threadid, first_post AS firstpostid, last_post AS lastpostid, section AS forumid, 1 AS open,
       0 AS pollid, posts - 1 AS replycount, starter AS postuserid, created_at AS dateline,
       last_post_at AS lastpost, views, {_VISIBLE} AS visible
FROM thread
UNION ALL
SELECT (SELECT max(thread) FROM thread) + row_number() OVER (ORDER BY thread), first_post,
       last_post, section, 10, thread, 0,
       starter, created_at, last_post_at, 0, 1
FROM thread WHERE number % 40 = 1
"""

_POST: Final = f"""
SELECT post AS postid, thread AS threadid, coalesce(parent_post, 0) AS parentid, author AS userid,
       moment AS dateline, attachments AS attach,
       CASE WHEN thread IN (SELECT thread FROM thread WHERE state <> 'visible') THEN 1 ELSE {_VISIBLE} END AS visible
FROM post
"""

_REMOVED: Final = """
SELECT thread AS number, 'thread' AS type, starter AS author, created_at AS moment FROM thread WHERE state = 'deleted'
UNION ALL
SELECT p.post, 'post', p.author, p.moment FROM post p JOIN thread t ON t.thread = p.thread
WHERE p.state = 'deleted' AND t.state <> 'deleted'
"""

_REMOVER: Final = (
    "CASE WHEN number % 3 > 0 THEN (SELECT min(member) FROM member WHERE role = 'administrator') ELSE author END"
)

_DELETIONS: Final = f"""
SELECT number AS primaryid, type, {_REMOVER} AS userid, moment AS dateline FROM ({_REMOVED})
"""

_ATTACHMENT: Final = """
SELECT object AS attachmentid, 1 AS contenttypeid, post AS contentid, coalesce(uploader, 0) AS userid,
       moment AS dateline, object AS filedataid, downloads AS counter
FROM object
"""

_PM: Final = """
SELECT row_number() OVER (ORDER BY message, folder, holder) AS pmid, message AS pmtextid, holder AS userid,
       folder AS folderid
FROM (
    SELECT message, recipient AS holder, 0 AS folder FROM message WHERE (message + recipient) % 5 > 0
    UNION ALL
    SELECT message, sender, -1 FROM envelope
)
"""

_INFRACTION: Final = """
SELECT sanction AS infractionid, 1 + sanction % 3 AS infractionlevelid, coalesce(post, 0) AS postid, member AS userid,
       coalesce(staff, 0) AS whoadded, sanction % 2 AS points, moment AS dateline, coalesce(until, 0) AS expires
FROM sanction WHERE kind = 'warning'
"""

_BAN: Final = """
SELECT member AS userid, 2 AS usergroupid, coalesce(staff, 0) AS adminid, moment AS bandate,
       coalesce(until, 0) AS liftdate
FROM sanction WHERE kind = 'ban'
"""

_GROUPS: Final = """
SELECT n AS usergroupid, text_of('usergroup.title') || n AS title FROM filler WHERE n <= 9
"""

_TABLES: Final = {
    "attachment": PackageTable(
        """attachmentid key, contenttypeid id, contentid id, userid id, dateline time, filedataid id,
        state enum(visible;moderation), counter id, posthash varchar(32), filename varchar(255), caption text,
        reportthreadid id, settings mediumtext, displayorder id
        | PRIMARY(attachmentid) contenttypeid(contenttypeid;contentid) userid(userid)""",
        _ATTACHMENT,
    ),
    "contenttype": PackageTable(
        "contenttypeid key, class varbinary(50), packageid id, canplace flag | PRIMARY(contenttypeid)",
        "SELECT n AS contenttypeid, ['Post', 'Thread', 'Forum', 'Announcement'][n]::BLOB AS class FROM filler "
        "WHERE n <= 4",
    ),
    "deletionlog": PackageTable(
        """primaryid id, type enum(post;thread;visitormessage;groupmessage;picturecomment), userid id,
        username varchar(100), reason varchar(125), dateline time | PRIMARY(primaryid;type) type(type;dateline)""",
        _DELETIONS,
    ),
    "editlog": PackageTable(
        """postid id, userid id, username varchar(100), dateline time, reason varchar(200), hashistory small
        | PRIMARY(postid)""",
        "SELECT post AS postid, author AS userid, edited_at AS dateline FROM post WHERE edited_at IS NOT NULL",
    ),
    "filedata": PackageTable(
        """filedataid key, userid id, dateline time, thumbnail_dateline time, filedata longblob, filesize id,
        filehash char(32), thumbnail mediumblob, thumbnail_filesize id, extension varchar(20), refcount id
        | PRIMARY(filedataid) filehash(filehash)""",
        """SELECT object AS filedataid, coalesce(uploader, 0) AS userid, moment AS dateline, bytes AS filesize
           FROM object""",
    ),
    "forum": PackageTable(
        """forumid key, styleid small, title varchar(100), title_clean varchar(100), description text,
        options id 86017, showprivate flag, displayorder small, replycount id, lastpost time, lastposter varchar(100),
        lastthread varchar(250), threadcount id, parentid smallint(6), parentlist varchar(250), childlist text,
        password varchar(50), link varchar(200) | PRIMARY(forumid)""",
        """SELECT section AS forumid, coalesce(parent, -1) AS parentid, position AS displayorder,
                  text_of('forum.title') || section AS title FROM section""",
    ),
    "infraction": PackageTable(
        """infractionid key, infractionlevelid id, postid id, userid id, whoadded id, points id, dateline time,
        note varchar(255), action small, actiondateline time, actionuserid id, actionreason varchar(255),
        expires time, threadid id, customreason varchar(255) | PRIMARY(infractionid) userid(userid)""",
        _INFRACTION,
    ),
    "moderator": PackageTable(
        "moderatorid key, userid id, forumid smallint(6), permissions id, permissions2 id | PRIMARY(moderatorid)",
        """SELECT member AS userid, (SELECT min(section) FROM section) AS forumid FROM member
           WHERE role = 'moderator' AND banned_at IS NULL""",
    ),
    "moderatorlog": PackageTable(
        """moderatorlogid key, dateline time, userid id, forumid id, threadid id, postid id, pollid id,
        attachmentid id, action varchar(250), type small, threadtitle varchar(250), ipaddress char(15)
        | PRIMARY(moderatorlogid) threadid(threadid)""",
        """SELECT act AS moderatorlogid, moment AS dateline, staff AS userid,
                  coalesce(from_section, subject_section) AS forumid, subject AS threadid, coalesce(post, 0) AS postid,
                  CASE kind WHEN 'move' THEN 3 + act % 2 WHEN 'merge' THEN 7 WHEN 'split' THEN 8 WHEN 'close' THEN 1
                            WHEN 'stick' THEN 10 WHEN 'edit' THEN 20 END AS type,
                  CASE WHEN kind = 'move' THEN text_of('forum.title') || to_section
                       ELSE text_of('moderatorlog.action') END AS action
           FROM moderation""",
    ),
    "pm": PackageTable(
        "pmid key, pmtextid id, userid id, folderid smallint(6), messageread small, parentpmid id | PRIMARY(pmid)", _PM
    ),
    "pmtext": PackageTable(
        """pmtextid key, fromuserid id, fromusername varchar(100), title varchar(250), message mediumtext,
        touserarray mediumtext, iconid small, dateline time, showsignature small, allowsmilie small 1
        | PRIMARY(pmtextid) fromuserid(fromuserid;dateline)""",
        """SELECT message AS pmtextid, sender AS fromuserid, moment AS dateline,
                  serialised(recipients, 'pmtext.touserarray') AS touserarray FROM envelope""",
    ),
    "post": PackageTable(
        """postid key, threadid id, parentid id, username varchar(100), userid id, title varchar(250), dateline time,
        pagetext mediumtext, allowsmilie small, showsignature small, ipaddress char(15), iconid small, visible small,
        attach small, infraction small, reportthreadid id, htmlstate enum(off;on;on_nl2br)
        | PRIMARY(postid) userid(userid) threadid(threadid;userid)""",
        _POST,
    ),
    "post_thanks": PackageTable(
        "id key, userid id, username varchar(50), date time, postid id | PRIMARY(id) postid(postid)",
        """SELECT reaction AS id, giver AS userid, post AS postid, moment AS date FROM reaction
           WHERE reaction % 3 > 0""",
    ),
    "reputation": PackageTable(
        """reputationid key, postid id 1, userid id 1, reputation int(11), whoadded id, reason varchar(250),
        dateline time | PRIMARY(reputationid) userid(userid)""",
        """SELECT reaction AS reputationid, post AS postid, receiver AS userid, giver AS whoadded, moment AS dateline,
                  reaction % 7 - 2 AS reputation
           FROM reaction WHERE reaction % 3 = 0 AND receiver IS NOT NULL""",
    ),
    "session": PackageTable(
        """sessionhash char(32), userid id, host char(45), idhash char(32), lastactivity time, location char(255),
        useragent char(100) | last_activity(lastactivity)"""
    ),
    "thread": PackageTable(
        """threadid key, title varchar(250), prefixid varchar(25), firstpostid id, lastpostid id, lastpost time,
        forumid id, pollid id, open small, replycount id, hiddencount id, deletedcount id, postusername varchar(100),
        postuserid id, lastposter varchar(100), lastposterid id, dateline time, views id, iconid small,
        notes varchar(250), visible small, sticky small, votenum small, votetotal small, attach small,
        similar varchar(55), taglist mediumtext, keywords text | PRIMARY(threadid) forumid(forumid;visible)""",
        _THREAD,
    ),
    "threadread": PackageTable(
        "userid id, threadid id, readtime time | PRIMARY(userid;threadid)",
        "SELECT member AS userid, thread AS threadid, moment AS readtime FROM read_mark",
    ),
    "user": PackageTable(
        """userid key, usergroupid small, membergroupids char(250), displaygroupid small, username varchar(100),
        password char(32), passworddate date 0000-00-00, email char(100), styleid small, parentemail char(50),
        homepage char(100), icq char(20), aim char(20), usertitle char(250), customtitle small, joindate time,
        lastvisit time, lastactivity time, lastpost time, lastpostid id, posts id, reputation int(11) 10,
        timezoneoffset char(4), options int(10)_unsigned 15, birthday char(10), birthday_search date 0000-00-00,
        ipaddress char(15), referrerid id, salt char(30), infractions id, warnings id, infractiongroupids varchar(255)
        | PRIMARY(userid) usergroupid(usergroupid) username(username)""",
        _USER,
    ),
    "userban": PackageTable(
        """userid id, usergroupid small, displaygroupid small, usertitle varchar(250), customtitle small, adminid id,
        bandate time, liftdate time, reason varchar(255) | PRIMARY(userid) liftdate(liftdate)""",
        _BAN,
    ),
    "userchangelog": PackageTable(
        """changeid key, userid id, fieldname varchar(250), newvalue varchar(250), oldvalue varchar(250), adminid id,
        change_time time, change_uniq varchar(32), ipaddress int(10)_unsigned
        | PRIMARY(changeid) userid(userid;change_time)""",
        _CHANGES,
    ),
    "usergroup": PackageTable(
        """usergroupid key, title char(100), description varchar(250), usertitle char(100), opentag char(100),
        closetag char(100), ispublicgroup small | PRIMARY(usergroupid)""",
        _GROUPS,
    ),
    "usertextfield": PackageTable(
        """userid id, subfolders mediumtext, pmfolders mediumtext, buddylist mediumtext, ignorelist mediumtext,
        signature mediumtext, searchprefs mediumtext, rank mediumtext | PRIMARY(userid)""",
        "SELECT member AS userid FROM member WHERE kind = 'member'",
    ),
}

VBULLETIN: Final = Package(
    software=Software.VBULLETIN3,
    prefix="",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    charset="latin1",
    bodies=frozenset({"post.pagetext", "pmtext.message"}),
    held={
        "member": "SELECT member, registered_at, kind FROM member WHERE kind <> 'bot'",
        "post": """SELECT post, thread, section, author, moment AS at, is_opening, edited_at, state, attachments,
                          CASE WHEN parent_post NOT IN (SELECT first_post FROM thread) THEN parent_post END
                              AS parent_post
                   FROM post""",
        "reaction": """SELECT giver, receiver, post, moment AS at,
                              CASE WHEN reaction % 3 = 0 AND receiver IS NOT NULL THEN 'reputation' ELSE 'thanks' END
                                  AS kind,
                              CASE WHEN reaction % 3 = 0 AND receiver IS NOT NULL THEN reaction % 7 - 2 ELSE 1 END
                                  AS weight
                       FROM reaction WHERE reaction % 3 > 0 OR receiver IS NOT NULL""",
        "moderation": """SELECT staff AS "by", kind, moment AS at, thread, post, NULL AS member, from_section,
                                to_section, CASE WHEN kind = 'merge' THEN target_thread END AS target_thread
                         FROM moderation""",
        "role_spell": "SELECT member, role, start_at, end_at FROM _role_spell WHERE role <> 'registered'",
        "sanction": f"""SELECT member, staff AS "by", kind, moment AS at, until FROM sanction
                        UNION ALL
                        SELECT author, userid, 'removal', moment, NULL
                        FROM (SELECT author, moment, {_REMOVER} AS userid FROM ({_REMOVED}))
                        WHERE author > 0 AND userid <> author""",
    },
)
