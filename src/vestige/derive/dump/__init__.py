"""Dumps of MySQL, MariaDB, PostgreSQL and their kin, read byte by byte and never restored."""

from vestige.derive.dump.detection import detect_software
from vestige.derive.dump.reader import DumpReader

__all__ = ["DumpReader", "detect_software"]
