"""Functions of the rule language that range over rows: all, any, none, count, share, sum, mean, min, max.

Each ranges over the one row name that is used in its arguments and not bound further out. Inside another function it
ranges over the rows that refer to the outer row only: `all(case.suspects == count(suspect))`. A row whose answer or
`where` is undecided widens the result's range; it is never counted as no. A function over no rows is undecided.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.casefiles.expressions import Scope, Sort, Term, Truth, refuse
from vestige.casefiles.study import Row
from vestige.casefiles.values import Missing, Quantity, add, negate

if TYPE_CHECKING:
    from vestige.casefiles.expressions import Compiler

TRUTH_FUNCTIONS: Final = ("all", "any", "none", "count", "share")
NUMBER_FUNCTIONS: Final = ("sum", "mean", "min", "max")
FUNCTIONS: Final = (*TRUTH_FUNCTIONS, *NUMBER_FUNCTIONS, "known")


@dataclass(frozen=True)
class Answer:
    """What one row answered, and whether it surely belongs (`where`)."""

    row: Row
    value: Any
    sure: bool


def compile_call(compiler: "Compiler", node: ast.Call, bound: tuple[str, ...], depth: int) -> Term:
    """A function call of the rule language.

    Raises:
        StudyError: an unknown function, wrong arguments, or no single row name to range over.
    """
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        raise refuse(node, "there is no such function", f"known: {', '.join(FUNCTIONS)}")
    if len(node.args) != 1 or any(keyword.arg != "where" for keyword in node.keywords) or len(node.keywords) > 1:
        raise refuse(node, f"{name} takes one argument and where=...", "write for example all(suspect.forums > 1)")
    argument, where = node.args[0], node.keywords[0].value if node.keywords else None
    if name == "known":
        return _known(compiler, argument, bound, depth)
    free = set(_free_names(argument)) | (set(_free_names(where)) if where is not None else set())
    ranged = [row for row in free - set(bound) if row in compiler.world.schemas] or sorted(free - set(bound))
    if len(ranged) != 1:
        raise refuse(
            node, f"{name} must range over rows of exactly one table", f"known: {', '.join(compiler.world.schemas)}"
        )
    inner = (*bound, ranged[0])
    term = compiler.compile(argument, inner, depth)
    wanted = Sort.NUMBER if name in NUMBER_FUNCTIONS else Sort.TRUTH
    if name == "count" and term.sort is Sort.ROW:
        term = Term(Sort.TRUTH, lambda _: True)
    if term.sort is not wanted:
        raise refuse(argument, f"{name} needs {wanted.value}, not {term.sort.value}", "see the reference of claims")
    condition = compiler.compile(where, inner, depth) if where is not None else None
    if condition is not None and condition.sort is not Sort.TRUTH:
        raise refuse(node, "where=... needs a yes or no", "compare it with something")
    return _aggregate(name, ranged[0], term, condition, bound)


def _known(compiler: "Compiler", argument: ast.expr, bound: tuple[str, ...], depth: int) -> Term:
    term = compiler.compile(argument, bound, depth)

    def evaluate(scope: Scope) -> Truth:
        value = term.evaluate(scope)
        return (
            Missing.NOT_APPLICABLE
            if value is Missing.NOT_APPLICABLE
            else not (value is None or isinstance(value, Missing))
        )

    return Term(Sort.TRUTH, evaluate)


def _free_names(node: ast.AST) -> Iterator[str]:
    """Row names used outside nested functions that range over rows of their own."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "known":
            for argument in node.args:
                yield from _free_names(argument)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _free_names(child)


def _aggregate(name: str, row_name: str, term: Term, where: Term | None, bound: tuple[str, ...]) -> Term:
    combine = _COMBINE[name]

    def evaluate(scope: Scope) -> Any:  # noqa: ANN401 - a truth or a quantity
        answers = []
        for row in _rows(scope, row_name):
            inner = Scope(scope.world, {**scope.bound, row_name: row})
            belongs: Truth = True if where is None else where.evaluate(inner)
            value = term.evaluate(inner)
            if belongs is not None and belongs is not True:
                continue
            if value is not Missing.NOT_APPLICABLE:
                answers.append(Answer(row, None if isinstance(value, Missing) else value, belongs is True))
        if not bound:
            scope.evidence += _evidence(name, answers)
        return combine(answers) if answers or name in {"count", "sum"} else None

    sort = Sort.TRUTH if name in {"all", "any", "none"} else Sort.NUMBER
    return Term(sort, evaluate)


