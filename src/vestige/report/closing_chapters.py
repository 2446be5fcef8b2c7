"""The chapters around all analyses: what this is, the window, what is missing, disclosure, provenance."""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from vestige.dataset import Dataset, Manifest
from vestige.dataset.schema import Access
from vestige.disclosure import Decision, Reason
from vestige.report import prose
from vestige.report.chapters import Chapter, Facts, Part, Points, Words
from vestige.version import __version__

_LIBRARIES: Final = ("duckdb", "ibis-framework", "numpy", "pyarrow", "altair", "vl-convert-python")
_UNKNOWN: Final = "not known"


def opening_chapters(dataset: Dataset, forum: str | None) -> Iterator[Chapter]:
    """What this report is, and the window it looks through."""
    yield Chapter("about", "What this is", (Words(prose.ABOUT),))
    yield Chapter("window", "The window", (*_windows(dataset, forum),))


def _windows(dataset: Dataset, forum: str | None) -> Iterator[Facts]:
    """Codes come from the manifest, whose reader has checked them."""
    rows = {row["forum"]: row for row in dataset.arrow("forum").to_pylist()}
    for entry in dataset.manifest.forums:
        if forum in {None, entry.code} and (row := rows.get(entry.forum)) is not None:
            yield Facts(
                {
                    "Forum": entry.code,
                    "Source": entry.software.value,
                    "Observed from": _moment(row["window_start"]),
                    "Observed to": _moment(row["window_end"]),
                    "Times are stored by the": dataset.manifest.time_resolution.value,
                    "Access": next((access.value for access in Access if access == row["access"]), _UNKNOWN),
                }
            )


def _moment(value: Any) -> str:  # noqa: ANN401 - a cell of Arrow
    return _UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def ending_chapters(dataset: Dataset, chapters: Sequence[Chapter], *, seed: int, options: str) -> Iterator[Chapter]:
    """What is missing, what the disclosure policy did, and where everything came from."""
    yield _missing(dataset.manifest)
    yield _disclosure(chapters)
    yield _provenance(dataset.manifest, chapters, seed, options)


def _missing(manifest: Manifest) -> Chapter:
    reasons: dict[str, list[str]] = {}
    for name, reason in manifest.absent.items():
        reasons.setdefault(reason, []).append(name)
    facts = Facts({", ".join(names): reason for reason, names in reasons.items()})
    nothing = Words(("The source supplied every table and column.",))
    return Chapter(
        "missing",
        "What is missing and why",
        (Words(prose.MISSING), facts if reasons else nothing),
        findings=manifest.findings,
    )


def _disclosure(chapters: Sequence[Chapter]) -> Chapter:
    decisions = [
        decision
        for chapter in chapters
        for table in chapter.tables
        for decision in table.decisions
        if decision.reason not in {Reason.ROUNDED, Reason.DEPENDENT}
    ]
    held = _listed(decision for decision in decisions if decision.override is None)
    let_out = _listed(decision for decision in decisions if decision.override is not None)
    released: tuple[Part, ...] = (Words(prose.OVERRIDES), Points(let_out)) if let_out else ()
    taken = Points(held) if held else Words(("Nothing had to be suppressed.",))
    return Chapter("disclosure", "What was held back", (Words(prose.DISCLOSURE), taken, *released))


def _listed(decisions: Iterable[Decision]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{decision.table}. {decision.words}" for decision in decisions))


def _provenance(manifest: Manifest, chapters: Sequence[Chapter], seed: int, options: str) -> Chapter:
    facts = {
        "Dataset": manifest.digest,
        "Dataset written": manifest.created_at or _UNKNOWN,
        "Derived with": f"Vestige {manifest.version}, schema {manifest.schema_version}",
        "Key fingerprint": manifest.key_fingerprint or "none: not made under a key",
        "Reported with": f"Vestige {__version__}, Python {platform.python_version()}",
        "Libraries": ", ".join(_versions()),
        "Seed": str(seed),
        "Command": f"vestige report DIR --out report.html --seed {seed}{options}",
    }
    settings = [
        Facts({"Analysis": made.verb, **{name: _plain(value) for name, value in made.settings.items()}})
        for chapter in chapters
        if (made := chapter.provenance) is not None
    ]
    return Chapter("provenance", "Where this comes from", (Words(prose.PROVENANCE), Facts(facts), *settings))


def _versions() -> Iterator[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return "none" if value is None else str(value)
