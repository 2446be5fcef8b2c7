"""Vanilla 2 as a dump: opening posts in Discussion, the others in Comment, deleted ones with their content in Log.

Facts of the format: roles 2 to 32 are the installer's; `Banned` is a set of bits; bans are told by activities; totals
of reactions stand among the reactions; categories hang on one that is nobody's, -1.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import UNCOUNTED_OBJECTS, Package, PackageTable

_VIP: Final = 40
_REMOVER: Final = "(SELECT min(member) FROM member WHERE role = 'administrator')"
_SYSTEM: Final = "(SELECT max(member) + 1 FROM member)"
_DELETED_BY: Final = f"CASE WHEN number % 3 = 0 THEN {_REMOVER} ELSE coalesce(author, 0) END"
_ID: Final = "CASE WHEN {0}.is_opening THEN {0}.thread * 2 ELSE {0}.post * 2 + 1 END"
_INSERTED: Final = "InsertUserID int(11)?, DateInserted datetime?, InsertIPAddress varchar(39)?"

_USERS: Final = f"""
SELECT member AS UserID, text_of('User.Name') || member AS Name, datetime(registered_at) AS DateInserted,
       datetime(last_visit_at) AS DateLastActive, CASE WHEN member = {_REMOVER} THEN 1 ELSE 0 END AS Admin,
       CASE WHEN banned_at IS NULL THEN 0 ELSE 2 END AS Banned
FROM member WHERE kind = 'member'
UNION ALL
SELECT {_SYSTEM}, text_of('User.Name') || 'x', datetime(1400000000), NULL, 2, 0
"""

_ROLES: Final = f"""
SELECT member AS UserID, 8 AS RoleID FROM member WHERE kind = 'member'
UNION ALL
SELECT member, CASE role WHEN 'administrator' THEN 16 WHEN 'moderator' THEN 32 ELSE {_VIP} END
FROM member WHERE kind = 'member' AND role IN ('administrator', 'moderator', 'vip')
UNION ALL SELECT 0, 2
"""

_LOG: Final = f"""
SELECT row_number() OVER (ORDER BY post) AS LogID, 'Delete' AS Operation,
       CASE WHEN is_opening THEN 'Discussion' ELSE 'Comment' END AS RecordType,
       CASE WHEN is_opening THEN thread ELSE post END AS RecordID, author AS RecordUserID,
       datetime(moment) AS RecordDate, {_DELETED_BY} AS InsertUserID, datetime(moment) AS DateInserted,
       CASE WHEN NOT is_opening THEN thread END AS ParentRecordID, section AS CategoryID
FROM post WHERE state = 'deleted'
UNION ALL
SELECT 2000000 + act, 'Edit', 'Discussion', thread, owner, datetime(moment), staff, datetime(moment), NULL,
       subject_section
