"""Packed cells and names against PHP's and Python's own serialisation, the paper's vectors, and hostile input."""

import json
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.derive import text_cells
from vestige.derive.contract import Cell, Packing, SourceColumn
from vestige.derive.text_cells import Texts, damage_findings, numbers_of

CANARY = "canary-5c1d"


def read(cells, *, packing=Packing.LIST, cell=Cell.NUMBERS, vocabulary=None):
    column = SourceColumn("c", cell, vocabulary=vocabulary or {}, packing=packing)
    array, damaged = numbers_of(column, Texts.of([one.encode() if isinstance(one, str) else one for one in cells]))
    array.validate(full=True)
    return array.to_pylist(), damaged


def php(value):
    """A value as PHP serialises it (php.net, serialize): lengths are of bytes."""
    if value is None:
        return "N;"
    if isinstance(value, bool):
        return f"b:{value:d};"
    if isinstance(value, int):
        return f"i:{value};"
    if isinstance(value, float):
        return f"d:{value!r};"
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    pairs = enumerate(value) if isinstance(value, list) else value.items()
    return f"a:{len(value)}:{{{''.join(php(key) + php(inner) for key, inner in pairs)}}}"


def test_lists_of_numbers() -> None:
    cells = ["4,5", "", None, "7", " 1, 2;3|4 ", "4,,5", "4,x", "1.5", "-3", "9" * 19, "0"]
    lists, damaged = read(cells)
    assert lists == [[4, 5], [], None, [7], [1, 2, 3, 4], [4, 5], None, None, None, None, [0]]
    assert damaged == 4


def test_prefixed_numbers_say_which_prefix_they_had() -> None:
    words = {b"u_": -1, b"g_": -2}
    assert read(["u_2:u_5", "g_3:u_4", "b_9:x", "u_", "u_2x"], packing=Packing.PREFIXED, vocabulary=words) == (
        [[-1, 2, -1, 5], [-2, 3, -1, 4], [], None, None],
        2,
    )
    assert read(["moved|12", "1", ""], packing=Packing.PREFIXED, vocabulary={b"moved|": -1})[0] == [[-1, 12], [], []]


def test_the_packings_of_the_packages() -> None:
    recipients = 'a:2:{s:2:"to";a:2:{i:0;s:1:"2";i:1;i:7;}s:3:"bcc";a:1:{i:0;s:2:"11";}}'
    assert read([recipients], packing=Packing.VALUES) == ([[2, 7, 11]], 0)
    assert read([recipients], packing=Packing.VALUES, vocabulary={b"bcc": -5}) == ([[-5, 11]], 0)
    addressed = f'a:1:{{s:2:"cc";a:2:{{i:5;s:{len(CANARY)}:"{CANARY}";i:9;s:1:"3";}}}}'
    assert read([addressed], packing=Packing.KEYS) == ([[5, 9]], 0)
    marked = {b"member": -1, b"topic": -2}
    serialised = php({"member": 5, "topic": 7, "old": {"topic": 8}})
    for extra in ('{"member":5,"topic":"7","n":1,"old":{"topic": 8}}', serialised):
        assert read([extra], packing=Packing.VALUES, vocabulary=marked) == ([[-1, 5, -2, 7, -2, 8]], 0)
    assert read(['{"3":{"user_id":3}}'], packing=Packing.KEYS) == ([[3]], 0)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.integers(0, 10**6).map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc1", max_size=3), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
CONTAINERS = st.lists(NESTED, max_size=4) | st.dictionaries(st.text("abc1", max_size=3), NESTED, max_size=4)


def _depth(value):
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _values(value, marker, vocabulary):
    """What VALUES says of a nested value, written as plainly as can be."""
    if isinstance(value, (list, dict)):
        pairs = [(None, one) for one in value] if isinstance(value, list) else value.items()
        return [number for key, one in pairs for number in _values(one, vocabulary.get(key, marker), vocabulary)]
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or (vocabulary and marker is None):
        return []
    return [marker, int(text)] if vocabulary else [int(text)]


@given(CONTAINERS, st.sampled_from([{}, {"a": -1, "b1": -2}]))
def test_values_are_those_of_the_value_itself(value, vocabulary) -> None:
    words = {key.encode(): number for key, number in vocabulary.items()}
    expected = [_values(value, None, vocabulary)] if _depth(value) <= 16 else [None]
    assert read([php(value)], packing=Packing.VALUES, vocabulary=words)[0] == expected
    if not any("\\" in json.dumps(key) for key in vocabulary):
        assert read([json.dumps(value)], packing=Packing.VALUES, vocabulary=words)[0] == expected


