"""QCA against the published Lipset example and the outputs that R's package QCA prints for it.

Reference: package QCA for R (Dusa 2019, "QCA with R", Springer), whose own tests print, for the data sets LC (crisp),
LF (fuzzy) and CVF: minimize(truthTable(LC, outcome = "SURV"), details = TRUE, show.cases = TRUE);
minimize(truthTable(LF, outcome = "SURV", incl.cut = 0.7), include = "?", dir.exp = "1,1,1,1,1"); and
minimize(truthTable(CVF, outcome = "PROTEST", incl.cut = 0.8), include = "?"). The data are published facts: Rihoux and
Ragin (2009), Configurational Comparative Methods, ch. 3 and 5 (Lipset), and Cebotari and Vink (2013) (CVF).
"""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.casefiles.check import open_study
from vestige.casefiles.figures.study_figures import chart_svg
from vestige.casefiles.qca import QcaData, QcaSettings, compare_configurations, memberships_of
from vestige.casefiles.qca.minimise import Term, minimal_models, prime_implicants
from vestige.casefiles.qca.truth_table import Outcome
from vestige.casefiles.templates import new_study
from vestige.cli import run
from vestige.errors import SettingsError

CASES = ("AU", "BE", "CZ", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "NL", "PL", "PT", "RO", "ES", "SE", "UK")
NAMES = ("DEV", "URB", "LIT", "IND", "STB")
LC = np.array(
    [
        [int(digit) for digit in row]
        for row in [
            "101100",
            "111111",
            "111111",
            "001010",
            "101011",
            "101111",
            "111100",
            "000000",
            "001000",
            "101011",
            "000010",
            "111111",
            "001000",
            "000000",
            "000010",
            "000000",
            "101111",
            "111111",
        ]
    ],
    dtype=float,
)
LF = np.array(
    [
        [0.81, 0.99, 0.58, 0.16, 0.58, 0.98, 0.89, 0.04, 0.07, 0.72, 0.34, 0.98, 0.02, 0.01, 0.01, 0.03, 0.95, 0.98],
        [0.12, 0.89, 0.98, 0.07, 0.03, 0.03, 0.79, 0.09, 0.16, 0.05, 0.10, 1.00, 0.17, 0.02, 0.03, 0.30, 0.13, 0.99],
        [0.99, 0.98, 0.98, 0.98, 0.99, 0.99, 0.99, 0.13, 0.88, 0.98, 0.41, 0.99, 0.59, 0.01, 0.17, 0.09, 0.99, 0.99],
        [0.73, 1.00, 0.90, 0.01, 0.08, 0.81, 0.96, 0.36, 0.07, 0.01, 0.47, 0.94, 0.00, 0.11, 0.00, 0.21, 0.67, 1.00],
        [0.43, 0.98, 0.91, 0.91, 0.58, 0.95, 0.31, 0.43, 0.13, 0.95, 0.58, 0.99, 0.00, 0.01, 0.84, 0.20, 0.91, 0.98],
        [0.05, 0.95, 0.89, 0.12, 0.77, 0.95, 0.05, 0.06, 0.42, 0.92, 0.05, 0.95, 0.12, 0.05, 0.21, 0.06, 0.95, 0.95],
    ]
).T
CVF_NAMES = ("DEMOC", "ETHFRACT", "GEOCON", "POLDIS", "NATPRIDE")
CVF = np.array(
    [
        [float(number) / 100 for number in row.split()]
        for row in [
            "41 8 95 88 77 47",
            "6 14 35 5 88 70",
            "6 14 35 24 91 3",
            "10 32 78 37 80 3",
            "10 32 35 5 60 3",
            "13 86 78 5 66 27",
            "13 86 78 5 96 15",
            "13 86 78 5 87 44",
            "87 23 78 5 70 47",
            "87 23 5 95 83 36",
            "82 54 78 80 54 79",
            "35 49 35 11 93 33",
            "96 6 95 5 86 2",
            "96 6 95 5 75 36",
            "88 72 35 92 29 85",
            "56 59 95 58 25 85",
            "56 59 78 5 87 57",
            "56 59 35 69 95 9",
            "49 54 95 65 60 73",
            "49 54 35 5 51 56",
            "70 23 95 83 62 59",
            "96 51 95 5 38 93",
            "96 51 95 5 86 56",
            "96 26 95 58 75 89",
            "96 26 95 5 88 36",
            "49 39 95 5 6 89",
            "49 39 95 5 34 52",
            "12 95 95 95 43 85",
            "12 95 95 92 41 98",
        ]
    ]
)


