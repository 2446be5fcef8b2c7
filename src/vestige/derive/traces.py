"""What fine times would give away, computed on the staged numbers before anything is written."""

from typing import Final

from vestige.dataset.manifest import TimeResolution
from vestige.derive.staging import Staging
from vestige.derive.window import UNITS
from vestige.results import Finding, Severity
from vestige.statistics.unicity import Unicity, measure_unicity

ACTORS: Final = {"post": "author", "reaction": "giver", "message": "sender", "view": "member", "download": "member"}
"""Event tables, and the column that says whose act it was."""

MOST_ACTS: Final = 2_000_000
"""The latest acts are enough to judge by, and keep memory bounded whatever the source's size."""

MONTH: Final = 30 * UNITS[TimeResolution.DAY]


def measure_traces(
    staging: Staging, supplied: tuple[str, ...], chosen: TimeResolution, *, seed: int
) -> tuple[Unicity, ...]:
    """Members singled out by 1, 4 and all moments of their own acts, by month, day, hour and as chosen.

    Args:
        staging: holds the raw tables of the assembly.
        supplied: dataset tables there are.
        chosen: the resolution asked for.
        seed: of the draws.
    """
    import numpy as np
    import pyarrow as pa

    acts = " UNION ALL ".join(
        f'SELECT "{actor}" AS member, "at" FROM "_raw_{name}" WHERE "{actor}" IS NOT NULL AND "at" IS NOT NULL'
        for name, actor in ACTORS.items()
        if name in supplied
    )
    if not acts:
        return ()
    query = (
        f"SELECT a.member, a.\"at\" FROM ({acts}) a SEMI JOIN (SELECT member FROM _raw_member WHERE kind = 'member') m "
        f'ON m.member = a.member ORDER BY "at" DESC, a.member LIMIT {MOST_ACTS}'
    )
    batches = list(staging.batches(query))
    found = pa.Table.from_batches(batches) if batches else pa.table({"member": [], "at": []})
    member = found["member"].to_numpy().astype(np.int64)
    time = found["at"].to_numpy().astype(np.int64)
    resolutions = {"month": MONTH, **{unit.value: UNITS[unit] for unit in (TimeResolution.DAY, TimeResolution.HOUR)}}
    return measure_unicity(member, time, {**resolutions, chosen.value: UNITS[chosen]}, seed=seed)


def fine_times_finding(unicity: tuple[Unicity, ...], chosen: TimeResolution) -> Finding:
    """The finding that travels with a dataset of fine times."""
    worst = max((figure.share for figure in unicity if figure.resolution == chosen.value), default=0.0)
    text = (
        f"times are stored to the {chosen.value}: up to {worst:.0%} of members are singled out by the times of their "
        "own acts"
    )
    return Finding("fine-times", Severity.CAUTION, text)
