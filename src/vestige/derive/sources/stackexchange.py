"""Stack Exchange data dump: what is read of it, and how a dataset follows.

| dataset | from | note |
|---|---|---|
| member | Users | -1 (Community) is a system account; deleted authors share one account, as in every package |
| thread | Posts of type 1 | closed questions stay visible; deleted ones are not in a dump |
| post | Posts of type 1 and 2, Comments | a comment is a post in its question's thread that replies to its post |
| reaction | Votes of type 1, 2, 3, 5 and 9, Posts.AcceptedAnswerId | up and down votes have no giver in a dump |
| view | Users | each member's last visit; views are counted for each question, without who viewed |
| role_spell | Badges Sheriff and Constable | served as moderator; when the service began is not told |

| moderation | PostHistory, where it is there: closed, deleted, locked, protected, moved, merged | |

PostLinks and Tags are not opened: nothing in the schema needs them.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding, SourceTable
from vestige.derive.sources.moderating import cases
from vestige.results import Severity

QUESTION: Final = 1
ANSWER: Final = 2
ACCEPT: Final = 1
UP: Final = 2
DOWN: Final = 3
FAVOURITE: Final = 5
BOUNTY_START: Final = 8
BOUNTY_AWARD: Final = 9

DELETED_ACCOUNT: Final = 0
"""Source id of the collective account of deleted authors: no user of a site has it, -1 is the system's own."""

SERVED_AS_MODERATOR: Final = {b"Sheriff": 1, b"Constable": 2}
"""Badges given for service: Sheriff to an elected moderator after a year, Constable to an appointed one after a year
or when the site left its trial. Deputy and Marshal reward flagging and say nothing of a role."""

MODERATED: Final = {
    10: ModerationKind.CLOSE, 11: ModerationKind.OPEN, 12: ModerationKind.REMOVE, 13: ModerationKind.RESTORE,
    14: ModerationKind.CLOSE, 15: ModerationKind.OPEN, 19: ModerationKind.OTHER, 20: ModerationKind.OTHER,
    35: ModerationKind.MOVE, 36: ModerationKind.MOVE, 37: ModerationKind.MERGE, 38: ModerationKind.MERGE,
}  # fmt: skip
"""`PostHistoryTypeId`: 14 and 15 lock and unlock, 19 and 20 protect from newcomers, 35 and 36 are moves between sites,
37 is what was merged and 38 what it was merged into. Closing by vote names nobody."""
MERGED_INTO: Final = 38

_TABLES: Final = (
    SourceTable(
        "Users",
        (
            SourceColumn("Id", required=True),
            SourceColumn("CreationDate", Cell.MOMENT, required=True),
            SourceColumn("LastAccessDate", Cell.MOMENT),
        ),
        required=True,
    ),
    SourceTable(
        "Posts",
        (
            SourceColumn("Id", required=True),
            SourceColumn("PostTypeId", required=True),
            SourceColumn("ParentId"),
            SourceColumn("AcceptedAnswerId"),
            SourceColumn("CreationDate", Cell.MOMENT, required=True),
            SourceColumn("DeletionDate", Cell.MOMENT),
            SourceColumn("OwnerUserId"),
            SourceColumn("LastEditDate", Cell.MOMENT),
            SourceColumn("ViewCount"),
        ),
        required=True,
    ),
    SourceTable(
        "Comments",
        (
            SourceColumn("Id", required=True),
            SourceColumn("PostId", required=True),
            SourceColumn("CreationDate", Cell.MOMENT, required=True),
            SourceColumn("UserId"),
        ),
    ),
    SourceTable(
        "Votes",
        (
            SourceColumn("Id", required=True),
            SourceColumn("PostId", required=True),
            SourceColumn("VoteTypeId", required=True),
            SourceColumn("UserId"),
            SourceColumn("CreationDate", Cell.MOMENT),
            SourceColumn("BountyAmount"),
        ),
    ),
    SourceTable(
        "PostHistory",
        (
            SourceColumn("Id", required=True),
            SourceColumn("PostHistoryTypeId", required=True),
            SourceColumn("PostId", required=True),
            SourceColumn("UserId"),
            SourceColumn("CreationDate", Cell.MOMENT),
        ),
    ),
    SourceTable(
        "Badges",
        (
            SourceColumn("Id", required=True),
            SourceColumn("UserId", required=True),
            SourceColumn("Name", Cell.WORD, required=True, vocabulary=SERVED_AS_MODERATOR),
        ),
    ),
)

_STATE: Final = "CASE WHEN {0}.DeletionDate IS NULL THEN 'visible' ELSE 'deleted' END"

_MEMBERS: Final = """
SELECT Id AS member, CreationDate AS registered_at, CASE WHEN Id < 0 THEN 'system' ELSE 'member' END AS kind
FROM Users
"""

