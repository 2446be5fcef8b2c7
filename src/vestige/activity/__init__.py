"""Volumes, growth and concentration of activity."""

from vestige.activity.describe import DescribeResult, DescribeSettings, describe_dataset

__all__ = ["DescribeResult", "DescribeSettings", "describe_dataset"]
