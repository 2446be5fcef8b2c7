"""Flarum 1 and 2.

With the extensions Approval, Likes, Mentions, Suspend, Tags, Messages, and FoF's Byobu, Upload, Reactions and Best
Answer where they are there. What it can supply:

    member          users; one more for authors whose accounts were deleted (the database leaves null)
    role_spell      group_user + groups (1 and 4 by themselves, own groups by the custodian's map), users (suspended)
    section         tags
    thread          discussions, without private ones; of several tags the innermost primary one
    post            posts of type comment in these
    object          fof_upload_files
    reaction        post_likes, post_reactions, discussions (best answers)
    message         dialog_messages to dialog_user; posts of private discussions to recipients (Byobu)
    view            discussion_user (read-marks: a member had read up to then), users (last visit)
    download        fof_upload_downloads
    sanction        users (suspended until), posts (hidden by somebody else than their author)
    moderation      posts (events: tagged, locked, made sticky, merged, split, renamed; hidden by somebody else)

and what it cannot: the history of groups and suspensions, who was warned, which tags a discussion had before. Facts:
Flarum's own schema; times are UTC; hiding is soft deletion; what waits for approval is private as well; events
(renamed, locked, tagged) are posts too.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind, Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.derive.sources.moderating import kind_of, words_of
from vestige.results import Severity

DELETED_ACCOUNT: Final = 0
"""Source id of the collective account of deleted authors: users begin at 1."""

ADMINISTRATORS, GUESTS, MEMBERS, MODERATORS = 1, 2, 3, 4
"""Groups that the installer makes; nobody is ever entered in 2 and 3."""

POST_TYPES: Final = {
    b"comment": 1,
    **words_of(
        {
            ModerationKind.MOVE: (b"discussionTagged",),
            ModerationKind.MERGE: (b"discussionMerged",),
            ModerationKind.SPLIT: (b"discussionSplit",),
            ModerationKind.CLOSE: (b"discussionLocked",),
            ModerationKind.STICK: (b"discussionStickied",),
            ModerationKind.EDIT: (b"discussionRenamed",),
        }
    ),
}
"""What members wrote, and events that the software notes as posts; what they say in words is not read."""

_TABLES: Final = (
    declare_table(
        "users",
        SourceColumn("username", Cell.HANDLE),
        key="id",
        moments="joined_at last_seen_at suspended_until",
        required=True,
    ),
    declare_table("groups", key="id"),
    declare_table("group_user", key="user_id group_id", moments="created_at"),
    declare_table("tags", key="id", numbers="parent_id position"),
    declare_table("discussion_tag", key="discussion_id tag_id"),
    declare_table(
        "discussions",
        key="id",
        numbers="user_id first_post_id is_private is_approved best_answer_post_id best_answer_user_id view_count",
        moments="created_at hidden_at best_answer_set_at",
        required=True,
    ),
    declare_table(
        "posts",
        SourceColumn("type", Cell.WORD, vocabulary=POST_TYPES),
        key="id discussion_id",
        numbers="user_id hidden_user_id is_approved",
        moments="created_at edited_at hidden_at",
        required=True,
    ),
    declare_table("post_mentions_post", key="post_id mentions_post_id"),
    declare_table("post_likes", key="post_id user_id", moments="created_at"),
    declare_table("post_reactions", key="post_id user_id", moments="created_at"),
    declare_table("dialog_messages", key="id dialog_id", numbers="user_id", moments="created_at"),
    declare_table("dialog_user", key="dialog_id user_id"),
    declare_table("recipients", key="discussion_id", numbers="user_id group_id", moments="removed_at"),
    declare_table("discussion_user", key="user_id discussion_id", moments="last_read_at"),
    declare_table("fof_upload_files", key="id", numbers="actor_id post_id size", moments="created_at"),
    declare_table("fof_upload_downloads", key="file_id", numbers="actor_id", moments="downloaded_at"),
)

_MEMBER: Final = """
SELECT id AS member, joined_at AS registered_at, 'member' AS kind, username AS linked_pseudonym FROM users
"""

_DELETED_AUTHORS: Final = f"""
SELECT {DELETED_ACCOUNT} AS member, CAST(NULL AS BIGINT) AS registered_at, 'deleted' AS kind
WHERE EXISTS (SELECT 1 FROM posts WHERE user_id IS NULL AND coalesce(type, 1) = 1)
   OR EXISTS (SELECT 1 FROM discussions WHERE user_id IS NULL)
