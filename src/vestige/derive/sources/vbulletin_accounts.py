"""What vBulletin 3, 4 and 5 share: accounts, groups, bans, and the log of what staff changed in accounts.

Groups 1 to 8 are the installer's in every version: 5 super moderators, 6 administrators, 7 moderators, 8 banned, 3
and 4 members who wait to be confirmed. Version 5 says so in `systemgroupid`, 0 for the forum's own groups. A member's
groups are `usergroupid` and the list in `membergroupids`; `userchangelog` keeps both before and after each change,
among rows about names and addresses.
"""

from typing import Final

from vestige.derive.contract import Cell, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table
from vestige.derive.sources.role_history import dated_spells, listed_changes
from vestige.results import Severity

CHANGED_FIELDS: Final = {b"usergroupid": 1, b"membergroupids": 2}
"""Entries of the change log that are about groups; the others hold names and addresses."""


ACCOUNT_TABLES: Final = (
    declare_table(
        "user",
        SourceColumn("username", Cell.HANDLE),
        SourceColumn("membergroupids", Cell.NUMBERS),
        key="userid",
        numbers="usergroupid",
        seconds="joindate lastvisit lastactivity",
        required=True,
    ),
    declare_table("usergroup", key="usergroupid", numbers="systemgroupid"),
    declare_table("moderator", key="userid"),
    declare_table(
        "userchangelog",
        SourceColumn("fieldname", Cell.WORD, required=True, vocabulary=CHANGED_FIELDS),
        SourceColumn("oldvalue", Cell.NUMBERS, required=True, mixed=True),
        SourceColumn("newvalue", Cell.NUMBERS, required=True, mixed=True),
        SourceColumn("change_time", Cell.SECONDS, required=True),
        key="changeid userid",
        numbers="adminid",
    ),
    declare_table("userban", key="userid", numbers="adminid", seconds="bandate liftdate"),
)

MEMBER: Final = """
SELECT userid AS member, joindate AS registered_at, 'member' AS kind, username AS linked_pseudonym FROM "user"
WHERE userid > 0
"""

GUEST: Final = """
SELECT 0 AS member, CAST(NULL AS BIGINT) AS registered_at, 'guest' AS kind WHERE EXISTS (SELECT 1 FROM {written})
"""
"""The account of guests and deleted authors, of whom something must be `written`."""

_GROUP_ROLES: Final = """
SELECT g.id, coalesce(c.role, g.role) AS role, CASE WHEN c.role IS NULL THEN g.rank ELSE c.rank END AS rank
FROM (
    SELECT usergroupid AS id,
           CASE coalesce(systemgroupid, usergroupid)
                WHEN 6 THEN 'administrator' WHEN 5 THEN 'moderator' WHEN 7 THEN 'moderator' WHEN 8 THEN 'banned'
                WHEN 3 THEN 'restricted' WHEN 4 THEN 'restricted' ELSE 'registered' END AS role,
           CASE coalesce(systemgroupid, usergroupid) WHEN 6 THEN 0 WHEN 5 THEN 0 WHEN 7 THEN 1 END AS rank
    FROM usergroup
) g LEFT JOIN custodian_group c ON c.id = g.id
"""
"""Role of every group: the custodian's word first, then the installer's: 3 and 4 wait for confirmation."""

_HELD: Final = f"""
SELECT DISTINCT u.userid AS member, g.role, g.rank
FROM (SELECT userid, unnest(list_distinct(list_append(coalesce(membergroupids, []), usergroupid))) AS held
      FROM "user" WHERE userid > 0) u
JOIN ({_GROUP_ROLES}) g ON g.id = u.held
"""

_LISTED: Final = listed_changes(
    """SELECT userid AS member, change_time AS moment, adminid AS actor, oldvalue, newvalue
       FROM userchangelog WHERE fieldname > 0""",
    "oldvalue",
    "newvalue",
)
_SPELLS: Final = dated_spells(
    f"""SELECT e.member, g.role, g.rank, e.moment, e.actor, e.gained
        FROM ({_LISTED}) e JOIN ({_GROUP_ROLES}) g ON g.id = e.held"""
)

_SAME_MOMENT: Final = 60_000_000
"""Microseconds: the package writes a ban and its entry in the change log in one request."""

DATED: Final = f"""
SELECT * FROM ({_SPELLS}) s
WHERE s.role <> 'banned' OR NOT EXISTS (
    SELECT 1 FROM userban b WHERE b.userid = s.member AND abs(b.bandate - s.start_at) <= {_SAME_MOMENT})
"""
"""Spells of the change log, without the bans that `userban` knows as well."""

LASTING: Final = f"""
SELECT member, role, min(rank) AS rank, 'snapshot' AS evidence
FROM ({_HELD}) h
WHERE NOT EXISTS (SELECT 1 FROM ({_SPELLS}) s WHERE s.member = h.member AND s.role = h.role AND s.end_at IS NULL)
  AND NOT (h.role = 'banned' AND h.member IN (SELECT userid FROM userban))
GROUP BY member, role
"""

SECTION_MODERATORS: Final = f"""
SELECT DISTINCT userid AS member, 'moderator' AS role, 1 AS rank, 'snapshot' AS evidence
FROM moderator WHERE userid NOT IN (SELECT member FROM ({_HELD}) WHERE role = 'moderator')
"""

VISIT: Final = """
SELECT userid AS member, greatest(lastvisit, lastactivity) AS at, 'visit' AS kind
FROM "user" WHERE userid > 0 AND greatest(lastvisit, lastactivity) IS NOT NULL
"""

ROLE_SPELLS: Final = {
    "user": LASTING,
    "moderator": SECTION_MODERATORS,
    "userban": """SELECT userid AS member, 'banned' AS role, bandate AS start_at, liftdate AS end_at,
                         'snapshot' AS evidence FROM userban""",
    "userchangelog": f"SELECT member, role, rank, start_at, end_at, 'log' AS evidence FROM ({DATED})",
}

BANS: Final = {
    "userban": """SELECT userid AS member, nullif(adminid, 0) AS "by", 'ban' AS kind, bandate AS at,
                         liftdate AS until FROM userban""",
    "userchangelog": f"""SELECT member, nullif(actor, 0) AS "by", 'ban' AS kind, start_at AS at, end_at AS until
                         FROM ({DATED}) WHERE role = 'banned' AND start_at IS NOT NULL""",
}

ABSENT: Final = {
    "download": "vBulletin counts an attachment's downloads and does not log who made them",
    "external_event": "not in a forum's own records; the custodian knows them",
    "object.class": "needs a list of hashes that stays outside",
    "object.size_band": "no size is recorded",
    "role_spell.start_at": "no change of groups was logged: only today's groups are known",
    "role_spell.end_at": "no logged change of groups ended a role",
}

FINDINGS: Final = (
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their members count as registered",
        """SELECT count(*) FROM usergroup g ANTI JOIN custodian_group c ON c.id = g.usergroupid
           WHERE coalesce(g.systemgroupid, CASE WHEN g.usergroupid > 8 THEN 0 ELSE 1 END) = 0""",
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: vBulletin keeps no earlier ones",
        f"SELECT count(*) FROM ({VISIT})",
    ),
)
