"""Classes by hash lists: each object gets its list's class, and no hash is anywhere afterwards."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from derive.commands import run_here
from derive.leaks import disclosed
from vestige.dataset import Manifest, open_dataset, validate_dataset
from vestige.derive.classifying import ClassifyResult, classify_objects
from vestige.derive.keys import read_key, write_key
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveSettings, derive_dataset
from vestige.errors import DatasetError, KeyFileError, LookupFileError, SourceError, VestigeError

NUMBERS = [17, 4, 256, 90, 31]
MAP = '[object]\nfile = "objects.csv"\nobject = "id"\nuploader = "who"\nat = "at"\n'


def digest(number: int, kind: str = "sha1") -> str:
    return hashlib.new(kind, f"object {number}".encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = ["id,who,at", *(f"{number},1,2015-01-0{place + 1}" for place, number in enumerate(NUMBERS))]
    (tmp_path / "objects.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "map.toml").write_text(MAP)
    write_key(tmp_path / "key")
    derive_dataset(
        open_source(str(tmp_path / "map.toml")), tmp_path / "dataset", key=read_key(tmp_path / "key"),
        forum_code="forum-a", lookup=tmp_path / "lookup", settings=DeriveSettings(release="spring"),
    )  # fmt: skip
    own = [(number, digest(number)) for number in [*NUMBERS, 999]] + [(17, digest(17, "md5"))]
    (tmp_path / "own.csv").write_text("object,hash\n" + "".join(f"{number},{one}\n" for number, one in own))
    listed = [
        (digest(17, "md5").upper(), "class-a"),
        (digest(256), "class-b"),
        (digest(90), "class-a"),
        (digest(5), "class-c"),
    ]
    (tmp_path / "list.csv").write_text("class,hash\n" + "".join(f"{label},{one}\n" for one, label in listed))
    return tmp_path


def classify(folder: Path, **changes: Any) -> ClassifyResult:
    chosen = {"hashes": folder / "list.csv", "objects": folder / "own.csv", "lookup": folder / "lookup",
              "key": read_key(folder / "key"), **changes}  # fmt: skip
    return classify_objects(folder / "dataset", folder / "classified", **chosen)


def classes(folder: Path) -> list[str | None]:
    with open_dataset(folder) as dataset:
        found: list[str | None] = dataset.arrow("object")["class"].to_pylist()
        return found


def test_files_of_the_software_and_objects_without_a_hash_are_passed_over(folder: Path) -> None:
    """Discourse numbers its own files below 0, and has no SHA-1 of some."""
    own = (folder / "own.csv").read_text().replace(f"31,{digest(31)}\n", "31,\n")
    (folder / "own.csv").write_text(f"{own}-1,{digest(1)}\n4, \n")
    result = classify(folder)
    assert result.classes == {"class-a": 2, "class-b": 1}
    assert (result.objects, result.hashed) == (5, 4)


def test_each_object_has_the_class_of_its_hash(folder: Path) -> None:
    result = classify(folder)
    assert validate_dataset(folder / "classified").passed
    by_number = dict(zip(sorted(NUMBERS), classes(folder / "classified"), strict=True))
    assert by_number == {4: None, 17: "class-a", 31: None, 90: "class-a", 256: "class-b"}
    assert result.classes == {"class-a": 2, "class-b": 1}
    assert (result.objects, result.hashed) == (5, 5)
    manifest = Manifest.read(folder / "classified")
    assert manifest.codes["object.class"] == ("class-a", "class-b")
    assert "object.class" not in manifest.absent
    assert {finding.code for finding in manifest.findings} >= {"objects-classified", "small-classes"}
    assert manifest.digest != Manifest.read(folder / "dataset").digest


def test_the_rest_of_the_dataset_is_the_same(folder: Path) -> None:
    classify(folder)
    for name in ("member.parquet", "forum.parquet"):
        assert (folder / "classified" / name).read_bytes() == (folder / "dataset" / name).read_bytes()


def test_another_list_takes_the_place_of_the_first(folder: Path) -> None:
    classify(folder)
    (folder / "list.csv").write_text(f"hash,class\n{digest(4)},other\n")
    chosen = {"hashes": folder / "list.csv", "objects": folder / "own.csv", "lookup": folder / "lookup"}
    place = folder / "classified"
    classify_objects(place, place, key=read_key(folder / "key"), replace_existing=True, **chosen)
    assert classes(place) == ["other", None, None, None, None]
    (folder / "list.csv").write_text(f"hash,class\n{digest(5)},other\n")
    classify_objects(place, place, key=read_key(folder / "key"), replace_existing=True, **chosen)
    assert classes(place) == [None] * 5
    assert validate_dataset(place).passed


WRONG: dict[str, tuple[str, str, type[VestigeError]]] = {
    "a label that is text": ("list.csv", f"hash,class\n{digest(4)},Some Words\n", SourceError),
    "a label that is a hash": ("list.csv", f"hash,class\n{digest(4)},{digest(4)}\n", SourceError),
    "a hash that is none": ("list.csv", "hash,class\nzaphod-beeblebrox-zaphod-beeblebrox,a\n", SourceError),
    "one hash in two classes": ("list.csv", f"hash,class\n{digest(4)},a\n{digest(4)},b\n", SourceError),
    "one object in two classes": (
        "list.csv", f"hash,class\n{digest(17)},a\n{digest(17, 'md5')},b\n", SourceError,
    ),
    "too many classes": (
        "list.csv", "hash,class\n" + "".join(f"{digest(one)},c{one}\n" for one in range(101)), SourceError,
    ),
    "no column of hashes": ("list.csv", f"digest,class\n{digest(4)},a\n", SourceError),
    "a number that is none": ("own.csv", f"object,hash\nseventeen,{digest(17)}\n", SourceError),
    "no lookup": ("lookup", "nothing of that kind", LookupFileError),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_without_a_value(folder: Path, name: str) -> None:
    file, content, kind = WRONG[name]
    (folder / file).write_text(content)
    with pytest.raises(kind) as caught:
        classify(folder)
    assert not {
        word for word in content.replace("\n", ",").split(",")[2:] if len(word) > 3 and word in str(caught.value)
    }
    assert caught.value.__context__ is None
    assert not (folder / "classified").exists()


def test_strangers(folder: Path) -> None:
    write_key(folder / "other")
    with pytest.raises(KeyFileError):
        classify(folder, key=read_key(folder / "other"))
    lines = (folder / "objects.csv").read_text().replace(",1,", ",2,")
    (folder / "objects.csv").write_text(lines)
    derive_dataset(
        open_source(str(folder / "map.toml")), folder / "second", key=read_key(folder / "key"), forum_code="forum-b",
        lookup=folder / "lookup-b", settings=DeriveSettings(release="spring"),
    )  # fmt: skip
    with pytest.raises(LookupFileError, match="another dataset"):
        classify(folder, lookup=folder / "lookup-b")
    (folder / "map.toml").write_text('[view]\nfile = "objects.csv"\nmember = "who"\nkind = { value = "visit" }\n')
    derive_dataset(
        open_source(str(folder / "map.toml")), folder / "bare", key=read_key(folder / "key"), forum_code="forum-a"
    )
    with pytest.raises(DatasetError):
        classify_objects(
            folder / "bare", folder / "classified", hashes=folder / "list.csv", objects=folder / "own.csv",
            lookup=folder / "lookup", key=read_key(folder / "key"),
        )  # fmt: skip


def test_no_hash_is_in_the_dataset_or_in_what_is_said(folder: Path) -> None:
    hashes = [digest(number) for number in [*NUMBERS, 999, 5]] + [digest(17, "md5")]
    options = ["--hashes", folder / "list.csv", "--objects", folder / "own.csv", "--lookup", folder / "lookup"]
    status, *said = run_here(
        "classify-objects", folder / "dataset", *options, "--key", folder / "key", "--out", folder / "classified"
    )
    assert status == 0
    assert b"class-a" in said[0]
    assert disclosed(hashes, folder / "classified", *said) == set()
