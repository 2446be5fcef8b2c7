"""Mail and news archives: every message once, its thread by references, its author as a number, and no other byte."""

import gzip
import mailbox
import tempfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parseaddr, parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.commands import run_here
from derive.leaks import disclosed
from vestige.dataset import open_dataset, validate_dataset
from vestige.derive import staging as engine
from vestige.derive.keys import read_key, write_key
from vestige.derive.mail import archive
from vestige.derive.mail import reader as mail_reader
from vestige.derive.mail.headers import read_address, read_ancestors, read_date, read_fields, read_id, read_place
from vestige.derive.mail.reader import MailReader
from vestige.derive.mail.threads import join_threads
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveResult, DeriveSettings, derive_dataset
from vestige.derive.sources.mailbox import MAILBOX
from vestige.derive.staging import Staging
from vestige.derive.text_cells import bound_tables
from vestige.errors import SourceError
from vestige.progress import ignore_progress

START = datetime(2005, 1, 3, tzinfo=UTC)


def message(
    number: int, *, author: int = 0, parents: tuple[int, ...] = (), group: str = "list.example.org", body: str = "x\n"
) -> bytes:
    when = format_datetime(START + timedelta(hours=number))
    references = "".join(f"\n\t<{one}@example.org>" for one in parents)
    lines = [
        f'From: "No. {author}" <User{author}@example.com>', "Subject: =?utf-8?q?folded?=\n and more", f"Date: {when}",
        f"Message-ID: <{number}@example.org>", f"List-Id: A list <{group}>",
        *([f"References:{references}"] if parents else []),
    ]  # fmt: skip
    return ("\n".join(lines) + "\n\n" + body).encode()


def mbox(messages: list[bytes]) -> bytes:
    """As the standard library writes it."""
    with tempfile.TemporaryDirectory() as folder:
        box = mailbox.mbox(Path(folder) / "box")
        for one in messages:
            box.add(one)
        box.close()
        return (Path(folder) / "box").read_bytes()


def derive(source: Path, out: Path, **chosen: Any) -> DeriveResult:
    if not (out.parent / "key").exists():
        write_key(out.parent / "key")
    key = read_key(out.parent / "key")
    return derive_dataset(
        open_source(str(source)), out, key=key, forum_code="list-a", settings=DeriveSettings(**chosen)
    )


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    with open_dataset(folder) as dataset:
        return dataset.arrow(name).to_pylist()


def containers(parents: dict[int, tuple[int, ...]]) -> dict[int, int]:
    """Zawinski's containers, by dictionaries: the root of each message that is there."""
    above: dict[int, int] = {}

    def root(of: int) -> int:
        while of in above:
            of = above[of]
        return of

    for number, own in parents.items():
        if own:
            above[number] = own[-1]
    for own in parents.values():
        for before, after in pairwise(own):
            if after not in parents and after not in above and before != after:
                above[after] = before
    return {number: root(number) for number in parents}


@st.composite
def archives(draw: st.DrawFn) -> dict[int, tuple[int, ...]]:
    """Messages, each with its ancestors; some messages are missing."""
    count = draw(st.integers(1, 25))
    chains: dict[int, tuple[int, ...]] = {}
    for number in range(count):
        parent = draw(st.one_of(st.none(), st.integers(0, number - 1))) if number else None
        chains[number] = () if parent is None else (*chains[parent], parent)
    missing = draw(st.sets(st.integers(0, count - 1), max_size=count - 1))
    cut = draw(st.integers(1, 30))
    return {number: own[-cut:] for number, own in chains.items() if number not in missing}


