"""The dataset: its schema, its folder, its engines, its validation."""

from vestige.dataset.engine import Engine
from vestige.dataset.manifest import FileEntry, ForumEntry, Manifest, SourceCount, TimeResolution
from vestige.dataset.store import Dataset, empty_tables, open_dataset, seal_manifest, write_dataset

__all__ = [
    "Dataset",
    "Engine",
    "FileEntry",
    "ForumEntry",
    "Manifest",
    "SourceCount",
    "TimeResolution",
    "empty_tables",
    "open_dataset",
    "seal_manifest",
    "write_dataset",
]
