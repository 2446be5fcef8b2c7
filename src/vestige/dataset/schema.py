"""The dataset's tables, declared once: validation, documentation and empty tables follow from here.

No column can hold free text. A string is a member of a declared enum, a pseudonym, or a neutral code that the
manifest lists. Ids are dense integers, local to the dataset. Times are UTC, stored without a zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SCHEMA_VERSION: Final = 1
CODE_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,39}$"
PSEUDONYM_PATTERN: Final = r"^[0-9a-f]{32}$"


class ColumnType(StrEnum):
    """What a column may hold, and how it is stored."""

    ID = "id"
    INTEGER = "integer"
    FLOAT = "float"
    FLAG = "flag"
    TIME = "time"
    ENUM = "enum"
    CODE = "code"
    PSEUDONYM = "pseudonym"


class Software(StrEnum):
    """Where a forum's records come from."""

    PHPBB = "phpbb"
    PHPBB2 = "phpbb2"
    MYBB = "mybb"
    SMF = "smf"
    VBULLETIN3 = "vbulletin3"
    VBULLETIN5 = "vbulletin5"
    XENFORO = "xenforo"
    DISCOURSE = "discourse"
    FLARUM = "flarum"
    VANILLA = "vanilla"
    STACKEXCHANGE = "stackexchange"
    MAILBOX = "mailbox"
    TABLES = "tables"
    SIMULATED = "simulated"


class Access(StrEnum):
    """Who could enter a forum."""

    OPEN = "open"
    RESTRICTED = "restricted"
    CLOSED = "closed"


class MemberKind(StrEnum):
    """Only `member` is a person with an account of their own; the others are never counted as members."""

    MEMBER = "member"
    GUEST = "guest"
    DELETED = "deleted"
    BOT = "bot"
    SYSTEM = "system"


class Role(StrEnum):
    """Standing of a member, mapped from the software's groups."""

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    VIP = "vip"
    FULL = "full"
    REGISTERED = "registered"
    RESTRICTED = "restricted"
    BANNED = "banned"


class RoleEvidence(StrEnum):
    """Whether a role is read from the state at the end of the window or from a dated log."""

    SNAPSHOT = "snapshot"
    LOG = "log"


class State(StrEnum):
    """Whether a thread or post was visible at the end of the window."""

    VISIBLE = "visible"
    UNAPPROVED = "unapproved"
    DELETED = "deleted"


class ReactionKind(StrEnum):
    """What one member gave another's post."""

    THANKS = "thanks"
    LIKE = "like"
    UP = "up"
    DOWN = "down"
    ACCEPT = "accept"
    BOUNTY = "bounty"
    FAVOURITE = "favourite"
    REPUTATION = "reputation"
    OTHER = "other"


class ViewKind(StrEnum):
    """What was viewed, and how it is known."""

    THREAD = "thread"
    SECTION = "section"
    VISIT = "visit"
    READ_MARK = "read-mark"
    OTHER = "other"


class DownloadOutcome(StrEnum):
    """Whether a transfer reached its end."""

    ATTEMPTED = "attempted"
    COMPLETED = "completed"


class SizeBand(StrEnum):
    """Size of an object in bytes: under 100 kB, under 1 MB, under 10 MB, under 100 MB, larger."""

    UNDER_100KB = "under-100kb"
    UNDER_1MB = "under-1mb"
    UNDER_10MB = "under-10mb"
    UNDER_100MB = "under-100mb"
    LARGER = "larger"


class SanctionKind(StrEnum):
    """A measure taken by the forum's own staff."""

    BAN = "ban"
    WARNING = "warning"
    RESTRICTION = "restriction"
    REMOVAL = "removal"


class ModerationKind(StrEnum):
    """What staff did to a thread or post, as the software's log tells it.

    A copy leaves its original where it was; a removal can be undone, a deletion cannot.
    """

    MOVE = "move"
    MERGE = "merge"
    SPLIT = "split"
    COPY = "copy"
    CLOSE = "close"
    OPEN = "open"
    STICK = "stick"
    UNSTICK = "unstick"
    APPROVE = "approve"
    UNAPPROVE = "unapprove"
    REMOVE = "remove"
    RESTORE = "restore"
    DELETE = "delete"
    EDIT = "edit"
    OTHER = "other"


