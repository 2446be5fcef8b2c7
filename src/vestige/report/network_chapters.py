"""The optional chapter on networks: who wrote in the same threads and who answered whom, as figures about all."""

from typing import Final

import altair as alt

from vestige.dataset import Dataset
from vestige.disclosure import SafeTable
from vestige.errors import DatasetError
from vestige.network import (
    AnyNetwork,
    Network,
    NetworkKind,
    NetworkSettings,
    StructureSettings,
    WindowSettings,
    build_network,
    build_windows,
    growth_chart,
    measure_structure,
)
from vestige.network.overlap import compare_networks, overlap_figures
from vestige.network.picture import PictureSettings, draw_network, drawable
from vestige.network.windows import months_of
from vestige.progress import Progress
from vestige.report.chapters import Chapter, Chart, Part, Points, Words
from vestige.report.prose import paragraphs
from vestige.results import Finding, Severity, most_severe_first

REPLICATES: Final = 20
ABOUT: Final = paragraphs("""
Members and threads make a network: a member is joined to each thread he or she wrote in. Members are joined to each
other where one answered another. Both are described as a whole here; no member is named.

Many figures of a network follow from nothing but how much its members wrote. Each is therefore set beside random
networks in which every member has the same number of ties, and every thread as many writers, but who is joined to whom
is left to chance. A figure within their range says nothing beyond activity.
""")
PICTURE_WORDS: Final = (
    "Members lie near those they answered or who answered them; the darker a place, the more members lie there. The "
    "density is smoothed, and nobody can be told from it. Directions and distances have no unit."
)
OVERLAP: Final = paragraphs("""
Private messages are a network of their own. The table shows how far it lies over the public one, and whether the
members with the most ties in one are those with the most ties in the other.
""")
OVERLAPPING: Final = ("public replies", "private messages")
GROWTH: Final = paragraphs("""
The network of replies in windows one after another: members in each window, how many of them were in the window before
as well, and how many reach each other. Below, the network of all replies so far.
""")
MISLEAD: Final = paragraphs("""
A tie is a trace of contact on the forum. Contacts elsewhere, and messages that were deleted, are not seen; who looks
marginal here may be well connected in private.

To have written in the same thread, or after one another, is not to know each other. The larger the thread, the less it
says. Where the source does not name whom a post answers, the author of the post before is taken, often wrongly.

The network adds up a window of months or years as if all of it happened at once. Members who never met at the same
time may look close.
""")
_LENGTHS: Final = (1, 3, 6, 12)
_WINDOWS: Final = 18
_FEW_WINDOWS: Final = 2
"""Months of a window, of which the shortest is taken that makes no more than so many; a line needs two."""
CAREFUL: Final = ("How this can mislead:",)


def network_chapters(dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
    """The chapter on networks; none where nobody wrote anything.

    Args:
        dataset: an opened dataset.
        forum: code of the forum; may be None where the dataset has one.
        seed: of random networks and of the picture.
        progress: told of every random network.

    Raises:
        SettingsError: several forums and none chosen.
        DatasetError: a file was changed.
    """
    found = {kind: _built(dataset, kind, forum) for kind in (NetworkKind.TWO_MODE, NetworkKind.REPLY)}
    networks = [network for network in found.values() if network is not None]
    if not networks:
        return ()
    settings = StructureSettings(replicates=REPLICATES)
    measured = [measure_structure(own, settings=settings, seed=seed, progress=progress) for own in networks]
    parts: list[Part] = [Words(ABOUT)]
    replies = found[NetworkKind.REPLY]
    if isinstance(replies, Network) and drawable(replies) is not None:
        parts.append(Chart("Members by who answered whom", PICTURE_WORDS, _picture(replies, seed)))
    for result in measured:
        parts += [Words((f"{_sentence(result.opening)}.",)), *result.safe_tables]
    parts += _growth(dataset, forum)
    findings = [finding for result in measured for finding in result.findings]
    parts += _private(dataset, replies, forum, findings)
    parts += [Words(CAREFUL), Points(MISLEAD)]
    return (Chapter("network", "Networks", tuple(parts), _distinct(findings), measured[0].provenance),)


def _built(dataset: Dataset, kind: NetworkKind, forum: str | None) -> AnyNetwork | None:
    try:
        return build_network(dataset, settings=NetworkSettings(kind=kind, forum=forum))
    except DatasetError:
        return None


def _picture(network: Network, seed: int) -> alt.TopLevelMixin:
    """Density at any size: a report shows no member by himself."""
    return draw_network(network, settings=PictureSettings(names=0, each_node=0, cells=72, seed=seed))


def _growth(dataset: Dataset, forum: str | None) -> list[Part]:
    """The network of replies in about a dozen windows; nothing where it has no two."""
    settings = NetworkSettings(kind=NetworkKind.REPLY, forum=forum)
    try:
        months = months_of(dataset, settings)
        length = next((own for own in _LENGTHS if months <= _WINDOWS * own), _LENGTHS[-1])
        series = [
            build_windows(dataset, settings=settings, windows=WindowSettings(length, length, cumulative=own))
            for own in (False, True)
        ]
    except DatasetError:
        return []
    windows, growth = (own.safe() for own in series)
    if sum(row["members"] is not None for row in windows.rows()) < _FEW_WINDOWS:
        return []
    words = (
        f"Windows of {length} month{'s' if length > 1 else ''}. The first has {_shown(windows, 0)} members, the last "
        f"{_shown(windows, -1)}; {_shown(growth, -1)} had been in it by the end of the last."
    )
    return [Words(GROWTH), Chart("The network over time", words, growth_chart(windows, growth)), windows, growth]


def _shown(table: SafeTable, row: int) -> str:
    value = table.rows()[row]["members"]
    return "too few" if value is None else f"about {value:,}"


def _private(dataset: Dataset, public: AnyNetwork | None, forum: str | None, findings: list[Finding]) -> list[Part]:
    private = _built(dataset, NetworkKind.MESSAGES, forum) if "message" in dataset.tables else None
    if not isinstance(private, Network) or not isinstance(public, Network):
        text = "Private messages are not recorded, or nobody wrote any: the network of replies is all that is seen."
        findings.append(Finding("no-private-network", Severity.CAUTION, text))
        return []
    return [Words(OVERLAP), overlap_figures(compare_networks(public, private), *OVERLAPPING)]


def _distinct(findings: list[Finding]) -> tuple[Finding, ...]:
    """Each finding once: networks of one forum share some."""
    return most_severe_first(dict.fromkeys(findings))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
