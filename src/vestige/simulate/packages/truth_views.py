"""The truth of a synthetic forum as tables of an embedded DuckDB, with the ids that the dump has.

A mapping's SELECTs read these (times are seconds since the epoch, enums are the schema's words, `-1` has become null):

    member      member, registered_at, kind, role (at the end), posts, last_post_at, last_visit_at, banned_at
                without the deleted authors, who share the guests' account; guests only where the package has one
    role_change change, member, old_role, new_role, moment: every dated change, bans included
    section     section, parent, position
    thread      thread, section, starter, created_at, state, posts, views, first_post, last_post, last_post_at,
                last_poster, number
    post        post, thread, section, author, moment, is_opening, parent_post, edited_at, state, attachments,
                number (in its thread, from 1)
    object      object, post, size_band, bytes, uploader, moment, downloads
    reaction    reaction, giver, receiver, post, moment, kind, weight; without anonymous votes, which no package keeps
    message     message, sender, recipient, moment, position (of the recipient, from 1): a row a recipient
    envelope    message, sender, moment, recipients (a list): a row a message
    sanction    sanction, member, staff, kind, moment, until, post
    moderation  act, staff, kind, moment, thread, post, from_section, to_section, target_thread; and subject, the thread
                or target that the software would log, subject_section, where it stands, owner, who wrote it, and
                first_post, its opening
    read_mark   member, thread, section, moment, kind: the last time a member saw a thread
    last_visit  member, moment, kind
    filler      n: twenty rows

and these macros:

    text_of('table.column')  the column's canary and hostile characters; add an id to make it unique
    word_of('table.column')  its canary alone, for what is written into JSON without an escape
    datetime(seconds)        a DATETIME
    serialised(ids, column)  a PHP array of id => name, as lists of recipients are kept
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from vestige.dataset.schema import TABLES, Role, SizeBand, ViewKind
from vestige.simulate.calendar import UNKNOWN, Integers
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.packages.package import Package
from vestige.simulate.phpbb_accounts import SourceIds, role_at_end
from vestige.simulate.phpbb_rows import BAND_BYTES
from vestige.simulate.tables import DELETED, GUEST, code_of

if TYPE_CHECKING:
    import duckdb

_GAP_SHARE: Final = 0.02
_TABLES: Final = (
    "member", "section", "thread", "post", "object", "reaction", "message", "sanction", "role_spell", "moderation",
)  # fmt: skip
_HOSTILE: Final = " O''x \\ \"; -- "
_ENTITIES: Final = {
    "starter": "member", "author": "member", "giver": "member", "receiver": "member", "sender": "member",
    "recipient": "member", "uploader": "member", "by": "member", "parent": "section", "parent_post": "post",
    "from_section": "section", "to_section": "section", "target_thread": "thread",
}  # fmt: skip
_NAMES: Final = {"at": "moment", "by": "staff"}
"""Both are words of SQL, which every SELECT would have to quote."""


def number_entities(forum: SimulatedForum, package: Package) -> SourceIds:
    """Ids as the package would have given them: ascending, with gaps where rows were once removed.

    UNKNOWN stands for guests and deleted authors where the package keeps no account for them.
    """
    generator = np.random.default_rng([forum.seed, 1])
    tables = forum.tables
    counts = {name: len(tables[name][name]) for name in ("section", "thread", "post", "object")}
    sent = tables["message"]["message"]
    counts["message"] = int(sent[-1]) + 1 if len(sent) else 0

    def number(count: int, first: int) -> Integers:
        return first + np.arange(count) + np.cumsum(generator.random(count) < _GAP_SHARE)

    guest = UNKNOWN if package.guest is None else package.guest
    accounts = number(len(tables["member"]["member"]) - 2, package.first_member)
    member = np.concatenate(([guest, guest], accounts))
    ids: dict[str, Integers] = {}
    first = package.first
    for name, count in counts.items():
        ids[name] = number(count, first)
        if package.nodes and count:
            first = int(ids[name][-1]) + 1
    if package.nodes:
        ids["thread"] = ids["post"][tables["post"]["is_opening"]]
    return SourceIds(member, ids["section"], ids["thread"], ids["post"], ids["message"], ids["object"])


def open_truth(forum: SimulatedForum, ids: SourceIds, canaries: Mapping[str, str]) -> "duckdb.DuckDBPyConnection":
    """A DuckDB with the truth's tables and macros; the caller closes it."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1, "default_null_order": "nulls_first"})
    for name in _TABLES:
        _put(connection, f"_{name}", _columns(forum, name, ids))
    _put(connection, "_read_mark", _read_marks(forum, ids))
    _put(connection, "_bytes", {"size_band": _words(SizeBand), "bytes": BAND_BYTES})
    _put(connection, "_canary", {"name": pa.array(list(canaries)), "word": pa.array(list(canaries.values()))})
    for statement in _STATEMENTS:
        connection.execute(statement)
    return connection


