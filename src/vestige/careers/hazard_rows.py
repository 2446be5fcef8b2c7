"""Members' months at risk with the covariates known at each month's start."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers import reductions
from vestige.careers.cox import RiskRows
from vestige.careers.incidence import EventHistories
from vestige.careers.population import Population, month_of, month_start, post_cells, seconds
from vestige.careers.settings import AttainmentSettings, Clock, Covariate
from vestige.errors import ModelError, SettingsError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from vestige.dataset import Dataset

_ATTAINED: Final = 1


@dataclass(frozen=True)
class External:
    """Covariates that came from outside.

    Attributes:
        names: of the covariates.
        key: row of the population * 2^20 + month from which a value is known, ascending, shape (values,).
        values: shape (values, covariates).
    """

    names: tuple[str, ...]
    key: "NDArray[np.int64]"
    values: "NDArray[np.float64]"

    def known(
        self, row: "NDArray[np.int64]", month: "NDArray[np.int64]"
    ) -> "tuple[NDArray[np.bool_], NDArray[np.float64]]":
        """Whether each row has a value from before the month, and the latest such values."""
        place = np.searchsorted(self.key, (row << 20) + month, side="left") - 1
        found = (place >= 0) & (self.key[place] >> 20 == row)
        return found, self.values[np.maximum(place, 0)]


def read_external(table: "pa.Table", population: Population) -> External:
    """Check a table of covariates and put it into the population's order.

    Raises:
        SettingsError: a column is missing, of the wrong type or has nulls, a name is not plain, or a member has two
            values at one time.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [name for name in table.column_names if name not in {"pseudonym", "at"}]
    hint = "give the columns pseudonym, at and one numeric column a covariate"
    if not {"pseudonym", "at"} < set(table.column_names) or not pa.types.is_timestamp(table.schema.field("at").type):
        raise SettingsError("the table of covariates lacks pseudonym, a time column at, or a covariate", hint=hint)
    kinds = [table.schema.field(name).type for name in names]
    numeric = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds)
    if not numeric or any(table.column(name).null_count for name in table.column_names):
        raise SettingsError("a covariate is not numeric, or a cell is empty", hint=hint)
    if not all(name.isidentifier() and name.isascii() for name in names):
        raise SettingsError("a covariate's name is not plain", hint="use letters, digits and _")
    row = pc.index_in(table.column("pseudonym").cast(pa.string()).combine_chunks(), population.pseudonym)
    known = row.is_valid().to_numpy(zero_copy_only=False)
    key = (row.fill_null(0).to_numpy().astype(np.int64) << 20) + month_of(seconds(table.column("at")))
    values = np.stack([table.column(name).to_numpy().astype(float) for name in names], axis=1)[known]
    order = np.argsort(key[known], kind="stable")
    key, values = key[known][order], values[order]
    if not np.isfinite(values).all():
        raise SettingsError("a covariate is not finite", hint="leave such rows out")
    if (np.diff(key) == 0).any():
        raise SettingsError("a member has two rows of covariates in one month", hint="keep one a month")
    return External(tuple(names), key, values)


def hazard_rows(
    dataset: "Dataset", population: Population, rows: "NDArray[np.int64]", histories: EventHistories,
    settings: AttainmentSettings, external: External | None,
) -> tuple[tuple[str, ...], RiskRows, int]:  # fmt: skip
    """One row for each member and calendar month at risk, with covariates from before that month.

    Args:
        dataset: where activity and thanks come from.
        population: all members.
        rows: places in the population of those at risk.
        histories: theirs, in seconds since registration.
        settings: covariates and clock.
        external: more covariates; months before a member's first value are left out.

    Returns:
        Names of the covariates, the rows (times in days on the settings' clock), and how many members they are of.

    Raises:
        ModelError: nothing is left.
    """
    member, month, begin, finish = _months_at_risk(population, rows, histories)
    registered = population.registered[rows][member]
    event = (histories.cause[member] == _ATTAINED) & (finish == registered + histories.end[member])
    kept = month > month_of(registered) if Covariate.POSTED_EARLY in settings.covariates else np.ones(month.size, bool)
    columns = _covariates(dataset, population, rows[member], month, settings)
    if external is not None:
        found, values = external.known(rows[member], month)
        kept &= found
        columns.update(zip(external.names, values.T, strict=True))
    if not kept.any() or not columns:
        raise ModelError("no month at risk has all the covariates", hint="leave covariates out")
    origin = registered if settings.clock is Clock.REGISTRATION else population.start
    start, stop = (((moment - origin) / reductions.DAY_SECONDS)[kept] for moment in (begin, finish))
    covariates = np.stack([column[kept] for column in columns.values()], axis=1)
    return tuple(columns), RiskRows(start, stop, event[kept], covariates), np.unique(member[kept]).size


def _months_at_risk(
    population: Population, rows: "NDArray[np.int64]", histories: EventHistories
) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]":
    """Place in `rows`, month, first and last second of each part of a history that lies in one month."""
    registered = population.registered[rows]
    entry, end = registered + histories.entry, registered + histories.end
    first, last = (month_of(moment.astype(np.int64)) for moment in (entry, end))
    length = last - first + 1
    member = np.repeat(np.arange(rows.size), length)
    month = np.arange(member.size) - np.repeat(np.cumsum(length) - length, length) + first[member]
    begin = np.maximum(entry[member], month_start(month))
    finish = np.minimum(end[member], month_start(month + 1))
    real = finish > begin
    return member[real], month[real], begin[real], finish[real]


def _covariates(
    dataset: "Dataset", population: Population, row: "NDArray[np.int64]", month: "NDArray[np.int64]",
    settings: AttainmentSettings,
) -> "dict[str, NDArray[np.float64]]":  # fmt: skip
    """Covariates of the settings that the dataset can give, by name."""
    wanted = set(settings.covariates)
    columns: dict[str, NDArray[np.float64]] = {}
    joined = month_of(population.registered)[row]
    if wanted & {Covariate.POSTS, Covariate.RECENT_POSTS, Covariate.POSTED_EARLY}:
        posts = post_cells(dataset, population)
        always = np.zeros_like(month)
        spans = {
            Covariate.POSTS: (always, month),
            Covariate.RECENT_POSTS: (month - 1, month),
            Covariate.POSTED_EARLY: (joined, joined + 1),
        }
        counts = {name: posts.between(row, *span) for name, span in spans.items() if name in wanted}
        for name, count in counts.items():
            columns[name.value] = (count > 0).astype(float) if name is Covariate.POSTED_EARLY else np.log2(1.0 + count)
    if Covariate.THANKS in wanted and "reaction" in dataset.tables:
        thanks = population.cells(reductions.thanks_months(dataset, population.window.forum))
        columns[Covariate.THANKS.value] = np.log2(1.0 + thanks.between(row, np.zeros_like(month), month))
    if Covariate.TENURE in wanted:
        columns[Covariate.TENURE.value] = (month - joined).astype(float)
    return columns
