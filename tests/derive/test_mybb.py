"""MyBB: the rules that a simulated forum does not reach, on a small dump in the package's own layout."""

import gzip

import pytest

from derive.derivations import KEY, assert_valid, findings, rows
from derive.leaks import disclosed
from vestige.dataset.schema import Role
from vestige.derive.group_map import CustodianMap, GroupRole
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveSettings, derive_dataset

T0 = 1_400_000_400
HOUR = 3600
CANARY = "canary-9e41"
DUMP = f"""-- MySQL dump 10.13
CREATE TABLE `mybb_users` (`uid` int, `username` varchar(120), `email` text, `usergroup` smallint,
  `additionalgroups` varchar(200), `regdate` int, `lastvisit` int, `lastactive` int, `signature` text,
  `regip` varbinary(16), `moderateposts` tinyint, `moderationtime` int, `suspendposting` tinyint, `suspensiontime` int);
INSERT INTO `mybb_users` VALUES
 (1,'{CANARY} admin','{CANARY}',4,'',{T0},0,0,'{CANARY}',_binary '\\0\\'x',0,0,0,0),
 (2,'{CANARY} b','{CANARY}',2,'8,3',{T0},{T0 + HOUR},0,'{CANARY}',0x{CANARY.encode().hex()},1,0,1,{T0 + 9 * HOUR}),
 (3,'{CANARY} c','{CANARY}',9,'6',{T0},0,0,'{CANARY}','',0,0,0,0),
 (4,'{CANARY} d','{CANARY}',7,'',{T0},0,0,'{CANARY}','',0,0,0,0),
 (5,'{CANARY} e','{CANARY}',5,'x,{CANARY}',{T0},0,0,'{CANARY}','',0,0,0,0);
CREATE TABLE `mybb_usergroups` (`gid` smallint, `type` tinyint, `title` text, `isbannedgroup` tinyint,
  `cancp` tinyint, `issupermod` tinyint);
INSERT INTO `mybb_usergroups` VALUES (1,1,'{CANARY}',0,0,0),(2,1,'',0,0,0),(3,1,'',0,0,1),(4,1,'',0,1,1),
 (5,1,'',0,0,0),(6,1,'',0,0,0),(7,1,'',1,0,0),(8,2,'{CANARY}',0,0,0),(9,2,'{CANARY}',0,0,0);
CREATE TABLE `mybb_moderators` (`mid` int, `fid` int, `id` int, `isgroup` tinyint);
INSERT INTO `mybb_moderators` VALUES (1,1,5,0),(2,1,9,1),(3,1,2,0);
CREATE TABLE `mybb_promotionlogs` (`plid` int, `pid` int, `uid` int, `oldusergroup` varchar(200), `newusergroup` int,
  `dateline` int, `type` varchar(9));
INSERT INTO `mybb_promotionlogs` VALUES (1,1,3,'2',9,{T0 + 2 * HOUR},'primary'),
 (2,1,2,'3',8,{T0 + 3 * HOUR},'secondary');
CREATE TABLE `mybb_banned` (`uid` int, `gid` int, `oldgroup` int, `oldadditionalgroups` text, `admin` int,
  `dateline` int, `bantime` varchar(50), `lifted` int, `reason` varchar(255));
INSERT INTO `mybb_banned` VALUES (4,7,6,'8',1,{T0 + 5 * HOUR},'---',0,'{CANARY}');
CREATE TABLE `mybb_forums` (`fid` int, `name` text, `pid` int);
INSERT INTO `mybb_forums` VALUES (1,'{CANARY}',0),(2,'{CANARY}',1);
CREATE TABLE `mybb_threads` (`tid` int, `fid` int, `subject` text, `uid` int, `username` text, `dateline` int,
  `firstpost` int, `closed` varchar(30), `visible` tinyint, `deletetime` int);
INSERT INTO `mybb_threads` VALUES (1,2,'{CANARY}',2,'{CANARY}',{T0},1,'1',1,0),
 (2,2,'{CANARY}',3,'{CANARY}',{T0},5,'',-1,{T0 + 6 * HOUR}),(3,1,'{CANARY}',2,'',{T0},0,'moved|1',1,0),
 (4,1,'{CANARY}',2,'',{T0},7,'',-2,0);
CREATE TABLE `mybb_posts` (`pid` int, `tid` int, `replyto` int, `fid` int, `subject` text, `uid` int, `username` text,
  `dateline` int, `message` text, `edittime` int, `visible` tinyint);
INSERT INTO `mybb_posts` VALUES (1,1,0,2,'{CANARY}',2,'{CANARY}',{T0},'{CANARY}',0,1),
 (2,1,1,2,'',3,'',{T0 + HOUR},'it\\'s ''{CANARY}''',0,-1),(3,1,2,2,'',0,'{CANARY}',{T0 + HOUR},'',0,0),
 (4,1,1,2,'',2,'',{T0 + HOUR},'',0,-1),(5,2,0,2,'',3,'',{T0},'',0,-1),(7,4,0,1,'',2,'',{T0},'',0,-2);
CREATE TABLE `mybb_moderatorlog` (`uid` int, `dateline` int, `fid` int, `tid` int, `pid` int, `action` text,
  `data` text, `ipaddress` varbinary(16));
INSERT INTO `mybb_moderatorlog` VALUES
 (1,{T0 + 7 * HOUR},2,1,2,'Soft Deleted Post','a:1:{{s:7:"subject";s:{len(CANARY)}:"{CANARY}";}}',''),
 (1,{T0 + 8 * HOUR},2,1,0,'Selected Posts Soft Deleted','a:1:{{s:4:"pids";a:2:{{i:0;i:4;i:1;s:1:"2";}}}}',''),
 (1,{T0 + 6 * HOUR},2,2,0,'Thread Soft Deleted: {CANARY}','a:0:{{}}',''),
 (1,{T0 + 1 * HOUR},0,0,0,'Banned User','a:2:{{s:3:"uid";i:3;s:8:"username";s:{len(CANARY)}:"{CANARY}";}}',''),
 (1,{T0 + 4 * HOUR},0,0,0,'Lifted User Ban','a:1:{{s:3:"uid";s:1:"3";}}',''),
 (1,{T0 + 5 * HOUR},0,0,0,'Banned User','a:1:{{s:3:"uid";i:4;}}','');
CREATE TABLE `mybb_warnings` (`wid` int, `uid` int, `title` text, `dateline` int, `issuedby` int, `expires` int,
  `daterevoked` int, `revokereason` text);
INSERT INTO `mybb_warnings` VALUES (1,2,'{CANARY}',{T0 + HOUR},1,{T0 + 90 * HOUR},{T0 + 4 * HOUR},'{CANARY}'),
 (2,3,'',{T0 + HOUR},0,0,0,'');
CREATE TABLE `mybb_threadratings` (`rid` int, `tid` int, `uid` int, `rating` int);
INSERT INTO `mybb_threadratings` VALUES (1,1,3,5),(2,1,0,1);
CREATE TABLE `mybb_g33k_thankyoulike_thankyoulike` (`tlid` int, `pid` int, `uid` int, `puid` int, `dateline` int);
INSERT INTO `mybb_g33k_thankyoulike_thankyoulike` VALUES (1,2,2,3,{T0 + 2 * HOUR}),(2,99,2,3,{T0 + 2 * HOUR});
CREATE TABLE `mybb_privatemessages` (`pmid` int, `uid` int, `toid` int, `fromid` int, `recipients` text, `folder` int,
  `subject` text, `message` text, `dateline` int);
INSERT INTO `mybb_privatemessages` VALUES
 (1,3,3,2,'a:2:{{s:2:"to";a:2:{{i:0;s:1:"3";i:1;s:1:"1";}}s:3:"bcc";a:1:{{i:0;s:1:"4";}}}}',1,'{CANARY}','',{T0}),
 (2,4,4,2,'a:2:{{s:2:"to";a:2:{{i:0;s:1:"3";i:1;s:1:"1";}}s:3:"bcc";a:1:{{i:0;s:1:"4";}}}}',4,'','{CANARY}',{T0}),
 (3,2,0,2,'a:2:{{s:2:"to";a:2:{{i:0;s:1:"3";i:1;s:1:"1";}}s:3:"bcc";a:1:{{i:0;s:1:"4";}}}}',2,'','{CANARY}',{T0}),
 (4,3,3,0,'a:1:{{s:2:"to";{CANARY}',1,'','{CANARY}',{T0 + HOUR}),
 (5,2,0,2,'a:1:{{s:2:"to";a:1:{{i:0;s:1:"1";}}}}',3,'','{CANARY}',{T0 + HOUR});
CREATE TABLE `mybb_datacache` (`title` varchar(50), `cache` mediumtext);
INSERT INTO `mybb_datacache` VALUES ('{CANARY}','{CANARY}');
-- Dump completed on 2026-01-01
"""
MAP = CustodianMap({8: GroupRole(Role.VIP, 1), 9: GroupRole(Role.FULL, None)})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("mybb")


