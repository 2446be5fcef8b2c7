"""Sealed packages: what was sealed holds, also for standard tools; whatever is changed is refused."""

import json
import os
import shutil
import subprocess

import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.cli import run
from vestige.dataset import merge_datasets
from vestige.errors import DatasetError, OutputError, SealError, SettingsError
from vestige.progress import ASKING
from vestige.sealed import SealSettings, layout, seal_folder, verify_bag, verify_walk
from vestige.sealed.signature import NAMESPACE, sign

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
    "an empty folder is added": lambda bag: (bag / "data" / "empty").mkdir(),
    "a payload file has a second name": lambda bag: os.link(
        bag / "data" / "dataset" / "member.parquet", bag.parent / "x"
    ),
    "a list of files to fetch is added": lambda bag: (bag / "fetch.txt").touch(),
    "a second manifest is added": lambda bag: shutil.copy(bag / "manifest-sha256.txt", bag / "manifest-sha512.txt"),
    "a folder as deep as it goes": lambda bag: (bag / "data" / "/".join(["d"] * 900)).mkdir(parents=True),
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


def signed_anew(bag, key):
    """A hostile signer who is allowed."""
    tags = {name: layout.digest_of(bag / name) for name in layout.TAG_FILES}
    (bag / layout.TAG_MANIFEST).write_text(layout.manifest_text(tags))
    (bag / layout.SIGNATURE).write_bytes(sign((bag / layout.TAG_MANIFEST).read_bytes(), key))


def replaced(file, old, new):
    file.write_bytes(file.read_bytes().replace(old, new))


SIGNED_ATTACKS = {
    "leads out": lambda bag: relisted(bag, f"{layout.digest_of(bag / 'bagit.txt')}  data/../bagit.txt\n"),
    "stands twice": lambda bag: relisted(bag, f"{'0' * 64}  data/dataset/MEMBER.parquet\n"),
    "malformed": lambda bag: relisted(bag, f"{'0' * 64} *data/dataset/post.parquet\n"),
    "as vestige seal writes them": lambda bag: replaced(bag / "manifest-sha256.txt", b"\n", b"\r\n"),
    "not as vestige seal": lambda bag: replaced(bag / "manifest-sha256.txt", b"\n", "\u2028".encode()),
    "does not say what it holds": lambda bag: replaced(bag / "bagit.txt", b"1.0", b"0.9"),
    "not say what it holds": lambda bag: replaced(bag / "bag-info.txt", b"Bagging", b"Vestige-Content: x\nBagging"),
    "says otherwise": lambda bag: replaced(bag / "bag-info.txt", b"Oxum: ", b"Oxum: 1"),
    "otherwise than what it holds": lambda bag: replaced(bag / "bag-info.txt", b": dataset", b": results"),
}  # fmt: skip
"""What an allowed signer may not do either, since other tools could read it otherwise; by words of the refusal."""


@pytest.mark.parametrize("words", SIGNED_ATTACKS)
def test_what_can_be_read_in_two_ways_is_refused_although_it_is_signed(bag, keys, words):
    SIGNED_ATTACKS[words](bag)
    signed_anew(bag, keys[0])
    with pytest.raises(SealError, match=words):
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


def test_files_of_signers_as_people_keep_them(bag, keys, tmp_path):
    """A key for several purposes in several lines, one with an end, a principal of two words; and what they refuse."""
    public = keys[0].with_name("key.pub").read_text()
    signers = tmp_path / "signers"
    for lines, expected in (
        (f'a@unit namespaces="git" {public}b@unit namespaces="vestige-bag" {public}', "b@unit"),
        (f'# ours\n\n"Unit Nine" {public}', "Unit Nine"),
        (f'a@unit valid-before="20200101" {public}b@unit {public}', "b@unit"),
        (f'a@unit namespaces="git" {public}', None),
        (f'a@unit valid-before="20200101" {public}', None),
        (public, None),
        ("", None),
    ):
        signers.write_text(lines)
        if expected is None:
            with pytest.raises(SealError, match="not one by an allowed signer"):
                verify_bag(bag, signers=signers)
        else:
            assert verify_bag(bag, signers=signers).signer == expected
    printed = subprocess.run([SSH, "-l", "-f", str(keys[0])], capture_output=True, text=True, check=True).stdout
    assert verify_bag(bag, signers=keys[1]).fingerprint == printed.split()[1]


