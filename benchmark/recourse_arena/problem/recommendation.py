"""What a solver answers: an action per person, and one outcome out of a closed set."""

from __future__ import annotations

__all__ = ["Recommendation"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.menus.menu import Menu
from recourse_arena.problem.outcome import Outcome

_WHOLE = (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64)


@dataclass(frozen=True)
class Recommendation:
    """The action `do(x_j = values_j)` for masked j, for each person of a request.

    Arguments:
        mask: Features acted upon, bool `(people, features)`.
        values: Values to set, float `(people, features)`; read only where masked.
        outcome: Code of the :class:`Outcome` per person, int8 `(people,)`. `infeasible` means proved.
        lower_bound: Weighted cost below which the solver proves that no action exists, float `(people,)`; NaN where
            it proves nothing. None from a solver that never proves anything.
        menu: The menu that people picked from; none from a solver that gives each an action of their own.
        pick: Which action of their cluster each person picked, counted from 0, int64 `(people,)`; -1 without one. It
            comes with a menu.
    """

    mask: Tensor
    values: Tensor
    outcome: Tensor
    lower_bound: Tensor | None = None
    menu: Menu | None = None
    pick: Tensor | None = None

    @classmethod
    def do(
        cls, mask: Tensor, values: Tensor, *, found: Tensor | None = None, otherwise: Outcome = Outcome.NOT_FOUND
    ) -> Recommendation:
        """Return the actions of those who have one: everybody, or the people of `found` `(people,)`.

        Example:
            >>> mask, found = torch.tensor([[True], [True]]), torch.tensor([True, False])
            >>> Recommendation.do(mask, torch.zeros(2, 1), found=found).outcomes
            ('solved', 'not_found')
        """
        if found is None:
            found = torch.ones(len(mask), dtype=torch.bool)
        outcome = torch.where(found, Outcome.SOLVED.code, otherwise.code).to(torch.int8)
        return cls(mask & found[:, None], values, outcome)

    def __len__(self) -> int:
        return len(self.mask)

    def __getitem__(self, people: slice | Tensor) -> Recommendation:
        """Return what is advised to some of the people: a slice, or indices or a bool tensor `(people,)`."""
        bound, pick = (None if part is None else part[people] for part in (self.lower_bound, self.pick))
        return Recommendation(self.mask[people], self.values[people], self.outcome[people], bound, self.menu, pick)

    @property
    def solved(self) -> Tensor:
        """People with an action, bool `(people,)`."""
        return self.outcome == Outcome.SOLVED.code

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcome of each person as a word."""
        words = [outcome.value for outcome in Outcome]
        return tuple(words[code] for code in self.outcome.tolist())

    def check(self, shape: tuple[int, int]) -> None:
        """Raise what is wrong with shapes, dtypes or outcome codes for a request of `shape` (people, features)."""
        shapes = {"mask": shape, "values": shape, "outcome": shape[:1]}
        if self.lower_bound is not None:
            shapes["lower_bound"] = shape[:1]
        if self.pick is not None:
            shapes["pick"] = shape[:1]
        for name, wanted in shapes.items():
            tensor = getattr(self, name)
            if not isinstance(tensor, Tensor):
                raise ArenaError(f"recommendation.{name}: expected a tensor, got {type(tensor).__name__}")
            if tuple(tensor.shape) != wanted:
                raise ArenaError(f"recommendation.{name}: expected shape {wanted}, got {tuple(tensor.shape)}")
        if self.mask.dtype is not torch.bool:
            raise ArenaError(f"recommendation.mask: expected dtype torch.bool, got {self.mask.dtype}")
        for name in ("values", "lower_bound"):
            tensor = getattr(self, name)
            if tensor is not None and tensor.dtype not in (torch.float32, torch.float64):
                raise ArenaError(f"recommendation.{name}: expected dtype float32 or float64, got {tensor.dtype}")
        if self.outcome.dtype not in _WHOLE or not ((self.outcome >= 0) & (self.outcome < len(Outcome))).all():
            raise ArenaError("recommendation.outcome: expected codes of recourse_arena.Outcome")
        self._check_menu(shape[1])

    def _check_menu(self, features: int) -> None:
        if (self.menu is None) != (self.pick is None):
            raise ArenaError("recommendation: a menu and the picks from it come together")
        if self.menu is not None and self.menu.moves.shape[2] != features:
            raise ArenaError(f"recommendation.menu: it is of {self.menu.moves.shape[2]} features, not {features}")
        if self.pick is not None and self.pick.dtype is not torch.int64:
            raise ArenaError(f"recommendation.pick: expected dtype torch.int64, got {self.pick.dtype}")
