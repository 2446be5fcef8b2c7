"""Addresses of live databases: `mysql://account@host:3306/database`, without a password."""

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from vestige.errors import SourceError

PASSWORD_VARIABLE: Final = "VESTIGE_DATABASE_PASSWORD"  # noqa: S105 - the variable's name


class Engine(StrEnum):
    """Which server."""

    MYSQL = "mysql"
    POSTGRESQL = "postgresql"


_SCHEMES: Final = {
    "mysql": Engine.MYSQL,
    "mariadb": Engine.MYSQL,
    "postgresql": Engine.POSTGRESQL,
    "postgres": Engine.POSTGRESQL,
}
_FORM: Final = "write mysql://ACCOUNT@HOST/DATABASE, postgresql://ACCOUNT@HOST/DATABASE, or ...@/DATABASE?socket=PATH"


@dataclass(frozen=True)
class LiveAddress:
    """Where a live database is, and as whom to read it.

    Attributes:
        engine: which server.
        account: name of the account.
        host: its host; None with a socket.
        port: its port; None for the usual one.
        database: name of the database.
        socket: path of a unix socket (MySQL) or of its folder (PostgreSQL).
        schema: PostgreSQL's schema that holds the tables.
    """

    engine: Engine
    account: str
    host: str | None
    port: int | None
    database: str
    socket: str | None = None
    schema: str = "public"


def is_address(source: str) -> bool:
    """Whether a source is the address of a live database, not a path."""
    return source.split("://", 1)[0].lower() in _SCHEMES and "://" in source


def parse_address(source: str) -> LiveAddress:
    """Read an address.

    Raises:
        SourceError: it is malformed, or holds a password; the error repeats nothing of it.
    """
    try:
        parts = urlsplit(source)
        port = parts.port
    except ValueError:
        parts = None
        port = None
    if parts is None or parts.scheme.lower() not in _SCHEMES:
        raise SourceError("the database's address cannot be read", hint=_FORM)
    if parts.password is not None:
        raise SourceError(
            "the address holds a password, which every user of this machine can see",
            hint=f"change that password now, and give the new one in the variable {PASSWORD_VARIABLE}",
        )
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    unknown = set(options) - {"socket", "schema"}
    database = unquote(parts.path.removeprefix("/"))
    if not parts.username or not database or "/" in database or unknown or parts.fragment:
        raise SourceError("the database's address is not complete", hint=_FORM)
    return LiveAddress(
        engine=_SCHEMES[parts.scheme.lower()],
        account=unquote(parts.username),
        host=parts.hostname,
        port=port,
        database=database,
        socket=options.get("socket"),
        schema=options.get("schema", "public"),
    )


def password_from_environment() -> str | None:
    """The password in the environment; None leaves it to the server's own ways (socket, option or password file)."""
    return os.environ.get(PASSWORD_VARIABLE)
