"""A checklist: the study's own instrument, with its structures, sections, items and allowed codes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vestige.casefiles.problems import ProblemList
from vestige.casefiles.schema import CODED, UNIT_TABLES, Kind
from vestige.casefiles.tomls import Entry, allow_sections, entries, head_of, read_toml

FILE_NAME: Final = "checklist.toml"
ITEM_KINDS: Final = ("code", "codes", "ordinal", "yes-no", "count", "number", "share", "date")


@dataclass(frozen=True)
class Heading:
    """A structure (such as "entrepreneurial") or a section (such as "group") that groups items."""

    code: str
    label: str


@dataclass(frozen=True)
class Item:
    """One question of the checklist.

    Attributes:
        code: neutral code, as codings name it.
        label: the question.
        kind: what an answer holds.
        codes: allowed answers of a coded kind, lowest first when ordinal.
        code_labels: a reader's words for each of `codes`.
        level: what is coded: "case", "suspect" or "forum".
        section: code of its section, or "".
        structure: code of its structure, or "".
        source: where the question comes from.
    """

    code: str
    label: str
    kind: Kind
    codes: tuple[str, ...] = ()
    code_labels: tuple[str, ...] = ()
    level: str = "case"
    section: str = ""
    structure: str = ""
    source: str = ""

    def label_of(self, code: str) -> str:
        """A reader's word for one of the codes."""
        return dict(zip(self.codes, self.code_labels, strict=True)).get(code, code)


@dataclass(frozen=True)
class Checklist:
    """The instrument.

    Attributes:
        title: its name.
        source: publications it was built from.
        structures, sections: groupings of items.
        items: the questions, in order.
    """

    title: str
    source: str = ""
    structures: tuple[Heading, ...] = ()
    sections: tuple[Heading, ...] = ()
    items: tuple[Item, ...] = ()
    _by_code: dict[str, Item] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_code.update((item.code, item) for item in self.items)

    def item(self, code: str) -> Item | None:
        """An item by its code."""
        return self._by_code.get(code)


def read_checklist(folder: Path, problems: ProblemList) -> Checklist:
    """Read `checklist.toml`; faults go to `problems`, and what could be read is returned."""
    content = read_toml(folder / FILE_NAME, FILE_NAME, problems)
    if content is None:
        return Checklist("")
    allow_sections(content, ("checklist", "structure", "section", "item"), FILE_NAME, problems)
    head = head_of(content, "checklist", FILE_NAME, problems)
    head.allow("title", "source")
    structures = _headings(content, "structure", problems)
    sections = _headings(content, "section", problems)
    items: list[Item] = []
    for entry in entries(content, "item", FILE_NAME, problems):
        item = _item(entry, structures, sections)
        if item.code in {known.code for known in items}:
            entry.fault("code", "the code stands twice", "give each item its own code")
        elif item.code:
            items.append(item)
    if not items:
        problems.error(
            FILE_NAME, 0, "item", "the checklist has no items", "add [[item]] entries, or start from a template"
        )
    return Checklist(head.label("title", required=True), head.label("source"), structures, sections, tuple(items))


def _headings(content: dict[str, object], name: str, problems: ProblemList) -> tuple[Heading, ...]:
    found: dict[str, Heading] = {}
    for entry in entries(content, name, FILE_NAME, problems):
        entry.allow("code", "label")
        code = entry.identifier("code")
        if code in found:
            entry.fault("code", "the code stands twice", "keep one of the two")
        elif code:
            found[code] = Heading(code, entry.label("label", required=True))
    return tuple(found.values())


def _item(entry: Entry, structures: tuple[Heading, ...], sections: tuple[Heading, ...]) -> Item:
    entry.allow("code", "label", "kind", "values", "level", "section", "structure", "source")
    kind = Kind(entry.choice("kind", ITEM_KINDS))
    codes, labels = _values(entry) if kind in CODED and kind is not Kind.YES_NO else ((), ())
    if kind is Kind.YES_NO:
        codes, labels = ("no", "yes"), ("no", "yes")
    elif kind in CODED and not codes:
        entry.fault("values", "a coded item needs its allowed values", 'write values = ["low", "high"]')
    elif kind not in CODED and "values" in entry.keys:
        entry.fault("values", "only coded items have allowed values", "remove them, or change the kind")
    return Item(
        code=entry.identifier("code"),
        label=entry.label("label", required=True),
        kind=kind,
        codes=codes,
        code_labels=labels,
        level=entry.choice("level", tuple(UNIT_TABLES), "case"),
        section=_grouping(entry, "section", sections),
        structure=_grouping(entry, "structure", structures),
        source=entry.label("source"),
    )


def _values(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Allowed codes as a list of codes, or as a table of code = label."""
    values = entry.keys.get("values", [])
    if not isinstance(values, dict):
        codes = entry.identifiers("values")
        return codes, codes
    inner = Entry(entry.file, entry.number, f"{entry.name}.values", values, entry.problems)
    if not Entry(entry.file, entry.number, entry.name, {"values": list(values)}, entry.problems).identifiers("values"):
        return (), ()
    return tuple(values), tuple(inner.label(code, required=True) for code in values)


def _grouping(entry: Entry, key: str, known: tuple[Heading, ...]) -> str:
    code = entry.identifier(key, required=False)
    if code and code not in {heading.code for heading in known}:
        entry.fault(key, "not declared", f"add a [[{key}]] with that code, or correct it")
        return ""
    return code
