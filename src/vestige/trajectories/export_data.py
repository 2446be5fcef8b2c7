"""The data of a fit as one wide table, under the names that exported code uses."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.histories import Panel
from vestige.trajectories.settings import PathSettings

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.trajectories.result import TrajectoryResult

DATA_FILE: Final = "data.csv"
WEIGHT: Final = "w"
IDENTIFIER: Final = "id"
LONGEST_NAME: Final = 24
"""Stata allows 32 characters, the numbers of outcome and time included."""
OWN_NAMES: Final = re.compile(r"(y|t|e|w|id)\d*(_\d*)?", re.IGNORECASE)


@dataclass(frozen=True)
class ColumnNames:
    """Names of one outcome's columns; those of a time are followed by its number from 1.

    Attributes:
        response: before the number of the time.
        time: likewise.
        exposure: likewise.
        covariates: likewise, one a time-varying covariate.
        periods: how many times there are.
    """

    response: str
    time: str
    exposure: str
    covariates: tuple[str, ...]
    periods: int

    def numbered(self, name: str) -> list[str]:
        """The columns of every time."""
        return [f"{name}{period}" for period in range(1, self.periods + 1)]


def column_names(panels: Sequence[Panel]) -> list[ColumnNames]:
    """Names for every outcome: y1, y2, ... for one, y1_1, y1_2, ..., y2_1, ... for several."""
    several = len(panels) > 1
    found = []
    for number, panel in enumerate(panels, 1):
        mark = f"{number}_" if several else ""
        own = tuple(
            f"{_plain(name, f'c{place}_')}{mark and '_' + mark}" for place, name in enumerate(panel.covariate_names, 1)
        )
        found.append(ColumnNames(f"y{mark}", f"t{mark}", f"e{mark}", own, panel.periods))
    return found


def risk_names(panel: Panel) -> list[str]:
    """Names of the columns of risk factors."""
    return [_plain(name, f"x{place}_") for place, name in enumerate(panel.risk_factor_names, 1)]


def export_data(result: "TrajectoryResult") -> "pa.Table":
    """The data of a fit, a row a member, named as `export_code` names them: write it as data.csv beside the code.

    Of a panel that was made from a dataset this is member-level data: it stays where the dataset may be.

    Returns:
        id, and for each outcome its responses (null where missing), times, exposure and covariates; risk factors; w.

    Raises:
        SettingsError: a panel of collapsed patterns.
    """
    import pyarrow as pa

    refuse_collapsed(result.panels[0])
    lead = result.panels[0]
    names, arrays = (
        [IDENTIFIER],
        [pa.array(np.arange(1, lead.rows + 1) if lead.identifiers is None else lead.identifiers)],
    )
    for panel, own in zip(result.panels, column_names(result.panels), strict=True):
        for name, layer in _layers(panel, own):
            names += own.numbered(name)
            arrays += [pa.array(column, mask=np.isnan(column)) for column in np.ascontiguousarray(layer.T)]
    if lead.risk_factors is not None:
        names += risk_names(lead)
        arrays += [pa.array(column) for column in np.ascontiguousarray(lead.risk_factors.T)]
    if lead.weights is not None:
        names.append(WEIGHT)
        arrays.append(pa.array(lead.weights))
    if len({name.lower() for name in names}) < len(names):
        raise SettingsError("two columns of the export would have one name", hint="rename the covariates")
    return pa.table(arrays, names=names)


def beyond_limits(panel: Panel, path: PathSettings) -> tuple[float, float]:
    """Limits of a censored normal as the packages want them; without one, a number no response reaches."""
    responses = panel.dense()
    low, high = float(np.nanmin(responses)), float(np.nanmax(responses))
    beyond = 10.0 * max(high - low, 1.0)
    return (
        low - beyond if path.minimum is None else path.minimum,
        high + beyond if path.maximum is None else path.maximum,
    )


def refuse_collapsed(panel: Panel) -> None:
    """Raise SettingsError for collapsed patterns, which the packages do not take."""
    if panel.frequencies is not None:
        raise SettingsError("the panel holds collapsed patterns", hint="build it uncollapsed, a row a member")


def _layers(panel: Panel, names: ColumnNames) -> Iterator[tuple[str, FloatArray]]:
    values = panel.dense()
    yield names.response, values
    yield names.time, np.broadcast_to(panel.row_times(), values.shape)
    if panel.exposure is not None:
        yield names.exposure, np.where(np.isnan(values), 1.0, panel.exposure)
    for place, name in enumerate(names.covariates):
        yield name, panel.covariates[:, :, place] if panel.covariates is not None else values


def _plain(name: str, instead: str) -> str:
    """The user's name where every package takes it and it is not one of the export's own."""
    usable = name.isascii() and name.isidentifier() and not name.startswith("_") and len(name) <= LONGEST_NAME
    return name if usable and not OWN_NAMES.fullmatch(name) else instead
