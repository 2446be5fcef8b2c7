"""Tables on the terminal: no column is lost, and no word is broken where there is room for all of them."""

import pytest

from vestige.cli.tables import PLAIN_WIDTH, output_console, print_table
from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule, check_table
from vestige.disclosure.figures import members_column, rows_table

LABELS = ("distance-fragmentation of all members who were ever seen", "reach")


@pytest.mark.parametrize("columns", [2, 3, 9])
def test_every_column_is_printed_whole(columns: int, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"figure_{place}" for place in range(columns)]
    rule = TableRule(
        "wide",
        "Wide",
        (
            ColumnRule("label", "Label", ColumnKind.LABEL, vocabulary=LABELS),
            *(ColumnRule(name, f"{name} of members", ColumnKind.ESTIMATE, behind=("members",)) for name in names),
            members_column("members", "Members", additive=Additive.NO),
        ),
    )
    rows = [(label, *(float(100 + place) for place in range(columns)), 1000) for label in LABELS]
    print_table(output_console(), check_table(rows_table(rule, rows), rule))
    printed = capsys.readouterr().out
    assert all(len(line) <= PLAIN_WIDTH for line in printed.splitlines())
    last = [line for line in printed.splitlines() if "1,000" in line]
    assert len(last) == len(LABELS), "the last column is there in every row"
    assert all(f"{100 + place}" in printed for place in range(columns))
    assert ("distance-fragmentation" in printed) is (columns < 9)
