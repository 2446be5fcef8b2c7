"""Heavy tails against R's poweRlaw, R's own optimiser, brute force, and simulated truth."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import zeta
from scipy.stats import lognorm

from vestige.progress import ignore_progress
from vestige.statistics.distribution import Distribution
from vestige.statistics.heavy_tail_kernels import likeliest_exponent, scaled_zeta, tail_values
from vestige.statistics.heavy_tails import IMPLAUSIBLE, _best, _bootstrap, _given_start, fit_heavy_tail
from vestige.statistics.tail_families import (
    TailFamily,
    exponential,
    lognormal,
    power_law,
    stretched_exponential,
    truncated_power_law,
)

WORDS = Path(__file__).parent / "word_counts.csv"


def collapsed(values):
    distinct, counts = np.unique(np.asarray(values, float), return_counts=True)
    return Distribution.of(distinct, counts)


def words():
    """How often each word stands in Moby-Dick: the data of Newman (2005), as `poweRlaw::moby` holds them."""
    rows = np.loadtxt(WORDS, delimiter=",", skiprows=1)
    return Distribution.of(rows[:, 0], rows[:, 1].astype(int))


def rounded_lognormal():
    """In R: x <- round(qlnorm((1:2000 - 0.5) / 2000, 1.5, 1.2)); x <- x[x > 0]."""
    values = np.round(lognorm.ppf((np.arange(1, 2001) - 0.5) / 2000, 1.2, scale=np.exp(1.5)))
    return collapsed(values[values > 0])


def power_law_sample(generator, size, alpha, first=1.0):
    values = np.empty(size)
    tail_values(1 - generator.random(size), alpha, first, values)
    return values


def test_words_agree_with_powerlaw_in_r():
    """poweRlaw 0.70.6 in R 4.2.

    library(poweRlaw); data(moby); m <- displ$new(moby); e <- estimate_xmin(m); m$setXmin(e)
    c(e$xmin, e$pars, e$gof, e$ntail, dist_ll(m))   # 7 1.95272835312 0.00825263395456 2958 -11753.817575759
    x <- disexp$new(moby); x$setXmin(m$getXmin()); x$setPars(estimate_pars(x))
    compare_distributions(m, x)                     # 5.4595: its rounding of the exponential starts at x_min - 1
    bootstrap_p(m, no_of_sims = 20, seed = 1)$p     # 0.55
    """
    found = fit_heavy_tail(words(), replicates=60, seed=1)
    assert (found.x_min, found.tail, found.size) == (7, 2958, 18855)
    assert found.alpha.value == pytest.approx(1.95272835312, abs=2e-6)  # R stops its search at 1e-6
    assert found.distance == pytest.approx(0.00825263395456, rel=1e-4)
    assert found.fits[TailFamily.POWER_LAW].log_likelihood == pytest.approx(-11753.817575759, abs=1e-6)
    assert 0.3 < found.goodness < 0.9
    assert found.plausible
    assert TailFamily.EXPONENTIAL not in found.standing
    assert found.alpha_free.low < 1.9527 < found.alpha_free.high
    assert found.x_min_range[0] <= 7 <= found.x_min_range[1]
    assert found.alpha_free.high - found.alpha_free.low > found.alpha.high - found.alpha.low


def test_words_of_a_power_law_leave_the_lognormal_at_its_limit():
    """poweRlaw's search wanders to mu = -237 with log-likelihood -11753.890; the limit is a power law and likelier."""
    fit = fit_heavy_tail(words()).fits[TailFamily.LOGNORMAL]
    assert fit.at_limit
    assert -11753.889963522 < fit.log_likelihood < -11753.817575759


