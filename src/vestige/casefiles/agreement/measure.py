"""`measure_agreement`: how far coders agree, per item, per structure and overall."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.casefiles.agreement.disagreement import disagreements, drift
from vestige.casefiles.agreement.estimates import Estimate, bootstrap_weights, estimate_all
from vestige.casefiles.agreement.from_study import ItemMatrix, item_matrix
from vestige.casefiles.agreement.matrix import CodingMatrix, Floats, Patterns, compress
from vestige.casefiles.study import Study
from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

FEW_UNITS: Final = 10
"""Below so many double-coded units an interval is wide whatever the agreement; a finding says so."""
POOLED: Final = ("percent", "fleiss", "brennan-prediger", "gwet-ac1", "alpha")
"""Coefficients averaged over items; "alpha" is each item's alpha at its own level."""


@dataclass(frozen=True)
class AgreementSettings:
    """How agreement is measured.

    Attributes:
        confidence: of the intervals.
        bootstrap: samples of units; 0 for none.
        round: coding round compared.
    """

    confidence: float = 0.95
    bootstrap: int = 1000
    round: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise SettingsError("confidence lies between 0 and 1", hint="0.95 is usual")
        if self.bootstrap < 0 or self.round < 1:
            raise SettingsError("bootstrap samples and round are not negative", hint="see the reference")


@dataclass(frozen=True)
class Scope:
    """Estimates for one item, one structure, or everything.

    Attributes:
        scope: "item", "structure" or "overall".
        name: the item's or structure's code; "" overall.
        estimates: coefficients.
        level: level of measurement of an item, "" for averages.
    """

    scope: str
    name: str
    level: str
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True)
class AgreementResult:
    """How far coders agree; a frozen result with tables, findings and provenance.

    Tables: "coefficients" (scope, name, level, coefficient, value, low, high, analytic interval, standard error,
    units, why undefined), "codes" (prevalence of each code and each coder's use of it), "pairs" (percent, kappa and
    bias of each pair of coders), "disagreements" and "drift" (studies only).
    """

    scopes: tuple[Scope, ...]
    findings: tuple[Finding, ...]
    provenance: Provenance
    _tables: Mapping[str, "pa.Table"] = field(repr=False)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return tuple(self._tables)

    def table(self, name: str) -> "pa.Table":
        """A table by name.

        Raises:
            SettingsError: no such table.
        """
        if name not in self._tables:
            raise SettingsError("there is no such table", hint=f"known: {', '.join(self._tables)}")
        return self._tables[name]

    def estimate(self, coefficient: str, *, scope: str = "overall", name: str = "") -> Estimate:
        """One coefficient of one scope.

        Raises:
            SettingsError: no such scope or coefficient.
        """
        for each in self.scopes:
            if (each.scope, each.name) == (scope, name):
                for estimate in each.estimates:
                    if estimate.coefficient == coefficient:
                        return estimate
        raise SettingsError("there is no such coefficient in that scope", hint="see the table coefficients")

    def summary(self) -> str:
        """One line a scope: percent agreement and alpha with its interval, or why it is undefined."""
        return "\n".join(_line(scope) for scope in self.scopes)

    def plot(self, name: str) -> "alt.TopLevelMixin":
        """A chart: "coefficients", every scope's chance-corrected agreement with its interval.

        Raises:
            SettingsError: no such chart.
        """
        if name != "coefficients":
            raise SettingsError("there is no such chart", hint="known: coefficients")
        from vestige.casefiles.figures.intervals import interval_chart

        return interval_chart(self._tables["coefficients"])


def measure_agreement(
    source: Study | CodingMatrix,
    *,
    settings: AgreementSettings = AgreementSettings(),
    seed: int = 0,
    progress: Progress | None = None,
) -> AgreementResult:
    """Agreement between coders.

    Args:
        source: a study with at least two coders, or a matrix of units by coders.
        settings: confidence, bootstrap samples, round.
        seed: of the bootstrap over units.
        progress: called once an item.

    Returns:
        Percent agreement, Cohen's kappa (Light's mean of pairs for more than two coders; linear and quadratic
        weights for ordered scales), Fleiss, Brennan and Prediger, Gwet's AC1 and AC2, Krippendorff's alpha. Averages
        over items weight each item by its double-coded units, and leave undefined ones out.

    Raises:
        SettingsError: fewer than two coders.
    """
    tell = progress or ignore_progress
    matrices = _matrices(source, settings.round)
    coders = matrices[0].matrix.coders if matrices else ()
    if len(coders) < 2:  # noqa: PLR2004 - agreement is between two
        raise SettingsError("agreement needs two coders", hint="put a second file into codings/")
    rng = np.random.default_rng(seed)
    measured: list[_Measured] = []
    draws: dict[str, Floats] = {}
    for done, one in enumerate(matrices, start=1):
        measured.append(_measure(one, settings, rng, draws))
        tell(Step("coefficients", done, len(matrices), "items"))
    scopes = [Scope("item", m.source.item.code, m.source.matrix.level.value, m.estimates) for m in measured]
    if isinstance(source, Study):
        scopes += list(_averages(source, measured, settings))
        digest = source.digest
    else:
        scopes = [Scope("overall", "", source.level.value, measured[0].estimates)]
        digest = None
    findings = most_severe_first(
        [*_findings(scopes, matrices), *(finding for one in matrices for finding in one.findings)]
    )
    provenance = Provenance("measure_agreement", plain_settings(settings), seed, digest)
    return AgreementResult(tuple(scopes), findings, provenance, _tables(source, scopes, measured))


