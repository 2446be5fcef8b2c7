"""Every error Vestige raises on purpose.

An error says what is wrong, where, and what to do. It never quotes a cell's value, a name or a path inside
the material: callers pass table names, column names, row numbers and byte offsets. A driver's own message may
quote the cell, also through `__context__`: raise the clean error after the `except` block, never inside it.
"""

from typing import NoReturn


class VestigeError(Exception):
    """Base of all errors; `str()` gives one line that ends in a hint.

    Args:
        what: what is wrong, in plain words.
        where: file, table, column, row or byte offset; never a value.
        hint: what to do about it.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str | None = None, hint: str) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        located = f"{what} ({where})" if where else what
        super().__init__(f"{located}. Hint: {hint}")


class SettingsError(VestigeError):
    """A setting is outside its declared range, or two settings contradict each other."""


class SourceError(VestigeError):
    """The source cannot be read: wrong software, wrong format, missing table or column."""


class DumpError(SourceError):
    """A byte of a dump cannot be placed, or the dump ends too early."""


class ConnectionFailedError(SourceError):
    """A live database cannot be reached or refused the account."""


class KeyFileError(VestigeError):
    """The custodian's key file is missing, too open, too short or malformed."""


class MapError(VestigeError):
    """A map, of groups and sections or of tables, is malformed or names what the schema does not have."""


class LookupFileError(VestigeError):
    """The custodian's lookup is missing, damaged, of another key or of another dataset."""


class RulesError(VestigeError):
    """The rules for an access log are malformed; says which rule, never what stands in it."""


class OutputError(VestigeError):
    """An output exists already, or cannot be written (permissions, full disk)."""


class DatasetError(VestigeError):
    """A folder is not a dataset, a table is absent, or a file does not match its checksum."""


class EngineError(VestigeError):
    """The wanted engine is not available on this machine."""


class ModelError(VestigeError):
    """A model that the data cannot support: it has no finite estimate, or did not converge."""


class DisclosureError(VestigeError):
    """A table may not leave: the disclosure policy forbids it or cannot decide."""


class SealError(VestigeError):
    """A package cannot be sealed, or does not hold; the command line exits with 1."""

    exit_code = 1


class StudyError(VestigeError):
    """A study folder breaks its schema, or a claim cannot be read; the command line exits with 1."""

    exit_code = 1


def raise_clean(error: VestigeError) -> NoReturn:
    """Raise an error without the one being handled: for `with` blocks, where there is no place after the `except`."""
    try:
        raise error
    finally:
        error.__context__ = None
