"""Judge a study's claims: supported, contradicted (with the rows), or beyond what the data can tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from vestige.casefiles.expressions import Scope, World, compile_rule
from vestige.casefiles.problems import ProblemList
from vestige.casefiles.study import STUDY_FILE, Claim, Row
from vestige.errors import StudyError


class Verdict(StrEnum):
    """What the data say about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "cannot tell"


@dataclass(frozen=True)
class Judgement:
    """A claim and what the data say.

    Attributes:
        claim: the claim.
        verdict: supported, contradicted or cannot tell.
        rows: rows that speak against a contradicted claim, or that leave an undecided one open.
        looked_at: rows the outermost functions looked at.
    """

    claim: Claim
    verdict: Verdict
    rows: tuple[Row, ...]
    looked_at: int


def judge_claims(
    claims: Iterable[Claim], world: World, problems: ProblemList, *, file: str = STUDY_FILE
) -> tuple[Judgement, ...]:
    """Judge every claim; rules that cannot be read go to `problems`."""
    judged = []
    for claim in claims:
        if not claim.rule:
            continue
        fault: StudyError | None = None
        try:
            judged.append(judge_claim(claim, world))
        except StudyError as error:
            fault = error
        if fault is not None:
            what = f"{fault.what} ({fault.where})" if fault.where else fault.what
            problems.error(file, claim.entry, "claim.rule", what, fault.hint)
    return tuple(judged)


def judge_claim(claim: Claim, world: World) -> Judgement:
    """Judge one claim.

    Raises:
        StudyError: the rule cannot be read.
    """
    term = compile_rule(claim.rule, world)
    scope = Scope(world)
    truth = term.evaluate(scope)
    if truth is True:
        return Judgement(claim, Verdict.SUPPORTED, (), len(scope.evidence))
    wanted = False if truth is False else None
    rows = tuple(dict.fromkeys((row.table, row.number) for row, answer in scope.evidence if answer is wanted))
    by_place = {(row.table, row.number): row for row, _ in scope.evidence}
    verdict = Verdict.CONTRADICTED if truth is False else Verdict.UNDECIDED
    return Judgement(claim, verdict, tuple(by_place[place] for place in rows), len(scope.evidence))