def _rows(scope: Scope, row_name: str) -> Sequence[Row]:
    rows = scope.world.rows.get(row_name, ())
    for outer_name, outer in scope.bound.items():
        schema, outer_schema = scope.world.schemas[row_name], scope.world.schemas[outer_name]
        reference = next((c.name for c in schema.columns if c.refers_to == outer_schema.name), None)
        if reference is not None and outer_schema.key is not None:
            key = outer.text(outer_schema.key)
            rows = [row for row in rows if row.text(reference) == key]
    return rows


def _evidence(name: str, answers: Sequence[Answer]) -> list[tuple[Row, Truth]]:
    """What each row says for the whole: for `none`, a row that answers yes speaks against it."""
    if name in NUMBER_FUNCTIONS:
        return [(answer.row, None if answer.value is None else False) for answer in answers]
    against = name in {"none", "count", "share"}
    return [
        (answer.row, None if answer.value is None or not answer.sure else bool(answer.value) is not against)
        for answer in answers
    ]


def _all(answers: Sequence[Answer]) -> Truth:
    if any(answer.value is False and answer.sure for answer in answers):
        return False
    return None if any(answer.value is not True for answer in answers) else True


def _any(answers: Sequence[Answer]) -> Truth:
    if any(answer.value is True and answer.sure for answer in answers):
        return True
    return None if any(answer.value is not False for answer in answers) else False


def _none(answers: Sequence[Answer]) -> Truth:
    found = _any(answers)
    return not found if isinstance(found, bool) else found


def _count(answers: Sequence[Answer]) -> Quantity:
    sure = sum(answer.value is True and answer.sure for answer in answers)
    possible = sum(answer.value is not False for answer in answers)
    return Quantity(float(sure), float(possible))


def _share(answers: Sequence[Answer]) -> Quantity | None:
    """The smallest and largest share that the undecided rows allow."""
    true = [answer for answer in answers if answer.value is True]
    false = [answer for answer in answers if answer.value is False]
    open_ = [answer for answer in answers if answer.value is None]
    sure_true, sure_false = sum(a.sure for a in true), sum(a.sure for a in false)
    sure_open = sum(a.sure for a in open_)
    lowest_of = sure_true + sure_open + len(false) + (len(open_) - sure_open)
    highest_of = len(true) + len(open_) + sure_false
    if not lowest_of or not highest_of or not sure_true + sure_false + sure_open:
        return None
    return Quantity(sure_true / lowest_of, (len(true) + len(open_)) / highest_of)


def _sum(answers: Sequence[Answer]) -> Quantity | None:
    total = Quantity(0.0, 0.0)
    for answer in answers:
        if answer.value is None:
            return None
        value = answer.value
        total = add(total, value if answer.sure else Quantity(min(0.0, value.low), max(0.0, value.high)))
    return total


def _mean(answers: Sequence[Answer]) -> Quantity | None:
    total = _sum(answers) if all(answer.sure for answer in answers) else None
    if total is None:
        return None
    return Quantity(total.low / len(answers), total.high / len(answers), total.low_open, total.high_open)


def _max(answers: Sequence[Answer]) -> Quantity | None:
    """At least the largest of what surely belongs, at most the largest of all."""
    if any(answer.value is None for answer in answers) or not any(answer.sure for answer in answers):
        return None
    low = max((a.value.low, a.value.low_open) for a in answers if a.sure)
    high = max((a.value.high, not a.value.high_open) for a in answers)
    return Quantity(low[0], high[0], low[1], not high[1])


def _min(answers: Sequence[Answer]) -> Quantity | None:
    """The largest of the numbers with their signs turned, turned back."""
    turned = [
        Answer(answer.row, None if answer.value is None else negate(answer.value), answer.sure) for answer in answers
    ]
    found = _max(turned)
    return None if found is None else negate(found)


_COMBINE: Final[dict[str, Callable[[Sequence[Answer]], Any]]] = {
    "all": _all,
    "any": _any,
    "none": _none,
    "count": _count,
    "share": _share,
    "sum": _sum,
    "mean": _mean,
    "min": _min,
    "max": _max,
}
