"""Sources of any size for the study of memory, written by DuckDB from row numbers, a million rows in a second or two.

Every source has the same forum in it: for every 20 posts a member, for every 10 a thread, all of one year.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

MEMBERS, THREADS, SECTIONS = 20, 10, 40
"""Posts for each member and each thread; and sections altogether."""
_START: Final = 1_400_000_000
_YEAR: Final = 31_000_000
_ROWS_OF_A_STATEMENT: Final = 1_000
_CALM: Final = "SET threads = 1; SET memory_limit = '1GB'"
_TEXT: Final = "repeat('words that nobody reads ', 1 + (hash(i) % 5)::INT)"


def _put(file: Path, select: str, *, append: bool = False) -> None:
    """Write one text a row, as it is; `i` is the row's number."""
    part = file.with_name("part") if append else file
    with duckdb.connect() as connection:
        connection.execute(_CALM)
        connection.execute(f"COPY ({select}) TO '{part}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x01')")
    if append:
        with file.open("ab") as whole, part.open("rb") as rows:
            while block := rows.read(1 << 24):
                whole.write(block)
        part.unlink()


def _second(share: str) -> str:
    """A second of the year, rising with the row's number."""
    return f"{_START} + ({share} * {_YEAR})::BIGINT"


def _insert(file: Path, table: str, columns: str, row: str, rows: int) -> None:
    """A table of a MySQL dump: `row` is an SQL expression for the cells between the brackets."""
    names = ", ".join(f"`{name.split()[0]}`" for name in columns.split(", "))
    with file.open("a", encoding="ascii") as stream:
        stream.write(f"CREATE TABLE `{table}` (\n  ")
        stream.write(",\n  ".join(f"`{one.split()[0]}` {one.split()[1]}" for one in columns.split(", ")) + "\n);\n")
    begin, last = f"i % {_ROWS_OF_A_STATEMENT} = 1", f"i % {_ROWS_OF_A_STATEMENT} = 0 OR i = {rows}"
    _put(
        file,
        f"SELECT CASE WHEN {begin} THEN 'INSERT INTO `{table}` ({names}) VALUES ' ELSE '' END || '(' || {row} || ')' "
        f"|| CASE WHEN {last} THEN ';' ELSE ',' END FROM range(1, {rows + 1}) t(i)",
        append=True,
    )


