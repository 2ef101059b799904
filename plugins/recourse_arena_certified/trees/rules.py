"""Rules between the features of a person, over cells."""

from __future__ import annotations

__all__ = ["CellRules", "features_of_rules", "refuse_continuous"]

from collections.abc import Sequence

import numpy as np

from recourse_arena import AtMost, FeatureTable, Kind, NotApplicable, Request
from recourse_arena_certified.trees.cells import Cells

_SLACK = 2e-5
"""At least what judges of a weighted sum give way by, relative to the size of its terms."""


def refuse_continuous(features: FeatureTable) -> None:
    """Refuse rules about numbers that are not whole and can be acted upon.

    Raises:
        NotApplicable: If there is one.
    """
    for rule in features.rules:
        for name in rule.names:
            if features[name].kind is Kind.CONTINUOUS and features.actionable[features.index(name)]:
                raise NotApplicable(
                    f"certified keeps rules between whole numbers and levels where trees decide; "
                    f"rule {rule} is about {name!r}, which is continuous"
                )


def features_of_rules(one: Request) -> set[int]:
    """Return the features that rules are about."""
    return {one.features.index(name) for rule in one.features.rules for name in rule.names}


class CellRules:
    """Which parts of somebody's moves may hold a person who keeps the rules.

    Arguments:
        one: The person; rules that they break themselves count for nothing.
        cells: The cells.
    """

    def __init__(self, one: Request, cells: Cells) -> None:
        self._cells = cells
        self._factual = dict(zip(one.features.names, one.factual[0].double().tolist(), strict=True))
        self._place = {one.features.names[j]: place for place, j in enumerate(cells.columns)}
        people = dict(zip(one.features.names, one.factual[0], strict=True))
        self._rules = [rule for rule in one.features.rules if bool(rule.kept(people))]
        about = {self._place[name] for rule in self._rules for name in rule.names if name in self._place}
        self.about = np.isin(np.arange(len(cells.columns)), list(about))
        """Which of the features that move rules are about, bool `(features that move,)`."""

    def possible(self, open_: np.ndarray) -> np.ndarray:
        """Return which parts may keep all rules, bool `(parts,)`, by their open cells, bool `(parts, cells)`."""
        found = np.ones(len(open_), dtype=bool)
        for rule in self._rules:
            if isinstance(rule, AtMost):
                found &= self._least(rule, open_)
            else:
                found &= self._can_have(open_, rule.feature, rule.levels, other=True) | self._can_have(
                    open_, rule.other, rule.allowed
                )
        return found

    def _least(self, rule: AtMost, open_: np.ndarray) -> np.ndarray:
        """Return where the least sum is not above the limit."""
        total: np.ndarray = np.zeros(len(open_))
        size = abs(rule.limit)
        for name, factor in rule.terms.items():
            if name not in self._place:
                total, size = total + factor * self._factual[name], size + abs(factor * self._factual[name])
                continue
            own = self._cells.of_feature(self._place[name])
            terms = factor * self._cells.value[own].astype(float)
            total, size = total + np.where(open_[:, own], terms, np.inf).min(1), size + np.abs(terms).max()
        return np.asarray(total <= rule.limit + _SLACK * size)

    def _can_have(self, open_: np.ndarray, name: str, codes: Sequence[int], *, other: bool = False) -> np.ndarray:
        """Return where a feature can have one of some levels, or one that is none of them."""
        if name not in self._place:
            return np.full(len(open_), (self._factual[name] in codes) != other)
        own = self._cells.of_feature(self._place[name])
        return np.asarray(open_[:, own][:, np.isin(self._cells.value[own], codes) != other].any(1))
