"""Every reduction on both engines, on tables small enough to count by hand."""

import pytest

from tables import dataset_of
from vestige.activity.reduce import reduce_dataset
from vestige.dataset import open_dataset
from vestige.dataset.schema import State
from vestige.errors import DatasetError, SettingsError
from vestige.progress import ignore_progress

MEMBERS = """
forum | member | kind    | registered_at
0     | 0      | guest   |
0     | 1      | member  | 2020-01-05
0     | 2      | member  | 2020-01-31 23:59:59.5
0     | 3      | member  | 2020-03-01
0     | 4      | member  |
0     | 5      | deleted |
0     | 6      | bot     | 2020-02-01
1     | 1      | member  | 2020-03-02
"""
FORUMS = """
forum | code    | window_start | window_end
0     | forum-a | 2020-01-01   | 2020-03-31
1     | forum-b | 2020-01-01   | 2020-04-10
"""
SECTIONS = """
forum | section | kind
0     | 0       | talk
0     | 1       | talk
0     | 2       | trade
1     | 0       | talk
"""
THREADS = """
forum | thread | section | starter | created_at | state
0     | 0      | 0       | 1       | 2020-01-06 | visible
0     | 1      | 2       | 2       | 2020-02-29 | deleted
0     | 2      | 1       | 5       | 2020-03-03 | visible
"""
POSTS = """
forum | post | thread | section | author | at                  | is_opening | state
0     | 0    | 0      | 0       | 1      | 2020-01-06          | yes        | visible
0     | 1    | 0      | 0       | 1      | 2020-01-31 23:59:59 | no         | visible
0     | 2    | 0      | 1       | 2      | 2020-01-31          | no         | visible
0     | 3    | 1      | 2       | 2      | 2020-02-29          | yes        | deleted
0     | 4    | 1      |         | 1      |                     | no         | visible
0     | 5    | 1      | 2       | 0      | 2020-03-01          | no         | visible
0     | 6    | 2      | 1       | 5      | 2020-03-03          | yes        | visible
0     | 7    | 2      | 1       |        | 2020-03-04          | no         | visible
1     | 0    | 0      | 0       | 1      | 2020-03-09          | no         | visible
"""
MESSAGES = """
forum | message | sender | recipient | at
0     | 0       | 3      | 1         | 2020-03-05
0     | 0       | 3      | 2         | 2020-03-05
0     | 1       | 1      | 3         | 2020-03-06
"""
DOWNLOADS = """
forum | member | at         | object | outcome
0     | 1      | 2020-02-01 |        | completed
0     | 3      | 2020-03-07 |        | attempted
0     | 3      | 2020-03-08 |        | completed
0     | 0      | 2020-03-08 |        | completed
"""
ROLES = """
forum | member | role          | start_at   | end_at     | evidence
0     | 1      | moderator     | 2020-01-05 | 2020-02-05 | log
0     | 1      | moderator     | 2020-03-05 |            | log
0     | 1      | administrator |            |            | snapshot
0     | 2      | moderator     | 2020-01-05 | 2020-02-05 | log
0     | 6      | moderator     |            |            | snapshot
"""
REACTIONS = """
forum | giver | receiver | post | at
0     | 2     | 1        | 0    | 2020-01-07
0     | 2     | 1        | 1    | 2020-02-07
"""
VIEWS = """
forum | member | at
0     | 3      | 2020-03-07
"""
MODERATION = """
forum | by | kind | at
0     | 1  | move | 2020-01-07
0     | 1  | move | 2020-01-08
0     | 2  | move | 2020-01-08
1     | 1  | close | 2020-01-08
0     |    | close | 2020-01-08
"""
TABLES = {
    "forum": FORUMS,
    "member": MEMBERS,
    "section": SECTIONS,
    "thread": THREADS,
    "post": POSTS,
    "message": MESSAGES,
    "download": DOWNLOADS,
    "role_spell": ROLES,
    "reaction": REACTIONS,
    "view": VIEWS,
    "moderation": MODERATION,
}
JANUARY, FEBRUARY, MARCH = 2020 * 12, 2020 * 12 + 1, 2020 * 12 + 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return dataset_of(tmp_path_factory.mktemp("reduce") / "dataset", TABLES)


@pytest.fixture(scope="module")
def once():
    """Reductions made so far; Spark needs seconds for each, so that tests share them."""
    return {}


@pytest.fixture
def reduction(folder, engine, open_engine, once):
    if engine not in once:
        once[engine] = reduce_dataset(open_engine(folder), forum=None, states=tuple(State), progress=ignore_progress)
    return once[engine]


def reduce_here(folder, **options):
    """On DuckDB alone."""
    settings = {"forum": None, "states": tuple(State), "progress": ignore_progress, **options}
    with open_dataset(folder) as dataset:
        return reduce_dataset(dataset, **settings)


def spread(reduction, trace):
    distribution = reduction.traces[trace].distribution
    return dict(zip(distribution.values.tolist(), distribution.members.tolist(), strict=True))


def test_members_and_accounts(reduction):
    assert reduction.members == 5
    assert reduction.accounts == {"member": 5, "guest": 1, "deleted": 1, "bot": 1}
    assert reduction.registrations == {JANUARY: 2, MARCH: 2, None: 1}


