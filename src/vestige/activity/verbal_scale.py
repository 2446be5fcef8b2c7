"""Words for likelihood ratios."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vestige.errors import SettingsError


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
        if not ends or ends[0] <= 1 or any(low >= high for low, high in pairwise(ends)):
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