@pytest.mark.parametrize(
    ("x_min", "alpha", "logliks", "mu_sigma", "rate", "vuong"),
    [
        (1, 1.47559356, (-6502.14616475, -5970.71836956, -6177.1550714), (1.500242, 1.199655), 0.1111646, -20.1049),
        (5, 2.050342668, (-3405.24605077, -3357.72393062, -3456.96417111), (1.509728, 1.195848), 0.0848373, -5.74358),
    ],
)
def test_lognormal_counts_agree_with_powerlaw_in_r(x_min, alpha, logliks, mu_sigma, rate, vuong):
    """poweRlaw 0.70.6 on `rounded_lognormal`, for families f in displ, dislnorm, disexp.

    f <- f$new(x); f$setXmin(x_min); f$setPars(estimate_pars(f)); f$getPars(); dist_ll(f)
    compare_distributions(displ, dislnorm)$test_statistic
    """
    found = fit_heavy_tail(rounded_lognormal(), x_min=x_min)
    families = (TailFamily.POWER_LAW, TailFamily.LOGNORMAL, TailFamily.EXPONENTIAL)
    assert found.alpha.value == pytest.approx(alpha, abs=2e-6)
    assert [found.fits[family].log_likelihood for family in families] == pytest.approx(logliks, abs=1e-4)
    assert tuple(found.fits[TailFamily.LOGNORMAL].parameters.values()) == pytest.approx(mu_sigma, abs=3e-4)
    assert found.fits[TailFamily.EXPONENTIAL].parameters["rate"] == pytest.approx(rate, abs=1e-5)
    (each,) = (row for row in found.comparisons if (row.first, row.second) == families[:2])
    assert each.statistic == pytest.approx(vuong, abs=2e-3)
    assert each.favoured is TailFamily.LOGNORMAL


def test_two_families_agree_with_an_optimiser_in_r():
    """R 4.2.

    x <- x[x >= 5]; S <- function(t, p) pweibull(t, p[1], p[2], lower.tail = FALSE)
    w <- function(q) { p <- exp(q); -sum(log(S(x - 0.5, p) - S(x + 0.5, p)) - log(S(4.5, p))) }
    optim(c(-1, 0), w, control = list(reltol = 1e-15, maxit = 5000))       # 0.4398112 1.4648805 -3358.5722488
    k <- 5:2000000; t <- function(q) sum(q[1] * log(x) + exp(q[2]) * x) +
      length(x) * log(sum(exp(-q[1] * log(k) - exp(q[2]) * k)))
    optim(c(1.5, -4), t, control = list(reltol = 1e-15, maxit = 5000))     # 1.4203902 0.022120170 -3362.0465315
    """
    fits = fit_heavy_tail(rounded_lognormal(), x_min=5).fits
    stretched, truncated = fits[TailFamily.STRETCHED_EXPONENTIAL], fits[TailFamily.TRUNCATED_POWER_LAW]
    assert tuple(stretched.parameters.values()) == pytest.approx((0.4398112, 1.4648805), rel=1e-5)
    assert stretched.log_likelihood == pytest.approx(-3358.5722488, abs=1e-6)
    assert tuple(truncated.parameters.values()) == pytest.approx((1.4203902, 0.022120170), rel=1e-5)
    assert truncated.log_likelihood == pytest.approx(-3362.0465315, abs=1e-6)


@pytest.mark.parametrize("exponent", [1.01, 1.5, 2.5, 7.0, 30.0])
@pytest.mark.parametrize("first", [1.0, 2.0, 17.0, 4_000.0])
def test_normalising_sum_is_hurwitz_zeta(exponent, first):
    assert scaled_zeta(exponent, first, first) == pytest.approx(zeta(exponent, first) * first**exponent, rel=1e-9)


@pytest.mark.parametrize(
    "chances",
    [
        lambda values: power_law(values, 3.5),
        lambda values: exponential(values, 0.3),
        lambda values: lognormal(values, 1.0, 0.8),
        lambda values: stretched_exponential(values, 0.7, 1.3),
        lambda values: truncated_power_law(values, 1.4, 0.02),
        lambda values: truncated_power_law(values, -2.0, 0.05),
        lambda values: truncated_power_law(values, 2.5, 1e-7),
    ],
)
@pytest.mark.parametrize("first", [1, 6])
def test_chances_add_up_to_one(chances, first):
    values = np.arange(first, 2_000_000, dtype=float)
    assert np.exp(chances(values)).sum() == pytest.approx(1, abs=2e-7)


def test_simulated_values_follow_the_law():
    values = power_law_sample(np.random.default_rng(5), 200_000, 2.2, 3.0)
    expected = np.exp(power_law(np.arange(3.0, 20.0), 2.2))
    seen = np.array([(values == value).mean() for value in range(3, 20)])
    assert values.min() == 3
    assert np.abs(seen - expected).max() < 4 * np.sqrt(expected.max() / values.size)
    assert (values > 1000).mean() == pytest.approx(scaled_zeta(2.2, 1001, 3) / scaled_zeta(2.2, 3, 3), rel=0.2)


