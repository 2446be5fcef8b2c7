"""Careers: onset, frequency, duration, versatility, escalation, and the attainment of roles."""

from vestige.careers.attainment import AttainmentResult, fit_attainment
from vestige.careers.forecast import ForecastResult, forecast_activity
from vestige.careers.measure import CareersResult, measure_careers
from vestige.careers.settings import (
    AttainmentSettings,
    CareerSettings,
    Clock,
    Covariate,
    Family,
    ForecastSettings,
)

__all__ = [
    "AttainmentResult",
    "AttainmentSettings",
    "CareerSettings",
    "CareersResult",
    "Clock",
    "Covariate",
    "Family",
    "ForecastResult",
    "ForecastSettings",
    "fit_attainment",
    "forecast_activity",
    "measure_careers",
]
