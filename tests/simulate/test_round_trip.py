"""A dump, read back by derivation, is the forum that was written: entity by entity, id by id."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import Role
from vestige.derive.dump import DumpReader
from vestige.derive.group_map import CustodianMap, GroupRole
from vestige.derive.keys import PseudonymKey
from vestige.derive.pipeline import DeriveSettings, OpenSource, derive_dataset
from vestige.derive.sources.phpbb import PHPBB
from vestige.simulate import (
    DumpLayout,
    DumpSettings,
    PhpbbVersion,
    SimulatedForum,
    TextForm,
    preset_settings,
    simulate_forum,
    write_phpbb_dump,
    write_simulated_dataset,
)
from vestige.simulate.phpbb_accounts import OWN_GROUP, SourceIds, founders

LAYOUTS = {
    "mysqldump": DumpSettings(text_bytes=60),
    "mariadb-dump": DumpSettings(text_bytes=60, layout=DumpLayout.MARIADB_DUMP, backslash_escapes=False),
    "phpmyadmin": DumpSettings(text_bytes=60, layout=DumpLayout.PHPMYADMIN, text=TextForm.HEX),
    "3.0": DumpSettings(text_bytes=60, layout=DumpLayout.ADMINER, version=PhpbbVersion.V30, crlf=True),
}
DATED = {
    "thread": ("thread", "section", "starter", "created_at", "state", "views"),
    "post": ("post", "thread", "section", "author", "at", "is_opening", "edited_at", "state", "attachments"),
    "reaction": ("giver", "receiver", "post", "at", "kind"),
    "message": ("message", "sender", "recipient", "at"),
    "object": ("object", "uploader", "at", "size_band", "downloads"),
}
ACTS = ("by", "kind", "at", "thread", "from_section", "to_section", "target_thread")
"""The log of 3.0 has no posts."""
ENTITY = {
    "starter": "member", "author": "member", "giver": "member", "receiver": "member", "sender": "member",
    "recipient": "member", "uploader": "member", "by": "member", "parent": "section", "from_section": "section",
    "to_section": "section", "target_thread": "thread",
}  # fmt: skip


@pytest.fixture(scope="module")
def forum() -> SimulatedForum:
    settings = preset_settings("posting-groups", members=120, months=12)
    structure = replace(settings.structure, anonymous_votes_per_post=0.1)
    standing = replace(settings.standing, ban_hazard=0.03, promotion_hazard=0.1, acts_per_thread=0.5)
    return simulate_forum(settings=replace(settings, structure=structure, standing=standing), seed=9)


@pytest.fixture(scope="module")
def dataset(forum: SimulatedForum, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    folder = tmp_path_factory.mktemp("simulated") / "forum"
    write_simulated_dataset(folder, forum)
    return read(folder / "dataset")


def read(folder: Path) -> dict[str, pa.Table]:
    return {file.stem: pq.read_table(file) for file in folder.glob("*.parquet")}


def derive(folder: Path, forum: SimulatedForum, settings: DumpSettings) -> tuple[dict[str, pa.Table], SourceIds]:
    ids = write_phpbb_dump(folder / "forum.sql", forum, settings=settings)
    derive_dataset(
        OpenSource(PHPBB, DumpReader(folder / "forum.sql", PHPBB)),
        folder / "derived",
        key=PseudonymKey("00" * 8, bytes(32)),
        forum_code="simulated",
        settings=DeriveSettings(time_resolution=TimeResolution.SECOND, accept_fine_times=True),
        custodian_map=CustodianMap({OWN_GROUP: GroupRole(Role.VIP)}),
    )
    return read(folder / "derived"), ids


def by_dump_id(ids: np.ndarray) -> np.ndarray:
    """Rank of each dense id's number in the dump: the dense id that derivation gives."""
    return np.searchsorted(np.unique(ids), ids)


def ranks(ids: SourceIds) -> dict[str, np.ndarray]:
    return {
        name: by_dump_id(getattr(ids, name)) for name in ("member", "section", "thread", "post", "message", "object")
    }