def test_interval_of_the_exponent_covers_it():
    generator = np.random.default_rng(8)
    covered = 0
    for _ in range(400):
        sample = power_law_sample(generator, 300, 2.4, 2.0)
        estimate = _given_start(likeliest_exponent(2.0, float(np.log(sample / 2).mean())), 2.0, 300)
        covered += estimate.low <= 2.4 <= estimate.high
    assert 0.93 <= covered / 400 <= 0.975


def test_goodness_rejects_as_rarely_as_it_says_and_rejects_what_is_no_power_law():
    generator = np.random.default_rng(4)
    rejected = 0
    for seed in range(40):
        sample = collapsed(power_law_sample(generator, 400, 2.5))
        data = (sample.values, sample.members)
        best = _best(*data, 50, None, ignore_progress)
        goodness, _, _ = _bootstrap(*data, best, 50, None, 40, seed, ignore_progress)
        rejected += goodness <= IMPLAUSIBLE
    assert rejected <= 10  # 4 expected; 11 or more has a chance of 0.001
    humped = collapsed(generator.poisson(30, 2_000))
    assert fit_heavy_tail(humped, x_min=15, replicates=40).goodness == 0


@pytest.mark.parametrize(
    ("family", "draw"),
    [
        (TailFamily.LOGNORMAL, lambda generator: np.ceil(generator.lognormal(2.0, 1.0, 8_000))),
        (TailFamily.EXPONENTIAL, lambda generator: generator.geometric(0.1, 8_000)),
        (TailFamily.POWER_LAW, lambda generator: power_law_sample(generator, 8_000, 2.3)),
        (TailFamily.STRETCHED_EXPONENTIAL, lambda generator: np.ceil(8 * generator.weibull(0.5, 8_000))),
    ],
)
def test_the_family_that_made_the_data_stands(family, draw):
    found = fit_heavy_tail(collapsed(draw(np.random.default_rng(3))), x_min=2)
    assert family in found.standing
    best = next(iter(found.fits.values()))
    assert best.criterion <= found.fits[family].criterion <= best.criterion + 6


def test_wider_families_are_never_less_likely():
    for seed in range(5):
        sample = np.random.default_rng(seed).negative_binomial(0.7, 0.05, 600)
        fits = fit_heavy_tail(collapsed(sample), minimum_tail=30).fits
        logliks = {family: fit.log_likelihood for family, fit in fits.items()}
        smaller = max(logliks[TailFamily.POWER_LAW], logliks[TailFamily.EXPONENTIAL])
        assert logliks[TailFamily.TRUNCATED_POWER_LAW] >= smaller - 1e-3
        assert logliks[TailFamily.STRETCHED_EXPONENTIAL] >= logliks[TailFamily.EXPONENTIAL] - 1e-3


def test_same_seed_same_numbers():
    sample = collapsed(power_law_sample(np.random.default_rng(1), 500, 2.0))
    assert fit_heavy_tail(sample, replicates=10, seed=3) == fit_heavy_tail(sample, replicates=10, seed=3)


@pytest.mark.parametrize("values", [[], [0, 0, 0], [7] * 1_000, [1, 2, 3]])
def test_nothing_to_fit(values):
    assert fit_heavy_tail(collapsed(values) if values else Distribution.of([], [])) is None


def test_x_min_beyond_everything():
    assert fit_heavy_tail(collapsed([1, 2] * 50), x_min=9) is None


def test_huge_values_and_two_values_stay_finite():
    found = fit_heavy_tail(collapsed([1] * 40 + [2] * 30 + [10**15] * 3), replicates=5)
    assert np.isfinite([fit.log_likelihood for fit in found.fits.values()]).all()
    steep = fit_heavy_tail(collapsed([5] * 10_000 + [6]))
    assert np.isfinite([fit.log_likelihood for fit in steep.fits.values()]).all()


def test_arguments_out_of_range():
    with pytest.raises(ValueError, match="whole numbers"):
        fit_heavy_tail(collapsed([0.5, 1.0]))
    with pytest.raises(ValueError, match="minimum_tail"):
        fit_heavy_tail(collapsed([1, 2]), minimum_tail=1)
