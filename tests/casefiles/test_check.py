"""`check_study`: every problem at once, by file, row and column, and never a cell's value."""

import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.casefiles.check import check_study, open_study
from vestige.casefiles.claims import Verdict
from vestige.casefiles.schema import TABLES
from vestige.casefiles.templates import TEMPLATES, new_study
from vestige.casefiles.values import Missing, Quantity
from vestige.cli import run
from vestige.errors import OutputError, SettingsError, StudyError

CANARY = "Hans-Privat"


@pytest.fixture
def study(tmp_path):
    new_study(tmp_path / "study", "worked-example")
    return tmp_path / "study"


def put(study, file, old, new):
    path = study / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def places(study):
    return [(p.file, p.row, p.column) for p in check_study(study).errors]


def test_worked_example_is_clean_but_for_the_planted_contradiction(study):
    check = check_study(study)
    assert check.problems == ()
    assert {judged.claim.code: judged.verdict for judged in check.judgements} == {
        "several-forums": Verdict.CONTRADICTED,
        "few-administrators": Verdict.SUPPORTED,
        "staff-stayed-longest": Verdict.SUPPORTED,
        "rules-in-large-groups": Verdict.UNDECIDED,
        "interviewed-twice": Verdict.SUPPORTED,
    }
    contradicted = check.contradicted[0]
    assert [(row.number, row.text("suspect")) for row in contradicted.rows] == [(6, "suspect-05"), (11, "suspect-10")]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_checks_without_an_error(template, tmp_path):
    files = new_study(tmp_path / "new", template)
    assert {f"{name}.csv" for name in TABLES} <= set(files)
    check = check_study(tmp_path / "new")
    assert check.errors == ()
    assert check.study.checklist.items
    assert check.study.checklist.source


def test_unknown_template_and_existing_folder(tmp_path):
    with pytest.raises(SettingsError):
        new_study(tmp_path / "a", "no-such")
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError):
        new_study(tmp_path / "b", "crime-script")


def test_unknown_code_of_a_coder(study):
    put(study, "codings/coder-2.csv", "case-1,planning,planned", f"case-1,planning,{CANARY}")
    assert places(study) == [("codings/coder-2.csv", 6, "value (item planning)")]


def test_two_codings_of_one_unit(study):
    path = study / "codings/coder-1.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[3]]) + "\n")
    assert places(study) == [("codings/coder-1.csv", len(lines) + 1, "unit")]
    assert "row 4 already" in str(check_study(study).errors[0])


def test_empty_columns(study):
    path = study / "forums.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{lines[0]},,", *(f"{line},," for line in lines[1:])]))
    check = check_study(study)
    assert check.errors == ()
    assert [(p.row, p.column) for p in check.problems] == [(1, "column 6"), (1, "column 7")]
    path.write_text("\n".join([f"{lines[0]},", f"{lines[1]},{CANARY}", *lines[2:]]))
    assert places(study) == [("forums.csv", 2, "column 6")]


def test_date_mangling(study):
    put(study, "suspects.csv", "suspect-03,case-1,forum-2,2-4", "suspect-03,case-1,forum-2,04-Feb")
    put(study, "interviews.csv", "2017-03-14", "14/03/2017")
    put(study, "interviews.csv", "2018-04-20", "43210")
    assert places(study) == [
        ("interviews.csv", 2, "date"),
        ("interviews.csv", 5, "date"),
        ("suspects.csv", 4, "forums"),
    ]
    assert all("spreadsheet" in str(problem) for problem in check_study(study).errors)


def test_semicolons_byte_order_mark_and_windows_1252_are_read_and_said(study):
    forums = (study / "forums.csv").read_text().replace('">1,000"', ">1000").replace('"2,000-5,000"', "2000\u20135000")
    (study / "forums.csv").write_bytes(forums.replace(",", ";").encode("cp1252"))
    (study / "links.csv").write_bytes(b"\xef\xbb\xbf" + (study / "links.csv").read_bytes().replace(b"\n", b"\r\n"))
    (study / "roles.csv").write_text(
        "sep=;\n" + (study / "roles.csv").read_text().replace(",", ";").replace("1;000", "1000")
    )
    check = check_study(study)
    assert check.errors == ()
    assert [(p.file, p.row, p.column) for p in check.problems] == [
        ("forums.csv", 1, ""),
        ("forums.csv", 3, "column 3"),
        ("links.csv", 1, ""),
        ("roles.csv", 2, ""),
    ]
    assert check.study.row("forums", "forum-2").value("members") == Quantity(2000, 5000)
    assert check.study.tables["roles"][0].number == 3


