"""One synthetic forum, whole, in memory: columns of numbers, and the truth behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.simulate import people as members
from vestige.simulate import tables as build
from vestige.simulate.calendar import UNKNOWN, Flags, Floats, Integers, Window, draw_times_of_month, make_window
from vestige.simulate.contacts import Posts, draw_anonymous_votes, draw_messages, draw_reactions
from vestige.simulate.moderating import moderation_table
from vestige.simulate.people import People
from vestige.simulate.posting import Counts, Paths, draw_counts, draw_groups, make_paths
from vestige.simulate.settings import ForumSettings
from vestige.simulate.tables import DELETED, FIRST_BOT, GUEST, Columns
from vestige.simulate.threads import Planted, Threads, build_threads, draw_sections, draw_streams
from vestige.simulate.visits import Sessions, Visits, draw_transferred, draw_viewed, draw_visits


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


class _Stage(IntEnum):
    """Stages in turn; each has random numbers of its own, so that one setting does not reshuffle the rest."""

    MEMBERS = 0
    COUNTS = 1
    STAFF = 2
    POSTS = 3
    THREADS = 4
    DETAILS = 5
    CONTACTS = 6
    VISITS = 7


def simulate_forum(
    *, settings: ForumSettings | None = None, seed: int = 0, progress: Progress = ignore_progress
) -> SimulatedForum:
    """Make a synthetic forum.

    Args:
        settings: what to make; the default preset if None.
        seed: same settings and seed, same forum, to the last number.
        progress: called after each stage.

    Returns:
        The forum. A million members of the default preset (27 million posts, 16 million views) take 2.8 GB while
        they are made and written.

    Raises:
        SettingsError: the seed is negative; settings themselves are checked when they are made.
    """
    if seed < 0:
        raise SettingsError("the seed must be 0 or more", hint="choose any whole number from 0 on")
    settings = settings or ForumSettings()
    window = make_window(settings.start, settings.months)
    first_member = FIRST_BOT + settings.standing.bots
    expected = members.expected_registrations(settings.registration, settings.months)
    paths = make_paths(settings.posting, expected)
    people, counts = _make_people(settings, seed, window, paths, expected)
    progress(_step(_Stage.MEMBERS))
    posts = _make_posts(settings, seed, window, people, counts)
    progress(_step(_Stage.POSTS))
    threads, tables = _make_threads(settings, seed, window, people, posts)
    progress(_step(_Stage.THREADS))
    tables |= _make_contacts(settings, seed, window, people, posts, threads)
    progress(_step(_Stage.CONTACTS))
    visits, visit_tables = _make_visits(settings, seed, window, people, posts, threads, tables)
    progress(_step(_Stage.VISITS))
    streams = settings.structure.communities + 1
    boom_month = members.boom_month(settings.registration, settings.months)
    truth = Truth(
        paths=paths,
        people=people,
        sessions=visits.sessions,
        section_stream=np.arange(settings.structure.sections, dtype=np.int32) % streams,
        downloading=visits.downloading,
        log_start=visits.log_start,
        boom_month=boom_month,
    )
    tables |= visit_tables
    tables["thread"] = build.counted(tables["thread"], "views", visit_tables["view"]["thread"])
    tables["object"] = build.counted(tables["object"], "downloads", visit_tables["download"]["object"])
    tables["member"] = build.member_table(people, window, first_member)
    tables["role_spell"] = build.role_spell_table(people, first_member)
    tables["external_event"] = build.event_table(window, boom_month)
    return SimulatedForum(settings, seed, window, tables, first_member, truth)


def _step(stage: _Stage) -> Step:
    return Step("simulate", stage + 1, len(_Stage), "stages")


def _sequence(seed: int, stage: _Stage, *part: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(stage, *part))


def _generator(seed: int, stage: _Stage, *part: int) -> np.random.Generator:
    """Random numbers of a stage, or of a part of it that came later and must not reshuffle what was there."""
    return np.random.default_rng(_sequence(seed, stage, *part))


def _make_people(
    settings: ForumSettings, seed: int, window: Window, paths: Paths, expected: Floats
) -> tuple[People, Counts]:
    count, standing = settings.members, settings.standing
    generator = _generator(seed, _Stage.MEMBERS)
    registered_at = members.draw_registrations(generator, window, expected, count)
    first_month = window.month_of(registered_at)
    group = draw_groups(generator, paths, generator.random(count) < settings.posting.posting_share)
    community = generator.integers(settings.structure.communities, size=count, dtype=np.int8)
    counts = draw_counts(_sequence(seed, _Stage.COUNTS), paths, group, first_month, settings.posting)
    totals = members.member_totals(counts, count)
    early = members.posted_in_first_month(counts, first_month)
    staff = _generator(seed, _Stage.STAFF)
    planted = members.plant(staff, totals, settings.structure)
    appointed_at, administrator = members.appoint_staff(staff, window, registered_at, planted, totals, standing)
    spared = (planted != Planted.NONE) | (appointed_at != UNKNOWN)
    banned_at = members.draw_bans(staff, window, registered_at, spared, standing.ban_hazard)
    promoted_at = members.draw_promotions(staff, window, first_month, early, spared, standing)
    promoted_at[(banned_at != UNKNOWN) & (promoted_at >= banned_at)] = UNKNOWN
    people = People(
        registered_at=registered_at,
        first_month=first_month,
        community=community,
        group=group,
        planted=planted,
        posted_early=early,
        banned_at=banned_at,
        promoted_at=promoted_at,
        appointed_at=appointed_at,
        administrator=administrator,
    )
    return people, counts


def _make_posts(settings: ForumSettings, seed: int, window: Window, people: People, counts: Counts) -> Posts:
    """Members' posts up to a ban, and those of guests and deleted authors on top, in time order."""
    generator = _generator(seed, _Stage.POSTS)
    first_member = FIRST_BOT + settings.standing.bots
    person = np.repeat(counts.member, counts.posts)
    month = np.repeat(counts.month, counts.posts)
    extra = generator.binomial(len(person), settings.posting.guest_share)
    extra_month = month[generator.integers(max(len(person), 1), size=extra)]
    at = draw_times_of_month(generator, window, month, people.registered_at[person])
    allowed = at <= people.active_until(window)[person]
    person, at = person[allowed], at[allowed]
    extra_at = draw_times_of_month(generator, window, extra_month, np.zeros(extra, np.int64))
    outsider = generator.integers(GUEST, DELETED + 1, size=extra, dtype=np.int32)
    at = np.concatenate((at, extra_at))
    order = np.argsort(at, kind="stable")
    planted = np.concatenate((people.planted[person], np.zeros(extra, np.int8)))[order]
    author = np.concatenate((person + np.int32(first_member), outsider))[order]
    return Posts(author, at[order], planted, author >= first_member)


