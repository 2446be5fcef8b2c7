"""The traces that activity leaves: which table holds them, and who acted."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Trace:
    """One kind of event.

    Attributes:
        name: plural, as in table columns.
        title: as in headings.
        deed: what a member did, for a row's label.
        table: dataset table.
        actor: its column with the acting member.
        time: its column with the moment.
        actors: those who left it, as the disclosure policy names them across tables.
        event: column that identifies an event when a table holds several rows of one event, else None.
        stateful: whether the table has a `state` column.
    """

    name: str
    title: str
    deed: str
    table: str
    actor: str
    actors: str
    time: str = "at"
    event: str | None = None
    stateful: bool = False


POSTS: Final = Trace("posts", "Posts", "wrote a post", "post", "author", "posting", stateful=True)
THREADS: Final = Trace("threads", "Threads", "opened a thread", "thread", "starter", "opening",
                time="created_at", stateful=True)  # fmt: skip
MESSAGES: Final = Trace("messages", "Private messages", "sent a private message", "message", "sender", "messaging",
                 event="message")  # fmt: skip
REACTIONS: Final = Trace("reactions", "Reactions", "gave a reaction", "reaction", "giver", "reacting")
VIEWS: Final = Trace("views", "Page views", "viewed a page", "view", "member", "viewing")
DOWNLOADS: Final = Trace("downloads", "Downloads", "downloaded", "download", "member", "downloading")

TRACES: Final = (POSTS, THREADS, MESSAGES, REACTIONS, VIEWS, DOWNLOADS)
COMMUNICATION: Final = (POSTS, THREADS, MESSAGES)
"""Writing to others: a post, a thread's opening or a private message."""
