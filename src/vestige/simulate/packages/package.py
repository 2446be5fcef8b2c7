"""What a mapping declares: a forum package's tables, and what stands in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.dump_layout import DumpLayout
from vestige.simulate.dump_tables import DumpTable, parse_table

POSTGRESQL_LAYOUTS: Final = frozenset({DumpLayout.PG_DUMP})
MYSQL_LAYOUTS: Final = frozenset(DumpLayout) - POSTGRESQL_LAYOUTS


@dataclass(frozen=True)
class PackageTable:
    """One table of a package.

    Attributes:
        columns: its columns and keys, in the short form of `dump_tables.py`.
        rows: DuckDB SELECT over the truth (`truth_views.py`) of the columns that are not left to their default or to
            hostile texts; None for twenty rows of a table that nothing is read from.
    """

    columns: str
    rows: str | None = None


@dataclass(frozen=True)
class Package:
    """A forum package as a dump of its database.

    Attributes:
        software: the package.
        prefix: usual prefix of its tables.
        tables: its tables by name, without prefix, in the dump's order.
        held: dataset table to what the package can hold of it: a DuckDB SELECT over the truth, in the dataset's
            columns and the dump's ids. What is not named here is `HELD`; a table of "" is one it cannot hold.
        own_groups: ids of groups that only the custodian's map can explain, with their roles.
        guest: id of guests and deleted authors; None where the package leaves null.
        first_member: id of the first account.
        nodes: whether sections, threads, posts and messages share one sequence of ids, a thread and its opening post
            one id.
        first: id of the first section, thread, post, message and object.
        layout: the program that dumps it by default.
        charset: of its tables.
        bodies: "table.column" of the columns that hold posts and messages.
        seldom_filled: ends of the names of columns that are mostly empty.
    """

    software: Software
    prefix: str
    tables: Mapping[str, PackageTable]
    held: Mapping[str, str] = field(default_factory=dict)
    own_groups: Mapping[int, Role] = field(default_factory=dict)
    guest: int | None = 0
    first_member: int = 1
    nodes: bool = False
    first: int = 1
    layout: DumpLayout = DumpLayout.MYSQLDUMP
    charset: str = DumpTable.charset
    bodies: frozenset[str] = frozenset()
    seldom_filled: tuple[str, ...] = ("reason", "signature", "ip", "email")

    @property
    def layouts(self) -> frozenset[DumpLayout]:
        """The programs that can dump it."""
        return POSTGRESQL_LAYOUTS if self.layout in POSTGRESQL_LAYOUTS else MYSQL_LAYOUTS

    def dump_tables(self) -> tuple[DumpTable, ...]:
        """Its tables, parsed."""
        tables = []
        for name, table in self.tables.items():
            parsed = parse_table(name, table.columns, self.charset)
            tables.append(_without_unique_texts(parsed) if table.rows is None else parsed)
        return tuple(tables)


def _without_unique_texts(table: DumpTable) -> DumpTable:
    """A table of random texts has no unique key over a column of texts: they repeat."""
    texts = [f"`{column.name}`" for column in table.columns if column.room]
    unique = ("PRIMARY KEY", "UNIQUE KEY")
    keys = [key for key in table.keys if not (key.startswith(unique) and any(text in key for text in texts))]
    return replace(table, keys=tuple(keys))


UNCOUNTED_OBJECTS: Final = "SELECT object, size_band, uploader, moment AS at, NULL::BIGINT AS downloads FROM object"
"""Of a package that counts no downloads."""

HELD: Final = {
    "member": "SELECT member, registered_at, kind FROM member",
    "section": "SELECT section, parent FROM section",
    "thread": "SELECT thread, section, starter, created_at, state, views FROM thread",
    "post": """SELECT post, thread, section, author, moment AS at, is_opening, parent_post, edited_at, state,
                      attachments
               FROM post""",
    "object": "SELECT object, size_band, uploader, moment AS at, downloads FROM object",
    "reaction": "SELECT giver, receiver, post, moment AS at, kind, weight FROM reaction",
    "message": "SELECT message, sender, recipient, moment AS at FROM message",
    "view": """SELECT member, moment AS at, thread, kind FROM read_mark
               UNION ALL SELECT member, moment, NULL, kind FROM last_visit""",
    "sanction": 'SELECT member, staff AS "by", kind, moment AS at, until FROM sanction',
    "moderation": "",
    "role_spell": """SELECT member, role, NULL AS start_at, NULL AS end_at FROM member WHERE role <> 'registered'
                     UNION ALL
                     SELECT member, 'banned', moment, NULL FROM sanction WHERE kind = 'ban'""",
}
"""What a package holds unless its mapping says otherwise; of roles the standing at the window's end and bans.

Members that are `registered` are left out on both sides: packages differ in how many groups say so.
"""
