"""Networks for other programs: GraphML and GEXF (Gephi), Pajek, CSV for Analyst's Notebook, Parquet.

Nodes are known by pseudonyms. Ids begin with a letter, `m-` for members and `t-` for threads, so that no spreadsheet
takes one for a number, a date or a formula.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from vestige.errors import SettingsError
from vestige.inputs import chosen
from vestige.network.edges import edge_arrays
from vestige.network.graph import AnyNetwork, Network
from vestige.outputs import staged_file, staged_folder
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK: Final = 100_000
_COLUMN_PATTERN: Final = "letters, digits and underscores, not beginning with a digit"


class ExportFormat(StrEnum):
    """What a network is written as."""

    GRAPHML = "graphml"
    GEXF = "gexf"
    PAJEK = "pajek"
    ANALYST = "analyst"
    PARQUET = "parquet"


FILE_NAMES: Final = {
    ExportFormat.GRAPHML: "network.graphml",
    ExportFormat.GEXF: "network.gexf",
    ExportFormat.PAJEK: "network.net",
    ExportFormat.ANALYST: "links.csv",
    ExportFormat.PARQUET: "parquet",
}
"""Customary names; Parquet is a folder of two files."""


@dataclass(frozen=True)
class _Plain:
    """A network as every format sees it: ids, kinds and columns of nodes, and edges as positions."""

    identifiers: Sequence[str]
    members: int
    columns: Mapping[str, Sequence[object]]
    source: IntArray
    target: IntArray
    weight: FloatArray
    directed: bool


def export_network(
    network: AnyNetwork,
    path: str | Path,
    file_format: ExportFormat | str,
    *,
    columns: "pa.Table | None" = None,
    replace: bool = False,
) -> None:
    """Write a network for another program.

    Args:
        network: one- or two-mode. Of a two-mode network members and threads are nodes.
        path: the new file; a folder for Parquet.
        file_format: which.
        columns: further columns of the members, one row a node in the network's order: whole numbers, numbers or text.
        replace: whether what stands there may be replaced.

    Raises:
        SettingsError: no such format, or columns that do not fit.
        OutputError: the place exists already or cannot be written.
    """
    wanted = chosen(ExportFormat, file_format, "format")
    target = Path(path)
    if wanted is ExportFormat.PARQUET:
        _write_parquet(network, target, columns, replace=replace)
        return
    plain = _plain(network, columns)
    with staged_file(target, replace=replace) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        _WRITERS[wanted](plain, stream)


def _plain(network: AnyNetwork, columns: "pa.Table | None") -> _Plain:
    identifiers = [f"m-{name}" for name in network.pseudonyms]
    extra = _checked_columns(network, columns)
    if isinstance(network, Network):
        source, target, weight = edge_arrays(network)
        return _Plain(identifiers, network.size, extra, source, target, weight, network.directed)
    matrix = network.incidence
    rows = np.repeat(np.arange(network.size, dtype=np.int64), np.diff(matrix.indptr))
    threads = [f"t-{thread}" for thread in network.threads.tolist()]
    missing: list[object] = [None] * len(threads)
    padded = {name: [*values, *missing] for name, values in extra.items()}
    places = matrix.indices.astype(np.int64) + network.size
    return _Plain([*identifiers, *threads], network.size, padded, rows, places, matrix.data, directed=False)


def _checked_columns(network: AnyNetwork, columns: "pa.Table | None") -> dict[str, Sequence[object]]:
    import pyarrow as pa

    if columns is None:
        return {}
    if columns.num_rows != network.size:
        raise SettingsError(
            "the columns have another number of rows than the network has nodes", hint="give one a node"
        )
    for field in columns.schema:
        if not (field.name.isidentifier() and field.name.isascii()) or field.name in {"kind", "label", "weight"}:
            raise SettingsError("a column's name does not fit every format", hint=_COLUMN_PATTERN)
        if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_string(field.type)):
            raise SettingsError(f"column {field.name!r} is neither number nor text", hint="leave it out")
    return {name: columns.column(name).to_pylist() for name in columns.column_names}


def _kind(plain: _Plain, node: int) -> str:
    return "member" if node < plain.members else "thread"


def _value_type(values: Sequence[object]) -> str:
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known):
        return "string"
    return "long" if known and all(isinstance(value, int) for value in known) else "double"


def _filled(values: Sequence[object], node: int) -> str | None:
    """A value as text; None for null and for what XML's double cannot hold in every reader."""
    value = values[node]
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return escape(value) if isinstance(value, str) else repr(value)


