"""Agreement of three coders on one million units, beside a plain implementation of the same alpha."""

import time

import numpy as np

from vestige.casefiles.agreement import AgreementSettings, CodingMatrix, Level, measure_agreement

UNITS, CODERS, CODES = 1_000_000, 3, 5
PEER_UNITS = 20_000
ACCURACY, MISSING, ROUNDING = 0.7, 0.1, 1e-9


def main() -> None:
    """Print CPU seconds of every coefficient, and of a naive coincidence matrix extrapolated to as many units."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, CODES, UNITS)
    codes = np.where(rng.random((UNITS, CODERS)) < ACCURACY, truth[:, None], rng.integers(0, CODES, (UNITS, CODERS)))
    codes[rng.random((UNITS, CODERS)) < MISSING] = -1
    labels = tuple(str(code) for code in range(CODES))
    matrix = CodingMatrix(codes, np.arange(float(CODES)), labels, ("a", "b", "c"), Level.ORDINAL)
    measure_agreement(CodingMatrix(codes[:100], np.arange(float(CODES)), labels, ("a", "b", "c")))  # imports
    plain, without = _timed(matrix, 0)
    full, result = _timed(matrix, 1000)
    start = time.process_time()
    peer = _naive_nominal(codes[:PEER_UNITS])
    naive = (time.process_time() - start) * UNITS / PEER_UNITS
    own = measure_agreement(
        CodingMatrix(codes[:PEER_UNITS], matrix.scores, labels, matrix.coders), settings=AgreementSettings(bootstrap=0)
    )
    assert abs(own.estimate("alpha-nominal").value - peer) < ROUNDING
    print(f"agreement, {UNITS:,} units x {CODERS} coders, 10 % missing, alpha-ordinal {without:.4f} / {result:.4f}")
    print(f"  every coefficient, analytic intervals      {plain:6.2f} CPU s")
    print(f"  every coefficient, 1,000 bootstrap samples {full:6.2f} CPU s")
    print(f"  plain Python, nominal alpha only           {naive:6.2f} CPU s   ratio {naive / full:.0f}")


def _timed(matrix: CodingMatrix, bootstrap: int) -> tuple[float, float]:
    start = time.process_time()
    result = measure_agreement(matrix, settings=AgreementSettings(bootstrap=bootstrap))
    return time.process_time() - start, result.estimate("alpha-ordinal").value or 0.0


def _naive_nominal(codes: np.ndarray) -> float:
    """Krippendorff's alpha by its definition: a coincidence matrix filled pair by pair."""
    coincidences = np.zeros((CODES, CODES))
    for unit in codes.tolist():
        given = [code for code in unit if code >= 0]
        for one in range(len(given)):
            for other in range(len(given)):
                if one != other:
                    coincidences[given[one], given[other]] += 1 / (len(given) - 1)
    margins, total = coincidences.sum(axis=1), coincidences.sum()
    expected = (total**2 - (margins**2).sum()) / (total - 1)
    return 1 - (total - np.trace(coincidences)) / expected
