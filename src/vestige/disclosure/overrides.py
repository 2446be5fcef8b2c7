"""Overrides: a named person lets a figure out that the policy holds back, with a reason, on the record.

Only what is held back for what it is itself can be let out. What is held back to protect another figure cannot:
nobody decided about that one. Once it is let out, what protected it leaves by itself, and everything else is protected
around it. What leaves is rounded as always.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from vestige.dataset.schema import CODE_PATTERN, PSEUDONYM_PATTERN
from vestige.errors import DisclosureError
from vestige.inputs import parse_toml
from vestige.runs import kept_in_run, one_run

EVERY_ROW: Final = "all"
LARGEST_FILE: Final = 1 << 20
_CODE: Final = re.compile(CODE_PATTERN)
_PSEUDONYM: Final = re.compile(PSEUDONYM_PATTERN)
_NEEDED: Final = frozenset({"table", "column", "rows", "by", "reason", "on"})
_OPTIONAL: Final = frozenset({"reference"})


class OverrideReason(StrEnum):
    """Why a person lets a figure out; a word of this list, since free text may hold what must not leave."""

    COURT_ORDER = "court-order"
    """A court or a prosecutor asked for this figure."""
    CLEARED_READERS = "cleared-readers"
    """The page goes to persons who are cleared for the case only."""
    ALREADY_PUBLIC = "already-public"
    """The figure is public already."""
    NO_PERSON = "no-person"
    """What stands behind it is no person, such as an account that the custodian knows to be a program."""
    JUDGED_SAFE = "judged-safe"
    """An output checker looked at it and found that it tells about nobody."""

    @property
    def words(self) -> str:
        """For a reader."""
        return {
            OverrideReason.COURT_ORDER: "asked for by a court or prosecutor",
            OverrideReason.CLEARED_READERS: "for readers who are cleared for the case",
            OverrideReason.ALREADY_PUBLIC: "public already",
            OverrideReason.NO_PERSON: "no person stands behind it",
            OverrideReason.JUDGED_SAFE: "judged safe by an output checker",
        }[self]


@dataclass(frozen=True)
class Override:
    """One decision of a person.

    Attributes:
        table: name of the table.
        column: name of its column.
        rows: labels that a row must have, by column, as they are printed (a month as 2013-05); empty for every row.
        by: who decided: a role or initials, in the form of a neutral code.
        reason: why.
        on: the day of the decision.
        reference: code of the file or ticket in which it is recorded.
    """

    table: str
    column: str
    rows: Mapping[str, str | int | float] = field(hash=False)
    by: str
    reason: OverrideReason
    on: date
    reference: str | None = None

    def __post_init__(self) -> None:
        """Refuse who or what is no neutral code."""
        for name, value in (("by", self.by), ("reference", self.reference)):
            if value is not None and (not _CODE.match(value) or _PSEUDONYM.match(value)):
                raise DisclosureError(
                    f"{name} of an override is no neutral code",
                    hint="lower-case letters, digits and hyphens: a role or initials, never a member's pseudonym",
                )

    @property
    def words(self) -> str:
        """Who, when and why."""
        reference = "" if self.reference is None else f", {self.reference}"
        return f"{self.by}, {self.on.isoformat()}{reference} ({self.reason.words})"


@dataclass
class Overrides:
    """The overrides of a run, and which of them let anything out."""

    entries: tuple[Override, ...] = ()
    used: set[int] = field(default_factory=set)

    def of(self, table: str, column: str, labels: Callable[[int], Mapping[str, object]], row: int) -> Override | None:
        """The first override that lets a cell out.

        Args:
            table: name of the table.
            column: name of the column.
            labels: a row's labels by column, as they are printed.
            row: which row.
        """
        for number, entry in enumerate(self.entries):
            if (entry.table, entry.column) == (table, column):
                own = labels(row) if entry.rows else {}
                if all(name in own and own[name] == value for name, value in entry.rows.items()):
                    self.used.add(number)
                    return entry
        return None


def current_overrides() -> Overrides:
    """Those of the run; none outside any run."""
    return kept_in_run("overrides", Overrides)


@contextmanager
def overriding(entries: Sequence[Override]) -> Iterator[None]:
    """Everything inside is one run, under these decisions.

    Raises:
        DisclosureError: when it ends, an override let nothing out: its table, column or row is not there, or nothing
            there was held back for what it is itself.
    """
    with one_run():
        overrides = current_overrides()
        first = len(overrides.entries)
        overrides.entries += tuple(entries)
        yield
        idle = sorted(set(range(first, len(overrides.entries))) - overrides.used)
    if idle:
        raise DisclosureError(
            "an override lets nothing out: no such table, column or row is held back for what it is itself",
            where=f"override {idle[0] - first + 1} of {len(entries)}",
            hint="take it away; what is held back to protect another figure leaves with that figure only",
        )


def read_overrides(path: Path) -> tuple[Override, ...]:
    """Read decisions from a TOML file: `[[override]]` with table, column, rows, by, reason, on, and reference if any.

    Args:
        path: the file. `rows` is `"all"`, or a table of labels, such as `{ month = "2013-05" }`.

    Raises:
        DisclosureError: the file cannot be read, or a decision is incomplete or malformed; no value is quoted.
    """
    content: dict[str, Any] | None = None
    try:
        if path.stat().st_size <= LARGEST_FILE:
            content = parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        content = None
    entries = content.get("override") if content is not None and set(content) == {"override"} else None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise DisclosureError(
            "the file of overrides is not readable, or holds anything but [[override]] entries",
            hint="see the guide on checking disclosure",
        )
    return tuple(_read(entry, f"override {number} of {len(entries)}") for number, entry in enumerate(entries, 1))


def _read(entry: Mapping[str, Any], where: str) -> Override:
    if not _NEEDED <= set(entry) <= _NEEDED | _OPTIONAL:
        raise DisclosureError(
            "an override says too little or too much",
            where=where,
            hint=f"needed: {', '.join(sorted(_NEEDED))}; allowed: {', '.join(sorted(_OPTIONAL))}",
        )
    rows, on, reason = entry["rows"], entry["on"], entry["reason"]
    named = isinstance(rows, dict) and rows and all(_is_label(value) for value in rows.values())
    texts = all(isinstance(entry.get(name, ""), str) for name in ("table", "column", "by", "reason", "reference"))
    if not texts or not (named or rows == EVERY_ROW) or not isinstance(on, date) or isinstance(on, datetime):
        raise DisclosureError(
            "a part of an override is not of its kind",
            where=where,
            hint='rows is "all" or a table of labels, on is a date as 2026-11-28, the others are words',
        )
    if reason not in set(OverrideReason):
        raise DisclosureError(
            "an override gives no reason of the list", where=where, hint=f"choose one of {', '.join(OverrideReason)}"
        )
    return Override(
        entry["table"], entry["column"], rows if named else {}, entry["by"], OverrideReason(reason), on,
        entry.get("reference"),
    )  # fmt: skip


def _is_label(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
