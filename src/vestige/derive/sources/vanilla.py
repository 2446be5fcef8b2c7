"""Vanilla 2 and later.

What it can supply:

    member          User, also deleted accounts, which keep their number; one more for all guests; the system's own
    role_spell      UserRole + Role (by its type, else by the installer's number, else by the custodian's map), User
                    (super-administrators, banned)
    section         Category
    thread          Discussion, without the redirects that moved ones leave behind; Log (deleted ones)
    post            Discussion (the opening post), Comment, Log (deleted ones)
    object          Media
    reaction        UserTag + ReactionType
    message         ConversationMessage to UserConversation
    view            UserDiscussion, UserCategory (read-marks: a member had read up to then), User (last visit)
    sanction        Activity (bans, with who did it, and when they were lifted), User (bans without an entry), Log
                    (posts removed by somebody else than their author)
    moderation      Log (posts removed, changed or held back by somebody else than their author)

and what it cannot: downloads (not logged), the history of roles, who moved or merged threads. Facts: Vanilla's
structure files; times are UTC; deleted posts move into Log, whose column Data holds their content and is never read;
`Banned` is a set of bits (by hand, by rule, for a time, by warnings), any of which bans; `Admin` 2 is the system's
account.
"""

from typing import Final

from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.results import Severity

GUEST_ACCOUNT: Final = 0
"""Source id of guests, as Vanilla writes it."""

SYSTEM_FLAG: Final = 2
"""`User.Admin` of the account that the software acts with."""

ROLE_TYPES: Final = {
    b"guest": 1, b"unconfirmed": 2, b"applicant": 3, b"member": 4, b"moderator": 5, b"administrator": 6,
}  # fmt: skip
_INSTALLED: Final = {2: 1, 3: 2, 4: 3, 8: 4, 32: 5, 16: 6}
"""Numbers that the installer gives to roles, and their types; before 2.2 roles had no type."""

_STANDINGS: Final = {2: "restricted", 3: "restricted", 4: "registered", 5: "moderator", 6: "administrator"}

REDIRECT: Final = {b"Redirect": 1}
RECORDS: Final = {b"Discussion": 1, b"Comment": 2}
FOREIGN_TABLES: Final = {b"Discussion": 1, b"discussion": 1, b"Comment": 2, b"comment": 2}
OPERATIONS: Final = {b"Delete": 1, b"Spam": 2, b"Edit": -2, b"Moderate": -3}
"""`Log.Operation`: those above 0 take a record out of the forum."""
BAN_HEADLINES: Final = {
    b"{RegardingUserID,You} banned {ActivityUserID,you}.": 1,
    b"{RegardingUserID,You} unbanned {ActivityUserID,you}.": 2,
}
"""How an activity says that somebody was banned, or was no longer."""

REACTIONS: Final = {b"Like": 1, b"Up": 2, b"Down": 3}
ACTIVITIES: Final = {b"Ban": 1}

