"""Typed values: what a cell means, and what a comparison of bands can and cannot say."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.casefiles.values import (
    Day,
    Mangled,
    Missing,
    Quantity,
    add,
    format_value,
    is_equal,
    is_less,
    multiply,
    negate,
    parse_day,
    parse_missing,
    parse_quantity,
    parse_share,
)


@pytest.mark.parametrize(
    ("cell", "expected", "shown"),
    [
        ("12", Quantity(12, 12), "12"),
        ("1,000", Quantity(1000, 1000), "1,000"),
        ("10-20", Quantity(10, 20), "10\u201320"),
        ("10 \u2013 20", Quantity(10, 20), "10\u201320"),
        (">1,000", Quantity(1000, math.inf, low_open=True), ">1,000"),
        (">=5", Quantity(5, math.inf), "≥5"),
        ("<3", Quantity(0, 3, high_open=True), "<3"),
        ("<=3", Quantity(0, 3), "≤3"),
    ],
)
def test_quantities_keep_their_form(cell, expected, shown):
    assert parse_quantity(cell, whole=True) == expected
    assert format_value(expected) == shown


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("Oct-20", Mangled.SPREADSHEET_DATE),
        ("20-Oct", Mangled.SPREADSHEET_DATE),
        ("2020-10-01 00:00:00", Mangled.SPREADSHEET_DATE),
        ("10/20/2020", Mangled.SPREADSHEET_DATE),
        ("1.000", Mangled.AMBIGUOUS_THOUSANDS),
        ("20-10", Mangled.REVERSED_BAND),
        ("-4", Mangled.NEGATIVE),
        ("2.5", Mangled.NOT_WHOLE),
        ("a dozen", Mangled.NOT_A_NUMBER),
    ],
)
def test_cells_that_are_no_count(cell, fault):
    assert parse_quantity(cell, whole=True) is fault


def test_decimal_comma_only_where_cells_are_separated_by_semicolons():
    assert parse_quantity("0,5", whole=False, decimal_comma=True) == Quantity(0.5, 0.5)
    assert parse_quantity("0,5", whole=False) is Mangled.NOT_A_NUMBER
    assert parse_quantity("1,000", whole=True, decimal_comma=True) is Mangled.AMBIGUOUS_THOUSANDS
    assert parse_quantity("1.000", whole=False, decimal_comma=True) is Mangled.AMBIGUOUS_THOUSANDS


def test_shares_are_closed_at_one():
    assert parse_share(">0.5") == Quantity(0.5, 1.0, low_open=True)
    assert parse_share("1.2") is Mangled.NOT_A_SHARE
    assert parse_share("2-3") is Mangled.NOT_A_SHARE


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2019-05-06", Day(date(2019, 5, 6), date(2019, 5, 6))),
        ("2019-12", Day(date(2019, 12, 1), date(2019, 12, 31))),
        ("2020-02", Day(date(2020, 2, 1), date(2020, 2, 29))),
        ("2019", Day(date(2019, 1, 1), date(2019, 12, 31))),
        ("6-5-2019", Mangled.SPREADSHEET_FORMAT),
        ("06/05/19", Mangled.SPREADSHEET_FORMAT),
        ("43591", Mangled.DAY_NUMBER),
        ("2019-13", Mangled.NOT_A_DATE),
        ("2019-02-30", Mangled.NOT_A_DATE),
        ("soon", Mangled.NOT_A_DATE),
        ("43\u00b259", Mangled.NOT_A_DATE),
    ],
)
def test_days(cell, expected):
    assert parse_day(cell) == expected


def test_three_ways_to_be_missing_stay_apart():
    assert [parse_missing(cell) for cell in ("", "?", "unknown", "n/a", "NA", "0", "none")] == [
        Missing.NOT_CODED,
        Missing.UNKNOWN,
        Missing.UNKNOWN,
        Missing.NOT_APPLICABLE,
        Missing.NOT_APPLICABLE,
        None,
        None,
    ]
    assert len({format_value(missing) for missing in Missing}) == 3


def test_bands_compare_only_when_they_must():
    band, above = Quantity(10, 20), Quantity(20, math.inf, low_open=True)
    assert is_less(band, above) is True
    assert is_less(band, Quantity(20, math.inf)) is None
    assert is_less(Quantity(15, 15), band) is None
    assert is_less(above, band) is False
    assert is_equal(band, Quantity(10, 20)) is None
    assert is_equal(band, above) is False


spans = st.tuples(st.integers(-30, 30), st.integers(0, 20)).map(lambda pair: Quantity(pair[0], pair[0] + pair[1]))


@given(spans, spans, st.data())
def test_range_arithmetic_and_comparisons_hold_for_every_member(one, other, data):
    """A sure answer is right for every pair of numbers inside; a result's range holds every result."""
    a = data.draw(st.integers(int(one.low), int(one.high)))
    b = data.draw(st.integers(int(other.low), int(other.high)))
    for sure, truth in ((is_less(one, other), a < b), (is_equal(one, other), a == b)):
        assert sure is None or sure is truth
    for combined, result in ((add(one, other), a + b), (multiply(one, other), a * b), (negate(one), -a)):
        assert combined.low <= result <= combined.high
