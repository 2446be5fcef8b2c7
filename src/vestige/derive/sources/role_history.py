"""Spells of roles from a log of groups gained and lost; for the packages that keep one."""


def dated_spells(changes: str) -> str:
    """SELECT of spells (member, role, rank, actor, start_at, end_at) from SELECTed changes.

    A role that a member gains and loses in the same moment, because one group with that role took another's place,
    neither begins nor ends. A role that is lost without ever having been gained began at an unknown time; one that is
    never lost has no end.

    Args:
        changes: SELECT of (member, role, rank, moment, actor, gained), a row for each role gained or lost.
    """
    turns = f"""
        SELECT *, lag(gained) OVER (PARTITION BY member, role ORDER BY moment) AS before
        FROM (SELECT member, role, min(rank) AS rank, moment, max(actor) AS actor, bool_or(gained) AS gained
              FROM ({changes}) WHERE role <> 'registered'
              GROUP BY member, role, moment HAVING bool_or(gained) = bool_and(gained))
    """
    return f"""
        SELECT member, role, rank, actor, CASE WHEN gained THEN moment END AS start_at,
               CASE WHEN gained THEN next_moment ELSE moment END AS end_at
        FROM (SELECT *, row_number() OVER spell AS number, lead(moment) OVER spell AS next_moment
              FROM ({turns}) WHERE gained IS DISTINCT FROM before
              WINDOW spell AS (PARTITION BY member, role ORDER BY moment))
        WHERE gained OR number = 1
    """


def listed_changes(select: str, old: str, new: str) -> str:
    """SELECT of what two lists of groups differ by: everything of `select`, `held` (a group) and `gained`.

    Args:
        select: SELECT with the two lists among its columns.
        old: column of the groups before.
        new: column of the groups after.
    """

    def only_in(these: str, those: str) -> str:
        return f"unnest(list_filter({these}, lambda held: NOT list_contains(coalesce({those}, []), held))) AS held"

    return f"""
        SELECT *, TRUE AS gained, {only_in(new, old)} FROM ({select})
        UNION ALL
        SELECT *, FALSE AS gained, {only_in(old, new)} FROM ({select})
    """