_TABLES: Final = (
    declare_table(
        "User",
        SourceColumn("Name", Cell.HANDLE),
        key="UserID",
        numbers="Admin Banned Deleted",
        moments="DateInserted DateLastActive",
        required=True,
    ),
    declare_table("UserMerge", key="OldUserID NewUserID"),
    declare_table("Role", SourceColumn("Type", Cell.WORD, vocabulary=ROLE_TYPES), key="RoleID"),
    declare_table("UserRole", key="UserID RoleID"),
    declare_table("Category", key="CategoryID", numbers="ParentCategoryID", required=True),
    declare_table(
        "Discussion",
        SourceColumn("Type", Cell.WORD, vocabulary=REDIRECT),
        key="DiscussionID",
        numbers="CategoryID InsertUserID CountViews",
        moments="DateInserted DateUpdated",
        required=True,
    ),
    declare_table(
        "Comment",
        key="CommentID DiscussionID",
        numbers="InsertUserID parentCommentID",
        moments="DateInserted DateUpdated DateDeleted",
        required=True,
    ),
    declare_table(
        "Log",
        SourceColumn("Operation", Cell.WORD, required=True, vocabulary=OPERATIONS),
        SourceColumn("RecordType", Cell.WORD, required=True, vocabulary=RECORDS),
        key="LogID",
        numbers="RecordID RecordUserID ParentRecordID CategoryID InsertUserID",
        moments="RecordDate DateInserted",
    ),
    declare_table(
        "Media",
        SourceColumn("ForeignTable", Cell.WORD, vocabulary=FOREIGN_TABLES),
        key="MediaID",
        numbers="ForeignID InsertUserID Size",
        moments="DateInserted",
    ),
    declare_table(
        "UserTag",
        SourceColumn("RecordType", Cell.WORD, required=True, vocabulary=RECORDS),
        key="RecordID TagID UserID",
        numbers="Total",
        moments="DateInserted",
    ),
    declare_table("ReactionType", SourceColumn("UrlCode", Cell.WORD, required=True, vocabulary=REACTIONS), key="TagID"),
    declare_table(
        "ConversationMessage", key="MessageID ConversationID", numbers="InsertUserID", moments="DateInserted"
    ),
    declare_table("UserConversation", key="UserID ConversationID"),
    declare_table("UserDiscussion", key="UserID DiscussionID", moments="DateLastViewed"),
    declare_table("UserCategory", key="UserID CategoryID", moments="DateMarkedRead"),
    declare_table(
        "ActivityType", SourceColumn("Name", Cell.WORD, required=True, vocabulary=ACTIVITIES), key="ActivityTypeID"
    ),
    declare_table(
        "Activity",
        SourceColumn("HeadlineFormat", Cell.WORD, vocabulary=BAN_HEADLINES),
        key="ActivityID ActivityTypeID",
        numbers="ActivityUserID RegardingUserID",
        moments="DateInserted",
    ),
)

_MEMBER: Final = f"""
SELECT UserID AS member, DateInserted AS registered_at,
       CASE WHEN Admin = {SYSTEM_FLAG} THEN 'system' ELSE 'member' END AS kind, Name AS linked_pseudonym
FROM "User" WHERE UserID > 0
"""

_GUESTS: Final = f"""
SELECT {GUEST_ACCOUNT} AS member, CAST(NULL AS BIGINT) AS registered_at, 'guest' AS kind
WHERE EXISTS (SELECT 1 FROM "Comment" WHERE coalesce(InsertUserID, 0) = 0)
   OR EXISTS (SELECT 1 FROM Discussion WHERE coalesce(InsertUserID, 0) = 0)
   OR EXISTS (SELECT 1 FROM Log WHERE Operation > 0 AND RecordType > 0 AND coalesce(RecordUserID, 0) = 0)
"""


def _cases(values: dict[int, object]) -> str:
    return " ".join(f"WHEN {key} THEN {value!r}" for key, value in values.items())


_ROLES: Final = f"""
SELECT member, coalesce(given, CASE type {_cases(dict(_STANDINGS))} ELSE 'registered' END) AS role,
       min(CASE WHEN given IS NOT NULL THEN rank WHEN type = 6 THEN 1 WHEN type = 5 THEN 0 END) AS rank,
       'snapshot' AS evidence
FROM (
    SELECT m.UserID AS member, c.role AS given, c.rank,
           coalesce(CASE WHEN r.Type > 0 THEN r.Type END, CASE m.RoleID {_cases(dict(_INSTALLED))} END, 4) AS type
    FROM UserRole m
    LEFT JOIN "Role" r ON r.RoleID = m.RoleID
    LEFT JOIN custodian_group c ON c.id = m.RoleID
    WHERE m.UserID > 0
)
WHERE (given IS NOT NULL OR type > 1)
  AND NOT (coalesce(given, CASE WHEN type = 6 THEN 'administrator' END) IS NOT DISTINCT FROM 'administrator'
           AND member IN (SELECT UserID FROM "User" WHERE Admin = 1))
GROUP BY 1, 2
"""

