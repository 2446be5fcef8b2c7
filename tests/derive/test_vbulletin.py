"""vBulletin: what a simulated dump does not show, on small tables with the answer beside them.

Everything else is compared row by row in `simulate/test_packages.py`.
"""

from derive.derivations import assert_valid, derive, findings, rows
from derive.readers import from_rows
from vestige.derive.sources.vbulletin import VBULLETIN
from vestige.derive.sources.vbulletin5 import VBULLETIN5

HOUR = 3_600_000_000
T0 = 400_000 * HOUR


def hours(table, *columns):
    """Hours after the origin in these columns become microseconds."""
    for column in columns:
        table[column] = [None if value is None else T0 + value * HOUR for value in table[column]]
    return table


def accounts(**more):
    """Members 1 (administrator), 2, 3 (moderator beside), 4 (banned)."""
    user = hours(from_rows("userid usergroupid joindate\n 1 6 0\n 2 2 0\n 3 2 0\n 4 8 0"), "joindate")
    return {
        "user": {**user, "membergroupids": [[], [], [7], []]},
        "usergroup": {"usergroupid": [2, 6, 7, 8]},
        **more,
    }


def board(**more):
    return accounts(
        forum=from_rows("forumid parentid\n 1 -1\n 2 1"),
        thread=hours(
            from_rows("threadid forumid postuserid dateline firstpostid open visible\n 1 2 2 1 1 1 1\n 2 2 2 1 1 10 1"),
            "dateline",
        ),
        post=hours(
            from_rows(
                """
                postid threadid parentid userid dateline visible
                1      1        0        2      1        1
                2      1        1        3      2        1
                3      1        2        0      3        1
                """
            ),
            "dateline",
        ),
        **more,
    )


def test_attachments_of_version_3_name_their_post_and_size(tmp_path):
    attachment = hours(from_rows("attachmentid postid userid filesize dateline\n 5 2 3 2000000 2"), "dateline")
    result = derive(tmp_path, board(attachment=attachment), source=VBULLETIN)
    assert rows(result, "post", "post", "attachments") == [(0, 0), (1, 1), (2, 0)]
    assert rows(result, "object", "object", "uploader", "size_band") == [(0, 3, "under-10mb")]
    assert_valid(result)


def test_attachments_of_version_4_hang_on_posts_only_where_their_type_says_so(tmp_path):
    attachment = from_rows(
        "attachmentid contentid contenttypeid userid filedataid dateline\n 5 2 1 3 8 2\n 6 2 7 3 8 2\n 7 3 9 3 9 2"
    )
    files = from_rows("filedataid filesize\n 8 50\n 9 500000")
    kinds = from_rows("contenttypeid class\n 1 1\n 7 -1\n 9 1")
    tables = board(attachment=hours(attachment, "dateline"), filedata=files, contenttype=kinds)
    result = derive(tmp_path, tables, source=VBULLETIN)
    assert rows(result, "post", "post", "attachments") == [(0, 0), (1, 1), (2, 1)]
    assert rows(result, "object", "size_band") == [("under-100kb",), ("under-100kb",), ("under-1mb",)]


def test_answers_to_the_opening_post_are_a_default_and_redirects_no_threads(tmp_path):
    result = derive(tmp_path, board(), source=VBULLETIN)
    assert rows(result, "post", "post", "author", "parent_post") == [(0, 2, None), (1, 3, None), (2, 0, 1)]
    assert rows(result, "thread", "thread") == [(0,)]
    told = findings(result)
    assert told["answers-by-default"].startswith("1 ")
    assert told["moved-threads"].startswith("1 ")


def test_roles_without_a_log_are_those_of_today(tmp_path):
    result = derive(tmp_path, board(), source=VBULLETIN)
    held = rows(result, "role_spell", "member", "role", "rank", "start_at", "evidence")
    assert sorted(held, key=str) == [
        (1, "administrator", 0, None, "snapshot"),
        (2, "registered", None, None, "snapshot"),
        (3, "moderator", 1, None, "snapshot"),
        (3, "registered", None, None, "snapshot"),
        (4, "banned", None, None, "snapshot"),
    ]


def test_a_ban_that_the_log_and_the_list_both_know_is_one_ban(tmp_path):
    log = hours(
        from_rows("changeid userid fieldname adminid change_time\n 1 4 1 1 5\n 2 4 1 1 7\n 3 4 1 1 9"), "change_time"
    )
    log |= {"oldvalue": [[2], [8], [2]], "newvalue": [[8], [2], [8]]}
    ban = hours(from_rows("userid adminid bandate liftdate\n 4 1 9 -"), "bandate")
    result = derive(tmp_path, board(userchangelog=log, userban=ban), source=VBULLETIN)
    assert sorted(rows(result, "sanction", "member", "by", "kind", "at", "until", origin=T0)) == [
        (4, 1, "ban", 5, 7),
        (4, 1, "ban", 9, None),
    ]
    banned = [row for row in rows(result, "role_spell", "role", "start_at", "end_at", origin=T0) if row[0] == "banned"]
    assert sorted(banned) == [("banned", 5, 7), ("banned", 9, None)]


def test_recipients_are_kept_after_they_deleted_their_copies(tmp_path):
    text = hours(from_rows("pmtextid fromuserid dateline\n 1 2 1\n 2 3 2"), "dateline")
    text["touserarray"] = [[3, 4], None]
    copies = from_rows("pmtextid userid folderid\n 1 2 -1\n 1 3 0\n 2 2 5\n 2 3 -1")
    result = derive(tmp_path, board(pmtext=text, pm=copies), source=VBULLETIN)
    assert rows(result, "message", "message", "sender", "recipient") == [(0, 2, 3), (0, 2, 4), (1, 3, 2)]


def test_version_5_finds_a_thread_where_no_starter_is_written(tmp_path):
    node = from_rows(
        """
        nodeid parentid contenttypeid userid publishdate approved deleteuserid
        1      0        1             1      0           1        -
        2      1        1             1      0           1        -
        10     2        2             2      1           1        -
        11     10       2             3      2           1        -
        12     11       2             4      3           0        -
        13     10       2             3      4           1        1
        14     2        2             2      5           0        -
        15     14       2             3      6           1        -
        """
    )
    kinds = from_rows("contenttypeid class\n 1 1\n 2 2")
    tables = accounts(node=hours(node, "publishdate"), contenttype=kinds, sentto=from_rows("nodeid userid\n 1 2"))
    result = derive(tmp_path, tables, source=VBULLETIN5)
    assert rows(result, "post", "post", "thread", "is_opening", "parent_post", "state") == [
        (0, 0, True, None, "visible"),
        (1, 0, False, None, "visible"),
        (2, 0, False, 1, "unapproved"),
        (3, 0, False, None, "deleted"),
        (4, 1, True, None, "unapproved"),
        (5, 1, False, None, "unapproved"),
    ]
    assert rows(result, "section", "section", "parent") == [(0, None), (1, 0)]
    assert rows(result, "sanction", "member", "by", "kind", "at") == [(2, 0, "removal", None)]
    assert_valid(result)
