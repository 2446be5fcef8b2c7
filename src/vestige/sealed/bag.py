"""Seal a folder: a BagIt bag with RO-Crate metadata, signed over its tag manifest."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from vestige.dataset.manifest import FILE_NAME, Manifest
from vestige.errors import DatasetError, OutputError, SealError
from vestige.outputs import staged_folder
from vestige.progress import ASKING, Progress, Step, ignore_progress
from vestige.sealed import layout
from vestige.sealed.signature import sign
from vestige.version import __version__

DATASET_DIGEST: Final = "Vestige-Dataset-Digest"
CONTENT: Final = "Vestige-Content"
OXUM: Final = "Payload-Oxum"
_CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
"""Never fetched. It does not know the term `sha256`, which is therefore declared beside it."""
_KINDS: Final = {
    ".parquet": "application/vnd.apache.parquet", ".json": "application/json", ".csv": "text/csv",
    ".html": "text/html", ".svg": "image/svg+xml", ".png": "image/png", ".txt": "text/plain", ".md": "text/markdown",
    ".toml": "application/toml", ".pdf": "application/pdf",
}  # fmt: skip


@dataclass(frozen=True)
class SealSettings:
    """Choices of a seal.

    Attributes:
        key: OpenSSH key to sign with.
        dataset: folder, or sealed package, of the dataset that sealed results were made from; None for a dataset
            itself, and for results that name their dataset by themselves.
        replace_existing: whether a package at the output may be replaced.
    """

    key: Path
    dataset: Path | None = None
    replace_existing: bool = False


def seal_folder(
    folder: Path, bag: Path, *, settings: SealSettings, progress: Progress | None = None
) -> tuple[str, str | None]:
    """Copy a dataset, a folder of results, or one report, into a signed bag; whole or not at all.

    Results that name a dataset (reports do, and every JSON with a provenance) must name the one given, and name it for
    the package where none is given.

    Args:
        folder: what to seal: a folder, or a single file.
        bag: the new folder.
        settings: the key, and what the results are of.
        progress: called once a file.

    Returns:
        Digest of the tag manifest, which stands for the whole bag, and the dataset's digest where there is one.

    Raises:
        SealError: a name is not plain, a link or a custodian's secret lies in the folder, a file changed meanwhile,
            results are of another dataset, or the key cannot sign.
        DatasetError: a folder with a manifest is not that dataset.
        OutputError: the bag exists, lies in what is sealed, or cannot be written.
    """
    whole, (folder, files) = folder, _files(folder)
    layout.refuse_secrets(folder, files)
    if whole.is_dir() and whole.resolve() in bag.resolve().parents:
        raise OutputError("a package must not lie in what it seals", hint="choose another --out")
    content, digest = _content(folder, files, settings.dataset)
    tell = progress or ignore_progress
    with staged_folder(bag, replace=settings.replace_existing) as staged:
        payload = staged / layout.PAYLOAD
        digests = {f"{content}/{path}": own for path, own in _copy(folder, payload / content, files, tell).items()}
        crate = json.dumps(_crate(payload, digests, content, digest), indent=1, sort_keys=True) + "\n"
        (payload / layout.CRATE).write_text(crate, encoding="utf-8")
        digests[layout.CRATE] = layout.digest_of(payload / layout.CRATE)
        tags = {
            layout.DECLARATION: layout.DECLARATION_TEXT,
            layout.INFORMATION: _information(payload, digests, content, digest),
            layout.MANIFEST: layout.manifest_text({f"{layout.PAYLOAD}/{path}": own for path, own in digests.items()}),
        }
        for name, text in tags.items():
            (staged / name).write_text(text, encoding="utf-8")
        listed = layout.manifest_text({name: layout.digest_of(staged / name) for name in tags})
        (staged / layout.TAG_MANIFEST).write_text(listed, encoding="utf-8")
        tell(Step("sealing", len(files), len(files), "files"))
        tell(Step(ASKING, 0))
        (staged / layout.SIGNATURE).write_bytes(sign(listed.encode(), settings.key))
        return layout.digest_of(staged / layout.TAG_MANIFEST), digest


def _files(place: Path) -> tuple[Path, list[str]]:
    """The folder, and the names of what is sealed of it."""
    if place.is_file() and not place.is_symlink():
        if not layout.is_plain_path(place.name):
            raise SealError("the file's name is not plain", hint="use letters, digits, dots, - and _")
        return place.absolute().parent, [place.name]
    if not place.is_dir() or place.is_symlink():
        raise SealError("there is no such folder or file", hint="give a dataset, a folder of results, or a report")
    files = list(layout.files_below(place))
    if len({path.lower() for path in files}) < len(files):
        raise SealError("two names differ in case only", hint="rename one: many systems cannot tell them apart")
    if not files:
        raise SealError("the folder is empty", hint="give the folder of a dataset or of results")
    return place, files


def _content(folder: Path, files: list[str], dataset: Path | None) -> tuple[str, str | None]:
    """What is sealed, and the digest of the dataset that it is or comes from; a dataset is checked file by file."""
    if dataset is not None or FILE_NAME not in files:
        return "results", _digest_of_results(folder, files, dataset)
    manifest = Manifest.read(folder)
    listed = {entry.path: entry.sha256 for entry in manifest.files}
    if set(files) != {*listed, FILE_NAME}:
        raise DatasetError("the dataset holds files that its manifest does not list, or lacks some",
                           hint="run vestige validate on it")  # fmt: skip
    if any(layout.digest_of(folder / path) != digest for path, digest in listed.items()):
        raise DatasetError("a file does not match its checksum in the manifest", hint="run vestige validate on it")
    return "dataset", manifest.digest


def _digest_of_results(folder: Path, files: list[str], dataset: Path | None) -> str | None:
    """The digest of the dataset that results are of: of the one given, which they may not contradict, or as named."""
    named = layout.digests_named(folder, files)
    if dataset is None:
        if len(named) > 1:
            raise SealError("the results are of several datasets", hint="seal those of each dataset by themselves")
        return next(iter(named), None)
    inside = dataset / layout.PAYLOAD / "dataset"
    given = Manifest.read(inside if inside.is_dir() else dataset).digest
    if named - {given}:
        raise SealError("the results name another dataset than --of", hint="give the dataset they were made from")
    return given


def _copy(folder: Path, payload: Path, files: list[str], progress: Progress) -> dict[str, str]:
    """Copy, and refuse what changes while it is copied."""
    digests = {}
    for done, path in enumerate(files):
        progress(Step("sealing", done, len(files), "files"))
        target = payload / path
        target.parent.mkdir(parents=True, exist_ok=True)
        before = layout.digest_of(folder / path)
        shutil.copyfile(folder / path, target, follow_symlinks=False)
        digests[path] = layout.digest_of(target)
        if digests[path] != before:
            raise SealError("a file changed while it was sealed", hint="let nothing write there, and seal again")
    return digests


def _information(payload: Path, digests: Mapping[str, str], content: str, digest: str | None) -> str:
    size = sum((payload / path).stat().st_size for path in digests)
    lines = {
        "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Bag-Software-Agent": f"Vestige {__version__}",
        OXUM: f"{size}.{len(digests)}",
        CONTENT: content,
        **({DATASET_DIGEST: digest} if digest else {}),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def _crate(payload: Path, digests: Mapping[str, str], content: str, digest: str | None) -> dict[str, Any]:
    """RO-Crate 1.1: which files there are, what made them, and what dataset they come from."""
    source = {"@id": f"urn:sha256:{digest}"} if digest else None
    dataset = content == "dataset"
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": "Content-free dataset of an online forum" if dataset else "Results of an analysis",
        "description": "Pseudonymised records of activity, without text, names, images or addresses."
        if dataset
        else "Tables, charts and reports made from a content-free dataset.",
        "datePublished": f"{datetime.now(UTC):%Y-%m-%d}",
        "license": "By agreement with the custodian; not for publication.",
        "hasPart": [{"@id": path} for path in digests],
    }
    if source is not None:
        root["identifier" if dataset else "isBasedOn"] = source
    parts = [
        {
            "@id": path,
            "@type": "File",
            "name": path,
            "contentSize": str((payload / path).stat().st_size),
            "sha256": own,
            "encodingFormat": _KINDS.get(Path(path).suffix, "application/octet-stream"),
        }
        for path, own in digests.items()
    ]
    about = {
        "@id": layout.CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    made = [] if source is None else [{**source, "@type": "Dataset", "name": "The dataset's digest (SHA-256)"}]
    return {"@context": [_CONTEXT, {"sha256": "https://schema.org/sha256"}], "@graph": [about, root, *parts, *made]}
