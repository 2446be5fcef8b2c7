"""The manifest: what a dataset holds, what it lacks and why, and the digest of every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from vestige.dataset.schema import SCHEMA_VERSION, Software
from vestige.errors import DatasetError
from vestige.results import Finding, Severity
from vestige.version import __version__

FORMAT: Final = "vestige-dataset"
FILE_NAME: Final = "manifest.json"


class TimeResolution(StrEnum):
    """How coarse times are stored; every time is cut down to the start of its unit."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True)
class ForumEntry:
    """One forum of the dataset, as in its `forum` table."""

    forum: int
    code: str
    software: Software


@dataclass(frozen=True)
class FileEntry:
    """One Parquet file of a table; a table may have several.

    Attributes:
        table: the table it belongs to.
        path: relative to the dataset's folder.
        sha256: of the file's bytes, hexadecimal.
        size: bytes.
        rows: rows.
    """

    table: str
    path: str
    sha256: str
    size: int
    rows: int


@dataclass(frozen=True)
class SourceCount:
    """Rows of one source table: read, and kept in the dataset."""

    table: str
    read: int
    kept: int


@dataclass(frozen=True)
class Manifest:
    """Everything a dataset says about itself. Strings come from fixed vocabularies or are neutral codes.

    Attributes:
        forums: the forums.
        time_resolution: resolution of every stored time.
        files: the Parquet files.
        absent: table, or table.column, to the reason why the source cannot fill it.
        codes: column (such as "section.kind") to the neutral codes that may stand in it.
        findings: what derivation noticed.
        source_counts: rows read and kept, per source table.
        key_fingerprint: of the custodian's key, never the key.
        options: choices made at derivation, such as linking of handles.
        created_at: ISO time of writing; not part of the digest.
    """

    forums: tuple[ForumEntry, ...]
    time_resolution: TimeResolution
    files: tuple[FileEntry, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    source_counts: tuple[SourceCount, ...] = ()
    key_fingerprint: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    created_at: str | None = None
    version: str = __version__
    schema_version: int = SCHEMA_VERSION

    @property
    def digest(self) -> str:
        """SHA-256 over the names and digests of all files: the dataset's identity."""
        lines = sorted(f"{entry.sha256}  {entry.path}\n" for entry in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that are present, in the order of their files."""
        return tuple(dict.fromkeys(entry.table for entry in self.files))

    def files_of(self, table: str) -> tuple[FileEntry, ...]:
        """The files of one table; empty when it is absent."""
        return tuple(entry for entry in self.files if entry.table == table)

    def to_json(self) -> str:
        """The manifest as JSON text, keys in a fixed order."""
        return json.dumps({"format": FORMAT, "digest": self.digest, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read and check the manifest of a dataset folder.

        Raises:
            DatasetError: no manifest, not a Vestige manifest, or one of another schema version.
        """
        raw = _read_json(folder)
        if raw.pop("format", None) != FORMAT:
            raise DatasetError("the manifest is not of a Vestige dataset", hint="point to a folder made by derive")
        if raw.get("schema_version") != SCHEMA_VERSION:
            raise DatasetError(
                "the dataset has another schema version",
                hint=f"this version of Vestige reads schema {SCHEMA_VERSION}; derive again, or install the other",
            )
        digest = raw.pop("digest", None)
        manifest = cls._from_plain(raw)
        if manifest is None:
            raise DatasetError("the manifest is malformed", hint="derive the dataset again")
        if manifest.digest != digest:
            raise DatasetError("the manifest contradicts its own digest", hint="get the dataset again")
        return manifest

    @classmethod
    def _from_plain(cls, raw: dict[str, Any]) -> Self | None:
        try:
            return cls(
                **{
                    **raw,
                    "forums": tuple(
                        ForumEntry(entry["forum"], entry["code"], Software(entry["software"]))
                        for entry in raw["forums"]
                    ),
                    "time_resolution": TimeResolution(raw["time_resolution"]),
                    "files": tuple(FileEntry(**entry) for entry in raw["files"]),
                    "codes": {column: tuple(codes) for column, codes in raw["codes"].items()},
                    "findings": tuple(
                        Finding(entry["code"], Severity(entry["severity"]), entry["text"]) for entry in raw["findings"]
                    ),
                    "source_counts": tuple(SourceCount(**entry) for entry in raw["source_counts"]),
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


def _read_json(folder: Path) -> dict[str, Any]:
    try:
        raw = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raw = None
    if not isinstance(raw, dict):
        raise DatasetError(
            "no readable manifest in that folder",
            where=FILE_NAME,
            hint="point to a folder made by derive or simulate",
        )
    return raw
