"""Sealed packages: what was sealed holds, also for standard tools; whatever is changed is refused."""

import json
import os
import shutil
import subprocess

import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.cli import run
from vestige.errors import DatasetError, SealError, SettingsError
from vestige.sealed import SealSettings, seal_folder, verify_bag, verify_walk
from vestige.sealed.signature import NAMESPACE

SSH = shutil.which("ssh-keygen")
pytestmark = pytest.mark.skipif(SSH is None, reason="needs ssh-keygen, OpenSSH's client")


def make_key(folder, name="key"):
    """A key without passphrase, and a file that allows it."""
    key = folder / name
    subprocess.run([SSH, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    signers = folder / f"{name}.signers"
    signers.write_text(f"custodian@unit {(folder / f'{name}.pub').read_text()}")
    return key, signers


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def dataset(tmp_path):
    return dataset_of(tmp_path / "dataset", {"member": "member | kind\n0 | member\n1 | guest"})


@pytest.fixture
def bag(dataset, keys, tmp_path):
    seal_folder(dataset, tmp_path / "bag", settings=SealSettings(keys[0]))
    return tmp_path / "bag"


def test_a_sealed_dataset_holds_and_is_the_same_dataset(dataset, bag, keys):
    found = verify_bag(bag, signers=keys[1])
    with open_dataset(dataset) as original, open_dataset(bag / "data" / "dataset") as sealed:
        assert sealed.arrow("member") == original.arrow("member")
        assert found.dataset_digest == original.manifest.digest
    assert (found.signer, found.content, found.files) == ("custodian@unit", "dataset", 4)


def test_standard_tools_check_it_without_vestige(bag, keys):
    """sha256sum for every file, ssh-keygen for the signature."""
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", manifest], cwd=bag, check=True)
    command = [SSH, "-Y", "verify", "-f", str(keys[1]), "-I", "custodian@unit", "-n", NAMESPACE,
               "-s", str(bag / "tagmanifest-sha256.txt.sig")]  # fmt: skip
    signed = (bag / "tagmanifest-sha256.txt").read_bytes()
    assert subprocess.run(command, input=signed, capture_output=True, check=False).returncode == 0


def test_it_is_a_bag_and_a_research_object(bag):
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    information = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text().splitlines())
    payload = [file for file in (bag / "data").rglob("*") if file.is_file()]
    assert information["Payload-Oxum"] == f"{sum(file.stat().st_size for file in payload)}.{len(payload)}"
    crate = json.loads((bag / "data" / "ro-crate-metadata.json").read_text())
    graph = {entry["@id"]: entry for entry in crate["@graph"]}
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    sealed = {f"dataset/{file.name}" for file in payload if file.name != "ro-crate-metadata.json"}
    assert {part["@id"] for part in graph["./"]["hasPart"]} == sealed
    assert graph["./"]["identifier"]["@id"] == f"urn:sha256:{information['Vestige-Dataset-Digest']}"


def test_results_name_the_dataset_they_come_from(dataset, keys, tmp_path):
    (tmp_path / "results" / "charts").mkdir(parents=True)
    (tmp_path / "results" / "charts" / "curve.svg").write_text("<svg/>")
    (tmp_path / "results" / "report.html").write_text("<html></html>")
    seal_folder(tmp_path / "results", tmp_path / "bag", settings=SealSettings(keys[0], dataset))
    found = verify_bag(tmp_path / "bag", signers=keys[1])
    with open_dataset(dataset) as opened:
        assert found.dataset_digest == opened.manifest.digest
    assert found.content == "results"


def changed(file):
    file.write_bytes(file.read_bytes() + b" ")


def relisted(bag, line):
    """Add a line to the manifest, and sign nothing anew."""
    with (bag / "manifest-sha256.txt").open("a") as stream:
        stream.write(line)


ATTACKS = {
    "a payload file is changed": lambda bag: changed(bag / "data" / "dataset" / "member.parquet"),
    "the metadata are changed": lambda bag: changed(bag / "data" / "ro-crate-metadata.json"),
    "a payload file is missing": lambda bag: (bag / "data" / "dataset" / "member.parquet").unlink(),
    "a payload file is renamed": lambda bag: (bag / "data" / "dataset" / "member.parquet").rename(
        bag / "data" / "dataset" / "post.parquet"
    ),
    "a payload file is added": lambda bag: (bag / "data" / "extra.csv").write_text("x"),
    "a hidden file is added": lambda bag: (bag / "data" / ".hidden").write_text("x"),
    "a folder with a file is added": lambda bag: [(bag / "data" / "sub").mkdir(), (bag / "data" / "sub" / "a").touch()],
    "a file is added beside": lambda bag: (bag / "notes.txt").write_text("x"),
    "the manifest is changed": lambda bag: relisted(bag, f"{'0' * 64}  data/extra.csv\n"),
    "the manifest leads out": lambda bag: relisted(bag, f"{'0' * 64}  data/../../outside\n"),
    "the tag manifest is changed": lambda bag: changed(bag / "tagmanifest-sha256.txt"),
    "the declaration is changed": lambda bag: changed(bag / "bagit.txt"),
    "the information is changed": lambda bag: changed(bag / "bag-info.txt"),
    "the signature is missing": lambda bag: (bag / "tagmanifest-sha256.txt.sig").unlink(),
    "the signature is nonsense": lambda bag: (bag / "tagmanifest-sha256.txt.sig").write_text("nonsense"),
    "a payload file became a link": lambda bag: linked(bag / "data" / "dataset" / "member.parquet"),
    "the payload became a link": lambda bag: linked(bag / "data"),
    "a tag file became a link": lambda bag: linked(bag / "manifest-sha256.txt"),
    "a payload file became a pipe": lambda bag: piped(bag / "data" / "dataset" / "member.parquet"),
}


def linked(place):
    """The same bytes, elsewhere."""
    elsewhere = place.parents[1] / f"elsewhere-{place.name}"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)