FROM moderation WHERE kind = 'edit'
UNION ALL
SELECT 1000000 + n, 'Edit', 'Configuration', NULL, NULL, datetime(1420070400), 1, datetime(1420070400), NULL, NULL
FROM filler
"""

_TABLES: Final = {
    "Activity": PackageTable(
        f"""ActivityID key, ActivityTypeID int(11), NotifyUserID int(11), ActivityUserID int(11)?,
        RegardingUserID int(11)?, HeadlineFormat varchar(255)?, Story text?, Route varchar(255)?, {_INSERTED},
        Data text? | PRIMARY(ActivityID)""",
        """SELECT sanction AS ActivityID, 19 AS ActivityTypeID, member AS ActivityUserID, staff AS RegardingUserID,
                  '{RegardingUserID,You} banned {ActivityUserID,you}.' AS HeadlineFormat,
                  datetime(moment) AS DateInserted
           FROM sanction WHERE kind = 'ban'
           UNION ALL
           SELECT 1000000 + n, 15, n, n, text_of('Activity.HeadlineFormat'), datetime(1420070400) FROM filler""",
    ),
    "ActivityType": PackageTable(
        "ActivityTypeID key, Name varchar(20), ProfileHeadline varchar(255)? | PRIMARY(ActivityTypeID)",
        "SELECT 19 AS ActivityTypeID, 'Ban' AS Name UNION ALL SELECT 15, 'WallPost'",
    ),
    "Category": PackageTable(
        f"""CategoryID key, ParentCategoryID int(11)?, Name varchar(255), UrlCode varchar(255)?, Description
        varchar(500)?, Sort int(11)?, {_INSERTED} | PRIMARY(CategoryID)""",
        """SELECT section AS CategoryID, coalesce(parent, -1) AS ParentCategoryID, position AS Sort FROM section
           UNION ALL SELECT -1, NULL, 0""",
    ),
    "Comment": PackageTable(
        f"""CommentID key, DiscussionID int(11), {_INSERTED}, Body text, Format varchar(20)?, DateDeleted datetime?,
        DateUpdated datetime?, parentCommentID int(11)?, Attributes text? | PRIMARY(CommentID)""",
        """SELECT p.post AS CommentID, p.thread AS DiscussionID, coalesce(p.author, 0) AS InsertUserID,
                  datetime(p.moment) AS DateInserted, datetime(p.edited_at) AS DateUpdated,
                  CASE WHEN NOT q.is_opening THEN q.post END AS parentCommentID
           FROM post p LEFT JOIN post q ON q.post = p.parent_post
           WHERE NOT p.is_opening AND p.state <> 'deleted'""",
    ),
    "Conversation": PackageTable(
        "ConversationID key, Subject varchar(255)?, Contributors varchar(255) | PRIMARY(ConversationID)",
        "SELECT message AS ConversationID FROM envelope",
    ),
    "ConversationMessage": PackageTable(
        f"MessageID key, ConversationID int(11), Body text, {_INSERTED} | PRIMARY(MessageID)",
        """SELECT message AS MessageID, message AS ConversationID, sender AS InsertUserID,
                  datetime(moment) AS DateInserted
           FROM envelope""",
    ),
    "Discussion": PackageTable(
        f"""DiscussionID key, Type varchar(10)?, CategoryID int(11), Name varchar(100), Body text, Tags text?,
        {_INSERTED}, DateUpdated datetime?, CountViews int(11), Attributes text? | PRIMARY(DiscussionID)""",
        """SELECT t.thread AS DiscussionID, NULL AS Type, t.section AS CategoryID,
                  coalesce(t.starter, 0) AS InsertUserID, datetime(t.created_at) AS DateInserted,
                  datetime(p.edited_at) AS DateUpdated, t.views AS CountViews
           FROM thread t JOIN post p ON p.post = t.first_post WHERE t.state <> 'deleted'
           UNION ALL
           SELECT (SELECT max(thread) FROM thread) + number, 'Redirect', section, starter, datetime(created_at), NULL, 0
           FROM thread WHERE number % 40 = 1""",
    ),
    "Log": PackageTable(
        """LogID key, Operation enum(Delete;Edit;Spam;Moderate;Pending;Ban;Error),
        RecordType enum(Discussion;Comment;User;Registration;Activity;ActivityComment;Configuration;Group),
        RecordID int(11)?, RecordUserID int(11)?, RecordDate datetime?, RecordIPAddress varchar(39)?,
        InsertUserID int(11), DateInserted datetime?, OtherUserIDs varchar(255)?, ParentRecordID int(11)?,
        CategoryID int(11)?, Data mediumtext | PRIMARY(LogID)""",
        _LOG,
    ),
    "Media": PackageTable(
        f"""MediaID key, Name varchar(255), Path varchar(255), Type varchar(128), Size int(11), {_INSERTED},
        ForeignID int(11)?, ForeignTable varchar(24)?, ThumbPath varchar(255)? | PRIMARY(MediaID)""",
        """SELECT o.object AS MediaID, o.bytes AS Size, coalesce(o.uploader, 0) AS InsertUserID,
                  datetime(o.moment) AS DateInserted,
                  CASE WHEN p.is_opening THEN p.thread ELSE p.post END AS ForeignID,
                  CASE WHEN p.is_opening THEN 'discussion' ELSE 'comment' END AS ForeignTable
           FROM object o JOIN post p ON p.post = o.post""",
    ),
    "ReactionType": PackageTable(
        "UrlCode varchar(32), Name varchar(32), Description text, TagID int(11), Attributes text?",
        "SELECT 'Like' AS UrlCode, 1 AS TagID UNION ALL SELECT 'Insightful', 2",
    ),
    "Role": PackageTable(
        """RoleID key, Name varchar(100), Description varchar(500)?,
        Type enum(guest;unconfirmed;applicant;member;moderator;administrator)?, Sort int(11)? | PRIMARY(RoleID)""",
        f"""SELECT id AS RoleID, text_of('Role.Name') || id AS Name, type AS Type FROM (VALUES (2, 'guest'),
            (3, 'unconfirmed'), (4, 'applicant'), (8, 'member'), (16, 'administrator'), (32, 'moderator'),
            ({_VIP}, NULL)) AS listed (id, type)""",
    ),
    "User": PackageTable(
        f"""UserID key, Name varchar(50), Password varbinary(100), Photo varchar(255)?, Title varchar(100)?,
        About text?, Email varchar(200), Preferences text?, Attributes text?, DateLastActive datetime?, {_INSERTED},
        Admin flag,
        Banned flag, Deleted flag, DiscoveryText text? | PRIMARY(UserID)""",
        _USERS,
    ),
    "UserConversation": PackageTable(
        """UserID int(11), ConversationID int(11), DateLastViewed datetime?, Deleted flag
        | PRIMARY(UserID;ConversationID)""",
        """SELECT member AS UserID, message AS ConversationID, member % 5 = 0 AS Deleted
           FROM (SELECT message, recipient AS member FROM message UNION SELECT message, sender FROM envelope)
           WHERE member IS NOT NULL""",
    ),
    "UserDiscussion": PackageTable(
        """UserID int(11), DiscussionID int(11), DateLastViewed datetime?, Bookmarked flag
        | PRIMARY(UserID;DiscussionID)""",
        "SELECT member AS UserID, thread AS DiscussionID, datetime(moment) AS DateLastViewed FROM read_mark",
    ),
    "UserMeta": PackageTable("UserMetaID key, UserID int(11), Name varchar(100), Value text? | PRIMARY(UserMetaID)"),
    "UserRole": PackageTable("UserID int(11), RoleID int(11) | PRIMARY(UserID;RoleID)", _ROLES),
    "UserTag": PackageTable(
        """RecordType varchar(200), RecordID int(11), TagID int(11), UserID int(11), DateInserted datetime?,
        Total int(11) | record(RecordID)""",
        """SELECT CASE WHEN p.is_opening THEN 'Discussion' ELSE 'Comment' END AS RecordType,
                  CASE WHEN p.is_opening THEN p.thread ELSE p.post END AS RecordID, 1 AS TagID, r.giver AS UserID,
                  datetime(r.moment) AS DateInserted, 1 AS Total
           FROM reaction r JOIN post p ON p.post = r.post
           UNION ALL SELECT 'Comment-Total', n, 1, 0, datetime(1420070400), 3 FROM filler""",
    ),
}

VANILLA: Final = Package(
    software=Software.VANILLA,
    prefix="GDN_",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    bodies=frozenset({"Discussion.Body", "Comment.Body", "Log.Data", "ConversationMessage.Body"}),
    held={
        "object": UNCOUNTED_OBJECTS,
        "moderation": f"""SELECT staff AS "by", kind, moment AS at, thread, thread * 2 AS post,
                                 nullif(owner, 0) AS member, NULL AS from_section, NULL AS to_section,
                                 NULL AS target_thread
                          FROM moderation WHERE kind = 'edit' AND owner <> staff
                          UNION ALL
                          SELECT {_REMOVER}, 'remove', p.moment, p.thread, {_ID.format("p")}, nullif(p.author, 0), NULL,
                                 NULL, NULL
                          FROM post p
                          WHERE p.state = 'deleted' AND p.number % 3 = 0 AND p.author IS DISTINCT FROM {_REMOVER}""",
        "thread": """SELECT thread, section, starter, created_at, state,
                            CASE WHEN state <> 'deleted' THEN views END AS views
                     FROM thread""",
        "member": f"""SELECT member, registered_at, kind FROM member WHERE kind <> 'bot'
                      UNION ALL SELECT {_SYSTEM}, 1400000000, 'system'""",
        "post": f"""SELECT {_ID.format("p")} AS post, p.thread, p.section, p.author, p.moment AS at, p.is_opening,
                           CASE WHEN p.state <> 'deleted' AND NOT q.is_opening THEN q.post * 2 + 1 END AS parent_post,
                           CASE WHEN p.state <> 'deleted' THEN p.edited_at END AS edited_at,
                           CASE WHEN p.state = 'deleted' THEN 'deleted' ELSE 'visible' END AS state,
                           CASE WHEN p.state = 'deleted' THEN 0 ELSE p.attachments END AS attachments
                    FROM post p LEFT JOIN post q ON q.post = p.parent_post""",
        "reaction": f"""SELECT r.giver, CASE WHEN p.state <> 'deleted' THEN r.receiver END AS receiver,
                               {_ID.format("p")} AS post, r.moment AS at, 'like' AS kind, r.weight
                        FROM reaction r JOIN post p ON p.post = r.post""",
        "sanction": f"""SELECT member, staff AS "by", kind, moment AS at, NULL AS until FROM sanction WHERE kind = 'ban'
                        UNION ALL
                        SELECT author, {_REMOVER}, 'removal', moment, NULL FROM post
                        WHERE state = 'deleted' AND number % 3 = 0 AND author > 0 AND author <> {_REMOVER}""",
        "role_spell": """SELECT member, role, NULL AS start_at, NULL AS end_at FROM member WHERE role <> 'registered'
                         UNION ALL SELECT member, 'banned', moment, NULL FROM sanction WHERE kind = 'ban'""",
    },
)