_OF_ACCOUNTS: Final = """
SELECT UserID AS member, 'administrator' AS role, 0 AS rank, 'snapshot' AS evidence FROM "User"
WHERE Admin = 1 AND UserID > 0
UNION ALL
SELECT u.UserID, 'banned', NULL, 'snapshot' FROM "User" u WHERE u.Banned > 0 AND u.UserID > 0
  AND u.UserID NOT IN (SELECT member FROM ({bans}) WHERE until IS NULL)
"""

_BANS: Final = """
SELECT b.ActivityID, b.ActivityUserID AS member, any_value(b.RegardingUserID) AS actor, b.DateInserted AS moment,
       min(e.DateInserted) AS until
FROM Activity b
JOIN ActivityType y ON y.ActivityTypeID = b.ActivityTypeID AND y.Name = 1
LEFT JOIN Activity e ON e.ActivityUserID = b.ActivityUserID AND e.HeadlineFormat = 2
     AND e.DateInserted >= b.DateInserted
WHERE b.HeadlineFormat = 1 AND b.ActivityUserID > 0
GROUP BY b.ActivityID, b.ActivityUserID, b.DateInserted
"""

_BANNED_SINCE: Final = f"""
SELECT b.member, 'banned' AS role, b.moment AS start_at, b.until AS end_at, 'log' AS evidence FROM ({_BANS}) b
JOIN "User" u ON u.UserID = b.member WHERE b.until IS NOT NULL OR u.Banned > 0
"""

_THREADS: Final = f"""
SELECT DiscussionID AS thread, CategoryID AS section, coalesce(InsertUserID, {GUEST_ACCOUNT}) AS starter,
       DateInserted AS created_at, 'visible' AS state, CountViews AS views
FROM Discussion WHERE Type IS DISTINCT FROM 1
"""

_REMOVED: Final = """
SELECT l.RecordID AS record, arg_max(l.RecordUserID, l.LogID) AS author, arg_max(l.RecordDate, l.LogID) AS moment,
       arg_max(l.ParentRecordID, l.LogID) AS parent, arg_max(l.CategoryID, l.LogID) AS category
FROM Log l WHERE l.Operation > 0 AND l.RecordType = {kind} AND l.RecordID IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = l.RecordID)
GROUP BY l.RecordID
"""
_REMOVED_THREADS: Final = _REMOVED.format(kind=1, table="Discussion", key="DiscussionID")
_REMOVED_COMMENTS: Final = _REMOVED.format(kind=2, table='"Comment"', key="CommentID")

_ATTACHED: Final = """
LEFT JOIN (SELECT ForeignID, count(*) AS attachments FROM Media WHERE ForeignTable = {0} GROUP BY ForeignID) a
       ON a.ForeignID = {1}
"""

_OPENINGS: Final = f"""
SELECT d.DiscussionID * 2 AS post, d.DiscussionID AS thread, d.CategoryID AS section,
       coalesce(d.InsertUserID, {GUEST_ACCOUNT}) AS author, d.DateInserted AS at, TRUE AS is_opening,
       d.DateUpdated AS edited_at, 'visible' AS state, coalesce(a.attachments, 0) AS attachments
FROM Discussion d {_ATTACHED.format(1, "d.DiscussionID")} WHERE d.Type IS DISTINCT FROM 1
"""

_COMMENTS: Final = f"""
SELECT c.CommentID * 2 + 1 AS post, c.DiscussionID AS thread, d.CategoryID AS section,
       coalesce(c.InsertUserID, {GUEST_ACCOUNT}) AS author, c.DateInserted AS at, FALSE AS is_opening,
       CASE WHEN c.parentCommentID > 0 THEN c.parentCommentID * 2 + 1 END AS parent_post, c.DateUpdated AS edited_at,
       CASE WHEN c.DateDeleted IS NULL THEN 'visible' ELSE 'deleted' END AS state,
       coalesce(a.attachments, 0) AS attachments
FROM "Comment" c LEFT JOIN Discussion d ON d.DiscussionID = c.DiscussionID {_ATTACHED.format(2, "c.CommentID")}
"""

