"""Read a study's TOML files entry by entry; every fault is placed by file, entry and key."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vestige.casefiles.problems import ProblemList
from vestige.casefiles.schema import IDENTIFIER
from vestige.inputs import parse_toml

LONGEST_LABEL: Final = 300
_PLACE: Final = re.compile(r"\(at line (\d+), column \d+\)")


def read_toml(path: Path, file: str, problems: ProblemList) -> dict[str, Any] | None:
    """The file's content, or None when it is no TOML; the parser's own words may quote the file and are not used."""
    line, what = 0, ""
    try:
        return parse_toml(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line, what = (int(place[1]) if place else 0), "this is not valid TOML"
    except UnicodeDecodeError:
        what = "the file is not UTF-8"
    except OSError:
        what = "the file cannot be read"
    where = f"line {line}" if line else ""
    problems.error(file, 0, where, what, "check quotes, brackets and the encoding around that place")
    return None


@dataclass(frozen=True)
class Entry:
    """One table of a TOML file, such as the third `[[item]]`, read key by key."""

    file: str
    number: int
    name: str
    keys: Mapping[str, Any]
    problems: ProblemList

    def allow(self, *names: str) -> None:
        """Report every key that is not declared, by its position."""
        for position, key in enumerate(self.keys, start=1):
            if key not in names:
                self.fault(f"key {position}", "the key is not declared", f"known: {', '.join(names)}")

    def fault(self, key: str, what: str, hint: str) -> None:
        """Report a fault of this entry."""
        self.problems.error(self.file, self.number, f"{self.name}.{key}", what, hint)

    def identifier(self, key: str, *, required: bool = True) -> str:
        """A neutral id or code; "" when it is missing or refused."""
        value = self.keys.get(key, "")
        if value == "" and not required:
            return ""
        if isinstance(value, str) and IDENTIFIER.fullmatch(value):
            return value
        self.fault(key, "not a neutral code", "use small letters, digits and hyphens only, at most 64")
        return ""

    def identifiers(self, key: str) -> tuple[str, ...]:
        """A list of neutral codes without repetition."""
        value = self.keys.get(key, [])
        if (
            isinstance(value, list)
            and all(isinstance(code, str) and IDENTIFIER.fullmatch(code) for code in value)
            and len(set(value)) == len(value)
        ):
            return tuple(value)
        self.fault(key, "not a list of different neutral codes", 'write ["one", "two"]')
        return ()

    def choice(self, key: str, known: Sequence[str], default: str = "") -> str:
        """One of a fixed vocabulary."""
        value = self.keys.get(key, default)
        if isinstance(value, str) and (value in known or (value == default and default)):
            return value
        self.fault(key, "not one of the declared words", f"known: {', '.join(known)}")
        return default or known[0]

    def label(self, key: str, *, required: bool = False) -> str:
        """One line of the study's own instrument: a question, a heading, a citation."""
        value = self.keys.get(key, "")
        if isinstance(value, str) and len(value) <= LONGEST_LABEL and value.isprintable() and (value or not required):
            return value
        self.fault(key, f"not one line of at most {LONGEST_LABEL} characters", "shorten it")
        return ""

    def number_of(self, key: str, default: int, *, least: int = 0) -> int:
        """A whole number."""
        value = self.keys.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.fault(key, f"not a whole number of at least {least}", "write a number without quotes")
        return default


def head_of(content: Mapping[str, Any], name: str, file: str, problems: ProblemList) -> Entry:
    """The one `[name]` of the file; an absent one has no keys."""
    keys = content.get(name, {})
    if not isinstance(keys, dict):
        problems.error(file, 0, name, "not a section", f"write [{name}] above its keys")
        keys = {}
    return Entry(file, 0, name, keys, problems)


def entries(content: Mapping[str, Any], name: str, file: str, problems: ProblemList) -> Iterator[Entry]:
    """Every `[[name]]` of the file, numbered from 1."""
    found = content.get(name, [])
    if not isinstance(found, list) or not all(isinstance(keys, dict) for keys in found):
        problems.error(file, 0, name, "not a list of entries", f"write [[{name}]] above each")
        return
    for number, keys in enumerate(found, start=1):
        yield Entry(file, number, name, keys, problems)


def allow_sections(content: Mapping[str, Any], names: Sequence[str], file: str, problems: ProblemList) -> None:
    """Report top-level sections that are not declared, by position."""
    for position, name in enumerate(content, start=1):
        if name not in names:
            problems.error(file, 0, f"section {position}", "the section is not declared", f"known: {', '.join(names)}")
