"""What a custodian leaves out is in no table, and is counted; pseudonyms of two releases have nothing in common."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vestige.dataset import open_dataset, validate_dataset
from vestige.derive.keys import read_key, write_key
from vestige.derive.leaving_out import RegistrationResolution
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveResult, DeriveSettings, derive_dataset
from vestige.disclosure.exposure import check_disclosure
from vestige.errors import SettingsError

MAP = """
[member]
file = "members.csv"
member = "member"
linked_pseudonym = "name"
registered_at = "joined"
[section]
file = "sections.csv"
section = "section"
[thread]
file = "threads.csv"
thread = "thread"
section = "section"
views = "views"
[post]
file = "posts.csv"
post = "post"
thread = "thread"
author = "author"
at = "at"
[moderation]
file = "acts.csv"
thread = "thread"
post = "post"
target_thread = "target"
kind = { value = "move" }
[reaction]
file = "reactions.csv"
giver = "giver"
post = "post"
kind = { value = "like" }
[view]
file = "views.csv"
member = "member"
thread = "thread"
kind = { value = "thread" }
"""
POSTS = [(1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 1), (5, 2, 2), (6, 3, 3), (7, 3, 1), (8, 4, 4)]
"""Post, thread, author; threads 1 and 2 are in section 1, thread 3 in 2, thread 4 in 3."""

JOINED = ("2013-11-30", "2013-12-02", "2014-02-01", "2014-03-31 22:15:00", "2015-01-01")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files: dict[str, list[tuple[Any, ...]]] = {
        "members": [("member", "name", "joined"), *((at + 1, f"n{at + 1}", day) for at, day in enumerate(JOINED))],
        "sections": [("section",), (1,), (2,), (3,)],
        "threads": [("thread", "section", "views"), (1, 1, 5), (2, 1, -1), (3, 2, 7), (4, 3, 0)],
        "posts": [("post", "thread", "author", "at"), *((*post, f"2015-01-0{post[0]}") for post in POSTS)],
        "acts": [
            ("thread", "post", "target"),
            (1, "", ""),
            (3, "", ""),
            ("", 8, ""),
            ("", "", 3),
            (1, "", 4),
        ],
        "reactions": [("giver", "post"), (1, 6), (2, 1), (5, 1), (1, 8)],
        "views": [("member", "thread"), (5, 1), (1, 3), (1, 1)],
    }
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    (tmp_path / "map.toml").write_text(MAP)
    write_key(tmp_path / "key")
    return tmp_path


def derive(source: Path, code: str = "forum-a", **chosen: Any) -> DeriveResult:
    out = source / f"dataset-{len(list(source.iterdir()))}"
    opened, key = open_source(str(source / "map.toml")), read_key(source / "key")
    result = derive_dataset(opened, out, key=key, forum_code=code, settings=DeriveSettings(**chosen))
    assert validate_dataset(result.path).passed
    return result


def rows(result: DeriveResult, name: str) -> list[dict[str, Any]]:
    with open_dataset(result.path) as dataset:
        return dataset.arrow(name).to_pylist()


def test_rare_sections_go_with_everything_in_them(source: Path) -> None:
    result = derive(source, least_section_members=3)
    assert [len(rows(result, name)) for name in ("section", "thread", "post", "reaction", "view")] == [1, 2, 5, 2, 2]
    assert len(rows(result, "member")) == 5
    assert [(row["thread"], row["target_thread"]) for row in rows(result, "moderation")] == [(0, None), (0, None)]
    (finding,) = [finding for finding in result.findings if finding.code == "rare-sections-left-out"]
    assert finding.text.startswith("2 sections in which fewer than 3 members wrote")
    assert "with 3 posts" in finding.text
    assert result.manifest.options["least_section_members"] == 3


def test_a_counter_below_nothing_is_unknown(source: Path) -> None:
    result = derive(source)
    assert [row["views"] for row in rows(result, "thread")] == [5, None, 7, 0]
    (text,) = [finding.text for finding in result.findings if finding.code == "numbers-too-small"]
    assert text == "1 numbers in thread.views are below 0: now null"


def test_members_of_few_posts_go_and_their_posts_stay_without_author(source: Path) -> None:
    result = derive(source, least_posts=2)
    assert len(rows(result, "member")) == 3
    assert Counter(row["author"] for row in rows(result, "post")) == {0: 3, 1: 2, 2: 2, None: 1}
    assert Counter(row["giver"] for row in rows(result, "reaction")) == {0: 2, 1: 1, None: 1}
    assert len(rows(result, "view")) == 2
    assert "2 members with fewer than 2 posts" in " ".join(finding.text for finding in result.findings)


def test_both_limits_hold_in_the_end(source: Path) -> None:
    """Without section 2, member 3 has one post; without member 3, section 1 has two who wrote."""
    result = derive(source, least_section_members=2, least_posts=3)
    assert rows(result, "member") == []
    assert rows(result, "section") == []
    kept = derive(source, least_section_members=3, least_posts=2)
    assert [len(rows(kept, name)) for name in ("section", "member", "post")] == [0, 0, 0]
    mild = derive(source, least_section_members=2, least_posts=2)
    assert [len(rows(mild, name)) for name in ("section", "member", "post")] == [2, 3, 7]


def test_releases_share_no_pseudonym(source: Path) -> None:
    plain, spring, again, autumn = (
        derive(source, release=name, link_handles=True) for name in (None, "spring", "spring", "autumn")
    )
    seen = [
        {row[name] for row in rows(result, "member") for name in ("pseudonym", "linked_pseudonym")}
        for result in (plain, spring, again, autumn)
    ]
    assert [len(names) for names in seen] == [10] * 4
    assert seen[1] == seen[2]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[3]
    assert not seen[1] & seen[3]
    assert len({result.manifest.key_fingerprint for result in (plain, spring, autumn)}) == 1
    assert [result.manifest.options["release"] for result in (plain, spring)] == [None, "spring"]


def add_members(source: Path) -> list[str]:
    """So many that their order in a release is by chance that of another once in 10^25; all days they joined on."""
    more = [f"2014-06-{day:02}" for day in range(1, 21)]
    with (source / "members.csv").open("a") as stream:
        stream.writelines(f"{number},n{number},{day}\n" for number, day in enumerate(more, 100))
    return [*(day[:10] for day in JOINED), *more]


def test_numbers_of_members_join_no_two_releases(source: Path) -> None:
    """Row for row, one release would name the pseudonyms of the other; within a release the order is its own."""
    expected = add_members(source)
    releases = [derive(source, release=name) for name in (None, "spring", "autumn", "winter")]
    joined = [[str(row["registered_at"].date()) for row in rows(result, "member")] for result in releases]
    assert joined[0] == expected
    assert len({tuple(days) for days in joined}) == len(releases)
    assert [sorted(days) for days in joined] == [sorted(expected)] * len(releases)
    for result in releases:
        authors = [rows(result, "member")[post["author"]]["registered_at"].date() for post in rows(result, "post")]
        assert [str(day) for day in authors] == [JOINED[author - 1][:10] for _, _, author in POSTS]


def test_times_of_registration_are_cut_and_numbers_tell_no_order(source: Path) -> None:
    """The first year begins with the window."""
    add_members(source)
    year = derive(source, registration_resolution=RegistrationResolution.YEAR)
    days = [str(row["registered_at"]) for row in rows(year, "member")]
    assert Counter(day[:10] for day in days) == {"2013-11-30": 2, "2014-01-01": 22, "2015-01-01": 1}
    assert days != sorted(days)
    assert "registration-cut" in {finding.code for finding in year.findings}
    month = derive(source, registration_resolution=RegistrationResolution.MONTH)
    assert {str(row["registered_at"])[:10] for row in rows(month, "member")} == {
        "2013-11-30", "2013-12-01", "2014-02-01", "2014-03-01", "2014-06-01", "2015-01-01"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("promised", "chosen"),
    [
        ("Year instead of month", {"registration_resolution": RegistrationResolution.YEAR}),
        ("Without members of few posts", {"least_posts": 5}),
    ],
)
def test_a_choice_gives_what_the_disclosure_check_promises(source: Path, promised: str, chosen: dict[str, Any]) -> None:
    """Each row of the check is the first row of the check on the dataset that its choice makes."""
    more = [(number, 1, 1 + number % 2, "2015-01-02") for number in range(9, 17)]
    with (source / "posts.csv").open("a") as stream:
        stream.writelines(",".join(map(str, post)) + "\n" for post in more)
    sizes = []
    for result in (derive(source), derive(source, **chosen)):
        with open_dataset(result.path) as dataset:
            sizes.append(check_disclosure(dataset).class_sizes)
    first = next(iter(sizes[1].values()))
    assert sizes[0][promised] == first
    assert first != next(iter(sizes[0].values()))


def test_within_a_release_linked_handles_join_forums(source: Path) -> None:
    one, other = (derive(source, code, release="spring", link_handles=True) for code in ("forum-a", "forum-b"))
    linked = [{row["linked_pseudonym"] for row in rows(result, "member")} for result in (one, other)]
    assert linked[0] == linked[1]


@pytest.mark.parametrize("chosen", [{"release": "Spring release"}, {"least_posts": -1}, {"least_section_members": -1}])
def test_choices_outside_their_range(chosen: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        DeriveSettings(**chosen)