@pytest.fixture(scope="module")
def derived(place):
    dump = place.parent / "forum.sql.gz"
    dump.write_bytes(gzip.compress(DUMP.encode()))
    settings = DeriveSettings(link_handles=True)
    opened = open_source(str(dump))
    return derive_dataset(
        opened, place / "dataset", key=KEY, forum_code="forum-a", custodian_map=MAP, settings=settings
    )


def hours(result, table, *columns):
    return sorted(rows(result, table, *columns, origin=T0 * 1_000_000), key=repr)


def test_the_dataset_is_valid_and_holds_no_word(derived, place):
    assert_valid(derived)
    assert disclosed({CANARY}, place, derived.summary().encode()) == set()
    assert derived.manifest.forums[0].software == "mybb"


def test_members_have_linked_handles_and_guests_none(derived):
    kinds = rows(derived, "member", "kind", "linked_pseudonym")
    assert [kind for kind, _ in kinds] == ["guest"] + ["member"] * 5
    assert kinds[0][1] is None
    assert len({word for _, word in kinds[1:]}) == 5


def test_roles_come_from_groups_rights_promotions_and_bans(derived):
    found = hours(derived, "role_spell", "member", "role", "rank", "start_at", "end_at", "evidence")
    assert found == sorted(
        [
            (1, "administrator", 0, None, None, "snapshot"),
            (2, "registered", None, None, None, "snapshot"),
            (2, "moderator", 0, None, None, "snapshot"),
            (2, "vip", 1, 3, None, "log"),
            (3, "registered", None, None, 2, "log"),
            (3, "full", None, 2, None, "log"),
            (3, "moderator", 1, None, None, "snapshot"),
            (3, "banned", None, 1, 4, "log"),
            (4, "moderator", 1, None, 5, "snapshot"),
            (4, "vip", 1, None, 5, "snapshot"),
            (4, "banned", None, 5, None, "snapshot"),
            (5, "registered", None, None, None, "snapshot"),
            (5, "moderator", 1, None, None, "snapshot"),
        ],
        key=repr,
    )