def _matrices(source: Study | CodingMatrix, round_number: int) -> list[ItemMatrix]:
    if isinstance(source, Study):
        return [item_matrix(source, item, round_number) for item in source.checklist.items]
    from vestige.casefiles.checklist import Item
    from vestige.casefiles.schema import Kind

    return [ItemMatrix(Item("matrix", "", Kind.CODE), (), source)]


@dataclass(frozen=True)
class _Measured:
    """An item with its estimates and its bootstrap values, kept for the averages."""

    source: ItemMatrix
    patterns: Patterns
    estimates: tuple[Estimate, ...]
    drawn: Mapping[str, Floats]


def _measure(
    one: ItemMatrix, settings: AgreementSettings, rng: np.random.Generator, draws: dict[str, Floats]
) -> _Measured:
    """Units are resampled once a level, so that an item's bootstrap is the same sample of cases as another's."""
    shared = bool(one.units)
    patterns = compress(one.matrix, keep_units=shared)
    if not shared:
        replicates = bootstrap_weights(patterns, settings.bootstrap, rng)
    else:
        level, size = one.item.level, len(one.units)
        if level not in draws:
            equal = np.full(size, 1 / size)
            draws[level] = rng.multinomial(size, equal, size=settings.bootstrap).astype(float)
        member = np.zeros((size, len(patterns.weights)))
        member[np.arange(size), patterns.unit_pattern] = 1
        replicates = draws[level] @ member
    estimates, drawn = estimate_all(one.matrix, patterns, replicates, confidence=settings.confidence)
    return _Measured(one, patterns, estimates, drawn)


def _averages(study: Study, measured: Sequence[_Measured], settings: AgreementSettings) -> Iterator[Scope]:
    for structure in study.checklist.structures:
        own = [m for m in measured if m.source.item.structure == structure.code]
        if own:
            yield Scope("structure", structure.code, "", _pooled(own, settings))
    yield Scope("overall", "", "", _pooled(measured, settings))


def _pooled(measured: Sequence[_Measured], settings: AgreementSettings) -> tuple[Estimate, ...]:
    found = []
    for name in POOLED:
        parts = []
        for one in measured:
            own = f"alpha-{one.source.matrix.level.value}" if name == "alpha" else name
            estimate = next((e for e in one.estimates if e.coefficient == own), None)
            if estimate is not None and estimate.value is not None:
                parts.append((estimate.value, one.patterns.units, one.drawn[own]))
        found.append(_mean(name, parts, settings.confidence))
    return tuple(found)


def _mean(name: str, parts: Sequence[tuple[float, int, Floats]], confidence: float) -> Estimate:
    if not parts:
        return Estimate(name, None, undefined="undefined for every item")
    units = np.array([units for _, units, _ in parts], dtype=float)
    value = float(np.average([value for value, _, _ in parts], weights=units))
    drawn = np.stack([draws for _, _, draws in parts])
    known = ~np.isnan(drawn)
    weight = known * units[:, None]
    total = weight.sum(axis=0)
    means = (np.where(known, drawn, 0.0) * weight).sum(axis=0)[total > 0] / total[total > 0]
    if not len(means):
        return Estimate(name, value, units=int(units.sum()))
    low, high = (float(end) for end in np.quantile(means, ((1 - confidence) / 2, (1 + confidence) / 2)))
    return Estimate(name, value, low, high, units=int(units.sum()), defined_replicates=len(means) / drawn.shape[1])


def _findings(scopes: Sequence[Scope], matrices: Sequence[ItemMatrix]) -> Iterator[Finding]:
    undefined = [scope.name for scope in scopes if scope.estimates[-1].value is None and scope.scope == "item"]
    if undefined:
        text = f"agreement is undefined for {len(undefined)} of {len(matrices)} items: {', '.join(undefined)}"
        yield Finding("undefined-agreement", Severity.CAUTION, text)
    perfect = [s.name for s in scopes if s.scope == "item" and s.estimates[0].value == 1 and s.estimates[-1].value == 1]
    if perfect:
        text = f"items without any disagreement: {len(perfect)}; no interval can be drawn from them"
        yield Finding("no-disagreement", Severity.NOTE, text)
    few = [s.name for s in scopes if s.scope == "item" and 0 < s.estimates[0].units < FEW_UNITS]
    if few:
        text = f"items with fewer than {FEW_UNITS} double-coded units: {len(few)}; their intervals are wide"
        yield Finding("few-double-coded-units", Severity.CAUTION, text)


