"""Join datasets made under one key into one dataset of several forums.

Ids are dense within each forum, so only the forums are renumbered, and no row but its `forum` changes. Rows stream from
file to file; no engine holds them. A member has one pseudonym a forum: who is in two forums shows only where handles
were linked at derivation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vestige.dataset.engine import check_unchanged
from vestige.dataset.manifest import ForumEntry, Manifest, Part, TimeResolution, lies_in_dataset
from vestige.dataset.manifest_text import LONGEST_SENTENCE
from vestige.dataset.schema import TABLES, ColumnType, Software
from vestige.dataset.store import NOT_SUPPLIED, refuse_other_schema, seal_manifest, verified_file
from vestige.errors import DatasetError, OutputError, SettingsError
from vestige.outputs import staged_folder
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS: Final = 1 << 17
FINE_TO_COARSE: Final = tuple(TimeResolution)
RELEASE: Final = "release"
"""Option of a dataset whose pseudonyms belong to one release only."""
_FEW: Final = 3


@dataclass(frozen=True)
class MergeResult:
    """What a merge did; the dataset itself lies in `path`.

    Attributes:
        path: the merged dataset's folder.
        manifest: as written.
    """

    path: Path
    manifest: Manifest

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What to know, most severe first; those of the datasets that were joined begin with their forum's code."""
        return self.manifest.findings

    @property
    def provenance(self) -> Provenance:
        """The digests of the datasets that were joined, and of the merged one."""
        joined = [part.digest for part in self.manifest.parts]
        return Provenance("merge_datasets", {"datasets": joined}, None, self.manifest.digest)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("forums", "dataset", "absent", "findings")

    def table(self, name: str) -> "pa.Table":
        """A table by name, as Arrow.

        Raises:
            SettingsError: there is no such table.
        """
        import pyarrow as pa

        if name not in self.table_names:
            raise SettingsError("there is no such table", hint=f"tables are {', '.join(self.table_names)}")
        return pa.Table.from_pylist(list(self._rows(name)))

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        if name == "forums":
            digests = {code: part.digest for part in self.manifest.parts for code in part.forums}
            for forum in self.manifest.forums:
                yield {
                    "forum": forum.forum,
                    "code": forum.code,
                    "software": forum.software.value,
                    "digest": digests[forum.code],
                }
        elif name == "dataset":
            for entry in self.manifest.files:
                yield {"table": entry.table, "rows": entry.rows, "bytes": entry.size}
        elif name == "absent":
            for what, reason in self.manifest.absent.items():
                yield {"what": what, "reason": reason}
        else:
            for finding in self.findings:
                yield {"severity": finding.severity.value, "code": finding.code, "text": finding.text}

    def summary(self) -> str:
        """Forums and rows in one line of words."""
        rows = sum(entry.rows for entry in self.manifest.files)
        return f"{len(self.manifest.parts)} datasets, {len(self.manifest.forums)} forums, {rows:,} rows in one dataset"

    def plot(self, name: str) -> NoReturn:
        """A merge draws nothing.

        Raises:
            SettingsError: always.
        """
        raise SettingsError(f"a merge has no chart (asked for one of {len(name)} letters)", hint="use vestige report")


def merge_datasets(
    datasets: Sequence[str | Path],
    out: str | Path,
    *,
    replace_existing: bool = False,
    progress: Progress = ignore_progress,
) -> MergeResult:
    """Join datasets made under one key into one dataset of several forums.

    Forums are numbered in the order given; every other id stays, since it counts within its forum. Times are cut to the
    coarsest resolution among the datasets. What each dataset said of itself (what it lacks and why, findings, counts,
    options, digest) stands in the manifest's `parts`.

    Args:
        datasets: folders of two datasets or more; merged ones are welcome.
        out: the new folder; written beside its place and moved into it whole.
        replace_existing: whether what stands at `out` may be replaced.
        progress: takes reports of the stage "merge", in rows.

    Raises:
        SettingsError: fewer than two datasets.
        DatasetError: another schema version, another key or release, one forum in two datasets, or a file that its
            manifest does not describe.
        OutputError: `out` exists, cannot be written, or lies in a dataset.
    """
    folders = [Path(folder).absolute() for folder in datasets]
    if len(folders) < 2:  # noqa: PLR2004 - the least that can be joined
        raise SettingsError("a merge joins two datasets or more", hint="name them all, then --out DIR")
    if lies_in_dataset(Path(out)) or Path(out).absolute() in folders:
        raise OutputError("a dataset holds nothing but itself", hint="choose an --out outside the datasets")
    manifests = [Manifest.read(folder) for folder in folders]
    _refuse_strangers(manifests)
    merged = _merged(manifests)
    total = sum(entry.rows for manifest in manifests for entry in manifest.files)
    tell = _Counter(total, progress)
    with staged_folder(Path(out), replace=replace_existing) as folder:
        for name in TABLES:
            _write_table(name, folder, list(zip(folders, manifests, strict=True)), merged.time_resolution, tell)
        return MergeResult(Path(out), seal_manifest(folder, merged))


