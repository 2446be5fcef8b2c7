"""The manifest: what a dataset holds, what it lacks and why, and the digest of every file."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from vestige.dataset.manifest_text import DIGEST_PATTERN
from vestige.dataset.schema import SCHEMA_VERSION, TABLES, Software
from vestige.errors import DatasetError, SettingsError
from vestige.results import Finding, Severity
from vestige.version import __version__

FORMAT: Final = "vestige-dataset"
FILE_NAME: Final = "manifest.json"
FILE_PATTERN: Final = r"^{table}(-[0-9]{{1,6}})?\.parquet$"
"""A table's files: TABLE.parquet, or TABLE-1.parquet, TABLE-2.parquet, ...; never a path."""


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
class Part:
    """What one of the datasets that a merged dataset was joined from said about itself.

    Attributes:
        digest: of that dataset.
        forums: codes of its forums.
        absent: what it lacked, and why.
        findings: what its derivation noticed.
        source_counts: rows read and kept, per source table.
        options: choices made at its derivation.
    """

    digest: str
    forums: tuple[str, ...]
    absent: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    source_counts: tuple[SourceCount, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


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
        parts: of a merged dataset, what each dataset said that it was joined from; left out of the file when empty.
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
    parts: tuple[Part, ...] = ()
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

    def only_forum(self, code: str | None) -> ForumEntry:
        """The forum of that code; None means the only one there is.

        Raises:
            SettingsError: there is no such forum, or there are several and none was chosen.
        """
        listed = [entry for entry in self.forums if code in {None, entry.code}]
        if len(listed) != 1:
            what = "the dataset has several forums" if listed else "the dataset has no such forum"
            known = ", ".join(sorted(entry.code for entry in self.forums))
            raise SettingsError(what, where="setting forum", hint=f"choose one of {known}")
        return listed[0]

    def to_json(self) -> str:
        """The manifest as JSON text, keys in a fixed order."""
        plain = asdict(self)
        if not self.parts:
            del plain["parts"]  # as every manifest was before datasets could be merged
        return json.dumps({"format": FORMAT, "digest": self.digest, **plain}, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read and check the manifest of a dataset folder.

        Raises:
            DatasetError: no manifest, not a Vestige manifest, one of another schema version, or a malformed one:
                an unknown or doubled field, a value of another type, a file name that leaves the folder.
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
            raise DatasetError("the manifest is malformed", where=FILE_NAME, hint="derive the dataset again")
        if manifest.digest != digest:
            raise DatasetError("the manifest contradicts its own digest", hint="get the dataset again")
        return manifest

    @classmethod
    def _from_plain(cls, raw: dict[str, Any]) -> Self | None:
        try:
            if set(raw) | {"parts"} != {entry.name for entry in fields(cls)}:
                return None
            return cls(
                forums=tuple(
                    ForumEntry(_integer(entry["forum"]), _text(entry["code"]), Software(entry["software"]))
                    for entry in _entries(raw["forums"], ForumEntry)
                ),
                time_resolution=TimeResolution(raw["time_resolution"]),
                files=_files(raw["files"]),
                absent=_absent(raw["absent"]),
                codes={_text(place): tuple(_text(code) for code in codes) for place, codes in raw["codes"].items()},
                findings=_findings(raw["findings"]),
                source_counts=_counts(raw["source_counts"]),
                key_fingerprint=None if raw["key_fingerprint"] is None else _text(raw["key_fingerprint"]),
                options=dict(raw["options"].items()),
                created_at=None if raw["created_at"] is None else _text(raw["created_at"]),
                parts=_parts(raw.get("parts", [])),
                version=_text(raw["version"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


def lies_in_dataset(path: Path) -> bool:
    """Whether a file written there would lie in a dataset's folder, which holds nothing but the dataset."""
    return any((folder / FILE_NAME).exists() for folder in path.absolute().parents)


def _files(raw: object) -> tuple[FileEntry, ...]:
    """The file entries; ValueError unless each is a plain name of its table, listed once."""
    files = tuple(
        FileEntry(
            _text(entry["table"]),
            _text(entry["path"]),
            _text(entry["sha256"]),
            _integer(entry["size"]),
            _integer(entry["rows"]),
        )
        for entry in _entries(raw, FileEntry)
    )
    named = all(re.fullmatch(FILE_PATTERN.format(table=entry.table), entry.path, re.ASCII) for entry in files)
    digested = all(re.fullmatch(DIGEST_PATTERN, entry.sha256, re.ASCII) for entry in files)
    if not (named and digested and {entry.table for entry in files} <= set(TABLES)):
        raise ValueError("file entry")
    if len({entry.path for entry in files}) != len(files):
        raise ValueError("file listed twice")
    return files


def _absent(raw: dict[str, Any]) -> dict[str, str]:
    return {_text(place): _text(reason) for place, reason in raw.items()}


def _findings(raw: object) -> tuple[Finding, ...]:
    return tuple(
        Finding(_text(entry["code"]), Severity(entry["severity"]), _text(entry["text"]))
        for entry in _entries(raw, Finding)
    )


def _counts(raw: object) -> tuple[SourceCount, ...]:
    return tuple(
        SourceCount(_text(entry["table"]), _integer(entry["read"]), _integer(entry["kept"]))
        for entry in _entries(raw, SourceCount)
    )


def _parts(raw: object) -> tuple[Part, ...]:
    return tuple(
        Part(
            digest=_text(entry["digest"]),
            forums=tuple(_text(code) for code in entry["forums"]),
            absent=_absent(entry["absent"]),
            findings=_findings(entry["findings"]),
            source_counts=_counts(entry["source_counts"]),
            options=dict(entry["options"].items()),
        )
        for entry in _entries(raw, Part)
    )


def _entries(raw: object, kind: type) -> list[dict[str, Any]]:
    """A JSON list of objects with exactly the fields of a dataclass."""
    wanted = {entry.name for entry in fields(kind)}
    if not isinstance(raw, list) or any(not isinstance(entry, dict) or set(entry) != wanted for entry in raw):
        raise TypeError("list of objects")
    return raw


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("string")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("count")
    return value


def _read_json(folder: Path) -> dict[str, Any]:
    try:
        raw = json.loads(
            (folder / FILE_NAME).read_text(encoding="utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (OSError, ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        raise DatasetError(
            "no readable manifest in that folder",
            where=FILE_NAME,
            hint="point to a folder made by derive or simulate",
        )
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; ValueError when it names a field twice, since the first value would go unseen."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("field named twice")
    return dict(pairs)


def _no_constant(_: str) -> NoReturn:
    raise ValueError("not a number")
