"""Claims over dataset figures, the triangulation log, and the ledger's PRISMA counts, by hand."""

import json
from xml.etree import ElementTree as ET

import pytest

from vestige.casefiles.check import check_study, open_study
from vestige.casefiles.claims import Verdict
from vestige.casefiles.ledger import prisma_counts, prisma_diagram, read_ledger
from vestige.casefiles.linked_claims import judge_linked_claims
from vestige.casefiles.problems import ProblemList
from vestige.casefiles.templates import new_study
from vestige.casefiles.triangulation import read_triangulation, triangulate
from vestige.cli import run


@pytest.fixture
def folder(tmp_path):
    new_study(tmp_path / "study", "worked-example")
    return tmp_path / "study"


def verdicts(folder):
    return {judged.claim.code: judged.verdict for judged in check_study(folder).linked}


def test_figures_support_contradict_or_do_not_reach(folder):
    check = check_study(folder)
    assert {judged.claim.code: judged.verdict for judged in check.linked} == {
        "managers-few-and-busy": Verdict.SUPPORTED,
        "most-post-little": Verdict.SUPPORTED,
        "leavers-are-many": Verdict.CONTRADICTED,
        "returners-are-few": Verdict.UNDECIDED,
    }
    contradicted = next(judged for judged in check.linked if judged.verdict is Verdict.CONTRADICTED)
    assert [(row.table, row.number) for row in contradicted.rows] == [("figures/groups.csv", 6)]


def test_rounded_counts_decide_nothing_inside_their_step(folder):
    """40 managers rounded to 5 are 37.5 to 42.5: more than 37 surely, more than 40 perhaps, more than 43 surely not."""
    for bound, verdict in ((37, Verdict.SUPPORTED), (40, Verdict.UNDECIDED), (43, Verdict.CONTRADICTED)):
        path = folder / "claim.toml"
        rule = f"rule = 'all(group.members > {bound}, where=group.group == \"managers\")'"
        head = '[[figure]]\nname = "group"\nfile = "figures/groups.csv"\nrounded = { members = 5 }\n'
        path.write_text(f'{head}[[claim]]\ncode = "c"\n{rule}\n')
        assert verdicts(folder) == {"c": verdict}


def test_json_as_vestige_prints_it(folder):
    rows = [{"group": "Group 1", "members": 100, "mean": 2.5}, {"group": "Group 2", "members": None, "mean": -1.0}]
    (folder / "figures" / "t.json").write_text(json.dumps({"tables": {"groups": {"title": "x", "rows": rows}}}))
    (folder / "claim.toml").write_text(
        '[[figure]]\nname = "g"\nfile = "figures/t.json"\ntable = "groups"\n'
        '[[claim]]\ncode = "a"\nrule = \'all(g.members >= 100, where=g.group == "group-1")\'\n'
        '[[claim]]\ncode = "b"\nrule = "all(g.members >= 100)"\n'
        '[[claim]]\ncode = "c"\nrule = "min(g.mean) < 0 and count(suspect) > 10"\n'
    )
    assert verdicts(folder) == {"a": Verdict.SUPPORTED, "b": Verdict.UNDECIDED, "c": Verdict.SUPPORTED}


def test_a_missing_table_leaves_its_claims_out_of_reach(folder):
    (folder / "figures" / "groups.csv").unlink()
    (folder / "claim.toml").write_text(
        '[[figure]]\nname = "group"\nfile = "figures/groups.csv"\ncolumns = { members = "number" }\n'
        '[[claim]]\ncode = "a"\nrule = "all(group.members > 3)"\n'
    )
    assert verdicts(folder) == {"a": Verdict.UNDECIDED}
    assert "table cannot be read" in " ".join(map(str, check_study(folder).problems))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('file = "figures/groups.csv"', 'file = "../groups.csv"', (1, "figure.file")),
        ('file = "figures/groups.csv"', 'file = "/figures/groups.csv"', (1, "figure.file")),
        ('file = "figures/groups.csv"', 'file = "Hans Privat.csv"', (1, "figure.file")),
        ('name = "group"', 'name = "suspect"', (1, "figure.name")),
        ("rounded = { members = 5 }", "rounded = { members = 0 }", (1, "figure.rounded")),
        ("rounded = { members = 5 }", 'dataset = "abc"', (1, "figure.dataset")),
        ("group.members > 100", "group.height > 100", (3, "claim.rule")),
    ],
)
def test_faults_of_claim_toml(folder, old, new, place):
    path = folder / "claim.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert ("claim.toml", *place) in {(p.file, p.row, p.column) for p in check_study(folder).errors}


