"""Cells of a table as numbers: integers, times, words of a list, and words that become keyed numbers."""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vestige.derive.contract import TEXT_CELLS, UNKNOWN_WORD, Cell, SourceColumn
from vestige.derive.local_time import in_utc, zone_named
from vestige.derive.tables.table_map import ISO, UNITS, MappedColumn
from vestige.errors import SourceError

if TYPE_CHECKING:
    from vestige.derive.text_cells import Texts

_ISO_PARTS: Final = (
    r"^(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ](?P<time>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2})?"
    r"(?:[.,](?P<fraction>[0-9]{1,9}))?)?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_WHOLE: Final = r"^([+-]?[0-9]+)(?:\.0*)?$"
_NUMBER: Final = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_FARTHEST_MOVED, _AFTER_SHORT_MONTHS = 3, pa.array([3, 5, 7, 10, 12])
_MINUTE: Final = 60_000_000


class Cells:
    """Turns one column of a batch into numbers.

    Args:
        column: what is declared.
        mapped: how it is mapped.
        where: "table.column" for errors.
        nulls: words that mean nothing is there.

    Attributes:
        doubts: "unreadable", "twice", "never": how many times are in doubt so.
    """

    def __init__(self, column: SourceColumn, mapped: MappedColumn, where: str, nulls: tuple[str, ...]) -> None:
        self.doubts: Counter[str] = Counter()
        self._column = column
        self._mapped = mapped
        self._where = where
        self._nulls = nulls

    def numbers(self, cells: "pa.Array") -> "pa.Array":
        """One int64 (or, for a handle, a list of two) a cell.

        Raises:
            SourceError: a cell is no whole number.
        """
        if isinstance(cells, pa.DictionaryArray):
            cells = cells.dictionary_decode()
        if pa.types.is_null(cells.type):
            cells = cells.cast(pa.string())
        if self._column.cell is Cell.MOMENT:
            return self._times(cells)
        if self._column.cell is Cell.INTEGER and pa.types.is_integer(cells.type):
            return self._cast(cells)
        texts = self._texts(cells)
        if self._column.cell in TEXT_CELLS:
            from vestige.derive.text_cells import numbers_of

            return numbers_of(self._column, _as_texts(texts))[0]
        return self._words(texts) if self._column.cell is Cell.WORD else self._integers(texts)

    def _texts(self, cells: "pa.Array") -> "pa.Array":
        """Trimmed, and null where nothing is there. Bytes, whatever their encoding."""
        if pa.types.is_boolean(cells.type):
            cells = pc.if_else(cells, "true", "false")
        if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
            cells = cells.cast(pa.string())
        if not (_is_binary(cells.type) or _is_string(cells.type)):
            raise SourceError(
                "a column is of a type that holds no words or numbers", where=self._where, hint="map another column"
            )
        trimmed = pc.ascii_trim_whitespace(cells.cast(pa.binary()).view(pa.string()))
        nothing = pa.array(["", *self._nulls], pa.string())
        return pc.if_else(pc.is_in(trimmed, value_set=nothing), pa.scalar(None, pa.string()), trimmed)

    def _integers(self, texts: "pa.Array") -> "pa.Array":
        fits = pc.match_substring_regex(texts, _WHOLE)
        if pc.any(pc.invert(fits)).as_py():
            raise self._no_number()
        return self._cast(pc.replace_substring_regex(texts, _WHOLE, r"\1"))

    def _cast(self, numbers: "pa.Array") -> "pa.Array":
        try:
            return numbers.cast(pa.int64())
        except pa.ArrowInvalid:
            pass  # its message quotes the cell
        raise self._no_number()

    def _no_number(self) -> SourceError:
        return SourceError(
            "a cell is no whole number of 64 bits", where=self._where, hint="ids that are words need text = true"
        )

    def _words(self, texts: "pa.Array") -> "pa.Array":
        known = list(self._column.vocabulary.items())
        words = pa.array([word for word, _ in known], pa.binary()).view(pa.string())
        numbers = pa.array([number for _, number in known], pa.int64())
        found = numbers.take(pc.index_in(texts, value_set=words))
        return pc.if_else(pc.is_null(texts), pa.scalar(None, pa.int64()), pc.fill_null(found, UNKNOWN_WORD))

    def _times(self, cells: "pa.Array") -> "pa.Array":
        if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
            zoned = pa.types.is_timestamp(cells.type) and cells.type.tz is not None
            micros = cells.cast(pa.timestamp("us", "UTC" if zoned else None), safe=False).cast(pa.int64())
            return micros if zoned else self._in_utc(micros, np.zeros(len(cells), dtype=np.bool_))
        texts = self._texts(cells)
        if self._mapped.format in UNITS:
            return self._counted(texts, _epoch(texts, UNITS[self._mapped.format]))
        if self._mapped.format == ISO:
            return self._counted(texts, self._iso(texts))
        local = _parsed(texts, self._mapped.format).cast(pa.int64())
        return self._counted(texts, self._in_utc(local, np.zeros(len(local), dtype=np.bool_)))

    def _counted(self, texts: "pa.Array", times: "pa.Array") -> "pa.Array":
        self.doubts["unreadable"] += times.null_count - texts.null_count
        return times

    def _iso(self, texts: "pa.Array") -> "pa.Array":
        """ISO 8601: day, or day and time with or without seconds, fraction and zone."""
        parts = pc.extract_regex(texts, _ISO_PARTS)
        day, time, second, fraction, zone = (
            pc.struct_field(parts, name) for name in ("day", "time", "second", "fraction", "zone")
        )
        clock = pc.binary_join_element_wise(_or(time, "00:00"), _or(second, ":00"), "")
        moment = pc.binary_join_element_wise(day, clock, " ")
        local = _parsed(moment, "%Y-%m-%d %H:%M:%S").cast(pa.int64())
        digits = pc.utf8_slice_codeunits(pc.utf8_rpad(_or(fraction, "0"), 6, "0"), 0, 6)
        local = pc.add(local, digits.cast(pa.int64()))
        offset = _offset(zone)
        zoned = pc.fill_null(pc.not_equal(zone, ""), fill_value=False).to_numpy(zero_copy_only=False)
        return self._in_utc(pc.subtract(local, offset), zoned)

    def _in_utc(self, times: "pa.Array", zoned: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "pa.Array":
        """Times of a clock on the wall in UTC, where the map says where it stood; zoned ones stay."""
        if self._mapped.timezone is None:
            return times
        present = times.is_valid().to_numpy(zero_copy_only=False)
        local = times.fill_null(0).to_numpy()
        utc, twice, never = in_utc(local, zone_named(self._mapped.timezone))
        self.doubts["twice"] += int((twice & present & ~zoned).sum())
        self.doubts["never"] += int((never & present & ~zoned).sum())
        return pa.array(np.where(zoned, local, utc), pa.int64(), mask=~present)


def _parsed(texts: "pa.Array", form: str) -> "pa.Array":
    """Times of a form, null where there is none. The system makes 1 March of 29 February; no calendar does."""
    times = pc.strptime(texts, form, "us", error_is_null=True)
    moved = pc.and_(pc.less_equal(pc.day(times), _FARTHEST_MOVED), pc.is_in(pc.month(times), _AFTER_SHORT_MONTHS))
    suspects = np.flatnonzero(pc.fill_null(moved, fill_value=False).to_numpy(zero_copy_only=False))
    wrong = np.zeros(len(times), dtype=np.bool_)
    wrong[suspects] = [_is_no_day(text, form) for text in texts.take(pa.array(suspects)).to_pylist()]
    return pc.if_else(pa.array(wrong), pa.scalar(None, times.type), times) if wrong.any() else times


def _is_no_day(text: str, form: str) -> bool:
    """Whether a text that fits a form names a day that its month does not have."""
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only the calendar is asked
    except ValueError as error:
        return "range" in str(error) and "month" in str(error)
    return False


def _epoch(texts: "pa.Array", unit: int) -> "pa.Array":
    fits = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), fill_value=False)
    numbers = pc.if_else(fits, texts, pa.scalar(None, pa.string())).cast(pa.float64())
    inside = pc.less(pc.abs(numbers), 2**62 / unit)
    micros = pc.round(pc.multiply(pc.if_else(inside, numbers, pa.scalar(None, pa.float64())), float(unit)))
    return micros.cast(pa.int64())


