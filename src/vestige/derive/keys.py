"""The custodian's key file, and the pseudonyms that only its holder can recompute.

A pseudonym is HMAC-SHA-256 (RFC 2104) of software, forum code, entity and numeric id, cut to 128 bits, under a key
that HKDF-SHA-256 (RFC 5869) derives from the file's 32 random bytes. The derived key and the fingerprint come from
different HKDF labels, so the fingerprint says nothing about the key. Frozen for ever: the labels, the layout of the
message and the length; tests hold vectors.
"""

import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vestige.dataset.schema import Software
from vestige.errors import KeyFileError

KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 16
FINGERPRINT_BYTES: Final = 8
ACCOUNT_KEY_BYTES: Final = 16
HEADER: Final = "vestige-key-1"

_PSEUDONYM_LABEL: Final = b"vestige/1/pseudonym"
_FINGERPRINT_LABEL: Final = b"vestige/1/fingerprint"
_SEALING_LABEL: Final = b"vestige/1/lookup"
_HANDLE_LABEL: Final = b"vestige/1/handle"
_ACCOUNT_LABEL: Final = b"vestige/1/account"
_RELEASE_LABEL: Final = b"vestige/1/release"
_SEPARATOR: Final = b"\x00"
_LARGEST_FILE: Final = 4096
_OPEN_TO_OTHERS: Final = 0o077


@dataclass(frozen=True)
class PseudonymKey:
    """A key ready for use; holds nothing from which the key file could be restored.

    Attributes:
        fingerprint: 16 hexadecimal digits that tell keys apart and reveal nothing of them.
    """

    fingerprint: str
    _derived: bytes = field(repr=False)

    def pseudonyms(self, software: Software, forum_code: str, entity: str, ids: Iterable[int]) -> list[bytes]:
        """The 16-byte pseudonyms of numeric ids, in their order.

        Args:
            software: package the ids come from.
            forum_code: the forum's lasting identity, `[a-z0-9-]`.
            entity: kind of thing the ids count, such as "member".
            ids: ids as in the source.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.hmac import HMAC

        common = HMAC(self._derived, SHA256())  # hashed once, then copied: half the cost of a fresh HMAC for each id
        common.update(_SEPARATOR.join([software.encode(), forum_code.encode(), entity.encode(), b""]))
        found = []
        for number in ids:
            code = common.copy()
            code.update(b"%d" % number)
            found.append(code.finalize()[:PSEUDONYM_BYTES])
        return found

    def for_release(self, name: str | None) -> "PseudonymKey":
        """The key of one release: pseudonyms, linked ones too, that fit no other release; the fingerprint stays.

        Args:
            name: of the release, `[a-z0-9-]`; None for the key itself.
        """
        if name is None:
            return self
        label = _SEPARATOR.join([_RELEASE_LABEL, name.encode()])
        return PseudonymKey(self.fingerprint, _expand(self._derived, label, KEY_BYTES))

    def sealing_key(self) -> bytes:
        """The 32-byte key under which the custodian's lookup is encrypted; no other use."""
        return _expand(self._derived, _SEALING_LABEL, KEY_BYTES)

    def handle_key(self) -> bytes:
        """The 32-byte key under which handles become `linked_pseudonym`; the same for every forum; no other use."""
        return _expand(self._derived, _HANDLE_LABEL, KEY_BYTES)

    def account_key(self, forum_code: str) -> bytes:
        """The 16-byte key under which words and addresses become the account numbers of one forum; no other use."""
        return _expand(self._derived, _SEPARATOR.join([_ACCOUNT_LABEL, forum_code.encode()]), ACCOUNT_KEY_BYTES)


def write_key(path: Path) -> PseudonymKey:
    """Make a new key file of 32 random bytes, readable by its owner alone.

    Raises:
        KeyFileError: the file exists already or cannot be written.
    """
    secret = secrets.token_bytes(KEY_BYTES)
    failure = _write_new(path, f"{HEADER} {secret.hex()}\n".encode())
    if failure is not None:
        raise failure
    return _derive(secret)


def read_key(path: Path) -> PseudonymKey:
    """Read a key file.

    Raises:
        KeyFileError: missing, unreadable, not a plain file, open to other accounts, too short or malformed.
    """
    content, failure = _read_private(path)
    if failure is not None:
        raise failure
    secret = _parse(content)
    if secret is None:
        raise KeyFileError(
            "the key file is malformed or too short",
            hint=f"it holds one line, '{HEADER}' and {2 * KEY_BYTES} hexadecimal digits; make one with vestige new-key",
        )
    return _derive(secret)


def _derive(secret: bytes) -> PseudonymKey:
    derived = _expand(secret, _PSEUDONYM_LABEL, KEY_BYTES)
    return PseudonymKey(_expand(secret, _FINGERPRINT_LABEL, FINGERPRINT_BYTES).hex(), derived)


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=length, salt=None, info=label).derive(secret)


def _write_new(path: Path, content: bytes) -> KeyFileError | None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return KeyFileError("the key file exists already", hint="a key is never overwritten; choose another name")
    except OSError:
        return KeyFileError("the key file cannot be created", hint="check that the folder exists and is writable")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        return KeyFileError("the key file cannot be written", hint="the disk may be full; nothing was left there")
    return None


def _read_private(path: Path) -> tuple[bytes, KeyFileError | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return b"", KeyFileError("there is no key file there", hint="make one with vestige new-key")
    except OSError:
        return b"", KeyFileError("the key file cannot be read", hint="check who owns it")
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b"", KeyFileError("the key is no plain file", hint="make one with vestige new-key")
        if status.st_mode & _OPEN_TO_OTHERS:
            return b"", KeyFileError("other accounts can use the key file", hint="run chmod 600 on it")
        return os.read(descriptor, _LARGEST_FILE), None
    finally:
        os.close(descriptor)


def _parse(content: bytes) -> bytes | None:
    words = content.split()
    if len(words) != len(("header", "digits")) or words[0] != HEADER.encode():
        return None
    try:
        secret = bytes.fromhex(words[1].decode("ascii"))
    except ValueError:
        return None
    return secret if len(secret) == KEY_BYTES else None
