"""Attacks on whatever reads foreign files, each with what must happen (see tools/carry_out_attacks.py).

Every input holds a secret word. Whatever happens, nothing that is written or said may hold it, no file may appear
beside the output, and no command in an input may run (it would make a file called `pwned`).
"""

import gzip
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from derive.commands import run_here
from derive.leaks import disclosed
from vestige.errors import VestigeError

SECRET = "qrtzrmssnwwvjhwvhhvj"
PWNED = "pwned"
POSTS = 3

USERS = "INSERT INTO `{p}users` VALUES (1,2,0,'%s'),(2,3,1400000000,'%s'),(10,0,1400000001,'%s');\n" % ((SECRET,) * 3)
REST = (
    "INSERT INTO `{p}forums` VALUES (3,0,'%s');\nINSERT INTO `{p}topics` VALUES (20,3,10,1400000100,'%s');\n"
    "INSERT INTO `{p}privmsgs_to` VALUES (1,2,10,0);\n" % ((SECRET,) * 2)
)
CREATES = (
    "CREATE TABLE `{p}users` (`user_id` int, `user_type` int, `user_regdate` int, `username` varchar(255));\n"
    "CREATE TABLE `{p}forums` (`forum_id` int, `parent_id` int, `forum_name` varchar(255));\n"
    "CREATE TABLE `{p}topics` (`topic_id` int, `forum_id` int, `topic_poster` int, `topic_time` int, `topic_title`"
    " text);\n"
    "CREATE TABLE `{p}privmsgs_to` (`msg_id` int, `user_id` int, `author_id` int, `folder_id` int);\n"
    "CREATE TABLE `{p}posts` (`post_id` int, `topic_id` int, `forum_id` int, `poster_id` int, `post_time` bigint,"
    " `post_text` mediumtext);\n"
)


