"""Volumes, growth and concentration of activity."""

from vestige.activity.describe import DescribeResult, DescribeSettings, describe_dataset
from vestige.activity.periods import Period
from vestige.activity.volume import VolumeResult, VolumeSettings, measure_volume

__all__ = [
    "DescribeResult",
    "DescribeSettings",
    "Period",
    "VolumeResult",
    "VolumeSettings",
    "describe_dataset",
    "measure_volume",
]
