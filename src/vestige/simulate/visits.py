"""Visits, page views and downloads in the last days of the window, where an access log would cover them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.dataset.schema import DownloadOutcome, ViewKind
from vestige.simulate.calendar import DAY, UNKNOWN, Flags, Integers, Window, draw_seconds_of_day
from vestige.simulate.settings import VisitSettings
from vestige.simulate.threads import Threads

FORTNIGHT: Final = 14 * DAY
LONGEST_PAUSE: Final = 1200
"""Seconds between two pages of one visit, at most."""
SHORTEST_ABSENCE: Final = 2700
"""Seconds between two visits of one member, at least; an inactivity gap of 30 minutes tells the visits apart."""

_MEAN_PAUSE: Final = 90.0
_MEMBER_SHAPE: Final = 0.7
"""Shape of the gamma law of rates between members: under 1, so that a few do most."""
_THREAD_VIEWS: Final = 0.7
_OWN_COMMUNITY: Final = 0.7
_RECENT: Final = 0.7
_RECENT_POSTS: Final = 500.0

_KINDS: Final = tuple(ViewKind)
_OUTCOMES: Final = tuple(DownloadOutcome)


@dataclass(frozen=True)
class Sessions:
    """Planted visits, ordered by member and start.

    Attributes:
        member: index of the member.
        start: first page.
        end: last page.
        views: pages.
        downloads: transfers.
    """

    member: Integers
    start: Integers
    end: Integers
    views: Integers
    downloads: Integers


@dataclass(frozen=True)
class Visits:
    """What the log shows; columns by name, members as indices.

    Attributes:
        log_start: first second of the log.
        downloading: whether each member is one who downloads.
        sessions: the planted visits.
        view_member: who viewed, in time order, with `view_at`.
        view_at: when.
        view_first: whether it is the first page of a visit.
        download_member: who downloaded, in time order, with `download_at`.
        download_at: when.
    """

    log_start: int
    downloading: Flags
    sessions: Sessions
    view_member: Integers
    view_at: Integers
    view_first: Flags
    download_member: Integers
    download_at: Integers


def log_start(window: Window, settings: VisitSettings) -> int:
    """First second that the log covers."""
    return max(window.start, window.end + 1 - settings.log_days * DAY)


def draw_visits(
    generator: np.random.Generator,
    window: Window,
    registered_at: Integers,
    active_until: Integers,
    settings: VisitSettings,
) -> Visits:
    """Draw sessions, their pages and their downloads.

    A member has at least one download if he is one who downloads and was there while the log ran; the rest is
    Poisson with a gamma-distributed rate, so that the mean per fortnight of exposure is as set.
    """
    since = np.maximum(registered_at, log_start(window, settings))
    exposure = np.maximum(active_until - since, 0) / FORTNIGHT
    downloading = generator.random(len(since)) < settings.downloading_share
    transfers = _draw_transfers(generator, exposure, downloading, settings.downloads_per_fortnight)
    mixed = generator.gamma(_MEMBER_SHAPE, 1 / _MEMBER_SHAPE, len(since))
    count = generator.poisson(mixed * settings.sessions_per_fortnight * exposure)
    count = np.maximum(count, transfers > 0)
    member = np.repeat(np.arange(len(since), dtype=np.int32), count)
    start = _draw_starts(generator, since[member], active_until[member])
    order = np.lexsort((start, member))
    start = start[order]
    views = generator.geometric(1 / settings.views_per_session, len(member)).astype(np.int32)
    at, last = _draw_pages(generator, start, views, active_until[member])
    kept = _apart(member, start, last)
    page_kept = np.repeat(kept, views)
    at, page_member = at[page_kept], np.repeat(member[kept], views[kept])
    first = np.zeros(len(at), bool)
    first[np.cumsum(views[kept]) - views[kept]] = True
    in_time = np.argsort(at, kind="stable")
    member, start, last, views = member[kept], start[kept], last[kept], views[kept]
    session, download_at = _place_transfers(generator, transfers, member, start, last)
    sessions = Sessions(member, start, last, views, np.bincount(session, minlength=len(member)).astype(np.int32))
    download_order = np.argsort(download_at, kind="stable")
    return Visits(
        log_start(window, settings),
        downloading,
        sessions,
        page_member[in_time],
        at[in_time],
        first[in_time],
        member[session][download_order],
        download_at[download_order],
    )


def _draw_transfers(
    generator: np.random.Generator, exposure: np.ndarray, downloading: Flags, per_fortnight: float
) -> Integers:
    mixed = generator.gamma(_MEMBER_SHAPE, 1 / _MEMBER_SHAPE, len(exposure))
    more = generator.poisson(mixed * np.maximum(per_fortnight * exposure - 1, 0))
    return np.where(downloading & (exposure > 0) & (per_fortnight > 0), 1 + more, 0)


def _draw_starts(generator: np.random.Generator, since: Integers, until: Integers) -> Integers:
    """Starts by the daily rhythm; where that falls outside a member's time, evenly within it."""
    even = since + (generator.random(len(since)) * (until - since + 1)).astype(np.int64)
    start = even // DAY * DAY + draw_seconds_of_day(generator, len(since))
    return np.where((start >= since) & (start <= until), start, even)