class Outcome(StrEnum):
    """What must happen."""

    REFUSED = "refused"
    HARMLESS = "harmless"


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        name: short.
        outcome: what must happen.
        begin: puts the input into a folder; returns the words of a command, or something to call.
        posts: posts that a harmless derivation ends with; None where it ends in something else.
    """

    name: str
    outcome: Outcome
    begin: Callable[[Path], list[object] | Callable[[], object]]
    posts: int | None = POSTS


@dataclass(frozen=True)
class Happened:
    """What an attack came to.

    Attributes:
        outcome: refused or harmless.
        words: the error, or how many posts there are.
    """

    outcome: Outcome
    words: str


def carry_out(attack: Attack, folder: Path, key: Path) -> Happened:
    """Run an attack in an empty folder; AssertionError where it did any harm."""
    begun = attack.begin(folder)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    if callable(begun):
        error = _refusal(begun)
        status, output = (2 if error else 0), b""
    else:
        options = ["--out", folder / "dataset", "--key", key, "--forum", "north"] if begun[0] == "derive" else []
        status, output, error = run_here(*begun, *options)
    _see_no_harm(attack, folder, before, output + error)
    if status:
        assert (status, error.count(b"\n")) in {(2, 1), (2, 0)}, "not one clean line"
        assert b"Hint: " in error
        assert not (folder / "dataset").exists()
        return Happened(Outcome.REFUSED, error.decode().strip().removeprefix("Error: "))
    return Happened(Outcome.HARMLESS, _posts(folder / "dataset", attack.posts))


def _refusal(read: Callable[[], object]) -> bytes:
    """What the command line would say, or nothing where all is well."""
    failure: VestigeError | None = None
    try:
        read()
    except VestigeError as error:
        failure = error
    assert failure is None or failure.__context__ is None
    return f"Error: {failure}".encode() if failure else b""


def _see_no_harm(attack: Attack, folder: Path, before: dict[Path, bytes], said: bytes) -> None:
    for file, content in before.items():
        assert file.read_bytes() == content, "an input was changed"
    assert not list(folder.rglob(PWNED)), "a command of the input ran"
    assert not Path(PWNED).exists(), "a command of the input ran"
    assert {entry.name for entry in folder.iterdir() if entry not in before and entry.is_file()} == set()
    made = [file for file in folder.rglob("*") if file.is_file() and file not in before]
    assert disclosed({SECRET}, said, *made) == set(), attack.name


def _posts(dataset: Path, expected: int | None) -> str:
    from vestige.dataset import open_dataset, validate_dataset

    if expected is None:
        return "read as nothing"
    assert validate_dataset(dataset).violations == ()
    with open_dataset(dataset) as opened:
        found = opened.arrow("post").num_rows
    assert found == expected, f"{found} posts instead of {expected}"
    return f"{found} posts"


def forum(posts: str | bytes = "", *, prefix: str = "phpbb_", before: bytes = b"", after: bytes = b"") -> bytes:
    """A dump of a forum of three posts, or of those given (rows of VALUES)."""
    rows = posts or ",".join(f"({n},20,3,10,{1400000200 + n},'{SECRET} (it''s; \\' --)')" for n in (1, 2, 3))
    raw = rows if isinstance(rows, bytes) else rows.encode()
    text = (CREATES + USERS + REST).format(p=prefix).encode()
    return before + text + f"INSERT INTO `{prefix}posts` VALUES ".encode() + raw + b";\n" + after


def dump(content: Callable[[], bytes], name: str = "forum.sql") -> Callable[[Path], list[object]]:
    """An attack by a dump."""

    def begin(folder: Path) -> list[object]:
        (folder / name).write_bytes(content())
        return ["derive", folder / name, "--software", "phpbb"]

    return begin


def statement(text: str) -> Callable[[Path], list[object]]:
    """An attack by a statement in a dump; {folder} is where it runs."""

    def begin(folder: Path) -> list[object]:
        line = text.format(folder=folder, secret=SECRET, pwned=PWNED).encode() + b"\n"
        (folder / "victim.txt").write_text(f"1\t20\t3\t10\t1400000000\t{SECRET}\n")
        (folder / "forum.sql").write_bytes(forum(before=line, after=line))
        return ["derive", folder / "forum.sql", "--software", "phpbb"]

    return begin


def copied(*moments: str, before: str = "") -> Callable[[Path], list[object]]:
    """An attack by a script of pg_dump: posts of a Discourse forum at these moments."""

    def begin(folder: Path) -> list[object]:
        rows = [f"{n}\t10\t20\t{n}\t{SECRET}\t{moment}" for n, moment in enumerate(moments, 1)]
        tables = {
            "users (id, username, created_at)": [f"10\t{SECRET}\t2015-01-01 00:00:00"],
            "categories (id, name)": [f"3\t{SECRET}"],
            "topics (id, category_id, user_id, created_at, archetype)": ["20\t3\t10\t2015-01-01 00:00:00\tregular"],
            "posts (id, user_id, topic_id, post_number, raw, created_at)": rows,
            "post_actions (id, post_id, user_id, post_action_type_id, created_at)": [],
            "topic_users (user_id, topic_id, last_visited_at)": [],
            "user_histories (id, action, acting_user_id, target_user_id, created_at)": [],
        }
        lines = [f"COPY public.{name} FROM stdin;\n" + "\n".join([*rows, "\\."]) for name, rows in tables.items()]
        (folder / "forum.sql").write_text("\n\n".join([before, *lines]) + "\n")
        return ["derive", folder / "forum.sql", "--software", "discourse"]

    return begin


def xml(head: str, row: str = "") -> Callable[[Path], list[object]]:
    """An attack by an XML file of a Stack Exchange dump."""
    rows = {
        "Users": '<row Id="1" CreationDate="2015-01-01T00:00:00.000" DisplayName="S" />',
        "Posts": row or '<row Id="1" PostTypeId="1" OwnerUserId="1" CreationDate="2015-01-02T00:00:00.000" Body="S" />',
    }

    def begin(folder: Path) -> list[object]:
        (folder / "site").mkdir()
        for name, content in rows.items():
            text = f'<?xml version="1.0" encoding="utf-8"?>\n{head}<{name.lower()}>\n{content}\n</{name.lower()}>'
            (folder / "site" / f"{name}.xml").write_text(text.replace('"S"', f'"{SECRET}"'))
        return ["derive", folder / "site", "--software", "stackexchange"]

    return begin


def project(members: dict[str, bytes]) -> Callable[[Path], Callable[[], object]]:
    """An attack by a QDA project, a zip file."""

    def begin(folder: Path) -> Callable[[], object]:
        from vestige.casefiles.refi.project import read_project

        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        (folder / "project.qdpx").write_bytes(held.getvalue())
        return lambda: read_project(folder / "project.qdpx")

    return begin


def manifest(change: Callable[[dict[str, object]], None]) -> Callable[[Path], list[object]]:
    """An attack by the manifest of a dataset."""

    def begin(folder: Path) -> list[object]:
        from tables import dataset_of

        made = dataset_of(folder / "given", {"member": "member | kind\n0 | member"})
        raw = json.loads((made / "manifest.json").read_text())
        change(raw)
        (made / "manifest.json").write_text(json.dumps(raw))
        return ["validate", made]

    return begin


def _leave(raw: dict[str, object]) -> None:
    files = raw["files"]
    assert isinstance(files, list)
    files[0]["path"] = "../victim.parquet"


def mapped(rows: str, *, more: str = "", encoding: str = "utf-8") -> Callable[[Path], list[object]]:
    """An attack by a CSV file under a map of tables, or by the map."""

    def begin(folder: Path) -> list[object]:
        (folder / "events.csv").write_text("who,when,where,note\n" + rows, encoding=encoding)
        (folder / "map.toml").write_text(
            '[post]\nfile = "events.csv"\nauthor = { column = "who", text = true }\nat = "when"\n'
            f'thread = {{ column = "where", text = true }}\n{more}'
        )
        return ["derive", folder / "map.toml"]

    return begin


def mailbox(content: bytes) -> Callable[[Path], list[object]]:
    """An attack by an mbox file."""

    def begin(folder: Path) -> list[object]:
        (folder / "list.mbox").write_bytes(content)
        return ["derive", folder / "list.mbox"]

    return begin


def letters(*more: bytes) -> bytes:
    """An mbox of three messages with these further header lines."""
    return b"".join(
        b"From x\nFrom: u%d@a.example\nDate: Mon, 3 Jan 2005 01:02:0%d +0000\nMessage-ID: <%d@a>\n%s\n\n%s\n\n"
        % (n, n, n, own, SECRET.encode())
        for n, own in enumerate(more)
    )


def archive(content: bytes) -> Callable[[Path], list[object]]:
    """An attack by an archive of pg_dump."""

    def begin(folder: Path) -> list[object]:
        (folder / "forum.pgdmp").write_bytes(content)
        return ["derive", folder / "forum.pgdmp", "--software", "discourse"]

    return begin


def linked_output(folder: Path) -> list[object]:
    """The output is a link to a folder elsewhere."""
    (folder / "elsewhere").mkdir()
    (folder / "dataset-link").symlink_to(folder / "elsewhere")
    (folder / "forum.sql").write_bytes(forum())
    words = ["derive", folder / "forum.sql", "--software", "phpbb", "--replace", "--key", folder.parent / "forum.key"]
    return ["run", *words, "--out", folder / "dataset-link", "--forum", "north"][1:]


def times(*moments: str) -> str:
    """Posts at these moments."""
    return ",".join(f"({n},20,3,10,{moment},'{SECRET}')" for n, moment in enumerate(moments, 1))


JOINED = f"a,2015-01-01 10:00:00,x,{SECRET}\nb,2015-01-02 10:00:00,x,\n"
WIDE = forum().replace(
    b"`post_text` mediumtext);", b"`post_text` mediumtext" + b"".join(b", `c%d` int" % n for n in range(1000)) + b");"
)
WIDE = re.sub(rb"--\)'\)", b"--)'" + b",NULL" * 1000 + b")", WIDE)
LAUGHS = (
    '<!DOCTYPE z [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]>"
)
NESTED_XML = b'<Project xmlns="urn:QDA-XML:project:1.0">' + b"<Sources>" * 100_000

REFUSED, HARMLESS = Outcome.REFUSED, Outcome.HARMLESS
ATTACKS = (
    Attack("an ordinary dump, for comparison", HARMLESS, dump(forum)),
    Attack(
        "LOAD DATA into a table that is read",
        REFUSED,
        statement("LOAD DATA INFILE '{folder}/victim.txt' INTO TABLE `phpbb_posts`;"),
    ),
    Attack(
        "LOAD DATA LOCAL into another table",
        REFUSED,
        statement("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `{secret}`;"),
    ),
    Attack("SOURCE of another file", REFUSED, statement("SOURCE {folder}/victim.txt;")),
    Attack(
        "system and \\! of the mysql client",
        REFUSED,
        statement("system touch {folder}/{pwned};\n\\! touch {folder}/{pwned};"),
    ),
    Attack("SELECT INTO OUTFILE", HARMLESS, statement("SELECT '{secret}' INTO OUTFILE '{folder}/{pwned}';")),
    Attack(
        "COPY FROM PROGRAM in a dump", REFUSED, statement("COPY phpbb_posts FROM PROGRAM 'touch {folder}/{pwned}';")
    ),
    Attack(
        "\\i and \\! of psql",
        REFUSED,
        copied("2015-01-02 10:00:00", before="\\i /etc/passwd\n\\! touch pwned\n"),
    ),
    Attack(
        "times of PostgreSQL without end, before Christ and after the year 10000",
        HARMLESS,
        copied("infinity", "-infinity", "0044-03-15 12:00:00 BC", "10000-01-01 00:00:00", "2015-01-02 10:00:00"),
        posts=5,
    ),
    Attack("a day that no month has, in PostgreSQL's rows", REFUSED, copied("2015-13-45 10:00:00")),
    Attack(
        "a trigger with another delimiter",
        HARMLESS,
        statement(
            "DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET @a='{secret};'; END;;\n"
            "DELIMITER ;"
        ),
    ),
    Attack("SQL in the prefix of every table", HARMLESS, dump(lambda: forum(prefix="x'); DROP TABLE post; --_"))),
    Attack(
        "SQL in the name of a column",
        HARMLESS,
        dump(lambda: forum().replace(b"`post_text`", b'`x"); DROP TABLE post; --`')),
    ),
    Attack(
        "a quote behind half a character of GBK",
        HARMLESS,
        dump(
            lambda: forum(
                f"(1,20,3,10,1400000200,'{SECRET}".encode() + b"\xbf\x5c'),(2,20,3,10,1400000201,'\x81\x5c'),"
                b"(3,20,3,10,1400000202,'')",
                before=b"/*!40101 SET NAMES gbk */;\n",
            )
        ),
    ),
    Attack(
        "a backslash within a character of Shift-JIS",
        HARMLESS,
        dump(
            lambda: forum(
                b"(1,20,3,10,1400000200,'\x83\x5c'),(2,20,3,10,1400000201,'\x95\x5c\\''),(3,20,3,10,1400000202,'')",
                before=b"/*!40101 SET NAMES sjis */;\n",
            )
        ),
    ),
    Attack(
        "NUL bytes in a text",
        HARMLESS,
        dump(
            lambda: forum(b"(1,20,3,10,1400000200,'\x00\x00'),(2,20,3,10,1400000201,'\\0'),(3,20,3,10,1400000202,'')")
        ),
    ),
    Attack("a byte order mark", HARMLESS, dump(lambda: b"\xef\xbb\xbf" + forum())),
    Attack("UTF-16", REFUSED, dump(lambda: forum().decode().encode("utf-16"))),
    Attack("a table of 1,006 columns", HARMLESS, dump(lambda: WIDE)),
    Attack(
        "negative times and times after the year 200,000",
        HARMLESS,
        dump(lambda: forum(times("-5", "1400000200", "9000000000000"))),
        posts=3,
    ),
    Attack(
        "a time that no integer holds", REFUSED, dump(lambda: forum(times("1400000200", "99999999999999999999999")))
    ),
    Attack(
        "the year 10000 in XML",
        REFUSED,
        xml("", '<row Id="1" PostTypeId="1" OwnerUserId="1" CreationDate="10000-01-01T00:00:00.000" Body="S" />'),
    ),
    Attack(
        "one id twice",
        REFUSED,
        dump(lambda: forum(f"(1,20,3,10,1400000200,'{SECRET}'),(1,20,3,10,1400000201,'x'),(2,20,3,10,1400000202,'')")),
    ),
    Attack("a dump joined to itself", REFUSED, dump(lambda: forum() + forum())),
    Attack("two forums in one dump", REFUSED, dump(lambda: forum() + forum(prefix="other_"))),
    Attack(
        "columns change their order within the file",
        HARMLESS,
        dump(
            lambda: forum().replace(
                b"INSERT INTO `phpbb_posts` VALUES",
                f"INSERT INTO `phpbb_posts` (`post_text`,`post_time`,`poster_id`,`forum_id`,`topic_id`,`post_id`)"
                f" VALUES ('{SECRET}',1400000300,10,3,20,9);\nINSERT INTO `phpbb_posts` VALUES".encode(),
            )
        ),
        posts=4,
    ),
    Attack("a row with a cell too many", REFUSED, dump(lambda: forum(f"(1,20,3,10,1400000200,'{SECRET}',7)"))),
    Attack(
        "a table defined anew after its rows",
        REFUSED,
        dump(lambda: forum(after=b"CREATE TABLE `phpbb_posts` (`post_id` int, `" + SECRET.encode() + b"` int);\n")),
    ),
    Attack("a dump cut in the middle of a text", REFUSED, dump(lambda: forum()[:-30])),
    Attack(
        "a text of 64 million characters, packed",
        HARMLESS,
        dump(
            lambda: gzip.compress(
                forum(f"(1,20,3,10,1400000200,'{'a' * 64_000_000}'),(2,20,3,10,5,''),(3,20,3,10,6,'')"), 1
            ),
            "forum.sql.gz",
        ),
    ),
    Attack("half a gigabyte of zeros, packed", REFUSED, dump(lambda: gzip.compress(bytes(1 << 29), 1), "forum.sql.gz")),
    Attack(
        "a gzip file within a gzip file", REFUSED, dump(lambda: gzip.compress(gzip.compress(forum())), "forum.sql.gz")
    ),
    Attack("an external entity", REFUSED, xml('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')),
    Attack("a billion laughs", REFUSED, xml(LAUGHS)),
    Attack(
        "an undeclared entity in a value",
        REFUSED,
        xml("", '<row Id="1" PostTypeId="1" CreationDate="2015-01-02T00:00:00.000" Body="&e;" />'),
    ),
    Attack(
        "a billion laughs in a QDA project",
        REFUSED,
        project({"project.qde": (LAUGHS + '<Project xmlns="urn:QDA-XML:project:1.0">&j;</Project>').encode()}),
    ),
    Attack("100,000 nested elements in a QDA project", REFUSED, project({"project.qde": NESTED_XML})),
    Attack("a zip bomb", REFUSED, project({"project.qde": b"<Project>" + b" " * (1 << 29)})),
    Attack(
        "a member of a zip file that leaves its folder",
        REFUSED,
        project({f"../../{PWNED}": b"x", "a.qde": b"<" + SECRET.encode()}),
    ),
    Attack("a file of a manifest that leaves its folder", REFUSED, manifest(_leave)),
    Attack(
        "a manifest that names a field twice",
        REFUSED,
        manifest(lambda raw: raw.update({"options": {SECRET: SECRET}, "unknown": SECRET})),
    ),
    Attack(
        "spreadsheet formulas as accounts",
        HARMLESS,
        mapped(
            f"=cmd|'/c calc'!A1,2015-01-01 10:00:00,@SUM(1+1),{SECRET}\n"
            f"+{SECRET},2015-01-02 10:00:00,-1+1,=1\n-2,2015-01-03 10:00:00,=A1,\n"
        ),
    ),
    Attack("two CSV files joined, names and all", REFUSED, mapped(f"{JOINED}who,when,where,note\n{JOINED}")),
    Attack("a CSV file in UTF-16", REFUSED, mapped(JOINED, encoding="utf-16")),
    Attack(
        "days that no month has, in CSV",
        HARMLESS,
        mapped(f"a,2015-02-29 10:00:00,x,{SECRET}\nb,2015-04-31 10:00:00,x,\nc,10000-01-01 10:00:00,x,\n"),
    ),
    Attack("100,000 nested brackets in a map", REFUSED, mapped(JOINED, more="x = " + "[" * 100_000)),
    Attack("a quoted cell that never ends", REFUSED, mapped(f'a,2015-01-01 10:00:00,"{SECRET}\nb,c\n')),
    Attack(
        "a mail header of two megabytes",
        HARMLESS,
        mailbox(letters(b"X: 0", b"X-Long: " + b"a" * (1 << 21), b"X: 2")),
    ),
    Attack(
        "a mailbox behind a byte order mark", HARMLESS, mailbox(b"\xef\xbb\xbf" + letters(b"X: 0", b"X: 1", b"X: 2"))
    ),
    Attack(
        "messages that answer each other in a circle",
        HARMLESS,
        mailbox(letters(b"In-Reply-To: <2@a>", b"In-Reply-To: <0@a>", b"In-Reply-To: <1@a>")),
    ),
    Attack(
        "dates of mail that cannot be",
        HARMLESS,
        mailbox(letters(b"Date: Mon, 3 Jan 10000 01:02:03 +0000", b"Date: 30 Feb 2005 01:02:03 +9999", b"X: 2")),
    ),
    Attack("a mailbox joined to itself", HARMLESS, mailbox(letters(b"X: 0", b"X: 1", b"X: 2") * 2)),
    Attack(
        "an archive that claims two billion entries",
        REFUSED,
        archive(
            b"PGDMP\x01\x0e\x00\x04\x08\x01"
            b"\x00" + struct.pack("<i", -1) + b"\x00" * 35 + b"\x00\xff\xff\xff\x7f" + SECRET.encode()
        ),
    ),
)
