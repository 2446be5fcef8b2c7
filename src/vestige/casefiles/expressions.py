"""The language claims are written in: a small, closed part of Python's expression syntax, never evaluated by Python.

A rule such as `all(suspect.forums > 1, where=suspect.role == "manager")` is parsed by the standard library's `ast`,
checked node by node against a whitelist, and turned into closures over typed values. It answers true, false, or
None where the data cannot tell (bands that straddle, missing values); rows to which the question does not apply are
left out.

Names: a row by its table's singular (`case`, `suspect`, `forum`, ...), `row.column`, `row.reference.column`,
`case["item"]` for a coded item. Functions: see `vestige.casefiles.aggregates` and `known(x)`.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

from vestige.casefiles.schema import CODED, NUMERIC, Column, Kind, TableSchema
from vestige.casefiles.study import Row, Study
from vestige.casefiles.values import (
    Day,
    Mangled,
    Missing,
    Quantity,
    Value,
    add,
    is_equal,
    is_less,
    multiply,
    negate,
    parse_day,
)
from vestige.errors import StudyError

LONGEST_RULE: Final = 1000
DEEPEST_RULE: Final = 30

Truth = bool | Missing | None
"""Yes, no, undecided (None), or `Missing.NOT_APPLICABLE` where the question does not arise."""


class Sort(StrEnum):
    """What a part of a rule yields."""

    TRUTH = "a yes or no"
    NUMBER = "a number"
    DATE = "a date"
    CODE = "a code"
    CODES = "several codes"
    ROW = "a row"


@dataclass(frozen=True)
class World:
    """What rules can speak about.

    Attributes:
        schemas: tables by the singular name of their rows.
        rows: rows by the same name.
        items: code of each checklist item to its kind and level.
        coded: the study's value for a unit and an item.
        row_by_id: a table's row by its id.
    """

    schemas: Mapping[str, TableSchema]
    rows: Mapping[str, Sequence[Row]]
    items: Mapping[str, tuple[Kind, str]]
    coded: Callable[[str, str], Value]
    row_by_id: Callable[[str, str], Row | None]


def world_of(study: Study) -> World:
    """Everything a study's own claims may speak about."""
    schemas = {schema.row_name: schema for schema in study.head.schemas.values()}
    return World(
        schemas,
        {name: study.tables.get(schema.name, ()) for name, schema in schemas.items()},
        {item.code: (item.kind, item.level) for item in study.checklist.items},
        study.coded,
        study.row,
    )


@dataclass
class Scope:
    """One evaluation: the rows bound by enclosing functions, and what the outermost function saw.

    `evidence` holds, for each row the outermost functions looked at, the answer it gave.
    """

    world: World
    bound: dict[str, Row] = field(default_factory=dict)
    evidence: list[tuple[Row, Truth]] = field(default_factory=list)


@dataclass(frozen=True)
class Term:
    """A checked part of a rule: what it yields, and how to get it."""

    sort: Sort
    evaluate: Callable[[Scope], Any]


def compile_rule(rule: str, world: World) -> Term:
    """Check a rule and make it ready to evaluate.

    Raises:
        StudyError: the rule is no expression, or uses a name, a column or an operation that is not declared. The
            text names the place in the rule by its column, and may quote the rule's own names: a rule is the
            study's instrument, not its data.
    """
    tree: ast.Expression | None = None
    try:
        tree = ast.parse(" ".join(rule.split()), mode="eval") if len(rule) <= LONGEST_RULE else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        tree = None
    if tree is None:
        raise StudyError("the rule is not an expression", hint="write for example all(suspect.forums > 1)")
    term = Compiler(world).compile(tree.body, (), 0)
    if term.sort is not Sort.TRUTH:
        raise StudyError(f"the rule yields {term.sort.value}, not a yes or no", hint="compare it with something")
    return term


def refuse(node: ast.AST, what: str, hint: str) -> StudyError:
    """An error placed at a character of the rule."""
    return StudyError(what, where=f"character {getattr(node, 'col_offset', 0) + 1} of the rule", hint=hint)