class ExternalEventKind(StrEnum):
    """Something that happened to a forum from outside."""

    SEIZURE = "seizure"
    ARREST = "arrest"
    OUTAGE = "outage"
    PUBLICITY = "publicity"
    MESSAGE = "message"
    OTHER = "other"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: column name.
        kind: what it may hold.
        description: one line; ends up in the reference.
        nullable: whether null is allowed.
        unit: unit of a number or time.
        enum: the allowed strings of an ENUM column.
        references: name of the table whose id (same name as that table, within the forum) this points to.
        minimum: smallest allowed number.
        in_window: whether a time must lie in the forum's window.
    """

    name: str
    kind: ColumnType
    description: str
    nullable: bool = False
    unit: str | None = None
    enum: type[StrEnum] | None = None
    references: str | None = None
    minimum: int | None = None
    in_window: bool = True

    @property
    def is_dense(self) -> bool:
        """Whether the column numbers its table's rows: 0, 1, 2, ... within each forum, without a gap."""
        return self.kind is ColumnType.ID and self.references is None


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: table name.
        description: one line; ends up in the reference.
        columns: its columns, in order.
        key: the columns that identify a row; empty when rows may repeat.
        sequence: (column of the true order, unique within a forum; time that must not contradict it).
        at_most_one: (flag, id): the flag is true on at most one row of each id within a forum.
        intervals: pairs of times of which the first is never after the second.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    sequence: tuple[str, str] | None = None
    at_most_one: tuple[str, str] | None = None
    intervals: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


def _id(name: str, description: str, *, references: str | None = None, nullable: bool = False) -> Column:
    return Column(name, ColumnType.ID, description, references=references, nullable=nullable, minimum=0)


def _time(name: str, description: str, *, in_window: bool = True) -> Column:
    return Column(name, ColumnType.TIME, description, nullable=True, unit="UTC, microseconds", in_window=in_window)


def _enum(name: str, enum: type[StrEnum], description: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.ENUM, description, enum=enum, nullable=nullable)


_FORUM = _id("forum", "which forum", references="forum")


def _counter(name: str, what: str) -> Column:
    text = f"{what}, as counted by the software: by whom and when is not known"
    return Column(name, ColumnType.INTEGER, text, nullable=True, unit=name, minimum=0)


def _tables(tables: Sequence[Table]) -> dict[str, Table]:
    return {table.name: table for table in tables}


