"""`compare_configurations`: truth table, minimised solutions, necessity and sufficiency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.casefiles.agreement.matrix import Floats
from vestige.casefiles.qca.fit import Necessity, Sufficiency, model_members, necessity, sufficiency, term_members
from vestige.casefiles.qca.minimise import Term, easy_counterfactuals, minimal_models
from vestige.casefiles.qca.truth_table import MOST_CONDITIONS, Configuration, Outcome, ambiguous_cases, truth_table
from vestige.casefiles.schema import Kind
from vestige.casefiles.study import Study
from vestige.casefiles.values import Missing
from vestige.errors import SettingsError
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa


@dataclass(frozen=True)
class QcaData:
    """Memberships of cases in sets.

    Attributes:
        cases: ids.
        conditions: names of the conditions.
        members: cases x conditions, between 0 and 1.
        outcome_name: name of the outcome.
        outcome: membership of each case.
        left_out: cases without a known value for some condition or the outcome.
    """

    cases: tuple[str, ...]
    conditions: tuple[str, ...]
    members: Floats
    outcome_name: str
    outcome: Floats
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.conditions) <= MOST_CONDITIONS:
            raise SettingsError(f"QCA takes 1 to {MOST_CONDITIONS} conditions", hint="choose the ones theory names")
        if self.members.shape != (len(self.cases), len(self.conditions)) or self.outcome.shape != (len(self.cases),):
            raise SettingsError("memberships do not fit cases and conditions", hint="one row a case, one column each")
        everything = np.append(self.members, self.outcome)
        if everything.size and not (float(everything.min()) >= 0 and float(everything.max()) <= 1):
            raise SettingsError("a membership is not between 0 and 1", hint="calibrate the values first")


@dataclass(frozen=True)
class QcaSettings:
    """Thresholds.

    Attributes:
        fewest_cases: below so many cases a configuration is a remainder.
        consistent: from this consistency on a configuration leads to the outcome (Ragin 2008: at least 0.75; 1 for
            crisp sets).
        inconsistent: below this it does not; contradictory in between. None: the same threshold.
        include_contradictory: whether contradictory configurations are explained too.
        expected: direction expected of each condition, by name: 1, 0; absent for none.
    """

    fewest_cases: int = 1
    consistent: float = 1.0
    inconsistent: float | None = None
    include_contradictory: bool = False
    expected: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        low = self.consistent if self.inconsistent is None else self.inconsistent
        if self.fewest_cases < 1 or not 0 < low <= self.consistent <= 1:
            raise SettingsError("a QCA threshold is out of range", hint="0 < inconsistent <= consistent <= 1")


@dataclass(frozen=True)
class Model:
    """One minimised solution with its fit, and each term's fit and unique coverage."""

    terms: tuple[Term, ...]
    fit: Sufficiency
    term_fits: tuple[Sufficiency, ...]
    unique_coverage: tuple[float, ...]