def test_the_same_number_on_two_forums_is_two_members(reduction):
    posts = reduction.traces["posts"]
    assert posts.by_month == {JANUARY: (3, 2), FEBRUARY: (1, 1), MARCH: (1, 1)}
    assert (posts.events, posts.members, posts.undated, posts.by_others) == (6, 3, 1, 3)
    assert spread(reduction, "posts") == {1.0: 1, 2.0: 1, 3.0: 1}


def test_what_the_two_busiest_made_of_each_month_and_section(reduction):
    """Guests and deleted authors are nobody's rivals; members of two forums are two."""
    posts = reduction.traces["posts"]
    assert posts.busiest_by_month == {JANUARY: (2, 1), FEBRUARY: (1, 0), MARCH: (1, 0)}
    assert reduction.busiest_in_sections["talk"] == (1, 0, 2, 1)
    assert reduction.busiest_in_sections["trade"][2:] == (1, 0)
    assert reduction.busiest_in_sections[None][2:] == (1, 0)


def test_what_members_made_altogether_bounds_a_month(tmp_path):
    """Nobody made more than 3 of all posts, so that 30 in a month are not counted by member; of 5, 2 are harmless."""
    rows = [(author, "2020-01-05") for author in range(15) for _ in range(2)]
    rows += [(author, "2020-02-05") for author in (0, 1, 2, 3, 4)]
    post = "post | author | at\n" + "\n".join(f"{own} | {author} | {at}" for own, (author, at) in enumerate(rows))
    member = "member | kind\n" + "\n".join(f"{own} | member" for own in range(15))
    posts = reduce_here(dataset_of(tmp_path / "dataset", {"member": member, "post": post})).traces["posts"]
    assert posts.busiest_by_month == {JANUARY: (3, 3), FEBRUARY: (2, 2)}


def test_other_traces(reduction):
    assert reduction.traces["threads"].by_month == {JANUARY: (1, 1), FEBRUARY: (1, 1)}
    assert reduction.traces["threads"].by_others == 1
    assert reduction.traces["downloads"].by_month == {FEBRUARY: (1, 1), MARCH: (2, 1)}
    assert reduction.traces["downloads"].by_others == 1
    assert spread(reduction, "reactions") == {2.0: 1}
    assert reduction.traces["views"].members == 1


def test_a_message_to_two_is_one_message(reduction):
    assert spread(reduction, "messages") == {1.0: 2}


def test_which_traces_members_left_together(reduction):
    assert reduction.trace_sets == {
        frozenset({"posts", "threads", "messages", "downloads"}): 1,
        frozenset({"posts", "threads", "reactions"}): 1,
        frozenset({"messages", "views", "downloads"}): 1,
        frozenset({"posts"}): 1,
    }
    assert reduction.members_with({"posts", "views"}) == 4


def test_sections_and_roles(reduction):
    assert reduction.sections == {"talk": (1, 1, 4, 3), "trade": (1, 1, 1, 1), None: (0, 0, 1, 1)}
    assert reduction.roles == {"moderator": (2, 1), "administrator": (1, 1)}
    assert reduction.role_evidence == {"log": 3, "snapshot": 2}


def test_acts_of_staff(reduction):
    """Whoever acts is a member of his own forum, and acts by nobody known are no member's."""
    acts = {
        kind: dict(zip(found.values.tolist(), found.members.tolist(), strict=True))
        for kind, found in reduction.moderation.items()
    }
    assert acts == {"move": {1.0: 1, 2.0: 1}, "close": {1.0: 1}}


def test_one_forum_alone(folder):
    found = reduce_here(folder, forum="forum-a")
    assert found.members == 4
    assert found.registrations == {JANUARY: 2, MARCH: 1, None: 1}
    assert found.sections == {"talk": (1, 1, 3, 2), "trade": (1, 1, 1, 1), None: (0, 0, 1, 1)}
    assert len(found.windows) == 1


def test_states_can_be_left_out(folder):
    found = reduce_here(folder, forum="forum-a", states=(State.VISIBLE,))
    assert found.traces["posts"].events == 4
    assert found.traces["threads"].events == 1


def test_an_unknown_forum_is_refused(folder):
    with pytest.raises(SettingsError, match="forum-a, forum-b"):
        reduce_here(folder, forum="forum-z")


def test_tables_may_be_missing(tmp_path):
    found = reduce_here(dataset_of(tmp_path / "dataset", {"forum": FORUMS, "member": MEMBERS}))
    assert found.members == 5
    assert (found.traces, found.trace_sets, found.sections, found.roles) == ({}, {}, {}, {})


def test_without_members_there_is_nothing_to_describe(tmp_path):
    folder = dataset_of(tmp_path / "dataset", {"forum": FORUMS, "post": POSTS})
    with pytest.raises(DatasetError, match="'member' is absent"):
        reduce_here(folder)


def test_progress_names_tables_only(folder):
    steps = []
    reduce_here(folder, progress=steps.append)
    assert [step.stage for step in steps][:2] == ["reading posts", "reading threads"]
    assert steps[-1].done == steps[-1].total