def lipset(table=LC, *, negate=False, conditions=NAMES):
    columns = [NAMES.index(name) for name in conditions]
    outcome = 1 - table[:, 5] if negate else table[:, 5]
    return QcaData(CASES, tuple(conditions), table[:, columns], "~SURV" if negate else "SURV", outcome)


def models(result, solution):
    return [result.formula(model) for model in result.solutions[solution]]


def fits(model):
    return [
        tuple(round(number, 3) for number in (fit.consistency, fit.pri, fit.coverage, unique))
        for fit, unique in zip(model.term_fits, model.unique_coverage, strict=True)
    ]


def test_crisp_truth_table():
    """ttLC: nine observed configurations, numbered 32, 22, 24 (outcome 1) and 1, 2, 5, 6, 23, 31 (outcome 0)."""
    rows = {row.row + 1: (row.outcome.value, len(row.cases)) for row in compare_configurations(lipset()).configurations}
    observed = {number: row for number, row in rows.items() if row[1]}
    assert observed == {
        1: ("0", 3), 2: ("0", 2), 5: ("0", 2), 6: ("0", 1), 22: ("1", 2), 23: ("0", 1), 24: ("1", 2), 31: ("0", 1),
        32: ("1", 4),
    }  # fmt: skip


def test_crisp_solutions():
    """M1: DEV*~URB*LIT*STB + DEV*LIT*IND*STB (1.000 1.000 0.500 0.250 and 1.000 1.000 0.750 0.500); DEV*STB."""
    result = compare_configurations(lipset())
    assert models(result, "conservative") == ["DEV*LIT*IND*STB + DEV*~URB*LIT*STB"]
    assert fits(result.solutions["conservative"][0]) == [(1.0, 1.0, 0.75, 0.5), (1.0, 1.0, 0.5, 0.25)]
    assert models(result, "parsimonious") == ["DEV*STB"]
    assert [row + 1 for row in result.simplifying] == [18, 20, 26, 28, 30]


def test_crisp_solutions_of_the_negated_outcome():
    """~DEV*~URB*~IND + DEV*LIT*IND*~STB; with remainders ~DEV + ~STB (0.800 0.300 and 0.700 0.200)."""
    result = compare_configurations(lipset(negate=True))
    assert set(models(result, "conservative")[0].split(" + ")) == {"~DEV*~URB*~IND", "DEV*LIT*IND*~STB"}
    assert len(result.solutions["conservative"]) == len(result.solutions["parsimonious"]) == 1
    model = result.solutions["parsimonious"][0]
    found = dict(zip((term.text(NAMES) for term in model.terms), fits(model), strict=True))
    assert found == {"~DEV": (1.0, 1.0, 0.8, 0.3), "~STB": (1.0, 1.0, 0.7, 0.2)}


def test_contradictions_and_rival_models():
    """Four conditions, development cut at 600 (CZ 586 and FI 590 fall below): rows 3, 12 and 16 contradict.

    Explaining 1 and C gives two models that share two terms, as R prints for
    minimize(truthTable(LCinit, "SURV", incl.cut = c(1, 0.01)), explain = "1, C"):
    M1: ~URB*LIT*~IND + URB*LIT*IND + (DEV*~URB*LIT); M2: ... + (DEV*LIT*IND).
    """
    table = LC.copy()
    table[[CASES.index("CZ"), CASES.index("FI")], 0] = 0
    data = lipset(table, conditions=NAMES[:4])
    result = compare_configurations(data, settings=QcaSettings(inconsistent=0.01, include_contradictory=True))
    outcomes = {row.row + 1: row.outcome for row in result.configurations if row.cases}
    assert [number for number, outcome in outcomes.items() if outcome is Outcome.CONTRADICTORY] == [3, 12, 16]
    assert [set(model.split(" + ")) for model in models(result, "conservative")] == [
        {"URB*LIT*IND", "~URB*LIT*~IND", "DEV*LIT*IND"},
        {"URB*LIT*IND", "~URB*LIT*~IND", "DEV*~URB*LIT"},
    ]
    found = {
        term.text(NAMES[:4]): fit
        for model in result.solutions["conservative"]
        for term, fit in zip(model.terms, [f[:3] for f in fits(model)], strict=True)
    }
    assert found["~URB*LIT*~IND"] == (0.4, 0.4, 0.25)
    assert found["URB*LIT*IND"] == (0.8, 0.8, 0.5)
    assert found["DEV*~URB*LIT"] == (0.75, 0.75, 0.375)
    assert {finding.code for finding in result.findings} >= {"contradictory-configurations", "model-ambiguity"}


