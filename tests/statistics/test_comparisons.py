"""Paired tests against all sign patterns, and Holm's correction against R."""

import numpy as np
import pytest

from vestige.statistics.comparisons import holm, sign_flip_test


def test_four_pairs_of_one_sign_give_an_eighth():
    """2 of the 16 sign patterns reach the observed sum."""
    assert sign_flip_test(np.array([0.1, 0.2, 0.3, 0.4]), draws=10, seed=0) == 0.125


def test_no_difference_is_no_evidence():
    assert sign_flip_test(np.zeros(6), draws=10, seed=0) == 1
    assert sign_flip_test(np.array([]), draws=10, seed=0) == 1
    assert sign_flip_test(np.array([1.0, -1.0]), draws=10, seed=0) == 1


def test_drawn_patterns_agree_with_the_normal_law():
    """40 differences of mean .3: the sum is 12 standard normal signs away by 12 / sqrt(sum of squares)."""
    differences = np.random.default_rng(3).normal(0.3, 1, 40)
    from statistics import NormalDist

    normal = 2 * (1 - NormalDist().cdf(abs(differences.sum()) / np.sqrt((differences**2).sum())))
    assert sign_flip_test(differences, draws=20_000, seed=1) == pytest.approx(normal, abs=0.01)


def test_holm():
    """R: p.adjust(c(.01, .04, .03, .005), "holm") gives .03 .06 .06 .02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
