"""Threads of messages that name their ancestors: parents, roots and openings, from numbers alone, in the engine.

As Zawinski's algorithm does (1997-2002, "message threading", steps 1 and 2), but never by subject: the parent of a
message is the last of its references; an ancestor that the archive lacks keeps its place in the tree, so that two
answers to a missing message are in one thread; its own parent is what the first message that names it says. Loops,
which broken or hostile headers can make, are cut at their first message.

Nothing of an archive's size is in memory: the engine spills under its limit. A node of the trees is a message's
number, from 0, or the digest of a missing message's id, below 0. Roots are found by doubling (Wyllie, 1979): every
round, a node that is not at its root yet takes over where its goal has come to, so that a chain of n takes about
log2(n) rounds.
"""

from typing import Final

from vestige.derive.contract import Statements

MADE: Final = ("_again", "_head", "_list", "_post")
"""Tables that are left.

`_again` (message): came before under the same id. `_head` (root, message): of a root with answers, the first message
of the thread. `_list` (place, number): lists in the order in which they first come. `_post`: every message that did not
come before, with its thread, parent and section.
"""

_UNSIGNED: Final = "CASE WHEN {0} < 0 THEN {0}::HUGEINT + 18446744073709551616 ELSE {0}::HUGEINT END"
"""Nodes in an order that has messages first."""


def join_threads(engine: Statements) -> tuple[str, ...]:
    """Build the trees from the staged tables `messages`, `ancestors` and `lists`; returns the tables made.

    No statement joins more than two tables of an archive's size: DuckDB cannot spill several joins of one statement.
    """
    engine.run(
        "CREATE TABLE _first AS "
        "SELECT digest, min(message) AS message FROM messages WHERE digest IS NOT NULL GROUP BY digest"
    )
    engine.run(
        "CREATE TABLE _again AS SELECT m.message FROM messages m ANTI JOIN _first f ON f.message = m.message "
        "WHERE m.digest IS NOT NULL"
    )
    _link(engine)
    engine.run("DROP TABLE _first")
    _climb(engine, "_top", "SELECT node, up FROM _link")
    if _cut_loops(engine):
        engine.run("DROP TABLE _top")
        _climb(engine, "_top", "SELECT node, up FROM _link")
    engine.run("DROP TABLE _active")
    _climb(engine, "_anchor", "SELECT node, up FROM _link WHERE node < 0")
    engine.run("DROP TABLE _active")
    engine.run(
        "CREATE TABLE _head AS SELECT goal AS root, "
        "least(min(node), CASE WHEN goal >= 0 THEN goal END) AS message FROM _top WHERE node >= 0 GROUP BY goal"
    )
    _place(engine)
    _make_posts(engine)
    return MADE


def _link(engine: Statements) -> None:
    """Make `_link`: what each message says of itself, and what the first says of each missing ancestor."""
    engine.run(
        "CREATE TABLE _said AS SELECT message AS node, above AS up FROM messages WHERE above IS NOT NULL "
        "AND message NOT IN (SELECT message FROM _again)"
    )
    engine.run(
        "INSERT INTO _said SELECT a.child, arg_min(a.before, a.said) "
        "FROM ancestors a ANTI JOIN _first f ON f.digest = a.child GROUP BY a.child"
    )
    engine.run(
        "CREATE TABLE _link AS SELECT * FROM (SELECT s.node, coalesce(f.message, s.up) AS up "
        "FROM _said s LEFT JOIN _first f ON f.digest = s.up) WHERE node <> up"
    )
    engine.run("DROP TABLE _said")