@dataclass(frozen=True)
class Compiler:
    """Turns whitelisted nodes into terms; anything else is refused."""

    world: World

    def compile(self, node: ast.expr, bound: tuple[str, ...], depth: int) -> Term:
        """One node; `bound` names the rows that enclosing functions range over."""
        if depth > DEEPEST_RULE:
            raise refuse(node, "the rule is nested too deeply", "split it into several claims")
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise refuse(node, "this is not part of the rule language", "see the reference of claims")
        term: Term = getattr(self, handler)(node, bound, depth)
        return term

    def _constant(self, node: ast.Constant, _bound: tuple[str, ...], _depth: int) -> Term:
        return _constant(node)

    def _boolean(self, node: ast.BoolOp, bound: tuple[str, ...], depth: int) -> Term:
        parts = [self._truth(value, bound, depth) for value in node.values]
        return Term(Sort.TRUTH, _both(parts) if isinstance(node.op, ast.And) else _either(parts))

    def _unary(self, node: ast.UnaryOp, bound: tuple[str, ...], depth: int) -> Term:
        if isinstance(node.op, ast.Not):
            part = self._truth(node.operand, bound, depth)
            return Term(Sort.TRUTH, lambda scope: negated(part.evaluate(scope)))
        if isinstance(node.op, ast.USub):
            number = self._number(node.operand, bound, depth)
            return Term(Sort.NUMBER, lambda scope: _lift(negate, number.evaluate(scope)))
        raise refuse(node, "this is not part of the rule language", "see the reference of claims")

    def _call(self, node: ast.Call, bound: tuple[str, ...], depth: int) -> Term:
        from vestige.casefiles.aggregates import compile_call

        return compile_call(self, node, bound, depth + 1)

    def _name(self, node: ast.Name, bound: tuple[str, ...], _depth: int) -> Term:
        name = self.row_name(node, bound)
        return Term(Sort.ROW, lambda scope: scope.bound[name])

    def row_name(self, node: ast.Name, bound: tuple[str, ...]) -> str:
        """A row's name that an enclosing function ranges over."""
        if node.id not in self.world.schemas:
            raise refuse(node, f"there are no rows named {node.id!r}", f"known: {', '.join(self.world.schemas)}")
        if node.id not in bound:
            raise refuse(node, f"{node.id!r} needs a function that ranges over its rows", "write all(...) around it")
        return node.id

    def _truth(self, node: ast.expr, bound: tuple[str, ...], depth: int) -> Term:
        term = self.compile(node, bound, depth + 1)
        if term.sort is not Sort.TRUTH:
            raise refuse(node, f"{term.sort.value} stands where a yes or no is needed", "compare it with something")
        return term

    def _number(self, node: ast.expr, bound: tuple[str, ...], depth: int) -> Term:
        term = self.compile(node, bound, depth + 1)
        if term.sort is not Sort.NUMBER:
            raise refuse(node, f"{term.sort.value} stands where a number is needed", "use a count, number or share")
        return term

    def _arithmetic(self, node: ast.BinOp, bound: tuple[str, ...], depth: int) -> Term:
        left, right = self.compile(node.left, bound, depth + 1), self.compile(node.right, bound, depth + 1)
        if isinstance(node.op, ast.Sub) and left.sort is Sort.DATE and right.sort is Sort.DATE:
            return Term(
                Sort.NUMBER,
                lambda scope: _lift(lambda a, b: add(a, negate(b)), left.evaluate(scope), right.evaluate(scope)),
            )
        if left.sort is not Sort.NUMBER or right.sort is not Sort.NUMBER:
            raise refuse(
                node, "only numbers can be calculated with, and dates subtracted", "see the reference of claims"
            )
        operation: Callable[[Quantity, Quantity], Quantity]
        if isinstance(node.op, ast.Add):
            operation = add
        elif isinstance(node.op, ast.Sub):
            operation = _subtract
        elif isinstance(node.op, ast.Mult):
            operation = multiply
        else:
            raise refuse(node, "only +, - and * are known", "compare a * c with b instead of a / b with c")
        return Term(Sort.NUMBER, lambda scope: _lift(operation, left.evaluate(scope), right.evaluate(scope)))

    def _comparison(self, node: ast.Compare, bound: tuple[str, ...], depth: int) -> Term:
        operands = [node.left, *node.comparators]
        parts = [
            self._compare(operator, one, other, bound, depth)
            for operator, one, other in zip(node.ops, operands[:-1], operands[1:], strict=True)
        ]
        return parts[0] if len(parts) == 1 else Term(Sort.TRUTH, _both(parts))

    def _compare(self, operator: ast.cmpop, one: ast.expr, other: ast.expr, bound: tuple[str, ...], depth: int) -> Term:
        if isinstance(operator, ast.In | ast.NotIn):
            return self._membership(operator, one, other, bound, depth)
        left, right = self.compile(one, bound, depth + 1), self.compile(other, bound, depth + 1)
        left, right = _dated(one, left, right), _dated(other, right, left)
        if left.sort is not right.sort or left.sort in {Sort.TRUTH, Sort.ROW, Sort.CODES}:
            raise refuse(one, f"{left.sort.value} cannot be compared with {right.sort.value}", "compare like with like")
        if left.sort is Sort.CODE and not isinstance(operator, ast.Eq | ast.NotEq):
            raise refuse(one, "codes can only be equal or different", "use == or !=, or `in`")
        compare = _COMPARISONS.get(type(operator))
        if compare is None:
            raise refuse(one, "this comparison is not part of the rule language", "use ==, !=, <, <=, >, >= or in")
        equal = compare if left.sort is not Sort.CODE else _code_comparison(operator)
        return Term(Sort.TRUTH, lambda scope: _lift(equal, left.evaluate(scope), right.evaluate(scope)))

    def _membership(
        self, operator: ast.cmpop, one: ast.expr, other: ast.expr, bound: tuple[str, ...], depth: int
    ) -> Term:
        left = self.compile(one, bound, depth + 1)
        if isinstance(other, ast.Tuple | ast.List) and left.sort is Sort.CODE:
            codes = tuple(node.value for node in other.elts if isinstance(node, ast.Constant))
            if len(codes) != len(other.elts) or not all(isinstance(code, str) for code in codes):
                raise refuse(other, "a list may hold codes only", 'write ("one", "two")')
            inside: Callable[[Scope], Truth] = lambda scope: _lift(lambda code: code in codes, left.evaluate(scope))  # noqa: E731
        else:
            right = self.compile(other, bound, depth + 1)
            if left.sort is not Sort.CODE or right.sort is not Sort.CODES:
                raise refuse(other, "`in` needs a code, and several codes to look in", 'write "one" in case["item"]')
            inside = lambda scope: _lift(  # noqa: E731
                lambda code, codes: code in codes, left.evaluate(scope), right.evaluate(scope)
            )
        if isinstance(operator, ast.NotIn):
            return Term(Sort.TRUTH, lambda scope: negated(inside(scope)))
        return Term(Sort.TRUTH, inside)

    def _row(self, node: ast.expr, bound: tuple[str, ...]) -> tuple[str, Callable[[Scope], Row | None]]:
        """The row that `suspect` or `suspect.case` means: its row name and how to find it."""
        if isinstance(node, ast.Name):
            name = self.row_name(node, bound)
            return name, lambda scope: scope.bound[name]
        if isinstance(node, ast.Attribute):
            owner, find = self._row(node.value, bound)
            column = self.world.schemas[owner].column(node.attr)
            if column is not None and column.refers_to is not None:
                table = column.refers_to
                target = next(name for name, schema in self.world.schemas.items() if schema.name == table)

                def follow(scope: Scope) -> Row | None:
                    row = find(scope)
                    return None if row is None else self.world.row_by_id(table, row.text(node.attr))

                return target, follow
        raise refuse(node, "this does not lead to a row", "write row.column, or row.reference.column")

    def _attribute(self, node: ast.Attribute, bound: tuple[str, ...], _depth: int) -> Term:
        owner, find = self._row(node.value, bound)
        column = self.world.schemas[owner].column(node.attr)
        if column is None:
            known = ", ".join(column.name for column in self.world.schemas[owner].columns)
            raise refuse(node, f"{owner!r} has no column {node.attr!r}", f"known: {known}")

        def value(scope: Scope) -> Value:
            row = find(scope)
            return Missing.UNKNOWN if row is None else row.value(node.attr)

        return Term(_sort_of(column), value)

    def _item(self, node: ast.Subscript, bound: tuple[str, ...], _depth: int) -> Term:
        owner, find = self._row(node.value, bound)
        code = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if not isinstance(code, str) or code not in self.world.items:
            raise refuse(node, "the checklist has no such item", 'write case["item-code"]')
        kind, level = self.world.items[code]
        if level != owner:
            raise refuse(node, f"the item is about a {level}, not a {owner}", f"write {level}[...]")
        key = self.world.schemas[owner].key

        def value(scope: Scope) -> Value:
            row = find(scope)
            return Missing.UNKNOWN if row is None or key is None else self.world.coded(row.text(key), code)

        return Term(_sort_of(Column(code, kind)), value)