_LOGGED_POSTS: Final = f"""
SELECT record * 2 AS post, record AS thread, nullif(category, -1) AS section,
       coalesce(author, {GUEST_ACCOUNT}) AS author, moment AS at, TRUE AS is_opening, 'deleted' AS state
FROM ({_REMOVED_THREADS})
UNION ALL
SELECT record * 2 + 1, parent, nullif(category, -1), coalesce(author, {GUEST_ACCOUNT}), moment, FALSE, 'deleted'
FROM ({_REMOVED_COMMENTS})
"""

_REACTIONS: Final = f"""
SELECT g.UserID AS giver, coalesce(d.InsertUserID, c.InsertUserID, CASE
           WHEN d.DiscussionID IS NOT NULL OR c.CommentID IS NOT NULL THEN {GUEST_ACCOUNT} END) AS receiver,
       g.RecordID * 2 + (g.RecordType - 1) AS post, g.DateInserted AS at,
       CASE t.UrlCode WHEN 1 THEN 'like' WHEN 2 THEN 'up' WHEN 3 THEN 'down' ELSE 'other' END AS kind,
       coalesce(g.Total, 1) AS weight
FROM UserTag g
LEFT JOIN ReactionType t ON t.TagID = g.TagID
LEFT JOIN Discussion d ON g.RecordType = 1 AND d.DiscussionID = g.RecordID
LEFT JOIN "Comment" c ON g.RecordType = 2 AND c.CommentID = g.RecordID
WHERE g.RecordType > 0 AND g.UserID > 0
"""

_MESSAGES: Final = """
SELECT DISTINCT m.MessageID AS message, nullif(m.InsertUserID, 0) AS sender, u.UserID AS recipient, m.DateInserted AS at
FROM ConversationMessage m
JOIN UserConversation u ON u.ConversationID = m.ConversationID AND u.UserID IS DISTINCT FROM m.InsertUserID
"""

_UNLOGGED_BANS: Final = f"""
SELECT u.UserID AS member, 'ban' AS kind FROM "User" u WHERE u.Banned > 0 AND u.UserID > 0
  AND u.UserID NOT IN (SELECT member FROM ({_BANS}) WHERE until IS NULL)
"""

_REMOVALS: Final = """
SELECT RecordUserID AS member, InsertUserID AS "by", 'removal' AS kind, DateInserted AS at FROM Log
WHERE Operation > 0 AND RecordType > 0 AND RecordUserID > 0 AND InsertUserID > 0 AND InsertUserID <> RecordUserID
"""

_MODERATION: Final = """
SELECT InsertUserID AS "by", CASE Operation WHEN -2 THEN 'edit' WHEN -3 THEN 'unapprove' ELSE 'remove' END AS kind,
       DateInserted AS at, CASE RecordType WHEN 1 THEN RecordID ELSE ParentRecordID END AS thread,
       RecordID * 2 + RecordType - 1 AS post, nullif(RecordUserID, 0) AS member
FROM Log
WHERE Operation <> -1 AND RecordType > 0 AND InsertUserID > 0 AND InsertUserID IS DISTINCT FROM RecordUserID
"""

_FINDINGS: Final = (
    SourceFinding(
        "guests-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests, kept under one account that is never counted as a member",
        """SELECT (SELECT count(*) FROM "Comment" WHERE coalesce(InsertUserID, 0) = 0)
                + (SELECT count(*) FROM Discussion WHERE coalesce(InsertUserID, 0) = 0)""",
    ),
    SourceFinding(
        "deleted-accounts-kept",
        Severity.NOTE,
        "{count} accounts were deleted; Vanilla keeps their numbers, so that they still count as members",
        'SELECT count(*) FROM "User" WHERE Deleted = 1',
    ),
    SourceFinding(
        "merged-accounts",
        Severity.CAUTION,
        "{count} accounts were merged into others: what they wrote stands under the account that remained",
        "SELECT count(*) FROM UserMerge",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own roles have no role in the custodian's map: their members count as registered",
        f"""SELECT count(*) FROM "Role" r ANTI JOIN custodian_group c ON c.id = r.RoleID
            WHERE coalesce(r.Type, -1) < 0 AND r.RoleID NOT IN ({", ".join(map(str, _INSTALLED))})""",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} redirects of moved threads were left out: the threads themselves are there",
        "SELECT count(*) FROM Discussion WHERE Type = 1",
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: Vanilla keeps no earlier ones",
        'SELECT count(*) FROM "User" WHERE UserID > 0 AND DateLastActive IS NOT NULL',
    ),
)

