"""The study's page: self-contained, repeatable, and saying what the data say."""

import re

import pytest

from vestige.casefiles.templates import new_study
from vestige.cli import run
from vestige.errors import StudyError
from vestige.report.study import build_study_report, checked_chapters


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "study"
    new_study(folder, "worked-example")
    return folder


@pytest.fixture(scope="module")
def made(folder):
    return build_study_report(folder, seed=1)


def test_page_is_self_contained(made):
    assert "<script" not in made.html
    assert "default-src 'none'" in made.html
    assert not re.search(r"https?:|src=|@import|url\(", made.html)


def test_chapters_in_order(made):
    assert [chapter.key for chapter in made.chapters] == [
        "cases", "items", "agreement", "roles", "script-tickets", "claims", "ledger", "study-provenance",
    ]  # fmt: skip
    assert len({chapter.key for chapter in made.chapters}) == 8


def test_page_says_what_the_check_said(made):
    text = re.sub(r"<[^>]+>", "", made.html)
    assert "claim several-forums, page 41, is contradicted" in text or "claim several-forums on page 41" in text
    assert "suspects 6, suspects 11" in text
    assert "PRISMA 2020 flow diagram" in text
    assert "(e) known to the month or year only." in text


def test_every_figure_has_words_for_those_who_cannot_see_it(made):
    assert made.html.count("<svg") == made.html.count("<desc") == 8


def test_single_suspects_stand_on_the_page_only_when_asked_for(tmp_path, made):
    new_study(tmp_path / "study", "worked-example")
    checklist = tmp_path / "study" / "checklist.toml"
    item = '[[item]]\ncode = "young"\nlabel = "Young?"\nkind = "yes-no"\nlevel = "suspect"\n'
    checklist.write_text(checklist.read_text() + item)
    for coder, answer in (("coder-1", "yes"), ("coder-2", "no")):
        path = tmp_path / "study" / "codings" / f"{coder}.csv"
        path.write_text(path.read_text() + f"suspect-03,young,{answer},file-1,3,1,2018-05-05\n")
    without = build_study_report(tmp_path / "study").html
    assert "suspect-" not in without.replace("suspects", "")
    assert "left out of this page" in without
    assert without.count("suspect-03") == 0
    assert build_study_report(tmp_path / "study", suspects=True).html.count("suspect-03") > 2
    assert "suspect-03" not in made.html


def test_same_study_same_page(folder, made):
    assert build_study_report(folder, seed=1).html == made.html


def test_long_tables_are_folded(made):
    assert "<summary>Items found together: 45 rows</summary>" in made.html


@pytest.mark.parametrize("template", ["organised-crime-monitor", "crime-script", "market-needs"])
def test_an_empty_study_has_a_page_too(template, tmp_path):
    new_study(tmp_path / "study", template)
    keys = [chapter.key for chapter in checked_chapters(tmp_path / "study")]
    assert keys == ["cases", "claims", "study-provenance"]
    assert build_study_report(tmp_path / "study").html.startswith("<!DOCTYPE html>")


def test_a_study_with_errors_has_none(folder, tmp_path):
    new_study(tmp_path / "study", "worked-example")
    (tmp_path / "study" / "cases.csv").write_text("case\ncase-1\n")
    with pytest.raises(StudyError):
        build_study_report(tmp_path / "study")


def test_command_line(folder, tmp_path, capsys):
    out = tmp_path / "study.html"
    assert run(["casefile", "report", str(folder), "--out", str(out)]) == 0
    assert "8 chapters" in capsys.readouterr().out
    assert run(["casefile", "report", str(folder), "--out", str(out)]) == 2
    assert run(["casefile", "report", str(folder), "--out", str(out), "--replace"]) == 0


def test_chapters_join_a_datasets_report(folder, tmp_path):
    dataset = tmp_path / "forum"
    assert run(["simulate", "--members", "60", "--months", "3", "--out", str(dataset), "--quiet"]) == 0
    out = tmp_path / "report.html"
    assert run(["report", str(dataset / "dataset"), "--out", str(out), "--study", str(folder), "--quiet"]) == 0
    assert "How far the coders agree" in out.read_text(encoding="utf-8")
