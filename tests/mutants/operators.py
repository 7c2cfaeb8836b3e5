"""The faults that are planted: some of Cosmic Ray's operators, and operators for what it does not know.

Cosmic Ray has none for dropped calls, raises and filters, swapped columns and units of time. Its numbers move by one, which no
user notices of a time limit of 60 seconds: here numbers above two change tenfold.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators import boolean_replacer, break_continue
from cosmic_ray.operators import comparison_operator_replacement as comparison
from cosmic_ray.operators import unary_operator_replacement as unary
from cosmic_ray.operators import zero_iteration_for_loop as loops
from cosmic_ray.operators.operator import Operator

Span = tuple[tuple[int, int], tuple[int, int]]

#: Functions whose arguments are conditions, and functions whose arguments are columns.
CONDITIONS = frozenset({"where", "filter", "filter_by", "having", "and_", "or_"})
COLUMNS = frozenset({"select", "with_only_columns", "order_by", "add_columns"})
#: What a unit of time becomes.
UNITS = {"days": "hours", "hours": "minutes", "minutes": "hours", "seconds": "minutes", "weeks": "days"}


class NodeOperator(Operator):
    """An operator that changes a node in `variants` ways."""

    @abstractmethod
    def variants(self, node: Any) -> int:
        """In how many ways it changes `node`; 0 where it does not fit."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        for _ in range(self.variants(node)):
            yield node.start_pos, node.end_pos

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class DropStatement(NodeOperator):
    """A call whose result nobody takes, or a raise, is not done."""

    def variants(self, node: Any) -> int:
        if node.type != "simple_stmt":
            return 0
        first = node.children[0]
        called = (
            first.type == "atom_expr"
            and first.children[-1].type == "trailer"
            and first.get_code().rstrip().endswith(")")
        )
        raised = first.type == "raise_stmt" or (first.type == "keyword" and first.value == "raise")
        return int(called or raised)

    def mutate(self, node: Any, index: int) -> Any:
        first = node.children[0]
        return replace_child(node, 0, f"{first.get_first_leaf().prefix}pass")


class DropGuard(NodeOperator):
    """An `if` that only leaves the function or the loop is never taken."""

    def variants(self, node: Any) -> int:
        if node.type != "if_stmt" or len(node.children) != 4:
            return 0
        body = node.children[3]
        statements = [child for child in getattr(body, "children", [body]) if child.type != "newline"]
        return int(
            len(statements) == 1
            and statements[0].get_code().split()[0] in ("return", "raise", "continue", "break")
        )

    def mutate(self, node: Any, index: int) -> Any:
        return replace_child(node, 1, " False")


class DropCondition(NodeOperator):
    """One condition of a query is left out."""

    def variants(self, node: Any) -> int:
        return len(arguments_of(node, CONDITIONS))

    def mutate(self, node: Any, index: int) -> Any:
        given = arguments_of(node, CONDITIONS)
        return replace_arguments(node, [*given[:index], *given[index + 1 :]])


class SwapColumns(NodeOperator):
    """Two neighbouring columns of a query change places."""

    def variants(self, node: Any) -> int:
        return max(len(arguments_of(node, COLUMNS)) - 1, 0)

    def mutate(self, node: Any, index: int) -> Any:
        given = arguments_of(node, COLUMNS)
        given[index], given[index + 1] = given[index + 1], given[index]
        return replace_arguments(node, given)


class ChangeUnit(NodeOperator):
    """A duration has another unit."""

    def variants(self, node: Any) -> int:
        return int(node.type == "argument" and node.children[0].get_code().strip() in UNITS)

    def mutate(self, node: Any, index: int) -> Any:
        name = node.children[0]
        return replace_child(node, 0, name.prefix + UNITS[name.value])


