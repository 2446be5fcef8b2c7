"""Check a sealed package: the signature first, then the tag manifest, then every file, and that there is no other."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from vestige.dataset.manifest import FILE_NAME, Manifest
from vestige.dataset.manifest_text import DIGEST_PATTERN
from vestige.errors import SealError
from vestige.progress import Progress, Step, ignore_progress
from vestige.sealed import layout
from vestige.sealed.bag import CONTENT, DATASET_DIGEST, OXUM
from vestige.sealed.signature import signer_of

_CHANGED = "the package was changed or damaged; get it again"


@dataclass(frozen=True)
class SealCheck:
    """A package that holds.

    Attributes:
        signer: who signed it, as the file of signers says.
        fingerprint: of the signer's key, as `ssh-keygen -l` prints it.
        content: "dataset" or "results".
        dataset_digest: of the dataset that it is, or that results come from; None where it was not named.
        bag_digest: of the tag manifest, which stands for the whole package.
        files: number of payload files.
    """

    signer: str
    fingerprint: str
    content: str
    dataset_digest: str | None
    bag_digest: str
    files: int


def verify_walk(
    results: Path, dataset: Path, *, signers: Path, progress: Progress | None = None
) -> tuple[SealCheck, SealCheck]:
    """Check a package of results and the package of its dataset: the way from a figure back to the records.

    Args:
        results: package of results or reports, or of a merged dataset.
        dataset: package of the dataset they were made from, or of one that was merged.
        signers: file of allowed signers of both.
        progress: called once a file.

    Raises:
        SealError: one of them does not hold, or the results are not of that dataset.
    """
    found = verify_bag(results, signers=signers, progress=progress)
    source = verify_bag(dataset, signers=signers, progress=progress)
    if source.content != "dataset":
        raise SealError("the package given as the dataset holds none", where="--of", hint="give the dataset's package")
    if found.content == "dataset":
        parts = Manifest.read(results / layout.PAYLOAD / found.content).parts
        if source.dataset_digest not in {part.digest for part in parts}:
            raise SealError("the dataset was not merged from that one", where="--of", hint="give the package of a part")
    elif found.dataset_digest != source.dataset_digest:
        what = "are of another dataset" if found.dataset_digest is not None else "do not say what dataset they are of"
        raise SealError(f"the results {what}", where="--of", hint="ask who sealed them for the right package")
    return found, source


def verify_bag(bag: Path, *, signers: Path, progress: Progress | None = None) -> SealCheck:
    """Check a package; nothing in it is read before its signature holds.

    Args:
        bag: its folder.
        signers: file of allowed signers, in OpenSSH's form.
        progress: called once a file.

    Raises:
        SealError: the first thing that does not hold.
        SettingsError: OpenSSH is missing.
    """
    if not signers.is_file():
        raise SealError("there is no file of signers", where="--signers", hint="give OpenSSH's file of allowed signers")
    if bag.is_symlink() or not bag.is_dir():
        raise SealError("there is no such package", hint="give the folder that vestige seal wrote")
    listed = _text(bag / layout.TAG_MANIFEST)
    signer, fingerprint = signer_of(listed.encode(), _text(bag / layout.SIGNATURE).encode(), signers)
    tags = layout.read_manifest(listed, layout.TAG_MANIFEST)
    if set(tags) != set(layout.TAG_FILES):
        raise SealError("the tag manifest does not list what it must", where=layout.TAG_MANIFEST, hint=_CHANGED)
    _compare(bag, tags, layout.TAG_MANIFEST, ignore_progress)
    payload = layout.read_manifest(_text(bag / layout.MANIFEST), layout.MANIFEST)
    if not all(path.startswith(f"{layout.PAYLOAD}/") for path in payload):
        raise SealError("a listed file is outside the payload", where=layout.MANIFEST, hint=_CHANGED)
    _refuse_unlisted(bag, payload)
    _compare(bag, payload, layout.MANIFEST, progress or ignore_progress)
    content, digest = _information(bag, payload)
    if content == "dataset":
        _refuse_other_dataset(bag / layout.PAYLOAD, payload, digest)
    return SealCheck(signer, fingerprint, content, digest, layout.digest_of(bag / layout.TAG_MANIFEST), len(payload))


def _text(file: Path) -> str:
    """A small text file of the package, read without following a link."""
    text: str | None = None
    try:
        if not file.is_symlink() and file.is_file() and file.stat().st_size <= layout.LONGEST_MANIFEST:
            text = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    if text is None:
        raise SealError("a file that every package has is missing or unreadable", where=file.name, hint=_CHANGED)
    return text


def _compare(bag: Path, digests: dict[str, str], name: str, progress: Progress) -> None:
    for done, (path, digest) in enumerate(digests.items()):
        progress(Step("checking", done, len(digests), "files"))
        if layout.digest_of(bag / path, only_name=True) != digest:
            raise SealError("a file differs from what was sealed", where=f"{name}, line {done + 1}", hint=_CHANGED)


def _refuse_unlisted(bag: Path, payload: dict[str, str]) -> None:
    """Every entry of the package must be listed, and every listed one be there."""
    if {entry.name for entry in os.scandir(bag)} != layout.TOP_LEVEL:
        raise SealError("the package holds something that no manifest lists, or lacks something", hint=_CHANGED)
    if (bag / layout.PAYLOAD).is_symlink() or not (bag / layout.PAYLOAD).is_dir():
        raise SealError("the payload is no folder", hint=_CHANGED)
    found = {f"{layout.PAYLOAD}/{path}" for path in layout.files_below(bag / layout.PAYLOAD, layout.DEEPEST - 1)}
    if missing := len(set(payload) - found):
        raise SealError(f"listed files are missing or renamed: {missing}", hint=_CHANGED)
    if added := len(found - set(payload)):
        raise SealError(f"files are in the package that no manifest lists: {added}", hint=_CHANGED)
    if any(not below and not files for _, below, files in os.walk(bag / layout.PAYLOAD)):
        raise SealError("the package holds an empty folder, which no manifest lists", hint=_CHANGED)


def _information(bag: Path, payload: dict[str, str]) -> tuple[str, str | None]:
    """What the package says it holds, which must fit what it does hold."""
    fields = [line.split(": ", 1) for line in _text(bag / layout.INFORMATION).splitlines() if ": " in line]
    lines = dict(fields)
    content, digest = lines.get(CONTENT), lines.get(DATASET_DIGEST)
    declared = _text(bag / layout.DECLARATION) == layout.DECLARATION_TEXT and len(lines) == len(fields)
    known = content in {"dataset", "results"} and (digest is None or re.match(DIGEST_PATTERN, digest))
    if content is None or not declared or not known:
        raise SealError("the package does not say what it holds", where=layout.INFORMATION, hint=_CHANGED)
    size = sum((bag / path).stat().st_size for path in payload)
    inside = {f"{layout.PAYLOAD}/{layout.CRATE}"}
    fits = all(path in inside or path.startswith(f"{layout.PAYLOAD}/{content}/") for path in payload)
    if not fits or lines.get(OXUM) != f"{size}.{len(payload)}":
        raise SealError("the package says otherwise than what it holds", where=layout.INFORMATION, hint=_CHANGED)
    return content, digest


def _refuse_other_dataset(payload: Path, listed: dict[str, str], digest: str | None) -> None:
    """A sealed dataset's own manifest must tell the same as the package."""
    folder = f"{layout.PAYLOAD}/dataset"
    manifest = Manifest.read(payload / "dataset")
    own = {f"{folder}/{entry.path}": entry.sha256 for entry in manifest.files}
    beside = {f"{folder}/{FILE_NAME}", f"{layout.PAYLOAD}/{layout.CRATE}"}
    same = {path: value for path, value in listed.items() if path not in beside} == own
    if manifest.digest != digest or not same:
        raise SealError("the dataset's manifest and the package disagree", where=FILE_NAME, hint=_CHANGED)
