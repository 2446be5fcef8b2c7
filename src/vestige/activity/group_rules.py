"""The rules that pick members out for review, and the reductions they need beside the profile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.activity import profile_marks as marks
from vestige.activity.group_figures import Criterion, Threshold
from vestige.activity.profile_measures import DOWNLOADS, MARK_KINDS, POSTS, THREADS, VIEWS, MarkKind, Scale
from vestige.activity.profile_reduce import forum_tables
from vestige.dataset import Dataset
from vestige.dataset.schema import Role

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from vestige.activity.profile import ProfileResult

CONVENTION: Final = "convention"
_ENGAGING: Final = (VIEWS, DOWNLOADS)


@dataclass(frozen=True)
class RuleInput:
    """What rules need beside the profile; a row a member, in the profile's order.

    Attributes:
        began: second at which the forum began: when it went online, else the first registration; None if unknown.
        recent: active days in the last stretch; None where the records do not cover both stretches.
        before: active days in the stretch before.
        before_start: second at which the stretch before begins.
        roles: highest role that counts, as its place among those asked for; -1 for none. None without roles.
        role_names: roles asked for.
        reactions: reactions received; None without any.
    """

    began: float | None
    recent: "np.ndarray | None" = field(repr=False)
    before: "np.ndarray | None" = field(repr=False)
    before_start: float
    roles: "np.ndarray | None" = field(repr=False)
    role_names: tuple[Role, ...]
    reactions: "np.ndarray | None" = field(repr=False)


def reduce_rules(dataset: Dataset, profile: "ProfileResult", days: int, roles: Sequence[Role]) -> RuleInput:
    """Run the reductions: active days in two stretches, roles held, reactions received."""
    tables, forum = forum_tables(dataset, profile.settings.forum, profile.settings.states)
    parts: list[ir.Table] = []
    window, start = profile.marks.window, 0.0
    covered = {}
    if window is not None:
        start = _first_day(window.last, 2 * days)
        covered = {
            name: marks.page_views(tables[name]) if name == "view" else tables[name]
            for name, reach in profile.marks.reaches.items()
            if start >= window.first and (reach.first <= start or name not in {"view", "download"})
        }
    if covered and window is not None:
        parts.append(_stretches(covered, window.last, days))
    if "role_spell" in tables and roles:
        parts.append(_roles_held(tables["role_spell"], roles))
    if "reaction" in tables:
        parts.append(_received(tables["reaction"]))
    found = marks.member_marks(marks.members_of(tables["member"]), parts).to_pyarrow()
    columns = {
        name: np.asarray(found.column(name).to_numpy().astype(np.float64))
        for name in ("recent", "before", "role", "received")
        if name in found.column_names
    }
    counts = {name: np.nan_to_num(own) for name, own in columns.items()}
    known = profile.marks.registered[np.isfinite(profile.marks.registered)]
    online = forum["online_from"]
    began = float(known.min()) if known.size else None
    if online is not None:
        began = online.replace(tzinfo=UTC).timestamp()
    return RuleInput(
        began=began,
        recent=counts.get("recent"),
        before=counts.get("before"),
        before_start=start,
        roles=np.where(np.isnan(columns["role"]), -1, counts["role"]).astype(np.int64) if "role" in columns else None,
        role_names=tuple(roles),
        reactions=counts.get("received"),
    )


def _stretches(tables: "dict[str, ir.Table]", last: int, days: int) -> "ir.Table":
    """Active days of each member in the last stretch and in the one before: member, recent, before."""
    cut = _first_day(last, days)
    recent = marks.days_of_members(tables, cut, last)
    before = marks.days_of_members(tables, _first_day(last, 2 * days), cut - 1)
    late = recent.group_by("member").aggregate(recent=recent.count())
    early = before.group_by("member").aggregate(before=before.count())
    joined = late.outer_join(early, "member")
    return joined.select(member=late.member.coalesce(early.member), recent=late.recent, before=early.before)


def _first_day(last: int, days: int) -> int:
    """First second of the so many whole days that end with the day of `last`."""
    return (last // marks.DAY + 1 - days) * marks.DAY


def _roles_held(role_spell: "ir.Table", roles: Sequence[Role]) -> "ir.Table":
    """The first of the roles that each member ever held: member, role (its place)."""
    import ibis

    wanted = role_spell.filter(role_spell.role.isin([role.value for role in roles]))
    place = ibis.cases(*((wanted.role == role.value, number) for number, role in enumerate(roles)), else_=len(roles))
    placed = wanted.select("member", place=place.cast("int64"))
    return placed.group_by("member").aggregate(role=placed.place.min())


def _received(reaction: "ir.Table") -> "ir.Table":
    """Reactions that each member received from others, anonymous votes among them: member, received."""
    by_others = (reaction.receiver != reaction.giver).fill_null(True)  # nobody votes for himself anonymously
    own = reaction.filter(reaction.receiver.notnull(), by_others, reaction.weight >= 0)
    return own.group_by(member=own.receiver).aggregate(received=own.count())


def find_silent(profile: "ProfileResult", quantile: float) -> Criterion:
    """Members who never wrote, yet view or download as much as the upper part of all members."""
    size = profile.marks.members
    written = [profile.marks.values[own.name] for own in (POSTS, THREADS) if own.name in profile.marks.values]
    if not written:
        return Criterion.unavailable("the dataset has neither posts nor threads, so that nobody can be called silent")
    silent = np.all([values == 0 for values in written], axis=0)
    thresholds, reasons = [], [""] * size
    engaged = np.zeros(size, np.bool_)
    for measure in _ENGAGING:
        kind = _rate_or_total(profile, measure.name)
        if kind is None or not profile.marks.known(kind.name).size:
            continue
        values, title = profile.marks.values[kind.name], kind.title(profile.settings.per_days)
        limit = float(np.quantile(profile.marks.known(kind.name), quantile, method="inverted_cdf"))
        picked = silent & (values > limit)
        thresholds.append(
            Threshold(f"{title}, more than", limit, f"{CONVENTION}: quantile {quantile:g} of all members")
        )
        _add(reasons, picked, [f"{title} {value:.3g}, threshold {limit:.3g}" for value in values[picked]])
        engaged |= picked
    if not thresholds:
        return Criterion.unavailable("the dataset has neither views nor downloads, so that silent use leaves no trace")
    return Criterion(
        engaged, tuple(f"never wrote; {reason}" if reason else "" for reason in reasons), tuple(thresholds)
    )


def find_early(profile: "ProfileResult", found: RuleInput, days: float) -> Criterion:
    """Members who registered within so many days of the forum's beginning."""
    if found.began is None:
        return Criterion.unavailable("no registration is dated")
    since = (profile.marks.registered - found.began) / marks.DAY
    picked = np.nan_to_num(since, nan=np.inf) <= days
    reasons = [""] * profile.marks.members
    _add(reasons, picked, [f"registered {max(0.0, day):.1f} days after the beginning" for day in since[picked]])
    source = f"{CONVENTION}: days from the forum's beginning"
    return Criterion(picked, tuple(reasons), (Threshold("Days after the beginning, at most", days, source),))