def _make_threads(
    settings: ForumSettings, seed: int, window: Window, people: People, posts: Posts
) -> tuple[Threads, dict[str, Columns]]:
    """Threads, and the tables that follow from posts and threads alone."""
    structure, first_member = settings.structure, FIRST_BOT + settings.standing.bots
    generator = _generator(seed, _Stage.THREADS)
    home = generator.integers(structure.communities, size=len(posts.at), dtype=np.int8)
    home[posts.by_member] = people.community[posts.author[posts.by_member] - first_member]
    stream = draw_streams(generator, home, posts.planted, structure)
    threads = build_threads(generator, stream, posts.planted, structure)
    section, section_parent = draw_sections(generator, stream[threads.opening], structure)
    details = _generator(seed, _Stage.DETAILS)
    thread_table = build.thread_table(details, posts, threads, section, settings.posting.deleted_share)
    post_table = build.post_table(details, window, posts, threads, thread_table, settings.posting)
    warned_share = settings.standing.warnings_per_post
    return threads, {
        "section": build.section_table(section_parent),
        "thread": thread_table,
        "post": post_table,
        "object": build.object_table(details, post_table),
        "sanction": build.sanction_table(details, window, people, posts, first_member, warned_share),
        "moderation": moderation_table(
            _generator(seed, _Stage.DETAILS, 1),
            window,
            people,
            thread_table,
            threads.opening,
            first_member,
            settings.standing.acts_per_thread,
        ),
    }


def _make_contacts(
    settings: ForumSettings, seed: int, window: Window, people: People, posts: Posts, threads: Threads
) -> dict[str, Columns]:
    generator = _generator(seed, _Stage.CONTACTS)
    outsiders = np.full(FIRST_BOT + settings.standing.bots, window.end)
    until = np.concatenate((outsiders, people.active_until(window)))
    thanks = draw_reactions(generator, posts, threads, settings.structure)
    messages = draw_messages(generator, posts, threads, until, settings.structure)
    votes = draw_anonymous_votes(_generator(seed, _Stage.CONTACTS, 1), posts, window.end, settings.structure)
    return {"reaction": build.reaction_table(thanks, votes), "message": messages}


def _make_visits(
    settings: ForumSettings,
    seed: int,
    window: Window,
    people: People,
    posts: Posts,
    threads: Threads,
    tables: Mapping[str, Columns],
) -> tuple[Visits, dict[str, Columns]]:
    generator = _generator(seed, _Stage.VISITS)
    first_member = FIRST_BOT + settings.standing.bots
    until = people.active_until(window)
    visits = draw_visits(generator, window, people.registered_at, until, settings.visits)
    kind, thread = draw_viewed(generator, visits, people.community, posts.at, threads)
    transferred, outcome = draw_transferred(
        generator, visits.download_at, tables["object"]["at"], settings.visits.completed_share
    )
    return visits, {
        "view": build.view_table(visits, kind, thread, tables["thread"], first_member),
        "download": build.download_table(visits, transferred, outcome, first_member),
    }
