"""What the compiled reader makes of lines: of every format, of broken ones, and beside a slow reader of the same."""

import gzip
import tempfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from derive.log_lines import SECOND, TIME, comparable, kept, line, read, read_source, slow_phpbb
from vestige.errors import SourceError


def one(folder, text, rules="phpbb"):
    pages, transfers, _ = read(folder, text, rules)
    (row,) = pages + transfers
    return row


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/viewtopic.php?t=17", {"kind": 0, "thread": 17, "post": -1, "section": -1}),
        ("/a/b/viewtopic.php?f=3&t=17&start=40", {"kind": 0, "thread": 17, "section": 3}),
        ("/viewtopic.php?p=9#p9", {"kind": 0, "thread": -1, "post": 9}),
        ("/viewtopic.php?t=1&t=2", {"kind": 0, "thread": 2}),
        ("/viewtopic.php?f=3&amp;t=17", {"kind": 0, "thread": 17}),
        ("/viewforum.php?f=5", {"kind": 1, "section": 5}),
        ("/index.php", {"kind": 3}),
        ("/forum/index.php?sid=x", {"kind": 3}),
        ("/", {"kind": 3}),
        ("/?x=1", {"kind": 3}),
        ("/search.php?keywords=x", {"kind": 4}),
    ],
)
def test_phpbb_pages(tmp_path, target, expected):
    row = one(tmp_path, line(target))
    assert row["second"] == SECOND
    assert row["member"] == 55
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    "target",
    [
        "/viewtopic.php", "/viewtopic.php?t=", "/viewtopic.php?t=x", "/viewtopic.php?t=1234567890123456789",
        "/xviewtopic.php?t=1", "/viewtopic.phpx?t=1", "/styles/", "/a/", "/image.png?t=4", "/viewtopic.php/x?t=1",
        "/style.css?x=/viewtopic.php?t=1", "*", "",
    ],
)  # fmt: skip
def test_what_is_no_page(tmp_path, target):
    pages, transfers, report = read(tmp_path, line(target))
    assert (pages, transfers) == ([], [])
    assert report.unmatched == 1


@pytest.mark.parametrize(
    ("rules", "target", "cookie", "expected"),
    [
        ("mybb", "/showthread.php?tid=4&pid=9#pid9", "mybbuser=7_abc", {"thread": 4, "post": 9, "member": 7}),
        ("mybb", "/thread-123-page-2.html", "mybbuser=7_abc", {"kind": 0, "thread": 123}),
        ("mybb", "/forum-12.html", "x=1; a_mybbuser=7_abc", {"kind": 1, "section": 12, "member": 7}),
        ("mybb", "/attachment.php?aid=3", "mybbuser=7_abc", {"object": 3, "member": 7}),
        ("smf", "/index.php?topic=12.msg3#msg3", "SMFCookie11=%7B%220%22%3A41%2C%221%22", {"thread": 12, "member": 41}),
        ("smf", "/index.php/topic,12.0.html", "SMFCookie11=a%3A4%3A%7Bi%3A0%3Bs%3A2%3A%2241%22", {"member": 41}),
        ("smf", "/index.php?x=x&board=3.0", r"SMFCookie11={\"0\":41,\"1\":\"x\"}", {"section": 3, "member": 41}),
        ("smf", "/index.php?action=dlattach;topic=12.0;attach=5", "SMFCookie11=%7B%220%22%3A4", {"object": 5}),
        ("smf", "/index.php", r"SMFCookie11={\x220\x22:41", {"kind": 3, "member": 41}),
        ("smf", "/index.php?action=profile;u=3", "SMFCookie11=%7B%220%22%3A4", {"kind": 4}),
        ("xenforo", "/threads/a-b.v1.5.77/page-3", "xf_user=9%2Cabc", {"kind": 0, "thread": 77, "member": 9}),
        ("xenforo", "/threads/77/", "xf_user=9,abc", {"kind": 0, "thread": 77, "member": 9}),
        ("xenforo", "/index.php?threads/a.77/&x=1", "xf_user=9,abc", {"kind": 0, "thread": 77}),
        ("xenforo", "/community/forums/a.2/", "xf_user=9,abc", {"kind": 1, "section": 2}),
        ("xenforo", "/attachments/a-jpg.31/", "xf_user=9,abc", {"object": 31}),
        ("xenforo", "/whats-new/posts/5/", "xf_user=9,abc", {"kind": 4}),
    ],
)  # fmt: skip
def test_pages_and_members_of_other_packages(tmp_path, rules, target, cookie, expected):
    row = one(tmp_path, line(target, cookie=cookie), rules)
    assert {name: row[name] for name in expected} == expected