def _line(scope: Scope) -> str:
    percent, alpha = scope.estimates[0], scope.estimates[-1]
    place = scope.scope if not scope.name else f"{scope.scope} {scope.name}"
    shown = "-" if percent.value is None else f"{100 * percent.value:.0f} %"
    if alpha.value is None:
        return f"{place}: {shown} agreement, {alpha.coefficient} undefined ({alpha.undefined})"
    interval = "" if alpha.low is None else f" ({alpha.low:.2f} to {alpha.high:.2f})"
    return f"{place}: {shown} agreement, {alpha.coefficient} {alpha.value:.2f}{interval}, {alpha.units} units"


def _tables(
    source: Study | CodingMatrix, scopes: Sequence[Scope], measured: Sequence[_Measured]
) -> dict[str, "pa.Table"]:
    tables = {
        "coefficients": _coefficient_table(scopes),
        "codes": _code_table(measured),
        "pairs": _pair_table(measured),
    }
    if isinstance(source, Study):
        tables |= {"disagreements": disagreements(source), "drift": drift(source)}
    return tables


def _coefficient_table(scopes: Sequence[Scope]) -> "pa.Table":
    import pyarrow as pa

    numbers = ("value", "low", "high", "analytic_low", "analytic_high", "standard_error", "defined_replicates")
    rows = [
        {
            "scope": scope.scope,
            "name": scope.name,
            "level": scope.level,
            "coefficient": estimate.coefficient,
            "units": estimate.units,
            "undefined": estimate.undefined,
            **{number: getattr(estimate, number) for number in numbers},
        }
        for scope in scopes
        for estimate in scope.estimates
    ]
    fields = [(name, pa.string()) for name in ("scope", "name", "level", "coefficient")]
    fields += [(number, pa.float64()) for number in numbers] + [("units", pa.int64()), ("undefined", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _code_table(measured: Sequence[_Measured]) -> "pa.Table":
    """Prevalence: share of all codes given; and each coder's own share, whose differences are their bias."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for one in measured:
        for position, label in enumerate(one.source.matrix.labels):
            for number, coder in enumerate(one.source.matrix.coders):
                given = one.patterns.codes[:, number]
                total = float(one.patterns.weights[given >= 0].sum())
                used = float(one.patterns.weights[given == position].sum())
                everyone = float(one.patterns.weights @ one.patterns.coded)
                prevalence = float(one.patterns.weights @ one.patterns.counts[:, position])
                rows.append(
                    {
                        "item": one.source.item.code,
                        "code": label,
                        "prevalence": prevalence / everyone if everyone else None,
                        "coder": coder,
                        "coder_share": used / total if total else None,
                        "times": int(used),
                    }
                )
    names = [("item", pa.string()), ("code", pa.string()), ("prevalence", pa.float64()), ("coder", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema([*names, ("coder_share", pa.float64()), ("times", pa.int64())]))


def _pair_table(measured: Sequence[_Measured]) -> "pa.Table":
    """Each pair of coders: percent, kappa, and the indices of prevalence and bias (Byrt, Bishop and Carlin 1993).

    For two codes they are |a - d| / n and |b - c| / n; for more, prevalence is the excess of the commonest code over
    an equal share, and bias half the summed differences between the coders' shares, which agree with the former.
    """
    import pyarrow as pa

    from vestige.casefiles.agreement.coefficients import cohen_kappa, pair_tables

    rows: list[dict[str, Any]] = []
    for one in measured:
        size = len(one.source.matrix.labels)
        for a, b in combinations(range(len(one.source.matrix.coders)), 2) if size else ():
            table = pair_tables(one.patterns, one.patterns.weights[None], a, b)[0]
            units = float(table.sum())
            kappa = float(cohen_kappa(table[None], np.eye(size))[0])
            shares = (table.sum(axis=1) / units, table.sum(axis=0) / units) if units else None
            mean = (shares[0] + shares[1]) / 2 if shares else np.zeros(size)
            rows.append(
                {
                    "item": one.source.item.code,
                    "one": one.source.matrix.coders[a],
                    "other": one.source.matrix.coders[b],
                    "units": int(units),
                    "percent": float(np.trace(table)) / units if units else None,
                    "kappa": None if np.isnan(kappa) else kappa,
                    "prevalence_index": (size * float(mean.max()) - 1) / (size - 1) if shares and size > 1 else None,
                    "bias_index": float(np.abs(shares[0] - shares[1]).sum()) / 2 if shares else None,
                }
            )
    names = [("item", pa.string()), ("one", pa.string()), ("other", pa.string()), ("units", pa.int64())]
    numbers = ("percent", "kappa", "prevalence_index", "bias_index")
    return pa.Table.from_pylist(rows, schema=pa.schema([*names, *((number, pa.float64()) for number in numbers)]))
