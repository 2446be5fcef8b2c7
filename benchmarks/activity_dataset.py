"""A large dataset for the benchmarks of activity, made by DuckDB straight into Parquet."""

from pathlib import Path

import duckdb

from vestige.dataset import ForumEntry, Manifest, TimeResolution
from vestige.dataset.schema import Software
from vestige.dataset.store import seal_manifest

DAYS = 1_461
SECTIONS = 40
PAGES = 8
"""Mean number of pages of a visit."""


def make_dataset(folder: Path, views: int) -> None:
    """Views in visits of members whose activity is heavy-tailed and grows; a fifth as many posts, a tenth as many
    downloads, a hundredth as many members, a hundred-and-fiftieth as many threads."""
    folder.mkdir(parents=True)
    members, posts, threads = max(1_000, views // 100), views // 5, max(100, views // 150)
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("CREATE MACRO unit(i, k) AS (hash(i * 16 + k) % 1000000007) / 1000000007.0")
    connection.execute("CREATE MACRO moment(u) AS TIMESTAMP '2016-01-01' + to_microseconds((u * 1e6)::BIGINT)")
    span = DAYS * 86_400 - 20_000
    someone = f"floor(({members} - 1) * pow(unit({{i}}, 1), 3))::BIGINT + 1"
    tables = {
        "forum": "SELECT 0::BIGINT AS forum, 'bench' AS code, 'simulated' AS software,"
        f" moment(0) AS window_start, moment({DAYS * 86_400 - 1}) AS window_end, NULL::VARCHAR AS access,"
        " NULL::TIMESTAMP AS online_from, NULL::TIMESTAMP AS online_to",
        "member": "SELECT 0::BIGINT AS forum, i AS member, format('{:032x}', i) AS pseudonym,"
        f" NULL::VARCHAR AS linked_pseudonym, moment(floor(pow(unit(i, 2), 0.7) * {span})) AS registered_at,"
        f" if(i = 0, 'guest', 'member') AS kind FROM range({members}) t(i)",
        "section": "SELECT 0::BIGINT AS forum, i AS section, NULL::BIGINT AS parent,"
        f" 'section-' || (i + 1) AS kind FROM range({SECTIONS}) t(i)",
        "thread": f"SELECT 0::BIGINT AS forum, i AS thread, hash(i) % {SECTIONS} AS section,"
        f" {someone.format(i='i')} AS starter, moment(floor(sqrt(i / {threads}) * {span})) AS created_at,"
        f" 'visible' AS state, NULL::BIGINT AS views FROM range({threads}) t(i)",
        "post": "SELECT 0::BIGINT AS forum, i AS post, i AS seq, thread, hash(thread) % "
        f"{SECTIONS} AS section, {someone.format(i='i + 7')} AS author, moment(floor(sqrt(i / {posts}) * {span}) + 1)"
        " AS at, i = first AS is_opening, NULL::BIGINT AS parent_post, NULL::TIMESTAMP AS edited_at,"
        " 'visible' AS state, 0::BIGINT AS attachments FROM (SELECT i, thread, ceil(thread * "
        f"({posts} / {threads}))::BIGINT AS first FROM (SELECT i, greatest(0, floor(i * ({threads} / {posts}))"
        f" - floor(pow(unit(i, 5), 6) * 5000))::BIGINT AS thread FROM range({posts}) t(i)))",
        "view": _visits("view", views, span, someone),
        "download": _visits("download", views // 10, span, someone),
    }
    for name, query in tables.items():
        target = f"'{folder / name}.parquet' (FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER false)"
        connection.execute(f"COPY (SELECT {_columns(name)} FROM ({query})) TO {target}")
    connection.close()
    codes = {"section.kind": tuple(f"section-{place + 1}" for place in range(SECTIONS))}
    forums = (ForumEntry(0, "bench", Software.SIMULATED),)
    seal_manifest(folder, Manifest(forums, TimeResolution.SECOND, codes=codes))


def _visits(table: str, rows: int, span: int, someone: str) -> str:
    """Visits in the order of time; a page every 45 seconds or so."""
    visits = rows // PAGES
    starts = (
        f"SELECT i, {someone.format(i='i + 3')} AS member, floor(sqrt(i / {visits}) * {span}) AS start,"
        f" 1 + floor(-ln(unit(i, 6) + 1e-9) * {PAGES - 0.5})::BIGINT AS pages FROM range({visits}) t(i)"
    )
    pages = (
        "SELECT i * 1024 + page AS k, member, start + page * 45 + floor(unit(i * 1024 + page, 8) * 40) AS second"
        f" FROM (SELECT *, unnest(range(least(pages, 200))) AS page FROM ({starts}))"
    )
    if table == "download":
        return (
            "SELECT 0::BIGINT AS forum, member, moment(second) AS at, NULL::BIGINT AS object,"
            f" if(unit(k, 9) < 0.9, 'completed', 'attempted') AS outcome FROM ({pages})"
        )
    return (
        f"SELECT 0::BIGINT AS forum, member, moment(second) AS at, NULL::BIGINT AS thread,"
        f" hash(k) % {SECTIONS} AS section, 'thread' AS kind FROM ({pages})"
    )


def _columns(table: str) -> str:
    from vestige.dataset.arrow import arrow_schema

    types = {"int64": "BIGINT", "string": "VARCHAR", "timestamp[us]": "TIMESTAMP", "bool": "BOOLEAN"}
    return ", ".join(f'"{field.name}"::{types[str(field.type)]} AS "{field.name}"' for field in arrow_schema(table))