class ChangeNumber(NodeOperator):
    """Numbers up to two move by one, others become ten times as large or as small."""

    def variants(self, node: Any) -> int:
        return 2 if node.type == "number" and not is_fallback(node) else 0

    def mutate(self, node: Any, index: int) -> Any:
        value = eval(node.value)
        if abs(value) <= 2:
            changed = value + (1, -1)[index]
        elif isinstance(value, int):
            changed = value * 10 if index == 0 else value // 10
        else:
            changed = value * 10 if index == 0 else value / 10
        return parso.python.tree.Number(f"{node.prefix or ' '}{changed}", node.start_pos)


class NegateMembership(NodeOperator):
    """`in` becomes `not in` and the other way round."""

    def variants(self, node: Any) -> int:
        return int(
            node.type == "comparison" and node.children[1].get_code().split() in (["in"], ["not", "in"])
        )

    def mutate(self, node: Any, index: int) -> Any:
        return replace_child(node, 1, " not in" if node.children[1].get_code().split() == ["in"] else " in")


class CatchNothing(NodeOperator):
    """An exception goes on to the caller. (Cosmic Ray's own operator knows no dotted names.)"""

    def variants(self, node: Any) -> int:
        return int(node.type == "except_clause")

    def mutate(self, node: Any, index: int) -> Any:
        return replace_child(node, 1, " ()")


def is_fallback(number: Any) -> bool:
    """`row.id or 0`: the 0 is for the type checker, a stored row has an id."""
    parent = number.parent
    return parent.type == "or_test" and parent.children[0].get_code().rstrip().endswith("id")


def arguments_of(node: Any, functions: frozenset[str]) -> list[str]:
    """The code of the positional arguments of a call of one of `functions`; [] for everything else."""
    if node.type != "trailer" or node.children[0].value != "(" or len(node.children) != 3:
        return []
    before = node.get_previous_leaf()
    if before is None or before.type != "name" or before.value not in functions:
        return []
    inner = node.children[1]
    given = (
        [child for child in inner.children if child.type != "operator"]
        if inner.type == "arglist"
        else [inner]
    )
    return [child.get_code() for child in given if child.type != "comment"]


def replace_arguments(node: Any, given: list[str]) -> Any:
    return replace_child(node, 1, ", ".join(given))


def replace_child(node: Any, index: int, code: str) -> Any:
    node.children[index] = parso.parse(code)
    return node


def _comparisons() -> list[type[Operator]]:
    """Each comparison with its bound moved and with its direction turned."""
    changes = {"Eq": ["NotEq"], "NotEq": ["Eq"], "Is": ["IsNot"], "IsNot": ["Is"], "Lt": ["LtE", "GtE"]}
    changes |= {"LtE": ["Lt", "Gt"], "Gt": ["GtE", "LtE"], "GtE": ["Gt", "Lt"]}
    return [
        getattr(comparison, f"ReplaceComparisonOperator_{old}_{new}")
        for old, many in changes.items()
        for new in many
    ]


#: Faults by kind. A kind's operators are alternatives at one place.
KINDS: dict[str, list[Operator]] = {
    "comparison": [operator() for operator in (*_comparisons(), NegateMembership)],
    "guard": [DropGuard(), boolean_replacer.AddNot()],
    "boolean": [
        boolean_replacer.ReplaceAndWithOr(),
        boolean_replacer.ReplaceOrWithAnd(),
        boolean_replacer.ReplaceTrueWithFalse(),
        boolean_replacer.ReplaceFalseWithTrue(),
        unary.ReplaceUnaryOperator_Delete_Not(),
        unary.ReplaceUnaryOperator_Delete_Invert(),
    ],
    "query": [DropCondition(), SwapColumns()],
    "dropped": [DropStatement()],
    "duration": [ChangeUnit(), ChangeNumber()],
    "loop": [
        break_continue.ReplaceBreakWithContinue(),
        break_continue.ReplaceContinueWithBreak(),
        loops.ZeroIterationForLoop(),
    ],
    "except": [CatchNothing()],
}
