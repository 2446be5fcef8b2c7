"""Which post of a phpBB topic opens it: the one the topic names, and the first where that one is not in it."""

import duckdb
import pytest

from vestige.derive.sources.phpbb import PHPBB

POSTS = {1: [10, 11, 15], 2: [12, 13], 3: [14, 16], 4: [17, 18], 5: [19, 20]}
TOLD = {1: 11, 2: 99, 3: 13, 4: 0, 6: 10}
"""Named although not the first; not there; in another topic; unset; topic 5 has no row, topic 6 has no posts."""


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        for table in PHPBB.tables:
            columns = ", ".join(f'"{column.name}" BIGINT' for column in table.columns)
            connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
        yield connection


def test_opening_posts(connection):
    for topic, posts in POSTS.items():
        connection.executemany("INSERT INTO posts (post_id, topic_id) VALUES (?, ?)", [(post, topic) for post in posts])
    connection.executemany("INSERT INTO topics (topic_id, topic_first_post_id) VALUES (?, ?)", list(TOLD.items()))
    found = connection.sql(PHPBB.assembly["post"]["posts"]).project("thread, post, is_opening").fetchall()
    assert len(found) == sum(map(len, POSTS.values()))
    assert {thread: post for thread, post, opens in found if opens} == {1: 11, 2: 12, 3: 14, 4: 17, 5: 19}
    assert sum(opens for *_, opens in found) == len(POSTS)
