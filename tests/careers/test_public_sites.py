"""Careers on four public sites: counts equal a plain count, and no figure is without meaning."""

import csv
import gzip
import math
from collections import Counter

import numpy as np
import pytest

from public_sites import SITES, site_dataset
from vestige import open_dataset
from vestige.careers import forecast_activity, measure_careers
from vestige.errors import DatasetError


@pytest.mark.parametrize("site", SITES)
def test_a_public_site(site, shared, tmp_path):
    source = shared / "data" / "stackexchange" / site
    with gzip.open(source / "posts.csv.gz", "rt", encoding="utf-8") as stream:
        posts = Counter(row["member_id"] for row in csv.DictReader(stream))
    with open_dataset(site_dataset(source, tmp_path / "d")) as dataset:
        result = measure_careers(dataset)
        try:
            foretold = forecast_activity(dataset)
        except DatasetError:
            foretold = None
    wanted = sorted(count for member, count in posts.items() if member not in {"", "-1"})
    careers = result.careers
    assert sorted(careers.events[careers.events > 0].tolist()) == wanted
    begun = careers.events > 0
    assert (careers.duration[begun] <= careers.observed[begun] + 2).all()
    assert (
        careers.effective_sections[np.isfinite(careers.entropy)]
        <= 1e-9 + careers.sections[np.isfinite(careers.entropy)]
    ).all()
    for found in (result, foretold):
        for table in () if found is None else found.safe_tables:
            assert all(
                not isinstance(value, float) or math.isfinite(value) for row in table.rows() for value in row.values()
            )
    if foretold is not None:
        assert foretold.learnt + foretold.judged.early.size <= result.population.member.size
