"""Members: when they register, how they post, what is planted in them, and what the forum's staff does to them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.simulate.calendar import UNKNOWN, Flags, Floats, Integers, Window
from vestige.simulate.posting import Counts
from vestige.simulate.settings import RegistrationSettings, StandingSettings, StructureSettings
from vestige.simulate.threads import Planted

MONTH_SECONDS: Final = 2_629_800
"""A twelfth of 365.25 days: the month in which hazards are stated."""

_KEY_QUANTILES: Final = (0.90, 0.99)
"""Key members are active, yet not the most active: counting posts alone must not find them."""


@dataclass(frozen=True)
class People:
    """One entry a member, in the order of registration.

    Attributes:
        registered_at: time of registration.
        first_month: its month.
        community: planted community.
        group: posting group, UNKNOWN for those who never post.
        planted: a `Planted` value.
        posted_early: whether he posted in the month he registered.
        banned_at: time of the ban, UNKNOWN if none.
        promoted_at: time of the promotion, UNKNOWN if none.
        appointed_at: when he became moderator or administrator, UNKNOWN if never.
        administrator: whether he is one.
    """

    registered_at: Integers
    first_month: Integers
    community: Integers
    group: Integers
    planted: Integers
    posted_early: Flags
    banned_at: Integers
    promoted_at: Integers
    appointed_at: Integers
    administrator: Flags

    def active_until(self, window: Window) -> Integers:
        """Last second at which each member can do anything."""
        return np.where(self.banned_at == UNKNOWN, window.end, self.banned_at - 1)


def expected_registrations(settings: RegistrationSettings, months: int) -> Floats:
    """Share of all registrations that falls into each month."""
    elapsed = (np.arange(months) + 0.5) / months
    weight = settings.growth**elapsed
    weight[np.arange(months) >= boom_month(settings, months)] *= settings.boom_factor
    return np.asarray(weight / weight.sum())


def boom_month(settings: RegistrationSettings, months: int) -> int:
    """First month of the boom; `months` if it never begins."""
    return int(np.ceil(settings.boom_at * months))


def draw_registrations(generator: np.random.Generator, window: Window, expected: Floats, members: int) -> Integers:
    """Times of registration, ascending."""
    month = np.searchsorted(np.cumsum(expected)[:-1], generator.random(members), side="right")
    length = np.diff(window.bounds)[month]
    return np.sort(window.bounds[month] + (generator.random(members) * length).astype(np.int64))


def plant(generator: np.random.Generator, totals: Integers, settings: StructureSettings) -> Integers:
    """Choose key members among the active, and idle ones among the most active of all.

    Args:
        generator: source of randomness.
        totals: posts of each member over the window.
        settings: how many of each.
    """
    planted = np.zeros(len(totals), np.int8)
    by_posts = np.argsort(totals, kind="stable")
    by_posts = by_posts[totals[by_posts] > 0]
    low, high = (int(quantile * len(by_posts)) for quantile in _KEY_QUANTILES)
    busy = _some(generator, by_posts[high:], settings.busy_members)
    planted[busy[0::2]] = Planted.CHATTER
    planted[busy[1::2]] = Planted.SOLILOQUY
    planted[_some(generator, by_posts[low:high], settings.key_members)] = Planted.KEY
    return planted


def _some(generator: np.random.Generator, pool: Integers, count: int) -> Integers:
    return generator.choice(pool, size=min(count, len(pool)), replace=False) if len(pool) else pool


def appoint_staff(
    generator: np.random.Generator,
    window: Window,
    registered_at: Integers,
    planted: Integers,
    totals: Integers,
    settings: StandingSettings,
) -> tuple[Integers, Flags]:
    """When members join the staff (UNKNOWN if never), and who of them are administrators.

    Administrators are the first to register. Moderators are key members for up to two thirds, the rest drawn from
    members who posted; they are appointed in the first half of the time that is left to them.
    """
    administrator = np.zeros(len(registered_at), bool)
    administrator[: settings.administrators] = True
    key = np.flatnonzero((planted == Planted.KEY) & ~administrator)
    others = np.flatnonzero((planted == Planted.NONE) & (totals > 0) & ~administrator)
    from_key = _some(generator, key, -(-2 * settings.moderators // 3))
    from_others = _some(generator, others, settings.moderators - len(from_key))
    moderators = np.concatenate((from_key, from_others)).astype(np.int64)
    appointed = np.full(len(registered_at), UNKNOWN, np.int64)
    appointed[administrator] = registered_at[administrator]
    left = window.end - registered_at[moderators]
    appointed[moderators] = registered_at[moderators] + (generator.random(len(moderators)) * left / 2).astype(np.int64)
    return appointed, administrator


def draw_bans(
    generator: np.random.Generator, window: Window, registered_at: Integers, spared: Flags, hazard: float
) -> Integers:
    """Times of bans at a constant hazard from registration; UNKNOWN if none within the window."""
    waiting = _exponential_months(generator, np.full(len(registered_at), hazard))
    return _within(registered_at + 1, waiting, window, spared)


def draw_promotions(
    generator: np.random.Generator,
    window: Window,
    first_month: Integers,
    posted_early: Flags,
    spared: Flags,
    settings: StandingSettings,
) -> Integers:
    """Times of promotion: constant hazard from the month after registration, higher for early posters."""
    hazard = settings.promotion_hazard * np.exp(settings.early_posting_effect * posted_early)
    return _within(window.bounds[first_month + 1], _exponential_months(generator, hazard), window, spared)


def _exponential_months(generator: np.random.Generator, hazard: Floats) -> Floats:
    """Waiting times in seconds, capped far beyond any window."""
    months = generator.standard_exponential(len(hazard)) / np.maximum(hazard, 1e-12)
    return np.minimum(months * MONTH_SECONDS, 1e15)


def _within(since: Integers, waiting: Floats, window: Window, spared: Flags) -> Integers:
    at = since + waiting.astype(np.int64)
    return np.where((at <= window.end) & ~spared, at, UNKNOWN)


def member_totals(counts: Counts, members: int) -> Integers:
    """Posts of each member over the window."""
    return np.bincount(counts.member, weights=counts.posts, minlength=members).astype(np.int64)


def posted_in_first_month(counts: Counts, first_month: Integers) -> Flags:
    """Whether each member posted in the month he registered."""
    early = np.zeros(len(first_month), bool)
    early[counts.member[counts.month == first_month[counts.member]]] = True
    return early