def find_rising(profile: "ProfileResult", found: RuleInput, *, days: int, ratio: float, least: int) -> Criterion:
    """Members with many more active days in the last stretch of the window than in the one before.

    Whoever registered after the stretch before began is left out: every newcomer would rise.
    """
    if found.recent is None or found.before is None:
        return Criterion.unavailable(f"the records do not cover the last {2 * days} days of the window")
    was_there = np.nan_to_num(profile.marks.registered, nan=np.inf) <= found.before_start
    picked = was_there & (found.recent >= least) & (found.recent >= ratio * found.before)
    reasons = [""] * profile.marks.members
    pairs = zip(found.recent[picked], found.before[picked], strict=True)
    _add(
        reasons,
        picked,
        [f"{now:.0f} active days in the last {days}, {then:.0f} in those before" for now, then in pairs],
    )
    thresholds = (
        Threshold(f"Active days in the last {days}, at least", float(least), CONVENTION),
        Threshold(f"Times those in the {days} before, at least", ratio, CONVENTION),
    )
    return Criterion(picked, tuple(reasons), thresholds)


def find_high_status(profile: "ProfileResult", found: RuleInput, *, quantile: float, least: int) -> Criterion:
    """Members who held a high role, or received as many reactions as the uppermost part."""
    if found.roles is None and found.reactions is None:
        return Criterion.unavailable("the dataset has neither roles nor reactions")
    size = profile.marks.members
    picked, reasons = np.zeros(size, np.bool_), [""] * size
    thresholds = []
    if found.roles is not None:
        held = found.roles >= 0
        _add(reasons, held, [f"held the role {found.role_names[place].value}" for place in found.roles[held]])
        thresholds.append(Threshold(f"Roles held: {', '.join(found.role_names)}", None, CONVENTION))
        picked |= held
    if found.reactions is not None:
        limit = max(float(np.quantile(found.reactions, quantile, method="inverted_cdf")), float(least - 1))
        liked = found.reactions > limit
        _add(
            reasons,
            liked,
            [f"{value:.0f} reactions received, threshold {limit:.0f}" for value in found.reactions[liked]],
        )
        source = f"{CONVENTION}: quantile {quantile:g} of all members, {least} or more"
        thresholds.append(Threshold("Reactions received, more than", limit, source))
        picked |= liked
    return Criterion(picked, tuple(reasons), tuple(thresholds))


def _rate_or_total(profile: "ProfileResult", name: str) -> MarkKind | None:
    """The rate of a measure where there is one, else its total."""
    own = [kind for kind in MARK_KINDS if kind.measure.name == name and kind.name in profile.marks.values]
    return max(own, key=lambda kind: kind.scale is Scale.RATE, default=None)


def _add(reasons: list[str], picked: "np.ndarray", texts: list[str]) -> None:
    for row, text in zip(np.flatnonzero(picked), texts, strict=True):
        reasons[row] = f"{reasons[row]}; {text}" if reasons[row] else text