def test_a_program_beside_the_package_is_not_run(bag, keys, monkeypatch):
    """An empty or relative entry of PATH means the folder one stands in."""
    (bag.parent / "ssh-keygen").write_text("#!/bin/sh\ntouch ran\n")
    (bag.parent / "ssh-keygen").chmod(0o755)
    monkeypatch.chdir(bag.parent)
    monkeypatch.setenv("PATH", f":.:{os.environ['PATH']}")
    assert verify_bag(bag, signers=keys[1]).content == "dataset"
    assert not (bag.parent / "ran").exists()


@pytest.mark.parametrize(
    "first", ["vestige-key-1 00", "# FOR THE CUSTODIAN ALONE. x", "\n-----BEGIN OPENSSH PRIVATE KEY-"]
)
def test_what_is_for_the_custodian_alone_is_not_sealed(first, keys, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "notes").write_text(first)
    with pytest.raises(SealError, match="never leave"):
        seal_folder(tmp_path / "results", tmp_path / "bag", settings=SealSettings(keys[0]))


def test_what_could_not_be_verified_is_not_sealed(keys, dataset, tmp_path):
    settings = SealSettings(keys[0])
    with pytest.raises(OutputError, match="must not lie in what it seals"):
        seal_folder(dataset, dataset / "bag", settings=settings)
    deepest = tmp_path / "results" / "a" / "b" / "c" / "d" / "e"
    deepest.mkdir(parents=True)
    (deepest / "figure.csv").write_text("x")
    seal_folder(tmp_path / "results", tmp_path / "bag", settings=settings)
    assert verify_bag(tmp_path / "bag", signers=keys[1]).files == 2
    (deepest / "f").mkdir()
    (deepest / "f" / "figure.csv").write_text("x")
    with pytest.raises(SealError, match="too deep"):
        seal_folder(tmp_path / "results", tmp_path / "other", settings=settings)
    (tmp_path / "cases").mkdir()
    for name in ("a.csv", "A.csv"):
        (tmp_path / "cases" / name).write_text("x")
    with pytest.raises(SealError, match="case only"):
        seal_folder(tmp_path / "cases", tmp_path / "other", settings=settings)


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


def test_no_bar_hides_the_question_for_a_passphrase(dataset, keys, tmp_path):
    steps = []
    seal_folder(dataset, tmp_path / "bag", settings=SealSettings(keys[0]), progress=steps.append)
    assert [step.stage for step in steps[-2:]] == ["sealing", ASKING]
    assert steps[-2].done == steps[-2].total


def test_a_key_that_cannot_sign_leaves_nothing(dataset, tmp_path):
    (tmp_path / "key").write_text("no key")
    with pytest.raises(SealError, match="cannot sign"):
        seal_folder(dataset, tmp_path / "bag", settings=SealSettings(tmp_path / "key"))
    assert not (tmp_path / "bag").exists()


def test_without_openssh_it_is_said(bag, keys, monkeypatch):
    monkeypatch.setattr("vestige.sealed.signature.shutil.which", lambda *_, **__: None)
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


def test_from_a_merged_dataset_back_to_its_parts(keys, bag, tmp_path):
    codes = ("first", "second")
    table = "forum | code | software | window_start | window_end\n0 | {} | simulated | 2020-01-01 | 2020-03-31"
    members = "member | kind | pseudonym\n0 | member | {:032x}"
    folders = [
        dataset_of(tmp_path / code, {"forum": table.format(code), "member": members.format(number)})
        for number, code in enumerate(codes)
    ]
    merge_datasets(folders, tmp_path / "merged")
    for folder in (*folders, tmp_path / "merged"):
        seal_folder(folder, folder.with_suffix(".bag"), settings=SealSettings(keys[0]))
    for code in codes:
        found, part = verify_walk(tmp_path / "merged.bag", tmp_path / f"{code}.bag", signers=keys[1])
        assert found.content == part.content == "dataset"
    with pytest.raises(SealError, match="not merged from that one"):
        verify_walk(tmp_path / "merged.bag", bag, signers=keys[1])


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
