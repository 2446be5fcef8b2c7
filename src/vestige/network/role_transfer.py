"""Choose a measure on one forum, judge it on another: what is best where it was chosen is often not best elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

from vestige.errors import SettingsError
from vestige.network.measures import Measure
from vestige.network.role_accuracy import Interval, standing
from vestige.network.role_combined import paired_interval
from vestige.network.role_settings import Criterion
from vestige.network.roles import RoleResult
from vestige.statistics.comparisons import sign_flip_test


@dataclass(frozen=True)
class TransferRow:
    """One measure, chosen on one forum and judged on another.

    Attributes:
        chosen_on: name of the forum where it was the best position.
        judged_on: name of the other forum.
        criterion: by which.
        measure: the best position there.
        there: its accuracy where it was chosen.
        elsewhere: its accuracy where it is judged.
        place: its place among all measures where it is judged, 1 the best.
        baseline: the activity that was best where the measure was chosen.
        baseline_elsewhere: its accuracy where it is judged.
        difference: measure less baseline where it is judged.
        p_value: of no difference, by flipping the signs of the holders' paired differences.
    """

    chosen_on: str
    judged_on: str
    criterion: Criterion
    measure: Measure
    there: float
    elsewhere: float
    place: int
    baseline: Measure
    baseline_elsewhere: float
    difference: Interval
    p_value: float


def transfer_roles(results: Mapping[str, RoleResult], *, seed: int = 0) -> tuple[TransferRow, ...]:
    """Every ordered pair of forums, by each criterion.

    Args:
        results: evaluations by name of their forum; made the same way, or figures cannot be compared.
        seed: of drawn sign patterns and intervals.

    Raises:
        SettingsError: fewer than two forums, or nothing that was measured on all.
    """
    if len(results) < 2:  # noqa: PLR2004 - nothing to judge on
        raise SettingsError("a cross-forum test needs two forums", hint="evaluate another forum as well")
    shared = set.intersection(*(set(result.measures) for result in results.values()))
    plain = [own for own in Measure if own in shared and all(own in result.baselines for result in results.values())]
    positions = [own for own in Measure if own in shared and own not in plain]
    if not plain or not positions:
        raise SettingsError("the forums share no baseline or no position", hint="evaluate both the same way")
    rows = []
    for one, two in permutations(results, 2):
        for criterion in Criterion:
            chosen = results[one].best(criterion, positions)
            baseline = results[one].best(criterion, plain)
            own, other = standing(results[two].strata, chosen), standing(results[two].strata, baseline)
            difference = own.contributions(criterion) - other.contributions(criterion)
            values = [standing(results[two].strata, measure).value(criterion) for measure in shared]
            rows.append(
                TransferRow(
                    one, two, criterion, chosen,
                    standing(results[one].strata, chosen).value(criterion), own.value(criterion),
                    1 + sum(value > own.value(criterion) + 1e-12 for value in values), baseline,
                    other.value(criterion),
                    paired_interval(difference, results[two].settings.replicates, 0.95, seed),
                    sign_flip_test(difference, draws=9999, seed=seed),
                )
            )  # fmt: skip
    return tuple(rows)