def rows(table: pa.Table, columns: tuple[str, ...], rank: Mapping[str, np.ndarray] | None = None) -> list[tuple]:
    """Rows in a fixed order; with `rank`, ids are turned into those that derivation gives."""
    values = []
    for column in columns:
        plain = table[column].to_pylist()
        entity = ENTITY.get(column, column)
        if rank is not None and entity in rank:
            plain = [None if value is None else int(rank[entity][value]) for value in plain]
        values.append(plain)
    return sorted(zip(*values, strict=True), key=repr)


@pytest.mark.parametrize("name", LAYOUTS)
def test_derived_dump_is_the_simulated_dataset(
    tmp_path: Path, forum: SimulatedForum, dataset: dict[str, pa.Table], name: str
) -> None:
    derived, ids = derive(tmp_path, forum, LAYOUTS[name])
    rank = ranks(ids)
    if LAYOUTS[name].version is PhpbbVersion.V30:
        dataset = {**dataset, "post": without_deleted(dataset["post"]), "thread": without_deleted(dataset["thread"])}
    given = dataset["reaction"]
    dataset = {**dataset, "reaction": given.filter(given["giver"].is_valid())}
    assert 0 < dataset["reaction"].num_rows < given.num_rows, "phpBB keeps no anonymous votes"
    for table, columns in DATED.items():
        assert rows(derived[table], columns) == rows(dataset[table], columns, rank), table
    members = dataset["member"].slice(1)
    assert derived["member"]["kind"].to_pylist() == ["guest", *members["kind"].to_pylist()[1:]]
    assert derived["member"]["registered_at"].to_pylist()[1:] == members["registered_at"].to_pylist()[1:]
    parents = ("section", "parent")
    assert rows(derived["section"], parents) == rows(dataset["section"], parents, rank)
    assert sanctions(derived["sanction"], None) == sanctions(dataset["sanction"], rank)
    assert raised(derived["role_spell"], None) == raised(dataset["role_spell"], rank)
    founder = int(rank["member"][founders(forum)[0]])
    assert logged(derived["role_spell"], None, founder) == logged(dataset["role_spell"], rank, founder)
    told = ACTS if LAYOUTS[name].version is PhpbbVersion.V30 else (*ACTS, "post")
    assert acts(derived["moderation"], None, told) == acts(dataset["moderation"], rank, told)


def without_deleted(table: pa.Table) -> pa.Table:
    """3.0 has no soft deletion: what is deleted here stands there as visible."""
    place = table.schema.get_field_index("state")
    states = ["visible" if state == "deleted" else state for state in table["state"].to_pylist()]
    return table.set_column(place, "state", pa.array(states))


def sanctions(table: pa.Table, rank: Mapping[str, np.ndarray] | None) -> list[tuple]:
    return rows(table, ("member", "by", "kind", "at"), rank)


def acts(table: pa.Table, rank: Mapping[str, np.ndarray] | None, columns: tuple[str, ...]) -> list[tuple]:
    """What moderators did: phpBB says that a thread became of another kind, and not of which."""
    found = rows(table, columns, rank)
    return sorted(((by, "other" if kind == "stick" else kind, *rest) for by, kind, *rest in found), key=repr)


def logged(table: pa.Table, rank: Mapping[str, np.ndarray] | None, founder: int) -> list[tuple]:
    """Dated roles above registered; a founder's come from his account."""
    spells = rows(table, ("member", "role", "start_at", "end_at"), rank)
    return [row for row in spells if row[1] not in {"registered", "banned"} and row[0] != founder]


def raised(table: pa.Table, rank: Mapping[str, np.ndarray] | None) -> list[tuple]:
    """Standing at the window's end, other than registered."""
    kept = [
        (row["member"] if rank is None else int(rank["member"][row["member"]]), row["role"])
        for row in table.to_pylist()
        if row["role"] != "registered" and row["end_at"] is None
    ]
    return sorted(kept)
