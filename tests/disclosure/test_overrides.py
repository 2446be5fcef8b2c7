"""A person may let out what is held back for what it is itself: by name, with a reason, on the record, nothing else."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from derive.commands import run_here
from vestige.disclosure import (
    Additive,
    ColumnKind,
    ColumnRule,
    Override,
    OverrideReason,
    Reason,
    TableRule,
    check_table,
    overriding,
    read_overrides,
)
from vestige.errors import DisclosureError
from vestige.runs import one_run

LABELS = ("a", "b", "c", "d")
RULE = TableRule(
    "test",
    "A test",
    (
        ColumnRule("label", "Label", ColumnKind.LABEL, vocabulary=LABELS),
        ColumnRule("members", "Members", ColumnKind.MEMBERS, additive=Additive.DISJOINT),
        ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("members",), additive=Additive.NO),
    ),
)
TABLE = pa.table({"label": list(LABELS), "members": [3, 12, 40, 50], "posts": [700, 80, 90, 100]})
GOOD = """[[override]]
table = "test"
column = "members"
rows = { label = "a" }
by = "unit-head"
reason = "court-order"
on = 2026-11-28
reference = "case-17"
"""
SECRET = "qrtzrmssnwwvjhwvhhvj"


def override(column: str = "members", rows: dict[str, str | int | float] | None = None) -> Override:
    return Override(
        "test", column, {} if rows is None else rows, "unit-head", OverrideReason.COURT_ORDER, date(2026, 11, 28)
    )


def members(*entries: Override) -> list[int | None]:
    with overriding(entries):
        found: list[int | None] = check_table(TABLE, RULE).data.column("members").to_pylist()
        return found


def test_what_is_let_out_is_rounded_and_what_protected_it_leaves_with_it() -> None:
    assert members() == [None, None, 40, 50]
    assert members(override(rows={"label": "a"})) == [5, 10, 40, 50]


def test_it_is_on_record_who_let_out_what_and_why() -> None:
    with overriding([override(rows={"label": "a"})]):
        decisions = [made for made in check_table(TABLE, RULE).decisions if made.override is not None]
    assert [(made.reason, made.despite, made.cells) for made in decisions] == [(Reason.OVERRIDDEN, Reason.SMALL, 1)]
    assert decisions[0].words == (
        "Members: 1 figure released by unit-head, 2026-11-28 (asked for by a court or prosecutor), although fewer than "
        "10 members stand behind the figure."
    )


def test_only_the_named_column_and_rows_leave() -> None:
    with overriding([override("posts")]):
        safe = check_table(TABLE, RULE)
    assert safe.data.column("posts").to_pylist() == [700, 80, 90, 100]
    assert safe.data.column("members").to_pylist() == [None, None, 40, 50]


@pytest.mark.parametrize(
    "idle",
    [
        override(rows={"label": "b"}),  # held back to protect another figure
        override(rows={"label": "c"}),  # not held back
        override(rows={"label": "e"}),
        override(rows={"members": 3}),  # no label
        override("labels"),
    ],
)
def test_an_override_that_lets_nothing_out_is_an_error(idle: Override) -> None:
    with pytest.raises(DisclosureError, match="override 2 of 2"):
        members(override(rows={"label": "a"}), idle)


def test_what_one_member_made_never_leaves() -> None:
    rule = TableRule(
        "test",
        "A test",
        (
            *RULE.columns[:2],
            ColumnRule("first", "", ColumnKind.CONTRIBUTION, shown=False),
            ColumnRule("second", "", ColumnKind.CONTRIBUTION, shown=False),
            ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("members",), largest=("first", "second")),
        ),
    )
    table = TABLE.append_column("first", pa.array([600, 70, 9, 9])).append_column("second", pa.array([9, 9, 9, 9]))
    with overriding([override("posts", {"label": "b"})]):
        safe = check_table(table.select([column.name for column in rule.columns]), rule)
    assert safe.data.column_names == ["label", "members", "posts"]
    assert safe.data.column("posts").to_pylist()[1] == 80
    with pytest.raises(DisclosureError, match="lets nothing out"), overriding([override("first")]):
        check_table(table.select([column.name for column in rule.columns]), rule)


def test_what_is_let_out_gives_nothing_else_away() -> None:
    """With 3 shown, 12 in a later table, of which they are a part, would tell of the other 9."""
    wider = TableRule("wider", "Wider", (ColumnRule("members", "All", ColumnKind.MEMBERS, counts="members"),))
    part = TableRule("test", "A part", (ColumnRule("members", "Some", ColumnKind.MEMBERS, counts="posting"),))
    with one_run(), overriding([override()]):
        some = check_table(pa.table({"members": [3]}), part)
        everybody = check_table(pa.table({"members": [12]}), wider)
    assert (some.texts(), everybody.texts()) == ([("5",)], [("[c]",)])
    assert check_table(pa.table({"members": [12]}), wider).texts() == [("10",)]


def test_decisions_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "file.toml").write_text(GOOD)
    (entry,) = read_overrides(tmp_path / "file.toml")
    assert (entry.rows, entry.by, entry.reference) == ({"label": "a"}, "unit-head", "case-17")
    (tmp_path / "file.toml").write_text(GOOD.replace('{ label = "a" }', '"all"'))
    assert read_overrides(tmp_path / "file.toml")[0].rows == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('by = "unit-head"\n', ""),
        ("unit-head", f"Dr {SECRET}"),
        ("case-17", 8 * "00ff"),
        ("court-order", SECRET),
        ("2026-11-28", f'"{SECRET}"'),
        ("2026-11-28", "2026-11-28T10:00:00"),
        ('{ label = "a" }', f'"{SECRET}"'),
        ('{ label = "a" }', "{}"),
        ('{ label = "a" }', "{ label = true }"),
        ('table = "test"', "table = 4"),
        ("[[override]]", f"{SECRET} = 1\n[[override]]"),
        ("[[override]]", "[override]"),
        ("reference", "because"),
        ("[[override]]", "[[override"),
    ],
)
def test_a_file_that_is_wrong_is_refused_without_its_words(tmp_path: Path, old: str, new: str) -> None:
    changed = GOOD.replace(old, new, 1)
    assert changed != GOOD
    (tmp_path / "file.toml").write_text(changed)
    with pytest.raises(DisclosureError) as caught:
        read_overrides(tmp_path / "file.toml")
    assert SECRET not in str(caught.value)


def test_commands_say_what_was_let_out_and_by_whom(tmp_path: Path) -> None:
    made = run_here("simulate", "--members", "150", "--months", "6", "--seed", "3", "--out", tmp_path / "forum")
    assert made[0] == 0, made
    dataset, decided = tmp_path / "forum" / "dataset", tmp_path / "decided.toml"
    rows = GOOD.replace('"test"', '"roles"').replace('"members"', '"at_end"')
    decided.write_text(rows.replace('{ label = "a" }', '{ role = "administrator" }'))
    words = b"released by unit-head, 2026-11-28, case-17"
    status, output, error = run_here("describe", dataset, "--overrides", decided, "--json")
    assert (status, words in output) == (0, True), error
    page = tmp_path / "report.html"
    assert run_here("report", dataset, "--out", page, "--overrides", decided)[0] == 0
    assert words in page.read_bytes()
    assert b"--overrides FILE" in page.read_bytes()
    assert run_here("report", dataset, "--out", page, "--replace")[0] == 0
    assert words not in page.read_bytes()
    decided.write_text(rows.replace('{ label = "a" }', '{ role = "emperor" }'))
    status, _, error = run_here("report", dataset, "--out", tmp_path / "none.html", "--overrides", decided)
    assert (status, b"override 1 of 1" in error, (tmp_path / "none.html").exists()) == (2, True, False)