def _draw_pages(
    generator: np.random.Generator, start: Integers, views: Integers, until: Integers
) -> tuple[Integers, Integers]:
    """Time of every page, session by session, and each session's last."""
    pause = 1 + (generator.standard_exponential(int(views.sum()), dtype=np.float32) * _MEAN_PAUSE).astype(np.int64)
    np.minimum(pause, LONGEST_PAUSE, out=pause)
    head = np.cumsum(views) - views
    pause[head] = 0
    elapsed = np.cumsum(pause)
    at = np.repeat(start - elapsed[head], views) + elapsed
    np.minimum(at, np.repeat(until, views), out=at)
    return at, at[head + views - 1]


def _apart(member: Integers, start: Integers, end: Integers) -> Flags:
    """Sessions that begin long enough after every earlier one of the same member ended."""
    if not len(member):
        return np.zeros(0, bool)
    base = int(start.min())
    span = int(end.max()) - base + SHORTEST_ABSENCE + 1
    latest = np.maximum.accumulate(member.astype(np.int64) * span + (end - base))
    previous = np.concatenate(([-SHORTEST_ABSENCE - 1], latest[:-1]))
    own = member.astype(np.int64) * span
    return (previous < own) | (own + start - base >= previous + SHORTEST_ABSENCE)


def _place_transfers(
    generator: np.random.Generator, transfers: Integers, member: Integers, start: Integers, end: Integers
) -> tuple[Integers, Integers]:
    """Session and time of every transfer: a session of the member's, a moment within it."""
    sessions = np.bincount(member, minlength=len(transfers))
    first = np.cumsum(sessions) - sessions
    who = np.repeat(np.arange(len(transfers)), transfers)
    session = first[who] + (generator.random(len(who)) * sessions[who]).astype(np.int64)
    length = end[session] - start[session] + 1
    return session, start[session] + (generator.random(len(who)) * length).astype(np.int64)


def draw_viewed(
    generator: np.random.Generator, visits: Visits, community: Integers, post_at: Integers, threads: Threads
) -> tuple[Integers, Integers]:
    """Kind (position in `ViewKind`) and thread of every view; UNKNOWN thread for a visit.

    Threads are met through a post that was there before, mostly a recent one of the member's own community.
    """
    count = len(visits.view_at)
    post = np.full(count, UNKNOWN, np.int64)
    own = generator.random(count, dtype=np.float32) < _OWN_COMMUNITY
    everywhere = np.flatnonzero(~own)
    post[everywhere] = _earlier_post(generator, post_at, visits.view_at[everywhere])
    home = community[visits.view_member]
    for stream in range(len(threads.starts) - 1):
        block = threads.order[threads.starts[stream] : threads.starts[stream + 1]]
        rows = np.flatnonzero(own & (home == stream))
        found = _earlier_post(generator, post_at[block], visits.view_at[rows])
        post[rows] = np.where(found == UNKNOWN, UNKNOWN, block[found] if len(block) else UNKNOWN)
    kind = np.where(
        generator.random(count, dtype=np.float32) < _THREAD_VIEWS,
        _KINDS.index(ViewKind.THREAD),
        _KINDS.index(ViewKind.SECTION),
    ).astype(np.int8)
    arrival = (visits.view_first & (generator.random(count, dtype=np.float32) < 1 / 3)) | (post == UNKNOWN)
    kind[arrival] = _KINDS.index(ViewKind.VISIT)
    thread = np.full(count, UNKNOWN, np.int32)
    thread[~arrival] = threads.thread[post[~arrival]]
    return kind, thread


def _earlier_post(generator: np.random.Generator, post_at: Integers, at: Integers) -> Integers:
    """Position of a post written at or before each time, UNKNOWN where there is none; `at` ascending."""
    available = np.searchsorted(post_at, at, side="right")
    lag = (generator.standard_exponential(len(at), dtype=np.float32) * _RECENT_POSTS).astype(np.int64)
    anywhere = (generator.random(len(at)) * available).astype(np.int64)
    recent = (generator.random(len(at), dtype=np.float32) < _RECENT) & (lag < available)
    return np.where(available == 0, UNKNOWN, np.where(recent, available - 1 - lag, anywhere))


def draw_transferred(
    generator: np.random.Generator, download_at: Integers, object_at: Integers, completed_share: float
) -> tuple[Integers, Integers]:
    """Object (older ones more often; UNKNOWN where none exists yet) and outcome of every download."""
    available = np.searchsorted(object_at, download_at, side="right")
    choice = (generator.random(len(download_at)) ** 2 * available).astype(np.int32)
    completed = generator.random(len(download_at), dtype=np.float32) < completed_share
    outcome = np.where(
        completed, _OUTCOMES.index(DownloadOutcome.COMPLETED), _OUTCOMES.index(DownloadOutcome.ATTEMPTED)
    )
    return np.where(available == 0, UNKNOWN, choice).astype(np.int32), outcome.astype(np.int8)
