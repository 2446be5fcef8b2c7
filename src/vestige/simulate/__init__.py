"""Synthetic forums with known truth: as datasets, and as database dumps full of hostile text."""

from vestige.simulate.access_log import AccessLogSettings, log_canaries, write_access_log
from vestige.simulate.dump_layout import Compression, DumpLayout, DumpSettings, InsertVerb, TextForm
from vestige.simulate.forum import SimulatedForum, Truth, simulate_forum
from vestige.simulate.phpbb_dump import dump_canaries, row_canaries, write_phpbb_dump
from vestige.simulate.phpbb_tables import PhpbbVersion
from vestige.simulate.settings import (
    Clock,
    ForumSettings,
    PostingGroup,
    PostingSettings,
    Preset,
    RegistrationSettings,
    StandingSettings,
    StructureSettings,
    VisitSettings,
    preset_settings,
)
from vestige.simulate.store import write_simulated_dataset, write_simulated_dump
from vestige.simulate.threads import Planted

__all__ = [
    "AccessLogSettings",
    "Clock",
    "Compression",
    "DumpLayout",
    "DumpSettings",
    "ForumSettings",
    "InsertVerb",
    "PhpbbVersion",
    "Planted",
    "PostingGroup",
    "PostingSettings",
    "Preset",
    "RegistrationSettings",
    "SimulatedForum",
    "StandingSettings",
    "StructureSettings",
    "TextForm",
    "Truth",
    "VisitSettings",
    "dump_canaries",
    "log_canaries",
    "preset_settings",
    "row_canaries",
    "simulate_forum",
    "write_access_log",
    "write_phpbb_dump",
    "write_simulated_dataset",
    "write_simulated_dump",
]
