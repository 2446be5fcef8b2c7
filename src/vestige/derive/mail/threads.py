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

MADE: Final = ("_again", "_first", "_link", "_anchor", "_top", "_head", "_list")
"""Tables that the assembly uses. `_again` (message): came before under the same id. `_link` (node, up): parents.
`_anchor` (node, goal): of a missing message with a parent, the nearest ancestor that is there, or a missing root.
`_top` (node, goal): of a node with a parent, its root. `_head` (root, message): of a root with answers, the first
message of the thread. `_list` (place, number): lists in the order in which they first come."""

_UNSIGNED: Final = "CASE WHEN {0} < 0 THEN {0}::HUGEINT + 18446744073709551616 ELSE {0}::HUGEINT END"
"""Nodes in an order that has messages first."""


def join_threads(engine: Statements) -> tuple[str, ...]:
    """Build the trees from the staged tables `messages`, `ancestors` and `lists`; returns the tables made."""
    engine.run(
        "CREATE TABLE _first AS "
        "SELECT digest, min(message) AS message FROM messages WHERE digest IS NOT NULL GROUP BY digest"
    )
    engine.run(
        "CREATE TABLE _again AS SELECT m.message FROM messages m ANTI JOIN _first f ON f.message = m.message "
        "WHERE m.digest IS NOT NULL"
    )
    engine.run(
        "CREATE TABLE _link AS SELECT * FROM ("
        "SELECT m.message AS node, coalesce(f.message, m.above) AS up "
        "FROM messages m ANTI JOIN _again a ON a.message = m.message LEFT JOIN _first f ON f.digest = m.above "
        "WHERE m.above IS NOT NULL) WHERE node <> up"
    )
    engine.run(
        "INSERT INTO _link SELECT c.node, coalesce(f.message, c.above) AS up FROM ("
        "SELECT a.child AS node, arg_min(a.before, a.said) AS above "
        "FROM ancestors a ANTI JOIN _first f ON f.digest = a.child GROUP BY a.child) c "
        "LEFT JOIN _first f ON f.digest = c.above"
    )
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
    engine.run(
        "CREATE TABLE _list AS SELECT place, row_number() OVER (ORDER BY message) - 1 AS number "
        "FROM (SELECT place, min(message) AS message FROM lists GROUP BY place)"
    )
    return MADE


def _climb(engine: Statements, made: str, links: str) -> None:
    """Find the root of every node of `links`; those that lead into a loop are left in `_active`."""
    engine.run(f"CREATE TABLE {made} (node BIGINT, goal BIGINT)")
    engine.run(f"CREATE TABLE _active AS {links}")
    arrived = 1
    while arrived:
        engine.run(
            "CREATE TABLE _next AS "
            "SELECT a.node, coalesce(t.goal, b.up, a.up) AS up, b.node IS NULL AS arrived FROM _active a "
            f"LEFT JOIN {made} t ON t.node = a.up LEFT JOIN _active b ON b.node = a.up"
        )
        engine.run(f"INSERT INTO {made} SELECT node, up FROM _next WHERE arrived")
        engine.run("DROP TABLE _active")
        engine.run("CREATE TABLE _active AS SELECT node, up FROM _next WHERE NOT arrived")
        (arrived,) = engine.row("SELECT count(*) FILTER (arrived) FROM _next")
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
