"""The dataset's tables from what was drawn: columns of numbers, named as in the schema."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np

from vestige.dataset.schema import (
    ExternalEventKind,
    MemberKind,
    ReactionKind,
    Role,
    RoleEvidence,
    SanctionKind,
    SizeBand,
    State,
    ViewKind,
)
from vestige.simulate.calendar import DAY, UNKNOWN, Integers, Window
from vestige.simulate.contacts import Posts
from vestige.simulate.people import People
from vestige.simulate.settings import PostingSettings
from vestige.simulate.threads import Threads
from vestige.simulate.visits import Visits

GUEST: Final = 0
DELETED: Final = 1
FIRST_BOT: Final = 2

Columns = Mapping[str, Integers]

_SIZE_WEIGHTS: Final = np.array([0.15, 0.45, 0.3, 0.08, 0.02])
_WARNING_SECONDS: Final = 90 * DAY


def code_of(value: StrEnum) -> int:
    """The number that stands for an enum's value: its position in the declaration."""
    return list(type(value)).index(value)


def member_table(people: People, window: Window, first_member: int) -> Columns:
    """Guests, deleted authors, bots, then members in the order of registration."""
    count = first_member + len(people.registered_at)
    kind = np.full(count, code_of(MemberKind.MEMBER), np.int8)
    kind[GUEST], kind[DELETED] = code_of(MemberKind.GUEST), code_of(MemberKind.DELETED)
    kind[FIRST_BOT:first_member] = code_of(MemberKind.BOT)
    registered_at = np.full(count, UNKNOWN, np.int64)
    registered_at[FIRST_BOT:first_member] = window.start
    registered_at[first_member:] = people.registered_at
    return {"member": np.arange(count, dtype=np.int32), "registered_at": registered_at, "kind": kind}


def role_spell_table(people: People, first_member: int) -> Columns:
    """Spells in turn: registered, then administrator, moderator or vip, then banned; the last one lasts."""
    raised_at = np.where(people.appointed_at != UNKNOWN, people.appointed_at, people.promoted_at)
    raised_to = np.where(people.appointed_at == UNKNOWN, code_of(Role.VIP), code_of(Role.MODERATOR))
    raised_to[people.administrator] = code_of(Role.ADMINISTRATOR)
    plain = np.flatnonzero(~people.administrator)
    raised, banned = np.flatnonzero(raised_at != UNKNOWN), np.flatnonzero(people.banned_at != UNKNOWN)
    plain_end = np.where(raised_at[plain] != UNKNOWN, raised_at[plain], people.banned_at[plain])
    member = np.concatenate((plain, raised, banned))
    role = np.concatenate(
        (
            np.full(len(plain), code_of(Role.REGISTERED)),
            raised_to[raised],
            np.full(len(banned), code_of(Role.BANNED)),
        )
    )
    start_at = np.concatenate((people.registered_at[plain], raised_at[raised], people.banned_at[banned]))
    end_at = np.concatenate((plain_end, people.banned_at[raised], np.full(len(banned), UNKNOWN)))
    order = np.lexsort((start_at, member))
    return {
        "member": (member[order] + first_member).astype(np.int32),
        "role": role[order].astype(np.int8),
        "start_at": start_at[order],
        "end_at": end_at[order],
        "evidence": np.full(len(order), code_of(RoleEvidence.LOG), np.int8),
    }


def section_table(parent: Integers) -> Columns:
    """Sections and their parents."""
    return {"section": np.arange(len(parent), dtype=np.int32), "parent": parent}


def thread_table(
    generator: np.random.Generator, posts: Posts, threads: Threads, section: Integers, deleted_share: float
) -> Columns:
    """One row a thread, from its opening post."""
    opening = threads.opening
    return {
        "thread": np.arange(len(opening), dtype=np.int32),
        "section": section,
        "starter": posts.author[opening],
        "created_at": posts.at[opening],
        "state": _draw_states(generator, len(opening), deleted_share, 0.0),
    }


def post_table(
    generator: np.random.Generator,
    window: Window,
    posts: Posts,
    threads: Threads,
    of_threads: Columns,
    settings: PostingSettings,
) -> Columns:
    """One row a post; the posts of a deleted thread are deleted with it."""
    count = len(posts.at)
    state = _draw_states(generator, count, settings.deleted_share, settings.unapproved_share)
    opens = threads.parent == UNKNOWN
    of_thread = of_threads["state"][threads.thread]
    state = np.where(opens | (of_thread != code_of(State.VISIBLE)), of_thread, state).astype(np.int8)
    post = np.arange(count, dtype=np.int32)
    return {
        "post": post,
        "seq": post,
        "thread": threads.thread,
        "section": of_threads["section"][threads.thread],
        "author": posts.author,
        "at": posts.at,
        "is_opening": opens,
        "parent_post": threads.parent,
        "edited_at": _draw_edits(generator, posts.at, window, settings.edited_share),
        "state": state,
        "attachments": generator.poisson(settings.attachments_per_post, count).astype(np.int16),
    }


def _draw_states(generator: np.random.Generator, count: int, deleted: float, unapproved: float) -> Integers:
    drawn = generator.random(count, dtype=np.float32)
    state = np.full(count, code_of(State.VISIBLE), np.int8)
    state[drawn < deleted + unapproved] = code_of(State.UNAPPROVED)
    state[drawn < deleted] = code_of(State.DELETED)
    return state


