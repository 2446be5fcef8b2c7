"""Where everything stands in a bag (RFC 8493), and what a name in it may look like."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from vestige.errors import SealError

DECLARATION: Final = "bagit.txt"
DECLARATION_TEXT: Final = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
INFORMATION: Final = "bag-info.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
SIGNATURE: Final = "tagmanifest-sha256.txt.sig"
PAYLOAD: Final = "data"
CRATE: Final = "ro-crate-metadata.json"
"""In the payload, where the research object begins (RO-Crate 1.1, section on BagIt), beside what was sealed."""

TAG_FILES: Final = (DECLARATION, INFORMATION, MANIFEST)
"""Those that the tag manifest lists, no more and no fewer."""
TOP_LEVEL: Final = frozenset({*TAG_FILES, TAG_MANIFEST, SIGNATURE, PAYLOAD})
DEEPEST: Final = 8
LONGEST_MANIFEST: Final = 16 * 1024 * 1024
_NAME: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,99}", re.ASCII)
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\n]+)", re.ASCII)
_SECRETS: Final = (b"vestige-key-", b"vestige-lookup-", b"# FOR THE CUSTODIAN ALONE", b"-----BEGIN ")
"""How files begin that never leave: the custodian's key, lookup and map, and private keys."""
_BLOCK: Final = 1 << 20
_LONGEST_MENTION: Final = 256
_TEXTS: Final = frozenset({".json", ".html", ".md", ".txt"})
_NAMED: Final = re.compile(rb"(?:dataset_digest\"\s*:\s*\"|\bDataset )([0-9a-f]{64})(?![0-9a-f])")
"""How a result names its dataset: a provenance in JSON, or a line of a report or of what a command prints."""


def is_plain_path(path: str) -> bool:
    """Whether a relative path has only plain names: no `..`, no hidden file, no character that any system reads."""
    parts = path.split("/")
    return len(parts) <= DEEPEST and all(_NAME.fullmatch(part) for part in parts)


def digest_of(file: Path, *, only_name: bool = False) -> str:
    """SHA-256 of a plain file, never through a link.

    Args:
        file: which.
        only_name: whether it may have no second name (a hard link), through which it could be changed from elsewhere.

    Raises:
        SealError: it is missing, a link, no plain file, or cannot be read.
    """
    linked = False
    descriptor = -1
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        state = os.fstat(descriptor)
        linked = only_name and state.st_nlink > 1
        if stat.S_ISREG(state.st_mode) and not linked:
            found = hashlib.sha256()
            while block := os.read(descriptor, _BLOCK):
                found.update(block)
            return found.hexdigest()
    except OSError:
        pass
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    if linked:
        raise SealError("a file has a second name (a hard link)", hint="copy the package (cp -r) and check the copy")
    raise SealError("a file is missing, a link, or cannot be read", hint="get the package again")


def digests_named(folder: Path, files: Iterable[str]) -> set[str]:
    """Digests of datasets that reports and results in JSON name."""
    found: set[str] = set()
    for path in files:
        if Path(path).suffix.lower() in _TEXTS:
            with (folder / path).open("rb") as stream:
                found |= _digests_in(stream)
    return found


def _digests_in(stream: IO[bytes]) -> set[str]:
    """Block by block; a mention that lies across two is seen in what is kept of the first."""
    found: set[str] = set()
    kept = b""
    while block := stream.read(_BLOCK):
        text = kept + block
        found |= {match.decode() for match in _NAMED.findall(text)}
        kept = text[-_LONGEST_MENTION:]
    return found


def refuse_secrets(folder: Path, files: Iterable[str]) -> None:
    """Refuse files that are for the custodian alone.

    Raises:
        SealError: there is one.
    """
    for path in files:
        with (folder / path).open("rb") as stream:
            if stream.read(_LONGEST_MENTION).lstrip().startswith(_SECRETS):
                raise SealError(
                    "a key, a lookup or a custodian's map lies in the folder", hint="they never leave: move it away"
                )


def files_below(folder: Path, depth: int = DEEPEST - 2) -> Iterator[str]:
    """Relative paths of everything below a folder that is no folder, in order; links are not followed.

    Args:
        folder: which.
        depth: folders within one another that are allowed, so that paths in a package have at most `DEEPEST` parts.

    Raises:
        SealError: an entry's name is not plain, it is neither a plain file nor a folder, or it lies too deep.
    """
    if depth < 1:
        raise SealError("folders lie too deep within one another", hint=f"at most {DEEPEST - 2} levels can be sealed")
    for entry in sorted(os.scandir(folder), key=lambda found: found.name):
        if not _NAME.fullmatch(entry.name):
            raise SealError(
                "a name in the folder is not plain", hint="use letters, digits, dots, - and _; no hidden files"
            )
        if entry.is_dir(follow_symlinks=False):
            for below in files_below(Path(entry.path), depth - 1):
                yield f"{entry.name}/{below}"
        elif entry.is_file(follow_symlinks=False):
            yield entry.name
        else:
            raise SealError("the folder holds a link or a special file", hint="only plain files can be sealed")


def manifest_text(digests: Mapping[str, str]) -> str:
    """Lines as `sha256sum -c` reads them."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))


def read_manifest(text: str, name: str) -> dict[str, str]:
    """Path to digest.

    Raises:
        SealError: a line is malformed, a path is not plain, one stands twice (also if only its case differs), or the
            text is not, byte for byte, the one way to write this down: other tools could read it otherwise.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or not is_plain_path(match[2]) or match[2].lower() in seen:
            raise SealError(
                "a line is malformed, leads out of the package, or stands twice",
                where=f"{name}, line {number}",
                hint="this package was not written by vestige seal, or was changed",
            )
        seen.add(match[2].lower())
        found[match[2]] = match[1]
    if manifest_text(found) != text:
        raise SealError(
            "the lines are not as vestige seal writes them", where=name, hint="was it changed, or converted on its way?"
        )
    return found
