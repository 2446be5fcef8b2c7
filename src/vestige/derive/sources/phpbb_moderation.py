"""phpBB's moderators' log: what was done to which thread or post, and between which sections.

Sections are named, not numbered, in what is read of an entry's data: a digest of the name finds them, unless they were
renamed since. The `forum_id` of an entry moves with its thread: it is where the thread stands now.
"""

from typing import Final

from vestige.dataset.schema import ModerationKind
from vestige.derive.sources.moderating import kind_of, words_of

MODERATION_WORDS: Final = words_of(
    {
        ModerationKind.MOVE: (b"LOG_MOVE",),
        ModerationKind.MERGE: (b"LOG_MERGE",),
        ModerationKind.SPLIT: (b"LOG_SPLIT_SOURCE",),
        ModerationKind.COPY: (b"LOG_FORK",),
        ModerationKind.CLOSE: (b"LOG_LOCK", b"LOG_LOCK_POST"),
        ModerationKind.OPEN: (b"LOG_UNLOCK", b"LOG_UNLOCK_POST"),
        ModerationKind.APPROVE: (b"LOG_APPROVE_TOPIC", b"LOG_TOPIC_APPROVED", b"LOG_POST_APPROVED"),
        ModerationKind.UNAPPROVE: (b"LOG_TOPIC_DISAPPROVED", b"LOG_POST_DISAPPROVED"),
        ModerationKind.REMOVE: (b"LOG_SOFTDELETE_TOPIC", b"LOG_SOFTDELETE_POST"),
        ModerationKind.RESTORE: (b"LOG_RESTORE_TOPIC", b"LOG_TOPIC_RESTORED", b"LOG_POST_RESTORED"),
        ModerationKind.EDIT: (b"LOG_POST_EDITED",),
        ModerationKind.OTHER: (b"LOG_TOPIC_TYPE_CHANGED", b"LOG_CHANGE_POSTER", b"LOG_MCP_CHANGE_POSTER"),
    }
)
DELETED, SPLIT_TARGET = 21, 22
"""Numbers that `phpbb_roles.py` gives: posts and threads deleted for good, and the thread that a split made."""

_SAME_MOMENT: Final = 60_000_000

_SECTION_NAMES: Final = """
SELECT forum_name, any_value(forum_id) AS forum_id FROM forums GROUP BY forum_name HAVING count(*) = 1
"""

_ENTRY: Final = f"""
SELECT log_id, user_id AS actor, log_time AS moment, log_operation AS operation,
       CASE WHEN log_operation = {DELETED} THEN 'delete' ELSE {kind_of("log_operation")} END AS kind,
       nullif(topic_id, 0) AS topic_id, nullif(post_id, 0) AS post_id, nullif(forum_id, 0) AS forum_id,
       list_filter(range(1, len(log_data) + 1), lambda place: log_data[place] = 0) AS strings, log_data AS names
FROM log WHERE log_type = 1
"""

_MOVED: Final = f"""
SELECT e.log_id, b.forum_id AS from_section,
       coalesce(a.forum_id, lead(b.forum_id) OVER (PARTITION BY e.topic_id ORDER BY e.moment, e.log_id),
                CASE WHEN lead(e.log_id) OVER (PARTITION BY e.topic_id ORDER BY e.moment, e.log_id) IS NULL
                     THEN e.forum_id END) AS to_section
FROM ({_ENTRY}) e
LEFT JOIN ({_SECTION_NAMES}) b ON b.forum_name = e.names[e.strings[1] + 1]
LEFT JOIN ({_SECTION_NAMES}) a ON a.forum_name = e.names[e.strings[2] + 1]
WHERE e.kind = 'move'
"""
"""An entry names where the thread stood and, from 3.1 on, where it went; else the next move or today's place tells."""

_SPLIT: Final = f"""
SELECT s.log_id, min(t.topic_id) AS target
FROM ({_ENTRY}) s
JOIN ({_ENTRY}) t ON t.operation = {SPLIT_TARGET} AND t.actor = s.actor AND t.log_id = s.log_id - 1
                 AND abs(t.moment - s.moment) <= {_SAME_MOMENT}
WHERE s.kind = 'split' GROUP BY s.log_id
"""

MODERATION: Final = f"""
SELECT nullif(e.actor, 1) AS "by", e.kind, e.moment AS at,
       CASE WHEN e.kind NOT IN ('merge', 'copy') THEN e.topic_id END AS thread, e.post_id AS post,
       u.user_id AS member,
       CASE WHEN e.kind = 'copy' THEN f.forum_id ELSE m.from_section END AS from_section,
       CASE WHEN e.kind = 'copy' THEN e.forum_id ELSE m.to_section END AS to_section,
       CASE WHEN e.kind IN ('merge', 'copy') THEN e.topic_id ELSE s.target END AS target_thread
FROM ({_ENTRY}) e
LEFT JOIN ({_MOVED}) m ON m.log_id = e.log_id
LEFT JOIN ({_SPLIT}) s ON s.log_id = e.log_id
LEFT JOIN ({_SECTION_NAMES}) f ON e.kind = 'copy' AND f.forum_name = e.names[e.strings[1] + 1]
LEFT JOIN users u ON e.operation = {DELETED} AND u.username = e.names[e.strings[2] + 1] AND u.user_id > 1
WHERE e.kind IS NOT NULL
"""
"""A merge logs the thread that remains, a copy the new one."""
