"""Which requests are pages of the forum, and where the member's number stands: read from TOML, checked, no regex.

base = "/forum"                      # optional: where the forum lies; else a path may begin at any slash

[[page]]
path = "/viewtopic.php"              # literal; {thread} {section} {post} {object} stand for numbers, "*." for
kind = "thread"                      # anything up to the last point, "*" at the end for anything at all
thread = "t"                         # query parameters that hold numbers
where = {mode = "view", print = ""}  # query parameters that must have a value; "" where there must be none

[[member]]
place = "cookie"                     # query, cookie (a quoted Cookie header at the line's end) or field
name = "*_u"                         # "*" in front: any beginning
after = ["prefix:"]                  # what stands before the number, percent-decoded

[[session]]                          # as [[member]], for an id of the forum's table of sessions
[sessions]                           # that table, in the forum's own dump
table = "sessions"
id = "session_id"
member = "session_user_id"
beside = ["users", "posts"]          # tables of the same forum, so that its prefix is found
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, Final

from vestige.derive.log.state import MOST_NAMES, MOST_RULES
from vestige.errors import RulesError
from vestige.inputs import parse_toml

_LARGEST_FILE: Final = 1 << 20
_PLACEHOLDERS: Final = ("thread", "section", "post", "object")
_PATTERN: Final = re.compile(
    r"/(?:[!-)+-zA-Z|~]|\*\.(?=\{)|\{(?:thread|section|post|object)\}(?![0-9{]))*\*?", re.ASCII
)
_NAME: Final = re.compile(r"[!-%'-:<>-~]{1,100}", re.ASCII)
_BASE: Final = re.compile(r"(?:/[!-)+->@-~]+)?", re.ASCII)
_COLUMN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_MOST_BEARERS: Final = 16


class PageKind(StrEnum):
    """What a page is; an object is downloaded, the others are viewed."""

    THREAD = "thread"
    SECTION = "section"
    OBJECT = "object"
    VISIT = "visit"
    OTHER = "other"


class Place(StrEnum):
    """Where a member's number or a session's id stands."""

    QUERY = "query"
    COOKIE = "cookie"
    FIELD = "field"


_NEEDED: Final[Mapping[PageKind, tuple[str, ...]]] = {
    PageKind.THREAD: ("thread", "post"),
    PageKind.SECTION: ("section",),
    PageKind.OBJECT: ("object",),
    PageKind.VISIT: (),
    PageKind.OTHER: (),
}
"""Numbers of which a page must name at least one to be of its kind."""


@dataclass(frozen=True)
class PageRule:
    """One kind of page.

    Attributes:
        path: pattern of the path.
        kind: what it is.
        numbers: thread, section, post or object to the query parameter that holds it.
        where: query parameter to the value it must have; "" when it must be absent or empty.
    """

    path: str
    kind: PageKind
    numbers: Mapping[str, str]
    where: Mapping[str, str]

    @property
    def needed(self) -> tuple[str, ...]:
        """Numbers of which at least one must be there."""
        return _NEEDED[self.kind]


@dataclass(frozen=True)
class Bearer:
    """One place where the member's number or a session's id stands.

    Attributes:
        place: where.
        name: of the query parameter or cookie; without the asterisk.
        any_beginning: whether a cookie's name may begin with anything.
        field: for a field, which one after the user agent, from 1; or from the end, from -1.
        after: texts of which one stands before a member's number; none when it stands first.
        is_session: whether it is a session's id.
    """

    place: Place
    name: str = ""
    any_beginning: bool = False
    field: int = 0
    after: tuple[str, ...] = ()
    is_session: bool = False


@dataclass(frozen=True)
class SessionTable:
    """The forum's table of sessions: its name without prefix, its columns, and tables that stand beside it."""

    table: str
    id: str
    member: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogRules:
    """Rules for a forum's access log.

    Attributes:
        base: where the forum lies on its server, or "".
        pages: page rules; the first that fits counts.
        bearers: places of members, then of sessions, in the order they are tried.
        sessions: the forum's table of sessions, if it has one.
        digest: SHA-256 of the file.
    """

    base: str
    pages: tuple[PageRule, ...]
    bearers: tuple[Bearer, ...]
    sessions: SessionTable | None
    digest: str


def shipped_rules() -> tuple[str, ...]:
    """Names of the rules that come with Vestige."""
    folder = resources.files("vestige.derive.log") / "shipped"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def read_rules(rules: str | Path) -> LogRules:
    """Read and check rules.

    Args:
        rules: a TOML file, or the name of rules that come with Vestige, such as `phpbb`.

    Raises:
        RulesError: unreadable, no TOML, or a rule that is malformed; says which, and never what stands there.
    """
    content = _content(rules)
    raw = _parsed(content)
    unknown = set(raw) - {"base", "page", "member", "session", "sessions", "software", "title"}
    if unknown:
        raise RulesError("the rules have an entry of another name", hint="see docs/how-to/derive-access-logs.md")
    base = raw.get("base", "")
    if not isinstance(base, str) or not _BASE.fullmatch(base.rstrip("/")):
        raise RulesError("the base is no path", hint='write it as "/forum", or leave it out')
    pages = tuple(_page(entry, f"page {number}") for number, entry in enumerate(_entries(raw, "page"), 1))
    bearers = tuple(
        _bearer(entry, f"{kind} {number}", is_session=kind == "session")
        for kind in ("member", "session")
        for number, entry in enumerate(_entries(raw, kind), 1)
    )
    if not pages or not bearers:
        raise RulesError("the rules name no page, or no place of a member", hint="at least one [[page]] and [[member]]")
    rules_read = LogRules(base.rstrip("/"), pages, bearers, _sessions(raw), hashlib.sha256(content).hexdigest())
    _refuse_too_many(rules_read)
    return rules_read