_DELETED_AUTHORS: Final = f"""
SELECT {DELETED_ACCOUNT} AS member, CAST(NULL AS BIGINT) AS registered_at, 'deleted' AS kind
WHERE EXISTS (SELECT 1 FROM Posts WHERE PostTypeId IN ({QUESTION}, {ANSWER}) AND OwnerUserId IS NULL)
   OR EXISTS (SELECT 1 FROM Comments WHERE UserId IS NULL) OR EXISTS (SELECT 1 FROM Votes WHERE UserId = -1)
"""

_THREADS: Final = f"""
SELECT Id AS thread, coalesce(OwnerUserId, {DELETED_ACCOUNT}) AS starter, CreationDate AS created_at,
       {_STATE.format("Posts")} AS state, ViewCount AS views
FROM Posts WHERE PostTypeId = {QUESTION}
"""

_POSTS: Final = f"""
SELECT Id * 2 AS post, CASE PostTypeId WHEN {QUESTION} THEN Id ELSE ParentId END AS thread,
       coalesce(OwnerUserId, {DELETED_ACCOUNT}) AS author, CreationDate AS at, PostTypeId = {QUESTION} AS is_opening,
       CASE PostTypeId WHEN {ANSWER} THEN ParentId * 2 END AS parent_post, LastEditDate AS edited_at,
       {_STATE.format("Posts")} AS state
FROM Posts WHERE PostTypeId IN ({QUESTION}, {ANSWER})
"""

_COMMENTS: Final = f"""
SELECT c.Id * 2 + 1 AS post, CASE p.PostTypeId WHEN {QUESTION} THEN p.Id ELSE p.ParentId END AS thread,
       coalesce(c.UserId, {DELETED_ACCOUNT}) AS author, c.CreationDate AS at, c.PostId * 2 AS parent_post,
       {_STATE.format("p")} AS state
FROM Comments c JOIN Posts p ON p.Id = c.PostId AND p.PostTypeId IN ({QUESTION}, {ANSWER})
"""

_KEPT_VOTES: Final = f"{ACCEPT}, {UP}, {DOWN}, {FAVOURITE}, {BOUNTY_AWARD}"

_VOTES: Final = f"""
WITH given AS (
    SELECT v.VoteTypeId AS kind, v.CreationDate AS at, p.Id AS post, p.OwnerUserId AS receiver,
           v.BountyAmount AS amount, nullif(v.UserId, -1) AS giver,
           CASE p.PostTypeId WHEN {ANSWER} THEN p.ParentId ELSE p.Id END AS question
    FROM Votes v JOIN Posts p ON p.Id = v.PostId AND p.PostTypeId IN ({QUESTION}, {ANSWER})
    WHERE v.VoteTypeId IN ({_KEPT_VOTES})
), offered AS (
    SELECT PostId AS question, any_value(UserId) AS giver
    FROM Votes WHERE VoteTypeId = {BOUNTY_START} AND UserId IS NOT NULL
    GROUP BY PostId HAVING count(DISTINCT UserId) = 1
)
SELECT CASE WHEN given.kind = {ACCEPT} THEN coalesce(asked.OwnerUserId, {DELETED_ACCOUNT})
            WHEN given.kind = {FAVOURITE} THEN coalesce(given.giver, {DELETED_ACCOUNT})
            WHEN given.kind = {BOUNTY_AWARD} AND (given.giver IS NOT NULL OR offered.giver IS NOT NULL)
            THEN coalesce(given.giver, nullif(offered.giver, -1), {DELETED_ACCOUNT}) END AS giver,
       coalesce(given.receiver, {DELETED_ACCOUNT}) AS receiver, given.post * 2 AS post, given.at AS at,
       CASE given.kind WHEN {ACCEPT} THEN 'accept' WHEN {UP} THEN 'up' WHEN {DOWN} THEN 'down'
                       WHEN {FAVOURITE} THEN 'favourite' ELSE 'bounty' END AS kind,
       CASE given.kind WHEN {BOUNTY_AWARD} THEN coalesce(given.amount, 1) WHEN {DOWN} THEN -1 ELSE 1 END AS weight
FROM given
LEFT JOIN Posts asked ON asked.Id = given.question
LEFT JOIN offered ON offered.question = given.question
"""

_ACCEPTED_WITHOUT_VOTE: Final = f"""
SELECT coalesce(asked.OwnerUserId, {DELETED_ACCOUNT}) AS giver, coalesce(answer.OwnerUserId, {DELETED_ACCOUNT})
       AS receiver, answer.Id * 2 AS post, CAST(NULL AS BIGINT) AS at, 'accept' AS kind
FROM Posts asked JOIN Posts answer ON answer.Id = asked.AcceptedAnswerId
WHERE asked.PostTypeId = {QUESTION}
  AND NOT EXISTS (SELECT 1 FROM Votes v WHERE v.PostId = answer.Id AND v.VoteTypeId = {ACCEPT})
"""

_VISITS: Final = """
SELECT Id AS member, LastAccessDate AS at, 'visit' AS kind FROM Users WHERE Id > 0 AND LastAccessDate IS NOT NULL
"""

