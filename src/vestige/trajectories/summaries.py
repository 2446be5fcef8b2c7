"""Results in words, as plain text."""

from typing import TYPE_CHECKING

from vestige.trajectories.adequacy import adequacy_findings

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.trajectories.histories import Panel
    from vestige.trajectories.layout import OutcomeLayout
    from vestige.trajectories.result import TrajectoryResult


def fit_summary(result: "TrajectoryResult") -> str:
    """A fit as a page of text."""
    criteria, search = result.criteria, result.search
    outcomes = ", ".join(f"{panel.outcome} ({own.settings.family.value})" for panel, own in _pairs(result))
    lines = [
        f"Group-based trajectory model, {result.classes} group{'s' if result.classes > 1 else ''}: {outcomes}",
        f"{criteria.members:,} members, {criteria.observations:,} observations, {criteria.parameters} parameters",
        f"log-likelihood {criteria.log_likelihood:,.3f}; AIC {criteria.aic:,.2f} (lower is better)",
        f"BIC {criteria.bic_members:,.2f} (members), {criteria.bic_observations:,.2f} (observations; higher is better)",
        f"{result.starts_at_best} of {search.polished} polished starts ({search.starts} screened) ended here",
        "",
    ]
    lines += text_table(result.table("groups"), ("group", "share", "low", "high", "assigned_members"))
    lines += [""]
    lines += text_table(
        result.table("parameters"), ("outcome", "group", "part", "name", "estimate", "standard_error", "p_value")
    )
    findings = [*result.findings, *adequacy_findings(result)]
    lines += ["", *(f"{finding.severity.value}: {finding.text}" for finding in findings)]
    return "\n".join(lines) + "\n"


def _pairs(result: "TrajectoryResult") -> list[tuple["Panel", "OutcomeLayout"]]:
    outcomes = result.search.evaluator.layout.outcomes
    return [(panel, outcomes[result.position(place)]) for place, panel in enumerate(result.panels)]


def text_table(table: "pa.Table", columns: tuple[str, ...]) -> list[str]:
    """Chosen columns of a table as aligned lines of text, the header first."""
    values = zip(*(table.column(name).to_pylist() for name in columns), strict=True)
    rows = [[_cell(value) for value in row] for row in values]
    widths = [max(len(name), *(len(row[place]) for row in rows)) for place, name in enumerate(columns)]
    head = "  ".join(name.rjust(width) for name, width in zip(columns, widths, strict=True))
    return [head, *("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.4f}" if isinstance(value, float) else str(value)
