"""Tables by a map: what the map names and nothing else, words as keyed numbers, times in UTC."""

import gzip
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.dataset import open_dataset, validate_dataset
from vestige.derive.keys import PseudonymKey, read_key, write_key
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveResult, DeriveSettings, derive_dataset
from vestige.derive.tables.table_map import read_table_map
from vestige.errors import MapError, SourceError

START = datetime.fromisoformat("2015-01-01")
CANARY = "Zaphod-canary-7"
POSTS = """
[post]
file = "events.csv"
author = { column = "who", text = true }
at = "when"
thread = { column = "where", text = true }
"""


@pytest.fixture
def key(tmp_path: Path) -> PseudonymKey:
    write_key(tmp_path / "key")
    return read_key(tmp_path / "key")


def derive(folder: Path, text: str, key: PseudonymKey, **chosen: Any) -> DeriveResult:
    (folder / "map.toml").write_text(text)
    out = folder / f"dataset-{len(list(folder.iterdir()))}"
    settings = DeriveSettings(**chosen)
    return derive_dataset(open_source(str(folder / "map.toml")), out, key=key, forum_code="forum-a", settings=settings)


def rows(result: DeriveResult, name: str) -> list[dict[str, Any]]:
    with open_dataset(result.path) as dataset:
        return dataset.arrow(name).to_pylist()


