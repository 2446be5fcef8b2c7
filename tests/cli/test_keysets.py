"""`vestige keysets`: values of sets are printed, who is in them is written to a folder only."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vestige.cli import run

PSEUDONYM = "{:032x}"


@pytest.fixture
def ties(tmp_path: Path) -> Path:
    """Three stars of six in a row: their middles cut everything apart, and reach everybody."""
    rows = [(6 * star, 6 * star + leaf) for star in range(3) for leaf in range(1, 6)] + [(0, 6), (6, 12)]
    file = tmp_path / "ties.csv"
    file.write_text("from,to\n" + "".join(f"{PSEUDONYM.format(one)},{PSEUDONYM.format(two)}\n" for one, two in rows))
    return file


def test_sets_are_found_bounded_and_kept_from_print(
    ties: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["keysets", str(ties), "--undirected", "--steps", "1", "-q"]
    assert run([*asked, "--out", str(tmp_path / "out"), "--json"]) == 0
    printed = capsys.readouterr().out
    rows = {row["measure"]: row for row in json.loads(printed)["tables"]["key_sets"]["rows"]}
    assert rows["fragmentation"]["value"] == rows["reach"]["value"] == 1
    assert (rows["fragmentation"]["search"], rows["fragmentation"]["gap"]) == ("exact", 0)
    middles = {PSEUDONYM.format(6 * star) for star in range(3)}
    assert set(pq.read_table(tmp_path / "out" / "reach-set.parquet")["pseudonym"].to_pylist()) == middles
    assert not any(name in printed for name in middles)
    assert run([*asked, "--exhaustive", "0"]) == 0
    said = capsys.readouterr().out
    assert "bounded" in said
    assert "no bound" in said


@pytest.mark.parametrize(
    ("wrong", "said"), [(["--size", "18"], "smaller than the network"), (["--measure", "magic"], "no such choice")]
)
def test_wrong_options(ties: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str) -> None:
    assert run(["keysets", str(ties), *wrong]) == 2
    assert said in capsys.readouterr().err
