"""The search over each group's order: from one model to its neighbours, one order of one group up or down at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from vestige.trajectories.assemble import Prepared
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.degenerate import defects_of
from vestige.trajectories.fit import result_of
from vestige.trajectories.initial import initial_parameters
from vestige.trajectories.maximise import expect_maximise, maximisation, newton
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.search import FoundOptimum, SearchOutcome
from vestige.trajectories.settings import TrajectorySettings
from vestige.trajectories.starts import Origin

NEWTON_LIMIT = 60


def search_orders(
    prepared: Prepared, start: TrajectoryResult, *, highest: int, seed: int, report: Callable[[int], None]
) -> Iterator[TrajectoryResult]:
    """Follow the neighbour with the best BIC (members) until none is better, and yield every model fitted on the way.

    A neighbour has one group's order one higher or lower; it is climbed to from the posterior of the model it is a
    neighbour of, without other starts.

    Args:
        prepared: the data.
        start: a fit to begin with.
        highest: no order above this is tried.
        seed: written into the results.
        report: told of each model's number.
    """
    best, tried = start, {_orders_of(start)}
    better, count = True, 0
    while better:
        better = False
        for orders in _neighbours(_orders_of(best), highest):
            if orders in tried:
                continue
            tried.add(orders)
            report(count)
            count += 1
            fit = _refitted(prepared, best, orders, seed)
            yield fit
            if fit.converged and fit.search.best.sound and fit.criteria.bic_members > best.criteria.bic_members:
                best, better = fit, True
                break


def settings_of(fit: TrajectoryResult) -> TrajectorySettings:
    """The settings of a fit of one outcome."""
    if not isinstance(fit.settings, TrajectorySettings):
        raise TypeError("a search is over models of one outcome")
    return fit.settings


def _orders_of(fit: TrajectoryResult) -> tuple[int, ...]:
    return settings_of(fit).orders(fit.classes)


def _neighbours(orders: tuple[int, ...], highest: int) -> Iterator[tuple[int, ...]]:
    """Lower orders first: they are cheaper, and a curve without a needless power is easier to read."""
    for step in (-1, 1):
        for group, order in enumerate(orders):
            if 0 <= order + step <= highest:
                yield (*orders[:group], order + step, *orders[group + 1 :])


def _refitted(prepared: Prepared, near: TrajectoryResult, orders: tuple[int, ...], seed: int) -> TrajectoryResult:
    settings = replace(settings_of(near), order=orders)
    ready = prepared.with_settings([settings])
    return result_of(ready, settings, _climbed(ready, settings, near.pattern_posterior), seed)


def _climbed(prepared: Prepared, settings: TrajectorySettings, posterior: FloatArray) -> SearchOutcome:
    """The optimum uphill of a posterior, in the form of a search's outcome."""
    evaluator = prepared.shared(settings.groups)
    sums = evaluator.sums_of(posterior)
    parameters = maximisation(evaluator, initial_parameters(evaluator, sums), sums, steps=12)
    climbed = expect_maximise(evaluator, parameters, limit=settings.search.max_iterations, tolerance=0.1)
    optimum, _ = newton(evaluator, climbed.parameters, limit=NEWTON_LIMIT)
    found = FoundOptimum(optimum, Origin.GIVEN, 1, defects_of(evaluator, optimum.parameters))
    information = evaluator.information(optimum.parameters, robust=settings.robust)
    return SearchOutcome(evaluator, (found,), information, 1, 1, None)
