"""The rule language: what it says, what it refuses, and that it is not Python."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.casefiles.aggregates import FUNCTIONS, Answer, _count, _max, _min, _share, _sum
from vestige.casefiles.claims import Verdict, judge_claim
from vestige.casefiles.expressions import World, compile_rule
from vestige.casefiles.schema import Column, Kind, TableSchema
from vestige.casefiles.study import Claim, Row
from vestige.casefiles.values import Missing, Quantity, is_less, parse_day, parse_quantity
from vestige.errors import StudyError

CASES = TableSchema(
    "cases",
    "case",
    (Column("case", Kind.IDENTIFIER), Column("suspects", Kind.COUNT), Column("start", Kind.DATE)),
    "case",
)
SUSPECTS = TableSchema(
    "suspects",
    "suspect",
    (
        Column("suspect", Kind.IDENTIFIER),
        Column("case", Kind.REFERENCE, refers_to="cases"),
        Column("forums", Kind.COUNT),
        Column("role", Kind.CODE, codes=("manager", "member")),
        Column("tags", Kind.CODES, codes=("a", "b")),
        Column("until", Kind.DATE),
    ),
    "suspect",
)


def exactly(number):
    return Quantity(float(number), float(number))


CASE_ROWS = (
    Row("cases", 2, {"case": "c1", "suspects": exactly(2), "start": parse_day("2015-03")}),
    Row("cases", 3, {"case": "c2", "suspects": Quantity(1.0, 3.0), "start": parse_day("2016")}),
)
SUSPECT_ROWS = tuple(
    Row("suspects", number, {"suspect": f"s{number}", "case": case, "forums": forums, "role": role, **more})
    for number, case, forums, role, more in (
        (2, "c1", exactly(3), "manager", {"tags": ("a", "b"), "until": parse_day("2017-01")}),
        (3, "c1", exactly(1), "member", {"tags": ("a",), "until": parse_day("2015-01")}),
        (4, "c2", Quantity(1.0, 4.0), "member", {"tags": (), "until": Missing.UNKNOWN}),
        (5, "c2", Missing.NOT_APPLICABLE, "member", {"tags": Missing.UNKNOWN, "until": Missing.NOT_APPLICABLE}),
    )
)
CODED = {("c1", "rules"): "yes", ("c2", "rules"): "no"}
ROWS = {"case": CASE_ROWS, "suspect": SUSPECT_ROWS}
KEYS = {("cases", row.text("case")): row for row in CASE_ROWS}
WORLD = World(
    {"case": CASES, "suspect": SUSPECTS},
    ROWS,
    {"rules": (Kind.YES_NO, "case")},
    lambda unit, item: CODED.get((unit, item), Missing.NOT_CODED),
    lambda table, key: KEYS.get((table, key)),
)


def judge(rule):
    return judge_claim(Claim("c", 1, rule, 1), WORLD)


@pytest.mark.parametrize(
    ("rule", "verdict", "rows"),
    [
        ("all(suspect.forums > 1)", Verdict.CONTRADICTED, [3]),
        ("all(suspect.forums >= 1)", Verdict.SUPPORTED, []),
        ('all(suspect.forums > 1, where=suspect.role == "manager")', Verdict.SUPPORTED, []),
        ('all(suspect.forums > 1, where=suspect.case == "c2")', Verdict.UNDECIDED, [4]),
        ("any(suspect.forums > 3)", Verdict.UNDECIDED, [4]),
        ("none(suspect.forums > 2)", Verdict.CONTRADICTED, [2]),
        ("count(suspect.forums > 2) <= 2", Verdict.SUPPORTED, []),
        ("count(suspect.forums > 2) == 1", Verdict.UNDECIDED, [4]),
        ("count(suspect) == 4", Verdict.SUPPORTED, []),
        ("share(suspect.forums > 2) <= 0.67", Verdict.SUPPORTED, []),
        ("share(suspect.forums > 2) > 0.5", Verdict.UNDECIDED, [4]),
        ("sum(case.suspects) >= 3", Verdict.SUPPORTED, []),
        ("mean(case.suspects) == 2", Verdict.UNDECIDED, []),
        ("max(case.suspects) < 3", Verdict.UNDECIDED, []),
        ("min(case.suspects) >= 1", Verdict.SUPPORTED, []),
        ("all(case.suspects == count(suspect))", Verdict.UNDECIDED, [3]),
        ("all(suspect.until > suspect.case.start)", Verdict.CONTRADICTED, [3]),
        ("all(suspect.until - suspect.case.start < 1000)", Verdict.UNDECIDED, [4]),
        ('all(case.start >= "2015-03")', Verdict.UNDECIDED, [2]),
        ('all(case.start >= "2015-03-01")', Verdict.SUPPORTED, []),
        ('any("b" in suspect.tags)', Verdict.SUPPORTED, []),
        ('all("b" not in suspect.tags)', Verdict.CONTRADICTED, [2]),
        ('all(suspect.role in ("manager", "member"))', Verdict.SUPPORTED, []),
        ('all(case["rules"] == "yes")', Verdict.CONTRADICTED, [3]),
        ('all(case["rules"] == "yes" or case.suspects < 4)', Verdict.SUPPORTED, []),
        ("all(known(suspect.until))", Verdict.CONTRADICTED, [4]),
        ("all(1 <= suspect.forums <= 4)", Verdict.SUPPORTED, []),
        ("not all(suspect.forums > 1) and any(suspect.forums == 3)", Verdict.SUPPORTED, []),
        ("all(suspect.forums > 1, where=suspect.forums > 90)", Verdict.UNDECIDED, []),
        ("all(suspect.forums * 2 - 1 >= -suspect.forums + 1)", Verdict.SUPPORTED, []),
    ],
)
def test_rules(rule, verdict, rows):
    judged = judge(rule)
    assert (judged.verdict, [row.number for row in judged.rows]) == (verdict, rows)


@pytest.mark.parametrize(
    "rule",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__",
        "all(x for x in suspect)",
        "lambda: 1",
        "suspect.forums > 1",
        "all(suspect.forums)",
        "all(suspect.height > 1)",
        "all(suspect.role > 1)",
        'all(suspect.role < "member")',
        "all(suspect.forums / 2 > 1)",
        "all(suspect.forums > 2 ** 99)",
        "all(suspect.forums > case.suspects)",
        "all(suspect.forums > 1, when=True)",
        'all(suspect["rules"] == "yes")',
        'all(case["rule"] == "yes")',
        'all(suspect.until > "tomorrow")',
        'all(suspect.role == f"{suspect}")',
        "exec(suspect)",
        "all(suspect.forums is 1)",
        "True",
        "all(suspect.case)",
        "(" * 200 + "1" + ")" * 200,
        "not " * 80 + "all(suspect.forums > 1)",
        "all(" + "-" * 900 + "suspect.forums > 1)",
        "all(" * 200 + "suspect.forums > 1" + ")" * 200,
        "all(suspect.forums > 1" + " " * 2000 + ")",
        "all(suspect.forums > 1\0)",
        "",
    ],
)
def test_refused(rule):
    with pytest.raises(StudyError) as refused:
        compile_rule(rule, WORLD)
    assert refused.value.__context__ is None


def test_no_evaluation_by_python_anywhere():
    folder = Path(__file__).parents[2] / "src" / "vestige" / "casefiles"
    for file in ("expressions.py", "aggregates.py", "claims.py"):
        tree = ast.parse((folder / file).read_text(encoding="utf-8"))
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec", "compile", "__import__"}


maybe = st.tuples(st.integers(0, 9), st.integers(0, 5), st.booleans(), st.booleans())


@settings(deadline=None, max_examples=80)
@given(st.lists(maybe, min_size=1, max_size=5), st.data())
def test_ranges_of_functions_hold_every_possible_world(rows, data):
    """Draw what the bands and the uncertain rows could really be: the function's value lies in its range."""
    answers = [
        Answer(Row("t", number, {}), Quantity(float(low), float(low + width)), sure)
        for number, (low, width, sure, _) in enumerate(rows)
    ]
    world = [(data.draw(st.integers(low, low + width)), sure or inside) for low, width, sure, inside in rows]
    present = [number for number, inside in world if inside]
    for function, real in ((_sum, sum), (_max, max), (_min, min)):
        found = function(answers)
        if present and found is not None:
            assert found.low <= real(present) <= found.high
    yes = [Answer(answer.row, value > 4, answer.sure) for answer, (value, _) in zip(answers, world, strict=True)]
    true = sum(value > 4 for value in present)
    counted, share = _count(yes), _share(yes)
    assert counted.low <= true <= counted.high
    if present and share is not None:
        assert share.low - 1e-12 <= true / len(present) <= share.high + 1e-12


def test_the_largest_of_bounds_stays_a_bound():
    rows = [Answer(Row("t", 1, {}), parse_quantity(cell, whole=True), sure=True) for cell in ("<3", ">3")]
    assert is_less(Quantity(3.0, 3.0), _max(rows)) is True
    assert is_less(_min(rows), Quantity(3.0, 3.0)) is True


def test_every_function_stands_in_the_reference():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "case-files.md").read_text(encoding="utf-8")
    assert [name for name in FUNCTIONS if f"| `{name}` |" not in page] == []
