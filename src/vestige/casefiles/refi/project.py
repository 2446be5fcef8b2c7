"""Projects: codings of a REFI-QDA .qdpx as (source, position, code, coder), without any source's text."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from vestige.casefiles.refi.codebook import Codebook, CodeElements, plain_guid
from vestige.casefiles.refi.xml import LARGEST_XML, read_elements
from vestige.errors import SourceError

MOST_MEMBERS: Final = 200_000
MOST_COMPRESSION: Final = 200
"""A project's XML shrinks ten- to fiftyfold; two hundredfold is a bomb."""
_CHUNK: Final = 1 << 20
_FREE_EXPANSION: Final = 1 << 24
_SOURCES: Final = frozenset({"TextSource", "PDFSource", "PictureSource", "AudioSource", "VideoSource"})


class Unit(StrEnum):
    """What a coding's start and end count."""

    CHARACTERS = "characters"
    PAGE = "page"
    MILLISECONDS = "milliseconds"
    AREA = "area"
    SYNC_POINTS = "sync points"
    WHOLE = "whole source"


_SELECTIONS: Final = {
    "PlainTextSelection": (Unit.CHARACTERS, "startPosition", "endPosition"),
    "PDFSelection": (Unit.PAGE, "page", "page"),
    "PictureSelection": (Unit.AREA, "", ""),
    "AudioSelection": (Unit.MILLISECONDS, "begin", "end"),
    "VideoSelection": (Unit.MILLISECONDS, "begin", "end"),
    "TranscriptSelection": (Unit.SYNC_POINTS, "", ""),
}


@dataclass(frozen=True)
class QdaCoding:
    """One code given to one stretch of one source.

    Attributes:
        source: neutral id, "source-1" in the order of the file.
        start, end: of the stretch, end excluded for characters; None where the unit has no order.
        unit: what they count. Characters are Unicode code points in the standard.
        code: neutral id of the code.
        coder: neutral id, "coder-1" in the order of the users; "" when none is named.
    """

    source: str
    start: int | None
    end: int | None
    unit: Unit
    code: str
    coder: str


@dataclass(frozen=True)
class QdaProject:
    """A project's structure.

    Attributes:
        codebook: its codes.
        coders: neutral ids; their names are not read.
        source_guids: neutral id of a source to its GUID; file names are not read.
        codings: every coding.
        dangling: codings that name a code, or a selection without readable positions, and were left out.
    """

    codebook: Codebook
    coders: tuple[str, ...]
    source_guids: Mapping[str, str]
    codings: tuple[QdaCoding, ...]
    dangling: int


def read_project(path: str | Path) -> QdaProject:
    """Read a .qdpx file; only its description is decompressed, in memory, and bounded; nothing is written anywhere.

    Args:
        path: the file; the description may have any name that ends in .qde.

    Raises:
        SourceError: no zip file, no or several descriptions, an encrypted or exploding member, hostile XML.
    """
    elements = ProjectElements()
    read_elements(_description(Path(path)), "Project", elements)
    return elements.project()


def _description(path: Path) -> bytes:
    content: bytes | None = None
    fault = "this is not a readable REFI-QDA project"
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) <= MOST_MEMBERS:
                content, fault = _bounded(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        content = None
    except Exception as error:  # noqa: BLE001 - zlib and lzma raise their own kinds for damaged members
        fault = f"a member of the archive is damaged ({type(error).__name__})"
    if content is None:
        raise SourceError(fault, hint="export the project again as REFI-QDA (.qdpx)")
    return content


def _bounded(archive: zipfile.ZipFile) -> tuple[bytes | None, str]:
    found = [info for info in archive.infolist() if info.filename.lower().endswith(".qde") and not info.is_dir()]
    top = [info for info in found if "/" not in info.filename.replace("\\", "/")]
    chosen = top or found
    if len(chosen) != 1:
        return None, f"the archive has {len(chosen)} project descriptions (.qde) instead of one"
    info = chosen[0]
    if info.flag_bits & 1:
        return None, "the project description is encrypted"
    limit = min(LARGEST_XML, max(_FREE_EXPANSION, info.compress_size * MOST_COMPRESSION))
    if info.file_size > limit:
        return None, "the project description expands beyond all measure"
    parts: list[bytes] = []
    size = 0
    with archive.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                return None, "the project description expands beyond all measure"
            parts.append(chunk)
    return b"".join(parts), ""


class ProjectElements:
    """Collects users, codes, sources and codings from a project's elements."""

    def __init__(self) -> None:
        self._codes = CodeElements()
        self._users: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._raw: list[tuple[str, int | None, int | None, Unit, str, str]] = []
        self._source = ""
        self._selections: list[tuple[Unit, int | None, int | None, str] | None] = []
        self._coder = ""
        self._dangling = 0

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take one element."""
        if tag in {"Code", "Description"}:
            self._codes.opened(tag, attributes)
        elif tag == "User":
            self._users.setdefault(plain_guid(attributes.get("guid", "")), f"coder-{len(self._users) + 1}")
        elif tag in _SOURCES:
            self._source = f"source-{len(self._sources) + 1}"
            self._sources[self._source] = plain_guid(attributes.get("guid", ""))
        elif tag in _SELECTIONS:
            self._selections.append(self._selection(tag, attributes))
        elif tag == "Coding":
            self._coder = plain_guid(attributes.get("creatingUser", ""))
        elif tag == "CodeRef" and self._source:
            self._coded(plain_guid(attributes.get("targetGUID", "")))

    def closed(self, tag: str) -> None:
        """Leave one element."""
        if tag == "Code":
            self._codes.closed(tag)
        elif tag in _SOURCES:
            self._source = ""
        elif tag in _SELECTIONS:
            self._selections.pop()

    @staticmethod
    def _selection(tag: str, attributes: Mapping[str, str]) -> tuple[Unit, int | None, int | None, str] | None:
        unit, start_name, end_name = _SELECTIONS[tag]
        maker = plain_guid(attributes.get("creatingUser", ""))
        if not start_name:
            return unit, None, None, maker
        start, end = attributes.get(start_name, "").strip(), attributes.get(end_name, "").strip()
        if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit() and len(start + end) < 30):  # noqa: PLR2004 - digits of two long integers
            return None
        return (unit, int(start), int(end), maker) if int(start) <= int(end) else None

    def _coded(self, code: str) -> None:
        if self._selections and self._selections[-1] is None:
            self._dangling += 1
            return
        selection = self._selections[-1] if self._selections else None
        unit, start, end, maker = selection or (Unit.WHOLE, None, None, "")
        self._raw.append((self._source, start, end, unit, code, self._coder or maker))

    def project(self) -> QdaProject:
        """What was collected; codings of unknown codes are left out and counted.

        Raises:
            SourceError: codes without a GUID, or two with the same.
        """
        codebook = self._codes.codebook()
        by_guid = {code.guid: code.code for code in codebook.codes}
        codings = tuple(
            QdaCoding(source, start, end, unit, by_guid[code], self._users.get(coder, ""))
            for source, start, end, unit, code, coder in self._raw
            if code in by_guid
        )
        dangling = self._dangling + len(self._raw) - len(codings)
        return QdaProject(codebook, tuple(self._users.values()), dict(self._sources), codings, dangling)