@settings(max_examples=15, deadline=None)
@given(
    parents=archives(),
    layout=st.sampled_from(["mbox", "crlf", "gz", "maildir", "folder"]),
    block=st.sampled_from([9_000, 4 << 20]),
)
def test_any_archive_comes_back(parents: dict[int, tuple[int, ...]], layout: str, block: int) -> None:
    written = [message(number, author=number % 4, parents=own) for number, own in parents.items()]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "BLOCK", block)
        patch.setattr(archive, "NAMES", 2)
        folder = Path(name)
        source = folder / {"gz": "box.mbox.gz", "maildir": "mail", "folder": "mails"}.get(layout, "box.mbox")
        content = mbox([*written, written[0]])
        if layout == "maildir":
            box = mailbox.Maildir(source)
            for place, one in enumerate(written):
                (source / "cur" / f"{place:03d}:2,S").write_bytes(one)
            box.close()
        elif layout == "folder":
            source.mkdir()
            (source / "a.mbox").write_bytes(mbox(written[:3]))
            (source / "b.mbox").write_bytes(mbox(written[2:]))
            (source / "c.txt").write_bytes(b"no mail")
        else:
            packed = {"gz": gzip.compress, "crlf": lambda data: data.replace(b"\n", b"\r\n")}
            source.write_bytes(packed.get(layout, bytes)(content))
        result = derive(source, folder / "dataset")
        assert validate_dataset(result.path).passed
        posts = rows(result.path, "post")
    numbers = list(parents)
    assert [post["at"] for post in posts] == [(START + timedelta(hours=one)).replace(tzinfo=None) for one in numbers]
    roots = containers(parents)
    for one, other in zip(range(len(posts)), range(1, len(posts)), strict=False):
        together = roots[numbers[one]] == roots[numbers[other]]
        assert (posts[one]["thread"] == posts[other]["thread"]) == together
        assert (posts[one]["author"] == posts[other]["author"]) == (numbers[one] % 4 == numbers[other] % 4)
    for post, number in zip(posts, numbers, strict=True):
        assert post["is_opening"] == (roots[number] == number)
        present = [one for one in parents[number] if one in parents]
        if present and present[-1] == parents[number][-1]:
            assert post["parent_post"] == numbers.index(present[-1])


def test_two_answers_to_a_missing_message_are_one_thread(tmp_path: Path) -> None:
    (tmp_path / "box.mbox").write_bytes(mbox([message(1, parents=(0,)), message(2, parents=(0,)), message(3)]))
    result = derive(tmp_path / "box.mbox", tmp_path / "dataset")
    posts = rows(result.path, "post")
    assert [post["thread"] for post in posts] == [0, 0, 1]
    assert [post["is_opening"] for post in posts] == [False, False, True]
    assert [thread["starter"] is None for thread in rows(result.path, "thread")] == [True, False]
    assert "mail-root-missing" in {finding.code for finding in result.findings}


def placed(messages: list[tuple[int, tuple[int, ...]]], batch: int) -> list[tuple[int, int, int | None, bool]]:
    """Each post's number, thread, parent and whether it opens, as the engine has them."""
    written = [message(number, parents=parents) for number, parents in messages]
    content = b"".join(b"From x Mon Jan  3 00:00:00 2005\n" + one + b"\n" for one in written)
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail_reader, "BATCH", batch)
        patch.setattr(engine, "PART_ROWS", 4)
        (Path(name) / "box").write_bytes(content)
        with Staging(Path(name), memory=128_000_000) as staging:
            staging.declare(MAILBOX.tables)
            tables = bound_tables(MAILBOX.tables, None, bytes(16))
            MailReader(Path(name) / "box").read(tables, staging.take, ignore_progress)
            staging.flush()
            join_threads(staging)
            return staging.rows(
                f"SELECT post, thread, parent_post, is_opening FROM ({MAILBOX.assembly['post']['messages']}) ORDER BY 1"
            )


def trees_by_hand(messages: list[tuple[int, tuple[int, ...]]], there: dict[int, int]) -> dict[int, int]:
    """The node above each, by dictionaries, one message after another; a missing message's node is below 0."""
    above: dict[int, int] = {}
    for place, (number, own) in enumerate(messages):
        if there[number] == place and own and own[-1] != number:
            above[place] = there.get(own[-1], -1 - own[-1])
    for _, own in messages:
        for before, after in pairwise(own):
            if after not in there and before != after:
                above.setdefault(-1 - after, there.get(before, -1 - before))
    for node in [*there.values(), *above]:
        path = line(above, node)
        if path[-1] in above:
            loop = path[path.index(above[path[-1]]) :]
            del above[min(loop, key=lambda one: (one < 0, one))]
    return above


def line(above: dict[int, int], node: int) -> list[int]:
    """A node and its ancestors, up to a root or once around a loop."""
    found = [node]
    while found[-1] in above and above[found[-1]] not in found:
        found.append(above[found[-1]])
    return found


def placed_by_hand(messages: list[tuple[int, tuple[int, ...]]]) -> list[tuple[int, int, int | None, bool]]:
    """The same as `placed`, from trees made by hand."""
    there: dict[int, int] = {}
    for place, (number, _) in enumerate(messages):
        there.setdefault(number, place)
    above = trees_by_hand(messages, there)
    lines = {place: line(above, place) for place in there.values()}
    first: dict[int, int] = {}
    for place, found in lines.items():
        first.setdefault(found[-1], place)
    return [
        (place, first[found[-1]], next((one for one in found[1:] if one >= 0), None), place not in above)
        for place, found in lines.items()
    ]