def _put(connection: "duckdb.DuckDBPyConnection", name: str, columns: Mapping[str, object]) -> None:
    connection.register("_arrow", pa.table(dict(columns)))
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM _arrow')
    connection.unregister("_arrow")


def _columns(forum: SimulatedForum, name: str, ids: SourceIds) -> dict[str, object]:
    columns: dict[str, object] = {}
    for column, values in forum.tables[name].items():
        entity = _ENTITIES.get(column, column)
        given = getattr(ids, entity, None)
        enum = TABLES[name].column(column).enum if column in TABLES[name].names else None
        named = _NAMES.get(column, column)
        if enum is not None:
            columns[named] = _words(enum).take(pa.array(values, pa.int32(), mask=values == UNKNOWN))
        elif values.dtype == bool:
            columns[named] = pa.array(values)
        else:
            plain = values if given is None else np.where(values == UNKNOWN, UNKNOWN, given[values])
            columns[named] = pa.array(plain, pa.int64(), mask=plain == UNKNOWN)
    if name == "member":
        columns |= _accounts(forum)
    elif name == "object":
        posts = forum.tables["post"]
        columns["post"] = pa.array(ids.post[np.repeat(posts["post"], posts["attachments"])])
    return columns


def _accounts(forum: SimulatedForum) -> dict[str, object]:
    posts, views = forum.tables["post"], forum.tables["view"]
    count = len(forum.tables["member"]["member"])
    last_post, last_visit = np.zeros(count, np.int64), np.zeros(count, np.int64)
    last_post[posts["author"]] = posts["at"]
    last_visit[views["member"]] = views["at"]
    last_visit = np.maximum(last_visit, last_post)
    kept = np.arange(count) != DELETED
    kept[GUEST] = True
    role = _words(Role).take(pa.array(role_at_end(forum), pa.int32()))
    return {
        "posts": pa.array(np.bincount(posts["author"], minlength=count)),
        "last_post_at": pa.array(last_post, mask=last_post == 0),
        "last_visit_at": pa.array(last_visit, mask=last_visit == 0),
        "role": role,
        "kept": pa.array(kept),
    }


def _words(enum: type[StrEnum]) -> pa.Array:
    return pa.array([word.value for word in enum])


def _read_marks(forum: SimulatedForum, ids: SourceIds) -> dict[str, object]:
    """The last time each member saw each thread."""
    views = forum.tables["view"]
    seen = np.flatnonzero(views["kind"] == code_of(ViewKind.THREAD))
    pair = views["member"][seen].astype(np.int64) * (len(ids.thread) + 1) + views["thread"][seen]
    _, last = np.unique(pair[::-1], return_index=True)
    rows = seen[::-1][last]
    thread = views["thread"][rows]
    return {
        "member": pa.array(ids.member[views["member"][rows]]),
        "thread": pa.array(ids.thread[thread]),
        "section": pa.array(ids.section[forum.tables["thread"]["section"][thread]]),
        "moment": pa.array(views["at"][rows]),
    }


