"""`check_study`: everything that is wrong with a study folder, and every claim its data contradict, at once."""

from dataclasses import dataclass
from pathlib import Path

from vestige.casefiles.claims import Judgement, Verdict, judge_claims
from vestige.casefiles.crime_scripts import read_scripts
from vestige.casefiles.expressions import world_of
from vestige.casefiles.integrity import check_integrity
from vestige.casefiles.ledger import read_ledger
from vestige.casefiles.linked_claims import judge_linked_claims
from vestige.casefiles.problems import Problem, ProblemList, Weight, in_order
from vestige.casefiles.reading import read_study
from vestige.casefiles.study import Study
from vestige.casefiles.triangulation import read_triangulation
from vestige.errors import StudyError


@dataclass(frozen=True)
class StudyCheck:
    """What a check found.

    Attributes:
        problems: faults and notes, in the order of file, row and column.
        judgements: every claim and what the data say about it.
        linked: every claim over figures of a dataset; "cannot tell" means that the figures do not reach it.
        study: the study as far as it could be read.
    """

    problems: tuple[Problem, ...]
    judgements: tuple[Judgement, ...]
    linked: tuple[Judgement, ...]
    study: Study

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that stop the study from being used."""
        return tuple(problem for problem in self.problems if problem.weight is Weight.ERROR)

    @property
    def contradicted(self) -> tuple[Judgement, ...]:
        """Claims that the coded data or the linked figures contradict."""
        return tuple(judged for judged in (*self.judgements, *self.linked) if judged.verdict is Verdict.CONTRADICTED)

    @property
    def is_sound(self) -> bool:
        """No error and no contradicted claim."""
        return not self.errors and not self.contradicted


def check_study(folder: str | Path) -> StudyCheck:
    """Read a study folder and check it: schema, ids, dates, sums, claims; all problems at once.

    Args:
        folder: the study's folder.

    Raises:
        StudyError: the folder holds no study.toml.
    """
    problems = ProblemList()
    study = read_study(Path(folder), problems)
    check_integrity(study, problems)
    read_scripts(study, problems)
    read_ledger(study, problems)
    judgements = judge_claims(study.head.claims, world_of(study), problems)
    linked = judge_linked_claims(study, problems).judgements
    stated = {judged.claim.code for judged in (*judgements, *linked)} | {claim.code for claim in study.head.claims}
    read_triangulation(study, stated, problems)
    return StudyCheck(in_order(problems.found), judgements, linked, study)


def open_study(folder: str | Path) -> Study:
    """A study that can be used: its folder has notes at most.

    Raises:
        StudyError: the folder holds no study, or has errors; `vestige casefile check` lists them.
    """
    check = check_study(folder)
    if check.errors:
        first = str(check.errors[0]).split(". Hint:", maxsplit=1)[0].removeprefix("error: ")
        raise StudyError(
            f"the study has {len(check.errors)} errors, the first being: {first}",
            hint="run vestige casefile check on the folder, which lists them all",
        )
    return check.study