@dataclass
class _Counter:
    """Rows written so far."""

    total: int
    progress: Progress
    done: int = 0

    def add(self, rows: int) -> None:
        self.done += rows
        self.progress(Step("merge", self.done, self.total, "rows"))


def _refuse_strangers(manifests: Sequence[Manifest]) -> None:
    """Only datasets of one key and release, and of different forums, belong together."""
    keys = {manifest.key_fingerprint for manifest in manifests}
    keyless = all(forum.software is Software.SIMULATED for manifest in manifests for forum in manifest.forums)
    if len(keys) > 1 or (keys == {None} and not keyless):
        raise DatasetError(
            "the datasets were made under different keys",
            where=f"{len(keys)} fingerprints",
            hint="derive them again under one key; `vestige derive` prints a key's fingerprint",
        )
    releases = {manifest.options.get(RELEASE) for manifest in manifests}
    if len(releases) > 1:
        raise DatasetError("the datasets belong to different releases", hint="derive them again with one --release")
    codes = [forum.code for manifest in manifests for forum in manifest.forums]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise DatasetError(
            "two datasets hold one forum", where=f"code {twice[0]}", hint="give each forum its own --forum code"
        )


def _merged(manifests: Sequence[Manifest]) -> Manifest:
    """The manifest of the merged dataset, without its files."""
    codes = [(forum.code, forum.software) for manifest in manifests for forum in _in_order(manifest)]
    parts = tuple(part for manifest in manifests for part in manifest.parts or (_part(manifest),))
    resolution = max((manifest.time_resolution for manifest in manifests), key=FINE_TO_COARSE.index)
    places = {place: None for manifest in manifests for place in manifest.codes}
    return Manifest(
        forums=tuple(ForumEntry(number, code, software) for number, (code, software) in enumerate(codes)),
        time_resolution=resolution,
        absent=dict(_absent_everywhere(manifests)),
        codes={
            place: tuple(sorted({code for manifest in manifests for code in manifest.codes.get(place, ())}))
            for place in places
        },
        findings=most_severe_first(_findings(manifests, parts, resolution)),
        key_fingerprint=manifests[0].key_fingerprint,
        options=_common([part.options for part in parts]),
        parts=parts,
    )


def _in_order(manifest: Manifest) -> list[ForumEntry]:
    return sorted(manifest.forums, key=lambda forum: forum.forum)


def _part(manifest: Manifest) -> Part:
    codes = tuple(forum.code for forum in _in_order(manifest))
    counts, findings = manifest.source_counts, manifest.findings
    return Part(manifest.digest, codes, manifest.absent, findings, counts, manifest.options)


