"""Carry out the attacks of tests/red_team; writes docs/validation/red-team.md: `python tools/carry_out_attacks.py`."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from derive.commands import run_here  # noqa: E402 - the tests' own way of running a command
from red_team.attacks import ATTACKS, carry_out  # noqa: E402 - as above

PAGE = ROOT / "docs" / "validation" / "red-team.md"
INTRODUCTION = """Inputs made to do harm: to run a command, to read or write another file, to fill memory or disk, to
get a word out, or to pass off wrong rows as right ones. Each is run by `make test` (`tests/red_team`); nothing that was
said or written held the secret word of the input, no input was changed, no command ran, and a refusal left nothing.
"""


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "forum.key"
        run_here("new-key", key)
        for number, attack in enumerate(ATTACKS):
            place = Path(folder) / f"attack-{number}"
            place.mkdir()
            happened = carry_out(attack, place, key)
            rows.append(f"| {attack.name} | {happened.outcome} | {happened.words.replace('|', chr(92) + '|')} |")
            print(rows[-1], flush=True)
    said = f"Made by `python tools/carry_out_attacks.py`, {datetime.now(UTC):%Y-%m-%d}: {len(rows)} attacks.\n"
    head = ["| attack | what happened | in words |", "|---|---|---|"]
    PAGE.write_text("\n".join(["# Red team\n", INTRODUCTION, said, *head, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
