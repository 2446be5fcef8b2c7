"""The key file and the pseudonyms. The vectors are frozen: if one changes, every dataset loses its continuity."""

import hashlib
import hmac
import os
import stat

import pytest

from vestige.dataset.schema import Software
from vestige.derive.keys import HEADER, read_key, write_key
from vestige.errors import KeyFileError

SECRET = bytes(range(32))
VECTORS = (
    (Software.PHPBB, "forum-a", "member", 1, "ce02a3dad687fb5fa58c7471bf1c1afb"),
    (Software.PHPBB, "forum-a", "member", 2, "03d4cd6e3aaf0d6552f9d9cec965b1ad"),
    (Software.PHPBB, "forum-b", "member", 1, "348005d40c4a31b6635f509961e2d029"),
    (Software.PHPBB, "forum-a", "member", -1, "9a538a8efc501f84ece6e92e7370e509"),
    (Software.PHPBB, "forum-a", "member", 2**63 - 1, "05274fed3402685d767bf5928e69917c"),
)


def key_file(folder, content, mode=0o600):
    path = folder / "forum.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def known_key(tmp_path):
    return read_key(key_file(tmp_path, f"{HEADER} {SECRET.hex()}\n".encode()))


@pytest.mark.parametrize(("software", "code", "entity", "number", "expected"), VECTORS)
def test_pseudonyms_are_the_same_for_ever(known_key, software, code, entity, number, expected):
    assert known_key.pseudonyms(software, code, entity, [number])[0].hex() == expected
    assert known_key.fingerprint == "ee3e5e751dcdd283"


def hkdf(secret, label, length):
    """HKDF-SHA-256 without salt, one block, written out from RFC 5869."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, label + b"\x01", "sha256")[:length]


def test_pseudonyms_follow_rfc_2104_and_rfc_5869(known_key):
    derived = hkdf(SECRET, b"vestige/1/pseudonym", 32)
    message = b"phpbb\x00forum-a\x00member\x0042"
    expected = hmac.new(derived, message, hashlib.sha256).digest()[:16]
    assert known_key.pseudonyms(Software.PHPBB, "forum-a", "member", [42]) == [expected]
    assert known_key.fingerprint == hkdf(SECRET, b"vestige/1/fingerprint", 8).hex()


def test_a_new_key_is_private_random_and_readable(tmp_path):
    first, second = tmp_path / "one.key", tmp_path / "two.key"
    old = os.umask(0)
    try:
        made = write_key(first)
    finally:
        os.umask(old)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert read_key(first).fingerprint == made.fingerprint != write_key(second).fingerprint


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "forum.key"
    write_key(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="exists already"):
        write_key(path)
    assert path.read_bytes() == before


def test_the_secret_is_in_no_representation(known_key):
    shown = repr(known_key) + str(known_key)
    assert SECRET.hex() not in shown
    assert hkdf(SECRET, b"vestige/1/pseudonym", 32).hex() not in shown
    assert repr(hkdf(SECRET, b"vestige/1/pseudonym", 32))[2:-1] not in shown


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"", 0o600, "malformed or too short"),
        (f"{HEADER} {SECRET[:31].hex()}\n".encode(), 0o600, "malformed or too short"),
        (f"{HEADER} {SECRET.hex()}00\n".encode(), 0o600, "malformed or too short"),
        (f"{HEADER} {SECRET.hex()} more\n".encode(), 0o600, "malformed or too short"),
        (f"other-key {SECRET.hex()}\n".encode(), 0o600, "malformed or too short"),
        (f"{HEADER} {'zz' * 32}\n".encode(), 0o600, "malformed or too short"),
        (f"{HEADER} {'é' * 32}\n".encode(), 0o600, "malformed or too short"),
        (f"{HEADER} {SECRET.hex()}\n".encode(), 0o640, "other accounts"),
        (f"{HEADER} {SECRET.hex()}\n".encode(), 0o604, "other accounts"),
    ],
)
def test_bad_key_files_are_refused_without_quoting_them(tmp_path, content, mode, said):
    with pytest.raises(KeyFileError, match=said) as caught:
        read_key(key_file(tmp_path, content, mode))
    assert caught.value.__context__ is None
    assert SECRET.hex()[:16] not in str(caught.value)


def test_missing_folder_and_pipe_are_refused(tmp_path):
    with pytest.raises(KeyFileError, match="no key file"):
        read_key(tmp_path / "none.key")
    with pytest.raises(KeyFileError, match="no plain file"):
        read_key(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyFileError, match="no plain file"):
        read_key(tmp_path / "pipe")
    with pytest.raises(KeyFileError, match="cannot be created"):
        write_key(tmp_path / "none" / "forum.key")
