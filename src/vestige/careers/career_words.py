"""Careers in sentences, from published figures only."""

from typing import TYPE_CHECKING, Any

from vestige.disclosure.result import Tables

if TYPE_CHECKING:
    from vestige.careers.settings import ForecastSettings

_YEAR = "12"


def career_sentences(tables: Tables, *, brief: bool) -> tuple[str, ...]:
    """Onset, duration, trends and quantities."""
    found = []
    if (row := _row(tables, "onset", months=_YEAR, share=None)) is not None:
        found.append(f"{_share(row, 'share')} had begun a year after registration.")
    if (row := _row(tables, "duration", months=_YEAR, share=None)) is not None:
        found.append(f"{_share(row, 'share')} of the careers had ended a year after their first event.")
    if brief:
        return tuple(found)
    for row in tables["quantities"].rows():
        if row["p25"] is not None and row["p75"] is not None:
            middle = f"median {row['p50']:g}, half of the members between {row['p25']:g} and {row['p75']:g}"
            found.append(f"{row['quantity']}: {middle}.")
    trends = [row for row in tables["trends"].rows() if row["share"] is not None]
    if trends:
        shares = ", ".join(f"{row['trend']} {row['share']:.1%}" for row in trends)
        found.append(f"Trends: {shares}.")
    return tuple(found)


def attainment_sentences(tables: Tables, role: str, *, brief: bool) -> tuple[str, ...]:
    """Incidence a year after registration, and hazard ratios."""
    found = []
    for cause, words in (("attained", f"held the role {role}"), ("banned", "had been banned"), ("left", "had left")):
        if (row := _row(tables, "incidence", months=_YEAR, cause=cause, incidence=None)) is not None:
            found.append(f"{_share(row, 'incidence')} {words} a year after registration.")
    if brief or "effects" not in tables:
        return tuple(found)
    for row in tables["effects"].rows():
        if row["ratio"] is not None:
            interval = f"95 % interval {row['low']:.2f} to {row['high']:.2f}"
            found.append(f"Hazard ratio of {row['covariate']}: {row['ratio']:.2f} ({interval}).")
    return tuple(found)


def forecast_sentences(tables: Tables, settings: "ForecastSettings", *, brief: bool) -> tuple[str, ...]:
    """How much was gained, and each group's forecast."""
    found = []
    row = _row(tables, "scores", forecast="like beginning", gain=None)
    if row is not None:
        found.append(
            f"Knowing the first {settings.early} months made forecasts of the next {settings.later} better by "
            f"{row['gain']:.0%} (95 % interval {row['gain_low']:.0%} to {row['gain_high']:.0%}) than the cohort alone."
        )
    if brief:
        return tuple(found)
    found += [
        f"Early events {row['early']}: foretold mean {row['mean']:g}, observed {row['observed']:g}."
        for row in tables["bands"].rows()
        if row["mean"] is not None and row["observed"] is not None
    ]
    return tuple(found)


def _row(tables: Tables, name: str, **wanted: str | None) -> dict[str, Any] | None:
    """The row with the wanted labels, if the column given as None has a published figure."""
    labels = {column: value for column, value in wanted.items() if value is not None}
    figures = [column for column, value in wanted.items() if value is None]
    for row in tables[name].rows():
        if all(row[column] == value for column, value in labels.items()):
            return row if all(row[column] is not None for column in figures) else None
    return None


def _share(row: dict[str, Any], column: str) -> str:
    return f"{row[column]:.1%} (95 % interval {row['low']:.1%} to {row['high']:.1%})"
