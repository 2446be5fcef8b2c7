"""Signatures by `ssh-keygen -Y`, which needs no network and no new kind of key."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from vestige.errors import SealError, SettingsError

NAMESPACE: Final = "vestige-bag"
"""A signature made for anything else does not count."""
_FINGERPRINT: Final = re.compile(rb"SHA256:[A-Za-z0-9+/]{43}")
_LONGEST_SIGNERS: Final = 1 << 16
"""Bytes of a file of signers whose lines are tried one by one."""
_PATIENCE: Final = 600
"""Seconds for a person to type a passphrase or touch a key."""


def sign(message: bytes, key: Path) -> bytes:
    """A detached signature over `message` in the namespace of bags.

    Args:
        message: what is signed.
        key: private key, or a public one whose private key an agent holds.

    Raises:
        SettingsError: OpenSSH is missing.
        SealError: the key cannot be used.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "message"
        file.write_bytes(message)
        done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(file)])
        signature = file.with_suffix(".sig")
        if done is None or done.returncode or not signature.is_file():
            raise SealError(
                "the key cannot sign",
                where="--sign-with",
                hint="give an OpenSSH private key of mode 600; one with a passphrase needs a terminal, or ssh-agent "
                "and its .pub file",
            )
        return signature.read_bytes()


def signer_of(message: bytes, signature: bytes, signers: Path) -> tuple[str, str]:
    """Who signed, according to a file of allowed signers (see `man ssh-keygen`, ALLOWED SIGNERS).

    Returns:
        The principal as the file of signers names it, and the fingerprint of the key.

    Raises:
        SettingsError: OpenSSH is missing.
        SealError: the signature is not by an allowed signer, for another purpose, or not over this message.
    """
    with tempfile.TemporaryDirectory() as folder:
        file, one = Path(folder) / "signature", Path(folder) / "signer"
        file.write_bytes(signature)
        found = _signed_by(message, file, signers)
        if found is None:  # of a key that stands in several lines, ssh-keygen looks at the first one only
            for line in _lines(signers):
                one.write_bytes(line)
                found = found or _signed_by(message, file, one)
        if found is not None:
            return found
    raise SealError(
        "the signature is not one by an allowed signer over this package",
        where="signature",
        hint="check --signers; if that is right, do not trust the package",
    )


def _signed_by(message: bytes, signature: Path, signers: Path) -> tuple[str, str] | None:
    known = _run(["-Y", "find-principals", "-s", str(signature), "-f", str(signers)])
    principals = known.stdout.decode("utf-8", "replace").splitlines() if known and not known.returncode else []
    for principal in principals[:1]:
        wanted = ["-Y", "verify", "-f", str(signers), "-I", principal, "-n", NAMESPACE, "-s", str(signature)]
        done = _run(wanted, message)
        if done is not None and not done.returncode:
            printed = _FINGERPRINT.search(done.stdout)
            return principal, printed[0].decode() if printed else ""
    return None


def _lines(signers: Path) -> list[bytes]:
    """Lines of a file of signers, if there are several."""
    lines: list[bytes] = []
    if signers.stat().st_size <= _LONGEST_SIGNERS:
        lines = [line for line in signers.read_bytes().splitlines() if line.strip() and not line.startswith(b"#")]
    return lines if len(lines) > 1 else []


def _run(arguments: list[str], standard_input: bytes | None = None) -> "subprocess.CompletedProcess[bytes] | None":
    """One call of ssh-keygen, whose output is never shown, since it quotes paths; it asks for a passphrase itself."""
    places = [place for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(place).is_absolute()]
    program = shutil.which("ssh-keygen", path=os.pathsep.join(places))  # never one in the folder of a package
    if program is None:
        raise SettingsError("ssh-keygen is missing", hint="install OpenSSH's client, 8.2 or newer")
    try:
        return subprocess.run(  # noqa: S603 - a fixed program; paths are arguments, never a shell's text
            [program, *arguments], input=standard_input, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
