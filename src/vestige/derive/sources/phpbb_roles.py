"""phpBB's groups and log: roles, who got and lost them when, and what moderators did.

The log names members and groups. Their names are digests here, equal to those in the tables of members and groups, and
are gone when the dataset is written. Members and groups that were renamed or removed since cannot be found again.
"""

from typing import Final

from vestige.derive.sources.phpbb_moderation import MODERATION_WORDS

GROUP_NAMES: Final = {
    b"ADMINISTRATORS": 1,
    b"GLOBAL_MODERATORS": 2,
    b"REGISTERED": 3,
    b"REGISTERED_COPPA": 3,
    b"NEWLY_REGISTERED": 3,
    b"BOTS": 4,
    b"GUESTS": 4,
}
"""Standing groups (group_type 3): administrators, moderators, registered members, and no members at all."""

LOGGED_NAMES: Final = {
    b"Administrators": 1,
    b"Global moderators": 2,
    b"Administratoren": 1,
    b"Globale Moderatoren": 2,
    b"Administrateurs": 1,
    "Modérateurs globaux".encode(): 2,
    b"Administradores": 1,
    b"Moderadores globales": 2,
    **dict.fromkeys((b"Registered users", b"Newly registered users", b"Registered COPPA users", b"Bots"), 3),
    **dict.fromkeys((b"Registrierte Benutzer", "Utilisateurs enregistrés".encode(), b"Usuarios registrados"), 3),
}
"""What the log calls standing groups, in the board's language."""

LOG_OPERATIONS: Final = {
    b"LOG_BAN_USER": 1,
    b"LOG_UNBAN_USER": 2,
    b"LOG_USER_WARNING_BODY": 3,
    b"LOG_USER_INACTIVE_USER": 4,
    b"LOG_USER_ACTIVE_USER": 5,
    b"LOG_USERS_ADDED": 11,
    b"LOG_MODS_ADDED": 11,
    b"LOG_USERS_APPROVED": 11,
    b"LOG_GROUP_REMOVE": 12,
    b"LOG_USER_GROUP_JOIN": 13,
    b"LOG_USER_GROUP_RESIGN": 14,
    b"LOG_DELETE_POST": 21,
    b"LOG_DELETE_TOPIC": 21,
    b"LOG_SPLIT_DESTINATION": 22,
    **MODERATION_WORDS,
}
"""Entries of the user log (log_type 3: reportee_id is the member concerned, user_id who did it), of the
administrators' (11, 12: a group's name, and names of members) and of the moderators' (21: subject, author, reason; 22
follows upon a split with the same moment and moderator; the others see `phpbb_moderation.py`)."""

FOUNDERS: Final = """
SELECT user_id AS member, 'administrator' AS role, 0 AS rank, 'snapshot' AS evidence FROM users WHERE user_type = 3
"""

_GROUP_ROLE: Final = """
SELECT g.group_id,
       coalesce(c.role, CASE WHEN g.group_type = 3 AND g.group_name = 1 THEN 'administrator'
                             WHEN g.group_type = 3 AND g.group_name = 2 THEN 'moderator'
                             WHEN g.group_type = 3 AND g.group_name = 4 THEN NULL ELSE 'registered' END) AS role,
       CASE WHEN c.role IS NOT NULL THEN c.rank
            WHEN g.group_type = 3 AND g.group_name = 1 THEN 1
            WHEN g.group_type = 3 AND g.group_name = 2 THEN 0 END AS rank
FROM groups g LEFT JOIN custodian_group c ON c.id = g.group_id
"""

_ENTRY: Final = """
SELECT log_id, log_type, user_id AS actor, reportee_id, log_time AS moment, log_operation AS operation,
       log_data AS names,
       list_filter(range(1, len(log_data) + 1), lambda place: log_data[place] = 0) AS strings
FROM log
"""
"""Entries with the places of their strings: each begins with 0, its own name follows, then those it lists."""

_GROUP_ENTRY: Final = f"""
SELECT e.log_id, e.moment, e.operation, e.reportee_id, g.group_id, e.names[e.strings[2] + 1:] AS listed
FROM ({_ENTRY}) e
JOIN groups g ON g.group_name = e.names[e.strings[1] + 1] AND (g.group_name < 0 OR g.group_type = 3)
WHERE e.operation BETWEEN 11 AND 14
"""

_JOINED: Final = f"""
SELECT DISTINCT n.log_id, n.moment, n.group_id, u.user_id AS member, n.operation = 11 AS joins
FROM (SELECT *, unnest(listed) AS name FROM ({_GROUP_ENTRY}) WHERE operation IN (11, 12)) n
JOIN users u ON u.username = n.name
UNION ALL
SELECT log_id, moment, group_id, reportee_id, operation = 13 FROM ({_GROUP_ENTRY}) WHERE operation IN (13, 14)
"""

