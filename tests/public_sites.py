"""The public Stack Exchange sites of ../shared/data/stackexchange as datasets: events only, sections by number."""

from pathlib import Path

import duckdb
import pyarrow as pa

from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import Software

SITES = ("alcohol-2020", "alcohol-meta-2022", "conlang-meta-2020", "french-meta-2021")


def site_dataset(source: Path, folder: Path, *, roles: bool = False) -> Path:
    """Write one site as a dataset: members, sections, threads, posts (comments included) and reactions (votes).

    With `roles`, who has the badge of a moderator, or set a tag of moderators twice; since when, no dump tells.
    """
    connection = duckdb.connect()
    for name in ("posts", "members", "thanks"):
        connection.execute(
            f"CREATE TABLE raw_{name} AS SELECT * FROM read_csv('{source / name}.csv.gz', all_varchar = true)"
        )
    connection.execute(
        "CREATE TABLE who AS SELECT member_id, row_number() OVER (ORDER BY member_id::BIGINT) - 1 AS id,"
        " joined::TIMESTAMP_S AS joined FROM raw_members WHERE member_id IS NOT NULL"
    )
    connection.execute(
        "CREATE TABLE place AS SELECT section, row_number() OVER (ORDER BY section) - 1 AS id"
        " FROM (SELECT DISTINCT section FROM raw_posts WHERE section IS NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE topic AS SELECT thread_id, row_number() OVER (ORDER BY thread_id::BIGINT) - 1 AS id"
        " FROM (SELECT DISTINCT thread_id FROM raw_posts)"
    )
    connection.execute(
        "CREATE TABLE entry AS SELECT p.*, row_number() OVER (ORDER BY time::TIMESTAMP_S, kind, post_id) - 1 AS id,"
        " kind = 'question' AND p.post_id = p.thread_id AS opens FROM raw_posts p"
    )
    queries = {
        "forum": "SELECT 0 AS forum, 'site' AS code, 'tables' AS software, min(moment) AS window_start,"
        " max(moment) AS window_end FROM (SELECT time::TIMESTAMP_S AS moment FROM entry UNION ALL SELECT joined"
        " FROM who UNION ALL SELECT time::TIMESTAMP_S FROM raw_thanks)",
        "member": "SELECT 0 AS forum, id AS member, md5(member_id) AS pseudonym, joined AS registered_at,"
        " if(member_id = '-1', 'system', 'member') AS kind FROM who ORDER BY id",
        "section": "SELECT 0 AS forum, id AS section, 'section-' || (id + 1) AS kind FROM place ORDER BY id",
        "thread": "SELECT 0 AS forum, t.id AS thread, any_value(p.id) AS section, any_value(w.id) FILTER (e.opens) AS"
        " starter, min(e.time::TIMESTAMP_S) AS created_at, 'visible' AS state FROM entry e JOIN topic t"
        " USING (thread_id) LEFT JOIN who w USING (member_id) LEFT JOIN place p ON p.section = e.section"
        " GROUP BY t.id ORDER BY t.id",
        "post": "SELECT 0 AS forum, e.id AS post, e.id AS seq, t.id AS thread, p.id AS section, w.id AS author,"
        " e.time::TIMESTAMP_S AS at, opens AS is_opening, 'visible' AS state, 0 AS attachments FROM entry e"
        " JOIN topic t USING (thread_id) LEFT JOIN who w USING (member_id) LEFT JOIN place p ON p.section = e.section"
        " ORDER BY e.id",
        "reaction": "SELECT 0 AS forum, g.id AS giver, r.id AS receiver, v.time::TIMESTAMP_S AS at, kind,"
        " if(kind = 'down', -1, 1) AS weight FROM raw_thanks v LEFT JOIN who g ON g.member_id = v.from_member"
        " LEFT JOIN who r ON r.member_id = v.to_member",
    }
    if roles:
        connection.execute(
            f"CREATE TABLE raw_roles AS SELECT * FROM read_csv('{source / 'roles.csv'}', all_varchar = true)"
        )
        queries["role_spell"] = (
            "SELECT 0 AS forum, w.id AS member, 'moderator' AS role, 'snapshot' AS evidence FROM raw_roles"
            " JOIN who w USING (member_id) GROUP BY w.id HAVING bool_or(role = 'moderator') OR count(*) > 1"
            " ORDER BY w.id"
        )
    tables = {name: _arrow(name, connection.sql(query).to_arrow_table()) for name, query in queries.items()}
    kinds = tuple(tables["section"].column("kind").to_pylist())
    manifest = Manifest(
        (ForumEntry(0, "site", Software.TABLES),), TimeResolution.SECOND, codes={"section.kind": tuple(sorted(kinds))}
    )
    write_dataset(folder, tables, manifest)
    return folder


def _arrow(name: str, found: pa.Table) -> pa.Table:
    columns = {
        field.name: found.column(field.name).cast(field.type)
        if field.name in found.column_names
        else pa.nulls(found.num_rows, field.type)
        for field in arrow_schema(name)
    }
    return pa.table(columns, schema=arrow_schema(name))
