"""Checks across cells and files: ids, references, repeated codings, dates in order, sums."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from vestige.casefiles.problems import ProblemList
from vestige.casefiles.schema import UNIT_TABLES, Kind
from vestige.casefiles.study import Row, Study, SumRule
from vestige.casefiles.values import Day, Missing, Quantity, add, is_equal, is_less

DATE_ORDER: Final = {
    "cases": (
        ("investigation_start", "investigation_end"),
        ("investigation_start", "conviction"),
    ),
    "suspects": (("active_from", "active_to"),),
    "forums": (("online_from", "online_to"),),
}
"""Earlier column, later column, within one row. A conviction may fall before an investigation's last day."""


def check_integrity(study: Study, problems: ProblemList) -> None:
    """Every check that needs more than one cell; faults go to `problems`."""
    for table, rows in study.tables.items():
        _check_keys(study, table, rows, problems)
        _check_references(study, table, rows, problems)
        for row in rows:
            for earlier, later in DATE_ORDER.get(table, ()):
                _check_order(row, earlier, row, later, problems)
    _check_dates_of_cases(study, problems)
    _check_roles(study, problems)
    _check_codings(study, problems)
    _check_adjudications(study, problems)
    for rule in study.head.sums:
        for row in study.tables.get(rule.table, ()):
            _check_sum(study, rule, row, problems)


def _check_keys(study: Study, table: str, rows: tuple[Row, ...], problems: ProblemList) -> None:
    key = study.head.schemas[table].key
    first: dict[str, int] = {}
    for row in rows:
        identity = row.text(key) if key else ""
        if identity in first and identity:
            problems.error(
                f"{table}.csv", row.number, str(key), f"the id stands in row {first[identity]} already", "one row an id"
            )
        first.setdefault(identity, row.number)


def _check_references(study: Study, table: str, rows: tuple[Row, ...], problems: ProblemList) -> None:
    for column in study.head.schemas[table].columns:
        if column.kind is not Kind.REFERENCE or column.refers_to is None:
            continue
        for row in rows:
            target = row.text(column.name)
            if target and study.row(column.refers_to, target) is None:
                problems.error(
                    f"{table}.csv",
                    row.number,
                    column.name,
                    f"no row of {column.refers_to}.csv has that id",
                    "add the row there, or correct the id",
                )
    if table == "links":
        for row in rows:
            if row.text("case") and row.text("case") == row.text("from"):
                problems.error("links.csv", row.number, "from", "a case is linked to itself", "correct one of the ids")


def _check_order(before: Row, earlier: str, after: Row, later: str, problems: ProblemList) -> None:
    first, last = before.value(earlier), after.value(later)
    if isinstance(first, Day) and isinstance(last, Day) and is_less(last.as_quantity(), first.as_quantity()):
        where = "" if before is after else f" of {before.table}.csv row {before.number}"
        problems.error(
            f"{after.table}.csv", after.number, later, f"is before {earlier}{where}", "correct one of the two dates"
        )


def _check_dates_of_cases(study: Study, problems: ProblemList) -> None:
    for table, column, reference in (
        ("interviews", "date", study.head.interview_after),
        ("suspects", "convicted", "investigation_start"),
    ):
        for row in study.tables.get(table, ()):
            case = study.row("cases", row.text("case"))
            if case is not None and reference != "none":
                _check_order(case, reference, row, column, problems)


def _check_roles(study: Study, problems: ProblemList) -> None:
    above: dict[str, dict[str, str]] = defaultdict(dict)
    for row in study.tables.get("roles", ()):
        forum, role = row.text("forum"), row.text("role")
        if role in above[forum]:
            problems.error("roles.csv", row.number, "role", "the role stands twice for this forum", "keep one row")
        above[forum][role] = row.text("above")
    for row in study.tables.get("roles", ()):
        roles = above[row.text("forum")]
        superior = row.text("above")
        if superior and superior not in roles:
            problems.error("roles.csv", row.number, "above", "no row of this forum has that role", "add the role")
        elif _in_cycle(row.text("role"), roles):
            problems.error("roles.csv", row.number, "above", "the roles stand above each other in a circle", "break it")
    known = {role for roles in above.values() for role in roles}
    for row in study.tables.get("suspects", ()):
        if known and row.text("role") and row.text("role") not in known:
            problems.error("suspects.csv", row.number, "role", "no row of roles.csv has that role", "add the role")


def _in_cycle(role: str, above: dict[str, str]) -> bool:
    seen = {role}
    current = above.get(role, "")
    while current:
        if current in seen:
            return current == role
        seen.add(current)
        current = above.get(current, "")
    return False


def _check_codings(study: Study, problems: ProblemList) -> None:
    first: dict[tuple[str, str, str, int], int] = {}
    for coding in study.codings:
        file = f"codings/{coding.coder}.csv"
        _check_unit(study, coding.unit, coding.item, file, coding.row, problems)
        place = (coding.coder, coding.unit, coding.item, coding.round)
        if place in first:
            problems.error(
                file,
                coding.row,
                "unit",
                f"this coder coded the unit and item in row {first[place]} already, in the same round",
                "keep one, or number the rounds",
            )
        first.setdefault(place, coding.row)
        if isinstance(coding.page, Quantity) and not coding.page.is_exact:
            problems.error(file, coding.row, "page", "a page is one number", "name the page that settles the answer")


def _check_unit(study: Study, unit: str, code: str, file: str, row: int, problems: ProblemList) -> None:
    item = study.checklist.item(code)
    if item is not None and study.row(UNIT_TABLES[item.level], unit) is None:
        table = UNIT_TABLES[item.level]
        problems.error(file, row, "unit", f"no row of {table}.csv has that id", f"the item is about a {item.level}")


def _check_adjudications(study: Study, problems: ProblemList) -> None:
    first: dict[tuple[str, str], int] = {}
    for decision in study.adjudications:
        file = "adjudications.csv"
        _check_unit(study, decision.unit, decision.item, file, decision.row, problems)
        place = (decision.unit, decision.item)
        if place in first:
            problems.error(
                file, decision.row, "unit", f"was settled in row {first[place]} already", "keep one decision"
            )
        first.setdefault(place, decision.row)


def _check_sum(study: Study, rule: SumRule, row: Row, problems: ProblemList) -> None:
    total = row.value(rule.total)
    if not isinstance(total, Quantity):
        return
    if rule.rows:
        count = float(sum(1 for _ in rows_of(study, rule.rows, row)))
        added, from_what = Quantity(count, count), f"the rows of {rule.rows}.csv"
    else:
        parts = [row.value(part) for part in rule.parts]
        known = [part for part in parts if isinstance(part, Quantity)]
        if any(part is Missing.UNKNOWN or part is Missing.NOT_CODED for part in parts):
            return
        added, from_what = Quantity(0, 0), " + ".join(rule.parts)
        for part in known:
            added = add(added, part)
    if is_equal(total, added) is False:
        problems.error(
            f"{rule.table}.csv", row.number, rule.total, f"does not equal {from_what}", "correct the numbers"
        )


def rows_of(study: Study, table: str, owner: Row) -> Iterator[Row]:
    """Rows of a table that refer to one row of another."""
    key = study.head.schemas[owner.table].key
    reference = next((c.name for c in study.head.schemas[table].columns if c.refers_to == owner.table), None)
    if key is None or reference is None:
        return iter(())
    return (row for row in study.tables.get(table, ()) if row.text(reference) == owner.text(key))