def piped(place):
    place.unlink()
    os.mkfifo(place)


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_is_changed_is_refused(bag, keys, attack):
    ATTACKS[attack](bag)
    with pytest.raises(SealError):
        verify_bag(bag, signers=keys[1])


def test_a_path_out_of_the_package_is_refused_although_it_is_signed(bag, keys, tmp_path):
    """A hostile signer who is allowed: the manifest itself is malformed, so no file outside is ever opened."""
    from vestige.sealed import layout
    from vestige.sealed.signature import sign

    (tmp_path / "outside").write_text("x")
    relisted(bag, f"{layout.digest_of(tmp_path / 'outside')}  data/../../outside\n")
    tags = {name: layout.digest_of(bag / name) for name in layout.TAG_FILES}
    (bag / layout.TAG_MANIFEST).write_text(layout.manifest_text(tags))
    (bag / layout.SIGNATURE).write_bytes(sign((bag / layout.TAG_MANIFEST).read_bytes(), keys[0]))
    with pytest.raises(SealError, match="leads out of the package"):
        verify_bag(bag, signers=keys[1])


def test_another_signer_and_another_purpose_are_refused(bag, keys, tmp_path):
    _, others = make_key(tmp_path, "other")
    with pytest.raises(SealError, match="not one by an allowed signer"):
        verify_bag(bag, signers=others)
    listed = bag / "tagmanifest-sha256.txt"
    listed.with_name(f"{listed.name}.sig").unlink()
    subprocess.run([SSH, "-Y", "sign", "-q", "-f", str(keys[0]), "-n", "git", str(listed)], check=True)
    with pytest.raises(SealError, match="not one by an allowed signer"):
        verify_bag(bag, signers=keys[1])


@pytest.mark.parametrize("name", ["a b", "-rf", "ü", "a\nb", ".hidden", "CON:"])
def test_names_that_a_system_could_misread_are_not_sealed(name, keys, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / name).write_text("x")
    with pytest.raises(SealError, match="not plain") as caught:
        seal_folder(tmp_path / "results", tmp_path / "bag", settings=SealSettings(keys[0]))
    assert name not in str(caught.value)
    assert not (tmp_path / "bag").exists()


def test_what_is_no_whole_dataset_is_not_sealed(dataset, keys, tmp_path):
    settings = SealSettings(keys[0])
    (dataset / "extra.txt").write_text("x")
    with pytest.raises(DatasetError, match="does not list"):
        seal_folder(dataset, tmp_path / "bag", settings=settings)
    (dataset / "extra.txt").unlink()
    changed(dataset / "member.parquet")
    with pytest.raises(DatasetError, match="checksum"):
        seal_folder(dataset, tmp_path / "bag", settings=settings)
    with pytest.raises(SealError, match="no such folder"):
        seal_folder(tmp_path / "nowhere", tmp_path / "bag", settings=settings)
    assert not (tmp_path / "bag").exists()


