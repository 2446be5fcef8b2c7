"""Disruption of a simulated forum with planted key members and planted busy ones; the command; the chapter."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vestige.cli import run
from vestige.dataset import open_dataset
from vestige.dataset.schema import PSEUDONYM_PATTERN
from vestige.network import NetworkKind, NetworkSettings, build_network
from vestige.network.disruption import DisruptionSettings, simulate_disruption
from vestige.network.disruption.measuring import EFFICIENCY, LARGEST, PAIRS
from vestige.progress import ignore_progress
from vestige.report.disruption_chapters import disruption_chapters
from vestige.report.page import render_page
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset
from vestige.simulate.truth import truth_document

_PSEUDONYM = re.compile(PSEUDONYM_PATTERN.strip("^$"))


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    """1,500 members over a year, 20 of them key and 20 busy without a part in the network; and who is which."""
    plain = preset_settings("posting-groups", members=1500, months=12)
    settings = replace(plain, structure=replace(plain.structure, key_members=20, busy_members=20))
    simulated = simulate_forum(settings=settings, seed=4)
    folder = tmp_path_factory.mktemp("forum") / "f"
    write_simulated_dataset(folder, simulated)
    truth = truth_document(simulated)
    planted = dict.fromkeys(truth["key_members"], "key")
    planted |= dict.fromkeys((*truth["chatter_members"], *truth["soliloquy_members"]), "busy")
    return folder / "dataset", pa.table({"member": list(planted), "planted": list(planted.values())})


@pytest.mark.parametrize("kind", [NetworkKind.REPLY, NetworkKind.THANKS])
def test_planted_key_members_matter_beyond_their_activity_and_busy_ones_do_not(
    forum: tuple[Path, pa.Table], kind: NetworkKind
) -> None:
    folder, planted = forum
    wanted = DisruptionSettings(strategies=(), by=("planted",), replications=10, points=2)
    with open_dataset(folder) as dataset:
        network = build_network(dataset, settings=NetworkSettings(kind=kind))
        result = simulate_disruption(network, dataset=dataset, attributes=planted, settings=wanted, seed=1)
    runs = {own.label: own for own in result.runs}
    for outcome in (LARGEST, PAIRS, EFFICIENCY):
        key, busy = (runs[f"planted {name}"] for name in ("key", "busy"))
        assert key.matched is not None
        assert busy.matched is not None
        assert key.targeted.outcomes[outcome][:, -1].max() < key.matched.outcomes[outcome][:, -1].min()
        assert busy.targeted.outcomes[outcome][:, -1].mean() >= busy.matched.outcomes[outcome][:, -1].mean() - 0.01


def test_the_command_prints_no_pseudonym_and_writes_them_to_one_file(
    forum: tuple[Path, pa.Table], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, planted = forum
    table, out = tmp_path / "planted.parquet", tmp_path / "out"
    pq.write_table(planted, table)
    options = ["--kind", "thanks", "--strategy", "degree", "--by", "planted", "--attributes", str(table),
               "--replications", "2", "--points", "6", "--no-efficiency", "-q"]  # fmt: skip
    assert run(["disrupt", str(folder), *options, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "collective" not in printed
    assert "How fast the network breaks" in printed
    assert run(["disrupt", str(folder), *options, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)["disruption"]
    assert {"strategies", "groups", "losses", "curves"} == set(document["tables"])
    removed = pq.read_table(out / "removed-members.parquet")
    assert set(removed.column("removal").to_pylist()) == {"degree", "planted busy", "planted key"}
    for text in (printed, json.dumps(document), *(file.read_text() for file in out.glob("*.csv"))):
        assert not _PSEUDONYM.search(re.sub(r"Dataset \w+|\"dataset_digest\": \"\w+\"", "", text))
    assert {file.name for file in out.glob("*.svg")} >= {"disruption-dismantling.svg", "disruption-losses.svg"}


def test_the_command_reads_an_edge_list_and_refuses_what_it_cannot_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edges = tmp_path / "edges.csv"
    edges.write_text("from,to\n" + "".join(f"{node},{(node + 1) % 30}\n" for node in range(30)))
    options = ["--replications", "2", "--points", "4", "-q"]
    assert run(["disrupt", str(edges), "--strategy", "best-of", "--rewiring", "random", *options]) == 0
    assert "recovery" not in capsys.readouterr().err
    for bad in (
        ["--strategy", "magic"],
        ["--by", "role"],
        ["--cost", "hours"],
        ["--rewiring", "magic"],
        ["--seen", "0"],
    ):
        assert run(["disrupt", str(edges), *options, *bad]) == 2
        assert "Hint" in capsys.readouterr().err
    assert run(["disrupt", str(tmp_path / "nothing"), *options]) == 2


def test_the_chapter_says_how_it_misleads_and_shows_no_member(forum: tuple[Path, pa.Table]) -> None:
    with open_dataset(forum[0]) as dataset:
        (chapter,) = disruption_chapters(dataset, forum=None, seed=1, progress=ignore_progress)
    page = render_page("A report", "Dataset", (chapter,))
    assert "random members who were as active" in page
    assert "How this can mislead" in page
    assert {"strategies", "losses", "groups"} == {table.name for table in chapter.tables}
    assert not _PSEUDONYM.search(re.sub(r"[0-9a-f]{64}", "", page))