def negated(truth: Truth) -> Truth:
    """Not: undecided and not applicable stay what they are."""
    return not truth if isinstance(truth, bool) else truth


def _both(parts: Sequence[Term]) -> Callable[[Scope], Truth]:
    return lambda scope: _first_of(
        [part.evaluate(scope) for part in parts], (False, None, Missing.NOT_APPLICABLE), True
    )


def _either(parts: Sequence[Term]) -> Callable[[Scope], Truth]:
    return lambda scope: _first_of(
        [part.evaluate(scope) for part in parts], (True, None, Missing.NOT_APPLICABLE), False
    )


def _first_of(found: Sequence[Truth], order: Sequence[Truth], otherwise: bool) -> Truth:
    return next((truth for truth in order if any(one is truth for one in found)), otherwise)


def _lift(operation: Callable[..., Any], *operands: Any) -> Any:  # noqa: ANN401 - numbers, dates, codes
    """Apply an operation to values; not applicable wins over unknown, and both over a result."""
    if any(operand is Missing.NOT_APPLICABLE for operand in operands):
        return Missing.NOT_APPLICABLE
    if any(operand is None or isinstance(operand, Missing) for operand in operands):
        return None
    return operation(*(operand.as_quantity() if isinstance(operand, Day) else operand for operand in operands))


