"""What each person says of each feature: I can act on it, how easily, or not at all."""

from __future__ import annotations

__all__ = ["Actionability"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.features import FeatureTable


@dataclass(frozen=True)
class Actionability:
    """Actionability scores of a batch of people (arXiv 2604.08030, section on individual actionability).

    Arguments:
        scores: Integers `(people, features)`: 1..levels is actionable, 1 the easiest; `levels + 1` is
            individually non-actionable. Features that nobody can act on hold `levels + 1`.
        levels: Number of levels (K).
        ordered: Whether the scores say which feature is preferred; a yes-or-no answer does not.

    Example:
        >>> answers = Actionability(torch.tensor([[1, 3, 4]]), levels=3)
        >>> answers.mask.tolist(), answers.least_preferred.tolist()
        ([[True, True, False]], [[False, True, False]])
    """

    scores: Tensor
    levels: int
    ordered: bool = True

    @classmethod
    def validated(cls, scores: Tensor, levels: int, features: FeatureTable, *, ordered: bool = True) -> Actionability:
        """Return the answers, or raise with the row and feature that is wrong."""
        if scores.ndim != 2 or scores.shape[1] != len(features):
            raise ArenaError(
                f"actionability scores: expected shape (people, {len(features)}), got {tuple(scores.shape)}"
            )
        if scores.is_floating_point() or scores.dtype is torch.bool:
            raise ArenaError(f"actionability scores: expected whole numbers, got dtype {scores.dtype}")
        for bad, expected in (
            ((scores < 1) | (scores > levels + 1), f"a score from 1 to {levels}, or {levels + 1} for non-actionable"),
            (~features.actionable & (scores <= levels), f"{levels + 1}: the feature is not globally actionable"),
        ):
            if bad.any():
                row, column = (int(i) for i in bad.nonzero()[0])
                raise ArenaError(
                    f"actionability scores: row {row}, feature {features.names[column]!r}: "
                    f"expected {expected}, got {int(scores[row, column])}"
                )
        return cls(scores.long(), levels, ordered)

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, people: slice | Tensor) -> Actionability:
        return Actionability(self.scores[people], self.levels, self.ordered)

    def without(self, closed: Tensor) -> Actionability:
        """Return the answers where nobody can act on what is `closed`, bool `(people, features)`."""
        return Actionability(torch.where(closed, self.levels + 1, self.scores), self.levels, self.ordered)

    @property
    def mask(self) -> Tensor:
        """Individually actionable features, bool `(people, features)`."""
        return self.scores <= self.levels

    @property
    def least_preferred(self) -> Tensor:
        """Each person's least-preferred actionable features (ties: all of them), bool `(people, features)`."""
        open_scores = torch.where(self.mask, self.scores, 0)
        return self.mask & (open_scores == open_scores.amax(1, keepdim=True))
