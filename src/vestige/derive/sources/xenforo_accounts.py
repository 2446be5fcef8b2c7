"""XenForo's accounts: standing, groups, bans, and the logs that date them.

Groups 3 (administrative) and 4 (moderating) are the installer's, but `is_admin` and `is_moderator` decide. A member's
groups are `user_group_id` and the list in `secondary_group_ids`. `change_log` (1.x: `user_change_log`) keeps both
before and after each change among rows about names and addresses, until it is pruned; promotions and paid upgrades
have logs of their own.
"""

from typing import Final

from vestige.derive.contract import Cell, SourceColumn
from vestige.derive.sources.declaring import declare_table
from vestige.derive.sources.role_history import dated_spells, listed_changes

CONTENT: Final = {b"post": 1, b"thread": 2, b"user": 3}
ACCOUNT_STATES: Final = {
    b"valid": 1, b"email_confirm_edit": 1, b"email_bounce": 1,
    b"email_confirm": 2, b"moderated": 2, b"rejected": 2, b"disabled": 2,
}  # fmt: skip
"""1 may take part, 2 may not: not confirmed, not approved, turned down, switched off."""
CHANGED_FIELDS: Final = {
    b"user_group_id": 1, b"secondary_group_ids": 2, b"is_admin": 3, b"is_moderator": 4, b"is_banned": 5,
}  # fmt: skip
"""Entries of the change log that are about standing; the others hold names, addresses and profiles."""

_CHANGE: Final = (
    SourceColumn("edit_date", Cell.SECONDS, required=True),
    SourceColumn("edit_user_id"),
    SourceColumn("field", Cell.WORD, vocabulary=CHANGED_FIELDS),
    SourceColumn("old_value", Cell.NUMBERS, mixed=True),
    SourceColumn("new_value", Cell.NUMBERS, mixed=True),
)

ACCOUNT_TABLES: Final = (
    declare_table(
        "user",
        SourceColumn("username", Cell.HANDLE),
        SourceColumn("secondary_group_ids", Cell.NUMBERS),
        SourceColumn("user_state", Cell.WORD, vocabulary=ACCOUNT_STATES),
        key="user_id",
        numbers="user_group_id is_moderator is_admin is_banned",
        seconds="register_date last_activity",
        required=True,
    ),
    declare_table("user_group", key="user_group_id"),
    declare_table("moderator", key="user_id", numbers="is_super_moderator"),
    declare_table(
        "change_log", SourceColumn("content_type", Cell.WORD, vocabulary=CONTENT), *_CHANGE, key="content_id"
    ),
    declare_table("user_change_log", *_CHANGE, key="user_id"),
    declare_table("user_group_promotion", SourceColumn("extra_user_group_ids", Cell.NUMBERS), key="promotion_id"),
    declare_table("user_group_promotion_log", key="promotion_id user_id", seconds="promotion_date"),
    declare_table("user_upgrade", SourceColumn("extra_group_ids", Cell.NUMBERS), key="user_upgrade_id"),
    declare_table("user_upgrade_active", key="user_id user_upgrade_id", seconds="start_date"),
    declare_table("user_upgrade_expired", key="user_id user_upgrade_id", seconds="start_date end_date"),
    declare_table("user_ban", key="user_id", numbers="ban_user_id", seconds="ban_date end_date"),
)

MEMBER: Final = """
SELECT user_id AS member, register_date AS registered_at, 'member' AS kind, username AS linked_pseudonym FROM "user"
WHERE user_id > 0
UNION ALL
SELECT 0, NULL, 'guest', NULL
WHERE EXISTS (SELECT 1 FROM post WHERE user_id = 0) OR EXISTS (SELECT 1 FROM thread WHERE user_id = 0)
UNION ALL
SELECT DISTINCT p.user_id, NULL, 'deleted', NULL FROM post p ANTI JOIN "user" u ON u.user_id = p.user_id
WHERE p.user_id > 0
"""

_GROUP_ROLES: Final = """
SELECT g.user_group_id AS id, coalesce(c.role, CASE g.user_group_id WHEN 3 THEN 'administrator' WHEN 4 THEN 'moderator'
       ELSE 'registered' END) AS role, CASE WHEN c.role IS NOT NULL THEN c.rank WHEN g.user_group_id IN (3, 4) THEN 0
       END AS rank
FROM user_group g LEFT JOIN custodian_group c ON c.id = g.user_group_id
"""

