"""One member among all: known ranks, fair cohorts, a planted oddity, and a saved profile that tells the same."""

import json

import numpy as np
import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.activity.comparison import ComparisonSettings, Population, compare_member
from vestige.activity.comparison_words import NOT_A_RATIO, of_hundred
from vestige.activity.profile import ProfileSettings, fit_profile
from vestige.activity.profile_file import read_profile
from vestige.errors import OutputError, SettingsError
from vestige.results import Result
from vestige.statistics.rank_distance import contributions, normal_scores, rank_space, score_among
from vestige.statistics.ranks import RankInterval


def member_rows(registered):
    return "\n".join(
        ["member | kind | registered_at", "0 | guest |", *(f"{n} | member | {day}" for n, day in registered)]
    )


def post_rows(posts):
    """`posts`: member to number of posts, one a day from 1 February."""
    rows = [(member, f"2020-02-{1 + n % 28:02}") for member, count in posts.items() for n in range(count)]
    return "\n".join(["post | author | at", *(f"{place} | {who} | {day}" for place, (who, day) in enumerate(rows))])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """100 members: 1 to 60 registered in January and wrote as many posts as their number; the rest, February, one."""
    registered = [(n, "2020-01-10" if n <= 60 else "2020-02-01") for n in range(1, 101)]
    tables = {"member": member_rows(registered), "post": post_rows({n: n if n <= 60 else 1 for n in range(1, 101)})}
    return dataset_of(tmp_path_factory.mktemp("compare") / "dataset", tables)


@pytest.fixture(scope="module")
def profile(folder):
    with open_dataset(folder) as dataset:
        return fit_profile(dataset, settings=ProfileSettings(smallest_cohort=20))


def pseudonym(number):
    return f"{number:032x}"


def placed(result, name, population="all members"):
    (own,) = (own for own in result.placed if own.kind.name == name and own.population == population)
    return own


def test_ranks_by_hand(profile):
    own = placed(compare_member(profile, pseudonym(50)), "posts")
    assert (own.rank.below, own.rank.equal, own.rank.above) == (89, 0, 10)
    tied = placed(compare_member(profile, pseudonym(80)), "posts")
    assert (tied.rank.below, tied.rank.equal, tied.rank.above) == (0, 40, 59)
    assert tied.rank.percentile == pytest.approx(20 / 99)


def test_within_the_cohort_late_joiners_are_compared_with_their_like(profile):
    result = compare_member(profile, pseudonym(80))
    assert placed(result, "posts", "same cohort").rank.percentile == 0.5
    assert placed(result, "posts", "same cohort").rank.others == 39


def test_the_wording(profile):
    result = compare_member(profile, pseudonym(50))
    sentence = result.sentences()[0].replace("\N{NO-BREAK SPACE}", " ")
    assert sentence == "50 posts: more posts than 90 of 100 other members (95 % interval 82 to 94)."
    assert result.summary().endswith(NOT_A_RATIO)
    assert "not a likelihood ratio" in result.to_plain()["not_a_likelihood_ratio"]


def test_all_members_seen_and_meant_leaves_no_interval(profile):
    result = compare_member(profile, pseudonym(50), settings=ComparisonSettings(population=Population.SEEN))
    own = placed(result, "posts")
    assert own.low == own.high == own.rank.percentile
    assert "exactly, all of them being seen" in result.sentences()[0]


def test_the_exact_interval_is_the_wider(profile):
    wilson = placed(compare_member(profile, pseudonym(50)), "posts")
    settings = ComparisonSettings(interval=RankInterval.CLOPPER_PEARSON)
    exact = placed(compare_member(profile, pseudonym(50), settings=settings), "posts")
    assert exact.high - exact.low > wilson.high - wilson.low


def test_chance_in_the_members_own_count(profile):
    """50 posts: the exact Poisson interval is 37.1 to 65.9 (Garwood, 1936); 76 of 99 others have up to 37."""
    own = placed(compare_member(profile, pseudonym(50)), "posts")
    assert own.chance_low == pytest.approx(77 / 99)
    assert own.chance_high == 1.0
    assert placed(compare_member(profile, pseudonym(50)), "active_days").chance_low is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [("0" * 31 + "g", "no pseudonym"), ("f" * 32, "no member has this pseudonym"), (f"{0:032x}", "no member has")],
)
def test_unknown_malformed_and_guests_pseudonyms(profile, wrong, says):
    with pytest.raises(SettingsError, match=says) as raised:
        compare_member(profile, wrong)
    assert wrong not in str(raised.value)
    assert raised.value.__context__ is None