def _place(engine: Statements) -> None:
    """Make `_placed` (message, thread, parent, is_opening) of `_link`, `_top`, `_anchor` and `_head`.

    It has every message that is not alone in its thread; those that came again have none. All but `_head` is done with.
    """
    engine.run(
        "CREATE TABLE _answer AS SELECT l.node AS message, l.up, t.goal FROM _link l JOIN _top t ON t.node = l.node "
        "WHERE l.node >= 0"
    )
    engine.run("DROP TABLE _top")
    engine.run(
        "CREATE TABLE _parented AS SELECT r.message, r.goal, "
        "CASE WHEN r.up >= 0 THEN r.up WHEN a.goal >= 0 THEN a.goal END AS parent "
        "FROM _answer r LEFT JOIN _anchor a ON a.node = r.up"
    )
    engine.run("DROP TABLE _answer")
    engine.run("DROP TABLE _anchor")
    engine.run(
        "CREATE TABLE _placed AS SELECT p.message, h.message AS thread, p.parent, FALSE AS is_opening "
        "FROM _parented p JOIN _head h ON h.root = p.goal"
    )
    engine.run("DROP TABLE _parented")
    engine.run("INSERT INTO _placed SELECT root, message, NULL, TRUE FROM _head WHERE root >= 0")
    engine.run("INSERT INTO _placed SELECT message, NULL, NULL, FALSE FROM _again")
    engine.run("DROP TABLE _link")


def _make_posts(engine: Statements) -> None:
    """Make `_post` of the messages and `_placed`, where those alone in their threads are not."""
    engine.run(
        "CREATE TABLE _list AS SELECT place, row_number() OVER (ORDER BY message) - 1 AS number "
        "FROM (SELECT place, min(message) AS message FROM lists GROUP BY place)"
    )
    engine.create_in_parts(
        "_post",
        'SELECT m.message AS post, coalesce(p.thread, m.message) AS thread, n.number AS section, m.author, m."at", '
        "p.is_opening IS NOT FALSE AS is_opening, p.parent AS parent_post "
        "FROM (SELECT * FROM messages WHERE {part}) m LEFT JOIN _placed p ON p.message = m.message "
        "JOIN _list n ON n.place = m.place WHERE p.message IS NULL OR p.thread IS NOT NULL",
        "messages",
    )
    engine.run("DROP TABLE _placed")


def _climb(engine: Statements, made: str, links: str) -> None:
    """Find the root of every node of `links`; those that lead into a loop are left in `_active`."""
    engine.run(f"CREATE TABLE {made} (node BIGINT, goal BIGINT)")
    engine.run(f"CREATE TABLE _active AS {links}")
    arrived = 1
    while arrived:
        engine.run(
            "CREATE TABLE _next AS SELECT a.node, a.up, b.up AS further "
            "FROM _active a LEFT JOIN _active b ON b.node = a.up"
        )
        engine.run("DROP TABLE _active")
        engine.run("CREATE TABLE _active AS SELECT node, further AS up FROM _next WHERE further IS NOT NULL")
        (arrived,) = engine.row("SELECT count(*) FROM _next WHERE further IS NULL")
        engine.run(
            f"INSERT INTO {made} SELECT n.node, coalesce(t.goal, n.up) "
            f"FROM _next n LEFT JOIN {made} t ON t.node = n.up WHERE n.further IS NULL"
        )
        engine.run("DROP TABLE _next")


def _cut_loops(engine: Statements) -> int:
    """Make the first node of every loop a root; returns how many nodes lead into one.

    After as many steps as there are nodes in `_active`, every one of them is in its loop, and has passed all of it.
    """
    (active,) = engine.row("SELECT count(*) FROM _active")
    low = _UNSIGNED.format("node")
    engine.run(
        f"CREATE TABLE _walk AS SELECT l.node, l.up AS far, {low} AS low FROM _link l SEMI JOIN _active a "
        "ON a.node = l.node"
    )
    for _ in range(int(active).bit_length() if active else 0):
        engine.run(
            "CREATE TABLE _further AS SELECT w.node, f.far, least(w.low, f.low) AS low "
            "FROM _walk w JOIN _walk f ON f.node = w.far"
        )
        engine.run("DROP TABLE _walk")
        engine.run("ALTER TABLE _further RENAME TO _walk")
    engine.run(
        f"DELETE FROM _link WHERE {low} IN ("
        "SELECT DISTINCT w.low FROM _walk w SEMI JOIN (SELECT DISTINCT far FROM _walk) f ON f.far = w.node)"
    )
    engine.run("DROP TABLE _walk")
    if active:
        engine.run("DROP TABLE _active")
    return int(active)
