"""Read hostile XML as a stream of elements and attributes: no entity, no document type, no text.

The parser's target has no method for character data, so text between tags never becomes a Python string.
"""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from vestige.errors import SourceError

LARGEST_XML: Final = 512 * 1024 * 1024
DEEPEST: Final = 200
_NAMESPACE: Final = re.compile(r"urn:QDA-XML:(codebook|project):1[.:]\d")
_DECLARATIONS: Final = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)


class Elements(Protocol):
    """What takes the elements of a document."""

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins; `tag` has no namespace."""

    def closed(self, tag: str) -> None:
        """An element ends."""


class _Target:
    """Passes elements of the standard's namespaces on; all others are skipped with their descendants."""

    def __init__(self, elements: Elements, root: str) -> None:
        self._elements = elements
        self._root = root
        self._depth = 0
        self._skipping = 0
        self.fault = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST and not self.fault:
            self.fault = "elements are nested too deeply"
        namespace, _, name = tag.rpartition("}")
        known = _NAMESPACE.fullmatch(namespace.removeprefix("{")) is not None
        if self._depth == 1 and not (known and name == self._root):
            self.fault = f"the document is not a REFI-QDA {self._root.lower()}"
        if self.fault or self._skipping or not known:
            self._skipping += 1
            return
        self._elements.opened(name, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._skipping:
            self._skipping -= 1
            return
        self._elements.closed(tag.rpartition("}")[2])

    def close(self) -> str:
        return self.fault


def read_elements(content: bytes, root: str, elements: Elements) -> None:
    """Stream a document's elements into `elements`.

    Args:
        content: the document.
        root: name of its outermost element, "CodeBook" or "Project".
        elements: takes every element of the standard's namespace; foreign ones are skipped.

    Raises:
        SourceError: a document type or entity, broken XML, another document; the text quotes nothing of it.
    """
    from lxml import etree

    if any(declaration in content for declaration in _DECLARATIONS):
        raise SourceError(
            "the XML declares a document type or entities, which no program writes", hint="do not open it"
        )
    target = _Target(elements, root)
    parser = etree.XMLParser(  # type: ignore[call-overload] # its stub wants `data`, whose absence is the point
        target=target,
        resolve_entities="internal",  # only the five predefined ones exist, since declarations were refused above
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    line, fault = 0, ""
    try:
        etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line, fault = error.lineno or 0, "the XML is broken or too large for one element"
    fault = target.fault or fault
    if fault:
        raise SourceError(fault, where=f"line {line}" if line else None, hint="export it again as REFI-QDA")
