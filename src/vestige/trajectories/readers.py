"""Panels from tables: wide (a column a time) or long (a row a cell), of any library that exports Arrow."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.histories import Panel

if TYPE_CHECKING:
    import pyarrow as pa


def wide_panel(
    table: object,
    columns: Sequence[str] | str,
    *,
    identifier: str | None = None,
    times: Sequence[float] | str | None = None,
    exposure: Sequence[str] | str | None = None,
    covariates: Mapping[str, Sequence[str] | str] | None = None,
    risk: Sequence[str] = (),
    weight: str | None = None,
    outcome: str = "outcome",
) -> Panel:
    """A panel from a table with a row a member and a column a time.

    Args:
        table: Arrow table, pandas or Polars data frame, or anything else that exports Arrow.
        columns: the response columns, as names or as a range such as "y1:y20" in the table's order.
        identifier: column with a unique label a row.
        times: one number a column, or columns with each member's own times; None for 1, 2, ...
        exposure: columns of exposure, one a response column.
        covariates: name of each time-varying covariate to its columns.
        risk: columns of risk factors of membership.
        weight: column of sampling weights.
        outcome: neutral name of the outcome.

    Raises:
        SettingsError: a column is missing or not numeric, or the numbers of columns differ.
    """
    source = arrow_table(table)
    names = expand_columns(source.schema.names, columns)
    values = _numbers(source, names)
    layers = {
        name: _numbers(source, expand_columns(source.schema.names, own)) for name, own in (covariates or {}).items()
    }
    for name, layer in layers.items():
        if layer.shape != values.shape:
            raise SettingsError(f"covariate {name!r} has another number of columns", hint="give one a response column")
    return Panel(
        values,
        _times(source, times, len(names)),
        identifiers=None if identifier is None else _labels(source, identifier),
        exposure=None if exposure is None else _numbers(source, expand_columns(source.schema.names, exposure)),
        covariates=np.stack(list(layers.values()), axis=2) if layers else None,
        covariate_names=tuple(layers),
        risk_factors=_numbers(source, list(risk)) if risk else None,
        risk_factor_names=tuple(risk),
        weights=None if weight is None else _numbers(source, [weight])[:, 0],
        outcome=outcome,
    )


def long_panel(
    table: object,
    *,
    identifier: str,
    time: str,
    response: str,
    exposure: str | None = None,
    covariates: Sequence[str] = (),
    risk: Sequence[str] = (),
    weight: str | None = None,
    outcome: str = "outcome",
) -> Panel:
    """A panel from a table with a row a member and time; times may differ between members.

    Args:
        table: as for `wide_panel`.
        identifier: column of the member.
        time: column of the time.
        response: column of the response.
        exposure: column of the exposure.
        covariates: columns of time-varying covariates.
        risk: columns of risk factors, which must be the same in all rows of a member.
        weight: column of sampling weights, the same in all rows of a member.
        outcome: neutral name of the outcome.

    Raises:
        SettingsError: a column is missing, a member has a time twice, or a stable column that is not stable.
    """
    source = arrow_table(table)
    labels, member = np.unique(_labels(source, identifier), return_inverse=True)
    moments = _numbers(source, [time])[:, 0]
    if not np.isfinite(moments).all():
        raise SettingsError("a time is missing", hint="drop the rows without a time")
    grid, place = _places(member, moments, len(labels))
    shape = (len(labels), int(place.max()) + 1)
    if np.unique(member * shape[1] + place).size < member.size or _repeated(member, moments):
        raise SettingsError("a member has the same time twice", hint="sum or drop the repeated rows")

    def spread(column: str, fill: float) -> FloatArray:
        array = np.full(shape, fill)
        array[member, place] = _numbers(source, [column])[:, 0]
        return array

    own_times = np.zeros(shape)
    own_times[member, place] = moments
    return Panel(
        spread(response, np.nan),
        own_times if grid is None else grid,
        identifiers=labels,
        exposure=None if exposure is None else spread(exposure, 1.0),
        covariates=np.stack([spread(name, np.nan) for name in covariates], axis=2) if covariates else None,
        covariate_names=tuple(covariates),
        risk_factors=np.column_stack([_stable(source, name, member) for name in risk]) if risk else None,
        risk_factor_names=tuple(risk),
        weights=None if weight is None else _stable(source, weight, member),
        outcome=outcome,
    )


def _places(
    member: "np.ndarray[Any, Any]", moments: FloatArray, members: int
) -> "tuple[FloatArray | None, np.ndarray[Any, Any]]":
    """The times that members share and each row's place among them; where they have their own, None and their order."""
    grid, place = np.unique(moments, return_inverse=True)
    if len(grid) < 2 * len(moments) / members:
        return grid, place
    order = np.lexsort((moments, member))
    starts = np.searchsorted(member[order], np.arange(members))
    place = np.empty(len(member), dtype=np.int64)
    place[order] = np.arange(len(member)) - starts[member[order]]
    return None, place