def test_too_few_to_compare_with(tmp_path):
    tables = {"member": member_rows([(n, "2020-01-10") for n in range(1, 9)]), "post": post_rows({1: 2})}
    folder = dataset_of(tmp_path / "dataset", tables)
    with open_dataset(folder) as dataset, pytest.raises(SettingsError, match="fewer than 10 others"):
        compare_member(dataset, pseudonym(1))


def test_a_comparison_is_a_result_of_plain_values(folder):
    with open_dataset(folder) as dataset:
        result = compare_member(dataset, pseudonym(3))
    assert isinstance(result, Result)
    json.dumps(result.to_plain(), allow_nan=False)
    assert pseudonym(3) not in json.dumps(result.to_plain()["provenance"])
    assert result.plot_names == ("percentiles", "contributions")
    assert [result.plot(name).to_dict() for name in result.plot_names]


def test_a_saved_profile_tells_nearly_the_same_and_nobody(profile, tmp_path):
    profile.save(tmp_path / "profile.json")
    text = (tmp_path / "profile.json").read_text()
    assert "pseudonym" not in text
    assert pseudonym(50) not in text
    saved = read_profile(tmp_path / "profile.json")
    here = placed(compare_member(profile, pseudonym(50)), "posts").rank.percentile
    there = placed(
        compare_member(profile, pseudonym(50), reference=saved), "posts", "reference profile"
    ).rank.percentile
    assert there == pytest.approx(here, abs=0.03)
    with pytest.raises(OutputError, match="exists already"):
        profile.save(tmp_path / "profile.json")


def test_a_saved_profile_in_other_units_is_refused(profile, folder, tmp_path):
    profile.save(tmp_path / "profile.json")
    saved = read_profile(tmp_path / "profile.json")
    with open_dataset(folder) as dataset, pytest.raises(SettingsError, match="other units"):
        compare_member(dataset, pseudonym(1), reference=saved, profile_settings=ProfileSettings(per_days=14))


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format": "vestige-profile"}', '{"format": "vestige-profile", "format_version": 9}']
)
def test_what_is_no_saved_profile_is_refused(tmp_path, content):
    (tmp_path / "profile.json").write_text(content)
    with pytest.raises(SettingsError, match="no saved profile"):
        read_profile(tmp_path / "profile.json")


def test_an_odd_combination_is_far_although_no_measure_is():
    """Two measures with correlation 0.98; the last case is high on one and low on the other, extreme on neither."""
    generator = np.random.default_rng(5)
    first = generator.lognormal(size=2_000)
    second = first * generator.lognormal(0, 0.2, 2_000)
    values = np.column_stack((np.append(first, np.quantile(first, 0.9)), np.append(second, np.quantile(second, 0.1))))
    scores = np.column_stack([normal_scores(column) for column in values.T])
    parts = contributions(scores, rank_space(scores, shrinkage=0.01))
    squared = parts.sum(axis=1)
    assert squared[-1] == squared.max()
    assert parts[-1] == pytest.approx(squared[-1] / 2, rel=0.2), "both measures make it"


def test_contributions_sum_to_the_mahalanobis_distance():
    generator = np.random.default_rng(6)
    scores = generator.normal(size=(200, 4)) @ generator.normal(size=(4, 4))
    scores = np.column_stack([normal_scores(column) for column in scores.T])
    space = rank_space(scores, shrinkage=0.1)
    expected = np.einsum("ij,jk,ik->i", scores, np.linalg.inv(space.correlation), scores)
    assert contributions(scores, space).sum(axis=1) == pytest.approx(expected)


def test_one_case_beyond_all_moves_the_correlation_by_its_rank_only():
    generator = np.random.default_rng(7)
    values = generator.normal(size=(300, 2))
    wild = values.copy()
    wild[0] = (1e9, -1e9)
    spaces = [rank_space(np.column_stack([normal_scores(c) for c in own.T]), shrinkage=0.05) for own in (values, wild)]
    assert spaces[0].correlation == pytest.approx(spaces[1].correlation, abs=0.05)
    assert np.isfinite(score_among(1e9, values[:, 0]))


@pytest.mark.parametrize(
    ("share", "said"), [(0.97, "97"), (0.9973, "99.7"), (0.99999, "99.9"), (1.0, "100"), (0.0, "0"), (0.0004, "0.1")]
)
def test_shares_of_a_hundred(share, said):
    assert of_hundred(share) == said


@pytest.mark.parametrize(
    "wrong", [{"population": "none"}, {"interval": "none"}, {"confidence": 1.0}, {"shrinkage": 0.0}]
)
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError, match="out of range"):
        ComparisonSettings(**wrong)
