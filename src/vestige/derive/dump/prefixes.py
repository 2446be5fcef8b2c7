"""Whose tables they are: a database and a prefix that together have all the tables that identify the software."""

from collections.abc import Iterable
from typing import NamedTuple

from vestige.derive.dump.statements import TableName
from vestige.errors import SourceError


class Place(NamedTuple):
    """Where a forum's tables are: a database of the dump and a prefix, both in lower case."""

    database: bytes
    prefix: bytes


class Prefixes:
    """Learns from table names, in the order of the dump, which prefix is a forum's.

    Attributes:
        chosen: the first place that had every identifying table; None until then.
    """

    def __init__(self, title: str, detect: Iterable[str], declared: Iterable[str], wanted: str | None = None) -> None:
        """Begin with nothing seen.

        Args:
            title: the software's name, for errors.
            detect: the tables that together identify it, without prefix.
            declared: the tables that are read, without prefix.
            wanted: the forum's prefix, or `DATABASE.PREFIX`; None to find it.
        """
        self.chosen: Place | None = None
        self._title = title
        self._detect = frozenset(name.lower().encode() for name in detect)
        self._names = self._detect | {name.lower().encode() for name in declared}
        self._wanted = wanted.lower().encode() if wanted is not None else None
        self._seen: dict[Place, set[bytes]] = {}
        self._told = False

    def saw(self, table: TableName) -> list[tuple[Place, bytes]]:
        """Take in a table; every way to read its name as a prefix and a declared or identifying table."""
        found: list[tuple[Place, bytes]] = []
        for name in self._names:
            if not table.name.endswith(name):
                continue
            place = Place(table.database, table.name[: len(table.name) - len(name)])
            if self._wanted in {None, place.prefix, place.database + b"." + place.prefix}:
                found.append((place, name))
                self._seen.setdefault(place, set()).add(name)
        for place, _ in found:
            self._consider(place)
        return found

    def newly_chosen(self) -> bool:
        """True once, after the choice was made."""
        told, self._told = self._told, self.chosen is not None
        return self._told and not told

    def decide(self) -> Place:
        """The forum's place, at the end of the dump.

        Raises:
            SourceError: no place has every identifying table, or several have.
        """
        complete = [place for place, names in self._seen.items() if self._detect <= names]
        forums = [place for place in complete if not any(_extends(place, other) for other in complete)]
        if len(forums) > 1 or (self.chosen is not None and self.chosen not in forums):
            hint = "say which with --prefix PREFIX, or --prefix DATABASE.PREFIX"
            raise SourceError(f"the dump holds more than one forum of {self._title}", hint=hint)
        if not forums:
            raise self._no_forum()
        self.chosen = forums[0]
        return self.chosen

    def _consider(self, place: Place) -> None:
        """Choose a place as soon as it is complete, unless a shorter prefix explains its tables as well."""
        names = len(self._seen[place])
        if self.chosen is None and self._detect <= self._seen[place]:
            rivals = (other for other, seen in self._seen.items() if _extends(place, other) and len(seen) >= names)
            if not any(rivals):
                self.chosen = place

    def _no_forum(self) -> SourceError:
        best = max((self._detect & names for names in self._seen.values()), key=len, default=frozenset())
        if not best:
            other = "check --prefix" if self._wanted is not None else "check --software"
            return SourceError(f"the dump holds no forum of {self._title}", hint=other)
        lacking = ", ".join(sorted(name.decode() for name in self._detect - best))
        what = f"the dump holds only part of a forum of {self._title}"
        return SourceError(what, where=f"it lacks {lacking}", hint="make the dump again, whole; or check --software")


def _extends(place: Place, other: Place) -> bool:
    """Whether a prefix is another one and more: `gdn_user` is `gdn_` and the beginning of `UserDiscussion`."""
    longer = len(place.prefix) > len(other.prefix) and place.prefix.startswith(other.prefix)
    return longer and place.database == other.database
