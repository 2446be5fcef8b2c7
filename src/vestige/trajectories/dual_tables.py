"""Tables of a dual model: how the groups of two outcomes go together, with delta-method errors (Nagin 2005, ch. 8)."""

from typing import TYPE_CHECKING

import numpy as np

from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.inference import share_interval
from vestige.trajectories.settings import DualTrajectorySettings

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.trajectories.result import TrajectoryResult


def conditional_table(result: "TrajectoryResult") -> "pa.Table":
    """One row a pair of groups: joint share, second outcome's group given the first's and the reverse.

    Each has a standard error and an interval (on the log-odds scale). With risk factors these are averages over the
    members.
    """
    import pyarrow as pa

    shape = _groups(result)
    joint, covariance = result.shares, result.share_covariance
    first, second = np.divmod(np.arange(joint.size), shape[1])
    columns: dict[str, object] = {"first_group": first + 1, "second_group": second + 1}
    parts = (
        ("joint_share", np.eye(joint.size), joint),
        ("second_given_first", *_conditional(joint, first)),
        ("first_given_second", *_conditional(joint, second)),
    )
    for name, jacobian, estimate in parts:
        error = _errors(jacobian, covariance)
        low, high = share_interval(estimate, error, result.settings.confidence)
        columns |= {name: estimate, f"{name}_error": error, f"{name}_low": low, f"{name}_high": high}
    return pa.table(columns)


def margins_table(result: "TrajectoryResult") -> "pa.Table":
    """One row an outcome and group: its share among all members, with standard error and interval."""
    import pyarrow as pa

    shape = _groups(result)
    labels = np.divmod(np.arange(result.shares.size), shape[1])
    columns: dict[str, list[object]] = {
        name: [] for name in ("outcome", "group", "share", "standard_error", "low", "high")
    }
    for panel, own, size in zip(result.panels, labels, shape, strict=True):
        adds = (own[None, :] == np.arange(size)[:, None]).astype(np.float64)
        share, error = adds @ result.shares, _errors(adds, result.share_covariance)
        low, high = share_interval(share, error, result.settings.confidence)
        for group in range(size):
            values = (panel.outcome, group + 1, share[group], error[group], low[group], high[group])
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return pa.table(columns)


def _groups(result: "TrajectoryResult") -> tuple[int, int]:
    settings = result.settings
    if not isinstance(settings, DualTrajectorySettings):
        raise TypeError("only dual models have conditional shares")
    return settings.groups


def _conditional(joint: FloatArray, given: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Jacobian and value of joint shares over the share of the group they are given."""
    same = (given[:, None] == given[None, :]).astype(np.float64)
    total = np.maximum(same @ joint, 1e-300)
    share = joint / total
    return (np.eye(joint.size) - share[:, None] * same) / total[:, None], share


def _errors(jacobian: FloatArray, covariance: FloatArray) -> FloatArray:
    variance = ((jacobian @ covariance) * jacobian).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
