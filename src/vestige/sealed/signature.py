"""Signatures by `ssh-keygen -Y`, which needs no network and no new kind of key."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from vestige.errors import SealError, SettingsError

NAMESPACE: Final = "vestige-bag"
"""A signature made for anything else does not count."""
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
                "the key cannot sign", where="--sign-with", hint="give an OpenSSH private key that you can read"
            )
        return signature.read_bytes()


def signer_of(message: bytes, signature: bytes, signers: Path) -> str:
    """Who signed, according to a file of allowed signers (see `man ssh-keygen`, ALLOWED SIGNERS).

    Returns:
        The principal as the file of signers names it.

    Raises:
        SettingsError: OpenSSH is missing.
        SealError: the signature is not by an allowed signer, for another purpose, or not over this message.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signature"
        file.write_bytes(signature)
        known = _run(["-Y", "find-principals", "-s", str(file), "-f", str(signers)])
        principals = known.stdout.decode("utf-8", "replace").split() if known and not known.returncode else []
        for principal in principals[:1]:
            wanted = ["-Y", "verify", "-f", str(signers), "-I", principal, "-n", NAMESPACE, "-s", str(file)]
            done = _run(wanted, message)
            if done is not None and not done.returncode:
                return principal
    raise SealError(
        "the signature is not one by an allowed signer over this package",
        where="signature",
        hint="check --signers; if that is right, do not trust the package",
    )


def _run(arguments: list[str], standard_input: bytes | None = None) -> "subprocess.CompletedProcess[bytes] | None":
    """One call of ssh-keygen, whose output is never shown, since it quotes paths; it asks for a passphrase itself."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise SettingsError("ssh-keygen is missing", hint="install OpenSSH's client, 8.2 or newer")
    try:
        return subprocess.run(  # noqa: S603 - a fixed program; paths are arguments, never a shell's text
            [program, *arguments], input=standard_input, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
