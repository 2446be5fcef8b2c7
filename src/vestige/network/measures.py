"""The measures of a member's position: what each is called, what it needs, and which end of it is the centre."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Measure(StrEnum):
    """One figure a member, from records of what was done; none is a trait of a person."""

    POSTS = "posts"
    THREADS = "threads"
    ACTIVE_DAYS = "active-days"
    TENURE = "tenure"
    THANKS_RECEIVED = "thanks-received"
    STRENGTH = "strength"
    OUT_STRENGTH = "out-strength"
    IN_STRENGTH = "in-strength"
    DEGREE = "degree"
    OUT_DEGREE = "out-degree"
    IN_DEGREE = "in-degree"
    PAGERANK = "pagerank"
    EIGENVECTOR = "eigenvector"
    TWO_MODE_HITS = "two-mode-hits"
    CORE = "k-core"
    HARMONIC = "harmonic-closeness"
    BETWEENNESS = "betweenness"
    CONSTRAINT = "constraint"
    EFFECTIVE_SIZE = "effective-size"
    BRIDGING = "bridging"
    PARTICIPATION = "participation"
    RECIPROCITY = "reciprocity"


class Needs(StrEnum):
    """What a measure is computed from."""

    ACTIVITY = "activity"
    TIES = "ties"
    DIRECTED = "directed"
    INCIDENCE = "incidence"


@dataclass(frozen=True)
class MeasureTraits:
    """About one measure.

    Attributes:
        title: its name for a reader.
        words: what it is, in one sentence.
        needs: what it is computed from.
        low_is_central: whether small values mark the centre.
    """

    title: str
    words: str
    needs: Needs
    low_is_central: bool = False


TRAITS: Final = {
    Measure.POSTS: MeasureTraits("Posts", "posts written", Needs.ACTIVITY),
    Measure.THREADS: MeasureTraits("Threads joined", "threads with a post of the member", Needs.ACTIVITY),
    Measure.ACTIVE_DAYS: MeasureTraits("Active days", "days with a post of the member", Needs.ACTIVITY),
    Measure.TENURE: MeasureTraits("Tenure", "days from registration to the end of what counts", Needs.ACTIVITY),
    Measure.THANKS_RECEIVED: MeasureTraits(
        "Thanks received", "thanks, likes and votes up for the member's posts", Needs.ACTIVITY
    ),
    Measure.STRENGTH: MeasureTraits("Strength", "sum of the weights of all ties", Needs.TIES),
    Measure.OUT_STRENGTH: MeasureTraits("Strength given", "sum of the weights of ties given", Needs.DIRECTED),
    Measure.IN_STRENGTH: MeasureTraits("Strength received", "sum of the weights of ties received", Needs.DIRECTED),
    Measure.DEGREE: MeasureTraits("Degree", "members with a tie to the member, in either direction", Needs.TIES),
    Measure.OUT_DEGREE: MeasureTraits("Degree given", "members the member gives a tie to", Needs.DIRECTED),
    Measure.IN_DEGREE: MeasureTraits("Degree received", "members who give the member a tie", Needs.DIRECTED),
    Measure.PAGERANK: MeasureTraits(
        "PageRank", "share of time of a walk along weighted ties that starts anew with chance .15", Needs.TIES
    ),
    Measure.EIGENVECTOR: MeasureTraits(
        "Eigenvector", "tied strongly to those who are tied strongly, within the largest component", Needs.TIES
    ),
    Measure.TWO_MODE_HITS: MeasureTraits(
        "HITS on threads", "in the threads that are joined by those who are in such threads", Needs.INCIDENCE
    ),
    Measure.CORE: MeasureTraits(
        "k-core", "largest k for a part of the network in which everybody has k ties", Needs.TIES
    ),
    Measure.HARMONIC: MeasureTraits("Harmonic closeness", "mean of 1 / distance to all others", Needs.TIES),
    Measure.BETWEENNESS: MeasureTraits(
        "Betweenness", "share of the shortest paths between others that pass the member", Needs.TIES
    ),
    Measure.CONSTRAINT: MeasureTraits(
        "Constraint", "how far contacts are tied to each other; low spans holes", Needs.TIES, low_is_central=True
    ),
    Measure.EFFECTIVE_SIZE: MeasureTraits(
        "Effective size", "contacts, less their ties among each other", Needs.TIES
    ),
    Measure.BRIDGING: MeasureTraits("Bridging", "weight of ties into other communities", Needs.TIES),
    Measure.PARTICIPATION: MeasureTraits(
        "Participation", "spread of ties over communities, 0 to 1", Needs.TIES
    ),
    Measure.RECIPROCITY: MeasureTraits("Reciprocity", "share of ties given that are returned", Needs.DIRECTED),
}  # fmt: skip

ACTIVITY: Final = tuple(measure for measure, traits in TRAITS.items() if traits.needs is Needs.ACTIVITY)
"""What a member did, which every position must be compared with."""