def test_fuzzy_solutions():
    """LF at 0.7: 0.809 0.761 0.433 0.196; 0.843 0.821 0.622 0.385; model 0.871 0.851 0.818; DEV*STB 0.869 0.848 0.824;

    intermediate with every condition expected present: DEV*LIT*STB, 0.869 0.848 0.824.
    """
    expected = dict.fromkeys(NAMES, 1)
    result = compare_configurations(lipset(LF), settings=QcaSettings(consistent=0.7, expected=expected))
    model = result.solutions["conservative"][0]
    assert dict(zip((term.text(NAMES) for term in model.terms), fits(model), strict=True)) == {
        "DEV*~URB*LIT*STB": (0.809, 0.761, 0.433, 0.196),
        "DEV*LIT*IND*STB": (0.843, 0.821, 0.622, 0.385),
    }
    fit = model.fit
    assert (round(fit.consistency, 3), round(fit.pri, 3), round(fit.coverage, 3)) == (0.871, 0.851, 0.818)
    for solution, formula in (("parsimonious", "DEV*STB"), ("intermediate", "DEV*LIT*STB")):
        assert models(result, solution) == [formula]
        fit = result.solutions[solution][0].fit
        assert (round(fit.consistency, 3), round(fit.pri, 3), round(fit.coverage, 3)) == (0.869, 0.848, 0.824)


def test_four_rival_models_of_protest():
    """pCVF: ~NATPRIDE + DEMOC*GEOCON*POLDIS + one of four pairs of terms; 0.899 0.807 0.597 and so on."""
    cases = tuple(f"case-{number}" for number in range(len(CVF)))
    data = QcaData(cases, CVF_NAMES, CVF[:, :5], "PROTEST", CVF[:, 5])
    result = compare_configurations(data, settings=QcaSettings(consistent=0.8))
    shared = {"~NATPRIDE", "DEMOC*GEOCON*POLDIS"}
    assert {frozenset(model.split(" + ")) - shared for model in models(result, "parsimonious")} == {
        frozenset({"~DEMOC*ETHFRACT*POLDIS", "DEMOC*ETHFRACT*GEOCON"}),
        frozenset({"~DEMOC*ETHFRACT*POLDIS", "DEMOC*ETHFRACT*~POLDIS"}),
        frozenset({"DEMOC*ETHFRACT*GEOCON", "ETHFRACT*GEOCON*POLDIS"}),
        frozenset({"DEMOC*ETHFRACT*~POLDIS", "ETHFRACT*GEOCON*POLDIS"}),
    }
    printed = {
        "~NATPRIDE": (0.899, 0.807, 0.597),
        "DEMOC*GEOCON*POLDIS": (0.906, 0.805, 0.342),
        "~DEMOC*ETHFRACT*POLDIS": (0.842, 0.718, 0.299),
        "DEMOC*ETHFRACT*GEOCON": (0.935, 0.826, 0.480),
        "DEMOC*ETHFRACT*~POLDIS": (0.932, 0.773, 0.417),
        "ETHFRACT*GEOCON*POLDIS": (0.869, 0.786, 0.365),
    }
    for model in result.solutions["parsimonious"]:
        for term, fit in zip(model.terms, fits(model), strict=True):
            assert fit[:3] == printed[term.text(CVF_NAMES)]


