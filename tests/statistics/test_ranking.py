"""Orders of members against brute force over pairs and permutations, and against numbers worked by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.statistics.ranking import (
    Placed,
    area_under_curve,
    average_precision,
    places,
    precision_at,
    rank_correlation,
    ranks,
    recall_at,
)

CASES = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=9).filter(
    lambda rows: 0 < sum(sought for _, sought in rows) < len(rows)
)


def _arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in rows], float), np.array([sought for _, sought in rows])


@given(CASES)
def test_the_area_is_the_share_of_pairs_in_order(rows):
    scores, sought = _arrays(rows)
    pairs = [(high > low) + 0.5 * (high == low) for high in scores[sought] for low in scores[~sought]]
    assert area_under_curve(scores, sought) == pytest.approx(np.mean(pairs))


@given(CASES)
def test_average_precision_is_the_stepwise_sum(rows):
    scores, sought = _arrays(rows)
    total, recall_before = 0.0, 0.0
    for step in sorted(set(scores), reverse=True):
        chosen = scores >= step
        recall = (chosen & sought).sum() / sought.sum()
        total += (recall - recall_before) * (chosen & sought).sum() / chosen.sum()
        recall_before = recall
    assert average_precision(scores, sought) == pytest.approx(total)


@settings(max_examples=40)
@given(CASES.filter(lambda rows: len(rows) <= 6), st.integers(1, 6))
def test_ties_at_k_are_in_random_order(rows, first):
    """Expected precision over every order of the tied."""
    scores, sought = _arrays(rows)
    found = [
        sought[list(order)][:first].sum()
        for order in itertools.permutations(range(len(rows)))
        if all(scores[one] >= scores[two] for one, two in itertools.pairwise(order))
    ]
    assert precision_at(scores, sought, first) == pytest.approx(np.mean(found) / first)
    assert recall_at(scores, sought, first) == pytest.approx(np.mean(found) / sought.sum())


@given(CASES, st.integers(0, 2**32 - 1))
def test_weights_are_repetitions(rows, seed):
    scores, sought = _arrays(rows)
    weight = np.random.default_rng(seed).integers(0, 4, len(rows))
    if not (weight[sought].any() and weight[~sought].any()):
        return
    found = places(Placed.of(scores, sought), weight.astype(float))
    again = np.repeat(np.arange(len(rows)), weight)
    own = weight[sought]
    assert found.placement @ own / own.sum() == pytest.approx(area_under_curve(scores[again], sought[again]))
    assert found.precision @ own / own.sum() == pytest.approx(average_precision(scores[again], sought[again]))
    assert found.within(3) @ own / 3 == pytest.approx(precision_at(scores[again], sought[again], 3))


def test_a_high_area_may_hide_a_low_precision():
    """Two sought members at ranks 40 and 50 of 10,000: area .9955, average precision (1/40 + 2/50) / 2 = .0325."""
    scores = -np.arange(1.0, 10_001)
    sought = np.isin(-scores, (40, 50))
    assert area_under_curve(scores, sought) == pytest.approx(1 - (39 + 48) / 2 / 9998)
    assert average_precision(scores, sought) == pytest.approx(0.0325)
    assert precision_at(scores, sought, 10) == 0
    assert recall_at(scores, sought, 40) == 0.5


def test_what_is_not_known_comes_last():
    scores, sought = np.array([1.0, np.nan, 0.0]), np.array([False, True, False])
    assert area_under_curve(scores, sought) == 0
    assert ranks(scores).tolist() == [1, 3, 2]


def test_ranks_share_their_mean():
    assert ranks(np.array([5.0, 7.0, 5.0, 1.0])).tolist() == [2.5, 1, 2.5, 4]


def test_rank_correlation():
    """R: cor(c(1,2,3,4,5), c(2,1,4,3,3), method = "spearman") is 0.5643..., ties at mean ranks."""
    assert rank_correlation(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 3])) == pytest.approx(0.5642880936)
    assert rank_correlation(np.ones(4), np.arange(4.0)) is None


@pytest.mark.parametrize("sought", [[False, False], [True, True], [True]])
def test_nobody_or_everybody_cannot_be_found(sought):
    with pytest.raises(ValueError, match=r"sought|length"):
        Placed.of(np.zeros(2), np.array(sought))