def _content(rules: str | Path) -> bytes:
    if str(rules) in shipped_rules():
        return (resources.files("vestige.derive.log") / "shipped" / f"{rules}.toml").read_bytes()
    try:
        with Path(rules).open("rb") as stream:
            return stream.read(_LARGEST_FILE)
    except OSError:
        failure = RulesError(
            "the rules cannot be read", hint=f"give a TOML file, or one of {', '.join(shipped_rules())}"
        )
    raise failure


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return parse_toml(content.decode("utf-8"))
    except UnicodeDecodeError:
        failure = RulesError("the rules are not in UTF-8", hint="save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        failure = RulesError("the rules are no valid TOML", where=line and f"line {line[1]}", hint="mend that line")
    raise failure


def _entries(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = raw.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RulesError("the rules are malformed", where=name, hint=f"write each as [[{name}]]")
    return entries


def _page(entry: Mapping[str, Any], place: str) -> PageRule:
    path, kind, where = entry.get("path"), entry.get("kind"), entry.get("where", {})
    numbers = {name: entry[name] for name in _PLACEHOLDERS if name in entry}
    if set(entry) - {"path", "kind", "where", *_PLACEHOLDERS}:
        hint = "a page has path, kind, where, thread, section, post and object"
        raise RulesError("a page has an entry of another name", where=place, hint=hint)
    if not isinstance(path, str) or not _PATTERN.fullmatch(path):
        hint = "it begins with / and holds ASCII, {thread} and the like, *. before a number, * at the end"
        raise RulesError("a path is malformed", where=place, hint=hint)
    if kind not in tuple(PageKind):
        raise RulesError("a page is of no known kind", where=place, hint=f"kinds are {', '.join(PageKind)}")
    if not isinstance(where, dict) or not all(
        _is_name(text) for text in (*where, *filter(None, where.values()), *numbers.values())
    ):
        hint = "parameters and their values are short ASCII texts without & and ;"
        raise RulesError("a query parameter is malformed", where=place, hint=hint)
    rule = PageRule(path, PageKind(kind), numbers, where)
    given = {name for name in _PLACEHOLDERS if name in numbers or f"{{{name}}}" in path}
    if rule.needed and not given & set(rule.needed):
        raise RulesError("a page names no number of its kind", where=place, hint=f"say where {rule.needed[0]} stands")
    return rule


def _bearer(entry: Mapping[str, Any], place: str, *, is_session: bool) -> Bearer:
    where, name = entry.get("place"), entry.get("name", "")
    number, after = entry.get("field", 0), entry.get("after", [])
    hint = "an entry has place (query, cookie or field), name or field, and for a member after"
    allowed = {"place", "name", "field"} if is_session else {"place", "name", "field", "after"}
    by_name = where in (Place.QUERY, Place.COOKIE)
    plain = name.removeprefix("*") if isinstance(name, str) else ""
    sound = (
        where in tuple(Place)
        and not set(entry) - allowed
        and isinstance(after, list)
        and all(isinstance(text, str) and text.isascii() and 0 < len(text) <= 100 for text in after)  # noqa: PLR2004 - as names
        and isinstance(number, int)
        and not isinstance(number, bool)
        and ((_is_name(plain) and number == 0) if by_name else (name == "" and number != 0))
        and (plain == name or where == Place.COOKIE)
    )
    if not sound:
        raise RulesError("a place of a member or session is malformed", where=place, hint=hint)
    return Bearer(Place(str(where)), plain, plain != name, number, tuple(after), is_session)


def _sessions(raw: Mapping[str, Any]) -> SessionTable | None:
    entry = raw.get("sessions")
    if entry is None:
        return None
    wanted = {"table", "id", "member"}
    beside = entry.get("beside", []) if isinstance(entry, dict) else None
    if (
        not isinstance(entry, dict)
        or set(entry) - {"beside"} != wanted
        or not all(_is_column(entry[name]) for name in wanted)
        or not isinstance(beside, list)
        or not all(map(_is_column, beside))
    ):
        raise RulesError("the table of sessions is malformed", hint="[sessions] has table, id, member and beside")
    return SessionTable(entry["table"], entry["id"], entry["member"], tuple(beside))


def _is_name(text: object) -> bool:
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def _is_column(text: object) -> bool:
    return isinstance(text, str) and _COLUMN.fullmatch(text) is not None


def parameter_names(rules: LogRules) -> tuple[str, ...]:
    """Every query parameter that the rules look at, once."""
    names = [name for page in rules.pages for name in (*page.numbers.values(), *page.where)]
    names += [bearer.name for bearer in rules.bearers if bearer.place is Place.QUERY]
    return tuple(dict.fromkeys(names))


def _refuse_too_many(rules: LogRules) -> None:
    if len(rules.pages) > MOST_RULES or len(rules.bearers) > _MOST_BEARERS or len(parameter_names(rules)) > MOST_NAMES:
        hint = f"at most {MOST_RULES} pages, {MOST_NAMES} parameters and {_MOST_BEARERS} places of members"
        raise RulesError("there are too many rules", hint=hint)