def test_necessity_by_hand():
    """x = (1, .6, .3), y = (.8, .6, .1): min sums to 1.5; consistency 1.5/1.5, coverage 1.5/1.9, relevance 1.1/1.5."""
    data = QcaData(("a", "b", "c"), ("X",), np.array([[1.0], [0.6], [0.3]]), "Y", np.array([0.8, 0.6, 0.1]))
    fit = compare_configurations(data, settings=QcaSettings(consistent=0.7)).necessary["X"]
    assert (fit.consistency, fit.coverage, fit.relevance) == (
        pytest.approx(1),
        pytest.approx(1.5 / 1.9),
        pytest.approx(1.1 / 1.5),
    )


def test_quines_textbook_function():
    """f(A,B,C,D) with minterms 4, 8, 10, 11, 12, 15 and don't-cares 9, 14: the standard exercise of the method.

    Prime implicants B*~C*~D, A*~D, A*~B, A*C; two smallest covers, as AC and BC'D' are essential.
    """
    names = ("A", "B", "C", "D")
    rows, optional = (4, 8, 10, 11, 12, 15), (9, 14)
    primes = {term.text(names) for term in prime_implicants({*rows, *optional}, 4)}
    assert primes == {"B*~C*~D", "A*~D", "A*~B", "A*C"}
    found = {frozenset(term.text(names) for term in model) for model in minimal_models(rows, optional, 4)}
    assert found == {frozenset({"B*~C*~D", "A*C", "A*~D"}), frozenset({"B*~C*~D", "A*C", "A*~B"})}


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from("10?"), min_size=8, max_size=8))
def test_models_are_exact_and_smallest(states):
    """Every model covers the positives and no negative, and no smaller set of terms of any kind does."""
    positive = [row for row, state in enumerate(states) if state == "1"]
    optional = [row for row, state in enumerate(states) if state == "?"]
    negative = [row for row, state in enumerate(states) if state == "0"]
    found = minimal_models(positive, optional, 3)
    if not positive:
        assert found == []
        return
    for model in found:
        assert all(any(term.covers(row) for term in model) for row in positive)
        assert not any(term.covers(row) for term in model for row in negative)
    every = [Term(cared, value & cared) for cared, value in product(range(8), range(8)) if value & cared == value]
    allowed = [term for term in every if not any(term.covers(row) for row in negative)]
    if len(found[0]) == 2:
        assert not any(all(term.covers(row) for row in positive) for term in allowed)


def test_study_conditions(tmp_path, capsys):
    new_study(tmp_path / "study", "worked-example")
    study = open_study(tmp_path / "study")
    data = memberships_of(study, "lasting", ["hierarchy", "division-of-tasks"])
    assert data.cases == ("case-1", "case-2", "case-3", "case-4", "case-5")
    assert data.left_out == ("case-6",)
    assert data.members[:, 1].tolist() == [1.0, 0.5, 1.0, 0.0, 0.5]
    with pytest.raises(SettingsError):
        memberships_of(study, "participants", ["hierarchy"])
    command = ["casefile", "qca", str(study.folder), "--outcome", "lasting"]
    assert run([*command, "--condition", "hierarchy", "--condition", "admission", "--expect", "hierarchy=1"]) == 0
    out = capsys.readouterr().out
    assert "parsimonious M1: hierarchy -> lasting (consistency 1.000, coverage 1.000)" in out
    assert run([*command, "--condition", "participants"]) == 2


def test_chart_names_every_case_once_a_solution():
    svg = chart_svg(compare_configurations(lipset(LF), settings=QcaSettings(consistent=0.7)).plot("fit"))
    names = [name for words in re.findall(r">([A-Z, ]+)<", svg) for name in words.split(", ")]
    assert sorted(name for name in names if name in CASES) == sorted(CASES * 2)
    with pytest.raises(SettingsError):
        compare_configurations(lipset()).plot("nothing")


@pytest.mark.parametrize("wrong", [{"consistent": 0.7, "inconsistent": 0.8}, {"fewest_cases": 0}, {"consistent": 0}])
def test_thresholds(wrong):
    with pytest.raises(SettingsError):
        QcaSettings(**wrong)


def test_memberships_outside_the_scale_are_refused():
    with pytest.raises(SettingsError):
        QcaData(("a",), ("X",), np.array([[1.2]]), "Y", np.array([1.0]))
