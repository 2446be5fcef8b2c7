"""Agreement between coders: coefficients, intervals, disagreements, drift, planning."""

from vestige.casefiles.agreement.matrix import CodingMatrix, Level
from vestige.casefiles.agreement.measure import AgreementResult, AgreementSettings, measure_agreement
from vestige.casefiles.agreement.planning import plan_double_coding

__all__ = [
    "AgreementResult",
    "AgreementSettings",
    "CodingMatrix",
    "Level",
    "measure_agreement",
    "plan_double_coding",
]
