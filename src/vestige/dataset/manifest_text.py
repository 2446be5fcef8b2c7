"""Which strings a manifest may hold, so that no word of the material can hide in it.

Strings are members of enums, names from the schema, neutral codes, digests, or sentences that the program itself
wrote. A sentence is plain ASCII without quotation marks, addresses or links.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import CODE_PATTERN, TABLES, ColumnType

if TYPE_CHECKING:
    from vestige.dataset.manifest import Manifest, Part

SENTENCE_PATTERN: Final = r"^(?!.*//)[A-Za-z0-9][A-Za-z0-9 ,.;:()'`%+/<>=_*-]{0,399}$"
LONGEST_SENTENCE: Final = 400
FINDING_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,59}$"
SOURCE_TABLE_PATTERN: Final = r"^[A-Za-z0-9_.-]{1,64}$"
DIGEST_PATTERN: Final = r"^[0-9a-f]{64}$"
FINGERPRINT_PATTERN: Final = r"^[0-9a-f]{8,64}$"
OPTION_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9.:_+-]{0,63}(/[A-Z][A-Za-z0-9_+-]{1,30}){0,2}$"
"""A word, or the name of a time zone, such as America/Argentina/Ushuaia."""
VERSION_PATTERN: Final = r"^[0-9][0-9a-z.+-]{0,39}$"
CREATED_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+]00:00$"


def foreign_strings(manifest: "Manifest") -> dict[str, int]:
    """Field of the manifest to the number of its strings that stand outside their vocabulary; empty when clean."""
    counts: dict[str, int] = {}
    for field, text, pattern in _strings(manifest):
        if re.fullmatch(pattern, text, re.ASCII) is None:
            counts[field] = counts.get(field, 0) + 1
    return counts


def _strings(manifest: "Manifest") -> Iterator[tuple[str, str, str]]:
    """Every string that is not already an enum's member, a file's name or a digest, with the pattern it must match."""
    yield from (("forums", forum.code, CODE_PATTERN) for forum in manifest.forums)
    yield from _account(manifest)
    for part in manifest.parts:
        yield "parts", part.digest, DIGEST_PATTERN
        yield from (("parts", code, CODE_PATTERN) for code in part.forums)
        yield from (("parts", text, pattern) for _, text, pattern in _account(part))
    for place, codes in manifest.codes.items():
        yield "codes", place, _CODE_PLACES
        yield from (("codes", code, CODE_PATTERN) for code in codes)
    if manifest.key_fingerprint is not None:
        yield "key_fingerprint", manifest.key_fingerprint, FINGERPRINT_PATTERN
    if manifest.created_at is not None:
        yield "created_at", manifest.created_at, CREATED_PATTERN
    yield "version", manifest.version, VERSION_PATTERN


def _account(told: "Manifest | Part") -> Iterator[tuple[str, str, str]]:
    """What derivation told about its source."""
    for place, reason in told.absent.items():
        yield "absent", place, _PLACES
        yield "absent", reason, SENTENCE_PATTERN
    for finding in told.findings:
        yield "findings", finding.code, FINDING_PATTERN
        yield "findings", finding.text, SENTENCE_PATTERN
    yield from (("source_counts", count.table, SOURCE_TABLE_PATTERN) for count in told.source_counts)
    yield from (("options", text, OPTION_PATTERN) for text in _option_strings(told.options))


def _option_strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _option_strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _option_strings(part)


def _alternatives(names: Iterator[str]) -> str:
    return f"^({'|'.join(re.escape(name) for name in names)})$"


_PLACES: Final = _alternatives(
    place for table in TABLES.values() for place in (table.name, *(f"{table.name}.{name}" for name in table.names))
)
_CODE_PLACES: Final = _alternatives(
    f"{table.name}.{column.name}"
    for table in TABLES.values()
    for column in table.columns
    if column.kind is ColumnType.CODE
)
