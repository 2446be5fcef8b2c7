"""The least rights that reading a live database needs, as SQL for its administrator."""

from collections.abc import Iterator

from vestige.derive.contract import Cell, Source
from vestige.derive.live.address import Engine, LiveAddress

_QUOTES = {Engine.MYSQL: "`", Engine.POSTGRESQL: '"'}


def grant_statements(
    source: Source, address: LiveAddress, *, prefix: str, names: bool = False, handles: bool = False
) -> Iterator[str]:
    """One GRANT for each declared column, so that a column which this forum lacks fails alone.

    Args:
        source: the package, which declares the columns.
        address: the account and the database.
        prefix: prefix of the forum's tables.
        names: also the names of groups and sections, which only the custodian's map needs.
        handles: also the members' handles, which only linking needs.
    """
    columns = [
        (table.name, column.name)
        for table in source.tables
        for column in table.columns
        if handles or column.cell is not Cell.HANDLE
    ]
    if names:
        columns += [(entry[0], entry[2]) for entry in (source.group_table, source.section_table) if entry is not None]
    account = _account(address)
    home = address.database if address.engine is Engine.MYSQL else address.schema
    if address.engine is Engine.POSTGRESQL:
        yield f"GRANT USAGE ON SCHEMA {_quoted(home, address.engine)} TO {account};"
    for table, column in dict.fromkeys(columns):
        place = f"{_quoted(home, address.engine)}.{_quoted(prefix + table, address.engine)}"
        yield f"GRANT SELECT ({_quoted(column, address.engine)}) ON {place} TO {account};"


def _account(address: LiveAddress) -> str:
    if address.engine is Engine.POSTGRESQL:
        return _quoted(address.account, address.engine)
    host = "localhost" if address.socket or address.host in {None, "localhost"} else "%"
    return f"{_quoted(address.account, address.engine)}@'{host}'"


def _quoted(name: str, engine: Engine) -> str:
    quote = _QUOTES[engine]
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"
