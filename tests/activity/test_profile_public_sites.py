"""The profile on public sites: counts equal a plain count, and no figure is without meaning."""

import csv
import gzip
import math
from collections import Counter

import pytest

from public_sites import SITES, site_dataset
from vestige import open_dataset
from vestige.activity import compare_member, fit_profile, measure_groups


@pytest.mark.parametrize("site", SITES)
def test_a_public_site(site, shared, tmp_path):
    source = shared / "data" / "stackexchange" / site
    with gzip.open(source / "posts.csv.gz", "rt", encoding="utf-8") as stream:
        posts = Counter(row["member_id"] for row in csv.DictReader(stream))
    with open_dataset(site_dataset(source, tmp_path / "d")) as dataset:
        profile = fit_profile(dataset)
        groups = measure_groups(dataset, profile=profile)
    values = profile.marks.values["posts"]
    wanted = sorted(count for member, count in posts.items() if member not in {"", "-1"})
    assert sorted(values[values > 0].tolist()) == wanted
    busiest = compare_member(profile, profile.marks.pseudonym[int(values.argmax())].as_py())
    assert busiest.placed[0].rank.above == 0
    for result in (profile, groups, busiest):
        for table in result.safe_tables:
            for row in table.rows():
                assert all(math.isfinite(value) for value in row.values() if isinstance(value, float))
