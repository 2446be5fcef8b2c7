"""Cell parsers against Python's own integers and calendar."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.derive.cell_kernels import (
    MALFORMED,
    NULL,
    VALUE,
    Vocabularies,
    parse_integer,
    parse_moment,
    parse_seconds,
    parse_word,
)
from vestige.derive.contract import UNKNOWN_WORD, Cell, SourceColumn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
moments = st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


def _bytes(text: bytes) -> np.ndarray:
    return np.frombuffer(text, dtype=np.uint8)


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(["{}", "{:+}", "{:020}"]))
def test_integers_are_read_exactly(number: int, layout: str) -> None:
    text = layout.format(number).encode()
    assert parse_integer(_bytes(b"'" + text + b"'"), 1, len(text) + 1) == (VALUE, number)


@pytest.mark.parametrize("text", [b"-", b"+", b"1.5", b"1 ", b" 1", b"0x1", b"9223372036854775808", b"1" * 60])
def test_what_is_no_64_bit_integer_is_malformed(text: bytes) -> None:
    assert parse_integer(_bytes(text), 0, len(text)) == (MALFORMED, 0)


@given(st.integers(-(10**12), 10**12))
def test_seconds_become_microseconds_and_unset_ones_null(seconds: int) -> None:
    text = str(seconds).encode()
    expected = (VALUE, seconds * 1_000_000) if seconds > 0 else (NULL, 0)
    assert parse_seconds(_bytes(text), 0, len(text)) == expected


@given(moments, st.sampled_from(" T"), st.integers(0, 6))
def test_moments_follow_the_calendar(moment: datetime, between: str, decimals: int) -> None:
    unit = 10 ** (6 - decimals)
    moment = moment.replace(microsecond=moment.microsecond // unit * unit)
    fraction = f".{moment.microsecond // unit:0{decimals}}" if decimals else ""
    day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
    text = f"{day}{between}{moment:%H:%M:%S}{fraction}".encode()
    assert parse_moment(_bytes(text), 0, len(text)) == (VALUE, (moment - EPOCH) // MICROSECOND)


@pytest.mark.parametrize("text", [b"0000-00-00 00:00:00", b"0000-00-00", b"2011-00-00", b""])
def test_zero_dates_are_null(text: bytes) -> None:
    assert parse_moment(_bytes(text), 0, len(text)) == (NULL, 0)


@pytest.mark.parametrize(
    "text",
    [
        b"2011-02-29", b"2011-13-01", b"2011-01-32", b"2011-01-01T24:00:00", b"2011-01-01T00:60:00", b"2011-1-01",
        b"2011-01-01T00:00:00.", b"2011-01-01T00:00:00.1234567", b"2011-01-01T00:00", b"2011-01-01X00:00:00",
        b"10000-01-01", b"2011-01-01T00:00:00Z", b"2011/01/01", b"yesterday!",
    ],
)  # fmt: skip
def test_impossible_moments_are_malformed(text: bytes) -> None:
    assert parse_moment(_bytes(text), 0, len(text)) == (MALFORMED, 0)


def test_words_match_whole_and_only_within_their_column() -> None:
    columns = (
        SourceColumn("a", Cell.WORD, vocabulary={b"one": 1, b"onerous": 7}),
        SourceColumn("b"),
        SourceColumn("c", Cell.WORD, vocabulary={b"one": 3, b"": 0}),
    )
    words = Vocabularies.of(columns)

    def number(column: int, text: bytes) -> int:
        first, last = words.firsts[column], words.firsts[column + 1]
        return parse_word(_bytes(text), 0, len(text), words.text, words.ends, words.numbers, first, last)

    assert [number(0, text) for text in (b"one", b"onerous", b"on", b"ones", b"")] == [1, 7, *[UNKNOWN_WORD] * 3]
    assert number(1, b"one") == UNKNOWN_WORD
    assert [number(2, text) for text in (b"one", b"onerous", b"")] == [3, UNKNOWN_WORD, 0]
