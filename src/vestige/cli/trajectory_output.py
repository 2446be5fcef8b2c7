"""What `vestige trajectories` prints and writes: records, a summary, and a folder a model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.cli.console import print_line
from vestige.cli.trajectory_input import Source
from vestige.errors import SettingsError
from vestige.outputs import staged_folder

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

    from vestige.results import Finding
    from vestige.trajectories import SelectionResult, TrajectoryResult

DATA = "data.csv"
PROFILE_COLUMNS = ("group", "trait", "category", "members", "value", "low", "high")


def json_text(result: "SelectionResult") -> str:
    """One record a model."""
    return json.dumps([_record(fit) for fit in result.fits], indent=1, allow_nan=False)


def print_result(result: "SelectionResult", source: Source) -> None:
    """The table of models, and the one with the best BIC in a few lines."""
    print_line(result.summary())
    best = result.best()
    groups = f"{best.classes} group{'s' if best.classes > 1 else ''}"
    print_line(f"BIC (members) prefers {groups}; the table decides nothing.")
    for group, share in enumerate(best.shares, 1):
        print_line(f"  group {group}: {share:.1%} of the members")
    for finding in _findings(best, source):
        print_line(f"{finding.severity.value}: {finding.text}")
    profile = _profile(best, source)
    if profile is not None:
        from vestige.trajectories.summaries import text_table

        shown = profile.filter(profile.column("value").is_valid())
        print_line("\nWho is in the groups (members by posterior probability; shares and means with 95 % intervals)")
        for line in text_table(shown, PROFILE_COLUMNS):
            print_line(line)
        if shown.num_rows < profile.num_rows:
            print_line(f"{profile.num_rows - shown.num_rows} cells with too few members are held back.")


def _findings(fit: "TrajectoryResult", source: Source) -> "list[Finding]":
    """What to know of a fit; of a dataset nothing that tells an empty group from a small one."""
    from vestige.trajectories.adequacy import NOBODY_ASSIGNED, adequacy_findings

    found = [*fit.findings, *adequacy_findings(fit)]
    return [own for own in found if source.private or own.code != NOBODY_ASSIGNED]


def write_result(out: Path, result: "SelectionResult", source: Source, *, replace: bool) -> None:
    """Tables, charts and code of every model; of a dataset only what the disclosure policy lets out."""
    import pyarrow.parquet as pq

    from vestige.trajectories.release import released_checklist

    with staged_folder(out, replace=replace) as folder:
        pq.write_table(result.table("models"), folder / "models.parquet")
        (folder / "summary.txt").write_text(result.summary(), encoding="utf-8")
        checklist = result.table("grolts")
        pq.write_table(checklist if source.private else released_checklist(checklist), folder / "grolts.parquet")
        (folder / "models.json").write_text(json_text(result) + "\n", encoding="utf-8")
        _draw(result.plot(), folder / "selection.svg")
        if source.private:
            _write_data(folder / DATA, result.fits[0])
        for place, fit in enumerate(result.fits, 1):
            own = folder / f"{place:02d}-groups-{fit.classes}"
            own.mkdir()
            _write_fit(own, fit, source)


def _write_fit(folder: Path, fit: "TrajectoryResult", source: Source) -> None:
    import pyarrow.parquet as pq

    from vestige.trajectories import released_tables

    tables = {name: fit.table(name) for name in fit.table_names} if source.private else released_tables(fit)
    profile = _profile(fit, source)
    if profile is not None:
        tables["profiles"] = profile
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    charts = ("trajectories", "observed", "adequacy") if source.private else ("trajectories",)
    for name in charts:
        _draw(fit.plot(name), folder / f"{name}.svg")
    for language, file in (("stata", "model.do"), ("r", "model.R")):
        code = _code(fit, language, f"../{DATA}" if source.private else DATA)
        if code:
            (folder / file).write_text(code, encoding="utf-8")


def _profile(fit: "TrajectoryResult", source: Source) -> "pa.Table | None":
    from vestige.trajectories import ProfileSettings, profile_groups

    if source.traits is None:
        return None
    settings = ProfileSettings(suppress=not source.private)
    return profile_groups(fit, source.traits, member=source.member, settings=settings)


def _draw(chart: "alt.TopLevelMixin", file: Path) -> None:
    import vl_convert

    file.write_text(vl_convert.vegalite_to_svg(chart.to_json()), encoding="utf-8")


def _record(fit: "TrajectoryResult") -> dict[str, object]:
    from vestige.trajectories.order_search import settings_of
    from vestige.trajectories.selection import finding_codes

    criteria, settings = fit.criteria, settings_of(fit)
    return {
        "groups": fit.classes, "family": settings.family.value,
        "order": settings.order if isinstance(settings.order, int) else list(settings.order),
        "log_likelihood": fit.log_likelihood, "parameters": criteria.parameters, "members": criteria.members,
        "observations": criteria.observations, "bic_members": criteria.bic_members,
        "bic_observations": criteria.bic_observations, "aic": criteria.aic,
        "shares": [float(own) for own in fit.shares],
        "starts": fit.search.starts, "starts_polished": fit.search.polished, "starts_at_best": fit.starts_at_best,
        "converged": fit.converged, "seed": fit.provenance.seed,
        "findings": finding_codes(fit),
    }  # fmt: skip


def _write_data(file: Path, fit: "TrajectoryResult") -> None:
    """What the exported code reads; members' data of a dataset stay in it."""
    from pyarrow import csv

    from vestige.trajectories import export_data

    csv.write_csv(export_data(fit), file)


def _code(fit: "TrajectoryResult", language: str, data: str) -> str | None:
    from vestige.trajectories import export_code

    try:
        return export_code(fit, language, data=data)
    except SettingsError:
        return None
