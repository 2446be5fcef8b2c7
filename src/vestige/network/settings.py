"""What a network is made of: whose contact counts as a tie, how it is weighted, in which window."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from vestige.dataset.schema import ReactionKind, State
from vestige.errors import SettingsError
from vestige.inputs import chosen

GIVEN: Final = (ReactionKind.THANKS, ReactionKind.LIKE, ReactionKind.UP, ReactionKind.ACCEPT, ReactionKind.FAVOURITE)
"""Reactions that are meant kindly; votes down, bounties and reputation points, which may be taken, are not."""


class NetworkKind(StrEnum):
    """What joins two members.

    two-mode: members and the threads they wrote in, before anything is joined.
    co-participation: both wrote in the same threads (undirected).
    reply: one answered the other (from who answers to who is answered).
    thanks: one thanked, liked or voted for the other's post (from giver to receiver).
    messages: one wrote to the other privately (from sender to recipient).
    edge-list: ties that were read from a file.
    """

    TWO_MODE = "two-mode"
    CO_PARTICIPATION = "co-participation"
    REPLY = "reply"
    THANKS = "thanks"
    MESSAGES = "messages"
    EDGE_LIST = "edge-list"


class ReplyRule(StrEnum):
    """Whom a post answers.

    auto: parents where at least half of the answers have one, else the previous author.
    parent: the author of the post that the source names as its parent; no other post gives a tie.
    previous: the author of the post before it in the thread.
    within: the authors of the `within` posts before it in the thread, each once.
    """

    AUTO = "auto"
    PARENT = "parent"
    PREVIOUS = "previous"
    WITHIN = "within"


class Projection(StrEnum):
    """What a shared thread of n members adds to the tie of each two of them.

    count: 1.
    newman: 1 / (n - 1), so that a member's ties from one thread sum to 1 (Newman 2001).
    """

    COUNT = "count"
    NEWMAN = "newman"


class Source(StrEnum):
    """Where a network's events come from."""

    DATASET = "dataset"
    EDGE_LIST = "edge-list"


@dataclass(frozen=True)
class ProjectionSettings:
    """How members are joined through threads.

    Attributes:
        weighting: what a shared thread adds.
        largest_thread: threads with more members join nobody: a thread of n members makes n(n-1)/2 ties, and to have
            written among thousands says little about two of them. None for no limit.
        days: only posts in the same thread at most this many days apart join their authors; None for any distance.
        most_pairs: refuse to build more pairs than this (a pair counts in every thread, and takes about 12 bytes).
    """

    weighting: Projection = Projection.COUNT
    largest_thread: int | None = 200
    days: float | None = None
    most_pairs: int = 100_000_000

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        object.__setattr__(self, "weighting", chosen(Projection, self.weighting, "weighting"))
        if self.largest_thread is not None and self.largest_thread < 2:  # noqa: PLR2004 - nobody to join
            raise SettingsError("a thread joins two members at least", hint="raise largest_thread to 2 or more")
        if self.days is not None and not self.days > 0:
            raise SettingsError("the window in time must be longer than 0 days", hint="raise days")
        if self.most_pairs < 1:
            raise SettingsError("at least one pair must fit", hint="raise most_pairs")


@dataclass(frozen=True)
class NetworkSettings:
    """Which events of a dataset join members.

    Attributes:
        kind: what joins two members.
        forum: code of the forum; None where the dataset has one.
        start: first moment that counts (UTC, without a zone); None for the window's first.
        end: first moment that no longer counts; None for the window's end.
        states: states of posts that count; by default also what was later removed, since it was written.
        reply: whom a post answers.
        within: posts looked back over by `ReplyRule.WITHIN`.
        reactions: kinds of reaction that count as thanks.
        projection: how co-participation is made from threads.
    """

    kind: NetworkKind = NetworkKind.CO_PARTICIPATION
    forum: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    states: tuple[State, ...] = tuple(State)
    reply: ReplyRule = ReplyRule.AUTO
    within: int = 5
    reactions: tuple[ReactionKind, ...] = GIVEN
    projection: ProjectionSettings = ProjectionSettings()

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        object.__setattr__(self, "kind", chosen(NetworkKind, self.kind, "kind"))
        object.__setattr__(self, "reply", chosen(ReplyRule, self.reply, "reply"))
        object.__setattr__(self, "states", tuple(chosen(State, state, "states") for state in self.states))
        object.__setattr__(self, "reactions", tuple(chosen(ReactionKind, own, "reactions") for own in self.reactions))
        if self.kind is NetworkKind.EDGE_LIST:
            raise SettingsError("an edge list is read from a file", hint="use read_edge_list, or choose another kind")
        if not self.states or not self.reactions:
            raise SettingsError("nothing would count", hint="name at least one state and one kind of reaction")
        if not 1 <= self.within <= 100:  # noqa: PLR2004 - a bound, not a threshold of the method
            raise SettingsError("within must lie between 1 and 100 posts", hint="use 5")
        for moment in (self.start, self.end):
            if moment is not None and moment.tzinfo is not None:
                raise SettingsError("times are UTC and carry no zone", hint="drop the zone of start and end")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise SettingsError("the window is empty", hint="let start lie before end")


@dataclass(frozen=True)
class EdgeListSettings:
    """How a plain table is read as a network.

    Attributes:
        two_mode: whether the first column holds members and the second threads.
        directed: whether a tie runs from the first column to the second.
        source: column of who gives, or of the member of a two-mode network.
        target: column of who receives, or of the thread.
        weight: column of the weight; None counts rows.
        time: column of seconds since the epoch, for `start` and `end`; None where there is none.
        start: first second that counts.
        end: first second that no longer counts.
        where: (column, value): only rows with this text count; for several networks in one file.
    """

    two_mode: bool = False
    directed: bool = True
    source: str = "from"
    target: str = "to"
    weight: str | None = None
    time: str | None = None
    start: float | None = None
    end: float | None = None
    where: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if self.source == self.target:
            raise SettingsError("a tie needs two columns", hint="name another column as its target")
        if (self.start is not None or self.end is not None) and self.time is None:
            raise SettingsError("a window needs a column of times", hint="name the column")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise SettingsError("the window is empty", hint="let start lie before end")
