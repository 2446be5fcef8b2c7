"""Classes of objects by hashes that were computed elsewhere, joined without a hash ever entering a dataset.

The custodian has two lists that never leave: hash lists with classes, as others give them, and the hashes of the
forum's own objects by the forum's own numbers. The lookup that `derive --lookup` wrote says which object a number has
become. The join is made in memory; what is written is a class, which is a neutral code, for each object on a list.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vestige.dataset.engine import check_unchanged
from vestige.dataset.manifest import Manifest, lies_in_dataset
from vestige.dataset.schema import CODE_PATTERN
from vestige.dataset.store import seal_manifest, verified_file
from vestige.derive.keys import PseudonymKey
from vestige.derive.lookup import open_lookup_of
from vestige.derive.tables.files import TableFile, batches_of, reading
from vestige.errors import DatasetError, KeyFileError, OutputError, SettingsError, SourceError
from vestige.outputs import staged_folder
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

MOST_CLASSES: Final = 100
"""A list with more classes is no classification: its labels could tell single objects apart."""
FEW_OBJECTS: Final = 10
"""A class of fewer objects is named in a finding; it may point to one of them."""
CLASS: Final = "object.class"
_DIGEST: Final = r"^[0-9a-f]{32,128}$"
_DIGEST_LIKE: Final = re.compile(r"[0-9a-f-]{16,40}")
"""A label that may be (part of) a hash is refused, although it is a neutral code by its form."""
_LIST: Final = "--hashes"
_OBJECTS: Final = "--objects"


@dataclass(frozen=True)
class ClassifyResult:
    """What a classification did; the new dataset lies in `path`.

    Attributes:
        path: the dataset's folder.
        manifest: as written.
        classes: class to the number of objects in it.
        objects: objects of the dataset.
        hashed: of those, how many have a hash.
    """

    path: Path
    manifest: Manifest
    classes: Mapping[str, int]
    objects: int
    hashed: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of the dataset, most severe first."""
        return self.manifest.findings

    @property
    def provenance(self) -> Provenance:
        """How to get this result again, given the dataset, the lists, the lookup and the key."""
        return Provenance("classify_objects", {}, None, self.manifest.digest)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        return ("classes", "findings")

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
        if name == "classes":
            for label, count in self.classes.items():
                yield {"class": label, "objects": count}
        else:
            for finding in self.findings:
                yield {"severity": finding.severity.value, "code": finding.code, "text": finding.text}

    def summary(self) -> str:
        """Numbers of objects in one line of words."""
        found = sum(self.classes.values())
        return (
            f"{self.objects:,} objects, {self.hashed:,} with a hash, {found:,} on a list, {len(self.classes):,} classes"
        )

    def plot(self, name: str) -> NoReturn:
        """A classification draws nothing.

        Raises:
            SettingsError: always.
        """
        raise SettingsError(f"there is no chart (asked for one of {len(name)} letters)", hint="use vestige report")


def classify_objects(
    dataset: str | Path,
    out: str | Path,
    *,
    hashes: Path,
    objects: Path,
    lookup: Path,
    key: PseudonymKey,
    replace_existing: bool = False,
    progress: Progress = ignore_progress,
) -> ClassifyResult:
    """Give objects the class of the hash list that their hash is on.

    Args:
        dataset: folder of a dataset of one forum with objects.
        out: the new folder; may be the dataset itself with `replace_existing`.
        hashes: CSV or Parquet with the columns `hash` and `class`; hexadecimal digests, neutral codes.
        objects: CSV or Parquet with the columns `object` (the forum's own number) and `hash`; one object may have
            several hashes, such as MD5 and SHA-1.
        lookup: what `derive --lookup` wrote with the dataset.
        key: the custodian's key.
        replace_existing: whether what stands at `out` may be replaced.
        progress: takes reports of the stages "objects" and "hashes".

    Raises:
        DatasetError: not a dataset of one forum with objects.
        KeyFileError: the dataset was made with another key.
        LookupFileError: the lookup cannot be used, or belongs to another dataset.
        SourceError: a list cannot be read, a hash is none, a label is not neutral, or classes contradict each other.
        OutputError: `out` exists, lies in a dataset, or cannot be written.
    """
    import pyarrow as pa

    folder = Path(dataset).absolute()
    manifest = Manifest.read(folder)
    if len(manifest.forums) != 1 or "object" not in manifest.tables:
        raise DatasetError("only a dataset of one forum with objects can be classified", hint="classify before merging")
    if manifest.key_fingerprint != key.fingerprint:
        hint = f"give the key with fingerprint {manifest.key_fingerprint}"
        raise KeyFileError("the dataset was made with another key", hint=hint)
    if lies_in_dataset(Path(out)):
        raise OutputError("a dataset holds nothing but itself", hint="choose an --out outside the dataset")
    own_key = key.for_release(manifest.options.get("release"))
    numbers = _numbers_of_objects(folder, manifest, lookup, own_key)
    ids, digests = _hashed_objects(objects, numbers, progress)
    labels, codes = _classes_of(hashes, digests, progress)
    total = sum(entry.rows for entry in manifest.files_of("object"))
    by_object = _by_object(ids, codes, total)
    column = pa.array(labels, pa.string()).take(pa.array(by_object, mask=by_object < 0))
    counts = {label: int((by_object == place).sum()) for place, label in enumerate(labels)}
    classes = {label: count for label, count in sorted(counts.items()) if count}
    hashed = len(set(ids.tolist()))
    with staged_folder(Path(out), replace=replace_existing) as staged:
        _write(folder, manifest, staged, column)
        written = seal_manifest(staged, _described(manifest, classes, total, hashed))
    return ClassifyResult(Path(out), written, classes, total, hashed)


