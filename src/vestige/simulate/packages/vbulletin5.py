"""vBulletin 5 as a dump: sections, threads, posts, messages and attachments are nodes of one table.

Facts of the format: a thread is its opening post; a reply hangs on the thread, a comment on a reply; a hidden thread
hides what hangs below; profiles and messages hang on channels of their own; accounts are those of vBulletin 3 and 4.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import Package, PackageTable
from vestige.simulate.packages.vbulletin import VBULLETIN

_ROOT, _FORUM, _MESSAGES, _PROFILES = 1, 2, 8, 9
_FIRST: Final = 12
_CHANNEL, _TEXT, _MESSAGE, _ATTACH, _GALLERY, _REPORT, _INFRACTION = 23, 22, 30, 24, 25, 31, 32
_OBJECT: Final = """(SELECT 100 + coalesce(max(id), 0)
                     FROM (SELECT post AS id FROM post UNION ALL SELECT message FROM message))"""
"""Attached objects and infractions are the last nodes."""
_INFRACTED: Final = f"{_OBJECT} + (SELECT coalesce(max(object), 0) FROM object)"

_REMOVER: Final = """CASE WHEN state <> 'deleted' THEN NULL
                          WHEN post % 3 > 0 THEN (SELECT min(member) FROM member WHERE role = 'administrator')
                          ELSE author END"""
_OWN_STATE: Final = """
SELECT p.post, p.author, p.moment,
       CASE WHEN p.is_opening OR t.state = 'visible' THEN p.state ELSE 'visible' END AS state
FROM post p JOIN thread t ON t.thread = p.thread
"""

_NODES: Final = f"""
SELECT 0 AS nodeid, 0 AS parentid, 0 AS contenttypeid, 0 AS userid, 0 AS publishdate, 0 AS starter, TRUE AS approved,
       NULL::BIGINT AS deleteuserid WHERE FALSE
UNION ALL SELECT {_ROOT}, 0, {_CHANNEL}, 1, 1, 0, TRUE, NULL
UNION ALL SELECT unnest([{_FORUM}, {_MESSAGES}, {_PROFILES}]), {_ROOT}, {_CHANNEL}, 1, 1, 0, TRUE, NULL
UNION ALL SELECT section, coalesce(parent, {_FORUM}), {_CHANNEL}, 1, 1, 0, TRUE, NULL FROM section
UNION ALL
SELECT p.post, CASE WHEN p.is_opening THEN t.section ELSE coalesce(p.parent_post, p.thread) END,
       CASE WHEN p.post % 9 = 0 THEN {_GALLERY} ELSE {_TEXT} END, p.author, p.moment, p.thread,
       o.state <> 'unapproved', d.remover
FROM post p
JOIN thread t ON t.thread = p.thread
JOIN ({_OWN_STATE}) o ON o.post = p.post
JOIN (SELECT post, {_REMOVER} AS remover FROM ({_OWN_STATE})) d ON d.post = p.post
UNION ALL SELECT message, {_MESSAGES}, {_MESSAGE}, sender, moment, message, TRUE, NULL FROM envelope
UNION ALL SELECT {_OBJECT} + object, post, {_ATTACH}, uploader, moment, post, TRUE, NULL FROM object
UNION ALL
SELECT {_INFRACTED} + sanction, {_MESSAGES}, {_INFRACTION}, coalesce(staff, 0), moment, 0, TRUE, NULL
FROM sanction WHERE kind = 'warning'
UNION ALL
SELECT 2 * ({_INFRACTED}) + n, {_PROFILES}, {_TEXT}, (SELECT max(member) FROM member), 1500000000, 0, TRUE, NULL
FROM filler
"""

_TYPES: Final = f"""
SELECT * FROM (VALUES ({_TEXT}, 'Text'), ({_CHANNEL}, 'Channel'), ({_ATTACH}, 'Attach'), ({_GALLERY}, 'Gallery'),
                      ({_MESSAGE}, 'PrivateMessage'), ({_REPORT}, 'Report'), ({_INFRACTION}, 'Infraction'))
    AS types (contenttypeid, class)
"""
_CHANNELS: Final = f"""
SELECT * FROM (VALUES ({_ROOT}, 'vbulletin-4ecbdf567f2773.55528984'), ({_FORUM}, 'vbulletin-4ecbdf567f2c35.70389590'),
                      ({_MESSAGES}, 'vbulletin-4ecbdf567f3da8.31769341'),
                      ({_PROFILES}, 'vbulletin-4ecbdf567f36c3.90966558')) AS channels (nodeid, guid)
