"""From a family's name to its model."""

from vestige.trajectories.families.base import FamilyModel
from vestige.trajectories.families.bounded import BernoulliLogit, Beta
from vestige.trajectories.families.counts import NegativeBinomial, Poisson
from vestige.trajectories.families.inflated import ZeroInflated, ZeroInflatedTau
from vestige.trajectories.families.normal import CensoredNormal
from vestige.trajectories.settings import Family, PathSettings


def family_model(settings: PathSettings) -> FamilyModel:  # noqa: PLR0911 - one line a family
    """The model of an outcome's family."""
    match settings.family:
        case Family.POISSON:
            return Poisson()
        case Family.ZIP:
            return ZeroInflated(Poisson())
        case Family.ZIP_TAU:
            return ZeroInflatedTau(Poisson())
        case Family.NEGBIN:
            return NegativeBinomial()
        case Family.ZINB:
            return ZeroInflated(NegativeBinomial())
        case Family.LOGIT:
            return BernoulliLogit()
        case Family.CNORM:
            return CensoredNormal(settings.minimum, settings.maximum)
        case Family.BETA:
            return Beta()