Numbers = tuple["npt.NDArray[Any]", "npt.NDArray[Any]"]


def _numbers_of_objects(folder: Path, manifest: Manifest, lookup: Path, key: PseudonymKey) -> Numbers:
    """The forum's numbers of objects in order, and what each has become."""
    import numpy as np

    parts = [batch for entity, batch in open_lookup_of(folder, manifest, lookup, key) if entity == "object"]
    nothing = np.zeros(0, dtype=np.int64)
    source = np.concatenate([nothing, *(batch["source"].to_numpy() for batch in parts)])
    found = np.concatenate([nothing, *(batch["id"].to_numpy() for batch in parts)])
    order = np.argsort(source, kind="stable")
    return source[order], found[order]


def _hashed_objects(file: Path, numbers: Numbers, progress: Progress) -> "tuple[npt.NDArray[Any], pa.Array]":
    """Ids of objects and their hashes; numbers that the dataset does not have, and missing hashes, are passed over."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    source, found = numbers
    ids, digests = [np.zeros(0, dtype=np.int64)], [pa.array([], pa.string())]
    for batch, done in _batches(TableFile(file, _OBJECTS), ("object", "hash")):
        own = _whole(batch["object"])
        place = np.minimum(np.searchsorted(source, own), max(len(source) - 1, 0))
        known = source[place] == own if len(source) else np.zeros(len(own), dtype=np.bool_)
        given = pc.fill_null(pc.not_equal(batch["hash"], ""), fill_value=False)
        known &= given.to_numpy(zero_copy_only=False)
        ids.append(found[place[known]])
        hashes = pc.if_else(given, batch["hash"], pa.scalar(None, pa.string()))
        digests.append(_hashes(hashes, _OBJECTS).filter(pa.array(known)))
        progress(Step("objects", done, file.stat().st_size, "bytes"))
    return np.concatenate(ids), pa.concat_arrays(digests)


def _classes_of(file: Path, digests: "pa.Array", progress: Progress) -> "tuple[list[str], npt.NDArray[Any]]":
    """The classes, and for each of `digests` the place of its class; -1 for one that no list has.

    The list passes by in batches: it may be far larger than the forum.
    """
    import numpy as np
    import pyarrow.compute as pc

    different = digests.unique()
    codes = np.full(len(different), -1, dtype=np.int64)
    labels: dict[str, int] = {}
    for batch, done in _batches(TableFile(file, _LIST), ("hash", "class")):
        listed = batch["class"].cast("string")
        places = {label: _place(label, labels) for label in listed.unique().to_pylist()}
        at = pc.index_in(_hashes(batch["hash"], _LIST), value_set=different)
        hit = at.is_valid()
        where = at.filter(hit).to_numpy().astype(np.int64)
        wanted = np.array([places[label] for label in listed.filter(hit).to_pylist()], dtype=np.int64)
        for spot, code in zip(where.tolist(), wanted.tolist(), strict=True):
            if codes[spot] not in {-1, code}:
                raise SourceError("one hash stands under two classes", where=_LIST, hint="decide, and list it once")
            codes[spot] = code
        progress(Step("hashes", done, file.stat().st_size, "bytes"))
    return list(labels), codes[pc.index_in(digests, value_set=different).to_numpy().astype(np.int64)]


def _place(label: str | None, labels: dict[str, int]) -> int:
    """The number of a class."""
    if label is None or not re.fullmatch(CODE_PATTERN, label) or _DIGEST_LIKE.fullmatch(label):
        raise SourceError(
            "a class is no neutral code",
            where=_LIST,
            hint="use a-z, 0-9 and hyphens, at most 40, and nothing that looks like a hash",
        )
    if label not in labels and len(labels) == MOST_CLASSES:
        raise SourceError(
            f"the list has more than {MOST_CLASSES} classes",
            where=_LIST,
            hint="classes are kinds, not names of objects",
        )
    return labels.setdefault(label, len(labels))


def _by_object(ids: "npt.NDArray[Any]", codes: "npt.NDArray[Any]", objects: int) -> "npt.NDArray[Any]":
    """For each object the place of its class, or -1."""
    import numpy as np

    listed = codes >= 0
    low, high = (np.full(objects, start, dtype=np.int64) for start in (MOST_CLASSES, -1))
    np.minimum.at(low, ids[listed], codes[listed])
    np.maximum.at(high, ids[listed], codes[listed])
    if ((high >= 0) & (low != high)).any():
        count = int(((high >= 0) & (low != high)).sum())
        raise SourceError(f"{count:,} objects have hashes of two classes", where=_OBJECTS, hint="is a number wrong?")
    return high


def _batches(file: TableFile, names: tuple[str, ...]) -> "Iterator[tuple[dict[str, pa.Array], int]]":
    import pyarrow as pa
    import pyarrow.compute as pc

    with reading(file):
        for batch, done in batches_of(file, {name: name for name in names}):
            columns = {}
            for name in names:
                cells = batch.column(name)
                texts = cells.cast(pa.string()) if not pa.types.is_binary(cells.type) else cells.view(pa.string())
                columns[name] = pc.ascii_trim_whitespace(texts)
            yield columns, done


def _whole(texts: "pa.Array") -> "npt.NDArray[Any]":
    import pyarrow as pa
    import pyarrow.compute as pc

    fits = pc.all(pc.fill_null(pc.match_substring_regex(texts, "^-?[0-9]{1,18}$"), fill_value=False)).as_py()
    if len(texts) and not fits:
        raise SourceError("an object's number is no whole number", where=_OBJECTS, hint="use the forum's own numbers")
    numbers: npt.NDArray[Any] = texts.cast(pa.int64()).to_numpy()
    return numbers


def _hashes(texts: "pa.Array", where: str) -> "pa.Array":
    import pyarrow.compute as pc

    small = pc.ascii_lower(texts)
    present = small.drop_null() if where == _OBJECTS else small
    if len(present) and not pc.all(pc.fill_null(pc.match_substring_regex(present, _DIGEST), fill_value=False)).as_py():
        raise SourceError("a hash is no hexadecimal digest", where=where, hint="MD5, SHA-1 or longer, 32 to 128 digits")
    return small


def _write(folder: Path, manifest: Manifest, staged: Path, column: "pa.Array") -> None:
    """Copy every file but those of objects, which get their classes."""
    for entry in manifest.files:
        state = verified_file(folder, entry)
        if entry.table != "object":
            shutil.copyfile(folder / entry.path, staged / entry.path)
        else:
            _write_objects(folder / entry.path, staged / entry.path, column)
        check_unchanged([state])


def _write_objects(file: Path, target: Path, column: "pa.Array") -> None:
    import pyarrow.parquet as pq

    from vestige.dataset.arrow import write_parquet

    def rows() -> "Iterator[pa.RecordBatch]":
        with pq.ParquetFile(file, pre_buffer=False) as found:
            place = found.schema_arrow.get_field_index("class")
            for batch in found.iter_batches():
                yield batch.set_column(place, "class", column.take(batch["object"]))

    write_parquet(target, "object", rows())


def _described(manifest: Manifest, classes: Mapping[str, int], objects: int, hashed: int) -> Manifest:
    absent = {place: reason for place, reason in manifest.absent.items() if place != CLASS}
    if not classes:
        absent[CLASS] = "no object is on the list of hashes"
    listed = sum(classes.values())
    text = f"{listed:,} of {objects:,} objects are on a list of hashes; {hashed:,} have a hash that could be looked for"
    found = [Finding("objects-classified", Severity.NOTE, text)]
    few = sum(count < FEW_OBJECTS for count in classes.values())
    if few:
        text = f"{few:,} classes have fewer than {FEW_OBJECTS} objects: whoever knows the list may know which they are"
        found.append(Finding("small-classes", Severity.CAUTION, text))
    known = {"objects-classified", "small-classes"}
    kept = [finding for finding in manifest.findings if finding.code not in known]
    return replace(
        manifest,
        absent=absent,
        codes={**manifest.codes, CLASS: tuple(classes)},
        findings=most_severe_first([*kept, *found]),
        options={**manifest.options, "classified": {"classes": len(classes), "objects": listed}},
    )