def _or(texts: "pa.Array", otherwise: str) -> "pa.Array":
    """The part of a pattern, or what stands for it where it did not match."""
    return pc.if_else(pc.equal(texts, ""), otherwise, texts)


def _offset(zone: "pa.Array") -> "pa.Array":
    """Of `+02:00`, `-0730`, `Z` or nothing, in microseconds."""
    plain = pc.replace_substring(_or(pc.if_else(pc.equal(zone, "Z"), "+0000", zone), "+0000"), ":", "")
    hours = pc.utf8_slice_codeunits(plain, 1, 3).cast(pa.int64())
    minutes = pc.utf8_slice_codeunits(plain, 3, 5).cast(pa.int64())
    size = pc.multiply(pc.add(pc.multiply(hours, 60), minutes), _MINUTE)
    return pc.if_else(pc.starts_with(plain, "-"), pc.negate(size), size)


def _is_binary(kind: "pa.DataType") -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_string(kind: "pa.DataType") -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _as_texts(texts: "pa.Array") -> "Texts":
    """The same bytes as `text_cells` takes them, without a Python object a cell."""
    from vestige.derive import packed_codes
    from vestige.derive.text_cells import Texts

    present = texts.is_valid().to_numpy(zero_copy_only=False)
    filled = texts.fill_null("")
    _, offsets, data = filled.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[filled.offset : filled.offset + len(filled) + 1].astype(np.int64)
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return Texts(content, ends, present, np.diff(ends) > packed_codes.LONGEST_TEXT)