_MEMBERSHIPS: Final = f"""
WITH told AS (
    SELECT *, lag(joins) OVER (PARTITION BY member, group_id ORDER BY moment, log_id) AS before FROM ({_JOINED})
), turned AS (
    SELECT *, lead(moment) OVER (PARTITION BY member, group_id ORDER BY moment, log_id) AS next_at
    FROM told WHERE before IS DISTINCT FROM joins
)
SELECT member, group_id, CASE WHEN joins THEN moment END AS start_at,
       CASE WHEN joins THEN next_at ELSE moment END AS end_at
FROM turned WHERE joins OR before IS NULL
"""

LOGGED_ROLES: Final = f"""
SELECT m.member, r.role, r.rank, m.start_at, m.end_at, 'log' AS evidence
FROM ({_MEMBERSHIPS}) m JOIN ({_GROUP_ROLE}) r ON r.group_id = m.group_id
WHERE m.member > 1 AND r.role IS NOT NULL AND r.role <> 'registered'
"""

GROUP_ROLES: Final = f"""
SELECT h.member, h.role, min(h.rank) AS rank, 'snapshot' AS evidence
FROM (
    SELECT m.user_id AS member, r.role, r.rank
    FROM user_group m JOIN ({_GROUP_ROLE}) r ON r.group_id = m.group_id
    WHERE coalesce(m.user_pending, 0) = 0 AND m.user_id <> 1 AND r.role IS NOT NULL
      AND NOT (r.role <> 'registered' AND (m.user_id, m.group_id) IN (
          SELECT (member, group_id) FROM ({_MEMBERSHIPS}) WHERE end_at IS NULL))
) h
LEFT JOIN users u ON u.user_id = h.member
WHERE NOT (h.role = 'administrator' AND coalesce(u.user_type, 0) = 3)
GROUP BY h.member, h.role
"""

SECTION_MODERATORS: Final = """
SELECT DISTINCT s.member, 'moderator' AS role, 1 AS rank, 'snapshot' AS evidence
FROM (
    SELECT user_id AS member FROM moderator_cache WHERE user_id > 1
    UNION ALL
    SELECT m.user_id AS member
    FROM moderator_cache k
    JOIN groups g ON g.group_id = k.group_id AND g.group_type <> 3
    JOIN user_group m ON m.group_id = k.group_id AND coalesce(m.user_pending, 0) = 0
) s
WHERE s.member NOT IN (
    SELECT m.user_id FROM user_group m JOIN groups g ON g.group_id = m.group_id
    WHERE g.group_type = 3 AND g.group_name IN (1, 2) AND m.user_id IS NOT NULL)
"""

BANS: Final = """
SELECT ban_id, ban_userid AS member, ban_start AS start_at, ban_end AS end_at
FROM banlist WHERE ban_userid > 1 AND coalesce(ban_exclude, 0) = 0
"""

USER_LOG: Final = "SELECT log_id, reportee_id AS member, user_id AS actor, log_time FROM log WHERE log_type = 3"

SAME_MOMENT: Final = 60_000_000
"""Microseconds: the package writes a measure and its log entry in one request."""

LOGGED_BANS: Final = f"""
SELECT l.member, l.actor, l.log_time AS start_at, e.log_time AS end_at
FROM ({USER_LOG} AND log_operation = 1) l
ASOF LEFT JOIN ({USER_LOG} AND log_operation = 2) e ON e.member = l.member AND l.log_time <= e.log_time
WHERE NOT EXISTS (
    SELECT 1 FROM ({BANS}) b WHERE b.member = l.member AND abs(b.start_at - l.log_time) <= {SAME_MOMENT})
"""

LOGGED_RESTRICTIONS: Final = f"""
SELECT l.member, l.actor AS "by", 'restriction' AS kind, l.log_time AS at, e.log_time AS until
FROM ({USER_LOG} AND log_operation = 4) l
ASOF LEFT JOIN ({USER_LOG} AND log_operation = 5) e ON e.member = l.member AND l.log_time <= e.log_time
WHERE NOT EXISTS (
    SELECT 1 FROM users u WHERE u.user_id = l.member AND u.user_type = 1 AND u.user_inactive_reason = 3
      AND abs(u.user_inactive_time - l.log_time) <= {SAME_MOMENT})
"""

LOGGED_REMOVALS: Final = f"""
SELECT u.user_id AS member, e.actor AS "by", 'removal' AS kind, e.moment AS at, NULL::BIGINT AS until
FROM ({_ENTRY}) e JOIN users u ON u.username = e.names[e.strings[2] + 1]
WHERE e.operation = 21 AND u.user_id > 1 AND u.user_id <> e.actor
"""

UNRESOLVED: Final = f"""
SELECT count(*) FROM ({_ENTRY}) e
WHERE e.operation BETWEEN 11 AND 14 AND (
    NOT EXISTS (SELECT 1 FROM groups g WHERE g.group_name = e.names[e.strings[1] + 1])
    OR (e.operation < 13 AND NOT list_has_any(
        e.names[e.strings[2] + 1:], (SELECT list(username) FROM users WHERE username IS NOT NULL))))
"""