def phpbb_dump(folder: Path, posts: int) -> list[str]:
    """A dump as mysqldump writes it, with read-marks, attachments and messages beside posts."""
    file = folder / "forum.sql"
    members, threads = max(posts // MEMBERS, 2), posts // THREADS
    _insert(file, "phpbb_forums", "forum_id int, parent_id int, forum_name varchar(255)", "i || ',0,''x'''", SECTIONS)
    _insert(
        file, "phpbb_users", "user_id int, user_type int, user_regdate int, username varchar(255)",
        f"i || ',0,' || ({_second(f'i / {members}')}) || ',''name' || i || ''''", members,
    )  # fmt: skip
    _insert(
        file, "phpbb_topics", "topic_id int, forum_id int, topic_poster int, topic_time int, topic_first_post_id int",
        f"i || ',' || (1 + hash(i) % {SECTIONS}) || ',' || (2 + hash(i) % {members - 1}) || ',' || "
        f"({_second(f'i / {threads}')}) || ',' || i", threads,
    )  # fmt: skip
    _insert(
        file, "phpbb_posts",
        "post_id int, topic_id int, forum_id int, poster_id int, post_time int, post_text mediumtext",
        f"i || ',' || (1 + (i - 1) % {threads}) || ',' || (1 + hash(1 + (i - 1) % {threads}) % {SECTIONS}) || ',' || "
        f"(2 + hash(i * 3) % {members - 1}) || ',' || ({_second(f'i / {posts}')}) || ',''' || {_TEXT} || ''''", posts,
    )  # fmt: skip
    _insert(
        file, "phpbb_attachments", "attach_id int, post_msg_id int, poster_id int, filesize int, filetime int",
        f"i || ',' || (i * 20) || ',' || (2 + hash(i) % {members - 1}) || ',' || (hash(i) % 1000000) || ',' || "
        f"({_second(f'i * 20 / {posts}')})", posts // 20,
    )  # fmt: skip
    _insert(
        file, "phpbb_topics_track", "user_id int, topic_id int, forum_id int, mark_time int",
        f"(2 + hash(i) % {members - 1}) || ',' || (1 + i % {threads}) || ',1,' || ({_second(f'i * 2 / {posts}')})",
        posts // 2,
    )  # fmt: skip
    _insert(
        file, "phpbb_privmsgs", "msg_id int, author_id int, message_time int, to_address text",
        f"i || ',' || (2 + hash(i) % {members - 1}) || ',' || ({_second(f'i * 10 / {posts}')}) || ',''u_' || "
        f"(2 + hash(i * 5) % {members - 1}) || ''''", posts // 10,
    )  # fmt: skip
    _insert(
        file, "phpbb_privmsgs_to", "msg_id int, user_id int, author_id int, folder_id int",
        f"i || ',' || (2 + hash(i * 5) % {members - 1}) || ',' || (2 + hash(i) % {members - 1}) || ',0'", posts // 10,
    )  # fmt: skip
    return [str(file)]


def discourse_dump(folder: Path, posts: int) -> list[str]:
    """A plain dump of PostgreSQL."""
    file = folder / "forum.sql"
    members, threads = posts // MEMBERS, posts // THREADS
    moment = "strftime(make_timestamp(({}) * 1000000), '%Y-%m-%d %H:%M:%S')"
    tables = {
        "users": (
            "id integer, username text, created_at timestamp",
            f"i || chr(9) || 'name' || i || chr(9) || {moment.format(_second(f'i / {members}'))}",
            members,
        ),
        "categories": ("id integer, name text", "i || chr(9) || 'x'", SECTIONS),
        "topics": (
            "id integer, category_id integer, user_id integer, archetype text, created_at timestamp",
            (
                f"i || chr(9) || (1 + hash(i) % {SECTIONS}) || chr(9) || (1 + hash(i) % {members}) || chr(9) || "
                f"'regular' || chr(9) || {moment.format(_second(f'i / {threads}'))}"
            ),
            threads,
        ),
        "posts": (
            (
                "id integer, topic_id integer, post_number integer, user_id integer, reply_to_post_number integer, "
                "created_at timestamp, raw text"
            ),
            (
                f"i || chr(9) || (1 + (i - 1) % {threads}) || chr(9) || (1 + (i - 1) // {threads}) || chr(9) || "
                f"(1 + hash(i * 3) % {members}) || chr(9) || CASE WHEN i > {threads} THEN '1' ELSE '\\N' END "
                "|| chr(9) || "
                f"{moment.format(_second(f'i / {posts}'))} || chr(9) || {_TEXT}"
            ),
            posts,
        ),
        "post_actions": (
            "id integer, post_id integer, user_id integer, post_action_type_id integer, created_at timestamp",
            (
                f"i || chr(9) || (i * 2) || chr(9) || (1 + hash(i) % {members}) || chr(9) || 2 || chr(9) || "
                f"{moment.format(_second(f'i * 2 / {posts}'))}"
            ),
            posts // 2,
        ),
        "user_histories": ("id integer, action integer", "i || chr(9) || 1", 1),
        "topic_users": ("topic_id integer, user_id integer", "i || chr(9) || i", threads),
    }
    file.write_text("--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n", encoding="ascii")
    for name, (columns, row, rows) in tables.items():
        names = ", ".join(one.split()[0] for one in columns.split(", "))
        with file.open("a", encoding="ascii") as stream:
            stream.write("CREATE TABLE public.{} (\n    {}\n);\n\n".format(name, columns.replace(", ", ",\n    ")))
            stream.write(f"COPY public.{name} ({names}) FROM stdin;\n")
        _put(file, f"SELECT {row} FROM range(1, {rows + 1}) t(i)", append=True)
        with file.open("a", encoding="ascii") as stream:
            stream.write("\\.\n\n\n")
    with file.open("a", encoding="ascii") as stream:
        stream.write("--\n-- PostgreSQL database dump complete\n--\n\n")
    return [str(file)]


def stack_exchange(folder: Path, posts: int) -> list[str]:
    """A folder of XML files."""
    members = posts // MEMBERS
    moment = "strftime(make_timestamp(({}) * 1000000), '%Y-%m-%dT%H:%M:%S.000')"
    tables = {
        "Users": (f"'<row Id=\"' || i || '\" CreationDate=\"' || {moment.format(_second(f'i / {members}'))} || '\" />'",
                  members),
        "Posts": (
            (f"'<row Id=\"' || i || '\" PostTypeId=\"' || CASE WHEN i % {THREADS} = 1 THEN '1' "
            f"ELSE '2\" ParentId=\"' || "
            f"((i - 1) // {THREADS} * {THREADS} + 1) END || '\" CreationDate=\"' || "
            f"{moment.format(_second(f'i / {posts}'))} || '\" OwnerUserId=\"' || (1 + hash(i) % {members}) || "
            f"'\" Body=\"' || {_TEXT} || '\" />'"), posts),
        "Votes": (
            (f"'<row Id=\"' || i || '\" PostId=\"' || i || '\" VoteTypeId=\"2\" CreationDate=\"' || "
            f"{moment.format(_second(f'i / {posts}'))} || '\" />'"), posts),
    }  # fmt: skip
    for name, (row, rows) in tables.items():
        file = folder / f"{name}.xml"
        file.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<{name.lower()}>\n', encoding="ascii")
        _put(file, f"SELECT {row} FROM range(1, {rows + 1}) t(i)", append=True)
        with file.open("a", encoding="ascii") as stream:
            stream.write(f"</{name.lower()}>\n")
    return [str(folder), "--software", "stackexchange"]


def mail_archive(folder: Path, posts: int) -> list[str]:
    """An mbox file: two of three messages answer one of the last 500; of a hundred, three are missing."""
    file = folder / "list.mbox"
    parent = "CASE WHEN hash({0}) % 3 > 0 THEN greatest({0} - 1 - (hash({0} * 7) % 500)::BIGINT, 1) END"
    date = "strftime(make_timestamp(({}) * 1000000), '%a, %d %b %Y %H:%M:%S +0000')"
    levels = [f"SELECT i, i AS a0 FROM range(1, {posts * 100 // 97 + 1}) t(i) WHERE hash(i * 11) % 100 > 2"]
    for level in range(4):
        levels.append(f"SELECT *, {parent.format(f'a{level}')} AS a{level + 1} FROM ({levels[-1]})")
    chain = " || ".join(f"coalesce(' <' || a{level} || '@example.org>', '')" for level in (4, 3, 2, 1))
    _put(
        file,
        f"SELECT 'From x Mon Jan  1 00:00:00 2014' || chr(10) || 'From: N <n' || (hash(i) % {posts // MEMBERS}) || "
        f"'@example.com>' || chr(10) || 'Date: ' || {date.format(_second(f'i / {posts}'))} || chr(10) || "
        "'Message-ID: <' || i || '@example.org>' || chr(10) || "
        f"CASE WHEN a1 IS NULL THEN '' ELSE 'References:' || {chain} || chr(10) END || "
        f"'List-Id: <list' || (hash(i) % {SECTIONS}) || '.example.org>' || chr(10) || chr(10) || {_TEXT} || chr(10) "
        f"FROM ({levels[-1]})",
    )
    return [str(file)]


def table_files(folder: Path, posts: int, suffix: str) -> list[str]:
    """A table of posts, CSV or Parquet, whose members and threads are words."""
    options = "FORMAT csv, HEADER true" if suffix == "csv" else "FORMAT parquet"
    with duckdb.connect() as connection:
        connection.execute(_CALM)
        connection.execute(
            f"COPY (SELECT i AS number, 'name' || (hash(i) % {posts // MEMBERS}) AS account, "
            f"strftime(make_timestamp(({_second(f'i / {posts}')}) * 1000000), '%Y-%m-%d %H:%M:%S') AS at, "
            f"'page' || (hash(i * 3) % {posts // THREADS}) AS page, {_TEXT} AS remark FROM range(1, {posts + 1}) t(i)) "
            f"TO '{folder / f'events.{suffix}'}' ({options})"
        )
    (folder / "map.toml").write_text(
        f'[post]\nfile = "events.{suffix}"\npost = "number"\nauthor = {{ column = "account", text = true }}\n'
        'at = "at"\n'
        'thread = { column = "page", text = true }\n',
        encoding="ascii",
    )
    return [str(folder / "map.toml")]


def access_log(folder: Path, lines: int, posts: int) -> Path:
    """A log of the phpBB forum: nine pages and one attachment of every ten lines."""
    file = folder / "access.log"
    moment = "strftime(make_timestamp(({}) * 1000000), '%d/%b/%Y:%H:%M:%S +0000')"
    members, threads = posts // MEMBERS, posts // THREADS
    _put(
        file,
        f"SELECT '10.0.0.1 - - [' || {moment.format(_second(f'i / {lines}'))} || '] \"GET /' || CASE WHEN i % 10 = 0 "
        f"THEN 'download/file.php?id=' || (1 + hash(i) % {posts // 20}) "
        f'ELSE \'viewtopic.php?t=\' || (1 + hash(i) % {threads}) END || \' HTTP/1.1" 200 4096 "-" "Mozilla/5.0" '
        f"\"phpbb3_x_u=' || (2 + hash(i * 3) % {members - 1}) || '; phpbb3_x_sid=0\"' FROM range(1, {lines + 1}) t(i)",
    )
    return file


def object_hashes(folder: Path, objects: int) -> tuple[Path, Path]:
    """The objects' own hashes, and a list that has half of them and as many others."""
    own, listed = folder / "own.csv", folder / "list.csv"
    _put(
        own,
        "SELECT CASE WHEN i = 0 THEN 'object,hash' ELSE i || ',' || sha256(i::VARCHAR) END "
        f"FROM range({objects + 1}) t(i)",
    )
    _put(
        listed,
        "SELECT CASE WHEN i = 0 THEN 'hash,class' ELSE sha256((i * 2)::VARCHAR) || ',class-' || (i % 3) END "
        f"FROM range({objects + 1}) t(i)",
    )
    return own, listed


WRITERS: Final[dict[str, Callable[[Path, int], list[str]]]] = {
    "mail, mbox": mail_archive,
    "phpBB, INSERT": phpbb_dump,
    "Discourse, COPY": discourse_dump,
    "Stack Exchange, XML": stack_exchange,
    "table, CSV": lambda folder, posts: table_files(folder, posts, "csv"),
    "table, Parquet": lambda folder, posts: table_files(folder, posts, "parquet"),
}
"""Source to what writes it into a folder and returns what `vestige derive` is to be given."""
