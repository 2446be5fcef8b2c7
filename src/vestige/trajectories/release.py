"""What of a fit to a dataset may leave: small groups' counts and observed means are held back, counts rounded."""

from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.disclosure.policy import MINIMUM_MEMBERS, ROUND_COUNTS_TO
from vestige.trajectories.result import TrajectoryResult

if TYPE_CHECKING:
    import pyarrow as pa

RELEASED: Final = ("groups", "parameters", "trajectories", "criteria", "optima", "adequacy", "grolts")
"""No table with a row a member, and no residuals, which would give observed means away."""


def released_tables(result: TrajectoryResult) -> "dict[str, pa.Table]":
    """Tables of a fit under the disclosure policy: fewer members than its minimum behind a figure, no figure.

    Expected paths and shares are estimates of a model over all members and stay; what is counted or averaged within a
    group goes where the group is small.
    """
    tables = {name: result.table(name) for name in RELEASED}
    weight = result.search.evaluator.histories.weight
    assigned = np.bincount(result.pattern_posterior.argmax(axis=1), weight, minlength=result.classes)
    small = assigned < MINIMUM_MEMBERS
    counts = [None if few else int(ROUND_COUNTS_TO * round(float(count) / ROUND_COUNTS_TO))
              for few, count in zip(small, assigned, strict=True)]  # fmt: skip
    tables["groups"] = _replaced(tables["groups"].drop_columns(["assigned_share"]), "assigned_members", counts)
    groups = tables["trajectories"].column("group").to_pylist()
    observed = tables["trajectories"].column("observed").to_pylist()
    hidden = [None if small[group - 1] else value for group, value in zip(groups, observed, strict=True)]
    tables["trajectories"] = _replaced(tables["trajectories"], "observed", hidden)
    tables["grolts"] = released_checklist(tables["grolts"])
    return tables


def released_checklist(grolts: "pa.Table") -> "pa.Table":
    """The GRoLTS checklist without the members assigned to each group."""
    report = ["See table groups." if item == "12" else text for item, text in
              zip(grolts.column("item").to_pylist(), grolts.column("report").to_pylist(), strict=True)]  # fmt: skip
    return _replaced(grolts, "report", report)


def _replaced(table: "pa.Table", name: str, values: list[object] | list[int | None] | list[str]) -> "pa.Table":
    import pyarrow as pa

    return table.set_column(table.schema.names.index(name), name, pa.array(values))