"""

_STANDING: Final = """
SELECT id AS member, 'registered' AS role, NULL AS start_at, NULL AS end_at, 'snapshot' AS evidence FROM users
UNION ALL
SELECT id, 'banned', NULL, suspended_until, 'snapshot' FROM users WHERE suspended_until IS NOT NULL
"""

_GROUPS: Final = f"""
SELECT m.user_id AS member,
       coalesce(c.role, CASE m.group_id WHEN {ADMINISTRATORS} THEN 'administrator' ELSE 'moderator' END) AS role,
       CASE WHEN c.role IS NULL THEN 0 ELSE c.rank END AS rank, m.created_at AS start_at, 'snapshot' AS evidence
FROM group_user m LEFT JOIN custodian_group c ON c.id = m.group_id
WHERE c.role IS NOT NULL OR m.group_id IN ({ADMINISTRATORS}, {MODERATORS})
"""

_PRIVATE: Final = "coalesce({0}.is_private, 0) = 1 AND coalesce({0}.is_approved, 1) = 1"
"""Private for another reason than waiting for approval: a conversation of Byobu."""

_PUBLIC: Final = f"""
SELECT d.*, t.tag_id FROM discussions d
LEFT JOIN (
    SELECT e.discussion_id, arg_min(e.tag_id, (t.position IS NULL, t.parent_id IS NULL, e.tag_id)) AS tag_id
    FROM discussion_tag e JOIN tags t ON t.id = e.tag_id GROUP BY e.discussion_id
) t ON t.discussion_id = d.id
WHERE NOT ({_PRIVATE.format("d")})
"""

_THREAD: Final = f"""
SELECT id AS thread, tag_id AS section, coalesce(user_id, {DELETED_ACCOUNT}) AS starter, created_at,
       view_count AS views,
       CASE WHEN hidden_at IS NOT NULL THEN 'deleted' WHEN is_approved = 0 THEN 'unapproved' ELSE 'visible' END AS state
FROM ({_PUBLIC})
"""

_PUBLIC_POSTS: Final = f"posts p JOIN ({_PUBLIC}) d ON d.id = p.discussion_id AND coalesce(p.type, 1) = 1"

_POST: Final = f"""
WITH told AS (
    SELECT d.id AS discussion_id, p.id AS post_id FROM discussions d
    JOIN posts p ON p.id = d.first_post_id AND p.discussion_id = d.id
), opening AS (
    SELECT post_id FROM told
    UNION ALL
    SELECT min(p.id) FROM posts p ANTI JOIN told USING (discussion_id) WHERE coalesce(p.type, 1) = 1
    GROUP BY p.discussion_id
), reply AS (
    SELECT m.post_id, any_value(m.mentions_post_id) AS parent
    FROM post_mentions_post m
    JOIN posts p ON p.id = m.post_id
    JOIN posts q ON q.id = m.mentions_post_id AND q.discussion_id = p.discussion_id AND q.id < p.id
         AND coalesce(q.type, 1) = 1
    GROUP BY m.post_id HAVING count(DISTINCT m.mentions_post_id) = 1
), attached AS (SELECT post_id, count(*) AS attachments FROM fof_upload_files GROUP BY post_id)
SELECT p.id AS post, p.discussion_id AS thread, d.tag_id AS section, coalesce(p.user_id, {DELETED_ACCOUNT}) AS author,
       p.created_at AS at, o.post_id IS NOT NULL AS is_opening, r.parent AS parent_post, p.edited_at,
       CASE WHEN p.hidden_at IS NOT NULL THEN 'deleted' WHEN p.is_approved = 0 THEN 'unapproved'
            ELSE 'visible' END AS state,
       coalesce(a.attachments, 0) AS attachments
