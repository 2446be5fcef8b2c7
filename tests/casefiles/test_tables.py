"""Tables of the worked example, by hand."""

import json

import pytest
from scipy.stats import binomtest

from vestige.casefiles.check import open_study
from vestige.casefiles.tables import (
    case_overview,
    case_similarity,
    clopper_pearson,
    co_coding,
    item_counts,
    item_matrix_table,
    structure_matrix,
)
from vestige.casefiles.templates import new_study
from vestige.cli import run


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "study"
    new_study(folder, "worked-example")
    return open_study(folder)


def test_overview_keeps_every_kind_of_value_apart(study):
    table = case_overview(study)
    by_case = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    marks = {
        row[0]: dict(zip(table.columns, mark, strict=True)) for row, mark in zip(table.rows, table.marks, strict=True)
    }
    assert (by_case["case-5"]["forums"], marks["case-5"]["forums"]) == (">3", "b")
    assert (by_case["case-5"]["investigation end"], marks["case-5"]["investigation end"]) == ("unknown", "c")
    assert (by_case["case-4"]["conviction"], marks["case-4"]["conviction"]) == ("n/a", "d")
    assert (by_case["case-1"]["investigation start"], marks["case-1"]["investigation start"]) == ("2014-03", "e")
    assert by_case["case-1"]["suspects in study"] == "4"
    assert [letter for letter, _ in table.notes] == ["b", "c", "d", "e"]


def test_item_matrix_shows_what_is_settled(study):
    table = item_matrix_table(study)
    row = next(row for row in table.rows if row[0] == "case-4")
    cells = dict(zip(table.columns, row, strict=True))
    assert cells["participants"] == "unknown"
    assert cells["planning"] == "incidental"


def test_structures_by_case(study):
    rows = {(row["structure"], row["case"]): row for row in structure_matrix(study).to_pylist()}
    assert rows["illegal-governance", "case-1"] == {
        "structure": "illegal-governance", "case": "case-1", "present": 3, "absent": 0, "cannot_tell": 0,
    }  # fmt: skip
    assert rows["illegal-governance", "case-4"]["absent"] == 3
    assert rows["associational", "case-6"] == {
        "structure": "associational", "case": "case-6", "present": 1, "absent": 1, "cannot_tell": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("successes", "trials"), [(0, 6), (3, 6), (6, 6), (1, 50), (17, 40)])
def test_exact_interval_equals_scipy(successes, trials):
    """scipy.stats.binomtest(successes, trials).proportion_ci(method="exact")."""
    interval = binomtest(successes, trials).proportion_ci(method="exact")
    assert clopper_pearson(successes, trials) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_item_counts_leave_missing_out_of_the_share(study):
    rows = {(row["item"], row["code"]): row for row in item_counts(study).to_pylist()}
    lasting = rows["lasting", "yes"]
    assert (lasting["units"], lasting["known"], lasting["not_applicable"]) == (3, 5, 1)
    assert lasting["share"] == pytest.approx(0.6)
    online = rows["origin-of-contact", "online"]
    assert (online["units"], online["known"]) == (5, 6)
    assert rows["sanctions", "yes"]["known"] == 6


def test_co_coding_by_hand(study):
    """Hierarchy: yes in 1, 3, 5. Sanctions settled yes in 1 and 3, no in 5 (second round). Both 2, one only 1."""
    row = next(r for r in co_coding(study).to_pylist() if (r["one"], r["other"]) == ("hierarchy", "sanctions"))
    assert (row["both"], row["one_only"], row["other_only"], row["neither"]) == (2, 1, 0, 3)
    assert row["jaccard"] == pytest.approx(2 / 3)


def test_similarity_by_hand(study):
    """Case 1 and 3: all alike but contact (one of three codes shared), proceeds (differ), participants (>50 and 60)."""
    row = next(r for r in case_similarity(study).to_pylist() if (r["one"], r["other"]) == ("case-1", "case-3"))
    assert row["items"] == 9
    assert row["similarity"] == pytest.approx((7 + 1 / 3) / 9)


@pytest.mark.parametrize("table", ["overview", "items", "structures", "counts", "co-coding", "similarity"])
def test_command_line(study, table, capsys):
    assert run(["casefile", "tables", str(study.folder), table]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 3


@pytest.mark.parametrize("table", ["overview", "items", "structures", "counts", "co-coding", "similarity"])
def test_json_has_every_row(study, table, capsys):
    assert run(["casefile", "tables", str(study.folder), table]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("(")]
    assert run(["casefile", "tables", str(study.folder), table, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert len(shown["rows"]) == len(lines) - 1
    assert all(list(row) == shown["columns"] for row in shown["rows"])


def test_json_keeps_kinds_of_values_apart(study, capsys):
    assert run(["casefile", "tables", str(study.folder), "overview", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    case = next(row for row in shown["rows"] if row["case"]["shown"] == "case-5")
    assert case["forums"] == {"shown": ">3", "notes": "b"}
    assert case["investigation end"] == {"shown": "unknown", "notes": "c"}
    assert set(shown["notes"]) == {"b", "c", "d", "e"}
