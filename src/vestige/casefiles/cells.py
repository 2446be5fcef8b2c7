"""Turn a cell into a typed value by the kind its column declares, or say why not."""

from collections.abc import Sequence
from dataclasses import dataclass

from vestige.casefiles.schema import IDENTIFIER, YES_NO, Kind
from vestige.casefiles.values import (
    Day,
    Mangled,
    Missing,
    Quantity,
    Value,
    parse_day,
    parse_missing,
    parse_quantity,
    parse_share,
)


@dataclass(frozen=True)
class Fault:
    """Why a cell is refused, and what to write instead; never the cell."""

    what: str
    hint: str


_HINTS = {
    Mangled.SPREADSHEET_DATE: "format the column as text in the spreadsheet and enter the band again",
    Mangled.AMBIGUOUS_THOUSANDS: "write the number without a thousands mark",
    Mangled.SPREADSHEET_FORMAT: "format the column as text and write YYYY-MM-DD",
    Mangled.DAY_NUMBER: "format the column as a date, then as text, and write YYYY-MM-DD",
    Mangled.REVERSED_BAND: "write the smaller number first",
}


def read_cell(
    cell: str, kind: Kind, codes: Sequence[str] = (), *, decimal_comma: bool = False, open_codes: bool = False
) -> Value | Fault:
    """The typed value of a cell.

    Args:
        cell: trimmed text of the cell.
        kind: what the column or item holds.
        codes: allowed codes, for coded kinds.
        decimal_comma: see `parse_quantity`.
        open_codes: whether any neutral code is allowed (codes are declared by the study's own tables).

    Returns:
        The value, or why it is refused.
    """
    missing = parse_missing(cell)
    if missing is not None:
        if kind is Kind.IDENTIFIER and missing is not Missing.NOT_CODED:
            return Fault("an id cannot be unknown", "give the row a neutral id")
        return missing
    match kind:
        case Kind.IDENTIFIER | Kind.REFERENCE:
            read = _identifier(cell)
        case Kind.COUNT | Kind.NUMBER:
            read = _explained(parse_quantity(cell, whole=kind is Kind.COUNT, decimal_comma=decimal_comma))
        case Kind.SHARE:
            read = _explained(parse_share(cell, decimal_comma=decimal_comma))
        case Kind.DATE:
            read = _explained(parse_day(cell))
        case _:
            read = _coded(cell, kind, YES_NO if kind is Kind.YES_NO else codes, open_codes=open_codes)
    return read


def _explained(read: Quantity | Day | Mangled) -> Value | Fault:
    return (
        Fault(read.value, _HINTS.get(read, "see the value formats in the reference"))
        if isinstance(read, Mangled)
        else read
    )


def _identifier(cell: str) -> Value | Fault:
    if IDENTIFIER.fullmatch(cell):
        return cell
    return Fault("not a neutral id", "use small letters, digits and hyphens only, at most 64, never a name")


def _coded(cell: str, kind: Kind, codes: Sequence[str], *, open_codes: bool) -> Value | Fault:
    parts = [part.strip() for part in cell.split("|")] if kind is Kind.CODES else [cell.strip()]
    if open_codes and not codes:
        if all(IDENTIFIER.fullmatch(part) for part in parts):
            return tuple(dict.fromkeys(parts)) if kind is Kind.CODES else parts[0]
        return Fault("not a neutral code", "use small letters, digits and hyphens only")
    if any(part not in codes for part in parts):
        hint = f"allowed: {', '.join(codes)}" if codes else "declare the codes first"
        return Fault("a code that is not declared", hint + ("; several are separated by |" * (kind is Kind.CODES)))
    if kind is Kind.CODES:
        if len(set(parts)) < len(parts):
            return Fault("the same code stands twice in the cell", "name each code once")
        return tuple(code for code in codes if code in parts)
    return parts[0]
