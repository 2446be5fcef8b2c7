"""One synthetic forum, whole, in memory: columns of numbers, and the truth behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from vestige.progress import Progress, Step, ignore_progress
from vestige.simulate import people as members
from vestige.simulate.calendar import DAY, UNKNOWN, Flags, Integers, Window, draw_times_of_month, make_window
from vestige.simulate.contacts import Posts, draw_messages, draw_reactions
from vestige.simulate.people import People
from vestige.simulate.posting import Counts, Paths, draw_counts, draw_groups, make_paths
from vestige.simulate.settings import ForumSettings, PostingSettings, StandingSettings
from vestige.simulate.threads import Planted, Threads, build_threads, draw_sections, draw_streams
from vestige.simulate.visits import Sessions, Visits, draw_transferred, draw_viewed, draw_visits

GUEST: Final = 0
DELETED: Final = 1
FIRST_BOT: Final = 2

Columns = Mapping[str, Integers]

_STAGES: Final = ("members", "posts", "threads", "contacts", "visits")
_SIZE_WEIGHTS: Final = np.array([0.15, 0.45, 0.3, 0.08, 0.02])
_UPTAKE: Final = 3 * DAY


@dataclass(frozen=True)
class Truth:
    """What was put in.

    Attributes:
        paths: the posting groups.
        people: every member's group, community, what was planted in him, and his standing.
        sessions: planted visits.
        section_stream: the stream each section belongs to; the last stream is chatter.
        downloading: whether each member is one who downloads.
        log_start: first second that views and downloads cover.
        boom_month: first month of the registration boom; the window's length if there is none.
    """

    paths: Paths
    people: People
    sessions: Sessions
    section_stream: Integers
    downloading: Flags
    log_start: int
    boom_month: int


@dataclass(frozen=True)
class SimulatedForum:
    """A synthetic forum.

    Attributes:
        settings: what it was made from.
        seed: and with which seed.
        window: its months.
        tables: table to columns of numbers, named as in the dataset's schema. Ids are dense, times are seconds, an
            enum is the position in its declaration, and -1 stands for null.
        first_member: table id of the first member; guests, deleted authors and bots come before.
        truth: what was put in.
    """

    settings: ForumSettings
    seed: int
    window: Window
    tables: Mapping[str, Columns]
    first_member: int
    truth: Truth


def simulate_forum(
    *, settings: ForumSettings | None = None, seed: int = 0, progress: Progress = ignore_progress
) -> SimulatedForum:
    """Make a synthetic forum.

    Args:
        settings: what to make; the default preset if None.
        seed: same settings and seed, same forum, to the last number.
        progress: called after each stage.

    Returns:
        The forum; about 100 bytes a post and 50 a view in memory, three times that while it is made.

    Raises:
        SettingsError: a setting is out of range (on construction of the settings).
    """
    return _Maker(settings or ForumSettings(), seed, progress).make()


class _Maker:
    """The stages in order; each has random numbers of its own, so that one knob does not reshuffle the rest."""

    def __init__(self, settings: ForumSettings, seed: int, progress: Progress) -> None:
        self.settings = settings
        self.seed = seed
        self.progress = progress
        names = ("members", "counts", "posts", "threads", "staff", "contacts", "visits", "extras")
        self.seeds = dict(zip(names, np.random.SeedSequence(seed).spawn(len(names)), strict=True))
        self.window = make_window(settings.start, settings.months)
        self.first_member = FIRST_BOT + settings.standing.bots

    def make(self) -> SimulatedForum:
        expected = members.expected_registrations(self.settings.registration, self.settings.months)
        paths = make_paths(self.settings.posting, expected)
        people, counts = self._people(paths, expected)
        self._report("members")
        posts = self._posts(people, counts)
        del counts
        self._report("posts")
        threads, thread_table, section_table, post_table = self._threads(people, posts)
        self._report("threads")
        contacts = self._contacts(people, posts, threads)
        self._report("contacts")
        visits, visit_tables = self._visits(people, posts, threads, post_table, thread_table)
        self._report("visits")
        streams = self.settings.structure.communities + 1
        truth = Truth(
            paths=paths,
            people=people,
            sessions=visits.sessions,
            section_stream=np.arange(self.settings.structure.sections, dtype=np.int32) % streams,
            downloading=visits.downloading,
            log_start=visits.log_start,
            boom_month=members.boom_month(self.settings.registration, self.settings.months),
        )
        tables = {
            "member": self._member_table(people),
            "role_spell": _role_spells(people, self.first_member),
            "section": section_table,
            "thread": thread_table,
            "post": post_table,
            **contacts,
            **visit_tables,
            "sanction": self._sanctions(people, posts),
            "external_event": self._events(truth.boom_month),
        }
        return SimulatedForum(self.settings, self.seed, self.window, tables, self.first_member, truth)

    def _report(self, stage: str) -> None:
        self.progress(Step("simulate", _STAGES.index(stage) + 1, len(_STAGES), "stages"))

    def _generator(self, stage: str) -> np.random.Generator:
        return np.random.default_rng(self.seeds[stage])

    def _people(self, paths: Paths, expected: np.ndarray) -> tuple[People, Counts]:
        settings, count, window = self.settings, self.settings.members, self.window
        generator = self._generator("members")
        registered_at = members.draw_registrations(generator, window, expected, count)
        first_month = window.month_of(registered_at)
        posting = generator.random(count) < settings.posting.posting_share
        group = draw_groups(generator, paths, posting)
        community = generator.integers(settings.structure.communities, size=count, dtype=np.int8)
        counts = draw_counts(self.seeds["counts"], paths, group, first_month, settings.posting)
        totals = members.member_totals(counts, count)
        early = members.posted_in_first_month(counts, first_month)
        staff = self._generator("staff")
        planted = members.plant(staff, totals, settings.structure)
        appointed_at, administrator = members.appoint_staff(
            staff, window, registered_at, planted, totals, settings.standing
        )
        spared = (planted != Planted.NONE) | (appointed_at != UNKNOWN)
        banned_at = members.draw_bans(staff, window, registered_at, spared, settings.standing.ban_hazard)
        promoted_at = members.draw_promotions(staff, window, first_month, early, spared, settings.standing)
        promoted_at[(banned_at != UNKNOWN) & (promoted_at >= banned_at)] = UNKNOWN
        found = People(
            registered_at, first_month, community, group, planted, early, banned_at, promoted_at, appointed_at,
            administrator,
        )  # fmt: skip
        return found, counts

    def _posts(self, people: People, counts: Counts) -> Posts:
        generator = self._generator("posts")
        person = np.repeat(counts.member, counts.posts)
        month = np.repeat(counts.month, counts.posts)
        extra = generator.binomial(len(person), self.settings.posting.guest_share)
        extra_month = month[generator.integers(max(len(person), 1), size=extra)]
        at = draw_times_of_month(generator, self.window, month, people.registered_at[person])
        allowed = at <= people.active_until(self.window)[person]
        person, at = person[allowed], at[allowed]
        extra_at = draw_times_of_month(generator, self.window, extra_month, np.zeros(extra, np.int64))
        outsider = generator.integers(GUEST, DELETED + 1, size=extra, dtype=np.int32)
        at = np.concatenate((at, extra_at))
        order = np.argsort(at, kind="stable")
        planted = np.concatenate((people.planted[person], np.zeros(extra, np.int8)))[order]
        author = np.concatenate((person + np.int32(self.first_member), outsider))[order]
        return Posts(author, at[order], planted, author >= self.first_member)

    def _threads(self, people: People, posts: Posts) -> tuple[Threads, Columns, Columns, Columns]:
        settings = self.settings
        generator = self._generator("threads")
        home = generator.integers(settings.structure.communities, size=len(posts.at), dtype=np.int8)
        home[posts.by_member] = people.community[posts.author[posts.by_member] - self.first_member]
        stream = draw_streams(generator, home, posts.planted, settings.structure)
        threads = build_threads(generator, stream, posts.planted, settings.structure)
        opening = threads.opening
        section, section_parent = draw_sections(generator, stream[opening], settings.structure)
        thread_state = _draw_states(generator, len(opening), settings.posting.deleted_share, 0.0)
        table: Columns = {
            "thread": np.arange(len(opening), dtype=np.int32),
            "section": section,
            "starter": posts.author[opening],
            "created_at": posts.at[opening],
            "state": thread_state,
        }
        sections: Columns = {
            "section": np.arange(settings.structure.sections, dtype=np.int32),
            "parent": section_parent,
        }
        post_table = self._post_table(posts, threads, section, thread_state)
        return threads, table, sections, post_table

    def _post_table(self, posts: Posts, threads: Threads, section: Integers, thread_state: Integers) -> Columns:
        settings, count = self.settings.posting, len(posts.at)
        generator = self._generator("extras")
        state = _draw_states(generator, count, settings.deleted_share, settings.unapproved_share)
        opens = threads.parent == UNKNOWN
        of_thread = thread_state[threads.thread]
        state = np.where(opens | (of_thread != _code(State, State.VISIBLE)), of_thread, state).astype(np.int8)
        post = np.arange(count, dtype=np.int32)
        return {
            "post": post,
            "seq": post,
            "thread": threads.thread,
            "section": section[threads.thread],
            "author": posts.author,
            "at": posts.at,
            "is_opening": opens,
            "parent_post": threads.parent,
            "edited_at": _draw_edits(generator, posts.at, self.window, settings),
            "state": state,
            "attachments": generator.poisson(settings.attachments_per_post, count).astype(np.int16),
        }

    def _contacts(self, people: People, posts: Posts, threads: Threads) -> dict[str, Columns]:
        generator = self._generator("contacts")
        reactions = draw_reactions(generator, posts, threads, self.settings.structure)
        count = len(reactions["at"])
        reactions["kind"] = np.full(count, _code(ReactionKind, ReactionKind.THANKS), np.int8)
        reactions["weight"] = np.ones(count, np.int8)
        until = np.concatenate((np.full(self.first_member, self.window.end), people.active_until(self.window)))
        messages = draw_messages(generator, posts, threads, until, self.settings.structure)
        return {"reaction": reactions, "message": messages}

    def _visits(
        self, people: People, posts: Posts, threads: Threads, post_table: Columns, thread_table: Columns
    ) -> tuple[Visits, dict[str, Columns]]:
        generator = self._generator("visits")
        settings = self.settings.visits
        visits = draw_visits(generator, self.window, people.registered_at, people.active_until(self.window), settings)
        kind, thread = draw_viewed(generator, visits, people.community, posts.at, threads)
        section = np.full(len(thread), UNKNOWN, np.int32)
        section[thread != UNKNOWN] = thread_table["section"][thread[thread != UNKNOWN]]
        thread[kind != _code(ViewKind, ViewKind.THREAD)] = UNKNOWN
        holder = np.repeat(post_table["post"], post_table["attachments"])
        chosen, outcome = draw_transferred(generator, visits.download_at, posts.at[holder], settings.completed_share)
        tables: dict[str, Columns] = {
            "view": {
                "member": visits.view_member + np.int32(self.first_member),
                "at": visits.view_at,
                "thread": thread,
                "section": section,
                "kind": kind,
            },
            "download": {
                "member": visits.download_member + np.int32(self.first_member),
                "at": visits.download_at,
                "object": chosen,
                "outcome": outcome,
            },
            "object": {
                "object": np.arange(len(holder), dtype=np.int32),
                "size_band": generator.choice(len(SizeBand), len(holder), p=_SIZE_WEIGHTS).astype(np.int8),
                "uploader": posts.author[holder],
                "at": posts.at[holder],
            },
        }
        return visits, tables

    def _member_table(self, people: People) -> Columns:
        count = self.first_member + len(people.registered_at)
        kind = np.full(count, _code(MemberKind, MemberKind.MEMBER), np.int8)
        kind[GUEST], kind[DELETED] = _code(MemberKind, MemberKind.GUEST), _code(MemberKind, MemberKind.DELETED)
        kind[FIRST_BOT : self.first_member] = _code(MemberKind, MemberKind.BOT)
        registered_at = np.full(count, UNKNOWN, np.int64)
        registered_at[FIRST_BOT : self.first_member] = self.window.start
        registered_at[self.first_member :] = people.registered_at
        return {"member": np.arange(count, dtype=np.int32), "registered_at": registered_at, "kind": kind}

    def _sanctions(self, people: People, posts: Posts) -> Columns:
        generator = self._generator("extras")
        settings: StandingSettings = self.settings.standing
        warned = np.flatnonzero(posts.by_member)
        warned = warned[generator.random(len(warned), dtype=np.float32) < settings.warnings_per_post]
        warned_at = np.minimum(
            posts.at[warned] + (generator.standard_exponential(len(warned)) * DAY).astype(np.int64), self.window.end
        )
        banned = np.flatnonzero(people.banned_at != UNKNOWN)
        staff = np.flatnonzero(people.appointed_at != UNKNOWN)
        at = np.concatenate((people.banned_at[banned], warned_at))
        count = len(at)
        by = staff[generator.integers(len(staff), size=count)] if len(staff) else np.zeros(count, np.int64)
        by = np.where(people.appointed_at[by] <= at, by + self.first_member, UNKNOWN)
        kind = np.full(count, _code(SanctionKind, SanctionKind.WARNING), np.int8)
        kind[: len(banned)] = _code(SanctionKind, SanctionKind.BAN)
        until = np.where(kind == _code(SanctionKind, SanctionKind.BAN), UNKNOWN, at + 90 * DAY)
        member = np.concatenate((banned + self.first_member, posts.author[warned])).astype(np.int32)
        post = np.concatenate((np.full(len(banned), UNKNOWN), warned)).astype(np.int32)
        order = np.argsort(at, kind="stable")
        columns: Columns = {"member": member, "by": by, "kind": kind, "at": at, "until": until, "post": post}
        return {name: column[order] for name, column in columns.items()}

    def _events(self, boom: int) -> Columns:
        happened = boom < self.window.months
        count = int(happened)
        return {
            "event": np.arange(count, dtype=np.int32),
            "at": self.window.bounds[boom : boom + count],
            "kind": np.full(count, _code(ExternalEventKind, ExternalEventKind.PUBLICITY), np.int8),
        }


def _draw_states(generator: np.random.Generator, count: int, deleted: float, unapproved: float) -> Integers:
    drawn = generator.random(count, dtype=np.float32)
    state = np.full(count, _code(State, State.VISIBLE), np.int8)
    state[drawn < deleted + unapproved] = _code(State, State.UNAPPROVED)
    state[drawn < deleted] = _code(State, State.DELETED)
    return state


def _draw_edits(generator: np.random.Generator, at: Integers, window: Window, settings: PostingSettings) -> Integers:
    """Time of the last edit, mostly within days; UNKNOWN if none within the window."""
    edited_at = np.full(len(at), UNKNOWN, np.int64)
    edited = np.flatnonzero(generator.random(len(at), dtype=np.float32) < settings.edited_share)
    moment = at[edited] + 1 + (generator.standard_exponential(len(edited)) * DAY).astype(np.int64)
    edited_at[edited] = np.where(moment <= window.end, moment, UNKNOWN)
    return edited_at


def _role_spells(people: People, first_member: int) -> Columns:
    """Spells in turn: registered, then administrator, moderator or vip, then banned; the last one lasts."""
    raised_at = np.where(people.appointed_at != UNKNOWN, people.appointed_at, people.promoted_at)
    raised_to = np.where(people.appointed_at == UNKNOWN, _code(Role, Role.VIP), _code(Role, Role.MODERATOR))
    raised_to[people.administrator] = _code(Role, Role.ADMINISTRATOR)
    plain = np.flatnonzero(~people.administrator)
    raised, banned = np.flatnonzero(raised_at != UNKNOWN), np.flatnonzero(people.banned_at != UNKNOWN)
    plain_end = np.where(raised_at[plain] != UNKNOWN, raised_at[plain], people.banned_at[plain])
    member = np.concatenate((plain, raised, banned))
    start_at = np.concatenate((people.registered_at[plain], raised_at[raised], people.banned_at[banned]))
    role = np.repeat(
        [_code(Role, Role.REGISTERED), 0, _code(Role, Role.BANNED)], [len(plain), len(raised), len(banned)]
    )
    role[len(plain) : len(plain) + len(raised)] = raised_to[raised]
    end_at = np.concatenate((plain_end, people.banned_at[raised], np.full(len(banned), UNKNOWN)))
    order = np.lexsort((start_at, member))
    return {
        "member": (member[order] + first_member).astype(np.int32),
        "role": role[order].astype(np.int8),
        "start_at": start_at[order],
        "end_at": end_at[order],
        "evidence": np.full(len(order), _code(RoleEvidence, RoleEvidence.LOG), np.int8),
    }


def _code(enum: type[StrEnum], value: StrEnum) -> int:
    return list(enum).index(value)
