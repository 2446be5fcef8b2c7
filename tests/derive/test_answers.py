"""Answers of live databases, read by compiled code: the rows that were sent, in pieces of any size, or an error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.answers import (
    END_OF_ROWS,
    FIRST,
    WAYS,
    answered,
    packet,
    packets,
    records,
    row_packet,
    rows_of,
)  # fmt: skip
from vestige.derive.live.answer import READ_PACKETS, READ_RECORDS, Answer
from vestige.derive.live.faults import LostConnectionError
from vestige.derive.live.postgresql import _Records
from vestige.derive.packed_codes import LONGEST_TEXT
from vestige.errors import SourceError

LARGEST = 2**63 - 1
ROW = row_packet([b"1", b"2", b"3"])

numbers = st.none() | st.integers(-LARGEST, LARGEST) | st.integers(-1, 10)
lists = st.none() | st.lists(st.integers(0, 9999), max_size=120)
tables = st.lists(st.tuples(numbers, numbers, lists), max_size=12)


def _text(numbers: list[int] | None) -> bytes | None:
    return None if numbers is None else ",".join(map(str, numbers)).encode()


def _moment(seconds: int | None) -> int | None:
    return seconds * 1_000_000 if seconds is not None and 0 < seconds <= LARGEST // 1_000_000 else None


@pytest.mark.parametrize("kernel", WAYS)
@settings(deadline=None)  # the first answer may wait for a compiler
@given(rows=tables, block=st.integers(1, 99), piece=st.integers(1, 99), capacity=st.integers(1, 5))
def test_rows_come_out_as_sent_in_pieces_of_any_size(kernel, rows, block, piece, capacity):
    content = WAYS[kernel]([(key, at, _text(listed)) for key, at, listed in rows])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("vestige.derive.dump.rows.CAPACITY", capacity)
        got, damaged = rows_of(answered(kernel, content, piece), block)
    assert got == [(key, _moment(at), listed) for key, at, listed in rows]
    assert damaged.total() == 0


@pytest.mark.parametrize("kernel", WAYS)
def test_an_answer_that_is_cut_off_anywhere_is_a_lost_connection(kernel):
    content = WAYS[kernel]([(1, 2, b"4,5"), (None, -7, None)])
    for length in range(len(content)):
        with pytest.raises(LostConnectionError):
            rows_of(answered(kernel, content[:length]))
    with pytest.raises(LostConnectionError):
        rows_of(answered(kernel, content + b"\0"))


@pytest.mark.parametrize("kernel", WAYS)
def test_damaged_and_overlong_lists_are_counted_and_unknown(kernel):
    longest = b"1234567," * (LONGEST_TEXT // 8 - 1) + b"12345678"
    rows = [(1, 1, longest), (2, 1, longest + b"7"), (3, 1, b"x"), (4, 1, b"")]
    got, damaged = rows_of(answered(kernel, WAYS[kernel](rows)))
    assert [len(row[2]) if row[2] is not None else None for row in got] == [LONGEST_TEXT // 8, None, None, 0]
    assert damaged == {("posts", "list"): 2}


@pytest.mark.parametrize("number", [LARGEST + 1, -LARGEST - 1, 10**19, 10**40])
def test_a_number_out_of_64_bits_is_an_error_that_names_its_column(number):
    with pytest.raises(SourceError, match=r"64 bits \(posts\.at\)") as caught:
        rows_of(answered(READ_PACKETS, packets([(1, number, None)])))
    assert str(number) not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        packet(FIRST + 1, ROW),
        packet(0, b"\xff\x1d\x04#08S01shutdown"),
        packet(FIRST, b""),
        b"\xff\xff\xff" + bytes([FIRST]) + ROW,
        packet(FIRST, END_OF_ROWS + b"more"),
        packet(FIRST, row_packet([b"1", b"2"])),
        packet(FIRST, row_packet([b"1", b"2", b"3", b"4"])),
        packet(FIRST, row_packet([b"1", b"2"]) + b"\xfe" + (3).to_bytes(8, "little") + b"4,5"),
        packet(FIRST, row_packet([b"1", b"2"]) + b"\xff"),
        packet(FIRST, row_packet([b"1", b"2"]) + b"\xfc\xff\xff3"),
        packet(FIRST, row_packet([b"1", b"2"]) + b"\xfc\1"),
    ],
)  # fmt: skip
def test_nonsense_in_packets_is_no_answer(content):
    with pytest.raises(LostConnectionError):
        rows_of(answered(READ_PACKETS, content + packet(FIRST + 1, END_OF_ROWS)))


@pytest.mark.parametrize(
    "content",
    [
        records([(1, 2)]),
        records([(1, 2, b"3", 4)]),
        records([(1, b"2", b"3")]),
        records([(1, 2, b"3")]).replace(b"\0\0\0\x013", b"\0\x10\0\x003"),
        records([(1, 2, b"3")]).replace(b"\0\0\0\x013", b"\xff\0\0\x003"),
    ],
)
def test_nonsense_in_records_is_no_answer(content):
    with pytest.raises(LostConnectionError):
        rows_of(answered(READ_RECORDS, content))


@pytest.mark.parametrize("block", [7, 49, 1 << 20])
def test_a_forged_end_of_records_is_no_end_whatever_the_block(block):
    """A block that ends with the forged end holds nothing behind it: only the stream can tell."""
    content = records([(1, 2, b"3")])
    assert len(content) == 49, "one of the blocks must end with it"
    with pytest.raises(LostConnectionError):
        rows_of(answered(READ_RECORDS, content + content), block)


@pytest.mark.parametrize("spoiled", [b"\xff" * 4, b""])
def test_a_spoiled_record_at_the_end_of_a_fetch_does_not_hide_the_rows_of_the_next(spoiled):
    sound = records([(1, 2, b"3")])[:-4]
    fetches = iter([[(sound,)], [(spoiled,)], [(sound,)], []])
    with pytest.raises(LostConnectionError):
        rows_of(Answer(_Records(lambda: next(fetches)).readinto, READ_RECORDS, alone=True))


def test_nothing_is_fetched_behind_the_end_of_the_rows():
    fetches = iter([[(records([(1, 2, b"3")])[:-4],)], []])
    rows, _ = rows_of(Answer(_Records(lambda: next(fetches)).readinto, READ_RECORDS, alone=True))
    assert len(rows) == 1