VANILLA: Final = Source(
    software=Software.VANILLA,
    title="Vanilla 2 and later",
    tables=_TABLES,
    detect=("User", "UserRole", "Discussion", "Comment"),
    assembly={
        "member": {"User": _MEMBER, "Discussion": _GUESTS},
        "role_spell": {
            "UserRole": _ROLES,
            "User": _OF_ACCOUNTS.format(bans=_BANS),
            "Activity": _BANNED_SINCE,
        },
        "section": {
            "Category": """SELECT CategoryID AS section, nullif(ParentCategoryID, -1) AS parent FROM Category
                           WHERE CategoryID > 0"""
        },
        "thread": {
            "Discussion": _THREADS,
            "Log": f"""SELECT record AS thread, nullif(category, -1) AS section,
                              coalesce(author, {GUEST_ACCOUNT}) AS starter, moment AS created_at, 'deleted' AS state
                       FROM ({_REMOVED_THREADS})""",
        },
        "post": {"Discussion": _OPENINGS, "Comment": _COMMENTS, "Log": _LOGGED_POSTS},
        "object": {
            "Media": f"""SELECT MediaID AS object, InsertUserID AS uploader, DateInserted AS at,
                                {size_band("Size")} AS size_band FROM Media"""
        },
        "reaction": {"UserTag": _REACTIONS},
        "message": {"ConversationMessage": _MESSAGES},
        "view": {
            "UserDiscussion": """SELECT v.UserID AS member, v.DiscussionID AS thread, d.CategoryID AS section,
                                        v.DateLastViewed AS at, 'read-mark' AS kind
                                 FROM UserDiscussion v LEFT JOIN Discussion d ON d.DiscussionID = v.DiscussionID
                                 WHERE v.DateLastViewed IS NOT NULL""",
            "UserCategory": """SELECT UserID AS member, CategoryID AS section, DateMarkedRead AS at,
                                      'read-mark' AS kind FROM UserCategory
                               WHERE DateMarkedRead IS NOT NULL""",
            "User": """SELECT UserID AS member, DateLastActive AS at, 'visit' AS kind FROM "User"
                       WHERE UserID > 0 AND DateLastActive IS NOT NULL""",
        },
        "sanction": {
            "Activity": f"""SELECT member, nullif(actor, 0) AS "by", 'ban' AS kind, moment AS at, until
                            FROM ({_BANS})""",
            "User": _UNLOGGED_BANS,
            "Log": _REMOVALS,
        },
        "moderation": {"Log": _MODERATION},
    },
    absent={
        "moderation.from_section": "Vanilla leaves a redirect where a thread stood, and does not log who moved it",
        "moderation.to_section": "Vanilla leaves a redirect where a thread stood, and does not log who moved it",
        "moderation.target_thread": "Vanilla does not log what was merged or split",
        "object.downloads": "Vanilla does not count downloads",
        "download": "Vanilla does not log who downloaded what",
        "external_event": "not in a forum's own records; the custodian knows them",
        "object.class": "needs a list of hashes that stays outside",
        "role_spell.start_at": "Vanilla keeps only today's roles",
        "role_spell.end_at": "Vanilla keeps only today's roles",
    },
    findings=_FINDINGS,
    group_table=("Role", "RoleID", "Name"),
    section_table=("Category", "CategoryID", "Name"),
)
