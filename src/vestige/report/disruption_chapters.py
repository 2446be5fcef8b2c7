"""The optional chapter on disruption: which removals break the network, and what goes with them."""

from typing import Final

from vestige.dataset import Dataset
from vestige.network import NetworkSettings, build_network
from vestige.network.disruption import DisruptionSettings, Strategy, simulate_disruption
from vestige.progress import Progress
from vestige.report.chapters import Chapter, Chart, Part, Points, Words
from vestige.report.prose import paragraphs

ABOUT: Final = paragraphs("""
Members were removed from the network in the computer, in several orders, and the rest was looked at: the largest group
of members who are still joined, the pairs who can still reach each other, and the share of posts, views, downloads and
uploads that was theirs. This compares what interventions of different kinds could do; nobody was contacted and nothing
was done.

Every removal stands beside a removal of as many random members who were as active. To remove busy members always
removes activity; only what goes beyond the matched members is due to where members stand in the network.
""")
MISLEAD: Final = (
    "The network is what left traces. Contacts elsewhere are not seen, and removals may do less than shown.",
    (
        "A real network answers: members return under other names, others take their place. Unless recovery was "
        "simulated, the figures are an upper limit of what removal does at once."
    ),
    "Threads join members who may never have noticed each other; a tie of this kind is weak evidence of contact.",
    "Who is removed first here says nothing about guilt, rank or danger.",
)
STRATEGIES: Final = (
    Strategy.RANDOM,
    Strategy.DEGREE,
    Strategy.ADAPTIVE_DEGREE,
    Strategy.PAGERANK,
    Strategy.COREHD,
)
"""Orders that are quick also on the dense network of shared threads."""
_HEADING: Final = ("How this can mislead:",)
_TOLD: Final = ("strategies", "losses", "groups")
"""Tables that are printed; the curves are drawn."""


def disruption_chapters(dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
    """One chapter on the co-participation network, with removals by strategy and, where roles are known, by role."""
    network = build_network(dataset, settings=NetworkSettings(forum=forum), seed=seed, progress=progress)
    by = ("role",) if "role_spell" in dataset.tables else ()
    settings = DisruptionSettings(strategies=STRATEGIES, by=by, points=21, efficiency=False)
    result = simulate_disruption(network, dataset=dataset, settings=settings, seed=seed, progress=progress)
    parts: list[Part] = [Words(ABOUT), Points(result.sentences(brief=True))]
    for name in result.plot_names:
        chart = result.charts()[name]
        parts.append(Chart(chart.title, chart.words(result.safe_by_name), result.plot(name)))
    parts += [result.safe(name) for name in _TOLD if name in result.table_names]
    parts += [Words(_HEADING), Points(MISLEAD)]
    return (Chapter("disruption", "What removals would do", tuple(parts), result.findings, result.provenance),)