_STATEMENTS: Final = (
    f"""CREATE MACRO text_of(wanted) AS (SELECT word || '{_HOSTILE}' FROM _canary WHERE name = wanted)""",
    "CREATE MACRO word_of(wanted) AS (SELECT word FROM _canary WHERE name = wanted)",
    "CREATE MACRO datetime(seconds) AS make_timestamp(CAST(seconds AS BIGINT) * 1000000)",
    """CREATE MACRO serialised(ids, wanted) AS (
           SELECT 'a:' || len(ids) || ':{' || coalesce(string_agg(
               'i:' || id || ';s:' || strlen(text_of(wanted) || id) || ':"' || text_of(wanted) || id || '";', ''), '')
               || '}' FROM unnest(ids) AS listed (id))""",
    """CREATE TABLE member AS
       SELECT m.member, m.registered_at, m.kind, m.role, m.posts, m.last_post_at, m.last_visit_at, b.banned_at
       FROM _member m
       LEFT JOIN (SELECT member, min(moment) AS banned_at FROM _sanction WHERE kind = 'ban' GROUP BY 1) b
              ON b.member = m.member AND m.kind = 'member'
       WHERE m.kept AND m.member IS NOT NULL ORDER BY m.member""",
    """CREATE TABLE role_change AS
       SELECT row_number() OVER (ORDER BY moment, member, step) AS change, member, old_role, new_role, moment
       FROM (SELECT member, role AS new_role, start_at AS moment, row_number() OVER spells AS step,
                    coalesce(lag(role) OVER spells, 'registered') AS old_role
             FROM _role_spell WINDOW spells AS (PARTITION BY member ORDER BY start_at))
       WHERE new_role <> old_role""",
    "CREATE TABLE section AS SELECT *, row_number() OVER (ORDER BY section) AS position FROM _section",
    "CREATE TABLE post AS SELECT *, row_number() OVER (PARTITION BY thread ORDER BY post) AS number FROM _post",
    """CREATE TABLE thread AS
       SELECT t.*, p.posts, p.first_post, p.last_post, p.last_post_at, p.last_poster,
              row_number() OVER (ORDER BY t.thread) AS number
       FROM _thread t
       JOIN (SELECT thread, count(*) AS posts, min(post) AS first_post, max(post) AS last_post,
                    max(moment) AS last_post_at, arg_max(author, post) AS last_poster
             FROM post GROUP BY thread) p ON p.thread = t.thread""",
    "CREATE TABLE object AS SELECT o.*, b.bytes FROM _object o JOIN _bytes b ON b.size_band = o.size_band",
    """CREATE TABLE reaction AS
       SELECT row_number() OVER (ORDER BY moment, post, giver) AS reaction, * FROM _reaction
       WHERE giver IS NOT NULL""",
    """CREATE TABLE message AS
       SELECT *, row_number() OVER (PARTITION BY message ORDER BY recipient) AS position FROM _message""",
    """CREATE TABLE envelope AS
       SELECT message, any_value(sender) AS sender, any_value(moment) AS moment,
              list(recipient ORDER BY recipient) AS recipients
       FROM message GROUP BY message""",
    """CREATE TABLE sanction AS SELECT row_number() OVER (ORDER BY moment, member) AS sanction, * FROM _sanction""",
    """CREATE TABLE moderation AS
       SELECT row_number() OVER (ORDER BY a.moment, a.kind, a.thread, a.target_thread) AS act, a.*, t.thread AS subject,
              t.section AS subject_section, t.starter AS owner, t.first_post
       FROM _moderation a
       JOIN thread t ON t.thread = CASE a.kind WHEN 'merge' THEN a.target_thread ELSE a.thread END""",
    "CREATE TABLE read_mark AS SELECT *, 'read-mark' AS kind FROM _read_mark",
    """CREATE TABLE last_visit AS SELECT member, last_visit_at AS moment, 'visit' AS kind FROM member
       WHERE last_visit_at IS NOT NULL AND kind = 'member'""",
    "CREATE TABLE filler AS SELECT unnest(range(1, 21)) AS n",
)
