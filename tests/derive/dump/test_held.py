"""Held batches come back whole and in order, from memory and from the nameless file."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from vestige.derive.dump.held import HeldBatches


@pytest.mark.parametrize("limit", [1, 3_000, 1 << 30])
def test_batches_come_back_in_order(limit: int) -> None:
    held = HeldBatches(limit)
    made = [pa.RecordBatch.from_pydict({"id": pa.array(range(start, start + 100))}) for start in range(0, 2_000, 100)]
    before = set(Path(f"/proc/{os.getpid()}/fd").iterdir())
    for batch in made:
        held.add(batch)
    assert list(held.drain()) == made
    assert list(held.drain()) == []
    assert len(set(Path(f"/proc/{os.getpid()}/fd").iterdir())) <= len(before)
