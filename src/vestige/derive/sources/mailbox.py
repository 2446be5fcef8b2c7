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
from vestige.derive.contract import Cell, Source, SourceColumn, SourceTable

_NOWHERE: Final = "an archive of messages does not record it"

MAILBOX: Final = Source(
    software=Software.MAILBOX,
    title="Mail and news archive (mbox, Maildir, or a folder of them)",
    tables=(
        SourceTable(
            "messages",
            tuple(SourceColumn(name) for name in ("message", "thread", "parent", "author", "at", "place", "opens")),
            required=True,
        ),
        SourceTable(
            "threads", tuple(SourceColumn(name) for name in ("thread", "place", "starter", "at")), required=True
        ),
        SourceTable(
            "authors", (SourceColumn("author", Cell.ACCOUNT), SourceColumn("handle", Cell.HANDLE)), required=True
        ),
        SourceTable("lists", (SourceColumn("place"),), required=True),
    ),
    detect=("messages", "threads", "authors", "lists"),
    assembly={
        "member": {
            "authors": "SELECT author AS member, 'member' AS kind, any_value(\"handle\") AS linked_pseudonym "
            "FROM authors GROUP BY author"
        },
        "section": {"lists": "SELECT place AS section FROM lists"},
        "thread": {
            "threads": "SELECT thread, place AS section, starter, \"at\" AS created_at, 'visible' AS state FROM threads"
        },
        "post": {
            "messages": 'SELECT message AS post, thread, place AS section, author, "at", opens = 1 AS is_opening, '
            "parent AS parent_post, 'visible' AS state FROM messages"
        },
    },
    absent={
        **dict.fromkeys(
            ("role_spell", "reaction", "message", "view", "download", "object", "sanction", "external_event"), _NOWHERE
        ),
        "member.registered_at": _NOWHERE,
        "section.parent": "lists have no order among themselves",
        "post.edited_at": _NOWHERE,
        "post.attachments": "bodies are not read",
    },
    section_table=("lists", "place", "name"),
)
