"""The manifest: read strictly, and never able to hold a word of the material."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dataset.datasets import manifest, write
from vestige.dataset import Manifest, SourceCount, open_dataset, seal_manifest
from vestige.dataset.manifest_text import foreign_strings
from vestige.errors import DatasetError
from vestige.results import Finding, Severity

CANARY = "Bärbel <secret@example.org>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "dataset",
        {"section": [{"forum": 0, "section": 0, "parent": None, "kind": "market"}]},
        codes={"section.kind": ("market",)},
        absent={"view": "the software keeps no log of views"},
        findings=(Finding("deleted-authors", Severity.CAUTION, "12 % of posts have no author (deleted)."),),
        source_counts=(SourceCount("posts", 10, 9),),
        key_fingerprint="0123456789abcdef",
        options={"link_handles": False, "window_end": "2020-12-31T23:59:59", "limit": None, "kinds": ["a", 1]},
    )


def edit(folder: Path, change: Any) -> None:
    file = folder / "manifest.json"
    raw = json.loads(file.read_text())
    change(raw)
    file.write_text(json.dumps(raw))


def test_what_was_written_is_read(folder: Path) -> None:
    found = Manifest.read(folder)
    assert found.to_json() == (folder / "manifest.json").read_text()
    assert found.options["limit"] is None
    assert found.findings[0].severity is Severity.CAUTION
    assert found.source_counts == (SourceCount("posts", 10, 9),)


def test_every_absent_table_has_a_reason(folder: Path) -> None:
    found = Manifest.read(folder)
    assert found.absent["view"] == "the software keeps no log of views"
    assert found.absent["message"] == "the source does not supply it"
    assert set(found.absent) & set(found.tables) == set()


MALFORMED = {
    "unknown field": lambda raw: raw.update(notes=CANARY),
    "missing field": lambda raw: raw.pop("codes"),
    "unknown field of a file": lambda raw: raw["files"][0].update(note=CANARY),
    "unknown field of a forum": lambda raw: raw["forums"][0].update(name=CANARY),
    "forums is no list": lambda raw: raw.update(forums={}),
    "unknown software": lambda raw: raw["forums"][0].update(software=CANARY),
    "unknown resolution": lambda raw: raw.update(time_resolution=CANARY),
    "unknown severity": lambda raw: raw["findings"][0].update(severity=CANARY),
    "negative count": lambda raw: raw["source_counts"][0].update(read=-1),
    "count as text": lambda raw: raw["source_counts"][0].update(read=CANARY),
    "count as truth": lambda raw: raw["source_counts"][0].update(read=True),
    "path leaves the folder": lambda raw: raw["files"][0].update(path="../forum.parquet"),
    "absolute path": lambda raw: raw["files"][0].update(path="/etc/passwd"),
    "path in a folder": lambda raw: raw["files"][0].update(path="a/forum.parquet"),
    "path of another table": lambda raw: raw["files"][0].update(path="post.parquet"),
    "path with a line break": lambda raw: raw["files"][0].update(path="forum.parquet\n"),
    "unknown table": lambda raw: raw["files"][0].update(table="secret", path="secret.parquet"),
    "file listed twice": lambda raw: raw["files"].append(raw["files"][0]),
    "digest is none": lambda raw: raw["files"][0].update(sha256="0" * 63),
    "codes are no list": lambda raw: raw.update(codes={"section.kind": 3}),
    "options are no mapping": lambda raw: raw.update(options=[CANARY]),
    "version is no text": lambda raw: raw.update(version=1),
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_manifests_are_refused_without_a_quotation(folder: Path, change: Any) -> None:
    edit(folder, change)
    with pytest.raises(DatasetError, match=r"malformed|contradicts") as caught:
        open_dataset(folder)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": "vestige-dataset", "format": "vestige-dataset"}', '{"a": NaN}', "[" * 100_000],
)
def test_what_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DatasetError, match="no readable manifest"):
        open_dataset(folder)


def test_other_formats_and_versions_are_refused(folder: Path) -> None:
    edit(folder, lambda raw: raw.update(schema_version=2))
    with pytest.raises(DatasetError, match="another schema version"):
        open_dataset(folder)
    edit(folder, lambda raw: raw.update(format="other"))
    with pytest.raises(DatasetError, match="not of a Vestige dataset"):
        open_dataset(folder)


def test_digest_depends_on_every_file_and_not_on_the_clock(folder: Path) -> None:
    found = Manifest.read(folder)
    assert replace(found, created_at="2000-01-01T00:00:00+00:00").digest == found.digest
    for index, entry in enumerate(found.files):
        files = [*found.files]
        files[index] = replace(entry, sha256="0" * 64)
        assert replace(found, files=tuple(files)).digest != found.digest


FOREIGN = {
    "forums": {"forums": (replace(manifest().forums[0], code="Bärbels Forum"),)},
    "absent place": {"absent": {CANARY: "not supplied"}},
    "absent reason": {"absent": {"view": CANARY}},
    "absent reason with a link": {"absent": {"view": "see http://a.example"}},
    "absent reason of two lines": {"absent": {"view": "not supplied\n"}},
    "codes place": {"codes": {"post.state": ("visible",)}},
    "codes code": {"codes": {"section.kind": ("Section One",)}},
    "findings text": {"findings": (Finding("note", Severity.NOTE, CANARY),)},
    "findings code": {"findings": (Finding("A Note", Severity.NOTE, "text"),)},
    "source_counts": {"source_counts": (SourceCount("my posts", 1, 1),)},
    "key_fingerprint": {"key_fingerprint": "passphrase"},
    "options": {"options": {"title": CANARY}},
    "options name": {"options": {CANARY: 1}},
    "options nested": {"options": {"a": [{"b": [CANARY]}]}},
}


@pytest.mark.parametrize(("place", "changes"), FOREIGN.items(), ids=FOREIGN.keys())
def test_a_manifest_with_foreign_strings_is_not_written(tmp_path: Path, place: str, changes: Any) -> None:
    found = manifest(**changes)
    assert foreign_strings(found) == {place.split(maxsplit=1)[0]: 1}
    with pytest.raises(DatasetError, match=place.split(maxsplit=1)[0]) as caught:
        seal_manifest(tmp_path, found)
    assert "rbel" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
