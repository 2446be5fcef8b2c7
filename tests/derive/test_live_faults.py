"""What a MySQL server may do to its client in the middle of an answer: read whole once more, or a clean error."""

import pytest

from derive.answers import packet
from derive.fake_mysql import OK, ROWS, fake_mysql, whole
from vestige.derive.contract import SourceColumn, SourceTable
from vestige.derive.live.reader import LiveReader
from vestige.errors import ConnectionFailedError, SourceError
from vestige.progress import ignore_progress

CANARY = b"canary-7f3a"
HALF = ROWS // 2
POSTS = SourceTable("posts", (SourceColumn("id", required=True), SourceColumn("author")), required=True)


def read(database):
    rows = []
    report = LiveReader(database, ("posts",)).read(
        (POSTS,), lambda _, batch: rows.extend(batch.to_pylist()), ignore_progress
    )
    return rows, report


def error_after_half(number, sequence=None):
    def fault(packets):
        words = b"\xff" + number.to_bytes(2, "little") + b"#HY000" + CANARY
        return [*packets[:HALF], packet(HALF + 1 if sequence is None else sequence, words)]

    return fault


def cut_inside_a_packet(packets):
    return [*packets[:HALF], packets[HALF][:5]]


def cut_inside_a_header(packets):
    return [*packets[:HALF], packets[HALF][:2]]


def cut_before_the_columns(packets):
    return packets[:1]


def cut_between_packets(packets):
    return packets[:HALF]


def a_packet_twice(packets):
    return [*packets[:HALF], *packets[HALF - 1 :]]


def a_packet_left_out(packets):
    return packets[:HALF] + packets[HALF + 1 :]


def a_wrong_length(packets):
    return [*packets[:HALF], b"\x01" + packets[HALF][1:], *packets[HALF + 1 :]]


def no_rows_at_all(_packets):
    return [packet(1, OK)]


def a_request_for_a_file(_packets):
    return [packet(1, b"\xfb/etc/hostname")]


FAULTS = [
    (fault, False)
    for fault in (
        cut_inside_a_packet, cut_inside_a_header, cut_before_the_columns, a_packet_twice, a_packet_left_out,
        a_wrong_length, no_rows_at_all, a_request_for_a_file, error_after_half(1927),
        error_after_half(1053, sequence=0),
    )
] + [(cut_between_packets, reset) for reset in (False, True)]  # fmt: skip


@pytest.mark.parametrize(("fault", "reset"), FAULTS)
def test_what_breaks_once_is_read_again(fault, reset):
    with fake_mysql([fault, whole], reset=reset) as database:
        rows, report = read(database)
    assert rows == [{"id": number, "author": number % 7} for number in range(ROWS)]
    assert [finding.code for finding in report.findings] == ["connection-lost"]


@pytest.mark.parametrize(("fault", "reset"), FAULTS)
def test_what_breaks_twice_is_a_clean_error(fault, reset):
    with (
        fake_mysql([fault, fault], reset=reset) as database,
        pytest.raises(ConnectionFailedError, match=r"lost \(posts") as caught,
    ):
        read(database)
    assert CANARY.decode() not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("number", "words"), [(1317, "refused a query.*error 1317"), (1142, "may not read")])
def test_an_error_among_the_rows_is_told_by_its_number(number, words):
    with fake_mysql([error_after_half(number)]) as database, pytest.raises(SourceError, match=words) as caught:
        read(database)
    assert CANARY.decode() not in str(caught.value)
    assert caught.value.__context__ is None
