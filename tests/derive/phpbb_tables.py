"""A small phpBB forum, written down as the numbers a reader would give, with one case of each rule."""

from derive.readers import from_rows
from vestige.derive.contract import UNKNOWN_WORD
from vestige.derive.sources.phpbb import GROUP_NAMES, LOG_OPERATIONS

SECOND = 1_000_000
HOUR = 3600 * SECOND
T0 = 1_400_000_400 * SECOND
"""13 May 2014, 17:00:00 UTC."""

ADMINISTRATORS, MODERATORS, REGISTERED = (
    GROUP_NAMES[name] for name in (b"ADMINISTRATORS", b"GLOBAL_MODERATORS", b"REGISTERED")
)
NO_MEMBERS = GROUP_NAMES[b"BOTS"]
BAN, UNBAN, WARN = (LOG_OPERATIONS[name] for name in (b"LOG_BAN_USER", b"LOG_UNBAN_USER", b"LOG_USER_WARNING_BODY"))


def timed(columns, *names):
    """Times written in hours after T0 become microseconds since the epoch."""
    return {
        name: [None if value is None else T0 + value * HOUR for value in values] if name in names else values
        for name, values in columns.items()
    }


def forum():
    """Every table of the small forum."""
    return {
        "users": timed(
            from_rows("""
            user_id user_type user_regdate user_lastvisit user_last_active user_inactive_reason user_inactive_time
            1       2         0            -              -                0                    -
            2       3         0            40             41               0                    -
            3       2         0            -              -                0                    -
            10      0         1            30             -                0                    -
            11      0         2            -              -                0                    -
            12      1         3            -              -                3                    20
            13      1         4            -              -                1                    4
            14      0         5            25             -                0                    -
            """),
            "user_regdate", "user_lastvisit", "user_last_active", "user_inactive_time",
        ),
        "bots": {"user_id": [3]},
        "groups": from_rows(f"""
            group_id group_type group_name
            1        3          {NO_MEMBERS}
            2        3          {REGISTERED}
            4        3          {MODERATORS}
            5        3          {ADMINISTRATORS}
            6        3          {NO_MEMBERS}
            8        1          {UNKNOWN_WORD}
            9        2          {UNKNOWN_WORD}
        """),
        "user_group": from_rows("""
            user_id group_id user_pending
            1       1        0
            2       2        0
            2       5        0
            3       6        0
            10      2        0
            10      4        0
            11      2        0
            11      8        0
            12      2        0
            12      9        1
            14      2        0
            14      9        0
        """),
        "moderator_cache": from_rows("""
            user_id group_id
            14      0
            10      0
            0       4
        """),
        "forums": from_rows("""
            forum_id parent_id
            7        0
            3        7
        """),
        "topics": timed(
            {
                **from_rows("""
                topic_id forum_id topic_poster topic_time topic_visibility topic_first_post_id topic_moved_id
                20       3        10           2          1                100                 0
                21       3        1            4          1                999                 0
                22       3        11           6          2                105                 0
                23       7        10           2          1                100                 20
                """),
                "topic_delete_time": [None, None, 9, None],
            },
            "topic_time", "topic_delete_time",
        ),
        "posts": timed(
            {
                **from_rows("""
                post_id topic_id forum_id poster_id post_time post_edit_time post_visibility post_delete_user
                100     20       3        10        2         3              1               0
                101     20       3        11        8         -              1               0
                102     21       3        1         4         -              1               0
                103     21       3        77        5         -              0               0
                104     20       3        14        5         -              2               10
                105     22       3        11        6         -              2               10
                106     22       3        14        7         -              2               10
                107     55       3        11        7         -              1               0
                """),
                "post_delete_time": [None, None, None, None, 9, 9, 9, None],
            },
            "post_time", "post_edit_time", "post_delete_time",
        ),
        "attachments": timed(
            from_rows("""
            attach_id post_msg_id in_message is_orphan poster_id filesize  filetime
            1         100         0          0         10        99999     2
            2         100         0          0         10        100000    2
            3         0           0          1         11        20000000  3
            4         30          1          0         11        200000000 3
            """),
            "filetime",
        ),
        "thanks": timed(
            from_rows("""
            post_id poster_id user_id thanks_time
            100     10        11      3
            101     11        10      -
            999     11        10      4
            """),
            "thanks_time",
        ),
        "privmsgs": timed(
            from_rows("""
            msg_id author_id message_time
            30     11        3
            31     10        4
            32     10        5
            """),
            "message_time",
        ),
        "privmsgs_to": from_rows("""
            msg_id user_id author_id folder_id
            30     11      11        -1
            30     10      11        0
            30     14      11        5
            31     10      10        -2
            31     10      10        0
            32     10      10        -1
        """),
        "topics_track": timed(
            from_rows("""
            user_id topic_id forum_id mark_time
            11      20       3        9
            """),
            "mark_time",
        ),
        "forums_track": timed(
            from_rows("""
            user_id forum_id mark_time
            11      7        10
            """),
            "mark_time",
        ),
        "banlist": timed(
            from_rows("""
            ban_id ban_userid ban_exclude ban_start ban_end
            1      11         0           30        -
            2      0          0           31        -
            3      14         1           32        -
            """),
            "ban_start", "ban_end",
        ),
        "warnings": timed(
            from_rows("""
            user_id log_id warning_time
            11      502    11
            """),
            "warning_time",
        ),
        "log": timed(
            from_rows(f"""
            log_id log_type user_id reportee_id log_time log_operation
            500    3        10      11          30       {BAN}
            501    0        10      0           30       {BAN}
            502    3        10      11          11       {WARN}
            503    3        2       14          12       {WARN}
            504    3        2       14          13       {BAN}
            505    3        2       14          15       {UNBAN}
            506    1        2       0           15       {UNKNOWN_WORD}
            """),
            "log_time",
        ),
    }  # fmt: skip
