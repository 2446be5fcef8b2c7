"""A study of case files as one page of its own."""

from pathlib import Path

from vestige.casefiles.check import StudyCheck, check_study, open_study
from vestige.report.build import Report
from vestige.report.casefile_chapters import study_chapters
from vestige.report.chapters import Chapter
from vestige.report.page import render_page

FOOT = "Made from coded values, numbers and pages alone. A dash stands for what was not coded or does not exist."


def checked_chapters(folder: str | Path, *, seed: int = 0) -> tuple[Chapter, ...]:
    """A study's chapters for a dataset's report.

    Raises:
        StudyError: no study, or one with errors.
    """
    return study_chapters(_sound_check(folder), seed=seed)


def _sound_check(folder: str | Path) -> StudyCheck:
    open_study(folder)
    return check_study(folder)


def build_study_report(folder: str | Path, *, seed: int = 0, suspects: bool = False) -> Report:
    """A report on a study; the same files, version and seed give the same page.

    Args:
        folder: the study's folder.
        seed: of the bootstrap.
        suspects: whether rows about single suspects are shown.

    Raises:
        StudyError: no study, or one with errors.
    """
    check = _sound_check(folder)
    chapters = study_chapters(check, seed=seed, suspects=suspects)
    title = check.study.head.title
    return Report(title, chapters, render_page(title, f"Study {check.study.digest}", chapters, foot=FOOT))
