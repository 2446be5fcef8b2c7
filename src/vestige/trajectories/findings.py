"""What a reader must know about a fit before believing it."""

from typing import Final

import numpy as np

from vestige.results import Finding, Severity
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.degenerate import Defect, DefectKind
from vestige.trajectories.layout import TAU_LIMIT
from vestige.trajectories.search import SearchOutcome
from vestige.trajectories.settings import AnySettings

SEEN: Final = 10
"""Members of a group that a search must have in front of it to find the group, about."""

_DEFECT_TEXTS = {
    DefectKind.EMPTY_GROUP: "has less than half a member: the data carry fewer groups",
    DefectKind.TWIN_GROUPS: "run along the same path: the data carry fewer groups",
    DefectKind.COLLAPSED_SPREAD: "has a spread that collapsed towards zero: a few identical responses took it over",
    DefectKind.SEPARATION: "runs to the edge of the possible at some time (a rate or probability of about zero): "
    "its coefficients are not determined by the data, its curve is",
    DefectKind.VANISHED_ZEROS: "has no structural zeros: its zero part runs to minus infinity and can be left out (-1)",
    DefectKind.UNBOUNDED_TAU: "has a rate of one wherever it is active, and a tau without bound: over time only its "
    "chance of a structural zero changes. The log-likelihood nears a limit that no tau attains; tau is held at "
    f"{TAU_LIMIT:,.0f} in size, the curve is that of the limit. zip with a zero_order of the curve's order states it",
    DefectKind.POISSON_LIMIT: "has no more dispersion than Poisson counts: use poisson or zip",
}


_PLURAL = {"has": "have", "runs": "run"}


def findings_of(
    found: SearchOutcome, posterior: FloatArray, settings: AnySettings, identified: bool
) -> tuple[Finding, ...]:
    """Findings about convergence, the optimum, degenerate traits and small groups, most severe first."""
    findings = [*_about_optimum(found, settings.search.tolerance), *_about_defects(found)]
    if not identified:
        findings.append(
            Finding(
                "not-identified",
                Severity.CAUTION,
                "Some parameters are not determined by the data; their standard errors are not given.",
            )
        )
    weight = found.evaluator.histories.weight
    sizes = weight @ posterior / weight.sum()
    small = [int(group) + 1 for group in np.flatnonzero(sizes < settings.small_group)]
    if small:
        findings.append(
            Finding(
                "small-group",
                Severity.CAUTION,
                f"{_groups(small)} with less than {settings.small_group:.1%} of the members.",
            )
        )
    order = {Severity.PROBLEM: 0, Severity.CAUTION: 1, Severity.NOTE: 2}
    return tuple(sorted(findings, key=lambda finding: order[finding.severity]))


def _about_optimum(found: SearchOutcome, tolerance: float) -> list[Finding]:
    findings = []
    best = found.best
    if not best.optimum.converged:
        text = "The optimiser stopped before its steps became negligible; the log-likelihood may still rise."
        findings.append(Finding("not-converged", Severity.PROBLEM, text))
    if best.reached == 1 and found.polished > 1:
        text = (
            f"Only 1 of {found.polished} polished starts reached the best log-likelihood: raise the number of starts."
        )
        findings.append(Finding("one-start-at-best", Severity.CAUTION, text))
    higher = [rival for rival in found.optima[1:] if rival.optimum.loglik > best.optimum.loglik + tolerance]
    if higher:
        text = f"{len(higher)} degenerate solution(s) with a higher log-likelihood were set aside; see table('optima')."
        findings.append(Finding("degenerate-set-aside", Severity.CAUTION, text))
    if found.searched_members is not None:
        findings += _about_part(found.searched_members, found.checked_members)
    return findings


def _about_part(searched: int, checked: int | None) -> list[Finding]:
    """That a search saw a part of the members, and how small a group it could have missed."""
    then = (
        "" if checked is None else f", the best optima on one of {checked:,}, where groups were merged and split again"
    )
    text = f"The search ran on a random part of {searched:,} members{then}; the best optima used everybody."
    seen = checked or searched
    missed = (
        f"A group of fewer than {SEEN / seen:.2%} of the members has fewer than {SEEN} members in the part searched, "
        "and could be missed: raise check_members."
    )
    severity = Severity.NOTE if checked is not None else Severity.CAUTION
    return [
        Finding("searched-part", Severity.NOTE, text),
        Finding("small-groups-unseen", severity, missed),
    ]


def _about_defects(found: SearchOutcome) -> list[Finding]:
    names = [outcome.name for outcome in found.evaluator.layout.outcomes]
    return [_defect_finding(defect, names[defect.outcome]) for defect in found.best.defects]


def _defect_finding(defect: Defect, outcome: str) -> Finding:
    severity = Severity.PROBLEM if defect.disqualifies else Severity.CAUTION
    groups = _groups([group + 1 for group in defect.groups])
    text = _DEFECT_TEXTS[defect.kind]
    if len(defect.groups) > 1:
        verb, _, rest = text.partition(" ")
        text = f"{_PLURAL.get(verb, verb)} {rest}"
    return Finding(defect.kind.value, severity, f"{groups} ({outcome}) {text}.")


def _groups(numbers: list[int]) -> str:
    return f"Group{'s' if len(numbers) > 1 else ''} {', '.join(str(number) for number in numbers)}"