FROM {_PUBLIC_POSTS}
LEFT JOIN opening o ON o.post_id = p.id
LEFT JOIN reply r ON r.post_id = p.id
LEFT JOIN attached a ON a.post_id = p.id
"""


def _given(table: str, kind: str) -> str:
    """SQL: what members gave to posts of threads."""
    return f"""
    SELECT g.user_id AS giver, coalesce(p.user_id, {DELETED_ACCOUNT}) AS receiver, p.id AS post, g.created_at AS at,
           '{kind}' AS kind
    FROM {table} g JOIN {_PUBLIC_POSTS} ON p.id = g.post_id
    """


_BEST_ANSWERS: Final = f"""
SELECT d.best_answer_user_id AS giver, coalesce(p.user_id, {DELETED_ACCOUNT}) AS receiver, p.id AS post,
       d.best_answer_set_at AS at, 'accept' AS kind
FROM {_PUBLIC_POSTS} WHERE d.best_answer_post_id = p.id AND d.best_answer_user_id IS NOT NULL
"""

_DIALOGS: Final = f"""
SELECT DISTINCT m.id * 2 AS message, coalesce(m.user_id, {DELETED_ACCOUNT}) AS sender, u.user_id AS recipient,
       m.created_at AS at
FROM dialog_messages m JOIN dialog_user u ON u.dialog_id = m.dialog_id AND u.user_id IS DISTINCT FROM m.user_id
"""

_PRIVATE_POSTS: Final = f"""
SELECT DISTINCT p.id * 2 + 1 AS message, coalesce(p.user_id, {DELETED_ACCOUNT}) AS sender, r.user_id AS recipient,
       p.created_at AS at
FROM posts p
JOIN discussions d ON d.id = p.discussion_id AND {_PRIVATE.format("d")}
JOIN (
    SELECT discussion_id, user_id, removed_at FROM recipients WHERE user_id IS NOT NULL
    UNION ALL
    SELECT r.discussion_id, m.user_id, r.removed_at FROM recipients r JOIN group_user m ON m.group_id = r.group_id
) r ON r.discussion_id = d.id AND r.user_id IS DISTINCT FROM p.user_id
   AND coalesce(r.removed_at >= p.created_at, TRUE)
WHERE coalesce(p.type, 1) = 1
"""

_READ: Final = f"""
SELECT v.user_id AS member, v.discussion_id AS thread, d.tag_id AS section, v.last_read_at AS at, 'read-mark' AS kind
FROM discussion_user v JOIN ({_PUBLIC}) d ON d.id = v.discussion_id WHERE v.last_read_at IS NOT NULL
"""

_REMOVALS: Final = f"""
SELECT p.user_id AS member, p.hidden_user_id AS "by", 'removal' AS kind, p.hidden_at AS at, NULL AS until
FROM {_PUBLIC_POSTS}
WHERE p.hidden_at IS NOT NULL AND p.user_id IS NOT NULL AND p.hidden_user_id <> p.user_id
"""

_EVENTS: Final = f"""
SELECT e.user_id AS "by",
       CASE WHEN e.kind = 'close' AND e.place % 2 = 0 THEN 'open'
            WHEN e.kind = 'stick' AND e.place % 2 = 0 THEN 'unstick' ELSE e.kind END AS kind,
       e.created_at AS at, CASE WHEN e.kind <> 'merge' THEN d.id END AS thread, NULL::BIGINT AS post,
       NULL::BIGINT AS member, CASE WHEN e.kind = 'move' AND e.is_last THEN d.tag_id END AS to_section,
       CASE WHEN e.kind = 'merge' THEN d.id END AS target_thread
