"""Every source file: its SQL fits the schema and its own declarations, whatever is missing."""

import pytest

from derive.derivations import assert_valid, derive
from vestige.dataset.schema import TABLES
from vestige.derive.assembling import collect_raw, count_findings, supplied_columns
from vestige.derive.contract import TableRead
from vestige.derive.opening import known_software, source_of
from vestige.derive.staging import Staging

SOURCES = [source_of(software) for software in known_software()]


@pytest.fixture(params=SOURCES, ids=lambda source: source.software.value)
def source(request):
    return request.param


def test_every_select_runs_over_empty_tables_and_names_columns_of_the_schema(source, tmp_path):
    with Staging(tmp_path, memory=128_000_000) as staging:
        staging.declare(source.tables)
        staging.create("custodian_group", "id BIGINT, role VARCHAR, rank BIGINT", [])
        present = {table.name: TableRead(table.name, present=True, rows=0) for table in source.tables}
        if source.prepare:
            source.prepare(staging)
        assert set(collect_raw(staging, source, present)) == set(source.assembly)
        assert count_findings(staging, source) == []
        for name, parts in source.assembly.items():
            allowed = {column.name for column in supplied_columns(TABLES[name])}
            for select in parts.values():
                found = {row[0] for row in staging.rows(f"DESCRIBE {select}")}
                assert found <= allowed, name


def test_a_forum_of_empty_tables_is_a_valid_dataset(source, tmp_path):
    tables = {table.name: {column.name: [] for column in table.columns} for table in source.tables if table.required}
    result = derive(tmp_path, tables, source=source)
    assert_valid(result)


def test_what_a_source_supplies_and_what_it_lacks_is_every_table(source):
    assert set(TABLES) - {"forum"} == set(source.assembly) | {what for what in source.absent if what in TABLES}


def test_no_package_has_all_the_tables_that_identify_another():
    """Else a forum of one would be taken for the other."""
    for one in SOURCES:
        for other in SOURCES:
            tables = {name.lower() for name in (*other.detect, *(table.name for table in other.tables))}
            for detect in (one.detect, one.granted_detect):
                assert one is other or not {name.lower() for name in detect} <= tables
