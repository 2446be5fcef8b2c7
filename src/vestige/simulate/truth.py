"""The truth behind a synthetic forum, as tables and as one document."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from vestige.simulate.calendar import UNKNOWN, Integers
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.people import MONTH_SECONDS
from vestige.simulate.phpbb_accounts import SourceIds
from vestige.simulate.posting import clock_values
from vestige.simulate.settings import Clock
from vestige.simulate.threads import Planted
from vestige.simulate.visits import LONGEST_PAUSE, SHORTEST_ABSENCE

_PLANTED_WORDS: Final = {kind: kind.name.lower() for kind in Planted}


def truth_tables(forum: SimulatedForum, pseudonyms: pa.Array, ids: SourceIds | None) -> dict[str, pa.Table]:
    """Truth by table: `member`, `group`, `path`, `session`, `section`.

    Args:
        forum: the forum.
        pseudonyms: of every account.
        ids: ids in the dump, if there is one; then `member` and `section` carry `source_id`.
    """
    tables = {
        "member": _members(forum, pseudonyms, ids),
        "group": _groups(forum),
        "path": _paths(forum),
        "session": _sessions(forum),
        "section": _sections(forum, ids),
    }
    return {name: pa.table(columns) for name, columns in tables.items()}


def truth_document(forum: SimulatedForum) -> dict[str, Any]:
    """Truth in one JSON document: the window, the model and its parameters, what was planted, what came out."""
    truth, settings = forum.truth, forum.settings
    return {
        "window_start": _iso(forum.window.start),
        "window_end": _iso(forum.window.end),
        "first_member": forum.first_member,
        "trajectories": {
            "family": "zero-inflated Poisson; the zero part is constant within a group",
            "clock": settings.posting.clock.value,
            "clock_month": "calendar month of the post minus calendar month of registration, from 0"
            if settings.posting.clock is Clock.REGISTRATION
            else "calendar month of the post, from 0 at the window's start",
            "u": "clock month / (months - 1)",
            "months": settings.months,
            "missing": "months before registration and after a ban are missing, not zero",
            "groups": [
                {
                    "group": number,
                    "share": float(truth.paths.shares[number]),
                    "mean_posts": group.mean_posts,
                    "log_rate": truth.paths.coefficients[number].tolist(),
                    "zero_probability": group.zero,
                }
                for number, group in enumerate(settings.posting.groups)
            ],
        },
        "realised": _realised(forum),
        "key_members": _planted(forum, Planted.KEY),
        "chatter_members": _planted(forum, Planted.CHATTER),
        "soliloquy_members": _planted(forum, Planted.SOLILOQUY),
        "promotion": {
            "role": "vip",
            "at_risk_from": "the start of the month after registration",
            "month_seconds": MONTH_SECONDS,
            "hazard": settings.standing.promotion_hazard,
            "log_hazard_ratio_posted_early": settings.standing.early_posting_effect,
            "posted_early": "posted in the calendar month of registration",
            "competing": "a ban, at a constant hazard from registration",
            "ban_hazard": settings.standing.ban_hazard,
            "spared": "staff and planted members",
        },
        "log": {
            "from": _iso(truth.log_start),
            "longest_pause_seconds": LONGEST_PAUSE,
            "shortest_absence_seconds": SHORTEST_ABSENCE,
        },
        "boom": {"month": truth.boom_month, "factor": settings.registration.boom_factor},
    }


def standing_incidence(forum: SimulatedForum, days: float) -> tuple[float, float]:
    """Probability of a promotion, and of a ban before any promotion, within so many days of registration.

    Averaged over the forum's members as they are: when each registered, whether they posted early, who is spared.

    Args:
        forum: the forum.
        days: since registration.
    """
    people, standing = forum.truth.people, forum.settings.standing
    spared = (people.planted != Planted.NONE) | (people.appointed_at != UNKNOWN)
    promotion = standing.promotion_hazard * np.exp(standing.early_posting_effect * people.posted_early)
    either = promotion + standing.ban_hazard
    waiting = (forum.window.bounds[people.first_month + 1] - people.registered_at) / MONTH_SECONDS
    months = days * 86_400 / MONTH_SECONDS
    at_risk = np.maximum(0.0, months - waiting)
    until_then = np.exp(-standing.ban_hazard * np.minimum(waiting, months))
    once_at_risk = until_then * (1 - np.exp(-either * at_risk)) / either
    promoted = np.where(spared, 0.0, promotion * once_at_risk)
    banned = np.where(spared, 0.0, 1 - until_then + standing.ban_hazard * once_at_risk)
    return float(promoted.mean()), float(banned.mean())


def _iso(seconds: int) -> str:
    return str(np.datetime64(seconds, "s"))


def _realised(forum: SimulatedForum) -> list[dict[str, Any]]:
    group = forum.truth.people.group
    posts = posts_of_members(forum)
    found = []
    for number in range(len(forum.truth.paths.shares)):
        of_group = posts[group == number]
        found.append(
            {
                "group": number,
                "members": len(of_group),
                "mean_posts": float(of_group.mean()) if len(of_group) else None,
                "ever_posted": int((of_group > 0).sum()),
            }
        )
    return found


def posts_of_members(forum: SimulatedForum) -> Integers:
    """Posts of each member, in the order of registration."""
    count = len(forum.tables["member"]["member"])
    return np.bincount(forum.tables["post"]["author"], minlength=count)[forum.first_member :]


def _planted(forum: SimulatedForum, kind: Planted) -> list[int]:
    return [int(member) + forum.first_member for member in np.flatnonzero(forum.truth.people.planted == kind)]


def _members(forum: SimulatedForum, pseudonyms: pa.Array, ids: SourceIds | None) -> dict[str, pa.Array]:
    people = forum.truth.people
    first = forum.first_member
    columns = {
        "member": pa.array(np.arange(first, first + len(people.group))),
        "pseudonym": pseudonyms[first:],
        "group": _optional(people.group),
        "first_month": pa.array(people.first_month),
        "posts": pa.array(posts_of_members(forum)),
        "community": pa.array(people.community),
        "planted": pa.array(list(_PLANTED_WORDS.values())).take(pa.array(people.planted)),
        "posted_early": pa.array(people.posted_early),
        "downloading": pa.array(forum.truth.downloading),
        "appointed_at": _times(people.appointed_at),
        "administrator": pa.array(people.administrator),
        "promoted_at": _times(people.promoted_at),
        "banned_at": _times(people.banned_at),
    }
    if ids is not None:
        columns["source_id"] = pa.array(ids.member[first:])
    return columns


def _groups(forum: SimulatedForum) -> dict[str, pa.Array]:
    paths = forum.truth.paths
    number = np.arange(len(paths.shares))
    columns = {
        "group": pa.array(number),
        "share": pa.array(paths.shares),
        "mean_posts": pa.array([group.mean_posts for group in forum.settings.posting.groups]),
        "zero_probability": pa.array(paths.zero),
    }
    for order in range(paths.coefficients.shape[1]):
        columns[f"log_rate_{order}"] = pa.array(paths.coefficients[:, order])
    return columns


def _paths(forum: SimulatedForum) -> dict[str, pa.Array]:
    paths = forum.truth.paths
    groups, months = paths.rates.shape
    rate = paths.rates.ravel()
    return {
        "group": pa.array(np.repeat(np.arange(groups), months)),
        "clock_month": pa.array(np.tile(np.arange(months), groups)),
        "u": pa.array(np.tile(clock_values(months), groups)),
        "rate": pa.array(rate),
        "mean": pa.array(rate * np.repeat(1 - paths.zero, months)),
    }


def _sessions(forum: SimulatedForum) -> dict[str, pa.Array]:
    sessions = forum.truth.sessions
    return {
        "member": pa.array(sessions.member + np.int32(forum.first_member)),
        "start_at": _times(sessions.start),
        "end_at": _times(sessions.end),
        "views": pa.array(sessions.views),
        "downloads": pa.array(sessions.downloads),
    }


def _sections(forum: SimulatedForum, ids: SourceIds | None) -> dict[str, pa.Array]:
    columns = {
        "section": pa.array(np.arange(len(forum.truth.section_stream))),
        "stream": pa.array(forum.truth.section_stream),
    }
    if ids is not None:
        columns["source_id"] = pa.array(ids.section)
    return columns


def _optional(values: Integers) -> pa.Array:
    return pa.array(values, mask=values == UNKNOWN)


def _times(seconds: Integers) -> pa.Array:
    return pa.array(seconds * 1_000_000, pa.int64(), mask=seconds == UNKNOWN).cast(pa.timestamp("us"))
