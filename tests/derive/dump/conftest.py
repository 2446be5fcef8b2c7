"""Reading of bytes as a dump."""

from pathlib import Path

import pytest

from derive.dump.reading import Reading


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Reads bytes as a dump of a small forum."""
    return Reading(tmp_path)
