"""Information criteria, with the sign conventions of the field stated.

The BIC of this field (Nagin 2005, p. 64; Stata's traj, PROC TRAJ) is log-likelihood - p/2 ln(n): higher is better. It
comes with n the number of members and with n the number of observed cells. The others are on the usual scale of
statistics, -2 log-likelihood plus a penalty: lower is better.
"""

from dataclasses import dataclass

import numpy as np

from vestige.trajectories.compiled import FloatArray


@dataclass(frozen=True)
class Criteria:
    """Criteria of one fit.

    Attributes:
        log_likelihood: of the model.
        parameters: number of free parameters, p.
        members: number of members.
        observations: number of observed cells.
        bic_members: log-likelihood - p/2 ln(members); higher is better.
        bic_observations: log-likelihood - p/2 ln(observations); higher is better.
        aic: -2 log-likelihood + 2 p; lower is better (Akaike 1974).
        caic: -2 log-likelihood + p (ln(members) + 1); lower is better (Bozdogan 1987).
        adjusted_bic: -2 log-likelihood + p ln((members + 2) / 24); lower is better (Sclove 1987).
        icl: -2 log-likelihood + p ln(members) + 2 x entropy; lower is better (Biernacki et al. 2000).
        entropy: of the classification, in nats.
    """

    log_likelihood: float
    parameters: int
    members: int
    observations: int
    bic_members: float
    bic_observations: float
    aic: float
    caic: float
    adjusted_bic: float
    icl: float
    entropy: float


def criteria_of(
    loglik: float, parameters: int, members: int, observations: int, posterior: FloatArray, weight: FloatArray
) -> Criteria:
    """The criteria of a fit; `posterior` (patterns, classes) and `weight` (patterns,) give the entropy."""
    entropy = float(-(weight[:, None] * posterior * np.log(np.maximum(posterior, 1e-300))).sum())
    deviance = -2.0 * loglik
    return Criteria(
        log_likelihood=loglik,
        parameters=parameters,
        members=members,
        observations=observations,
        bic_members=loglik - 0.5 * parameters * float(np.log(members)),
        bic_observations=loglik - 0.5 * parameters * float(np.log(observations)),
        aic=deviance + 2.0 * parameters,
        caic=deviance + parameters * (float(np.log(members)) + 1.0),
        adjusted_bic=deviance + parameters * float(np.log((members + 2.0) / 24.0)),
        icl=deviance + parameters * float(np.log(members)) + 2.0 * entropy,
        entropy=entropy,
    )
