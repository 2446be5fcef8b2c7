"""Who held which role, and since when, from a dataset or from a file of labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - nothing heavy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.dataset import Dataset
from vestige.dataset.schema import Role
from vestige.errors import DatasetError, SettingsError
from vestige.network.build import forum_of
from vestige.statistics.compiled import BoolArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

Starts = np.ndarray[tuple[int], np.dtype[np.datetime64]]


@dataclass(frozen=True, eq=False)
class RoleRecords:
    """Members who ever held one of the wanted roles.

    Attributes:
        members: ids, ascending. Shape (holders,).
        start: when the first of these roles began; not-a-time where unknown. Shape (holders,).
    """

    members: IntArray
    start: Starts = field(repr=False)

    @property
    def dated(self) -> BoolArray:
        """Whose role has a known beginning."""
        return ~np.isnat(self.start)


def role_records(dataset: Dataset, roles: tuple[Role, ...], forum: str | None) -> RoleRecords:
    """Holders of any of the roles, each with the earliest beginning of one; unknown if any of them is undated.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the dataset has no table of roles.
    """
    if "role_spell" not in dataset.tables:
        reason = dataset.manifest.absent.get("role_spell", "the source does not supply it")
        raise DatasetError(f"roles are unknown: {reason}", hint="derive with a map of the forum's groups")
    number, _ = forum_of(dataset, forum)
    spells = dataset.table("role_spell")
    people = dataset.table("member")
    people = people.filter(people.forum == number, people.kind == "member").select("member")
    wanted = spells.filter(spells.forum == number, spells.role.isin([role.value for role in roles]))
    found = wanted.select("member", "start_at").semi_join(people, "member").to_pyarrow().to_pylist()
    first: dict[int, datetime | None] = {}
    for row in sorted(found, key=lambda row: (row["member"], row["start_at"] is not None, row["start_at"] or 0)):
        first.setdefault(row["member"], row["start_at"])
    members = sorted(first)
    start = np.array([np.datetime64(first[member] or "NaT", "us") for member in members], dtype="datetime64[us]")
    return RoleRecords(np.array(members, dtype=np.int64), start)


@dataclass(frozen=True)
class LabelSettings:
    """How a table of labels is read.

    Attributes:
        identifier: column with the ids that the edge list uses.
        role: column that says who holds the role.
        holds: values that mean the role is held.
        leave_out: (column, value): members of these rows are not looked at, such as accounts of machines.
        where: (column, value): only rows with this value count; for several networks in one file.
    """

    identifier: str
    role: str
    holds: tuple[str, ...] = ("1", "1.0", "true", "True", "yes")
    leave_out: tuple[str, str] | None = None
    where: tuple[str, str] | None = None


@dataclass(frozen=True)
class Labels:
    """Who holds a role, by the labels of an edge list.

    Attributes:
        holders: labels of those who do.
        others: labels of those who do not; None for everybody else.
        left_out: labels of those who are not looked at.
        numbered: whether the labels are the numbers that replaced an edge list's own.
    """

    holders: frozenset[str]
    others: frozenset[str] | None
    left_out: frozenset[str] = frozenset()
    numbered: bool = False

    def renamed(self, numbers: Mapping[str, str]) -> "Labels":
        """The same labels by the numbers that replaced them (`node_numbers`); labels without one are not in the ties.

        Raises:
            SettingsError: none of the holders has a number.
        """
        holders, left_out = (_renamed(own, numbers) for own in (self.holders, self.left_out))
        if not holders:
            raise SettingsError("no holder is among the labels of the ties", hint="use the same ids in both files")
        return Labels(holders, None if self.others is None else _renamed(self.others, numbers), left_out, True)


def read_labels(file: str | Path, settings: LabelSettings) -> Labels:
    """Labels from a CSV or Parquet file; a row without a role is a member about whom it is not known.

    A file that lists holders alone means that nobody else in the network holds the role.

    Raises:
        SourceError: the file cannot be read.
        SettingsError: it lacks a column, or names nobody with the role.
    """
    from vestige.inputs import read_table_file

    table = read_table_file(Path(file))
    named = [settings.identifier, settings.role]
    named += [rule[0] for rule in (settings.leave_out, settings.where) if rule is not None]
    missing = [name for name in named if name not in table.column_names]
    if missing:
        raise SettingsError(f"the labels have no column {missing[0]!r}", hint="name the columns of ids and of the role")
    rows = _texts(table.select(list(dict.fromkeys(named))))
    holders, others, out = set(), set(), set()
    for row in rows:
        label = row[settings.identifier]
        if label is None or not _meets(row, settings.where, otherwise=True):
            continue
        if _meets(row, settings.leave_out, otherwise=False):
            out.add(label)
        elif row[settings.role] in settings.holds:
            holders.add(label)
        elif row[settings.role] is not None:
            others.add(label)
    if not holders - out:
        raise SettingsError(
            "the labels name nobody with the role",
            where=f"column {settings.role!r}",
            hint="name the column and the values that mean it is held",
        )
    rest = frozenset(others - holders - out) if others else None
    return Labels(frozenset(holders - out), rest, frozenset(out))


def _renamed(labels: frozenset[str], numbers: Mapping[str, str]) -> frozenset[str]:
    return frozenset(numbers[label] for label in labels if label in numbers)


def _meets(row: dict[str, str | None], rule: tuple[str, str] | None, *, otherwise: bool) -> bool:
    return otherwise if rule is None else row[rule[0]] == rule[1]


def _texts(table: "pa.Table") -> list[dict[str, str | None]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return [{name: _text(value) for name, value in row.items()} for row in rows]


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