@settings(max_examples=10, deadline=None)
@given(
    events=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 3),
            st.one_of(st.none(), st.integers(0, 10_000).map(lambda h: START + timedelta(hours=h))),
        ),
        min_size=1,
        max_size=30,
    ),
    layout=st.sampled_from(["csv", "csv.gz", "parquet", "numbers.csv"]),
)
def test_any_list_of_events_comes_back(
    events: list[tuple[int, int, datetime | None]], layout: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    numbers = layout == "numbers.csv"
    who = [author if numbers else f"member {author}" for author, _, _ in events]
    where = [str(thread) if numbers else f"place,{thread}" for _, thread, _ in events]
    when = [at for _, _, at in events]
    if layout == "parquet":
        pq.write_table(pa.table({"who": who, "where": where, "when": when, "say": [CANARY] * len(events)}),
                       folder / "events.parquet")  # fmt: skip
    else:
        lines = [
            f'{one},"{place}",{at or ""},"{CANARY}\nand more"' for one, place, at in zip(who, where, when, strict=True)
        ]
        text = "\n".join(["who,where,when,say", *lines]).encode()
        (folder / f"events.{layout}").write_bytes(gzip.compress(text) if layout.endswith("gz") else text)
    write_key(folder / "key")
    mapped = POSTS.replace("events.csv", f"events.{layout}").replace(
        "text = true", f"text = {str(not numbers).lower()}"
    )
    result = derive(folder, mapped, read_key(folder / "key"))
    assert validate_dataset(result.path).passed
    posts = rows(result, "post")
    kept = [at for at in when if at is not None]
    assert [post["at"] for post in posts if post["at"]] == [at for at in kept if min(kept) <= at]
    same = {(events[one][0] == events[two][0], posts[one]["author"] == posts[two]["author"])
            for one in range(len(posts)) for two in range(one)}  # fmt: skip
    assert same <= {(True, True), (False, False)}
    assert len({post["thread"] for post in posts}) == len({thread for _, thread, _ in events})
    assert sum(post["is_opening"] for post in posts) == len({post["thread"] for post in posts})


def test_words_keep_their_pseudonym_and_depend_on_key_and_forum(tmp_path: Path, key: PseudonymKey) -> None:
    (tmp_path / "events.csv").write_text("who,where,when\nAnn,a,2015-01-01\nBob,a,2015-01-02\n")
    first = {row["pseudonym"] for row in rows(derive(tmp_path, POSTS, key), "member")}
    (tmp_path / "events.csv").write_text("who,where,when\nBob,b,2015-01-02\nCleo,a,2015-01-03\nAnn,c,2015-02-02\n")
    assert first < {row["pseudonym"] for row in rows(derive(tmp_path, POSTS, key), "member")}
    write_key(tmp_path / "other")
    other = rows(derive(tmp_path, POSTS, read_key(tmp_path / "other")), "member")
    assert not first & {row["pseudonym"] for row in other}


@pytest.mark.parametrize(
    ("form", "cell", "zone", "expected"),
    [
        ("iso", "2015-07-05 02:15:59.25", None, "2015-07-05T02:00"),
        ("iso", "2015-07-05T02:15+02:00", "Asia/Tokyo", "2015-07-05T00:00"),
        ("iso", "2015-07-05T02:15:00-0530", None, "2015-07-05T07:00"),
        ("iso", "2015-07-05", "Europe/Berlin", "2015-07-04T22:00"),
        ("iso", "2015-07-05Z", "Europe/Berlin", "2015-07-05T00:00"),
        ("%d.%m.%Y %H:%M", "05.01.2015 02:15", "Europe/Berlin", "2015-01-05T01:00"),
        ("seconds", "1436062559.25", None, "2015-07-05T02:00"),
        ("milliseconds", "1436062559250", None, "2015-07-05T02:00"),
        ("iso", "2015-13-05 02:15", None, None),
        ("iso", "2015-02-29 02:15", None, None),
        ("iso", "2015-03-01 02:15", None, "2015-03-01T02:00"),
        ("%d.%m.%Y %H:%M", "31.04.2015 02:15", None, None),
        ("%d.%m.%Y %H:%M", "01.05.2015 02:15", None, "2015-05-01T02:00"),
        ("seconds", "soon", None, None),
    ],
)
def test_times(tmp_path: Path, key: PseudonymKey, form: str, cell: str, zone: str | None, expected: str | None) -> None:
    anchors = {"iso": ("2015-01-01Z", "2016-01-01Z"), "seconds": ("1420070400", "1451606400")}
    scale = {
        "milliseconds": ("1420070400000", "1451606400000"),
        "%d.%m.%Y %H:%M": ("01.01.2015 00:00", "01.01.2016 00:00"),
    }
    low, high = {**anchors, **scale}[form]
    (tmp_path / "events.csv").write_text(f"who,where,when\nAnn,a,{low}\nAnn,a,{cell}\nAnn,a,{high}\n")
    at = f'{{ column = "when", format = "{form}"' + (f', timezone = "{zone}" }}' if zone else " }")
    result = derive(tmp_path, POSTS.replace('at = "when"', f"at = {at}"), key)
    assert rows(result, "post")[1]["at"] == (expected and datetime.fromisoformat(expected))
    codes = {finding.code for finding in result.findings}
    assert ("table-times-unreadable" in codes) == ("times-unknown" in codes) == (expected is None)


def test_unknown_words_are_counted_and_never_shown(tmp_path: Path, key: PseudonymKey) -> None:
    (tmp_path / "v.tsv").write_text(f"u\tt\tk\n1\t2015-01-01\tin\n2\t2015-01-02\t{CANARY}\n1\t2015-01-03\tout\n1\t\t\n")
    text = """
[view]
file = "v.tsv"
member = "u"
at = "t"
kind = { column = "k", words = { visit = ["in", "hello"] } }
"""
    result = derive(tmp_path, text, key)
    assert [row["kind"] for row in rows(result, "view")] == ["visit"]
    assert any(finding.text.startswith("3 rows of view have no kind") for finding in result.findings)
    other = derive(tmp_path, text.replace("] }", '] }, otherwise = "other"'), key)
    assert sorted(row["kind"] for row in rows(other, "view")) == ["other", "other", "other", "visit"]
    assert CANARY not in (result.path / "manifest.json").read_text() + repr(result)


def test_linking_is_a_choice(tmp_path: Path, key: PseudonymKey) -> None:
    (tmp_path / "m.csv").write_text("id,name\n1,Ann\n2,ANN \n3,Bob\n")
    text = '[member]\nfile = "m.csv"\nmember = "id"\nlinked_pseudonym = "name"\n'
    assert {row["linked_pseudonym"] for row in rows(derive(tmp_path, text, key), "member")} == {None}
    linked = [row["linked_pseudonym"] for row in rows(derive(tmp_path, text, key, link_handles=True), "member")]
    assert linked[0] == linked[1] != linked[2]


def test_several_files_of_one_table(tmp_path: Path, key: PseudonymKey) -> None:
    (tmp_path / "a.csv").write_text("1,2015-01-01\n")
    (tmp_path / "b.csv").write_text("2,2015-01-02\n1,2015-01-03\n")
    one = '[[view]]\nfile = "{}.csv"\nnames = ["u", "t"]\nmember = "u"\nat = "t"\nkind = {{ value = "visit" }}\n'
    result = derive(tmp_path, one.format("a") + one.format("b"), key)
    assert [(row["member"], row["at"].day) for row in rows(result, "view")] == [(0, 1), (0, 3), (1, 2)]


WRONG = {
    "a cell that is no number": ("who,where,when\nAnn,a,2015-01-01\n", POSTS.replace(", text = true", "")),
    "a row with more cells": (f"who,where,when\nAnn,a,2015-01-01,{CANARY}\n", POSTS),
    "a column that is not there": ("who,when\nAnn,2015-01-01\n", POSTS),
    "a column twice": ("who,where,when,who\nAnn,a,2015-01-01,x\n", POSTS),
    "utf-16": ("\ufeffwho,where,when\n", POSTS),
    "no file": (None, POSTS),
    "no parquet": (CANARY, POSTS.replace("events.csv", "events.parquet")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_says_where_and_no_value(tmp_path: Path, key: PseudonymKey, name: str) -> None:
    content, text = WRONG[name]
    for file in ("events.csv", "events.parquet"):
        if content is not None:
            (tmp_path / file).write_text(content, encoding="utf-16" if name == "utf-16" else "utf-8")
    with pytest.raises(SourceError) as caught:
        derive(tmp_path, text, key)
    assert caught.value.where or name == "utf-16"
    assert "Ann" not in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None
    assert not list(tmp_path.glob("dataset-*"))


VISITS = '[view]\nfile = "a.csv"\nmember = "u"\nkind = { value = "visit" }\n'
BAD_MAPS = {
    "no table": "",
    "unknown table": '[people]\nfile = "a.csv"\n',
    "no file": "[post]\nauthor = 'a'\n",
    "not csv": '[post]\nfile = "a.xlsx"\n',
    "unknown column": VISITS + 'body = "text"\n',
    "codes": '[object]\nfile = "a.csv"\nclass = "label"\n',
    "must be mapped": '[view]\nfile = "a.csv"\nmember = "u"\n',
    "unknown word": '[view]\nfile = "a.csv"\nmember = "u"\nkind = { value = "gazed" }\n',
    "format": VISITS + 'at = { column = "t", format = "%Q" }\n',
    "format of another kind": VISITS + 'at = { column = "t", format = {} }\n',
    "zone of another kind": VISITS + 'at = { column = "t", timezone = ["Mars"] }\n',
    "zone": VISITS + 'at = { column = "t", timezone = "Mars" }\n',
    "misplaced": '[view]\nfile = "a.csv"\nmember = { column = "u", words = {} }\nkind = { value = "visit" }\n',
    "time by value": VISITS + "at = { value = 3 }\n",
    "toml": "[post\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_MAPS)
def test_maps_that_are_wrong(tmp_path: Path, name: str) -> None:
    (tmp_path / "map.toml").write_text(BAD_MAPS[name])
    with pytest.raises(MapError):
        read_table_map(tmp_path / "map.toml")