def test_a_key_that_cannot_sign_leaves_nothing(dataset, tmp_path):
    (tmp_path / "key").write_text("no key")
    with pytest.raises(SealError, match="cannot sign"):
        seal_folder(dataset, tmp_path / "bag", settings=SealSettings(tmp_path / "key"))
    assert not (tmp_path / "bag").exists()


def test_without_openssh_it_is_said(bag, keys, monkeypatch):
    monkeypatch.setattr("vestige.sealed.signature.shutil.which", lambda _: None)
    with pytest.raises(SettingsError, match="ssh-keygen is missing"):
        verify_bag(bag, signers=keys[1])


def test_the_commands(dataset, keys, capsys):
    assert run(["seal", str(dataset), "--sign-with", str(keys[0])]) == 0
    sealed = capsys.readouterr().out
    bag = dataset.with_name("dataset.bag")
    assert run(["verify", str(bag), "--signers", str(keys[1])]) == 0
    checked = capsys.readouterr().out
    assert checked.splitlines()[1:] == sealed.splitlines()
    assert run(["seal", str(dataset), "--sign-with", str(keys[0])]) == 2
    assert "exists already" in capsys.readouterr().err
    changed(bag / "data" / "dataset" / "member.parquet")
    assert run(["verify", str(bag), "--signers", str(keys[1])]) == 1
    assert "differs from what was sealed" in capsys.readouterr().err


def report_of(dataset, file):
    """A real report on a small dataset, as a new user would make it."""
    assert run(["report", str(dataset), "--out", str(file), "--quiet"]) == 0
    return file


@pytest.fixture
def small(tmp_path):
    assert run(["simulate", "--out", str(tmp_path / "sim"), "--members", "40", "--months", "4"]) == 0
    return tmp_path / "sim" / "dataset"


def test_from_a_figure_back_to_the_bag(small, bag, keys, tmp_path, capsys):
    """A report alone is sealed; it names its dataset, and the two packages are checked together."""
    page = report_of(small, tmp_path / "page.html")
    assert run(["seal", str(small), "--sign-with", str(keys[0]), "--out", str(tmp_path / "small.bag")]) == 0
    assert run(["seal", str(page), "--sign-with", str(keys[0])]) == 0
    with open_dataset(small) as opened:
        digest = opened.manifest.digest
    assert verify_bag(tmp_path / "page.bag", signers=keys[1]).dataset_digest == digest
    assert (tmp_path / "page.bag" / "data" / "results" / "page.html").read_bytes() == page.read_bytes()
    walk = ["verify", str(tmp_path / "page.bag"), "--signers", str(keys[1]), "--of"]
    assert run([*walk, str(tmp_path / "small.bag")]) == 0
    assert f"Dataset {digest}" in capsys.readouterr().out
    assert run([*walk, str(bag)]) == 1
    assert "of another dataset" in capsys.readouterr().err


def test_results_cannot_be_sealed_as_of_another_dataset(small, dataset, keys, tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    with open_dataset(small) as opened:
        digest = opened.manifest.digest
    text = " " * ((1 << 20) - 40) + json.dumps({"provenance": {"dataset_digest": digest}})
    (results / "results.json").write_text(text)  # the mention lies across two blocks
    for given in (small, None):
        settings = SealSettings(keys[0], given, replace_existing=True)
        assert seal_folder(results, tmp_path / "out.bag", settings=settings)[1] == digest
    with pytest.raises(SealError, match="another dataset"):
        seal_folder(results, tmp_path / "other.bag", settings=SealSettings(keys[0], dataset))
    (results / "second.json").write_text(json.dumps({"dataset_digest": "0" * 64}))
    with pytest.raises(SealError, match="several datasets"):
        seal_folder(results, tmp_path / "other.bag", settings=SealSettings(keys[0]))
    assert not (tmp_path / "other.bag").exists()


def test_the_dataset_of_results_may_be_given_as_its_package(dataset, bag, keys, tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "figures.csv").write_text("a,b\n")
    digest = seal_folder(results, tmp_path / "results.bag", settings=SealSettings(keys[0], bag))[1]
    with open_dataset(dataset) as opened:
        assert digest == opened.manifest.digest
    found, source = verify_walk(tmp_path / "results.bag", bag, signers=keys[1])
    assert (found.content, source.content) == ("results", "dataset")
    with pytest.raises(SealError, match="holds none"):
        verify_walk(tmp_path / "results.bag", tmp_path / "results.bag", signers=keys[1])
