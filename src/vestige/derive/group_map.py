"""The custodian's map: what a forum's own groups and sections are, by id.

Writing it is the one place where names appear, for the custodian alone. Reading it takes ids, roles, ranks and
neutral kinds, and nothing else.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vestige.dataset.manifest import lies_in_dataset
from vestige.dataset.schema import CODE_PATTERN, Role
from vestige.derive.contract import Reader, Source
from vestige.errors import MapError, OutputError
from vestige.inputs import parse_toml
from vestige.outputs import staged_file

_LARGEST_FILE: Final = 16 << 20
_RESERVED_KIND: Final = re.compile(r"section-[0-9]+")
_PREFACE: Final = """\
# FOR THE CUSTODIAN ALONE. This file holds names from the forum. It must never leave with a dataset.
#
# Give each group a role ({roles}) and, if you like, a rank
# (0 is the highest within the role). Give each section a neutral kind of your own, such as "trade" or
# "off-topic": lower-case letters, digits and hyphens. Leave "" where the standing rule shall hold: the software's
# standing groups map by themselves, other groups count as registered, sections become section-1, section-2, ...
# Only id, role, rank and kind are ever read from here.
"""


@dataclass(frozen=True)
class GroupRole:
    """What the custodian says a group is.

    Attributes:
        role: standing of its members.
        rank: within the role, 0 highest, or None.
    """

    role: Role
    rank: int | None = None


@dataclass(frozen=True)
class CustodianMap:
    """What the custodian says of groups and sections, by the source's ids.

    Attributes:
        groups: group id to role.
        sections: section id to neutral kind.
    """

    groups: Mapping[int, GroupRole] = field(default_factory=dict)
    sections: Mapping[int, str] = field(default_factory=dict)


def write_map(source: Source, reader: Reader, path: Path, *, replace: bool = False) -> tuple[int, int]:
    """List ids and names of groups and sections in a new file that only its owner can read.

    Args:
        source: says which tables hold them.
        reader: gives the names.
        path: the new TOML file.
        replace: whether a file at `path` may be replaced.

    Returns:
        Numbers of groups and of sections listed.

    Raises:
        OutputError: the file exists, lies in a dataset, or cannot be written.
        SourceError: the source cannot be read.
    """
    if lies_in_dataset(path):
        raise OutputError("a map holds names and must not lie in a dataset", hint="keep it with the key file")
    groups = reader.names(*source.group_table) if source.group_table else {}
    sections = reader.names(*source.section_table) if source.section_table else {}
    lines = [_PREFACE.format(roles=", ".join(Role))]
    lines += [f'[[group]]\nid = {number}\nname = {_quoted(name)}\nrole = ""\n' for number, name in groups.items()]
    lines += [f'[[section]]\nid = {number}\nname = {_quoted(name)}\nkind = ""\n' for number, name in sections.items()]
    with staged_file(path, replace=replace, mode=0o600) as partial:
        partial.write_text("\n".join(lines), encoding="utf-8")
    return len(groups), len(sections)


def read_map(path: Path) -> CustodianMap:
    """Read ids, roles, ranks and kinds; every name in the file is let go of unlooked at.

    Raises:
        MapError: unreadable, no TOML, an unknown key, role or kind, or an id given twice.
    """
    entries = _entries(path)
    groups: dict[int, GroupRole] = {}
    for number, entry in enumerate(entries.pop("group", []), 1):
        place = f"group entry {number}"
        known = _checked(entry, {"id", "name", "role", "rank"}, groups, place)
        if role := _role(entry, place):
            groups[known] = GroupRole(role, _rank(entry, place))
    sections: dict[int, str] = {}
    for number, entry in enumerate(entries.pop("section", []), 1):
        place = f"section entry {number}"
        known = _checked(entry, {"id", "name", "kind"}, sections, place)
        if kind := _kind(entry, place):
            sections[known] = kind
    if entries:
        raise MapError("the map has entries that are neither groups nor sections", hint="make it with vestige map")
    return CustodianMap(groups, sections)


def _entries(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            entries = parse_toml(stream.read(_LARGEST_FILE).decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        failure = MapError("the map cannot be read", hint="check the path and its permissions")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        failure = MapError("the map is no valid TOML", where=line and f"line {line[1]}", hint="see vestige map --help")
    else:
        if all(isinstance(part, list) and all(isinstance(entry, dict) for entry in part) for part in entries.values()):
            return entries
        failure = MapError("the map is malformed", hint="it holds [[group]] and [[section]] entries only")
    raise failure


def _checked(entry: Mapping[str, Any], allowed: set[str], seen: Mapping[int, object], place: str) -> int:
    number = entry.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or set(entry) - allowed:
        hint = f"an entry has {', '.join(sorted(allowed))}; id is a whole number"
        raise MapError("an entry of the map is malformed", where=place, hint=hint)
    if number in seen:
        raise MapError("an id stands twice in the map", where=place, hint="leave one of the entries")
    return number


def _role(entry: Mapping[str, Any], place: str) -> Role | None:
    word = entry.get("role", "")
    if word == "":
        return None
    if word not in tuple(Role):
        raise MapError("the map names an unknown role", where=place, hint=f"roles are {', '.join(Role)}")
    return Role(word)


def _rank(entry: Mapping[str, Any], place: str) -> int | None:
    rank = entry.get("rank")
    if rank is not None and (not isinstance(rank, int) or isinstance(rank, bool) or rank < 0):
        raise MapError("a rank is no whole number from 0", where=place, hint="0 is the highest rank of a role")
    return rank


def _kind(entry: Mapping[str, Any], place: str) -> str | None:
    kind = entry.get("kind", "")
    if kind == "":
        return None
    if not isinstance(kind, str) or not re.fullmatch(CODE_PATTERN, kind):
        raise MapError("a kind is no neutral code", where=place, hint="use a-z, 0-9 and hyphens, at most 40")
    if _RESERVED_KIND.fullmatch(kind):
        raise MapError("kinds like section-1 are given by derivation", where=place, hint="choose another code")
    return kind


def _quoted(name: str) -> str:
    """A TOML basic string that holds any name; controls and what is no character are escaped."""
    parts = []
    for character in name:
        code = ord(character)
        if character in {'"', "\\"}:
            parts.append("\\" + character)
        elif code < 0x20 or 0x7F <= code < 0xA0 or code in {0x2028, 0x2029}:  # noqa: PLR2004 - the control characters
            parts.append(f"\\u{code:04x}")
        elif 0xD800 <= code < 0xE000:  # noqa: PLR2004 - surrogates stand for bytes that are no UTF-8
            parts.append("\\ufffd")
        else:
            parts.append(character)
    return f'"{"".join(parts)}"'