def test_figures_of_another_dataset_are_named(folder):
    path = folder / "claim.toml"
    path.write_text(path.read_text().replace("rounded =", f'dataset = "{"a" * 64}"\nrounded =', 1))
    study = open_study(folder)
    assert judge_linked_claims(study, ProblemList(), dataset_digest="b" * 64).other_datasets == ("group",)
    assert judge_linked_claims(study, ProblemList(), dataset_digest="a" * 64).other_datasets == ()


def test_triangulation(folder):
    study = open_study(folder)
    stated = {claim.code for claim in study.head.claims} | set(verdicts(folder))
    rows = {row["claim"]: row for row in triangulate(read_triangulation(study, stated, ProblemList())).to_pylist()}
    assert {claim: row["upshot"] for claim, row in rows.items()} == {
        "several-forums": "dissonant",
        "few-administrators": "convergent",
        "managers-few-and-busy": "single kind",
        "most-post-little": "single kind",
    }
    assert (rows["few-administrators"]["experts"], rows["most-post-little"]["silent"]) == (1, 1)


def test_triangulation_of_an_unknown_claim(folder):
    path = folder / "triangulation.csv"
    path.write_text(path.read_text().replace("most-post-little", "no-such-claim", 1))
    assert [(p.file, p.row, p.column) for p in check_study(folder).errors] == [("triangulation.csv", 7, "claim")]


def test_prisma_counts_by_hand(folder):
    counts = prisma_counts(read_ledger(open_study(folder), ProblemList()))
    main, other = counts.main, counts.other
    assert (main.identified, main.duplicates, main.removed_automation, main.removed_other) == (
        {"databases": 13},
        2,
        1,
        1,
    )
    assert (main.screened, main.excluded, main.sought, main.not_retrieved) == (9, 3, 6, 1)
    assert (main.assessed, main.reasons, main.reports_included, main.pending) == (
        5,
        {"no-data": 1, "other-subject": 1},
        3,
        0,
    )
    assert (other.identified, other.screened, other.reports_included) == ({"citation searching": 3}, 2, 1)
    assert (counts.studies, counts.reports) == (3, 4)
    # The flow loses nobody: what enters a box leaves it.
    for stream in (main, other):
        removed = stream.duplicates + stream.removed_automation + stream.removed_other
        assert sum(stream.identified.values()) - removed == stream.screened
        assert stream.screened - stream.excluded == stream.sought
        assert stream.sought - stream.not_retrieved == stream.assessed
        assert stream.assessed - sum(stream.reasons.values()) == stream.reports_included


def test_prisma_diagram_shows_every_count(folder):
    root = ET.fromstring(prisma_diagram(prisma_counts(read_ledger(open_study(folder), ProblemList()))))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"databases: 13", "duplicates: 2", "no-data: 1", "studies: 3", "reports: 4", "Other methods"} <= set(words)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("r09,search-2,r01", "r09,search-2,r99", ("records.csv", 10, "duplicate_of")),
        ("r09,search-2,r01", "r09,search-2,r10", ("records.csv", 10, "duplicate_of")),
        ("r09,search-2,r01,,,", "r09,search-2,r01,,include,", ("records.csv", 10, "screening")),
        ("r04,search-1,,,exclude,", "r04,search-1,,,exclude,yes", ("records.csv", 5, "retrieved")),
        ("r07,search-1,,,include,no,", "r07,search-1,,,include,no,include", ("records.csv", 8, "eligibility")),
        ("exclude,no-data", "exclude,", ("records.csv", 4, "reason")),
        ("r16,search-3", "r15,search-3", ("records.csv", 17, "record")),
        ("r16,search-3", "r16,search-2", ("searches.csv", 3, "hits")),
    ],
)
def test_ledger_faults(folder, old, new, place):
    path = folder / "ledger" / "records.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert place in {(p.file, p.row, p.column) for p in check_study(folder).errors}


def test_command_line(folder, tmp_path, capsys):
    assert run(["casefile", "claims", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "claim leavers-are-many (page 63): contradicted\n  figures/groups.csv row 6\n" in out
    assert "dissonant" in out
    assert run(["casefile", "ledger", str(folder)]) == 0
    assert "included: 3 studies in 4 reports" in capsys.readouterr().out
    assert run(["casefile", "ledger", str(folder), "--out", str(tmp_path / "p.svg")]) == 0
    new_study(tmp_path / "bare", "market-needs")
    assert run(["casefile", "ledger", str(tmp_path / "bare")]) == 2
    assert run(["casefile", "claims", str(folder), "--dataset", str(tmp_path)]) == 2
