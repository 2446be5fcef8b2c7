"""Lines of access logs for tests, and a slow reader of them to compare with: regular expressions and urllib."""

import re
from datetime import datetime
from urllib.parse import unquote

from vestige.derive.log.reader import read_logs
from vestige.derive.log.rules import read_rules
from vestige.progress import ignore_progress

TIME = "10/Oct/2020:13:55:36 -0700"
SECOND = 1602363336
AGENT = '"Mozilla/5.0 (X11)"'


def line(target, *, time=TIME, method="GET", status=200, size=2326, cookie="phpbb3_x_u=55", agent=AGENT, end="\n"):
    """One line in the combined format with a Cookie header behind it."""
    tail = f' "{cookie}"' if cookie is not None else ""
    request = f'"{method} {target} HTTP/1.1"'
    return f'192.0.2.1 - name [{time}] {request} {status} {size} "https://a.example/" {agent}{tail}{end}'


def read(folder, content, rules="phpbb"):
    """Rows of pages and of transfers as dictionaries, and the report."""
    file = folder / "access.log"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(file, rules)


def read_source(source, rules="phpbb"):
    """Likewise of a file or folder."""
    rows = {"log_page": [], "log_transfer": []}
    report = read_logs(
        source, read_rules(rules), lambda table, batch: rows[table].extend(batch.to_pylist()), ignore_progress
    )
    return rows["log_page"], rows["log_transfer"], report


_LINE = re.compile(
    rb"^.*?\[(?P<time>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] \"(?P<request>(?:[^\"\\]|\\.)*)\" "
    rb"(?P<status>[1-9]\d\d) (?P<size>\d{1,18}|-)(?: (?P<rest>.*))?$",
    re.DOTALL,
)


def slow_phpbb(content):
    """(second, kind, numbers, member, status, bytes) of every line that phpBB's rules keep, one line after another."""
    found = []
    for text in content.split(b"\n")[:-1]:
        match = _LINE.match(text)
        if match is None:
            continue
        try:
            written = match["time"].decode().replace(":60 ", ":59 ")  # a leap second counts as the one before
            second = int(datetime.strptime(written, "%d/%b/%Y:%H:%M:%S %z").timestamp())
        except ValueError:
            continue
        method, _, rest = match["request"].partition(b" ")
        if method != b"GET":
            continue
        path, _, query = rest.split(b" ")[0].partition(b"?")
        values = {}
        for part in re.split(rb"[&;]", query):
            name, equals, value = part.partition(b"=")
            if equals:
                values[name] = value
        page = _slow_page(path, values)
        status = int(match["status"])
        size = 0 if match["size"] == b"-" else int(match["size"])
        if page is None or (300 <= status <= 399 and status != 304):
            continue
        if page[0] != "object" and status != 304 and not 200 <= status <= 299:
            continue
        quoted = re.findall(rb'"((?:[^"\\]|\\.)*)"', match["rest"] or b"")
        member = _slow_member(quoted[-1]) if quoted else -1
        found.append((second, *page, member, status, size))
    return found


def _number(value):
    digits = re.match(rb"\d*", value)[0]
    return int(digits) if digits and len(digits) <= 18 else -1


def _slow_page(path, values):
    numbers = {name: _number(values.get(name, b"")) for name in (b"t", b"p", b"f", b"id")}
    if path.endswith(b"/viewtopic.php") and (numbers[b"t"] >= 0 or numbers[b"p"] >= 0):
        return ("thread", numbers[b"t"], numbers[b"p"], numbers[b"f"], -1)
    if path.endswith(b"/viewforum.php") and numbers[b"f"] >= 0:
        return ("section", -1, -1, numbers[b"f"], -1)
    if path.endswith(b"/download/file.php") and numbers[b"id"] >= 0:
        return ("object", -1, -1, -1, numbers[b"id"])
    if path.endswith(b"/index.php") or path == b"/":
        return ("visit", -1, -1, -1, -1)
    return None


def _slow_member(cookies):
    for cookie in re.split(rb"[; ]+", cookies):
        name, equals, value = cookie.partition(b"=")
        if equals and name.endswith(b"_u"):
            return _number(unquote(value.decode("latin-1")).encode("latin-1")) if value[:1].isdigit() else -1
    return -1


def comparable(pages, transfers):
    """Rows of the compiled reader as `slow_phpbb` gives them, in no order; pages have no status."""
    kinds = {0: "thread", 1: "section", 3: "visit"}
    rows = [
        (row["second"], kinds[row["kind"]], row["thread"], row["post"], row["section"], -1, row["member"])
        for row in pages
        if row["kind"] in kinds
    ]
    rows += [
        (row["second"], "object", -1, -1, -1, row["object"], row["member"], row["status"], row["bytes"])
        for row in transfers
    ]
    return sorted(rows, key=repr)


def kept(slow):
    """What the compiled reader hands out of `slow_phpbb`'s rows: members' pages, and transfers that were served."""
    rows = []
    for second, kind, thread, post, section, number, member, status, size in slow:
        if kind == "object" and (member >= 0 or status in (200, 206)):
            rows.append((second, kind, -1, -1, -1, number, member, status, size))
        elif kind != "object" and member >= 0:
            rows.append((second, kind, thread, post, section, -1, member))
    return sorted(rows, key=repr)
