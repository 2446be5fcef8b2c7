"""What may go wrong with a live database, without a driver's own words: they may quote a cell or the account."""

from vestige.errors import ConnectionFailedError, SourceError


class LostConnectionError(Exception):
    """The connection broke, or what came over it is no answer; carries nothing."""


def refused_query(code: int | str | None, *, lost: bool, denied: bool) -> LostConnectionError | SourceError:
    """The error that stands for a driver's own, in the same words for every server.

    Args:
        code: the server's number or state, which names no cell.
        lost: whether the connection is gone.
        denied: whether the account lacks a right.
    """
    if lost:
        return LostConnectionError()
    if denied:
        return ConnectionFailedError(
            "the account may not read a table or column it needs",
            hint="grant SELECT on the columns listed in the guide on live databases",
        )
    return SourceError(
        "the database refused a query", where=f"error {code}", hint="check its version and the account's rights"
    )