def arrow_table(table: object) -> "pa.Table":
    """Any table that exports Arrow, as Arrow; raises SettingsError for anything else."""
    import pyarrow as pa

    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "__arrow_c_stream__"):
        return pa.table(table)
    raise SettingsError("that is not a table", hint="give an Arrow table, a pandas or a Polars data frame")


def expand_columns(names: Sequence[str], wanted: Sequence[str] | str) -> list[str]:
    """Column names from a list, a comma-separated text, and ranges such as "y1:y20" in the table's order.

    Raises:
        SettingsError: a column that the table lacks, or a range that runs backwards.
    """
    found: list[str] = []
    for part in wanted.split(",") if isinstance(wanted, str) else wanted:
        first, _, last = part.strip().partition(":")
        for name in filter(None, (first, last)):
            if name not in names:
                raise SettingsError(f"the table has no column {name!r}", hint="check the names and their case")
        begin, end = names.index(first), names.index(last or first)
        if end < begin:
            raise SettingsError("a range of columns runs backwards", hint="give it in the table's order")
        found += names[begin : end + 1]
    return found


def _numbers(source: "pa.Table", names: Sequence[str]) -> FloatArray:
    import pyarrow as pa

    columns = []
    for name in names:
        if name not in source.schema.names:
            raise SettingsError(f"the table has no column {name!r}", hint="check the names and their case")
        column = source.column(name)
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_null(column.type)):
            raise SettingsError(f"column {name!r} does not hold numbers", hint="leave cells empty where missing")
        columns.append(column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64))
    return np.column_stack(columns)


def _labels(source: "pa.Table", name: str) -> "np.ndarray[Any, Any]":
    if name not in source.schema.names:
        raise SettingsError(f"the table has no column {name!r}", hint="check the names and their case")
    column = source.column(name)
    if column.null_count:
        raise SettingsError("an identifier is missing", hint="every row needs one")
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _times(source: "pa.Table", times: Sequence[float] | str | None, count: int) -> FloatArray:
    if times is None:
        return np.arange(1.0, count + 1.0)
    if isinstance(times, str):
        given = _numbers(source, expand_columns(source.schema.names, times))
        if given.shape[1] != count:
            raise SettingsError("there are not as many times as responses", hint="give one a column")
        same = bool((given == given[:1]).all())
        return given[0] if same else given
    array = np.asarray(times, dtype=np.float64)
    if array.shape != (count,):
        raise SettingsError("there are not as many times as responses", hint="give one a column")
    return array


def _stable(source: "pa.Table", name: str, member: "np.ndarray[Any, Any]") -> FloatArray:
    values = _numbers(source, [name])[:, 0]
    first = np.unique(member, return_index=True)[1]
    if not np.array_equal(values, values[first][member]):
        raise SettingsError(f"column {name!r} changes within a member", hint="use it as a time-varying covariate")
    return values[first]


def _repeated(member: "np.ndarray[Any, Any]", moments: FloatArray) -> bool:
    return bool(np.unique(np.column_stack([member, moments]), axis=0).shape[0] < member.size)
