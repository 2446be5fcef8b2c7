"""What every analysis returns: tables, findings, a summary in words, and where the numbers came from."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from vestige.version import __version__

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa


class Severity(StrEnum):
    """How much a finding weighs for a reader."""

    NOTE = "note"
    CAUTION = "caution"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """An assumption checked, a model that did not converge, a group too small, data that are missing.

    Attributes:
        code: short stable identifier such as "deleted-authors-collapsed".
        severity: its weight.
        text: one sentence for a reader; never a value from the material.
    """

    code: str
    severity: Severity
    text: str


def most_severe_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as a result holds them: problems, then cautions, then notes, each in the order given."""
    order = (Severity.PROBLEM, Severity.CAUTION, Severity.NOTE)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


@dataclass(frozen=True)
class Provenance:
    """What is needed to run an analysis again.

    Attributes:
        verb: the public function that made the result.
        settings: its settings, as plain values.
        seed: the seed given, or None when nothing is random.
        dataset_digest: SHA-256 over the manifest's file digests, or None for data that never was a dataset.
        version: Vestige's version.
    """

    verb: str
    settings: Mapping[str, Any]
    seed: int | None
    dataset_digest: str | None
    version: str = __version__


@runtime_checkable
class Result(Protocol):
    """The shape of every result; results are frozen dataclasses."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings, most severe first."""

    @property
    def provenance(self) -> Provenance:
        """How to get this result again."""

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""

    def table(self, name: str) -> "pa.Table":
        """A table by name; a `SettingsError` names the known ones."""

    def summary(self) -> str:
        """The result in words and numbers, as plain text."""

    def plot(self, name: str) -> "alt.TopLevelMixin":
        """A chart by name; a `SettingsError` names the known ones."""


def plain_settings(settings: object) -> dict[str, Any]:
    """Settings as values that JSON can hold: enums by value, tuples as lists.

    Args:
        settings: a frozen settings dataclass instance.

    Raises:
        TypeError: `settings` is not a dataclass instance.
    """
    if not is_dataclass(settings) or isinstance(settings, type):
        raise TypeError("settings must be a dataclass instance")
    return {field.name: _plain(getattr(settings, field.name)) for field in fields(settings)}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)
