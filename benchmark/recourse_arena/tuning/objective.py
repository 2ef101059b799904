"""What tuning maximises: an arithmetic expression over metrics."""

from __future__ import annotations

__all__ = ["Objective"]

import ast
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from recourse_arena.base.errors import ArenaError

_ARITHMETIC = (ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.UnaryOp, ast.UAdd, ast.USub, ast.Load)


@dataclass(frozen=True)
class Objective:
    """An expression that is larger the better.

    Arguments:
        text: The expression.
        metrics: The metrics it names, in their order.
    """

    text: str
    metrics: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, known: Iterable[str]) -> Objective:
        """Return the objective of an expression of numbers, `+ - * /`, parentheses and the `known` metrics.

        Raises:
            ArenaError: If there is anything else in it, or no metric.

        Example:
            >>> Objective.parse("attainability-0.3*hap", ["attainability", "hap", "validity"])
            Objective(text='attainability - 0.3 * hap', metrics=('attainability', 'hap'))
        """
        known = list(known)
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError):
            raise _refused(text, "it cannot be read", known) from None
        names: dict[str, None] = {}
        for node in ast.walk(tree.body):
            if isinstance(node, ast.Name) and node.id in known:
                names[node.id] = None
            elif not isinstance(node, _ARITHMETIC) and not _is_number(node):
                what = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__.lower()
                raise _refused(text, f"{what!r} is none of these", known)
        if not names:
            raise _refused(text, "it names no metric", known)
        objective = cls(ast.unparse(tree), tuple(names))
        try:
            objective.of(pd.DataFrame({name: [0.5] for name in names}))
        except ArithmeticError as error:
            raise _refused(text, str(error), known) from None
        return objective

    def of(self, summary: pd.DataFrame) -> pd.Series:
        """Return its value for each row of a summary, float `(rows,)`.

        Where a metric is undefined it is minus infinity: a solver that helps nobody has no costs, and must not win.

        Example:
            >>> summary = pd.DataFrame({"attainability": [0.9, 0.5], "hap": [0.5, None]})
            >>> Objective.parse("attainability - 0.2 * hap", summary).of(summary).tolist()
            [0.8, -inf]
        """
        values = summary[list(self.metrics)].apply(pd.to_numeric).astype(float)
        found = values.fillna(0.0).eval(self.text, engine="python").astype(float)
        return found.where(values.notna().all(axis=1), float("-inf"))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _refused(text: str, why: str, known: list[str]) -> ArenaError:
    return ArenaError(
        f"objective {text!r}: {why}\nexpected numbers, + - * /, parentheses and metrics: {', '.join(known)}"
    )