@dataclass(frozen=True)
class QcaResult:
    """Truth table and solutions.

    Attributes:
        configurations: the truth table.
        solutions: models by "conservative", "parsimonious" and, where directions were given, "intermediate".
        simplifying: remainders that the first parsimonious model uses.
        necessary: fit of each condition and its absence as necessary for the outcome.
    """

    data: QcaData
    configurations: tuple[Configuration, ...]
    solutions: Mapping[str, tuple[Model, ...]]
    simplifying: tuple[int, ...]
    necessary: Mapping[str, Necessity]
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("truth_table", "solutions", "necessity")

    def formula(self, model: Model) -> str:
        """A model as text, terms joined by +."""
        return " + ".join(term.text(self.data.conditions) for term in model.terms)

    def summary(self) -> str:
        """Every model on a line."""
        lines = []
        for name, models in self.solutions.items():
            for number, model in enumerate(models, start=1):
                lines.append(
                    f"{name} M{number}: {self.formula(model)} -> {self.data.outcome_name}{_fit_text(model.fit)}"
                )
        return "\n".join(lines) or "no configuration leads to the outcome"

    def table(self, name: str) -> "pa.Table":
        """A table by name.

        Raises:
            SettingsError: no such table.
        """
        import pyarrow as pa

        if name not in self.table_names:
            raise SettingsError("there is no such table", hint=f"known: {', '.join(self.table_names)}")
        return pa.Table.from_pylist(
            {"truth_table": self._truth_rows, "solutions": self._solution_rows, "necessity": self._necessity_rows}[
                name
            ]()
        )

    def plot(self, name: str) -> "alt.TopLevelMixin":
        """A chart: "fit", each case's membership in the first model of every solution against the outcome.

        Cases above the diagonal fit sufficiency, cases below it necessity (Schneider and Wagemann 2012, ch. 3).

        Raises:
            SettingsError: no such chart.
        """
        if name != "fit":
            raise SettingsError("there is no such chart", hint="known: fit")
        from vestige.casefiles.figures.memberships import membership_chart

        rows = [
            {"solution": solution, "case": case, "model": float(member), "outcome": float(reached)}
            for solution, models in self.solutions.items()
            for model in models[:1]
            for case, member, reached in zip(
                self.data.cases, model_members(model.terms, self.data.members), self.data.outcome, strict=True
            )
        ]
        return membership_chart(rows, self.data.outcome_name)

    def _truth_rows(self) -> list[dict[str, Any]]:
        size = len(self.data.conditions)
        return [
            {
                "row": each.row + 1,
                **{name: each.row >> (size - 1 - place) & 1 for place, name in enumerate(self.data.conditions)},
                "outcome": each.outcome.value,
                "n": len(each.cases),
                "consistency": each.consistency,
                "pri": each.pri,
                "cases": ", ".join(each.cases),
            }
            for each in self.configurations
            if each.cases or each.row in self.simplifying
        ]

    def _solution_rows(self) -> list[dict[str, Any]]:
        rows = []
        for name, models in self.solutions.items():
            for number, model in enumerate(models, start=1):
                head = {"solution": name, "model": number}
                for term, fit, unique in zip(model.terms, model.term_fits, model.unique_coverage, strict=True):
                    cases = ", ".join(self._cases_of(term))
                    rows.append(
                        {
                            **head,
                            "term": term.text(self.data.conditions),
                            **_plain(fit),
                            "unique": unique,
                            "cases": cases,
                        }
                    )
                rows.append({**head, "term": "whole model", **_plain(model.fit), "unique": None, "cases": ""})
        return rows

    def _cases_of(self, term: Term) -> list[str]:
        return [case for each in self.configurations if term.covers(each.row) for case in each.cases]

    def _necessity_rows(self) -> list[dict[str, Any]]:
        return [
            {"condition": name, "consistency": fit.consistency, "coverage": fit.coverage, "relevance": fit.relevance}
            for name, fit in self.necessary.items()
        ]


def _plain(fit: Sufficiency) -> dict[str, float | None]:
    return {"consistency": fit.consistency, "pri": fit.pri, "coverage": fit.coverage}


def _fit_text(fit: Sufficiency) -> str:
    if fit.consistency is None or fit.coverage is None:
        return ""
    return f" (consistency {fit.consistency:.3f}, coverage {fit.coverage:.3f})"


def compare_configurations(
    data: QcaData,
    *,
    settings: QcaSettings = QcaSettings(),
    digest: str | None = None,
) -> QcaResult:
    """Which configurations of conditions go with an outcome.

    Args:
        data: memberships, see `memberships_of`.
        settings: thresholds and directional expectations.
        digest: of the study the memberships come from.

    Returns:
        The truth table; every conservative, parsimonious and intermediate model; necessity of each condition.

    Raises:
        SettingsError: an expectation for a condition that is not there, or a search out of reach.
    """
    unknown = set(settings.expected) - set(data.conditions)
    if unknown:
        raise SettingsError("an expectation names no condition", hint=f"known: {', '.join(data.conditions)}")
    table = truth_table(
        data.members,
        data.outcome,
        data.cases,
        fewest_cases=settings.fewest_cases,
        consistent=settings.consistent,
        inconsistent=settings.inconsistent,
    )
    explained = {Outcome.PRESENT, *([Outcome.CONTRADICTORY] if settings.include_contradictory else [])}
    positive = [each.row for each in table if each.outcome in explained]
    remainders = [each.row for each in table if each.outcome is Outcome.REMAINDER]
    size = len(data.conditions)
    conservative = minimal_models(positive, (), size)
    parsimonious = minimal_models(positive, remainders, size)
    solutions = {"conservative": conservative, "parsimonious": parsimonious}
    if settings.expected:
        directions = [settings.expected.get(name) for name in data.conditions]
        easy = easy_counterfactuals(
            [t for m in conservative for t in m], [t for m in parsimonious for t in m], remainders, directions
        )
        solutions["intermediate"] = minimal_models(positive, easy, size)
    simplifying = tuple(row for row in remainders if parsimonious and any(t.covers(row) for t in parsimonious[0]))
    return QcaResult(
        data,
        table,
        {name: tuple(_model(terms, data) for terms in models) for name, models in solutions.items()},
        simplifying,
        _necessary(data),
        most_severe_first(_findings(data, table, simplifying, solutions)),
        Provenance("compare_configurations", plain_settings(settings), None, digest),
    )