FROM (
    SELECT user_id, created_at, discussion_id, {kind_of("type")} AS kind, row_number() OVER told AS place,
           lead(id) OVER told IS NULL AS is_last
    FROM posts WHERE type > 1 WINDOW told AS (PARTITION BY discussion_id, type ORDER BY id)
) e JOIN ({_PUBLIC}) d ON d.id = e.discussion_id
WHERE NOT (e.kind = 'edit' AND e.user_id IS NOT DISTINCT FROM d.user_id)
UNION ALL
SELECT p.hidden_user_id, 'remove', p.hidden_at, p.discussion_id, p.id, p.user_id, NULL, NULL
FROM {_PUBLIC_POSTS} WHERE p.hidden_at IS NOT NULL AND p.hidden_user_id <> p.user_id
"""
"""Locking and unlocking leave the same note, in turn; the last move leads to where the thread stands."""

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by deleted authors, kept under one account that is never counted as a member",
        f"SELECT count(*) FROM {_PUBLIC_POSTS} WHERE p.user_id IS NULL",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their members count as registered",
        f"SELECT count(*) FROM groups g ANTI JOIN custodian_group c ON c.id = g.id WHERE g.id > {MODERATORS}",
    ),
    SourceFinding(
        "several-tags",
        Severity.NOTE,
        "{count} threads carry more than one tag: the innermost primary one is their section",
        """SELECT count(*) FROM (
               SELECT discussion_id FROM discussion_tag GROUP BY discussion_id HAVING count(*) > 1)""",
    ),
    SourceFinding(
        "software-notes-left-out",
        Severity.NOTE,
        "{count} posts are notes that the software wrote (renamed, locked, tagged) and were left out",
        "SELECT count(*) FROM posts WHERE type <> 1",
    ),
    SourceFinding(
        "private-discussions-without-recipient",
        Severity.NOTE,
        "{count} private discussions name no recipient: their posts were left out",
        f"""SELECT count(*) FROM discussions d ANTI JOIN recipients r ON r.discussion_id = d.id
            WHERE {_PRIVATE.format("d")}""",
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: Flarum keeps no earlier ones",
        "SELECT count(*) FROM users WHERE last_seen_at IS NOT NULL",
    ),
)

FLARUM: Final = Source(
    software=Software.FLARUM,
    title="Flarum 1 and 2",
    tables=_TABLES,
    detect=("discussions", "discussion_user", "group_permission", "posts"),
    assembly={
        "member": {"users": _MEMBER, "posts": _DELETED_AUTHORS},
        "role_spell": {"users": _STANDING, "group_user": _GROUPS},
        "section": {"tags": "SELECT id AS section, parent_id AS parent FROM tags"},
        "thread": {"discussions": _THREAD},
        "post": {"posts": _POST},
        "object": {
            "fof_upload_files": f"""SELECT id AS object, actor_id AS uploader, created_at AS at,
                                           {size_band("size")} AS size_band FROM fof_upload_files"""
        },
        "reaction": {
            "post_likes": _given("post_likes", "like"),
            "post_reactions": _given("post_reactions", "other"),
            "discussions": _BEST_ANSWERS,
        },
        "message": {"dialog_messages": _DIALOGS, "posts": _PRIVATE_POSTS},
        "view": {
            "discussion_user": _READ,
            "users": """SELECT id AS member, last_seen_at AS at, 'visit' AS kind FROM users
                        WHERE last_seen_at IS NOT NULL""",
        },
        "download": {
            "fof_upload_downloads": """SELECT actor_id AS member, downloaded_at AS at, file_id AS object,
                                              'attempted' AS outcome FROM fof_upload_downloads
                                       WHERE actor_id IS NOT NULL"""
        },
        "sanction": {
            "users": """SELECT id AS member, 'ban' AS kind, NULL AS at, suspended_until AS until FROM users
                        WHERE suspended_until IS NOT NULL""",
            "posts": _REMOVALS,
        },
        "moderation": {"posts": _EVENTS},
    },
    absent={
        "moderation.from_section": "which tags a discussion had before stands in words only",
        "thread.views": "Flarum counts no views without the extension Discussion Views of FoF",
        "object.downloads": "downloads are logged one by one, not counted",
        "external_event": "not in a forum's own records; the custodian knows them",
        "object.class": "needs a list of hashes that stays outside",
        "role_spell.start_at": "Flarum keeps only today's groups, and not since when",
        "reaction.at": "likes carry a time since 2021 only",
    },
    findings=_FINDINGS,
    group_table=("groups", "id", "name_singular"),
    section_table=("tags", "id", "name"),
)
