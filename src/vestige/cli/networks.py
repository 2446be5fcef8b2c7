"""What the commands on networks share: their options, and opening a dataset or an edge list as a network.

A command takes the options it needs by these names and gives them to `NetworkChoice`.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vestige.dataset.engine import Engine
from vestige.errors import SettingsError
from vestige.inputs import chosen
from vestige.progress import Progress

if TYPE_CHECKING:
    from vestige.network import AnyNetwork, EdgeListSettings, NetworkSettings

SourceArgument = Annotated[
    Path, typer.Argument(metavar="INPUT", help="folder of a dataset, or a CSV or Parquet file with a row a tie")
]
KindOption = Annotated[
    str | None,
    typer.Option(
        help="two-mode, co-participation, reply, thanks or messages; file: two-mode or edge-list",
        show_default="co-participation, or edge-list for a file",
    ),
]
ForumOption = Annotated[str | None, typer.Option(metavar="CODE", help="dataset: this forum alone")]
EngineOption = Annotated[Engine, typer.Option(help="dataset: where ties are counted")]
StartOption = Annotated[str | None, typer.Option(metavar="DATE", help="first day that counts, as YYYY-MM-DD")]
EndOption = Annotated[str | None, typer.Option(metavar="DATE", help="first day that no longer counts")]
ReplyOption = Annotated[str, typer.Option(help="reply: auto, parent, previous or within")]
WithinOption = Annotated[int, typer.Option(min=1, help="reply within: posts looked back over")]
WeightingOption = Annotated[str, typer.Option(help="co-participation: count, or newman (1/(n-1) a thread)")]
LargestOption = Annotated[
    int, typer.Option("--largest-thread", min=0, help="co-participation: larger threads join nobody; 0 for no limit")
]
DaysOption = Annotated[
    float | None, typer.Option(help="co-participation: only posts at most this many days apart join their authors")
]
FromOption = Annotated[str, typer.Option("--from", help="file: column of who gives, or of the member")]
ToOption = Annotated[str, typer.Option("--to", help="file: column of who receives, or of the thread")]
WeightOption = Annotated[str | None, typer.Option("--weight", help="file: column of the weight; else rows are counted")]
TimeOption = Annotated[str | None, typer.Option("--time", help="file: column of seconds since the epoch")]
WhereOption = Annotated[str | None, typer.Option(metavar="COLUMN=VALUE", help="file: only rows with this value")]
UndirectedOption = Annotated[bool, typer.Option("--undirected", help="file: ties have no direction")]

MonthsOption = Annotated[int | None, typer.Option(min=1, help="dataset: also in windows of so many months")]
StepOption = Annotated[
    int | None, typer.Option(min=1, help="months from one window to the next", show_default="the window's length")
]
BesideOption = Annotated[
    str | None,
    typer.Option(metavar="KIND", help="dataset: also beside this other kind of network, such as messages: who is key"),
]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - times of a dataset are UTC without a zone


@dataclass(frozen=True)
class NetworkChoice:
    """The options of a command that say which network is meant; see the options of this module."""

    kind: str | None = None
    forum: str | None = None
    engine: Engine = Engine.DUCKDB
    start: str | None = None
    end: str | None = None
    reply: str = "auto"
    within: int = 5
    weighting: str = "count"
    largest_thread: int = 200
    days: float | None = None
    source_column: str = "from"
    target_column: str = "to"
    weight_column: str | None = None
    time_column: str | None = None
    where: str | None = None
    undirected: bool = False

    def dataset_settings(self) -> "NetworkSettings":
        """Settings for a dataset; raises SettingsError for options that belong to a file."""
        from vestige.network import NetworkKind, NetworkSettings, Projection, ProjectionSettings, ReplyRule

        for name, value in (("weight", self.weight_column), ("time", self.time_column), ("where", self.where)):
            if value:
                raise SettingsError(f"--{name} belongs to a file, not to a dataset", hint="leave it out")
        if self.undirected:
            raise SettingsError("--undirected belongs to a file, not to a dataset", hint="leave it out")
        return NetworkSettings(
            kind=chosen(NetworkKind, self.kind or NetworkKind.CO_PARTICIPATION, "--kind"),
            forum=self.forum,
            start=_day(self.start, "--start"),
            end=_day(self.end, "--end"),
            reply=chosen(ReplyRule, self.reply, "--reply"),
            within=self.within,
            projection=ProjectionSettings(
                chosen(Projection, self.weighting, "--weighting"), self.largest_thread or None, self.days
            ),
        )

    def file_settings(self) -> "EdgeListSettings":
        """Settings for a file; raises SettingsError for kinds that only a dataset has."""
        from vestige.network import EdgeListSettings, NetworkKind

        kinds = {NetworkKind.TWO_MODE.value, NetworkKind.EDGE_LIST.value, NetworkKind.CO_PARTICIPATION.value, None}
        if self.kind not in kinds:
            raise SettingsError("a file of ties has no such kind of network", hint="choose two-mode or edge-list")
        name, equals, value = (self.where or "").partition("=")
        if self.where and not equals:
            raise SettingsError("--where takes a column and a value", hint="for example --where key=a")
        return EdgeListSettings(
            two_mode=self.kind in {NetworkKind.TWO_MODE.value, NetworkKind.CO_PARTICIPATION.value},
            directed=not self.undirected,
            source=self.source_column,
            target=self.target_column,
            weight=self.weight_column,
            time=self.time_column,
            start=_seconds(self.start, "--start"),
            end=_seconds(self.end, "--end"),
            where=(name, value) if self.where else None,
        )


def open_network(source: Path, choice: NetworkChoice, *, progress: Progress | None = None) -> "AnyNetwork":
    """The network that a command is about.

    Args:
        source: folder of a dataset, or a file of ties.
        choice: the command's options.
        progress: told of the steps.

    Raises:
        SettingsError: options that do not fit the source.
        DatasetError: the dataset lacks a table.
        SourceError: the file cannot be read.
    """
    from vestige.network import NetworkKind, ProjectionSettings, TwoModeNetwork, build_network, read_edge_list
    from vestige.network.settings import Projection

    if source.is_dir():
        from vestige.dataset import open_dataset

        with open_dataset(source, engine=choice.engine) as dataset:
            return build_network(dataset, settings=choice.dataset_settings(), progress=progress)
    network = read_edge_list(source, settings=choice.file_settings())
    if choice.kind == NetworkKind.CO_PARTICIPATION.value and isinstance(network, TwoModeNetwork):
        weighting = chosen(Projection, choice.weighting, "--weighting")
        return network.project(ProjectionSettings(weighting, choice.largest_thread or None, choice.days))
    return network


def _day(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        day: datetime | None = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - UTC without a zone
    except ValueError:
        day = None
    if day is None:
        raise SettingsError(f"{option} is no day", hint="write it as YYYY-MM-DD")
    return day


def _seconds(text: str | None, option: str) -> float | None:
    day = _day(text, option)
    return None if day is None else (day - _EPOCH).total_seconds()
