"""Reports that can be checked: one self-contained page."""

from vestige.report.build import Report, ReportSettings, build_report

__all__ = ["Report", "ReportSettings", "build_report"]
