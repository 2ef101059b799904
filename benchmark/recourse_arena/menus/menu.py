"""A menu: a few shared actions for each cluster of people, from which everybody picks."""

from __future__ import annotations

__all__ = ["MENU_COLUMNS", "MOST_CELLS", "Menu", "Move", "Offers"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.menus.asked import MOST_ACTIONS
from recourse_arena.menus.clustering import ClusterRule, OneCluster, rule_of
from recourse_arena.people.box import Box
from recourse_arena.people.features import FeatureTable, Kind

MENU_COLUMNS = ("cluster", "action", "feature", "move", "amount")
"""What is said of each move of a menu."""

MOST_CELLS = 1 << 20
"""Cells that a menu may have."""


class Move(IntEnum):
    """What an action does to a feature."""

    LEAVE = 0
    """It stays as it is."""
    ADD = 1
    """So much is added."""
    SET = 2
    """It is set to this value."""
    AT_LEAST = 3
    """It becomes this value where it was less."""
    AT_MOST = 4
    """It becomes this value where it was more."""

    @property
    def word(self) -> str:
        """How files and readers call it: `leave`, `add`, `set`, `at least`, `at most`."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Offers:
    """What a menu offers to people.

    Arguments:
        cluster: The cluster of each, long `(people,)`.
        values: What features are set to, the factual elsewhere, `(people, actions, features)`.
        mask: Features acted upon, bool `(people, actions, features)`.
        available: Offers that touch nothing the person ruled out, and change anything, bool `(people, actions)`.
    """

    cluster: Tensor
    values: Tensor
    mask: Tensor
    available: Tensor


@dataclass(frozen=True)
class Menu:
    """Up to `actions` shared actions for each of some clusters; a row of nothing but `leave` is no action.

    Arguments:
        moves: Codes of :class:`Move`, int8 `(clusters, actions, features)`.
        amounts: What is added, or the value, double precision `(clusters, actions, features)`; 0 where it is left.
        rule: Whose cluster is whose.

    Raises:
        ArenaError: If shapes do not fit, or a move or amount is none.

    Example:
        >>> menu = Menu(torch.tensor([[[1, 0]]], dtype=torch.int8), torch.tensor([[[5.0, 0.0]]]).double())
        >>> menu.size, menu.clusters, menu.there.tolist()
        (1, 1, [[True]])
    """

    moves: Tensor
    amounts: Tensor
    rule: ClusterRule = field(default_factory=OneCluster)

    def __post_init__(self) -> None:
        if self.moves.ndim != 3 or self.moves.shape != self.amounts.shape or not self.moves.numel():
            shapes = f"{tuple(self.moves.shape)} and {tuple(self.amounts.shape)}"
            raise ArenaError(f"a menu: expected moves and amounts (clusters, actions, features), got {shapes}")
        if self.moves.numel() > MOST_CELLS or self.clusters * self.size > MOST_ACTIONS:
            many = " x ".join(f"{count:,}" for count in self.moves.shape)
            raise ArenaError(
                f"a menu: {many} (clusters, actions, features) are too many; it may have {MOST_ACTIONS:,} actions in "
                f"all clusters, and {MOST_CELLS:,} cells"
            )
        if not ((self.moves >= 0) & (self.moves < len(Move))).all():
            raise ArenaError("a menu: expected codes of recourse_arena.Move")
        if not self.amounts.isfinite().all():
            raise ArenaError("a menu: an amount is not finite")
        object.__setattr__(self, "moves", self.moves.to(torch.int8))
        object.__setattr__(self, "amounts", torch.where(self.moves == Move.LEAVE, 0.0, self.amounts.double()))

    @classmethod
    def of(cls, actions: Tensor, moves: Tensor, rule: ClusterRule | None = None) -> Menu:
        """Return the menu of amounts `actions` `(clusters, actions, features)` or `(actions, features)`.

        Arguments:
            actions: Amounts; not a number where a feature is left as it is.
            moves: What is done with an amount of each feature, codes of :class:`Move`, `(features,)`.
            rule: Whose cluster is whose; by default there is one.
        """
        actions = actions if actions.ndim == 3 else actions[None]
        acts = ~actions.isnan()
        return cls(
            torch.where(acts, moves.to(torch.int8), 0), torch.where(acts, actions.double(), 0.0), rule or OneCluster()
        )

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.moves)

    @property
    def size(self) -> int:
        """How many actions the longest list of a cluster has room for."""
        return self.moves.shape[1]

    @property
    def there(self) -> Tensor:
        """Which rows are actions, bool `(clusters, actions)`."""
        return (self.moves != Move.LEAVE).any(-1)

    def cluster_of(self, x: Tensor, features: FeatureTable) -> Tensor:
        """Return the cluster of each person of `x` `(people, features)`, `(people,)`.

        Raises:
            ArenaError: If the rule leads to a cluster that has no list.
        """
        cluster = self.rule(x, features)
        if len(cluster) and int(cluster.max()) >= self.clusters:
            raise ArenaError(f"a menu of {self.clusters} clusters: its rule leads to cluster {int(cluster.max())}")
        return cluster

    def offers(self, factual: Tensor, features: FeatureTable, actionable: Tensor, box: Box) -> Offers:
        """Return what it offers to people: moves applied to the factual, inside each person's box, whole where needed.

        An offer that would move a feature which the person cannot act on is not available to them.

        Arguments:
            factual: The people, `(people, features)`.
            features: The features.
            actionable: What each can act on, bool `(people, features)`.
            box: Feasible values, `(people, features)` each.
        """
        cluster = self.cluster_of(factual, features)
        moves, amounts = self.moves[cluster], self.amounts[cluster].to(factual.dtype)
        now = factual[:, None].expand(amounts.shape)
        wanted = torch.where(moves == Move.ADD, now + amounts, now)
        wanted = torch.where(moves == Move.SET, amounts, wanted)
        wanted = torch.where(moves == Move.AT_LEAST, torch.maximum(now, amounts), wanted)
        wanted = torch.where(moves == Move.AT_MOST, torch.minimum(now, amounts), wanted)
        free = actionable[:, None].expand(moves.shape)
        forbidden = ((wanted != now) & ~free).any(-1)
        inside = Box(box.lower[:, None], box.upper[:, None]).snap(wanted, features.whole)
        values = torch.where(free & (wanted != now), inside, now)
        mask = values != now
        return Offers(cluster, values, mask, ~forbidden & mask.any(-1))

    def state(self) -> dict[str, Tensor]:
        """Return it as tensors, which :meth:`restored` takes."""
        rule = {f"rule_{name}": value for name, value in self.rule.state().items()}
        return {"moves": self.moves, "amounts": self.amounts, **rule}

    @classmethod
    def restored(cls, state: Mapping[str, Tensor], features: FeatureTable) -> Menu:
        """Return the menu that a state keeps.

        Raises:
            ArenaError: If it keeps none of these features.
        """
        if not {"moves", "amounts"} <= set(state):
            raise ArenaError("a menu needs moves and amounts")
        rule = {name.removeprefix("rule_"): value for name, value in state.items() if name.startswith("rule_")}
        menu = cls(state["moves"], state["amounts"], rule_of(rule, features))
        if menu.moves.shape[2] != len(features):
            raise ArenaError(
                f"a menu of {menu.moves.shape[2]} features cannot be offered where there are {len(features)}"
            )
        ordered = (menu.moves != Move.LEAVE) & (menu.moves != Move.SET)
        if (ordered & features.categorical).any():
            raise ArenaError("a menu: a category can be set and nothing else: its codes have no order")
        menu._check_levels(features)
        return menu

    def _check_levels(self, features: FeatureTable) -> None:
        """Raise that what a feature with levels is to become is none of them."""
        levels = features.count_levels
        named = (self.moves != Move.LEAVE) & (self.moves != Move.ADD) & (levels > 0)
        wrong = named & ((self.amounts != self.amounts.round()) | (self.amounts < 0) | (self.amounts >= levels))
        if wrong.any():
            j = int(wrong.nonzero()[0, -1])
            codes, last = self.amounts[..., j][named[..., j]].tolist(), int(levels[j]) - 1
            raise ArenaError(f"a menu: {features.features[j].name}: expected codes of levels, 0 to {last}, got {codes}")

    def said(self) -> dict[str, Any]:
        """Return it as JSON can say it, which :meth:`read` takes."""
        return {
            name: {"type": str(value.dtype).removeprefix("torch."), "values": value.tolist()}
            for name, value in self.state().items()
        }

    @classmethod
    def read(cls, said: Mapping[str, Any], features: FeatureTable) -> Menu:
        """Return the menu that :meth:`said` says.

        Raises:
            ArenaError: If it says none.
        """
        types = {"int8": torch.int8, "int64": torch.int64, "float32": torch.float32, "float64": torch.float64}
        try:
            state = {str(name): torch.tensor(part["values"], dtype=types[part["type"]]) for name, part in said.items()}
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            raise ArenaError(f"not a menu: {type(error).__name__}: {error}") from None
        return cls.restored(state, features)

    def rows(self, features: FeatureTable) -> list[dict[str, Any]]:
        """Return a row for each move: `cluster, action, feature, move, amount`; both are counted from 1.

        The amount of a category is the name of its level.
        """
        found = []
        for c, a, j in (self.moves != Move.LEAVE).nonzero().tolist():
            feature, amount = features.features[j], float(self.amounts[c, a, j])
            named = feature.word(amount) if feature.kind is Kind.CATEGORICAL else amount
            move = Move(int(self.moves[c, a, j])).word
            found.append(dict(zip(MENU_COLUMNS, (c + 1, a + 1, feature.name, move, named), strict=True)))
        return found
