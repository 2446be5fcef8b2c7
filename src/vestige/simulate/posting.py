"""Monthly posts: zero-inflated Poisson counts on polynomial paths, exactly the model that is to be recovered."""

from dataclasses import dataclass

import numpy as np

from vestige.simulate.calendar import Flags, Floats, Integers
from vestige.simulate.settings import Clock, PostingGroup, PostingSettings

_CHUNK = 1 << 16
_REDRAWS = 500


@dataclass(frozen=True)
class Paths:
    """The groups' true paths.

    Attributes:
        shares: share of each group among the posting members, summing to 1.
        coefficients: one row a group: intercept and slopes of the log rate in u (zero-padded).
        zero: structural zero probability of each group.
        rates: groups x months: Poisson mean at each clock month, given no structural zero.
    """

    shares: Floats
    coefficients: Floats
    zero: Floats
    rates: Floats


@dataclass(frozen=True)
class Counts:
    """Posts by member and calendar month, non-zero cells only, ordered by member and month."""

    member: Integers
    month: Integers
    posts: Integers


def make_paths(settings: PostingSettings, expected_registrations: Floats) -> Paths:
    """Solve each group's intercept so that its members' expected posts are the group's `mean_posts`.

    Args:
        settings: groups and clock.
        expected_registrations: share of the members who register in each month.
    """
    months = len(expected_registrations)
    exposure = np.cumsum(expected_registrations)
    if settings.clock is Clock.REGISTRATION:
        exposure = exposure[::-1]
    order = max(len(group.slopes) for group in settings.groups)
    coefficients = np.zeros((len(settings.groups), order + 1))
    powers = clock_values(months)[:, None] ** np.arange(order + 1)
    for row, group in zip(coefficients, settings.groups, strict=True):
        row[1 : len(group.slopes) + 1] = group.slopes
        row[0] = _intercept(group, np.exp(powers @ row), exposure)
    shares = np.array([group.share for group in settings.groups])
    zero = np.array([group.zero for group in settings.groups])
    return Paths(shares / shares.sum(), coefficients, zero, np.exp(coefficients @ powers.T))


def clock_values(months: int) -> Floats:
    """Scaled time u of each clock month: month / (months - 1), so that the window is 0 to 1."""
    return np.arange(months) / max(months - 1, 1)


def _intercept(group: PostingGroup, shape: Floats, exposure: Floats) -> float:
    if group.mean_posts == 0:
        return -np.inf
    return float(np.log(group.mean_posts / ((1 - group.zero) * (shape @ exposure))))


def draw_groups(generator: np.random.Generator, paths: Paths, posting: Flags) -> Integers:
    """The group of each posting member; -1 for the others."""
    drawn = np.searchsorted(np.cumsum(paths.shares)[:-1], generator.random(len(posting)), side="right")
    return np.where(posting, drawn, -1).astype(np.int8)


def draw_counts(
    seeds: np.random.SeedSequence, paths: Paths, group: Integers, first_month: Integers, settings: PostingSettings
) -> Counts:
    """Draw every member's posts in every month from his registration on.

    Args:
        seeds: spawned once a chunk of members, so that the result does not depend on how chunks are run.
        paths: the groups' paths.
        group: group of each member, -1 for those who never post.
        first_month: month of registration of each member.
        settings: clock, and whether histories without posts are drawn again.
    """
    starts = range(0, len(group), _CHUNK)
    parts = []
    for start, seed in zip(starts, seeds.spawn(len(starts)), strict=True):
        generator = np.random.default_rng(seed)
        members = start + np.flatnonzero(group[start : start + _CHUNK] >= 0)
        grid = _draw_grid(generator, paths, group[members], first_month[members], settings.clock)
        if settings.every_poster_posts:
            _redraw_empty(generator, grid, paths, group[members], first_month[members], settings.clock)
        row, month = np.nonzero(grid)
        parts.append((members[row].astype(np.int32), month.astype(np.int16), grid[row, month].astype(np.int32)))
    return Counts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _draw_grid(
    generator: np.random.Generator, paths: Paths, group: Integers, first_month: Integers, clock: Clock
) -> Integers:
    months = paths.rates.shape[1]
    calendar = np.arange(months)
    at_risk = (calendar >= first_month[:, None]) & (
        generator.random((len(group), months), dtype=np.float32) >= paths.zero[group][:, None]
    )
    row, month = np.nonzero(at_risk)
    clock_month = month - first_month[row] if clock is Clock.REGISTRATION else month
    grid = np.zeros((len(group), months), np.int32)
    grid[row, month] = generator.poisson(paths.rates[group[row], clock_month])
    return grid


def _redraw_empty(
    generator: np.random.Generator,
    grid: Integers,
    paths: Paths,
    group: Integers,
    first_month: Integers,
    clock: Clock,
) -> None:
    """Rejection sampling of the law given at least one post; what stays empty posts once, on registration."""
    empty = np.flatnonzero(~grid.any(axis=1))
    for _ in range(_REDRAWS):
        if not len(empty):
            return
        grid[empty] = _draw_grid(generator, paths, group[empty], first_month[empty], clock)
        empty = empty[~grid[empty].any(axis=1)]
    grid[empty, first_month[empty]] = 1
