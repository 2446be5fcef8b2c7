"""What counts as one handle, and the pseudonym it gets."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.derive.handles import LOOK_ALIKES, normalised_handle, pseudonyms_of_handles
from vestige.derive.keys import read_key, write_key

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("River Stone", "riverstone"),
        ("ＲＩＶＥＲ", "river"),  # noqa: RUF001 - full width
        ("Straße", "STRASSE"),
        ("\u0440iver", "piver"),
        ("r\u200biv\u00ader", "river"),
        ("R1ver", "rlver"),
        ("st0ne", "stone"),
        ("Tom &amp; Ann", "tom&ann"),
        ("ﬁne", "fine"),
        ("ΑΒ", "ab"),  # noqa: RUF001 - Greek
        ("ri\u034fv\ufe0fer\u3164\u2800", "river"),
        ("İx", "ix"),
        ("\u03ab\u0342", "\u1fe7"),
    ],
)
def test_spellings_of_one_handle(one: str, other: str) -> None:
    assert normalised_handle(one) == normalised_handle(other)


@pytest.mark.parametrize(("one", "other"), [("river", "rivers"), ("river_1", "river_2"), ("é", "e"), ("a.b", "ab")])
def test_different_handles_stay_different(one: str, other: str) -> None:
    assert normalised_handle(one) != normalised_handle(other)


@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing_more(handle: str) -> None:
    once = normalised_handle(handle)
    if "&" not in once:  # an entity may hide another: `&amp;lt;`
        assert normalised_handle(once) == once


def test_the_table_maps_small_letters_only_and_in_one_step() -> None:
    assert all(chr(code).casefold() == chr(code) for code in LOOK_ALIKES)
    assert not {ord(plain) for plain in map(chr, LOOK_ALIKES.values())} & set(LOOK_ALIKES)


def test_pseudonyms_are_hmacs_of_the_normalised_handle() -> None:
    high, low = pseudonyms_of_handles([b"River Stone"], KEY)[0]
    digest = hmac.new(KEY, b"riverstone", hashlib.sha256).digest()[:16]
    assert high.to_bytes(8, "big", signed=True) + low.to_bytes(8, "big", signed=True) == digest
    stored_as_latin1 = "Zoë".encode().decode("latin-1").encode()
    assert pseudonyms_of_handles([stored_as_latin1, b"", None, b"\xff"], KEY) == [
        *pseudonyms_of_handles(["zoë".encode()], KEY),
        None,
        None,
        *pseudonyms_of_handles(["ÿ".encode()], KEY),
    ]


def test_handles_of_a_latin1_dump_are_those_of_a_utf8_one_and_stay_apart() -> None:
    names = ["Zoë", "Zoé", "Žofia"]
    latin1 = pseudonyms_of_handles([name.encode("cp1252") for name in names], KEY)
    assert latin1 == pseudonyms_of_handles([name.encode() for name in names], KEY)
    assert len(set(latin1)) == 3


def test_the_key_of_handles_is_no_other_key(tmp_path) -> None:
    key = write_key(tmp_path / "key")
    assert key.handle_key() == read_key(tmp_path / "key").handle_key()
    assert len({key.handle_key(), key.sealing_key(), bytes.fromhex(key.fingerprint).ljust(32, b"\0")}) == 3
