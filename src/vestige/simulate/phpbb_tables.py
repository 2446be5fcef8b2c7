"""phpBB's tables as its dumps state them: columns, types, defaults and keys of 3.3, and how 3.0 differs.

Table and column names are facts of the format; they are the same on every phpBB forum.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from vestige.simulate.dump_tables import DumpTable, parse_table


class PhpbbVersion(StrEnum):
    """Generation of the tables."""

    V30 = "3.0"
    V33 = "3.3"


def phpbb_tables(version: PhpbbVersion) -> tuple[DumpTable, ...]:
    """The tables of a version, in the alphabetical order of a dump."""
    tables = tuple(parse_table(name, text) for name, text in _TABLES.items())
    return tables if version is PhpbbVersion.V33 else tuple(_as_30(table) for table in tables)


def _as_30(table: DumpTable) -> DumpTable:
    gone = _GONE_IN_30.get(table.name, frozenset())
    columns = tuple(
        replace(
            column, name=_NAME_IN_30.get(column.name, column.name), sql=column.sql.replace("int(10)", "mediumint(8)")
        )
        for column in table.columns
        if column.name not in gone
    )
    keys = tuple(key for key in table.keys if not any(name in key for name in _NAME_IN_30))
    return DumpTable(table.name, columns, keys)


_TABLES: Final = {
    "attachments": """
        attach_id key, post_msg_id id, topic_id id, in_message flag, poster_id id, is_orphan flag 1,
        physical_filename varchar(255), real_filename varchar(255), download_count medium, attach_comment text,
        extension varchar(100), mimetype varchar(100), filesize int(20)_unsigned, filetime time, thumbnail flag
        | PRIMARY(attach_id) filetime(filetime) post_msg_id(post_msg_id) topic_id(topic_id) poster_id(poster_id)
        is_orphan(is_orphan)
    """,
    "banlist": """
        ban_id key, ban_userid id, ban_ip varchar(40), ban_email varchar(100), ban_start time, ban_end time,
        ban_exclude flag, ban_reason varchar(255), ban_give_reason varchar(255)
        | PRIMARY(ban_id) ban_end(ban_end) ban_user(ban_userid;ban_exclude) ban_email(ban_email;ban_exclude)
        ban_ip(ban_ip;ban_exclude)
    """,
    "bots": """
        bot_id key, bot_active flag 1, bot_name varchar(255), user_id id, bot_agent varchar(255), bot_ip
        varchar(255)
        | PRIMARY(bot_id) bot_active(bot_active)
    """,
    "config": """
        config_name varchar(255), config_value varchar(255), is_dynamic flag
        | PRIMARY(config_name) is_dynamic(is_dynamic)
    """,
    "drafts": """
        draft_id key, user_id id, topic_id id, forum_id medium, save_time time, draft_subject varchar(255),
        draft_message mediumtext
        | PRIMARY(draft_id) save_time(save_time)
    """,
    "forums": """
        forum_id key, parent_id medium, left_id medium, right_id medium, forum_parents mediumtext, forum_name
        varchar(255), forum_desc text, forum_desc_bitfield varchar(255), forum_desc_options time 7, forum_desc_uid
        varchar(8), forum_link varchar(255), forum_password varchar(255), forum_style medium, forum_image
        varchar(255), forum_rules text, forum_rules_link varchar(255), forum_rules_bitfield varchar(255),
        forum_rules_options time 7, forum_rules_uid varchar(8), forum_topics_per_page tinyint(4), forum_type
        tinyint(4), forum_status tinyint(4), forum_last_post_id id, forum_last_poster_id id, forum_last_post_subject
        varchar(255), forum_last_post_time time, forum_last_poster_name varchar(255), forum_last_poster_colour
        varchar(6), forum_flags tinyint(4) 32, display_on_index flag 1, enable_indexing flag 1, enable_icons flag 1,
        enable_prune flag, prune_next time, prune_days medium, prune_viewed medium, prune_freq medium,
        display_subforum_list flag 1, forum_options int(20)_unsigned, forum_posts_approved medium,
        forum_posts_unapproved medium, forum_posts_softdeleted medium, forum_topics_approved medium,
        forum_topics_unapproved medium, forum_topics_softdeleted medium, enable_shadow_prune flag, prune_shadow_days
        medium 7, prune_shadow_freq medium 1, prune_shadow_next int(11), display_subforum_limit flag
        | PRIMARY(forum_id) left_right_id(left_id;right_id) forum_lastpost_id(forum_last_post_id)
    """,
    "groups": """
        group_id key, group_type tinyint(4) 1, group_founder_manage flag, group_skip_auth flag, group_name
        varchar(255), group_desc text, group_desc_bitfield varchar(255), group_desc_options time 7, group_desc_uid
        varchar(8), group_display flag, group_avatar varchar(255), group_avatar_type varchar(255),
        group_avatar_width small, group_avatar_height small, group_rank medium, group_colour varchar(6),
        group_sig_chars medium, group_receive_pm flag, group_message_limit medium, group_legend medium,
        group_max_recipients medium
        | PRIMARY(group_id) group_legend_name(group_legend;group_name)
    """,
    "log": """
        log_id key, log_type tinyint(4), user_id id, forum_id medium, topic_id id, post_id id, reportee_id id,
        log_ip varchar(40), log_time time, log_operation text, log_data mediumtext
        | PRIMARY(log_id) log_type(log_type) forum_id(forum_id) topic_id(topic_id) reportee_id(reportee_id)
        user_id(user_id) log_time(log_time)
    """,
    "posts": """
        post_id key, topic_id id, forum_id medium, poster_id id, icon_id medium, poster_ip varchar(40), post_time
        time, post_reported flag, enable_bbcode flag 1, enable_smilies flag 1, enable_magic_url flag 1, enable_sig
        flag 1, post_username varchar(255), post_subject varchar(255), post_text mediumtext, post_checksum
        varchar(32), post_attachment flag, bbcode_bitfield varchar(255), bbcode_uid varchar(8), post_postcount flag
        1, post_edit_time time, post_edit_reason varchar(255), post_edit_user id, post_edit_count small,
        post_edit_locked flag, post_visibility tinyint(3), post_delete_time time, post_delete_reason varchar(255),
        post_delete_user id
        | PRIMARY(post_id) forum_id(forum_id) topic_id(topic_id) poster_ip(poster_ip) poster_id(poster_id)
        tid_post_time(topic_id;post_time) post_username(post_username) post_visibility(post_visibility)
    """,
    "privmsgs": """
        msg_id key, root_level medium, author_id id, icon_id medium, author_ip varchar(40), message_time time,
        enable_bbcode flag 1, enable_smilies flag 1, enable_magic_url flag 1, enable_sig flag 1, message_subject
        varchar(255), message_text mediumtext, message_edit_reason varchar(255), message_edit_user id,
        message_attachment flag, bbcode_bitfield varchar(255), bbcode_uid varchar(8), message_edit_time time,
        message_edit_count small, to_address text, bcc_address text, message_reported flag
        | PRIMARY(msg_id) author_ip(author_ip) message_time(message_time) author_id(author_id)
        root_level(root_level)
    """,
    "privmsgs_to": """
        msg_id id, user_id id, author_id id, pm_deleted flag, pm_new flag 1, pm_unread flag 1, pm_replied flag,
        pm_marked flag, pm_forwarded flag, folder_id int(11)
        | msg_id(msg_id) author_id(author_id) usr_flder_id(user_id;folder_id)
    """,
    "reports": """
        report_id key, reason_id small, post_id id, user_id id, user_notify flag, report_closed flag, report_time
        time, report_text mediumtext, pm_id id, reported_post_enable_bbcode flag 1, reported_post_enable_smilies
        flag 1, reported_post_enable_magic_url flag 1, reported_post_text mediumtext, reported_post_uid varchar(8),
        reported_post_bitfield varchar(255)
        | PRIMARY(report_id) post_id(post_id) pm_id(pm_id)
    """,
    "sessions": """
        session_id char(32), session_user_id id, session_last_visit time, session_start time, session_time time,
        session_ip varchar(40), session_browser varchar(150), session_forwarded_for varchar(255), session_page
        varchar(255), session_viewonline flag 1, session_autologin flag, session_admin flag, session_forum_id medium
        | PRIMARY(session_id) session_time(session_time) session_user_id(session_user_id)
        session_fid(session_forum_id)
    """,
    "thanks": """
        post_id id, poster_id id, user_id id, topic_id id, forum_id medium, thanks_time time
        | PRIMARY(post_id;user_id) topic_id(topic_id) poster_id(poster_id)
    """,
    "topics": """
        topic_id key, forum_id medium, icon_id medium, topic_attachment flag, topic_reported flag, topic_title
        varchar(255), topic_poster id, topic_time time, topic_time_limit time, topic_views medium, topic_status
        tinyint(3), topic_type tinyint(3), topic_first_post_id id, topic_first_poster_name varchar(255),
        topic_first_poster_colour varchar(6), topic_last_post_id id, topic_last_poster_id id, topic_last_poster_name
        varchar(255), topic_last_poster_colour varchar(6), topic_last_post_subject varchar(255),
        topic_last_post_time time, topic_last_view_time time, topic_moved_id id, topic_bumped flag, topic_bumper
        medium, poll_title varchar(255), poll_start time, poll_length time, poll_max_options tinyint(4) 1,
        poll_last_vote time, poll_vote_change flag, topic_visibility tinyint(3), topic_delete_time time,
        topic_delete_reason varchar(255), topic_delete_user id, topic_posts_approved medium, topic_posts_unapproved
        medium, topic_posts_softdeleted medium
        | PRIMARY(topic_id) forum_id(forum_id) forum_id_type(forum_id;topic_type)
        last_post_time(topic_last_post_time) fid_time_moved(forum_id;topic_last_post_time;topic_moved_id)
        topic_visibility(topic_visibility) forum_vis_last(forum_id;topic_visibility;topic_last_post_id)
    """,
    "topics_track": """
        user_id id, topic_id id, forum_id medium, mark_time time
        | PRIMARY(user_id;topic_id) forum_id(forum_id) topic_id(topic_id)
    """,
    "user_group": """
        group_id medium, user_id id, group_leader flag, user_pending flag 1
        | group_id(group_id) user_id(user_id) group_leader(group_leader)
    """,
    "users": """
        user_id key, user_type tinyint(2), group_id medium 3, user_permissions mediumtext, user_perm_from medium,
        user_ip varchar(40), user_regdate time, username varchar(255), username_clean varchar(255), user_password
        varchar(255), user_passchg time, user_email varchar(100), user_email_hash bigint(20), user_birthday
        varchar(10), user_lastvisit time, user_lastmark time, user_lastpost_time time, user_lastpage varchar(200),
        user_last_search time, user_warnings tinyint(4), user_last_warning time, user_login_attempts tinyint(4),
        user_inactive_reason tinyint(2), user_inactive_time time, user_posts medium, user_lang varchar(30),
        user_timezone varchar(100), user_dateformat varchar(64) d_M_Y_H:i, user_style medium, user_rank medium,
        user_colour varchar(6), user_new_privmsg int(4), user_unread_privmsg int(4), user_last_privmsg time,
        user_message_rules flag, user_full_folder int(11) -3, user_topic_show_days small, user_topic_sortby_type
        varchar(1) t, user_topic_sortby_dir varchar(1) d, user_post_show_days small, user_post_sortby_type
        varchar(1) t, user_post_sortby_dir varchar(1) a, user_notify flag, user_notify_pm flag 1, user_notify_type
        tinyint(4), user_allow_pm flag 1, user_allow_viewonline flag 1, user_allow_viewemail flag 1,
        user_allow_massemail flag 1, user_options time 230271, user_avatar varchar(255), user_avatar_type
        varchar(255), user_avatar_width small, user_avatar_height small, user_sig mediumtext, user_sig_bbcode_uid
        varchar(8), user_sig_bbcode_bitfield varchar(255), user_jabber varchar(255), user_actkey varchar(32),
        user_newpasswd varchar(255), user_form_salt varchar(32), user_new flag 1, user_reminded tinyint(4),
        user_reminded_time time, user_last_active time, reset_token varchar(64), reset_token_expiration time,
        user_actkey_expiration time
        | PRIMARY(user_id) !username_clean(username_clean) user_birthday(user_birthday)
        user_email_hash(user_email_hash) user_type(user_type)
    """,
    "warnings": """
        warning_id key, user_id id, post_id id, log_id id, warning_time time
        | PRIMARY(warning_id)
    """,
}

_NAME_IN_30: Final = {"post_visibility": "post_approved", "topic_visibility": "topic_approved"}
_GONE_IN_30: Final = {
    "posts": frozenset({"post_delete_time", "post_delete_reason", "post_delete_user"}),
    "topics": frozenset(
        {
            "topic_delete_time", "topic_delete_reason", "topic_delete_user", "topic_posts_approved",
            "topic_posts_unapproved", "topic_posts_softdeleted",
        }
    ),
    "log": frozenset({"post_id"}),
    "users": frozenset({"user_last_active", "reset_token", "reset_token_expiration", "user_actkey_expiration"}),
}  # fmt: skip