TABLES: Final = _tables(
    [
        Table(
            "forum",
            "One row a forum; several forums fit one dataset.",
            (
                _id("forum", "dense id, over the whole dataset"),
                Column(
                    "code",
                    ColumnType.CODE,
                    "neutral label given by the custodian, the forum's lasting identity",
                ),
                _enum("software", Software, "package the records come from"),
                _time("window_start", "first moment observed", in_window=False),
                _time("window_end", "last moment observed", in_window=False),
                _enum("access", Access, "who could enter, where the custodian knows", nullable=True),
                _time("online_from", "first moment online, where known", in_window=False),
                _time("online_to", "last moment online, where known", in_window=False),
            ),
            key=("forum",),
            intervals=(("window_start", "window_end"), ("online_from", "online_to")),
        ),
        Table(
            "member",
            "One row an account, and one row each for the collective accounts of guests and deleted authors.",
            (
                _FORUM,
                _id("member", "dense id within the forum"),
                Column("pseudonym", ColumnType.PSEUDONYM, "128-bit keyed pseudonym of the account"),
                Column(
                    "linked_pseudonym",
                    ColumnType.PSEUDONYM,
                    "keyed pseudonym of the normalised handle; null unless linking was chosen",
                    nullable=True,
                ),
                _time("registered_at", "registration"),
                _enum("kind", MemberKind, "only `member` counts as a member"),
            ),
            key=("forum", "member"),
        ),
        Table(
            "role_spell",
            "A role held from a time to a time; most software keeps only the state at the end.",
            (
                _FORUM,
                _id("member", "who held it", references="member"),
                _enum("role", Role, "role"),
                Column("rank", ColumnType.INTEGER, "rank within the role, 0 highest", nullable=True, minimum=0),
                _time("start_at", "when it began; null if unknown"),
                _time("end_at", "when it ended; null if it lasted or is unknown"),
                _enum("evidence", RoleEvidence, "state at the window's end, or a dated log"),
            ),
            intervals=(("start_at", "end_at"),),
        ),
        Table(
            "section",
            "A part of the forum.",
            (
                _FORUM,
                _id("section", "dense id within the forum"),
                _id("parent", "enclosing section", references="section", nullable=True),
                Column(
                    "kind",
                    ColumnType.CODE,
                    "neutral code given by the custodian, else section-1, section-2, ...",
                ),
            ),
            key=("forum", "section"),
        ),
        Table(
            "thread",
            "A thread, opened by one member.",
            (
                _FORUM,
                _id("thread", "dense id within the forum"),
                _id("section", "where it stands", references="section", nullable=True),
                _id("starter", "who opened it", references="member", nullable=True),
                _time("created_at", "when it was opened"),
                _enum("state", State, "visibility at the window's end"),
                _counter("views", "times it was seen"),
            ),
            key=("forum", "thread"),
        ),
        Table(
            "post",
            "A post in a thread, its opening post included.",
            (
                _FORUM,
                _id("post", "dense id within the forum"),
                Column(
                    "seq",
                    ColumnType.INTEGER,
                    "true order in the forum, kept when times are coarse",
                    minimum=0,
                ),
                _id("thread", "thread", references="thread"),
                _id("section", "section of the post", references="section", nullable=True),
                _id(
                    "author",
                    "who wrote it; null when the source does not say",
                    references="member",
                    nullable=True,
                ),
                _time("at", "when it was written"),
                Column("is_opening", ColumnType.FLAG, "whether it opened its thread"),
                _id("parent_post", "post it replies to, where known", references="post", nullable=True),
                _time("edited_at", "last edit"),
                _enum("state", State, "visibility at the window's end"),
                Column("attachments", ColumnType.INTEGER, "attached objects", unit="objects", minimum=0),
            ),
            key=("forum", "post"),
            sequence=("seq", "at"),
            at_most_one=("is_opening", "thread"),
        ),
        Table(
            "reaction",
            "Thanks, likes and votes; an anonymous vote has no giver.",
            (
                _FORUM,
                _id("giver", "who gave it; null when the source does not say", references="member", nullable=True),
                _id("receiver", "whose post it is", references="member", nullable=True),
                _id("post", "the post", references="post", nullable=True),
                _time("at", "when"),
                _enum("kind", ReactionKind, "what was given"),
                Column("weight", ColumnType.INTEGER, "points given or taken", unit="points"),
            ),
        ),
        Table(
            "message",
            "Envelopes of private messages: one row a recipient, never a word.",
            (
                _FORUM,
                _id("message", "dense id within the forum"),
                _id("sender", "who sent it", references="member", nullable=True),
                _id("recipient", "who received it", references="member"),
                _time("at", "when"),
            ),
            key=("forum", "message", "recipient"),
        ),
        Table(
            "view",
            "A page seen by a member.",
            (
                _FORUM,
                _id("member", "who", references="member"),
                _time("at", "when"),
                _id("thread", "thread seen", references="thread", nullable=True),
                _id("section", "section seen", references="section", nullable=True),
                _enum("kind", ViewKind, "what was seen"),
            ),
        ),
        Table(
            "download",
            "A transfer of an object to a member.",
            (
                _FORUM,
                _id("member", "who", references="member"),
                _time("at", "when"),
                _id("object", "what", references="object", nullable=True),
                _enum("outcome", DownloadOutcome, "whether it reached its end"),
            ),
        ),
        Table(
            "object",
            "An attached or linked object, known by number only.",
            (
                _FORUM,
                _id("object", "dense id within the forum"),
                Column("class", ColumnType.CODE, "opaque label joined from a list held outside", nullable=True),
                _enum("size_band", SizeBand, "size", nullable=True),
                _id("uploader", "who uploaded it", references="member", nullable=True),
                _time("at", "when it was uploaded"),
                _counter("downloads", "times it was fetched"),
            ),
            key=("forum", "object"),
        ),
        Table(
            "sanction",
            "A ban, warning or restriction by the forum's own staff.",
            (
                _FORUM,
                _id("member", "who was sanctioned", references="member"),
                _id("by", "who did it", references="member", nullable=True),
                _enum("kind", SanctionKind, "what was done"),
                _time("at", "when"),
                _time("until", "until when; null if for ever or unknown", in_window=False),
            ),
            intervals=(("at", "until"),),
        ),
        Table(
            "moderation",
            "What staff did to threads and posts, a row an entry of the software's log.",
            (
                _FORUM,
                _id("by", "who did it; null when the source does not say", references="member", nullable=True),
                _enum("kind", ModerationKind, "what was done"),
                _time("at", "when"),
                _id("thread", "thread it was done to, or that held the posts", references="thread", nullable=True),
                _id("post", "post it was done to", references="post", nullable=True),
                _id("member", "whose thread or post it was, where the log says", references="member", nullable=True),
                _id("from_section", "section it stood in before", references="section", nullable=True),
                _id("to_section", "section it was moved or copied to", references="section", nullable=True),
                _id(
                    "target_thread",
                    "thread that took up what was merged, or came of what was split off or copied",
                    references="thread",
                    nullable=True,
                ),
            ),
        ),
        Table(
            "external_event",
            "Something that happened to the forum from outside.",
            (
                _FORUM,
                _id("event", "dense id within the forum"),
                _time("at", "when", in_window=False),
                _enum("kind", ExternalEventKind, "what"),
            ),
            key=("forum", "event"),
        ),
    ]
)
