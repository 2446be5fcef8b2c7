"""Mail and news archives: what is read of them, and how a dataset follows.

| dataset | from | note |
|---|---|---|
| member | From | one an address; who writes under two addresses is two members |
| section | List-Id, else the first of Newsgroups, else the file or folder | names only in the custodian's map |
| thread | References, else In-Reply-To | never by subject |
| post | each message, once by its Message-ID | replies to the nearest ancestor that the archive has |

Roles, reactions, views, downloads and sanctions leave no trace in an archive. Bodies and attachments are passed over.
"""

from typing import Final

from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding, SourceTable
from vestige.derive.mail.threads import join_threads
from vestige.results import Severity

_LACKING: Final = (
    "role_spell", "reaction", "message", "view", "download", "object", "sanction", "moderation", "external_event",
)  # fmt: skip
_NOWHERE: Final = "an archive of messages does not record it"

MAILBOX: Final = Source(
    software=Software.MAILBOX,
    title="Mail and news archive (mbox, Maildir, or a folder of them)",
    tables=(
        SourceTable(
            "messages",
            tuple(SourceColumn(name) for name in ("message", "digest", "above", "author", "at", "place")),
            required=True,
        ),
        SourceTable("ancestors", tuple(SourceColumn(name) for name in ("said", "child", "before")), required=True),
        SourceTable(
            "authors", (SourceColumn("author", Cell.ACCOUNT), SourceColumn("handle", Cell.HANDLE)), required=True
        ),
        SourceTable("lists", (SourceColumn("place"), SourceColumn("message")), required=True),
    ),
    detect=("messages", "ancestors", "authors", "lists"),
    prepare=join_threads,
    assembly={
        "member": {
            "authors": "SELECT author AS member, 'member' AS kind, any_value(\"handle\") AS linked_pseudonym "
            "FROM authors GROUP BY author"
        },
        "section": {"lists": "SELECT number AS section FROM _list"},
        "thread": {
            "messages": "SELECT thread, section, author AS starter, \"at\" AS created_at, 'visible' AS state "
            "FROM _post WHERE is_opening UNION ALL SELECT p.thread, p.section, NULL, NULL, 'visible' "
            "FROM _head h JOIN _post p ON p.post = h.message WHERE h.root < 0"
        },
        "post": {"messages": "SELECT *, 'visible' AS state FROM _post"},
    },
    absent={
        **dict.fromkeys(_LACKING, _NOWHERE),
        "thread.views": _NOWHERE,
        "member.registered_at": _NOWHERE,
        "section.parent": "lists have no order among themselves",
        "post.edited_at": _NOWHERE,
        "post.attachments": "bodies are not read",
    },
    findings=(
        SourceFinding(
            "mail-duplicates",
            Severity.NOTE,
            "{count} messages came again under the same Message-ID and were left out",
            "SELECT count(*) FROM _again",
        ),
        SourceFinding(
            "mail-root-missing",
            Severity.CAUTION,
            "{count} threads begin with a message that the archive lacks",
            "SELECT count(*) FROM _head WHERE root < 0",
        ),
    ),
    section_table=("lists", "place", "name"),
)
