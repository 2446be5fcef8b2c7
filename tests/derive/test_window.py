from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.derive.window import SILENCE, STRAY_SHARE, chosen_end, plausible_periods
from vestige.errors import SettingsError

DAY = 86400 * 1_000_000


def test_bogus_clocks_do_not_stretch_the_window():
    years_2010_to_2014 = dict.fromkeys(range(490, 540), 100)
    assert plausible_periods({**years_2010_to_2014, 110: 3, 1650: 40}) == (490, 539)


def test_a_second_life_of_a_forum_is_no_bogus_clock():
    assert plausible_periods({100: 500, 101: 400, 200: 30}) == (100, 200)


def test_a_single_stray_event_is_told_apart_in_a_small_forum():
    assert plausible_periods({100: 5, 200: 1}) == (100, 100)
    assert plausible_periods({100: 1, 200: 1}) == (100, 200)
    assert plausible_periods({}) is None


@given(st.dictionaries(st.integers(0, 2000), st.integers(1, 1000), min_size=1, max_size=40))
def test_what_is_cut_is_rare_and_far_away(counts):
    first, last = plausible_periods(counts)
    assert first in counts
    assert last in counts
    for side in ([p for p in counts if p < first], [p for p in counts if p > last]):
        if side:
            groups = 1 + sum(b - a > SILENCE for a, b in zip(sorted(side), sorted(side)[1:], strict=False))
            most = max(int(STRAY_SHARE * sum(counts.values())), 1)
            assert sum(counts[period] for period in side) <= most * groups
            assert min(abs(period - edge) for period in side for edge in (first, last)) > SILENCE


def test_the_chosen_day_is_the_last_one_observed():
    assert chosen_end(0, 99 * DAY, date(1970, 1, 10)) == 10 * DAY - 1
    assert chosen_end(0, 99 * DAY, None) == 99 * DAY
    with pytest.raises(SettingsError, match="before the first event"):
        chosen_end(11 * DAY, 99 * DAY, date(1970, 1, 10))
