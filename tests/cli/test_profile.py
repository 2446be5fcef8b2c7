"""`vestige profile` as a user runs it."""

import json

import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forum") / "f"
    forum = simulate_forum(settings=preset_settings("silent-downloaders", members=1_500), seed=3)
    write_simulated_dataset(folder, forum)
    return folder / "dataset"


@pytest.fixture(scope="module")
def members(folder):
    table = pq.read_table(folder / "member.parquet").to_pylist()
    return {kind: [row["pseudonym"] for row in table if row["kind"] == kind] for kind in ("member", "guest")}


def test_the_profile_groups_and_files(folder, tmp_path, capsys):
    out, saved = tmp_path / "out", tmp_path / "profile.json"
    assert run(["profile", str(folder), "--groups", "--out", str(out), "--save", str(saved), "--per-days", "14"]) == 0
    printed = capsys.readouterr().out
    for words in ("How much members did", "Members picked out by each rule"):
        assert words in printed
    assert "Downloads attempted per 14 days" in (out / "results.json").read_text()
    names = {file.name for file in out.iterdir()}
    assert {"results.json", "profile-quantiles.csv", "profile-profile.svg", "profile-members.parquet",
            "groups-members.parquet"} <= names  # fmt: skip
    rows = pq.read_table(out / "profile-members.parquet")
    assert rows.num_rows == 1_500
    assert rows.column("pseudonym")[0].as_py() not in printed
    assert rows.column("pseudonym")[0].as_py() not in saved.read_text()


def test_one_member_and_a_ratio(folder, members, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    rows = [f"{pseudonym},{'group-a' if place % 2 else 'group-b'}" for place, pseudonym in enumerate(members["member"])]
    labels.write_text("\n".join(["pseudonym,population", *rows[:200]]))
    member = members["member"][700]
    scale = tmp_path / "scale.toml"
    scale.write_text('name = "house scale"\nbands = [{from = 1e9, words = "overwhelming support"}]')
    options = ["--member", member, "--populations", str(labels), "--measures", "visits,posts", "--scale", str(scale)]
    assert run(["profile", str(folder), *options]) == 0
    printed = capsys.readouterr().out
    for words in ("of 100 other members", "A percentile is not a likelihood ratio", "What makes the distance", "Cllr"):
        assert words in printed
    assert "no support for group-a over group-b, or the reverse, by the house scale." in " ".join(printed.split())
    assert run(["profile", str(folder), "--member", member, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["member"]["pseudonym"] == member
    assert "not_a_likelihood_ratio" in plain["member"]


def test_a_saved_profile_of_another_forum(folder, members, tmp_path, capsys):
    saved = tmp_path / "profile.json"
    assert run(["profile", str(folder), "--save", str(saved)]) == 0
    capsys.readouterr()
    assert run(["profile", str(folder), "--member", members["member"][0], "--against", str(saved)]) == 0
    assert "members of the reference profile" in capsys.readouterr().out


def test_bad_input_is_one_line(folder, members, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("name\nsecret")
    for options in (
        ["--member", "f" * 32],
        ["--member", members["guest"][0]],
        ["--member", "nobody"],
        ["--against", str(labels)],
        ["--member", members["member"][0], "--against", str(labels)],
        ["--member", members["member"][0], "--populations", str(labels)],
        ["--member", members["member"][0], "--population", "all"],
        ["--member", members["member"][0], "--scale", str(labels)],
        ["--visit-gap", "0"],
        ["--forum", "nowhere"],
    ):
        assert run(["profile", str(folder), *options]) == 2, options
        said = capsys.readouterr().err
        assert said.startswith("Error: ")
        assert said.count("\n") == 1
        assert "secret" not in said
