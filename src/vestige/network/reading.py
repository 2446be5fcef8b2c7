"""`read_edge_list`: a network from a plain table of ties, CSV or Parquet; for data that never was a dataset."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.dataset.schema import PSEUDONYM_PATTERN
from vestige.errors import SettingsError
from vestige.inputs import read_table_file
from vestige.network.edges import adjacency_of, summed_matrix
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.settings import EdgeListSettings, NetworkKind, Source
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa


def read_edge_list(file: str | Path, *, settings: EdgeListSettings | None = None) -> AnyNetwork:
    """Read a file of ties as a network.

    Labels of nodes that are whole numbers or pseudonyms are kept; all others are replaced by numbers in their sorted
    order, since a label may be a name. `node_numbers` tells which number a label has, for a file that uses the same.

    Args:
        file: CSV (also .gz) with a header, or Parquet.
        settings: which columns, whether directed, and which rows count.

    Returns:
        A `Network`, or a `TwoModeNetwork` when the settings say so.

    Raises:
        SourceError: not readable as either.
        SettingsError: a column is missing or holds what it cannot, or no row counts.
    """
    wanted = settings or EdgeListSettings()
    path = Path(file)
    return network_of_table(read_table_file(path), wanted, digest=_digest(path))


def node_numbers(file: str | Path, *, settings: EdgeListSettings | None = None) -> dict[str, str]:
    """The pseudonym of each label in the network that `read_edge_list` makes of the same file, its number if replaced.

    The labels may be names: use the answer to match another file, and let it go.

    Raises:
        SourceError, SettingsError: as `read_edge_list`.
    """
    wanted = settings or EdgeListSettings()
    source, target, _, _ = _ends(read_table_file(Path(file)), wanted)
    labels = _texts(source) if wanted.two_mode else _both(source, target)
    numbers, _, pseudonyms, _ = _numbered(labels)
    return dict(zip(labels.to_pylist(), (pseudonyms[number] for number in numbers), strict=True))


def network_of_table(table: "pa.Table", settings: EdgeListSettings, *, digest: str | None = None) -> AnyNetwork:
    """A network from an Arrow table of ties; as `read_edge_list`."""
    source, target, weight, findings = _ends(table, settings)
    provenance = Provenance("read_edge_list", plain_settings(settings), None, digest)
    if settings.two_mode:
        return _two_mode(source, target, weight, settings, findings, provenance)
    return _one_mode(source, target, weight, settings, findings, provenance)


def _ends(
    table: "pa.Table", settings: EdgeListSettings
) -> "tuple[pa.ChunkedArray, pa.ChunkedArray, FloatArray, list[Finding]]":
    """Both ends and the weight of every tie that counts, and what was left out."""
    counted, findings = _counted_rows(table, settings)
    weight, more = _weights(counted, settings)
    findings += more
    positive = weight > 0
    if not positive.all():
        text = f"{int((~positive).sum()):,} ties with a weight of 0 or less are left out."
        findings.append(Finding("weights-not-positive", Severity.CAUTION, text))
    source, target = (counted.column(name).filter(positive) for name in (settings.source, settings.target))
    if not len(source):
        raise SettingsError("no tie is left to make a network of", hint="check the file, --where and the window")
    return source, target, weight[positive], findings


def _one_mode(
    source: "pa.ChunkedArray", target: "pa.ChunkedArray", weight: FloatArray,
    settings: EdgeListSettings, findings: list[Finding], provenance: Provenance,
) -> Network:  # fmt: skip
    numbers, members, pseudonyms, kept = _numbered(_both(source, target))
    starts, ends = numbers[: len(source)], numbers[len(source) :]
    loops = int((starts == ends).sum())
    if loops:
        findings.append(Finding("self-ties", Severity.NOTE, f"{loops:,} ties of a node to itself are left out."))
    return Network(
        kind=NetworkKind.EDGE_LIST,
        directed=settings.directed,
        members=members,
        pseudonyms=pseudonyms,
        adjacency=adjacency_of(starts, ends, weight, len(members), directed=settings.directed),
        settings=settings,
        findings=most_severe_first([*findings, *_label_findings(kept)]),
        provenance=provenance,
        source=Source.EDGE_LIST,
    )


def _two_mode(
    source: "pa.ChunkedArray", target: "pa.ChunkedArray", weight: FloatArray,
    settings: EdgeListSettings, findings: list[Finding], provenance: Provenance,
) -> TwoModeNetwork:  # fmt: skip
    rows, members, pseudonyms, kept = _numbered(_texts(source))
    columns, threads, _, _ = _numbered(_texts(target))
    return TwoModeNetwork(
        members=members,
        pseudonyms=pseudonyms,
        threads=threads,
        incidence=summed_matrix(rows, columns, weight, (len(members), len(threads))),
        settings=settings,
        findings=most_severe_first([*findings, *_label_findings(kept)]),
        provenance=provenance,
        source=Source.EDGE_LIST,
    )


def _both(source: "pa.ChunkedArray", target: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    return pa.chunked_array([*_texts(source).chunks, *_texts(target).chunks], pa.string())


def _label_findings(kept: bool) -> Iterator[Finding]:
    if not kept:
        text = "Labels of nodes are neither numbers nor pseudonyms; they are replaced by numbers in their sorted order."
        yield Finding("labels-replaced", Severity.NOTE, text)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _column(table: "pa.Table", name: str) -> "pa.ChunkedArray":
    if name not in table.column_names:
        raise SettingsError(f"the table has no column {name!r}", hint="name the columns of the ties")
    return table.column(name)


def _counted_rows(table: "pa.Table", settings: EdgeListSettings) -> "tuple[pa.Table, list[Finding]]":
    """The rows that count, and what was left out."""
    import pyarrow.compute as pc

    findings: list[Finding] = []
    if settings.where is not None:
        name, value = settings.where
        table = table.filter(pc.equal(_texts(_column(table, name)), value))
    if settings.time is not None and (settings.start is not None or settings.end is not None):
        moments = _floats(_column(table, settings.time), settings.time)
        inside = np.isfinite(moments)
        inside &= moments >= (-np.inf if settings.start is None else settings.start)
        inside &= moments < (np.inf if settings.end is None else settings.end)
        left = int((~inside).sum())
        if left:
            findings.append(Finding("outside-window", Severity.NOTE, f"{left:,} ties outside the window do not count."))
        table = table.filter(_mask(inside))
    known = pc.and_(pc.is_valid(_column(table, settings.source)), pc.is_valid(_column(table, settings.target)))
    missing = table.num_rows - int(pc.sum(known).as_py() or 0)
    if missing:
        text = f"{missing:,} rows without one of their two ends are left out."
        findings.append(Finding("ends-missing", Severity.CAUTION, text))
    return table.filter(known), findings


def _weights(table: "pa.Table", settings: EdgeListSettings) -> tuple[FloatArray, list[Finding]]:
    if settings.weight is None:
        return np.ones(table.num_rows), []
    values = _floats(_column(table, settings.weight), settings.weight)
    missing = int((~np.isfinite(values)).sum())
    if not missing:
        return values, []
    text = f"{missing:,} ties without a weight count as 1."
    return np.where(np.isfinite(values), values, 1.0), [Finding("weights-missing", Severity.NOTE, text)]


def _floats(column: "pa.ChunkedArray", name: str) -> FloatArray:
    """Numbers, NaN where there is none; raises SettingsError for a column of text."""
    import pyarrow as pa

    numeric: Any = None
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_null(column.type):
        numeric = column.cast(pa.float64())
    if numeric is None:
        raise SettingsError(f"column {name!r} does not hold numbers", hint="name another column")
    values: FloatArray = numeric.to_numpy().astype(np.float64)
    return values


def _texts(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """A column as words; raises SettingsError where it is none, such as bytes in another encoding than UTF-8."""
    import pyarrow as pa

    words: Any = None
    try:
        words = column.cast(pa.string())
    except pa.ArrowException:
        words = None
    if words is None:
        raise SettingsError("a column of the ties holds neither numbers nor words in UTF-8", hint="save it as UTF-8")
    return words


def _mask(values: BoolArray) -> "pa.Array":
    import pyarrow as pa

    return pa.array(values)


def _numbered(labels: "pa.ChunkedArray") -> tuple[IntArray, IntArray, tuple[str, ...], bool]:
    """Row numbers in the order of ids, ids, names, and whether the labels were kept."""
    import pyarrow.compute as pc

    coded = labels.combine_chunks().dictionary_encode()
    distinct, places = coded.dictionary, coded.indices.to_numpy(zero_copy_only=False)
    whole = bool(pc.all(pc.match_substring_regex(distinct, r"^-?[0-9]{1,18}$")).as_py())
    if whole:
        values = np.array(distinct.to_pylist(), dtype=np.int64)
        members, inverse = np.unique(values, return_inverse=True)
        return inverse[places].astype(np.int64), members, tuple(map(str, members.tolist())), True
    named = bool(pc.all(pc.match_substring_regex(distinct, PSEUDONYM_PATTERN)).as_py())
    texts = distinct.to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.empty(len(texts), dtype=np.int64)
    rank[order] = np.arange(len(texts))
    names = tuple(texts[place] for place in order) if named else tuple(map(str, range(len(texts))))
    return rank[places], np.arange(len(texts), dtype=np.int64), names, named
