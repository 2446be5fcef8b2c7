"""What a synthetic forum is made of: every knob, with its range, and where its value comes from.

Numbers marked "published" are aggregates that studies of hidden forums printed; all others are invented, chosen to
give a forum of ordinary proportions. See docs/explanation/the-simulated-forum.md.
"""

import math
import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import CODE_PATTERN
from vestige.errors import SettingsError

MAXIMUM_MEMBERS: Final = 50_000_000
MAXIMUM_MONTHS: Final = 600
_MOST_GROUPS: Final = 100
_LARGEST_SLOPE: Final = 50
_YEARS: Final = range(1971, 2101)


class Clock(StrEnum):
    """The time that posting paths run on."""

    REGISTRATION = "registration"
    CALENDAR = "calendar"


class Preset(StrEnum):
    """A named set of settings."""

    POSTING_GROUPS = "posting-groups"
    SILENT_DOWNLOADERS = "silent-downloaders"
    ONE_GROUP = "one-group"


def _require(condition: bool, name: str, rule: str) -> None:
    if not condition:
        raise SettingsError(f"{name} must be {rule}", hint="see docs/how-to/simulate-a-forum.md")


def _require_between(settings: object, low: float, high: float, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _require(math.isfinite(value) and low <= value <= high, name, f"between {low:,} and {high:,}")


@dataclass(frozen=True)
class PostingGroup:
    """One path of posting: zero-inflated Poisson counts a month (Nagin 2005), with a polynomial log rate.

    Attributes:
        share: share of the posting members in this group.
        mean_posts: expected posts of a member over the window, given when members register; fixes the intercept.
        slopes: coefficients of u, u^2, ... in the log rate, u being the clock's month divided by months - 1.
        zero: probability that a month is a structural zero.
    """

    share: float
    mean_posts: float
    slopes: tuple[float, ...] = (0.0, 0.0)
    zero: float = 0.0

    def __post_init__(self) -> None:
        _require_between(self, 0, 1, "share")
        _require_between(self, 0, 1e9, "mean_posts")
        _require(0 <= self.zero < 1, "zero", "at least 0 and under 1")
        _require(all(abs(slope) <= _LARGEST_SLOPE for slope in self.slopes), "slopes", "between -50 and 50")


PUBLISHED_GROUPS: Final = (
    PostingGroup(0.588, 2.0, (-5.0, 2.0), 0.50),
    PostingGroup(0.091, 10.0, (-15.0, 5.0), 0.20),
    PostingGroup(0.111, 19.0, (-1.5, -1.5), 0.35),
    PostingGroup(0.158, 20.0, (5.0, -2.0), 0.10),
    PostingGroup(0.045, 152.0, (1.0, -1.5), 0.20),
    PostingGroup(0.008, 1636.0, (1.2, -0.8), 0.08),
)
"""Shares (which sum to 1.001 in print) and mean posts are published; slopes and zero probabilities are invented."""


@dataclass(frozen=True)
class PostingSettings:
    """Who posts how much, and when.

    Attributes:
        groups: the posting groups; their shares are rescaled to sum to 1.
        posting_share: share of the members who belong to a posting group; the others never post.
        every_poster_posts: whether histories without a single post are drawn again, so that every member of a posting
            group has posted. The counts are then zero-truncated and their means lie above `mean_posts`.
        clock: whether paths run on months since registration or on calendar months.
        guest_share: posts by guests and deleted authors, per post of a member; on top of the groups' posts.
        edited_share: share of posts edited later.
        deleted_share: share of threads, and of posts elsewhere, deleted at the window's end.
        unapproved_share: share of posts that wait for approval.
        attachments_per_post: mean number of attached objects.
    """

    groups: tuple[PostingGroup, ...] = PUBLISHED_GROUPS
    posting_share: float = 1.0
    every_poster_posts: bool = False
    clock: Clock = Clock.REGISTRATION
    guest_share: float = 0.005
    edited_share: float = 0.06
    deleted_share: float = 0.01
    unapproved_share: float = 0.003
    attachments_per_post: float = 0.05

    def __post_init__(self) -> None:
        _require(0 < len(self.groups) <= _MOST_GROUPS, "groups", f"1 to {_MOST_GROUPS} groups")
        _require(sum(group.share for group in self.groups) > 0, "groups", "given a share above 0")
        _require_between(
            self, 0, 1, "posting_share", "guest_share", "edited_share", "deleted_share", "unapproved_share"
        )
        _require_between(self, 0, 20, "attachments_per_post")
        if self.every_poster_posts:
            _require(all(group.mean_posts > 0 for group in self.groups), "mean_posts", "above 0 if every poster posts")


@dataclass(frozen=True)
class RegistrationSettings:
    """When members register.

    Attributes:
        growth: how much the number of registrations a month grows over the window before the boom, as a factor.
        boom_at: when the boom begins, as a fraction of the window.
        boom_factor: registrations a month after the boom began, relative to before; 1 for no boom.
    """

    growth: float = 2.0
    boom_at: float = 0.7
    boom_factor: float = 4.0

    def __post_init__(self) -> None:
        _require_between(self, 0, 1, "boom_at")
        _require_between(self, 0.001, 1000, "growth", "boom_factor")


@dataclass(frozen=True)
class StructureSettings:
    """Threads, sections, communities, and who matters in them.

    Attributes:
        sections: number of sections.
        communities: number of planted communities; 1 for none.
        mixing: share of an ordinary member's posts outside his own community.
        opening_share: probability that an ordinary post opens a thread.
        recent_share: share of replies that go to recent posts; the rest go to any earlier post, which makes
            thread sizes heavy-tailed (Simon 1955).
        key_members: planted members whose posts draw replies and thanks and who link communities.
        key_attraction: how many times the replies and thanks of an ordinary post a key member's post draws.
        key_mixing: share of a key member's posts outside his own community.
        busy_members: planted members who post most of all, yet to each other or to nobody.
        thanks_per_post: mean thanks a post receives.
        anonymous_votes_per_post: mean votes a post receives without anybody's name, drawn to key members like thanks;
            one in ten is against.
        messages_per_post: private messages, per post.
    """

    sections: int = 24
    communities: int = 6
    mixing: float = 0.15
    opening_share: float = 0.1
    recent_share: float = 0.7
    key_members: int = 12
    key_attraction: float = 8.0
    key_mixing: float = 0.6
    busy_members: int = 12
    thanks_per_post: float = 0.15
    anonymous_votes_per_post: float = 0.0
    messages_per_post: float = 0.08

    def __post_init__(self) -> None:
        _require_between(self, 1, 10_000, "sections")
        _require_between(self, 1, 100, "communities")
        _require_between(self, 0, 1, "mixing", "opening_share", "recent_share", "key_mixing")
        _require_between(self, 0, MAXIMUM_MEMBERS, "key_members", "busy_members")
        _require_between(self, 0, 20, "thanks_per_post", "anonymous_votes_per_post", "messages_per_post")
        _require_between(self, 0, 1000, "key_attraction")


@dataclass(frozen=True)
class VisitSettings:
    """What the access log of the window's last days shows.

    Attributes:
        log_days: days before the window's end that views and downloads are known for.
        sessions_per_fortnight: mean visits of a member; gamma-distributed between members.
        views_per_session: mean pages of a visit, at least 1.
        downloading_share: share of the members who download at all.
        downloads_per_fortnight: mean transfers of a downloading member; gamma-distributed between members.
        completed_share: share of transfers that reach their end.
    """

    log_days: int = 56
    sessions_per_fortnight: float = 1.0
    views_per_session: float = 4.0
    downloading_share: float = 0.6
    downloads_per_fortnight: float = 3.0
    completed_share: float = 0.85

    def __post_init__(self) -> None:
        _require_between(self, 0, 31 * MAXIMUM_MONTHS, "log_days")
        _require_between(self, 0, 10_000, "sessions_per_fortnight", "downloads_per_fortnight")
        _require_between(self, 1, 1000, "views_per_session")
        _require_between(self, 0, 1, "downloading_share", "completed_share")


@dataclass(frozen=True)
class StandingSettings:
    """Roles and sanctions.

    Attributes:
        administrators: number of administrators, from the first month.
        moderators: number of moderators; key members first.
        promotion_hazard: promotions to `vip` a month among members who did not post in their first month.
        early_posting_effect: log hazard ratio of promotion for members who posted in their first month.
        ban_hazard: bans a month, the same for all; a banned member does nothing more.
        warnings_per_post: warnings, per post.
        acts_per_thread: what staff did to threads and opening posts (moved, merged, split, closed, stuck, edited), per
            thread.
        bots: number of crawler accounts.
    """

    administrators: int = 2
    moderators: int = 8
    promotion_hazard: float = 0.004
    early_posting_effect: float = 1.0
    ban_hazard: float = 0.0004
    warnings_per_post: float = 0.0005
    acts_per_thread: float = 0.03
    bots: int = 5

    def __post_init__(self) -> None:
        _require_between(self, 0, MAXIMUM_MEMBERS, "administrators", "moderators")
        _require_between(self, 0, 1, "warnings_per_post", "ban_hazard", "promotion_hazard")
        _require_between(self, 0, 20, "acts_per_thread")
        _require_between(self, -10, 10, "early_posting_effect")
        _require_between(self, 0, 1000, "bots")


@dataclass(frozen=True)
class ForumSettings:
    """A synthetic forum.

    Attributes:
        members: accounts of members; guests, deleted authors and bots come on top.
        months: length of the window in calendar months.
        start: first day of the window, the first of a month.
        code: the forum's neutral code.
        time_resolution: how coarse the times of the written dataset are.
    """

    members: int = 20_000
    months: int = 48
    start: datetime = datetime(2015, 1, 1, tzinfo=UTC)
    code: str = "simulated"
    time_resolution: TimeResolution = TimeResolution.SECOND
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    posting: PostingSettings = field(default_factory=PostingSettings)
    structure: StructureSettings = field(default_factory=StructureSettings)
    visits: VisitSettings = field(default_factory=VisitSettings)
    standing: StandingSettings = field(default_factory=StandingSettings)

    def __post_init__(self) -> None:
        _require_between(self, 1, MAXIMUM_MEMBERS, "members")
        _require_between(self, 1, MAXIMUM_MONTHS, "months")
        _require(self.start.day == 1 and self.start.year in _YEARS, "start", "the first of a month of 1971 to 2100")
        _require(re.fullmatch(CODE_PATTERN, self.code) is not None, "code", "a neutral code of a-z, 0-9 and -")


def preset_settings(preset: Preset | str, *, members: int | None = None, months: int | None = None) -> ForumSettings:
    """The settings of a preset, with another size if wanted.

    Args:
        preset: its name.
        members: number of members; the preset's own if None.
        months: length of the window; the preset's own if None.

    Raises:
        SettingsError: no such preset, or a size out of range.
    """
    if preset not in {known.value for known in Preset}:
        raise SettingsError("there is no such preset", hint=f"choose one of {', '.join(Preset)}")
    settings = _PRESETS[Preset(preset)]
    plain = {item.name: getattr(settings, item.name) for item in fields(settings)}
    wanted = {"members": members, "months": months}
    return ForumSettings(**{**plain, **{name: value for name, value in wanted.items() if value is not None}})


_PRESETS: Final = {
    Preset.POSTING_GROUPS: ForumSettings(),
    # Published: 3.4 % of the members ever posted, 93.6 % downloaded, 77 files a fortnight on average.
    Preset.SILENT_DOWNLOADERS: ForumSettings(
        months=12,
        posting=PostingSettings(posting_share=0.034, every_poster_posts=True, guest_share=0.0),
        visits=VisitSettings(
            log_days=14, sessions_per_fortnight=8.0, downloading_share=0.936, downloads_per_fortnight=77.0
        ),
    ),
    Preset.ONE_GROUP: ForumSettings(posting=PostingSettings(groups=(PostingGroup(1.0, 20.0, (-1.0, 0.0), 0.3),))),
}