def test_utf_16_from_a_spreadsheet(study):
    path = study / "links.csv"
    path.write_bytes(path.read_text().replace(",", "\t").encode("utf-16"))
    check = check_study(study)
    assert check.errors == ()
    assert len(check.study.tables["links"]) == 5


def test_all_problems_at_once_and_no_cell_is_quoted(study):
    put(study, "cases.csv", "case-1,main", f"{CANARY},main")
    put(study, "suspects.csv", "moderator", CANARY)
    put(study, "forums.csv", "640", CANARY)
    put(study, "links.csv", "from", CANARY)
    put(study, "interviews.csv", "2017-03-15", CANARY)
    put(study, "codings/coder-1.csv", "participants,>50", f"participants,{CANARY}")
    put(study, "codings/coder-1.csv", "case-1,hierarchy", f"case-1,{CANARY}")
    put(study, "adjudications.csv", "coder-3", CANARY)
    put(study, "checklist.toml", 'level = "case"', CANARY) if "level" in (
        study / "checklist.toml"
    ).read_text() else None
    (study / "codings" / f"{CANARY}.csv").write_text("unit\n")
    check = check_study(study)
    assert {p.file for p in check.errors} >= {
        "cases.csv",
        "suspects.csv",
        "forums.csv",
        "links.csv",
        "interviews.csv",
        "codings/coder-1.csv",
        "codings/",
        "adjudications.csv",
    }
    assert all(CANARY not in str(problem) and "\n" not in str(problem) for problem in check.problems)


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("cases.csv", "2014-03,2015-06", "2015-07,2015-06", ("cases.csv", 2, "investigation_end")),
        ("cases.csv", "2016-02,4", "2013-02,4", ("cases.csv", 2, "conviction")),
        ("cases.csv", "2016-02,4,3", "2016-02,5,3", ("cases.csv", 2, "suspects")),
        ("interviews.csv", "2017-03-14", "2014-02-27", ("interviews.csv", 2, "date")),
        ("suspects.csv", "2011-05,2014-09", "2014-10,2014-09", ("suspects.csv", 2, "active_to")),
        ("suspects.csv", "suspect-02", "suspect-01", ("suspects.csv", 3, "suspect")),
        ("suspects.csv", "case-2,forum-1", "case-9,forum-1", ("suspects.csv", 6, "case")),
        ("suspects.csv", "moderator", "owner", ("suspects.csv", 3, "role")),
        ("links.csv", "case-2,case-1", "case-2,case-2", ("links.csv", 2, "from")),
        ("roles.csv", "administrator,,2", "administrator,member,2", ("roles.csv", 2, "above")),
        ("roles.csv", "forum-1,trusted,moderator", "forum-1,trusted,owner", ("roles.csv", 4, "above")),
        ("roles.csv", "public|members|trusted|staff", "public|cellar", ("roles.csv", 2, "areas")),
        ("cases.csv", "case-3,main", "case-3,", ("cases.csv", 4, "kind")),
        ("codings/coder-1.csv", "case-1,hierarchy", "case-9,hierarchy", ("codings/coder-1.csv", 4, "unit")),
        ("codings/coder-1.csv", "file-1,10,1", "file-1,10-12,1", ("codings/coder-1.csv", 2, "page")),
        ("adjudications.csv", "2018-10-02", "", ("adjudications.csv", 2, "decided_on")),
        (
            "study.toml",
            'rule = "all(suspect.forums > 1)"',
            'rule = "all(suspect.height > 1)"',
            ("study.toml", 1, "claim.rule"),
        ),
        ("study.toml", 'code = "public"', 'code = "The Public"', ("study.toml", 1, "area.code")),
        ("checklist.toml", 'kind = "ordinal"', 'kind = "text"', ("checklist.toml", 2, "item.kind")),
        ("checklist.toml", 'section = "group"', 'section = "groups"', ("checklist.toml", 1, "item.section")),
        ("checklist.toml", 'code = "hierarchy"', 'code = "participants"', ("checklist.toml", 3, "item.code")),
    ],
)
def test_each_rule_names_its_place(study, file, old, new, place):
    put(study, file, old, new)
    assert place in places(study)


def test_broken_toml_is_placed_by_line_and_not_quoted(study):
    put(study, "study.toml", 'title = "Six', f"title = {CANARY} Six")
    errors = [str(problem) for problem in check_study(study).errors if problem.file == "study.toml"]
    assert any("line 5" in line and CANARY not in line for line in errors)


