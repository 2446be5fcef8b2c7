"""Derive every public fixture and count it against a real restore: `python tools/study_forum_dumps.py`.

Writes docs/validation/forum-dumps.md. Needs MariaDB, PostgreSQL and `../shared`; a short form runs with the tests.
"""

import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from derive.restored import FIXTURES, restored_counts  # noqa: E402 - after the path
from servers import mariadb_server, postgresql_server  # noqa: E402
from vestige.dataset.manifest import Manifest  # noqa: E402
from vestige.dataset.validation import validate_dataset  # noqa: E402

PAGE = ROOT / "docs" / "validation" / "forum-dumps.md"
SHARED = ROOT.parent / "shared" / "data" / "forum-dumps"
XML = "stackexchange-french-meta"
OF_EVERY_FORUM = ("forum.", "external_event", "member.linked_pseudonym", "object.class")
"""Reasons that hold for every forum and are left out here."""


def main() -> None:
    lines, parts, failures = [], [], 0
    with tempfile.TemporaryDirectory() as folder, mariadb_server() as mariadb, postgresql_server() as postgresql:
        key = Path(folder) / "forum.key"
        subprocess.run([*vestige(), "new-key", key], check=True, capture_output=True)
        for name in (*FIXTURES, XML):
            out = Path(folder) / "dataset"
            command = [*vestige(), "derive", SHARED / name, "--out", out, "--key", key, "--forum", "fixture"]
            subprocess.run([*command, "--replace", "--quiet"], check=True)
            counts = counted(SHARED / name) if name == XML else restored_counts(SHARED / name, mariadb, postgresql)
            manifest = Manifest.read(out)
            different = [one.table for one in manifest.source_counts if counts.get(one.table) != one.read]
            failures += len(different) + len(validate_dataset(out).violations)
            parts.append(section(name, manifest, counts))
            read = sum(one.read for one in manifest.source_counts)
            written = sum(file.rows for file in manifest.files if file.table != "forum")
            package = manifest.forums[0].software.value
            lines.append(f"| {name} | {package} | {len(counts)} | {read:,} | {sum(counts.values()):,} | {written:,} |")
            print(f"{name}: {len(counts)} tables, {len(different)} differ")
    PAGE.write_text(page(lines, parts, failures), encoding="utf-8")
    if failures:
        sys.exit("a count differs from the restore, or a dataset is not valid")


def counted(folder: Path) -> dict[str, int]:
    """Rows of each XML file by a plain count of lines that begin a row."""
    found = {}
    for table in ("Users", "Posts", "Comments", "Votes", "Badges"):
        lines = (folder / f"{table}.xml").read_bytes().splitlines()
        found[table] = sum(line.lstrip().startswith(b"<row ") for line in lines)
    return found


def section(name: str, manifest: Manifest, counts: dict[str, int]) -> str:
    """What one fixture gave."""
    rows = {file.table: 0 for file in manifest.files}
    for file in manifest.files:
        rows[file.table] += file.rows
    read = "\n".join(
        f"| {one.table} | {one.read:,} | {counts.get(one.table, 0):,} | {one.kept:,} |"
        for one in manifest.source_counts
    )
    absent = "\n".join(
        f"- `{what}`: {why}" for what, why in manifest.absent.items() if not what.startswith(OF_EVERY_FORUM)
    )
    found = "\n".join(f"- {one.text}" for one in manifest.findings)
    derived = ", ".join(f"{table} {count:,}" for table, count in rows.items() if table != "forum")
    return f"""## {name}

{manifest.forums[0].software.value}. Rows of the dataset: {derived}.

| source table | rows read | rows of the restore | rows of the dataset that come from it |
|---|---:|---:|---:|
{read}

Not in the dataset, and why:

{absent}

Findings:

{found or "none"}
"""


def page(lines: list[str], parts: list[str], failures: int) -> str:
    """The whole page."""
    today = datetime.now(UTC).date().isoformat()
    return f"""# Public dumps against a real restore

`python tools/study_forum_dumps.py`, {today}. Each public fixture of `../shared/data/forum-dumps` was derived without
saying which package it is, validated, and restored into a MariaDB or PostgreSQL server of its own (Stack Exchange:
rows counted in its XML). Tables that a package declares and a forum lacks do not appear. Counts that differ from the
restore, and rules of the schema that are broken: {failures}.

| fixture | package | tables read | rows in | rows of the restore | rows out |
|---|---|---:|---:|---:|---:|
{chr(10).join(lines)}

"Rows of the dataset that come from it" is the most that one of the dataset's tables takes from a source table; 0 where
a table has no rows, where nothing of it fits the window or resolves, and where it only helps to assemble others.

{chr(10).join(parts)}"""


def vestige() -> list[str | Path]:
    return [sys.executable, "-m", "vestige"]


if __name__ == "__main__":
    main()