_HELD: Final = f"""
SELECT u.user_id AS member, g.role, g.rank
FROM (SELECT user_id, unnest(list_append(coalesce(secondary_group_ids, []), user_group_id)) AS held FROM "user") u
JOIN ({_GROUP_ROLES}) g ON g.id = u.held
UNION ALL SELECT user_id, 'administrator', 0 FROM "user" WHERE is_admin = 1
UNION ALL
SELECT u.user_id, 'moderator', CASE WHEN m.is_super_moderator = 1 THEN 0 ELSE 1 END
FROM "user" u LEFT JOIN moderator m ON m.user_id = u.user_id WHERE u.is_moderator = 1
UNION ALL SELECT user_id, 'restricted', NULL FROM "user" WHERE user_state = 2
UNION ALL
SELECT user_id, 'banned', NULL FROM "user" WHERE is_banned = 1 AND user_id NOT IN (SELECT user_id FROM user_ban)
"""

_LOG: Final = """
SELECT content_id AS member, edit_date AS moment, edit_user_id AS actor, field, old_value, new_value
FROM change_log WHERE content_type = 3 AND field > 0
UNION ALL
SELECT user_id, edit_date, edit_user_id, field, old_value, new_value FROM user_change_log WHERE field > 0
"""

_CHANGES: Final = f"""
SELECT e.member, g.role, g.rank, e.moment, e.actor, e.gained
FROM ({listed_changes(f"SELECT * FROM ({_LOG}) WHERE field < 3", "old_value", "new_value")}) e
JOIN ({_GROUP_ROLES}) g ON g.id = e.held
UNION ALL
SELECT member, CASE field WHEN 3 THEN 'administrator' WHEN 4 THEN 'moderator' ELSE 'banned' END, 0, moment, actor,
       new_value[1] = 1
FROM ({_LOG}) WHERE field >= 3 AND new_value[1] IS NOT NULL
"""

_SPELLS: Final = dated_spells(_CHANGES)

SAME_MOMENT: Final = 60_000_000
"""Microseconds: the package writes a ban, or a removal, and its entry in a log in one request."""

_DATED: Final = f"""
SELECT s.* FROM ({_SPELLS}) s
WHERE s.role <> 'banned' OR NOT EXISTS (
    SELECT 1 FROM user_ban b WHERE b.user_id = s.member AND abs(b.ban_date - s.start_at) <= {SAME_MOMENT})
"""
"""Spells of the change log, without the bans that `user_ban` knows as well."""

_GIVEN: Final = f"""
SELECT d.member, g.role, min(g.rank) AS rank, d.start_at, d.end_at
FROM (
    SELECT l.user_id AS member, unnest(p.extra_user_group_ids) AS held, l.promotion_date AS start_at, NULL AS end_at
    FROM user_group_promotion_log l JOIN user_group_promotion p ON p.promotion_id = l.promotion_id
    UNION ALL
    SELECT a.user_id, unnest(p.extra_group_ids), a.start_date, NULL
    FROM user_upgrade_active a JOIN user_upgrade p ON p.user_upgrade_id = a.user_upgrade_id
    UNION ALL
    SELECT x.user_id, unnest(p.extra_group_ids), x.start_date, x.end_date
    FROM user_upgrade_expired x JOIN user_upgrade p ON p.user_upgrade_id = x.user_upgrade_id
) d JOIN ({_GROUP_ROLES}) g ON g.id = d.held
WHERE g.role <> 'registered'
  AND NOT EXISTS (SELECT 1 FROM ({_SPELLS}) s WHERE s.member = d.member AND s.role = g.role)
GROUP BY d.member, g.role, d.start_at, d.end_at
"""
"""Roles by promotion and by payment, where the log of changes, which is pruned, says nothing of them."""

_LASTING: Final = f"""
SELECT h.member, h.role, min(h.rank) AS rank, 'snapshot' AS evidence
FROM ({_HELD}) h
ANTI JOIN (SELECT member, role FROM ({_SPELLS}) WHERE end_at IS NULL
           UNION ALL SELECT member, role FROM ({_GIVEN}) WHERE end_at IS NULL) s
       ON s.member = h.member AND s.role = h.role
GROUP BY h.member, h.role
"""

VISIT: Final = """
SELECT user_id AS member, last_activity AS at, 'visit' AS kind FROM "user" WHERE last_activity IS NOT NULL
"""

ROLE_SPELLS: Final = {
    "user": _LASTING,
    "user_group": f"""SELECT member, role, rank, start_at, end_at, 'log' AS evidence FROM ({_DATED})
                          UNION ALL
                          SELECT member, role, rank, start_at, end_at, 'log' FROM ({_GIVEN})""",
    "user_ban": """SELECT user_id AS member, 'banned' AS role, ban_date AS start_at, end_date AS end_at,
                              'snapshot' AS evidence FROM user_ban""",
}

BANS: Final = {
    "user_ban": """SELECT user_id AS member, nullif(ban_user_id, 0) AS "by", 'ban' AS kind, ban_date AS at,
                              end_date AS until FROM user_ban""",
    "user": f"""SELECT member, nullif(actor, 0) AS "by", 'ban' AS kind, start_at AS at, end_at AS until
                          FROM ({_DATED}) WHERE role = 'banned' AND start_at IS NOT NULL""",
}
