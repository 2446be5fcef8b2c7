"""The dataset: its schema, its folder, its engines, its validation."""

from vestige.dataset.engine import Engine
from vestige.dataset.manifest import FileEntry, ForumEntry, Manifest, SourceCount, TimeResolution
from vestige.dataset.merging import MergeResult, merge_datasets
from vestige.dataset.store import Dataset, empty_tables, open_dataset, seal_manifest, write_dataset
from vestige.dataset.validation import ValidationResult, validate_dataset
from vestige.dataset.violations import Rule, Violation

__all__ = [
    "Dataset",
    "Engine",
    "FileEntry",
    "ForumEntry",
    "Manifest",
    "MergeResult",
    "Rule",
    "SourceCount",
    "TimeResolution",
    "ValidationResult",
    "Violation",
    "empty_tables",
    "merge_datasets",
    "open_dataset",
    "seal_manifest",
    "validate_dataset",
    "write_dataset",
]
