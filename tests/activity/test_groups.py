"""The rules on members made for them, on both engines; reasons, overlap, and what a dataset cannot tell."""

import json

import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.activity.groups import GroupRule, GroupSettings, measure_groups
from vestige.dataset.schema import Role
from vestige.errors import SettingsError
from vestige.results import Result

OTHERS = range(10, 40)
EARLY, SILENT, RISING, MODERATOR, NEWCOMER, LIKED = range(1, 7)
"""Members made for a rule; NEWCOMER registered too late to rise."""


def days(first, count, month=3):
    return [f"2020-0{month}-{first + n:02}" for n in range(count)]


def lines(header, rows):
    return "\n".join([" | ".join(header), *(" | ".join(str(cell) for cell in row) for row in rows)])


def tables():
    registered = {EARLY: "2020-01-01", SILENT: "2020-01-20", RISING: "2020-01-21", MODERATOR: "2020-01-22",
                  NEWCOMER: "2020-03-01", LIKED: "2020-01-23"}  # fmt: skip
    registered |= dict.fromkeys(OTHERS, "2020-01-15")
    steady = [*days(10, 10, month=2), *days(10, 10)]
    views = [(who, day) for who in (SILENT, MODERATOR) for day in steady] * 3
    views += [(other, day) for other in OTHERS for day in ("2020-02-20", "2020-02-25")] + [
        (EARLY, "2020-01-01"),
        (EARLY, "2020-03-31"),
    ]
    posts = [(RISING, day) for day in days(10, 12)] + [(RISING, day) for day in days(10, 3, month=2)]
    posts += [(NEWCOMER, day) for day in days(10, 12)] + [(MODERATOR, "2020-02-02"), (LIKED, "2020-02-02")]
    reactions = [(OTHERS[n % 30], LIKED) for n in range(12)] + [(LIKED, LIKED)] * 5 + [("", LIKED)] * 2
    return {
        "member": lines(("member", "registered_at"), registered.items()),
        "view": lines(("member", "at"), views),
        "post": lines(("post", "author", "at"), [(n, *row) for n, row in enumerate(posts)]),
        "role_spell": lines(("member", "role"), [(MODERATOR, "moderator"), (EARLY, "registered")]),
        "reaction": lines(("giver", "receiver"), reactions),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return dataset_of(tmp_path_factory.mktemp("groups") / "dataset", tables())


def picked(result, rule):
    numbers = [int(text, 16) for text in result.pseudonyms.to_pylist()]
    return {number for number, flag in zip(numbers, result.criteria[rule].picked, strict=True) if flag}


def test_each_rule_picks_out_whom_it_was_made_for(folder, open_engine):
    result = measure_groups(open_engine(folder), settings=GroupSettings(reaction_quantile=0.9))
    found = {rule: picked(result, rule) for rule in GroupRule}
    # Pseudonyms number the rows of the table, from 0; members are listed in the order of their making.
    assert found == {
        GroupRule.SILENT_ENGAGED: {SILENT - 1},
        GroupRule.FIRST_WEEK: {EARLY - 1},
        GroupRule.RISING: {RISING - 1},
        GroupRule.HIGH_STATUS: {MODERATOR - 1, LIKED - 1},
    }


def measured(folder, **settings):
    with open_dataset(folder) as dataset:
        return measure_groups(dataset, settings=GroupSettings(**{"reaction_quantile": 0.9, **settings}))


def test_the_review_list_has_reasons_and_no_order_but_the_pseudonyms(folder):
    table = measured(folder).table("members")
    assert table.column("pseudonym").to_pylist() == sorted(table.column("pseudonym").to_pylist())
    assert table.column_names == ["pseudonym", "silent_engaged", "first_week", "rising", "high_status", "reasons"]
    reasons = dict(zip(table.column("pseudonym").to_pylist(), table.column("reasons").to_pylist(), strict=True))
    assert reasons[f"{RISING - 1:032x}"] == "12 active days in the last 28, 3 in those before"
    assert reasons[f"{MODERATOR - 1:032x}"] == "held the role moderator"
    assert reasons[f"{LIKED - 1:032x}"] == "14 reactions received, threshold 9"
    assert reasons[f"{SILENT - 1:032x}"].startswith("never wrote; Page views per 30 days")


def test_thresholds_are_shown_with_their_source(folder):
    rows = measured(folder).safe("thresholds").rows()
    assert {row["source"].split(":")[0] for row in rows} == {"convention"}
    assert {row["rule"] for row in rows} >= {"Rising", "High status"}
    assert picked(measured(folder, roles=(Role.VIP,)), GroupRule.HIGH_STATUS) == {LIKED - 1}
    assert picked(measured(folder, rising_least=13), GroupRule.RISING) == set()


def test_few_members_are_not_counted_in_public(folder):
    result = measured(folder)
    assert all(row["members"] is None for row in result.safe("rules").rows())
    assert all(row["both"] is None for row in result.safe("overlap").rows())
    assert isinstance(result, Result)
    json.dumps(result.to_plain(), allow_nan=False)
    assert "pseudonym" not in json.dumps(result.to_plain())


def test_what_the_dataset_cannot_tell_is_said(tmp_path):
    result = measured(dataset_of(tmp_path / "dataset", {"member": "member\n0\n1", "post": "post | author\n0 | 0"}))
    missing = [finding.text for finding in result.findings if finding.code == "rule-not-applied"]
    assert len(missing) == 4
    assert result.table("members").num_rows == 0


@pytest.mark.parametrize(
    "wrong",
    [{"engaged_quantile": 1.0}, {"first_days": 0}, {"rising_days": 0}, {"rising_ratio": 0.5}, {"rising_least": 29},
     {"roles": ("boss",)}, {"reaction_quantile": 0.0}, {"reaction_least": 0}],
)  # fmt: skip
def test_thresholds_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError, match="out of range"):
        GroupSettings(**wrong)