@settings(max_examples=25, deadline=None)
@given(
    messages=st.lists(
        st.tuples(st.integers(0, 9), st.lists(st.integers(0, 12), max_size=5).map(tuple)), min_size=1, max_size=14
    ),
    batch=st.sampled_from([1, 3, 100]),
)
def test_threads_of_any_headers_are_those_made_by_hand(messages: list[tuple[int, tuple[int, ...]]], batch: int) -> None:
    """Loops, copies, answers before what they answer, ancestors that are missing or said to be others' children."""
    assert placed(messages, batch) == placed_by_hand(messages)


def test_loops_are_cut_at_their_first_message_and_long_chains_climbed() -> None:
    chain = [(number, (number - 1,)) for number in range(40, 0, -1)]
    loop = [(50, (52,)), (51, (50,)), (52, (51,)), (53, (60, 61, 60))]
    found = placed([*loop, *chain], 100)
    assert [row[1:] for row in found[:4]] == [(0, None, True), (0, 0, False), (0, 1, False), (3, None, False)]
    assert [row[1:] for row in found[4:]] == [(4, place + 1 if place < 43 else None, False) for place in range(4, 44)]


DATES = [
    "Mon, 03 Jan 2005 10:11:12 +0100", "3 Jan 2005 10:11 -0330", "Mon,  3 Jan 2005 10:11:12 GMT (GMT Standard Time)",
    "Mon, 3 Jan 05 10:11:12 EST", "Wed, 31 Dec 1997 23:59:59 PDT", "Mon, 03-Jan-99 10:11:12 UT",
]  # fmt: skip


@pytest.mark.parametrize("text", DATES)
def test_dates_are_those_of_the_standard_library(text: str) -> None:
    at, zone_known = read_date(text.encode())
    assert at == round(parsedate_to_datetime(text).timestamp() * 1e6)
    assert zone_known


@pytest.mark.parametrize(
    ("text", "seconds", "known"),
    [
        ("Mon Jan  3 10:11:12 2005", 1104747072, False),
        ("Mon Jan  3 10:11:12 MET 2005", 1104743472, True),
        ("Mon, 3 Jan 2005 10:11:12 Westeuropaeische Zeit", 1104747072, False),
        ("Mon, 03 Jan 2005 24:11:12 +0000", None, True),
        ("Mon, 31 Feb 2005 10:11:12 +0000", None, True),
        ("yesterday", None, True),
        ("", None, True),
    ],
)
def test_broken_dates(text: str, seconds: int | None, known: bool) -> None:
    assert read_date(text.encode()) == (seconds and seconds * 1_000_000, known)


@pytest.mark.parametrize(
    "text",
    ["Ann <Ann@Example.org>",
     '"Ann, the <first>" <ann@example.org>', "ann@example.org (Ann (A.) One)", "ann@example.org",
     "=?utf-8?b?w4RubmE=?= <ann@example.org>", '"ann@elsewhere.net" <ann@example.org>'],
)  # fmt: skip
def test_addresses_are_those_of_the_standard_library(text: str) -> None:
    assert read_address(text.encode()) == parseaddr(text)[1].lower().encode() == b"ann@example.org"


@pytest.mark.parametrize(
    ("text", "address"),
    [("ann at example.org (Ann One)", b"ann@example.org"), ("site!host!ann (Ann)", b"site!host!ann"), ("", None),
     ('"only a name" <>', None), ("<" + "a" * 2000 + ">", None)],
)  # fmt: skip
def test_addresses_of_old_and_hidden_forms(text: str, address: bytes | None) -> None:
    assert read_address(text.encode()) == address


def test_headers_of_news_and_of_old_mail() -> None:
    found = read_fields(
        b"\nNewsgroups: Comp.Lang, comp.misc\nMESSAGE-id:\n <a@b>\nIn-Reply-To: Your message of <c@d> by <e@f>\n"
        b"message-id: <x@y>\n"
    )
    assert read_place(found.list_id, found.newsgroups) == (b"comp.lang", 2)
    assert read_id(found.message_id) == b"a@b"
    assert read_ancestors(found.references, found.in_reply_to) == [b"c@d"]
    assert (read_address(found.sender), read_date(found.date)) == (None, (None, True))


