"""Stack Exchange XML: MB per CPU-second of the reader beside expat reading the same file and dropping everything."""

import tempfile
import time
from pathlib import Path
from xml.parsers import expat

import numpy as np

from vestige.derive.sources.stackexchange import STACKEXCHANGE
from vestige.derive.xml_rows import XmlFolderReader
from vestige.progress import ignore_progress

SIZES = {"Posts": 150_000_000, "Comments": 60_000_000, "Votes": 60_000_000, "Users": 20_000_000, "Badges": 20_000_000}
BLOCK = 2_000_000
CLOCK = "2011-08-17T20:18:56.507"
ROWS = {
    "Posts": '  <row Id="{id}" PostTypeId="2" ParentId="{id}" CreationDate="{at}" Score="4" Body="{text}" '
    'OwnerUserId="{id}" LastEditDate="{at}" LastActivityDate="{at}" CommentCount="0" />\n',
    "Comments": '  <row Id="{id}" PostId="{id}" Score="0" Text="{short}" CreationDate="{at}" UserId="{id}" />\n',
    "Votes": '  <row Id="{id}" PostId="{id}" VoteTypeId="2" CreationDate="{at}" />\n',
    "Users": '  <row Id="{id}" Reputation="101" CreationDate="{at}" DisplayName="someone" LastAccessDate="{at}" '
    'AboutMe="{short}" Views="3" UpVotes="0" DownVotes="0" AccountId="1" />\n',
    "Badges": '  <row Id="{id}" UserId="{id}" Name="Autobiographer" Date="{at}" Class="3" TagBased="False" />\n',
}


def write_folder(folder: Path) -> None:
    """Files of the published layout; text with the escapes that real bodies have."""
    generator = np.random.default_rng(1)
    words = ["lorem", "ipsum", "dolor", "amet", "consectetur", "adipiscing", "elit", "&lt;p&gt;", "&#xA;", "&quot;"]
    shares = [*([0.125] * 7), 0.05, 0.05, 0.025]
    texts = [" ".join(generator.choice(words, int(size), p=shares)) for size in generator.lognormal(4.6, 0.8, 200)]
    for table, size in SIZES.items():
        rows, total = [], 0
        while total < BLOCK:
            text = texts[len(rows) % len(texts)]
            rows.append(ROWS[table].format(id=len(rows) + 1, at=CLOCK, text=text, short=text[:180].rsplit(" ", 1)[0]))
            total += len(rows[-1])
        block = "".join(rows).encode()
        with (folder / f"{table}.xml").open("wb") as file:
            file.write(f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n<{table.lower()}>\n'.encode())
            for _ in range(size // len(block)):
                file.write(block)
            file.write(f"</{table.lower()}>".encode())


def read_with_expat(file: Path) -> int:
    """Rows of a file, counted by expat."""
    count = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with file.open("rb") as stream:
        parser.ParseFile(stream)
    return count - 1


def _print_line(name: str, size: float, rows: int, mine: float, theirs: float) -> None:
    print(f"{name:10} {size:6.0f} {rows:10,} {size / mine:17.0f} {size / theirs:15.0f} {theirs / mine:6.1f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_folder(folder)
        reader = XmlFolderReader(folder)
        reader.read(STACKEXCHANGE.tables[:1], lambda *_: None, ignore_progress)
        print(f"{'file':10} {'MB':>6} {'rows':>10} {'Vestige MB/CPU-s':>17} {'expat MB/CPU-s':>15} {'ratio':>6}")
        sizes, seconds, total = [], [], 0
        for table in STACKEXCHANGE.tables:
            size = (folder / f"{table.name}.xml").stat().st_size / 1e6
            begin = time.process_time()
            report = XmlFolderReader(folder).read([table], lambda *_: None, ignore_progress)
            middle = time.process_time()
            rows = read_with_expat(folder / f"{table.name}.xml")
            end = time.process_time()
            if rows != report.tables[0].rows:
                raise RuntimeError("the two readers disagree about the number of rows")
            sizes.append(size)
            total += rows
            seconds.append((middle - begin, end - middle))
            _print_line(table.name, size, rows, *seconds[-1])
        mine, theirs = (sum(column) for column in zip(*seconds, strict=True))
        _print_line("together", sum(sizes), total, mine, theirs)


if __name__ == "__main__":
    main()