def _subtract(one: Quantity, other: Quantity) -> Quantity:
    return add(one, negate(other))


def _not_less(one: Quantity, other: Quantity) -> bool | None:
    return cast("bool | None", negated(is_less(one, other)))


_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Quantity, Quantity], Truth]]] = {
    ast.Eq: is_equal,
    ast.NotEq: lambda one, other: negated(is_equal(one, other)),
    ast.Lt: is_less,
    ast.Gt: lambda one, other: is_less(other, one),
    ast.GtE: _not_less,
    ast.LtE: lambda one, other: _not_less(other, one),
}


def _code_comparison(operator: ast.cmpop) -> Callable[[str, str], bool]:
    wanted = isinstance(operator, ast.Eq)
    return lambda one, other: (one == other) is wanted


def _sort_of(column: Column) -> Sort:
    if column.kind in NUMERIC:
        return Sort.NUMBER
    if column.kind is Kind.CODES:
        return Sort.CODES
    if column.kind is Kind.DATE:
        return Sort.DATE
    return Sort.CODE if column.kind in CODED | {Kind.IDENTIFIER, Kind.REFERENCE} else Sort.ROW


def _constant(node: ast.Constant) -> Term:
    value = node.value
    if isinstance(value, str):
        return Term(Sort.CODE, lambda _: value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Quantity(float(value), float(value))
        return Term(Sort.NUMBER, lambda _: number)
    raise refuse(node, "only numbers and codes in quotes can be written out", "see the reference of claims")


def _dated(node: ast.expr, term: Term, other: Term) -> Term:
    """A quoted date becomes a date where it is compared with one."""
    if other.sort is Sort.DATE and isinstance(node, ast.Constant) and isinstance(node.value, str):
        day = parse_day(node.value)
        if isinstance(day, Mangled):
            raise refuse(node, "this is not a date", "write YYYY-MM-DD, YYYY-MM or YYYY in quotes")
        return Term(Sort.DATE, lambda _: day)
    return term


_HANDLERS: Final[dict[type[ast.expr], str]] = {
    ast.Constant: "_constant",
    ast.BoolOp: "_boolean",
    ast.UnaryOp: "_unary",
    ast.BinOp: "_arithmetic",
    ast.Compare: "_comparison",
    ast.Attribute: "_attribute",
    ast.Subscript: "_item",
    ast.Call: "_call",
    ast.Name: "_name",
}
"""The whitelist, and the method that handles each node; a node that is not here is refused."""
