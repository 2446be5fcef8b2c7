"""Attainment of a role: by hand on both engines, and recovered from simulated forums."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.careers import AttainmentSettings, Clock, Covariate, fit_attainment
from vestige.careers.attainment import ATTAINED, BANNED, LEFT
from vestige.dataset.schema import Role
from vestige.errors import DatasetError, SettingsError
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset
from vestige.simulate.truth import standing_incidence

DAY = 86_400
BEFORE, JANUARY, LATER_IN_JANUARY = map(datetime.fromisoformat, ("2014-12-01", "2020-01-01", "2020-01-09"))
TABLES = {
    "member": """
        member | registered_at | kind
        0      | 2020-01-01    | member
        1      | 2020-01-01    | member
        2      | 2020-01-01    | member
        3      | 2020-01-11    | member
        4      | 2019-12-02    | member
        5      | 2020-01-01    | member
        6      | 2020-01-01    | guest
    """,
    "role_spell": """
        member | role      | start_at   | evidence
        0      | vip       | 2020-01-21 | log
        0      | moderator | 2020-02-21 | log
        1      | vip       | 2020-02-21 | log
        4      | vip       | 2020-02-01 | log
        5      | vip       | 2020-01-01 | log
        6      | vip       | 2020-02-01 | log
    """,
    "sanction": "member | kind | at\n1 | ban | 2020-02-11\n3 | warning | 2020-01-12",
    "post": """
        seq | thread | author | at         | is_opening
        0   | 0      | 0      | 2020-03-20 | yes
        1   | 0      | 2      | 2020-01-15 | no
        2   | 0      | 3      | 2020-03-25 | no
    """,
    "thread": "thread\n0",
}


@pytest.fixture
def folder(tmp_path):
    return dataset_of(tmp_path / "d", TABLES)


def test_histories_by_hand_on_both_engines(folder, open_engine):
    """Banned before the role; silent since 15 January; before the window; and held from the first day."""
    settings = AttainmentSettings(Role.VIP, leaving_after=60, covariates=())
    result = fit_attainment(open_engine(folder), settings=settings)
    histories = result.histories
    assert result.population.member[result.chosen].tolist() == [0, 1, 2, 3, 4]
    assert (histories.end / DAY).tolist() == [20, 41, 14, 80, 61]
    assert (histories.entry / DAY).tolist() == [0, 0, 0, 0, 30]
    assert histories.cause.tolist() == [ATTAINED, BANNED, LEFT, 0, ATTAINED]
    codes = {finding.code for finding in result.findings}
    assert codes >= {"held-from-the-start", "delayed-entry", "few-attained", "leaving"}
    assert result.member_rows().column("cause").to_pylist() == ["attained", "banned", "left", None, "attained"]
    assert not result.shown


def test_without_leaving_silence_is_no_cause(folder):
    with open_dataset(folder) as dataset:
        result = fit_attainment(dataset, settings=AttainmentSettings(leaving_after=None, covariates=()))
    assert LEFT not in result.causes
    assert result.histories.cause.tolist() == [ATTAINED, BANNED, 0, 0, ATTAINED]


def test_a_role_without_dates_or_holders_is_refused(folder, tmp_path):
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="no spell of the role administrator"):
        fit_attainment(dataset, settings=AttainmentSettings(Role.ADMINISTRATOR))
    without = dataset_of(tmp_path / "e", {name: text for name, text in TABLES.items() if name != "role_spell"})
    with open_dataset(without) as dataset, pytest.raises(DatasetError, match="has no roles"):
        fit_attainment(dataset)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"role": "queen"}, "role"), ({"clock": "moon"}, "clock"), ({"covariates": ("luck",)}, "covariate"),
     ({"covariates": ("posts", "posts")}, "named once"), ({"covariates": ("tenure",)}, "tenure is the clock"),
     ({"leaving_after": 0}, "leaving_after"), ({"most_members": 5}, "most_members")],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(SettingsError, match=words):
        AttainmentSettings(**settings)


@pytest.fixture(scope="module")
def forum():
    """6,000 members of the simulator over three years."""
    return simulate_forum(settings=preset_settings("posting-groups", members=6_000, months=36), seed=4)


@pytest.fixture(scope="module")
def simulated(forum, tmp_path_factory):
    """The same as a dataset."""
    folder = tmp_path_factory.mktemp("forum") / "f"
    write_simulated_dataset(folder, forum)
    return folder / "dataset"


def test_the_planted_hazard_ratio_is_recovered_on_either_clock(simulated):
    """Promotion has log hazard ratio 1 for members who posted in their first month."""
    early = AttainmentSettings(covariates=(Covariate.POSTED_EARLY,), leaving_after=None)
    with_tenure = AttainmentSettings(
        covariates=(Covariate.POSTED_EARLY, Covariate.TENURE), clock=Clock.CALENDAR, leaving_after=None
    )
    with open_dataset(simulated) as dataset:
        found, calendar = (fit_attainment(dataset, settings=settings) for settings in (early, with_tenure))
    for effects in (found.effects, calendar.effects):
        error = np.sqrt(effects.fit.covariance[0, 0])
        assert abs(effects.fit.coefficients[0] - 1.0) < 3 * error
        assert error < 0.15
    assert calendar.effects.names == ("posted-early", "tenure")
    assert abs(calendar.effects.fit.coefficients[1]) < 4 * np.sqrt(calendar.effects.fit.covariance[1, 1])
    assert found.effects.proportionality.p_value[0] > 0.001
    assert found.shown


def test_incidence_is_that_of_the_planted_hazards(forum, simulated):
    with open_dataset(simulated) as dataset:
        result = fit_attainment(dataset, settings=AttainmentSettings(covariates=(), leaving_after=None))
    for month in (12, 24):
        truth = standing_incidence(forum, month * 30.4375)
        for cause in (0, 1):
            error = result.incidence.error[month - 1, cause]
            assert abs(result.incidence.incidence[month - 1, cause] - truth[cause]) < 3.5 * error
    assert (result.naive.incidence[:, 0] >= result.incidence.incidence[:, 0] - 1e-12).all()


def test_covariates_from_outside_count_from_the_month_after_they_are_known(simulated):
    """A covariate that jumps in the month of the promotion itself must say nothing; one from before must be used."""
    with open_dataset(simulated) as dataset:
        members = dataset.arrow("member").filter(pa.compute.equal(dataset.arrow("member").column("kind"), "member"))
        spells = dataset.arrow("role_spell").to_pylist()
        promoted = {row["member"]: row["start_at"] for row in spells if row["role"] == "vip"}
        generator = np.random.default_rng(1)
        rows = []
        for row in members.to_pylist():
            rows.append({"pseudonym": row["pseudonym"], "at": BEFORE, "position": generator.normal()})
            if row["member"] in promoted:
                rows.append({"pseudonym": row["pseudonym"], "at": promoted[row["member"]], "position": 9.0})
        table = pa.Table.from_pylist(rows)
        settings = AttainmentSettings(covariates=(Covariate.POSTED_EARLY,), leaving_after=None)
        effects = fit_attainment(dataset, settings=settings, external=table).effects
    assert effects.names == ("posted-early", "position")
    assert abs(effects.fit.coefficients[1]) < 3.5 * np.sqrt(effects.fit.covariance[1, 1])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"pseudonym": ["a"], "x": [1.0]}, "lacks pseudonym"),
        ({"pseudonym": ["a"], "at": [JANUARY], "x": ["secret"]}, "not numeric"),
        ({"pseudonym": ["a"], "at": [None], "x": [1.0]}, "lacks pseudonym"),
        ({"pseudonym": ["a"], "at": [JANUARY], "x y": [1.0]}, "not plain"),
        ({"pseudonym": [f"{0:032x}"], "at": [JANUARY], "x": [float("nan")]}, "not finite"),
        (
            {"pseudonym": [f"{0:032x}"] * 2, "at": [JANUARY, LATER_IN_JANUARY], "x": [1.0, 2.0]},
            "two rows of covariates in one month",
        ),
    ],
)
def test_a_table_of_covariates_of_another_shape_is_refused(folder, columns, words):
    with open_dataset(folder) as dataset, pytest.raises(SettingsError, match=words) as caught:
        fit_attainment(dataset, external=pa.table(columns))
    assert "secret" not in str(caught.value)
