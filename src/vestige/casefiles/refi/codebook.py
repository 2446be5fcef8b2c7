"""Codebooks: read and written as REFI-QDA .qdc."""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from vestige.casefiles.checklist import Checklist
from vestige.casefiles.refi.xml import LARGEST_XML, read_elements
from vestige.casefiles.tomls import LONGEST_LABEL
from vestige.errors import SourceError
from vestige.outputs import staged_file

NAMESPACE: Final = "urn:QDA-XML:codebook:1.0"
_GUID: Final = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")


@dataclass(frozen=True)
class QdaCode:
    """One code.

    Attributes:
        code: neutral id, "code-1" in the order of the file.
        guid: the exchange format's id, lower case without braces.
        label: the code's name, one line: part of the study's instrument. "" when it is longer than a label.
        parent: neutral id of the code it stands under, or "".
        is_codable: whether text may be coded with it, or it only groups others.
        colour: #RGB or #RRGGBB, or "".
    """

    code: str
    guid: str
    label: str
    parent: str = ""
    is_codable: bool = True
    colour: str = ""


@dataclass(frozen=True)
class Codebook:
    """Codes in the order of the file; descriptions are not kept, only how many there were."""

    codes: tuple[QdaCode, ...]
    descriptions_dropped: int = 0

    def depth(self, code: QdaCode) -> int:
        """How many codes stand above it."""
        parents = {each.code: each.parent for each in self.codes}
        depth, parent = 0, code.parent
        while parent:
            depth, parent = depth + 1, parents[parent]
        return depth


def plain_guid(text: str) -> str:
    """A GUID in lower case without braces, or "" when it is none."""
    found = _GUID.fullmatch(text.strip())
    return found[1].lower() if found else ""


class CodeElements:
    """Collects <Code> elements with their nesting; used for codebooks and inside projects."""

    def __init__(self) -> None:
        self.codes: list[QdaCode] = []
        self.descriptions = 0
        self.repeated = 0
        self._open: list[str] = []

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take a Code or count a Description."""
        if tag == "Code":
            guid = plain_guid(attributes.get("guid", ""))
            self.repeated += not guid or any(code.guid == guid for code in self.codes)
            name = " ".join(attributes.get("name", "").split())
            codable = attributes.get("isCodable", "true").strip().lower() not in {"false", "0"}
            colour = attributes.get("color", "")
            code = QdaCode(
                f"code-{len(self.codes) + 1}",
                guid,
                name if len(name) <= LONGEST_LABEL and name.isprintable() else "",
                self._open[-1] if self._open else "",
                codable,
                colour if _COLOUR.fullmatch(colour) else "",
            )
            self.codes.append(code)
            self._open.append(code.code)
        elif tag == "Description":
            self.descriptions += 1

    def closed(self, tag: str) -> None:
        """Leave a Code."""
        if tag == "Code":
            self._open.pop()

    def codebook(self) -> Codebook:
        """What was collected.

        Raises:
            SourceError: a code without a GUID, or two with the same.
        """
        if self.repeated:
            raise SourceError(
                f"{self.repeated} codes have no GUID or one that another code has", hint="export the codebook again"
            )
        return Codebook(tuple(self.codes), self.descriptions)


def read_codebook(path: str | Path) -> Codebook:
    """Read a .qdc file, whatever program wrote it.

    Args:
        path: the file.

    Raises:
        SourceError: the file cannot be read, is too large, hostile, or no codebook.
    """
    return parse_codebook(_bytes(Path(path)))


def parse_codebook(content: bytes) -> Codebook:
    """Read a codebook's bytes; see `read_codebook`."""
    elements = CodeElements()
    read_elements(content, "CodeBook", elements)
    return elements.codebook()


def _bytes(path: Path) -> bytes:
    content = None
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST_XML else None
    except OSError:
        content = None
    if content is None:
        raise SourceError("the codebook cannot be read", hint="check the path, the permissions and the size")
    return content


def write_codebook(codebook: Codebook, path: str | Path) -> None:
    """Write a .qdc file that other programs import.

    Args:
        codebook: codes, parents before their children.
        path: must not exist.

    Raises:
        OutputError: the file exists or cannot be written.
        SourceError: a parent that does not come before its child.
    """
    content = codebook_bytes(codebook)
    with staged_file(Path(path)) as target:
        target.write_bytes(content)


def codebook_bytes(codebook: Codebook) -> bytes:
    """The codebook as the bytes of a .qdc file."""
    from lxml import etree

    root = etree.Element(f"{{{NAMESPACE}}}CodeBook", nsmap={None: NAMESPACE})
    root.set("origin", "Vestige")
    top = etree.SubElement(root, f"{{{NAMESPACE}}}Codes")
    placed = {"": top}
    for code in codebook.codes:
        if code.parent not in placed:
            raise SourceError("a code stands before the one it is nested in", hint="order parents before children")
        element = etree.SubElement(placed[code.parent], f"{{{NAMESPACE}}}Code")
        element.set("guid", code.guid)
        element.set("name", code.label or code.code)
        element.set("isCodable", "true" if code.is_codable else "false")
        if code.colour:
            element.set("color", code.colour)
        placed[code.code] = element
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", standalone=True, pretty_print=True))


def codebook_of_checklist(checklist: Checklist) -> Codebook:
    """A checklist as a codebook: sections group items, items group their answers; GUIDs follow from the codes."""
    numbered = (replace(code, code=f"code-{number}") for number, code in enumerate(_tree(checklist), start=1))
    codes = list(numbered)
    by_guid = {code.guid: code.code for code in codes}
    return Codebook(tuple(replace(code, parent=by_guid.get(code.parent, "")) for code in codes))


def _tree(checklist: Checklist) -> Iterator[QdaCode]:
    """Codes whose parent is still named by GUID."""
    groups = [(section.code, section.label) for section in checklist.sections]
    if any(not item.section for item in checklist.items):
        groups.append(("", ""))
    for section, label in groups:
        if section:
            yield QdaCode("", _guid("section", section), label, is_codable=False)
        for item in checklist.items:
            if item.section == section:
                own = _guid("item", item.code)
                yield QdaCode("", own, item.label, _guid("section", section) if section else "", not item.codes)
                for code in item.codes:
                    yield QdaCode("", _guid("item", item.code, code), item.label_of(code), own)


def _guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "urn:vestige:checklist:" + "/".join(parts)))
