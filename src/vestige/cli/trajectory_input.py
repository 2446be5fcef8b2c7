"""From the options of `vestige trajectories` to a panel, a model and the traits that groups are profiled against."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.errors import SettingsError
from vestige.inputs import chosen, read_table_file

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.dataset import Dataset
    from vestige.dataset.engine import Engine
    from vestige.trajectories import Panel, PanelSettings, PartitionedPanel, TrajectorySettings

LARGEST_SEARCH = 40


@dataclass(frozen=True)
class ModelOptions:
    """Options of the model, as written."""

    family: str
    order: str
    zero_order: str
    common_zero: bool
    spread: str | None
    spline: bool
    minimum: float | None
    maximum: float | None
    dropout: int | None
    robust: bool
    starts: int


@dataclass(frozen=True)
class DatasetOptions:
    """Options that choose events of a dataset, as written."""

    outcome: str
    clock: str
    before: str
    after_ban: str
    removed: str
    forum: str | None
    engine: "Engine"
    partitions: int | None


@dataclass(frozen=True)
class FileOptions:
    """Options that choose columns of a file, as written; None and empty where not given."""

    columns: str | None
    identifier: str | None
    times: str | None
    exposure: str | None
    covariate: list[str]
    risk: str | None
    weight: str | None


@dataclass(frozen=True)
class Source:
    """What is fitted.

    Attributes:
        panel: responses of all members, in memory or in partitions.
        traits: a row a member, or None when no profile was asked for.
        member: column of the member in `traits`.
        private: whether it came from a file of the user's, to which the disclosure policy does not apply.
    """

    panel: "Panel | PartitionedPanel"
    traits: "pa.Table | None"
    member: str
    private: bool


def model_of(options: ModelOptions, numbers: tuple[int, ...]) -> "TrajectorySettings":
    """The model that the options state, with the first number of groups; raises SettingsError."""
    from vestige.trajectories import Basis, Family, Scope, SearchSettings, TrajectorySettings

    curve = _orders(options.order, "--order")
    return TrajectorySettings(
        family=chosen(Family, options.family, "--family"),
        groups=numbers[0] if isinstance(curve, int) else len(curve),
        order=curve,
        zero_order=_orders(options.zero_order, "--zero-order"),
        zero_scope=Scope.COMMON if options.common_zero else Scope.GROUP,
        spread_scope=None if options.spread is None else chosen(Scope, options.spread, "--spread"),
        basis=Basis.SPLINE if options.spline else Basis.POLYNOMIAL,
        minimum=options.minimum,
        maximum=options.maximum,
        dropout_order=options.dropout,
        robust=options.robust,
        search=SearchSettings(starts=options.starts),
    )


@contextmanager
def opened_source(path: Path, dataset: DatasetOptions, file: FileOptions, traits: str | None) -> Iterator[Source]:
    """The panel and the traits of a dataset's folder or of a wide file, to be used in the `with`.

    Raises:
        SettingsError: options that do not go together.
        DatasetError: not a dataset that can be read.
        EngineError: partitions without Spark.
    """
    if not path.is_dir():
        if dataset.partitions is not None:
            raise SettingsError("--partitions belongs to a dataset, not to a file", hint="leave it out")
        yield _file_source(path, file, traits)
        return
    settings = _panel_settings(dataset, file)
    if dataset.partitions is None:
        yield _dataset_source(path, dataset, settings, traits)
        return
    from vestige.dataset import open_dataset
    from vestige.trajectories import partition_panel

    with (
        open_dataset(path, engine=dataset.engine) as opened,
        partition_panel(opened, partitions=dataset.partitions, settings=settings) as panel,
    ):
        yield Source(panel, _traits_of(opened, settings, traits), "member", private=False)


def numbers_of_groups(text: str, option: str) -> tuple[int, ...]:
    """Numbers of groups as written for an option: 6, 1:8 or 2,4,6; raises SettingsError for anything else."""
    first, colon, last = text.partition(":")
    parts = [first, last] if colon else text.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise SettingsError(f"{option} takes a number, a range or a list", hint="for example 6, 1:8 or 2,4,6")
    numbers = [int(part) for part in parts]
    found = tuple(range(numbers[0], numbers[1] + 1)) if colon else tuple(numbers)
    if not found or min(found) < 1 or max(found) > LARGEST_SEARCH:
        raise SettingsError(f"{option} must lie between 1 and {LARGEST_SEARCH}", hint="for example 1:8")
    return found


def _panel_settings(options: DatasetOptions, file: FileOptions) -> "PanelSettings":
    from vestige.trajectories import AfterBan, Before, Clock, PanelSettings, Removed

    for name, value in vars(file).items():
        if value:
            option = {"identifier": "id"}.get(name, name)
            raise SettingsError(f"--{option} belongs to a file, not to a dataset", hint="leave it out")
    return PanelSettings(
        outcome=options.outcome,
        clock=chosen(Clock, options.clock, "--clock"),
        before=chosen(Before, options.before, "--before"),
        after_ban=chosen(AfterBan, options.after_ban, "--after-ban"),
        removed=chosen(Removed, options.removed, "--removed"),
        forum=options.forum,
    )


def _dataset_source(folder: Path, options: DatasetOptions, settings: "PanelSettings", traits: str | None) -> Source:
    from vestige.dataset import open_dataset
    from vestige.trajectories import build_panel

    with open_dataset(folder, engine=options.engine) as dataset:
        panel = build_panel(dataset, settings=settings)
        return Source(panel, _traits_of(dataset, settings, traits), "member", private=False)


def _traits_of(dataset: "Dataset", settings: "PanelSettings", traits: str | None) -> "pa.Table | None":
    from vestige.trajectories import member_traits

    if traits is None:
        return None
    table = member_traits(dataset, forum=settings.forum)
    known = [name for name in table.column_names if name != "member"]
    wanted = known if traits == "all" else _names(traits)
    if not set(wanted) <= set(known):
        raise SettingsError("--traits names what the dataset does not have", hint=f"all, or some of {', '.join(known)}")
    return table.select(["member", *wanted])


def _file_source(path: Path, options: FileOptions, traits: str | None) -> Source:
    from vestige.trajectories import wide_panel

    if options.columns is None:
        raise SettingsError("a file needs the columns of the responses", hint="pass --columns, such as y1:y20")
    pairs = [text.partition("=") for text in options.covariate]
    if any(not last for _, _, last in pairs):
        raise SettingsError("a covariate is given as name=columns", hint="for example --covariate income=c1:c20")
    if traits is not None and options.identifier is None:
        raise SettingsError("profiles need a column of the member", hint="pass --id")
    table = read_table_file(path)
    panel = wide_panel(
        table,
        options.columns,
        identifier=options.identifier,
        times=_times(options.times),
        exposure=options.exposure,
        covariates={name: own for name, _, own in pairs},
        risk=_names(options.risk or ""),
        weight=options.weight,
    )
    if traits is None or options.identifier is None:
        return Source(panel, None, "member", private=True)
    wanted = _names(traits)
    if not set(wanted) <= set(table.column_names):
        raise SettingsError("--traits names a column that the file lacks", hint="columns, separated by commas")
    return Source(panel, table.select([options.identifier, *wanted]), options.identifier, private=True)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _times(text: str | None) -> list[float] | str | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text


def _orders(text: str, option: str) -> int | tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().lstrip("-").isdigit() for part in parts):
        raise SettingsError(f"{option} takes a whole number, or one a group", hint="for example 2 or 1,3,2")
    orders = tuple(int(part) for part in parts)
    return orders[0] if len(orders) == 1 else orders