BODIES = {
    "escaped": ">From here on\n",
    "a line like a start, nothing like a header after it": "\nFrom here on\nit goes on\n",
    "no empty line before it": "word\nFrom me to you\nSubject: not a header\n",
    "binary": "\x00\x01\x02\r\r\n",
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_begin_no_message(tmp_path: Path, name: str) -> None:
    parts = [message(number, body=BODIES[name]) for number in range(3)]
    (tmp_path / "box.mbox").write_bytes(b"".join(b"From x Mon Jan  3 00:00:00 2005\n" + one + b"\n" for one in parts))
    assert len(rows(derive(tmp_path / "box.mbox", tmp_path / "dataset").path, "post")) == 3


def test_a_header_without_end_and_one_of_a_megabyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BLOCK", 50_000)
    monkeypatch.setattr(archive, "LONGEST_HEADER", 200_000)
    long = b"From x y\nMessage-ID: <1@x>\nX: " + b"y" * 900_000 + b"\n\nbody\n\n"
    (tmp_path / "box.mbox").write_bytes(long + b"From x y\nMessage-ID: <2@x>\nDate: 3 Jan 2005 10:11 +0000\n")
    assert len(rows(derive(tmp_path / "box.mbox", tmp_path / "dataset").path, "post")) == 2


def test_addresses_link_by_choice_alone(tmp_path: Path) -> None:
    (tmp_path / "box.mbox").write_bytes(mbox([message(0, author=1), message(1, author=2)]))
    assert {row["linked_pseudonym"] for row in rows(derive(tmp_path / "box.mbox", tmp_path / "a").path, "member")} == {
        None
    }
    linked = rows(derive(tmp_path / "box.mbox", tmp_path / "b", link_handles=True).path, "member")
    assert len({row["linked_pseudonym"] for row in linked}) == 2


def test_lists_are_sections_and_their_names_are_for_the_map_alone(tmp_path: Path) -> None:
    parts = [
        message(0, group="one.example.org"),
        message(1, group="two.example.org"),
        message(2, group="one.example.org"),
    ]
    (tmp_path / "box.mbox").write_bytes(mbox(parts))
    result = derive(tmp_path / "box.mbox", tmp_path / "dataset")
    assert [row["section"] for row in rows(result.path, "post")] == [0, 1, 0]
    named = MailReader(tmp_path / "box.mbox").names("lists", "place", "name")
    assert dict(named) == {0: "one.example.org", 1: "two.example.org"}


@pytest.mark.parametrize("content", [b"", b"hello\n", b"From x\n" * 10])
def test_what_is_no_mailbox(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "box.mbox").write_bytes(content)
    with pytest.raises(SourceError):
        derive(tmp_path / "box.mbox", tmp_path / "dataset")
    assert not (tmp_path / "dataset").exists()


HEADERS = [
    "From", "To", "Cc", "Subject", "Sender", "Reply-To", "Received", "Organization", "X-Face", "Message-ID",
    "References", "In-Reply-To", "List-Id", "Newsgroups", "Path", "NNTP-Posting-Host", "Comments",
]  # fmt: skip


def test_nothing_of_any_header_or_body_leaks(tmp_path: Path) -> None:
    words = [f"Canary{number:02d}Zaphod" for number in range(len(HEADERS) + 2)]
    lines = [f"{name}: {word} <{word}@{word}.example>" for name, word in zip(HEADERS, words, strict=False)]
    text = "\n".join(
        ["From " + words[-1] + " Mon Jan  3 00:00:00 2005", *lines, "Date: 3 Jan 2005 10:11 +0000", "", words[-2]]
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{words[-2]}.mbox").write_text(text + "\n\n" + text.replace("Canary09", "Canary9x") + "\n")
    write_key(tmp_path / "key")
    said: tuple[bytes, ...] = ()
    for place, extra in ((tmp_path / "dataset", []), (tmp_path / "linked", ["--link-handles"]), (tmp_path / "key", [])):
        source = tmp_path / "in"
        status, *parts = run_here(
            "derive", source, "--out", place, "--key", tmp_path / "key", "--forum", "list-a", *extra
        )
        assert (status == 0) == (place.name != "key")
        said += tuple(parts)
    assert len(rows(tmp_path / "dataset", "post")) == 2
    assert disclosed(words, tmp_path / "dataset", tmp_path / "linked", *said) == set()