_ROLES: Final = """
SELECT UserId AS member, 'moderator' AS role, CAST(NULL AS BIGINT) AS start_at, CAST(NULL AS BIGINT) AS end_at,
       'log' AS evidence
FROM Badges WHERE Name > 0 GROUP BY UserId
"""

_MODERATION: Final = f"""
SELECT h."by", h.kind, h.at, CASE WHEN NOT h.took THEN h.thread END AS thread, h.post,
       CASE WHEN h.took THEN h.thread END AS target_thread
FROM (
    SELECT h.UserId AS "by", {cases("h.PostHistoryTypeId", MODERATED)} AS kind, h.CreationDate AS at,
           CASE p.PostTypeId WHEN {QUESTION} THEN p.Id ELSE p.ParentId END AS thread,
           CASE p.PostTypeId WHEN {ANSWER} THEN p.Id * 2 END AS post, h.PostHistoryTypeId = {MERGED_INTO} AS took
    FROM PostHistory h JOIN Posts p ON p.Id = h.PostId AND p.PostTypeId IN ({QUESTION}, {ANSWER})
) h WHERE h.kind IS NOT NULL
"""

STACKEXCHANGE: Final = Source(
    software=Software.STACKEXCHANGE,
    title="Stack Exchange data dump (a folder of XML files)",
    tables=_TABLES,
    detect=("Posts", "Users", "Votes"),
    assembly={
        "member": {"Users": _MEMBERS, "Posts": _DELETED_AUTHORS},
        "thread": {"Posts": _THREADS},
        "post": {"Posts": _POSTS, "Comments": _COMMENTS},
        "reaction": {"Votes": _VOTES, "Posts": _ACCEPTED_WITHOUT_VOTE},
        "view": {"Users": _VISITS},
        "role_spell": {"Badges": _ROLES},
        "moderation": {"PostHistory": _MODERATION},
    },
    absent={
        "section": "a site is one place; a question's tags are text and are not read",
        "thread.section": "a site is one place",
        "post.section": "a site is one place",
        "message": "the sites have no private messages, and chat is not in the dump",
        "view.thread": "views are counted for each question, without who viewed; only last visits are dated",
        "view.section": "a site is one place",
        "download": "the sites hold no files",
        "object": "the sites hold no files; images are addresses in the text, which is not read",
        "moderation.from_section": "a site is one place",
        "moderation.to_section": "a site is one place",
        "moderation.member": "the history does not say whose post it was",
        "sanction": "suspensions of members are not in the dump; closing and locking act on questions, mostly by vote",
        "external_event": "not in a site's own records; who studies it knows them",
        "post.attachments": "the sites hold no files",
        "reaction.giver": "who gave an up or down vote is not in the dump: such votes have no giver",
        "role_spell.start_at": "a badge shows service as moderator, not when it began",
        "role_spell.end_at": "a badge shows service as moderator, not when it ended",
    },
    findings=(
        SourceFinding(
            "deleted-authors-collapsed",
            Severity.CAUTION,
            "{count} questions, answers and comments have no author any more and share one collective account",
            f"""SELECT (SELECT count(*) FROM Posts WHERE PostTypeId IN ({QUESTION}, {ANSWER}) AND OwnerUserId IS NULL)
                + (SELECT count(*) FROM Comments WHERE UserId IS NULL)""",
        ),
        SourceFinding(
            "votes-without-giver",
            Severity.NOTE,
            "{count} up and down votes do not tell who gave them: they have no giver",
            f"SELECT count(*) FROM Votes WHERE VoteTypeId IN ({UP}, {DOWN})",
        ),
        SourceFinding(
            "vote-times-are-days",
            Severity.NOTE,
            "{count} votes are kept with the day only: their hour is always midnight, whatever the time resolution",
            f"""SELECT count(*) FROM Votes WHERE VoteTypeId IN ({_KEPT_VOTES})
                AND CreationDate % 86400000000 = 0""",
        ),
        SourceFinding(
            "wiki-posts-left-out",
            Severity.NOTE,
            "{count} posts are tag wikis, moderators' nominations or other pages outside any thread and were left out",
            f"SELECT count(*) FROM Posts WHERE PostTypeId NOT IN ({QUESTION}, {ANSWER})",
        ),
        SourceFinding(
            "bounties-without-giver",
            Severity.NOTE,
            "{count} awarded bounties have no giver: nobody, or more than one member, had offered one there",
            f"""SELECT count(*) FROM Votes v JOIN Posts p ON p.Id = v.PostId
                WHERE v.VoteTypeId = {BOUNTY_AWARD} AND v.UserId IS NULL AND (
                    SELECT count(DISTINCT o.UserId) FROM Votes o
                    WHERE o.VoteTypeId = {BOUNTY_START} AND o.PostId = coalesce(p.ParentId, p.Id)) <> 1""",
        ),
    ),
)