def test_an_action_on_a_thread_is_no_view_of_it(tmp_path):
    assert (
        read(tmp_path, line("/index.php?action=post;topic=12.0", cookie="SMFCookie11=%7B%220%22%3A4"), "smf")[0] == []
    )


RULES = """
base = "/board"
[[page]]
path = "/t{thread}"
kind = "thread"
[[page]]
path = "/"
kind = "visit"
[[member]]
place = "query"
name = "uid"
[[member]]
place = "field"
field = 1
[[session]]
place = "field"
field = -1
"""


@pytest.mark.parametrize(
    ("target", "tail", "member"),
    [("/board/t5?uid=8", "", 8), ("/board/t5", " 31", 31), ("/board/t5", ' "32"', 32), ("/board/", " 33 x", 33)],
)
def test_members_by_parameter_and_by_field(tmp_path, target, tail, member):
    (tmp_path / "own.toml").write_text(RULES, encoding="utf-8")
    row = one(tmp_path, line(target, cookie=None, end=f"{tail}\n"), tmp_path / "own.toml")
    assert row["member"] == member


def test_a_base_anchors_every_path(tmp_path):
    (tmp_path / "own.toml").write_text(RULES, encoding="utf-8")
    targets = ("/t5?uid=1", "/x/board/t5?uid=1", "/boardt5?uid=1", "/board?uid=1")
    pages, _, report = read(tmp_path, "".join(map(line, targets)), tmp_path / "own.toml")
    assert pages == []
    assert report.unmatched == len(targets)


def test_times_are_utc_by_their_own_offset(tmp_path):
    times = ("10/Oct/2020:13:55:36 -0700", "10/Oct/2020:20:55:36 +0000", "11/Oct/2020:02:25:36 +0530")
    pages, _, report = read(tmp_path, "".join(line("/", time=time) for time in times))
    assert [row["second"] for row in pages] == [SECOND] * 3
    assert report.zones == 2


@pytest.mark.parametrize(
    ("time", "ok"),
    [
        ("29/Feb/2020:00:00:00 +0000", True), ("29/Feb/2021:00:00:00 +0000", False),
        ("31/Apr/2021:00:00:00 +0000", False), ("01/Foo/2021:00:00:00 +0000", False),
        ("01/Jan/2021:24:00:00 +0000", False), ("01/Jan/2021:00:00:61 +0000", False),
        ("31/Dec/2016:23:59:60 +0000", True), ("00/Jan/2021:00:00:00 +0000", False),
        ("01/Jan/2021:00:00:00 +9900", False),
        ("0x/Jan/2021:00:00:00 +0000", False),
    ],
)  # fmt: skip
def test_impossible_times(tmp_path, time, ok):
    _, _, report = read(tmp_path, line("/") + line("/", time=time))
    assert report.pages == 1 + ok
    assert report.malformed == ({} if ok else {"an impossible time": 1})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("junk", "no time"),
        (f'192.0.2.1 - - [{TIME}] "GET / HTTP/1.1', "no request"),
        (f"192.0.2.1 - - [{TIME}] GET / HTTP/1.1 200 5", "no request"),
        (f'192.0.2.1 - - [{TIME}] "GET / HTTP/1.1" 2x0 5', "no status"),
        (f'192.0.2.1 - - [{TIME}] "GET / HTTP/1.1"', "no status"),
        (f'192.0.2.1 - - [{TIME}] "GET / HTTP/1.1" 200', "no number of bytes"),
        (f'192.0.2.1 - - [{TIME}] "GET / HTTP/1.1" 200 5x', "no number of bytes"),
        ("\0\0\0\0junk", "NUL bytes"),
    ],
)
def test_unreadable_lines_are_counted_by_reason(tmp_path, text, reason):
    pages, _, report = read(tmp_path, line("/") + text + "\n" + line("/"))
    assert len(pages) == 2
    assert report.lines == 3
    assert report.malformed == {reason: 1}