def _draw_edits(generator: np.random.Generator, at: Integers, window: Window, edited_share: float) -> Integers:
    """Time of the last edit, mostly within days; UNKNOWN if none within the window."""
    edited_at = np.full(len(at), UNKNOWN, np.int64)
    edited = np.flatnonzero(generator.random(len(at), dtype=np.float32) < edited_share)
    moment = at[edited] + 1 + (generator.standard_exponential(len(edited)) * DAY).astype(np.int64)
    edited_at[edited] = np.where(moment <= window.end, moment, UNKNOWN)
    return edited_at


def reaction_table(thanks: Columns, votes: Columns) -> Columns:
    """Thanks, each of weight 1, and anonymous votes of weight 1 or -1, in time order."""
    count = len(thanks["at"])
    thanked = np.full(count, code_of(ReactionKind.THANKS))
    kind = np.where(votes["weight"] > 0, code_of(ReactionKind.UP), code_of(ReactionKind.DOWN))
    one = np.ones(count, np.int8)
    given = {name: np.concatenate((column, votes[name])) for name, column in {**thanks, "weight": one}.items()}
    given["kind"] = np.concatenate((thanked, kind)).astype(np.int8)
    order = np.argsort(given["at"], kind="stable")
    return {name: column[order] for name, column in given.items()}


def object_table(generator: np.random.Generator, posts: Columns) -> Columns:
    """One row an attachment, in the order of the posts that hold them."""
    holder = np.repeat(posts["post"], posts["attachments"])
    return {
        "object": np.arange(len(holder), dtype=np.int32),
        "size_band": generator.choice(len(SizeBand), len(holder), p=_SIZE_WEIGHTS).astype(np.int8),
        "uploader": posts["author"][holder],
        "at": posts["at"][holder],
    }


def view_table(visits: Visits, kind: Integers, thread: Integers, threads: Columns, first_member: int) -> Columns:
    """One row a page; a page of a section names no thread, an arrival neither."""
    section = np.full(len(thread), UNKNOWN, np.int32)
    known = thread != UNKNOWN
    section[known] = threads["section"][thread[known]]
    return {
        "member": visits.view_member + np.int32(first_member),
        "at": visits.view_at,
        "thread": np.where(kind == code_of(ViewKind.THREAD), thread, UNKNOWN).astype(np.int32),
        "section": section,
        "kind": kind,
    }


def download_table(visits: Visits, transferred: Integers, outcome: Integers, first_member: int) -> Columns:
    """One row a transfer."""
    return {
        "member": visits.download_member + np.int32(first_member),
        "at": visits.download_at,
        "object": transferred,
        "outcome": outcome,
    }


def counted(rows: Columns, counter: str, used: Integers) -> Columns:
    """The rows with the software's own counter: how often each stands in the access log, which few packages keep."""
    count = len(next(iter(rows.values())))
    return {**rows, counter: np.bincount(used[used != UNKNOWN], minlength=count)}


def sanction_table(
    generator: np.random.Generator, window: Window, people: People, posts: Posts, first_member: int, warned_share: float
) -> Columns:
    """Bans for ever, and warnings for ninety days soon after a post; `post`, which the schema lacks, is that post."""
    warned = np.flatnonzero(posts.by_member)
    warned = warned[generator.random(len(warned), dtype=np.float32) < warned_share]
    delay = (generator.standard_exponential(len(warned)) * DAY).astype(np.int64)
    warned_at = np.minimum(posts.at[warned] + delay, window.end)
    banned = np.flatnonzero(people.banned_at != UNKNOWN)
    at = np.concatenate((people.banned_at[banned], warned_at))
    is_ban = np.arange(len(at)) < len(banned)
    columns: Columns = {
        "member": np.concatenate((banned + first_member, posts.author[warned])).astype(np.int32),
        "by": draw_staff(generator, people, at, first_member),
        "kind": np.where(is_ban, code_of(SanctionKind.BAN), code_of(SanctionKind.WARNING)).astype(np.int8),
        "at": at,
        "until": np.where(is_ban, UNKNOWN, at + _WARNING_SECONDS),
        "post": np.concatenate((np.full(len(banned), UNKNOWN), warned)).astype(np.int32),
    }
    order = np.argsort(at, kind="stable")
    return {name: column[order] for name, column in columns.items()}


def draw_staff(generator: np.random.Generator, people: People, at: Integers, first_member: int) -> Integers:
    """Someone of the staff for each sanction: whoever is drawn, or the first of them while he is not yet appointed.

    UNKNOWN where that one was not there either.
    """
    staff = np.flatnonzero(people.appointed_at != UNKNOWN)
    if not len(staff):
        return np.full(len(at), UNKNOWN, np.int32)
    drawn = staff[generator.integers(len(staff), size=len(at))]
    drawn = np.where(people.appointed_at[drawn] <= at, drawn, staff[np.argmin(people.appointed_at[staff])])
    return np.where(people.appointed_at[drawn] <= at, drawn + first_member, UNKNOWN).astype(np.int32)


def event_table(window: Window, boom_month: int) -> Columns:
    """The publicity that sets off the registration boom, if there is one."""
    count = int(boom_month < window.months)
    return {
        "event": np.arange(count, dtype=np.int32),
        "at": window.bounds[boom_month : boom_month + count],
        "kind": np.full(count, code_of(ExternalEventKind.PUBLICITY), np.int8),
    }
