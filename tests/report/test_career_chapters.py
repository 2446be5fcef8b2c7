"""The optional chapters on careers."""

from vestige import open_dataset
from vestige.report import ReportSettings, build_report
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset


def test_chapters_on_careers_are_added_when_asked_for(tmp_path):
    write_simulated_dataset(tmp_path / "f", simulate_forum(settings=preset_settings("posting-groups", members=2_500)))
    with open_dataset(tmp_path / "f" / "dataset") as dataset:
        made = build_report(dataset, settings=ReportSettings(chapters=("careers",)), seed=1)
        plain = build_report(dataset, seed=1)
    keys = [chapter.key for chapter in made.chapters]
    assert {"careers", "attained-vip", "forecast"} <= set(keys)
    assert "attained-registered" not in keys
    assert "careers" not in [chapter.key for chapter in plain.chapters]
    assert "--with careers" in made.html
    with open_dataset(tmp_path / "f" / "dataset") as dataset:
        names = set(dataset.arrow("member").column("pseudonym").to_pylist())
    assert not any(name in made.html for name in names)