def test_missing_files(study, tmp_path):
    (study / "cases.csv").unlink()
    assert ("cases.csv", 0, "") in places(study)
    with pytest.raises(StudyError):
        check_study(tmp_path)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0", b"", b'case,kind\n"case-1,main\n', b"\x81\x8d,\n"]
)
def test_files_that_are_no_csv(study, content):
    (study / "forums.csv").write_bytes(content)
    assert "forums.csv" in {problem.file for problem in check_study(study).errors}


def test_only_settled_or_shared_codings_count(study):
    opened = open_study(study)
    assert opened.coded("case-1", "planning") == "planned"
    assert opened.coded("case-3", "proceeds") == "no"
    assert opened.coded("case-4", "participants") is Missing.UNKNOWN
    assert opened.coded("case-2", "rules-of-conduct") == "unwritten"
    assert opened.coded("case-6", "lasting") is Missing.NOT_APPLICABLE
    assert opened.coded("case-6", "nothing") is Missing.NOT_CODED


def test_open_study_refuses_errors(study):
    put(study, "suspects.csv", "suspect-02", "suspect-01")
    with pytest.raises(StudyError, match="1 errors"):
        open_study(study)


TOML_VALUES = (
    "3",
    '"x"',
    "[]",
    "[1]",
    "{}",
    "{a=1}",
    "true",
    f'"{CANARY}"',
    f'["{CANARY}"]',
    "-1",
    "1979-05-27",
    "[[1]]",
    "[{a=1}]",
)
CELLS = (
    CANARY,
    "",
    "?",
    "n/a",
    "-",
    "1-2",
    "=1+1",
    '"',
    "\u00e9",
    "10-",
    ">",
    "9" * 400,
    "case-1",
    "yes|no",
    "|",
    "1e5",
)


def mutated(line, suffix, choose):
    if suffix == ".csv":
        cells = line.split(",")
        cells[choose(range(len(cells)))] = choose(CELLS)
        return ",".join(cells)
    if line.startswith("["):
        name = line.strip("[]")
        return choose([f"[{name}]", f"[[{name}]]", f"{name} = {choose(TOML_VALUES)}"])
    return line.partition("=")[0] + "= " + choose(TOML_VALUES) if "=" in line else line


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_whatever_is_broken_is_told_and_never_quoted(study, chance):
    """Any file with any cells, keys or sections replaced gives problems, not a crash, and no problem repeats a cell."""
    file = chance.choice(sorted(path for path in study.rglob("*") if path.is_file()))
    before = file.read_text(encoding="utf-8")
    lines = before.splitlines()
    for _ in range(3):
        place = chance.randrange(len(lines))
        lines[place] = mutated(lines[place], file.suffix, chance.choice)
    file.write_text("\n".join(lines), encoding="utf-8")
    try:
        check = check_study(study)
    finally:
        file.write_text(before, encoding="utf-8")
    assert all(CANARY not in str(problem) and "\n" not in str(problem) for problem in check.problems)


def test_command_line(study, tmp_path, capsys):
    assert run(["casefile", "check", str(study)]) == 1
    out = capsys.readouterr().out
    assert "claim several-forums (page 41): contradicted" in out
    assert "suspects.csv row 6 (suspect-05)" in out
    shutil.rmtree(study)
    assert run(["casefile", "new", str(study), "--template", "worked-example"]) == 0
    put(study, "study.toml", "forums > 1)", "forums >= 1)")
    put(study, "claim.toml", "group.members > 100", "group.members > 50")
    assert run(["casefile", "check", str(study)]) == 0
    assert run(["casefile", "check", str(tmp_path)]) == 1
    assert run(["casefile", "templates"]) == 0


def test_json_of_the_check_names_places_and_no_cell(study, capsys):
    put(study, "codings/coder-2.csv", "case-1,planning,planned", f"case-1,planning,{CANARY}")
    assert run(["casefile", "check", str(study), "--json"]) == 1
    out = capsys.readouterr().out
    assert CANARY not in out
    shown = json.loads(out)
    assert not shown["sound"]
    assert shown["study"] == check_study(study).study.digest
    (problem,) = shown["problems"]
    assert (problem["file"], problem["row"], problem["column"], problem["weight"]) == (
        "codings/coder-2.csv",
        6,
        "value (item planning)",
        "error",
    )
    claims = {claim["claim"]: claim for claim in shown["claims"]}
    assert claims["several-forums"]["verdict"] == "contradicted"
    assert claims["several-forums"]["rows"] == [
        {"file": "suspects.csv", "row": 6, "id": "suspect-05"},
        {"file": "suspects.csv", "row": 11, "id": "suspect-10"},
    ]
    assert [row["file"] for row in claims["leavers-are-many"]["rows"]] == ["figures/groups.csv"]