def _chunks(plain: _Plain) -> Iterator[list[tuple[int, int, float]]]:
    """Edges as plain numbers, a part at a time."""
    for start in range(0, plain.source.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        yield list(
            zip(plain.source[part].tolist(), plain.target[part].tolist(), plain.weight[part].tolist(), strict=True)
        )


def _write_graphml(plain: _Plain, stream: TextIO) -> None:
    """GraphML 1.0 (Brandes et al. 2002)."""
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    stream.write('<key id="kind" for="node" attr.name="kind" attr.type="string"/>\n')
    stream.writelines(
        f'<key id="{name}" for="node" attr.name="{name}" attr.type="{_value_type(values)}"/>\n'
        for name, values in plain.columns.items()
    )
    stream.write('<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n')
    stream.write(f'<graph edgedefault="{"directed" if plain.directed else "undirected"}">\n')
    for node, identifier in enumerate(plain.identifiers):
        parts = [f'<data key="kind">{_kind(plain, node)}</data>']
        for name, values in plain.columns.items():
            text = _filled(values, node)
            parts += [] if text is None else [f'<data key="{name}">{text}</data>']
        stream.write(f"<node id={quoteattr(identifier)}>{''.join(parts)}</node>\n")
    names = [quoteattr(identifier) for identifier in plain.identifiers]
    for edges in _chunks(plain):
        stream.writelines(
            f'<edge source={names[one]} target={names[other]}><data key="weight">{weight!r}</data></edge>\n'
            for one, other, weight in edges
        )
    stream.write("</graph>\n</graphml>\n")


def _write_gexf(plain: _Plain, stream: TextIO) -> None:
    """GEXF 1.3 (gexf.net)."""
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n')
    stream.write(f'<graph mode="static" defaultedgetype="{"directed" if plain.directed else "undirected"}">\n')
    stream.write('<attributes class="node"><attribute id="kind" title="kind" type="string"/>')
    stream.writelines(
        f'<attribute id="{name}" title="{name}" type="{_value_type(values)}"/>'
        for name, values in plain.columns.items()
    )
    stream.write("</attributes>\n<nodes>\n")
    for node, identifier in enumerate(plain.identifiers):
        parts = [f'<attvalue for="kind" value="{_kind(plain, node)}"/>']
        for name, values in plain.columns.items():
            text = _filled(values, node)
            parts += [] if text is None else [f'<attvalue for="{name}" value="{text.replace(chr(34), "&quot;")}"/>']
        own = quoteattr(identifier)
        stream.write(f"<node id={own} label={own}><attvalues>{''.join(parts)}</attvalues></node>\n")
    stream.write("</nodes>\n<edges>\n")
    names = [quoteattr(identifier) for identifier in plain.identifiers]
    number = 0
    for edges in _chunks(plain):
        stream.writelines(
            f'<edge id="{number + place}" source={names[one]} target={names[other]} weight="{weight!r}"/>\n'
            for place, (one, other, weight) in enumerate(edges)
        )
        number += len(edges)
    stream.write("</edges>\n</graph>\n</gexf>\n")


def _write_pajek(plain: _Plain, stream: TextIO) -> None:
    """Pajek's .net (Batagelj and Mrvar); a two-mode network states how many nodes are members. Columns are left out."""
    two_mode = plain.members < len(plain.identifiers)
    stream.write(f"*Vertices {len(plain.identifiers)}{f' {plain.members}' if two_mode else ''}\n")
    stream.writelines(f'{number} "{identifier}"\n' for number, identifier in enumerate(plain.identifiers, 1))
    stream.write("*Arcs\n" if plain.directed else "*Edges\n")
    for edges in _chunks(plain):
        stream.writelines(f"{one + 1} {other + 1} {weight:.12g}\n" for one, other, weight in edges)


def _write_analyst(plain: _Plain, stream: TextIO) -> None:
    """A row a link, as Analyst's Notebook and other link charts import it; columns are left out."""
    stream.write("entity_1,entity_1_type,entity_2,entity_2_type,link_direction,link_weight\n")
    direction = "1 to 2" if plain.directed else "none"
    for edges in _chunks(plain):
        stream.writelines(
            f"{plain.identifiers[one]},{_kind(plain, one)},{plain.identifiers[other]},{_kind(plain, other)},"
            f"{direction},{weight:.12g}\n"
            for one, other, weight in edges
        )


def _write_parquet(network: AnyNetwork, folder: Path, columns: "pa.Table | None", *, replace: bool) -> None:
    """nodes.parquet with the extra columns, edges.parquet, and threads.parquet of a two-mode network."""
    import pyarrow.parquet as pq

    _checked_columns(network, columns)
    with staged_folder(folder, replace=replace) as partial:
        for name in network.table_names:
            table = network.table(name)
            if name == "nodes" and columns is not None:
                for column in columns.column_names:
                    table = table.append_column(column, columns.column(column))
            pq.write_table(table, partial / f"{name}.parquet", compression="zstd")


_WRITERS: Final[Mapping[ExportFormat, Callable[[_Plain, TextIO], None]]] = {
    ExportFormat.GRAPHML: _write_graphml,
    ExportFormat.GEXF: _write_gexf,
    ExportFormat.PAJEK: _write_pajek,
    ExportFormat.ANALYST: _write_analyst,
}
