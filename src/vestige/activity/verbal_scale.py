"""Words for likelihood ratios."""

import re
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from vestige.errors import SettingsError
from vestige.inputs import parse_toml

_LARGEST_FILE: Final = 20_000
"""Bytes; a scale is a few lines."""
_WORDS: Final = re.compile(r"[^\W\d_][\w ,;:()/.'&-]{0,119}")
"""A short phrase on one line."""


@dataclass(frozen=True)
class VerbalScale:
    """From which likelihood ratio on which words hold; below 1 the same words hold for the other proposition.

    Attributes:
        name: of the scale, with its source.
        bands: (lower end, words), ascending from above 1; below the first, the evidence says nothing either way.
    """

    name: str
    bands: tuple[tuple[float, str], ...]

    def __post_init__(self) -> None:
        """Refuse a scale that does not ascend."""
        ends = [end for end, _ in self.bands]
        if not ends or not ends[0] > 1 or not all(low < high for low, high in pairwise(ends)):
            raise SettingsError("a verbal scale ascends from above 1", where="scale", hint="such as (2, 'weak')")

    def words(self, ratio: float, first: str, second: str) -> str:
        """The words for a ratio.

        Args:
            ratio: likelihood ratio, above 0.
            first: what the first population is called.
            second: what the second is called.
        """
        strength = max(ratio, 1 / ratio)
        held = [words for end, words in self.bands if strength >= end]
        if not held:
            return f"no support for {first} over {second}, or the reverse"
        favoured, other = (first, second) if ratio > 1 else (second, first)
        return f"{held[-1]} for {favoured} over {other}"


ENFSI_2015: Final = VerbalScale(
    "ENFSI Guideline for Evaluative Reporting in Forensic Science (2015)",
    (
        (2, "weak support"),
        (10, "moderate support"),
        (100, "moderately strong support"),
        (1_000, "strong support"),
        (10_000, "very strong support"),
        (1_000_000, "extremely strong support"),
    ),
)


def read_verbal_scale(file: str | Path) -> VerbalScale:
    """A house's own scale, from a TOML file: `name`, and `[[bands]]` with `from` (above 1, ascending) and `words`.

    Raises:
        SettingsError: the file cannot be read, or holds anything else; its content is not quoted.
    """
    read = _content(Path(file))
    if read is None:
        raise SettingsError("the verbal scale cannot be read", where="scale", hint="give a TOML file in UTF-8")
    bands = read.get("bands")
    if not isinstance(bands, list) or set(read) != {"name", "bands"} or not _is_phrase(read["name"]):
        bands = []
    if not bands or not all(map(_is_band, bands)):
        raise SettingsError(
            "a verbal scale is a name and bands, each with from and words",
            where="scale",
            hint="see the page on comparing a member",
        )
    return VerbalScale(read["name"], tuple((float(band["from"]), band["words"]) for band in bands))


def _content(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size <= _LARGEST_FILE:
            return parse_toml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        pass
    return None


def _is_band(band: object) -> bool:
    return (
        isinstance(band, dict)
        and set(band) == {"from", "words"}
        and isinstance(band["from"], int | float)
        and not isinstance(band["from"], bool)
        and _is_phrase(band["words"])
    )


def _is_phrase(text: object) -> bool:
    return isinstance(text, str) and _WORDS.fullmatch(text) is not None