def test_sanctions_name_who_did_them(derived):
    assert hours(derived, "sanction", "member", "by", "kind", "at", "until") == sorted(
        [
            (4, 1, "ban", 5, None),
            (3, 1, "ban", 1, 4),
            (2, 1, "warning", 1, 4),
            (3, None, "warning", 1, None),
            (2, None, "restriction", None, 9),
            (2, None, "restriction", None, None),
            (3, 1, "removal", 6, None),
            (3, 1, "removal", 8, None),
            (2, 1, "removal", 8, None),
        ],
        key=repr,
    )


def test_threads_and_posts_without_shadows_and_drafts(derived):
    assert rows(derived, "thread", "thread", "section", "starter", "state") == [
        (0, 1, 2, "visible"),
        (1, 1, 3, "deleted"),
    ]
    assert rows(derived, "post", "thread", "author", "is_opening", "parent_post", "state") == [
        (0, 2, True, None, "visible"),
        (0, 3, False, None, "deleted"),
        (0, 0, False, 1, "unapproved"),
        (0, 2, False, None, "deleted"),
        (1, 3, True, None, "deleted"),
    ]
    found = findings(derived)
    assert found["drafts"].startswith("2 ")
    assert found["moved-threads"].startswith("1 ")
    assert found["replies-to-the-opening-post"].startswith("2 ")


def test_copies_of_a_message_are_one_and_a_damaged_list_is_counted(derived):
    assert rows(derived, "message", "message", "sender", "recipient") == [(0, 2, 1), (0, 2, 3), (0, 2, 4), (1, None, 3)]
    texts = [finding.text for finding in derived.findings if finding.code == "packed-cells-damaged"]
    assert len(texts) == 2
    assert any(text.startswith("1 cells of privatemessages.recipients") for text in texts)


def test_ratings_are_given_to_the_thread_s_opening_post_and_thanks_to_posts(derived):
    assert hours(derived, "reaction", "giver", "receiver", "post", "kind", "weight", "at") == sorted(
        [(3, 2, 0, "other", 5, None), (2, 3, 1, "thanks", 1, 2), (2, 3, None, "thanks", 1, 2)], key=repr
    )
