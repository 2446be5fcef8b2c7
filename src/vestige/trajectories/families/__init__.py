"""Distributions of a response given its linear predictors, behind one interface."""

from vestige.trajectories.families.base import FamilyModel, Jets
from vestige.trajectories.families.registry import family_model

__all__ = ["FamilyModel", "Jets", "family_model"]
