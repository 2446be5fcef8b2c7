"""What belongs to one run: a command, or a block of Python that says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

T = TypeVar("T")

_CURRENT: ContextVar[dict[str, Any] | None] = ContextVar("run", default=None)


@contextmanager
def one_run() -> Iterator[None]:
    """Everything inside is one run; inside another such block it joins that."""
    token = _CURRENT.set({} if (outer := _CURRENT.get()) is None else outer)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def kept_in_run(name: str, make: Callable[[], T]) -> T:
    """What the run keeps by a name, made when it is first asked for; made anew each time outside a run."""
    run = _CURRENT.get()
    if run is None:
        return make()
    if name not in run:
        run[name] = make()
    return cast("T", run[name])