@pytest.mark.parametrize("cut", [1, 20, 45, 60, 90, 120])
def test_a_last_line_without_its_end_is_left_out(tmp_path, cut):
    pages, _, report = read(tmp_path, line("/") + line("/")[:-cut])
    assert len(pages) == 1
    assert report.malformed == {"cut off at the file's end": 1}


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1, 3 << 20])
def test_a_line_longer_than_the_window_is_left_out(tmp_path, size):
    long = line("/viewtopic.php?t=3&x=" + "y" * size)
    pages, _, report = read(tmp_path, line("/") + long + line("/index.php"))
    assert len(pages) == 2
    assert report.lines == 3
    assert report.malformed == {"too long": 1}


def test_a_bomb_of_one_line_is_one_line(tmp_path):
    (tmp_path / "access.log").write_bytes(zstandard.compress(line("/").encode() + bytes(64 << 20), 1))
    pages, _, report = read_source(tmp_path / "access.log")
    assert len(pages) == 1
    assert report.malformed == {"too long": 1}


def test_methods_statuses_and_escapes(tmp_path):
    lines = [
        line("/", method="POST"), line("/", method="HEAD"), line("/", status=404), line("/", status=302),
        line("/", status=304), line("/download/file.php?id=1", status=302), line("/download/file.php?id=1", status=404),
        line("/download/file.php?id=1", size="-"), "192.0.2.1 - - [" + TIME + '] "-" 408 0 "-" "-"\n',
        "192.0.2.1 - - [" + TIME + r'] "\x16\x03\x01" 400 157 "-" "-"' + "\n",
        line(r"/viewtopic.php?t=3&x=\"q\" HTTP"),
        line("/viewtopic.php?t=4", agent=r'"a \" phpbb3_x_u=99; \\"'),
        '192.0.2.1 - na[me [x] ["' + f'[{TIME}] "GET /viewtopic.php?t=5" 200 5 "-" "-" "x_u=6"\r\n',
    ]  # fmt: skip
    pages, transfers, report = read(tmp_path, "".join(lines))
    assert report.malformed == {}
    assert report.other_methods == 4
    assert report.refused == 1
    assert report.redirected == 2
    assert [row["thread"] for row in pages] == [-1, 3, 4, 5]
    assert [row["member"] for row in pages] == [55, 55, 55, 6]
    assert [(row["status"], row["bytes"]) for row in transfers] == [(404, 2326), (200, 0)]


def test_formats_may_be_mixed_and_common_lines_are_guests(tmp_path):
    common = f'192.0.2.1 - - [{TIME}] "GET /viewtopic.php?t=3 HTTP/1.0" 200 5\n'
    combined = common[:-1] + ' "-" "-"\n'
    with_host = "www.example:443 " + line("/viewtopic.php?t=4")
    crawler = line("/viewtopic.php?t=3", cookie="-", agent='"Mozilla/5.0 (compatible; Googlebot/2.1)"')
    pages, _, report = read(tmp_path, common + combined + with_host + crawler)
    assert [row["thread"] for row in pages] == [4]
    assert (report.guests, report.crawlers) == (2, 1)


def test_clock_jumps_and_silences(tmp_path):
    days = (10, 11, 10, 15)
    pages, _, report = read(tmp_path, "".join(line("/", time=f"{day}/Oct/2020:13:55:36 +0000") for day in days))
    assert len(pages) == 4
    assert (report.backwards, report.silences, report.silent_seconds) == (1, 1, 5 * 86_400)


def test_a_folder_is_read_in_the_order_of_its_times(tmp_path):
    for name, day in (("access.log", 30), ("access.log.1", 20), ("access.log.2.gz", 12), ("old.zst", 11)):
        text = "".join(line("/", time=f"{day}/Oct/2020:13:5{minute}:00 +0000") for minute in range(3)).encode()
        packed = {".gz": gzip.compress, ".zst": zstandard.compress}.get(Path(name).suffix, bytes)(text)
        (tmp_path / name).write_bytes(packed)
    (tmp_path / "error.log").write_text("[Sat Oct 10] [error] file does not exist\n" * 9, encoding="utf-8")
    (tmp_path / "empty.log").touch()
    pages, _, report = read_source(tmp_path)
    seconds = [row["second"] for row in pages]
    assert seconds == sorted(seconds)
    assert len(seconds) == 12
    assert (report.files, report.left_out, report.backwards, report.silences) == (4, 2, 0, 2)


