"""Simulated forums: members a second, memory and the dump's speed, each size in a process of its own."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

SIZES = (20_000, 200_000, 1_000_000)
DUMP_MEMBERS = 20_000


def simulate(members: int, sender: Connection) -> None:
    """Make and write a forum; sends posts, seconds to make, seconds to write, CPU seconds, memory, bytes on disk."""
    from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset

    start = time.perf_counter()
    forum = simulate_forum(settings=preset_settings("posting-groups", members=members), seed=1)
    made = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write_simulated_dataset(Path(folder) / "forum", forum)
        written = time.perf_counter()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.parquet"))
    sender.send((len(forum.tables["post"]["post"]), made - start, written - made, *_usage(), size))


def dump(members: int, sender: Connection) -> None:
    """Write a dump, and as many random bytes beside it: what the disk gives."""
    from vestige.simulate import preset_settings, simulate_forum, write_phpbb_dump

    forum = simulate_forum(settings=preset_settings("posting-groups", members=members), seed=1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forum.sql"
        before = _usage()[0]
        start = time.perf_counter()
        write_phpbb_dump(file, forum)
        seconds, cpu = time.perf_counter() - start, _usage()[0] - before
        size = file.stat().st_size
        block = b"\0" * (1 << 20)
        start = time.perf_counter()
        with (Path(folder) / "zeros").open("wb") as stream:
            for _ in range(size >> 20):
                stream.write(block)
        sender.send((size, seconds, cpu, time.perf_counter() - start))


def _usage() -> tuple[float, int]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def _apart(work: Callable[[int, Connection], None], members: int) -> tuple[float, ...]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=work, args=(members, sender))
    process.start()
    sender.close()
    found: tuple[float, ...] = receiver.recv()
    process.join()
    return found


def main() -> None:
    """Print both tables."""
    print(" members       posts  make s  write s   CPU s  members/s     GB  disk MB")
    for members in SIZES:
        posts, made, written, cpu, memory, size = _apart(simulate, members)
        rate = members / (made + written)
        print(
            f"{members:>8,}{posts:>12,}{made:>8.1f}{written:>9.1f}{cpu:>8.1f}{rate:>11,.0f}"
            f"{memory / 1e9:>7.2f}{size / 1e6:>9.0f}"
        )
    size, seconds, cpu, zeros = _apart(dump, DUMP_MEMBERS)
    print(f"\ndump: {size / 1e6:,.0f} MB in {seconds:.1f} s, {size / 1e6 / cpu:.0f} MB per CPU-second;", end=" ")
    print(f"as many zero bytes take {zeros:.1f} s")


if __name__ == "__main__":
    main()
