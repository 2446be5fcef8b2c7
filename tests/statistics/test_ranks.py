"""Percentiles by mid-rank and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.statistics.proportions import wilson_interval
from vestige.statistics.ranks import Rank, RankInterval, rank_interval

COUNTS = st.integers(0, 400)


def test_ties_count_half():
    assert Rank(below=6, equal=2, above=2).percentile == 0.7


@given(COUNTS, COUNTS)
def test_without_ties_it_is_the_interval_of_a_proportion(below, above):
    if below + above:
        rank = Rank(below, 0, above)
        expected = wilson_interval(below, below + above)
        assert rank_interval(rank, kind=RankInterval.WILSON) == pytest.approx(expected, abs=1e-12)


def test_clopper_and_pearsons_own_example():
    """Clopper and Pearson (1934): 95 % limits for 3 of 10 are 0.067 and 0.652."""
    assert rank_interval(Rank(3, 0, 7), kind=RankInterval.CLOPPER_PEARSON) == pytest.approx((0.067, 0.652), abs=5e-4)


def test_the_ends_are_closed():
    assert rank_interval(Rank(0, 0, 10), kind=RankInterval.CLOPPER_PEARSON)[0] == 0
    low, high = rank_interval(Rank(10, 0, 0), kind=RankInterval.CLOPPER_PEARSON)
    assert (low, high) == pytest.approx((0.025 ** (1 / 10), 1))


@given(COUNTS, COUNTS, COUNTS, st.sampled_from(list(RankInterval)))
def test_the_interval_encloses_the_percentile_and_mirrors(below, equal, above, kind):
    if below + equal + above == 0:
        return
    rank = Rank(below, equal, above)
    low, high = rank_interval(rank, kind=kind)
    assert 0 <= low <= rank.percentile <= high <= 1
    mirrored = rank_interval(Rank(above, equal, below), kind=kind)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 200))
def test_ties_narrow_the_interval(below, equal, above):
    tied = np.diff(rank_interval(Rank(below, 2 * equal, above), kind=RankInterval.WILSON))
    apart = np.diff(rank_interval(Rank(below + equal, 0, above + equal), kind=RankInterval.WILSON))
    assert tied <= apart + 1e-12


def test_nobody_to_compare_with_is_an_error():
    with pytest.raises(ValueError, match="at least one other"):
        rank_interval(Rank(0, 0, 0), kind=RankInterval.WILSON)


@pytest.mark.slow
@pytest.mark.parametrize(("chances", "truth"), [((0.9, 0.0, 0.1), 0.9), ((0.6, 0.3, 0.1), 0.75)])
def test_coverage_in_its_short_form(chances, truth):
    """`make study-profile` in small: 200 others below, on and above the member with these chances."""
    hits = 0
    for row in np.random.default_rng(4).multinomial(200, chances, size=600).tolist():
        low, high = rank_interval(Rank(*row), kind=RankInterval.WILSON)
        hits += low <= truth <= high
    assert 0.92 < hits / 600 < 0.98