@given(st.binary(max_size=60) | st.text('aisN:;{}"0129\\[],b', max_size=60).map(str.encode))
def test_no_bytes_do_harm(cell: bytes) -> None:
    for packing in Packing:
        vocabulary = {b"a": -1} if packing in {Packing.PREFIXED, Packing.VALUES} else {}
        lists, damaged = read([cell, b"1"], packing=packing, vocabulary=vocabulary)
        assert damaged == sum(one is None for one in lists)
    read([cell], cell=Cell.NAMES)


@pytest.mark.parametrize(
    "cell",
    [
        "a:999999999999999999:{",
        "a:1:{" * 5000,
        "[" * 5000,
        '{"a":' * 5000,
        's:999999999999999999:"x";',
        'a:1:{i:0;s:99:"x";}',
        "a:2:{i:0;i:1;}",
        "a:1:{i:0;i:1;}i:2;",
        "[1,2",
        "[1 2]",
        "[1}",
        '{"a"}',
        'O:8:"stdClass":0:{}',
        "r:1;",
    ],
)
def test_hostile_cells_are_damaged_and_counted(cell: str) -> None:
    assert read([cell], packing=Packing.VALUES) == ([None], 1)


def test_names_are_digests_of_their_bytes_and_known_words_their_number() -> None:
    names, _ = read(["Anna", "anna", "Anna", "", None, "STAFF"], cell=Cell.NAME, vocabulary={b"STAFF": 3})
    assert names[0] == names[2] != names[1]
    assert names[3:] == [None, None, 3]
    assert all(name < 0 for name in names[:3])
    in_log, damaged = read([php(["STAFF", "Anna, anna, Zoë"]), php([])], cell=Cell.NAMES, vocabulary={b"STAFF": 3})
    assert damaged == 0
    assert in_log[1] == []
    assert in_log[0][:3] == [0, 3, 0]
    whole, *each = in_log[0][3:]
    assert each[:2] == names[:2]
    assert len({whole, *each}) == 4
    assert len(in_log[0]) == 7


def test_digests_are_siphash_with_its_published_vectors() -> None:
    """Aumasson and Bernstein (2012), appendix A, and the authors' table: key 00 01 .. 0f, input 00 01 .. n - 1."""
    vectors = {1: 0x74F839C593DC67FD, 2: 0x0D6C8009D9A94F5A, 15: 0xA129CA6149BE45E5}
    with patch.object(text_cells, "_key_of_this_run", return_value=bytes(range(16))):
        digests, _ = read([bytes(range(length)) for length in vectors], cell=Cell.NAME)
    assert [digest % 2**63 for digest in digests] == [vector % 2**63 for vector in vectors.values()]


def test_findings_count_damage_and_quote_nothing() -> None:
    from collections import Counter

    (finding,) = damage_findings(Counter({("log", "extra"): 2, ("log", "data"): 0}))
    assert "2 cells of log.extra" in finding.text


def test_a_batch_of_nothing() -> None:
    assert read([]) == ([], 0)
    assert read([None, None], cell=Cell.NAME) == ([None, None], 0)


def test_columns_that_no_reader_could_read_are_refused_at_once() -> None:
    for wrong in (
        {"cell": Cell.NAME, "vocabulary": {b"x": -1}},
        {"cell": Cell.NUMBERS, "vocabulary": {b"x": -1}},
        {"cell": Cell.NUMBERS, "packing": Packing.PREFIXED},
        {"cell": Cell.NUMBERS, "packing": Packing.VALUES, "vocabulary": {b"x": 1}},
        {"cell": Cell.INTEGER, "vocabulary": {b"x": 1}},
    ):
        with pytest.raises(ValueError, match="vocabulary"):
            SourceColumn("c", **wrong)


def test_a_handle_without_a_key_is_not_looked_at() -> None:
    array, damaged = numbers_of(SourceColumn("c", Cell.HANDLE), Texts.of([b"x", None]))
    array.validate(full=True)
    assert (array.to_pylist(), damaged) == ([None, None], 0)


def test_types_are_those_that_staging_declares() -> None:
    array, _ = numbers_of(SourceColumn("c", Cell.NUMBERS), Texts.of([b"1"]))
    assert array.type == pa.list_(pa.int64())
