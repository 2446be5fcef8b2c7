"""Volumes, growth and concentration of activity; the reference profile of all members, and one member's place in it."""

from vestige.activity.comparison import ComparisonResult, ComparisonSettings, Population, compare_member
from vestige.activity.concentration import ConcentrationResult, ConcentrationSettings, measure_concentration
from vestige.activity.describe import DescribeResult, DescribeSettings, describe_dataset
from vestige.activity.groups import GroupResult, GroupRule, GroupSettings, measure_groups
from vestige.activity.likelihood_ratio import (
    LikelihoodRatioResult,
    LikelihoodRatioSettings,
    Populations,
    labelled_populations,
    measure_likelihood_ratio,
    two_profiles,
)
from vestige.activity.participation import ParticipationResult, ParticipationSettings, measure_participation
from vestige.activity.periods import Period
from vestige.activity.profile import ProfileResult, ProfileSettings, fit_profile
from vestige.activity.profile_file import SavedProfile, read_profile
from vestige.activity.sessions import SessionResult, SessionSettings, measure_sessions
from vestige.activity.verbal_scale import ENFSI_2015, VerbalScale, read_verbal_scale
from vestige.activity.volume import VolumeResult, VolumeSettings, measure_volume

__all__ = [
    "ENFSI_2015",
    "ComparisonResult",
    "ComparisonSettings",
    "ConcentrationResult",
    "ConcentrationSettings",
    "DescribeResult",
    "DescribeSettings",
    "GroupResult",
    "GroupRule",
    "GroupSettings",
    "LikelihoodRatioResult",
    "LikelihoodRatioSettings",
    "ParticipationResult",
    "ParticipationSettings",
    "Period",
    "Population",
    "Populations",
    "ProfileResult",
    "ProfileSettings",
    "SavedProfile",
    "SessionResult",
    "SessionSettings",
    "VerbalScale",
    "VolumeResult",
    "VolumeSettings",
    "compare_member",
    "describe_dataset",
    "fit_profile",
    "labelled_populations",
    "measure_concentration",
    "measure_groups",
    "measure_likelihood_ratio",
    "measure_participation",
    "measure_sessions",
    "measure_volume",
    "read_profile",
    "read_verbal_scale",
    "two_profiles",
]
