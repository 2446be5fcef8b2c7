"""What was put into a simulated forum comes out of its profile."""

import numpy as np
import pytest

from vestige import open_dataset
from vestige.activity import ProfileSettings, fit_profile
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset


@pytest.fixture(scope="module")
def forum():
    return simulate_forum(settings=preset_settings("silent-downloaders", members=4_000), seed=11)


@pytest.fixture(scope="module")
def profile(forum, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recovery") / "f"
    write_simulated_dataset(folder, forum)
    with open_dataset(folder / "dataset") as dataset:
        return fit_profile(dataset, settings=ProfileSettings(per_days=14))


def test_the_published_figures_are_found(profile):
    """3.4 % of the members ever wrote, 93.6 % downloaded, 77 files a fortnight on average; within four errors."""
    values, exposure = profile.marks.values, profile.marks.exposure_days["downloads_rate"]
    there = np.isfinite(values["downloads_rate"])
    downloading = values["downloads"] > 0
    assert (values["posts"] > 0).mean() == pytest.approx(0.034, abs=4 * (0.034 * 0.966 / 4_000) ** 0.5)
    assert downloading[there].mean() == pytest.approx(0.936, abs=4 * (0.936 * 0.064 / 4_000) ** 0.5)
    files = values["downloads"][downloading & there].sum() / exposure[downloading & there].sum() * 14
    assert files == pytest.approx(77, abs=4 * 77 / (0.7 * 3_500) ** 0.5)


def test_visits_are_the_planted_ones(forum, profile):
    sessions = np.bincount(forum.truth.sessions.member, minlength=4_000)
    assert profile.marks.values["visits"].tolist() == sessions.tolist()