def test_the_same_log_twice_is_refused(tmp_path):
    text = (line("/") * 9).encode()
    (tmp_path / "access.log").write_bytes(text)
    (tmp_path / "access.log.gz").write_bytes(gzip.compress(text))
    with pytest.raises(SourceError, match="twice"):
        read_source(tmp_path)


@pytest.mark.parametrize("content", [b"", b"SELECT 1;\n" * 9, bytes(9000), b"PK\x03\x04" + bytes(90)])
def test_no_access_log_at_all(tmp_path, content):
    with pytest.raises(SourceError):
        read(tmp_path, content)


def test_packed_data_that_end_in_the_middle(tmp_path):
    packed = gzip.compress("".join(line("/", size=number) for number in range(50_000)).encode(), 1)
    pages, _, report = read(tmp_path, packed[: len(packed) // 2])
    assert report.cut_short == 1
    assert 10_000 < len(pages) < 50_000


_HOSTS = st.sampled_from(["192.0.2.1", "2001:db8::1", "h", "v.example:80 192.0.2.1"])
_TARGETS = st.one_of(
    st.sampled_from(["/", "/index.php", "/viewtopic.php?t=3", "/a/viewforum.php?f=2&t=1", "/download/file.php?id=7"]),
    st.builds(
        lambda path, names: path + "?" + "&".join(f"{name}={value}" for name, value in names),
        st.sampled_from(["/viewtopic.php", "/f/viewtopic.php", "/download/file.php", "/viewforum.php", "/x.php", "//"]),
        st.lists(st.tuples(st.sampled_from(["t", "p", "f", "id", "tt", "start"]), st.sampled_from(
            ["", "1", "22x", "x1", "0", "123456789012345678", "1234567890123456789"])), max_size=5),
    ),
    st.text(st.characters(codec="ascii", exclude_characters=' "\\\n\r?'), max_size=40).map(lambda text: "/" + text),
)  # fmt: skip
_COOKIES = st.one_of(
    st.sampled_from(
        ["-", "", "x_u=3", "a=b; x_u=4; c=d", "a=b;x_u=5", "x_u=; y_u=6", "x_u=7x", "u=8", "_u=9", "x_u=a1"]
    ),
    st.text(st.characters(codec="ascii", exclude_characters='"\\\n\r%'), max_size=40),
)
_PARTS = st.builds(
    lambda host, second, target, method, status, size, cookie, end: (
        f"{host} - - [0{1 + second % 9}/Mar/2021:0{second % 10}:{second % 60:02}:{second % 61:02} +0{second % 10}00] "
        f'"{method} {target} HTTP/1.{second % 2}" {status} {size} "-" "agent" "{cookie}"{end}'
    ),
    _HOSTS,
    st.integers(0, 3600),
    _TARGETS,
    st.sampled_from(["GET", "GET", "GET", "POST", "get"]),
    st.sampled_from([200, 200, 206, 304, 301, 404, 500, 99, "2x"]),
    st.sampled_from([0, 5, 123456, "-", "", "x"]),
    _COOKIES,
    st.sampled_from(["\n", "\n", "\r\n", " extra\n"]),
)
_SOUP = st.lists(st.one_of(_PARTS, st.text(max_size=30).map(lambda text: text + "\n")), max_size=12)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_SOUP)
@example([line("/viewtopic.php?t=1", time="30/Jun/2015:23:59:60 +0000")])
def test_the_compiled_reader_agrees_with_a_slow_one(lines):
    good = [line("/viewtopic.php?t=1&p=2&f=3"), line("/download/file.php?id=4", status=206)]
    content = "".join([*lines, *good]).encode()
    with tempfile.TemporaryDirectory() as folder:
        pages, transfers, _ = read(Path(folder), content)
    assert comparable(pages, transfers) == kept(slow_phpbb(content))