UNION ALL SELECT section, 'channel-' || section FROM section
"""

_ACCOUNTS: Final = ("user", "userban", "userchangelog", "usertextfield")
_TABLES: Final = {
    "attach": PackageTable(
        """nodeid id, filedataid id, visible small 1, counter id, posthash varchar(32), filename varchar(255),
        caption text, reportnodeid id, settings mediumtext | PRIMARY(nodeid)""",
        f"SELECT {_OBJECT} + object AS nodeid, object AS filedataid, downloads AS counter FROM object",
    ),
    "channel": PackageTable(
        """nodeid id, styleid small, options id 1984, daysprune small, newcontentemail text, defaultsortfield
        varchar(50), defaultsortorder varchar(50), guid char(150), filedataid id, category small, product varchar(25)
        | PRIMARY(nodeid) !guid(guid)""",
        _CHANNELS,
    ),
    "closure": PackageTable(
        "parent id, child id, depth small, publishdate time, displayorder small | !parent_2(parent;child)",
        f"""SELECT nodeid AS parent, nodeid AS child, 0 AS depth, publishdate FROM ({_NODES})
            UNION ALL SELECT parentid, nodeid, 1, publishdate FROM ({_NODES}) WHERE parentid > 0""",
    ),
    "contenttype": PackageTable(
        "contenttypeid key, class varbinary(50), packageid id, canplace flag | PRIMARY(contenttypeid)", _TYPES
    ),
    "editlog": PackageTable(
        """nodeid id, userid id, username varchar(100), dateline time, reason varchar(200), hashistory small
        | PRIMARY(nodeid)""",
        "SELECT post AS nodeid, author AS userid, edited_at AS dateline FROM post WHERE edited_at IS NOT NULL",
    ),
    "filedata": PackageTable(
        """filedataid key, userid id, dateline time, filedata longblob, filesize id, filehash char(32),
        extension varchar(20), refcount id, width small, height small | PRIMARY(filedataid)""",
        "SELECT object AS filedataid, uploader AS userid, moment AS dateline, bytes AS filesize FROM object",
    ),
    "infraction": PackageTable(
        """nodeid id, infractednodeid id, infracteduserid id, infractionlevelid id, points id, note varchar(255),
        action small, actiondateline time, actionuserid id, actionreason varchar(255), expires time,
        customreason varchar(255) | PRIMARY(nodeid)""",
        f"""SELECT {_INFRACTED} + sanction AS nodeid, coalesce(post, 0) AS infractednodeid,
                   member AS infracteduserid, coalesce(until, 0) AS expires FROM sanction WHERE kind = 'warning'""",
    ),
    "moderator": PackageTable(
        "moderatorid key, userid id, nodeid int(11), permissions id, permissions2 id | PRIMARY(moderatorid)",
        f"""SELECT member AS userid, {_FIRST} AS nodeid FROM member
            WHERE role = 'moderator' AND banned_at IS NULL""",
    ),
    "moderatorlog": PackageTable(
        """moderatorlogid key, dateline time, userid id, nodeid id, action varchar(250), type varchar(32),
        nodetitle varchar(256), ipaddress varchar(45) | PRIMARY(moderatorlogid) nodeid(nodeid)""",
        f"""SELECT moment AS dateline, remover AS userid, post AS nodeid, '73' AS type
            FROM (SELECT post, moment, {_REMOVER} AS remover FROM ({_OWN_STATE})) WHERE remover IS NOT NULL
            UNION ALL
            SELECT moment, staff, subject,
                   CASE kind WHEN 'move' THEN '68' WHEN 'merge' THEN '79' WHEN 'close' THEN '66' WHEN 'stick' THEN '77'
                             WHEN 'edit' THEN '76' ELSE text_of('moderatorlog.type') END FROM moderation""",
    ),
    "node": PackageTable(
        """nodeid key, routeid id, contenttypeid small, publishdate time?, unpublishdate time?, userid id?, groupid id?,
        authorname varchar(100), description varchar(1024), title varchar(512), htmltitle varchar(512), parentid id,
        urlident varchar(512), displayorder small?, starter id, created time?, lastcontent time, lastcontentid id,
        lastcontentauthor varchar(100), lastauthorid id, textcount id, totalcount id, ipaddress char(45),
        showpublished flag, featured small, taglist mediumtext, votes small, deleteuserid id?,
        deletereason varchar(125), open flag 1, showopen flag 1, sticky small, approved flag 1, showapproved flag 1,
        nodeoptions id 138, prefixid varchar(25) | PRIMARY(nodeid) parentid(parentid)""",
        f"SELECT *, publishdate AS created, deleteuserid IS NULL AS showpublished FROM ({_NODES}) ORDER BY nodeid",
    ),
    "noderead": PackageTable(
        "userid id, nodeid id, readtime time | PRIMARY(userid;nodeid)",
        "SELECT member AS userid, thread AS nodeid, moment AS readtime FROM read_mark",
    ),
    "nodeview": PackageTable(
        "nodeid id, count id | PRIMARY(nodeid)", "SELECT thread AS nodeid, views AS count FROM thread"
    ),
    "privatemessage": PackageTable(
        """nodeid id, msgtype enum(message;notification;request), about varchar(32), aboutid id, deleted small
        | PRIMARY(nodeid)""",
        "SELECT message AS nodeid, 'message' AS msgtype FROM envelope",
    ),
    "reputation": PackageTable(
        """reputationid key, nodeid id, userid id, reputation int(11), whoadded id, reason varchar(250), dateline time
        | PRIMARY(reputationid) userid(userid)""",
        """SELECT reaction AS reputationid, post AS nodeid, coalesce(receiver, 0) AS userid, 1 AS reputation,
                  giver AS whoadded, moment AS dateline FROM reaction""",
    ),
    "sentto": PackageTable(
        "nodeid id, userid id, folderid id, deleted small, msgread small | PRIMARY(nodeid;userid)",
        """SELECT message AS nodeid, recipient AS userid, 10 AS folderid FROM message
           UNION ALL SELECT message, sender, 11 FROM envelope""",
    ),
    "session": PackageTable(
        """sessionhash char(32), userid id, host char(45), idhash char(32), lastactivity time, location char(255),
        useragent char(255) | last_activity(lastactivity)"""
    ),
    "text": PackageTable(
        """nodeid id, rawtext mediumtext, previewtext varchar(2048), previewimage varchar(256), pagetextimages
        text, moderated small, pagetext mediumtext, infraction flag | PRIMARY(nodeid)""",
        "SELECT post AS nodeid FROM post UNION ALL SELECT message FROM envelope",
    ),
    "usergroup": PackageTable(
        """usergroupid key, title char(100), description varchar(250), usertitle char(100), systemgroupid small
        | PRIMARY(usergroupid)""",
        """SELECT n AS usergroupid, text_of('usergroup.title') || n AS title,
                  CASE WHEN n <= 8 THEN n ELSE 0 END AS systemgroupid FROM filler WHERE n <= 9""",
    ),
    **{name: VBULLETIN.tables[name] for name in _ACCOUNTS},
}

VBULLETIN5: Final = Package(
    software=Software.VBULLETIN5,
    prefix="vb_",
    tables=dict(sorted(_TABLES.items())),
    own_groups={9: Role.VIP},
    nodes=True,
    first=_FIRST,
    bodies=frozenset({"text.rawtext", "text.pagetext"}),
    charset="utf8 COLLATE=utf8_general_ci",
    held={
        **{name: VBULLETIN.held[name] for name in ("member", "post", "role_spell")},
        "reaction": "SELECT giver, receiver, post, moment AS at, 'like' AS kind, 1 AS weight FROM reaction",
        "moderation": f"""SELECT staff AS "by", kind, moment AS at, thread, NULL AS post, NULL AS from_section,
                                CASE WHEN kind = 'move' AND lead(act) OVER (PARTITION BY kind, subject ORDER BY moment)
                                          IS NULL THEN to_section END AS to_section, target_thread
                         FROM moderation WHERE kind <> 'split'
                         UNION ALL
                         SELECT r.remover, 'remove', r.moment, p.thread, CASE WHEN NOT p.is_opening THEN p.post END,
                                NULL, NULL, NULL
                         FROM (SELECT *, {_REMOVER} AS remover FROM ({_OWN_STATE})) r JOIN post p ON p.post = r.post
                         WHERE r.remover IS NOT NULL""",
        "sanction": f"""SELECT member, staff AS "by", kind, moment AS at, until FROM sanction
                        UNION ALL
                        SELECT author, remover, 'removal', moment, NULL
                        FROM (SELECT author, moment, {_REMOVER} AS remover FROM ({_OWN_STATE}))
                        WHERE author > 0 AND remover <> author""",
    },
)