def _common(options: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Choices that were the same everywhere; the others stand in the parts."""
    first, *others = options
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _absent_everywhere(manifests: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    """Tables that no dataset has, and columns that are empty wherever their table is."""
    for place in dict.fromkeys(place for manifest in manifests for place in manifest.absent):
        table = place.split(".")[0]
        having = [manifest for manifest in manifests if place == table or table in manifest.tables]
        reasons = [manifest.absent.get(place) for manifest in having]
        if having and all(reason is not None for reason in reasons):
            yield place, next((own for own in reasons if own and own != NOT_SUPPLIED), NOT_SUPPLIED)


def _findings(manifests: Sequence[Manifest], parts: Sequence[Part], resolution: TimeResolution) -> Iterator[Finding]:
    for manifest in manifests:
        if manifest.parts:  # they begin with their forum's code already
            yield from manifest.findings
        else:
            code = _in_order(manifest)[0].code
            yield from (replace(own, text=_cut_sentence(f"{code}: {own.text}")) for own in manifest.findings)
    if any(manifest.time_resolution is not resolution for manifest in manifests):
        text = f"times were cut to the {resolution.value}, the coarsest resolution among the datasets"
        yield Finding("times-cut-to-coarsest", Severity.NOTE, text)
    if len({str(part.options.get("linking", "none")) for part in parts}) > 1:
        text = "handles were linked in some of the datasets only: overlap with the others cannot be seen"
        yield Finding("linking-differs", Severity.CAUTION, text)
    yield from _missing_in_some(parts, {table for manifest in manifests for table in manifest.tables})


def _missing_in_some(parts: Sequence[Part], present: set[str]) -> Iterator[Finding]:
    """Tables that only some of the forums supply, so that a count of nothing there is no zero."""
    for table in (name for name in TABLES if name in present):
        lacking: dict[str, list[str]] = {}
        for part in parts:
            if table in part.absent:
                lacking.setdefault(part.absent[table], []).extend(part.forums)
        for reason, codes in lacking.items():
            who = ", ".join(codes) if len(codes) <= _FEW else f"{len(codes)} forums"
            yield Finding(
                "table-missing-in-forum", Severity.CAUTION, _cut_sentence(f"{who}: no table {table} ({reason})")
            )


def _cut_sentence(text: str) -> str:
    return text if len(text) <= LONGEST_SENTENCE else text[: LONGEST_SENTENCE - 4] + " ..."


def _write_table(
    name: str,
    folder: Path,
    datasets: Sequence[tuple[Path, Manifest]],
    resolution: TimeResolution,
    tell: _Counter,
) -> None:
    from vestige.dataset.arrow import write_parquet

    if any(manifest.files_of(name) for _, manifest in datasets):
        write_parquet(folder / f"{name}.parquet", name, _rows(name, datasets, resolution, tell))


def _rows(
    name: str, datasets: Iterable[tuple[Path, Manifest]], resolution: TimeResolution, tell: _Counter
) -> Iterator["pa.RecordBatch"]:
    """All rows of a table, forum after forum, under their new forum."""
    before = 0
    for folder, manifest in datasets:
        unit = None if manifest.time_resolution is resolution else resolution
        change = partial(_changed, name=name, shift=before, forums=len(manifest.forums), unit=unit)
        for entry in manifest.files_of(name):
            state = verified_file(folder, entry)
            refuse_other_schema(name, state.file)
            for batch in _batches(state.file):
                yield change(batch)
                tell.add(batch.num_rows)
            check_unchanged([state])
        before += len(manifest.forums)


def _batches(file: Path) -> Iterator["pa.RecordBatch"]:
    """A file's rows, of which one batch is in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    failed = False
    try:
        with pq.ParquetFile(file, pre_buffer=False) as found:
            yield from found.iter_batches(BATCH_ROWS)
    except (pa.ArrowException, OSError):
        failed = True
    if failed:
        raise DatasetError("a file of a dataset cannot be read", hint="run `vestige validate` on the datasets")


def _changed(
    batch: "pa.RecordBatch", *, name: str, shift: int, forums: int, unit: TimeResolution | None
) -> "pa.RecordBatch":
    """The same rows under their new forum, with times cut to a coarser unit where there is one."""
    import pyarrow.compute as pc

    extremes = pc.min_max(batch["forum"]).as_py()
    outside = batch.num_rows and not 0 <= extremes["min"] <= extremes["max"] < forums
    if outside or batch["forum"].null_count:
        raise DatasetError(
            "rows belong to a forum that the manifest does not list",
            where=name,
            hint="run `vestige validate` on the datasets",
        )
    for place, column in enumerate(TABLES[name].columns):
        if column.name == "forum":
            batch = batch.set_column(place, column.name, pc.add(batch[column.name], shift))
        elif unit is not None and column.kind is ColumnType.TIME:
            batch = batch.set_column(place, column.name, pc.floor_temporal(batch[column.name], unit=unit.value))
    return batch