def _model(terms: tuple[Term, ...], data: QcaData) -> Model:
    whole = model_members(terms, data.members)
    reached = float(np.minimum(whole, data.outcome).sum())
    total = float(data.outcome.sum())
    unique = []
    for term in terms:
        rest = model_members(tuple(other for other in terms if other != term), data.members)
        unique.append((reached - float(np.minimum(rest, data.outcome).sum())) / total if total else 0.0)
    fits = tuple(sufficiency(term_members(term, data.members), data.outcome) for term in terms)
    return Model(terms, sufficiency(whole, data.outcome), fits, tuple(unique))


def _necessary(data: QcaData) -> dict[str, Necessity]:
    found = {}
    for place, name in enumerate(data.conditions):
        found[name] = necessity(data.members[:, place], data.outcome)
        found[f"~{name}"] = necessity(1 - data.members[:, place], data.outcome)
    return found


def _findings(
    data: QcaData, table: Sequence[Configuration], simplifying: Sequence[int], solutions: Mapping[str, Sequence[object]]
) -> list[Finding]:
    found = []
    if data.left_out:
        text = f"cases left out for lack of a known value: {len(data.left_out)}"
        found.append(Finding("cases-left-out", Severity.CAUTION, text))
    half = ambiguous_cases(data.members, data.cases)
    if half:
        text = f"cases with a membership of exactly one half, which belong to no configuration: {len(half)}"
        found.append(Finding("ambiguous-membership", Severity.CAUTION, text))
    contradictory = sum(each.outcome is Outcome.CONTRADICTORY for each in table)
    if contradictory:
        text = f"contradictory configurations, whose cases differ in the outcome: {contradictory}"
        found.append(Finding("contradictory-configurations", Severity.CAUTION, text))
    if simplifying:
        text = f"configurations without cases that the parsimonious solution takes to have it: {len(simplifying)}"
        found.append(Finding("simplifying-assumptions", Severity.NOTE, text))
    several = [name for name, models in solutions.items() if len(models) > 1]
    if several:
        text = f"several models fit equally well ({', '.join(several)}): report them all"
        found.append(Finding("model-ambiguity", Severity.CAUTION, text))
    if len(data.cases) < 2 ** (len(data.conditions) - 1):
        text = "there are few cases for so many conditions: most configurations are empty"
        found.append(Finding("limited-diversity", Severity.CAUTION, text))
    return found


def memberships_of(study: Study, outcome: str, conditions: Sequence[str], *, negate_outcome: bool = False) -> QcaData:
    """Memberships of a study's cases: yes is 1 and no 0; an ordinal answer's place on its scale runs from 0 to 1.

    Cases with an unknown, unsettled or not applicable answer are left out and counted.

    Args:
        study: the study.
        outcome: code of a yes-no or ordinal item about cases.
        conditions: codes of such items.
        negate_outcome: explain the absence of the outcome.

    Raises:
        SettingsError: an item that does not exist, is about something else, or is of another kind.
    """
    items = []
    for code in (*conditions, outcome):
        item = study.checklist.item(code)
        if item is None or item.level != "case" or item.kind not in {Kind.YES_NO, Kind.ORDINAL}:
            known = ", ".join(i.code for i in study.items("case") if i.kind in {Kind.YES_NO, Kind.ORDINAL})
            raise SettingsError("a condition is not a yes-no or ordinal item about cases", hint=f"known: {known}")
        items.append(item)
    rows, kept, left_out = [], [], []
    for case in study.units("case"):
        answers = [study.coded(case, item.code) for item in items]
        if any(isinstance(answer, Missing) for answer in answers):
            left_out.append(case)
            continue
        kept.append(case)
        rows.append([i.codes.index(str(answer)) / (len(i.codes) - 1) for i, answer in zip(items, answers, strict=True)])
    members = np.array(rows, dtype=float).reshape(len(kept), len(items))
    reached = 1 - members[:, -1] if negate_outcome else members[:, -1]
    name = f"~{outcome}" if negate_outcome else outcome
    return QcaData(tuple(kept), tuple(conditions), members[:, :-1], name, reached, tuple(left_out))
