"""The dataset: its schema, its folder, its engines, its validation."""

from vestige.dataset.engine import Engine
from vestige.dataset.manifest import FileEntry, ForumEntry, Manifest, SourceCount, TimeResolution
from vestige.dataset.store import Dataset, open_dataset, write_dataset

__all__ = [
    "Dataset",
    "Engine",
    "FileEntry",
    "ForumEntry",
    "Manifest",
    "SourceCount",
    "TimeResolution",
    "open_dataset",
    "write_dataset",
]
