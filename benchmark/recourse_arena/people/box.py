"""A box of feasible values: the global one of a dataset, or one person's own inside it."""

from __future__ import annotations

__all__ = ["Box"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.features import FeatureTable


@dataclass(frozen=True)
class Box:
    """Bounds `lower <= value <= upper`, each `(features,)` or `(people, features)`.

    The global box is the range of each feature over the negatively decided training people: a reading
    of arXiv 2604.08030 that reproduces its published oracle. A dataset may ask for the bounds that it declares instead.

    Example:
        >>> Box.spanning(torch.tensor([[0.0, 5.0], [2.0, 3.0]]))
        Box(lower=tensor([0., 3.]), upper=tensor([2., 5.]))
    """

    lower: Tensor
    upper: Tensor

    @classmethod
    def spanning(cls, x: Tensor, features: FeatureTable | None = None) -> Box:
        """Return the smallest box that holds the people `x` `(people, features)`, and all levels of categories.

        Codes of categories have no order: a range of them would leave out some levels by their numbers.
        """
        lower, upper = x.amin(0), x.amax(0)
        if features is None or not features.mixed:
            return cls(lower, upper)
        highest = x.new_tensor([len(feature.levels) - 1 for feature in features])
        return cls(torch.where(features.categorical, 0.0, lower), torch.where(features.categorical, highest, upper))

    @classmethod
    def declared(cls, x: Tensor, features: FeatureTable) -> Box:
        """Return the bounds that features declare, and where they declare none those of the people `x`.

        Example:
            >>> from recourse_arena.people.features import Feature
            >>> features = FeatureTable((Feature("score", lower=0.0, upper=30.0), Feature("gain", lower=0.0)))
            >>> Box.declared(torch.tensor([[3.0, 1.0], [20.0, 5.0]]), features)
            Box(lower=tensor([0., 0.]), upper=tensor([30.,  5.]))
        """
        seen = cls.spanning(x, features)
        lower, upper = (x.new_tensor([getattr(feature, end) for feature in features]) for end in ("lower", "upper"))
        return cls(torch.where(lower.isfinite(), lower, seen.lower), torch.where(upper.isfinite(), upper, seen.upper))

    def directed(self, factual: Tensor, features: FeatureTable) -> Box:
        """Return the box of each person `(people, features)`, narrowed where they may move one way only."""
        whole = self.expand(len(factual))
        if not features.directed.any():
            return whole
        return Box(
            torch.where(features.directed > 0, torch.maximum(whole.lower, factual), whole.lower),
            torch.where(features.directed < 0, torch.minimum(whole.upper, factual), whole.upper),
        )

    def personal(self, lower: Tensor, upper: Tensor, features: FeatureTable) -> Box:
        """Return the part of this box inside personal bounds `(people, features)`; it may be :meth:`empty`.

        Raises:
            ArenaError: If a person's bounds are no numbers, or have no value (no whole one where needed) by themselves.
        """
        own = Box(lower, upper)
        for bad, problem in (
            (lower.isnan() | upper.isnan(), "a bound is not a number"),
            (own.empty(features.whole), "has no value"),
        ):
            if bad.any():
                row, column = (int(i) for i in bad.nonzero()[0])
                ends = f"[{lower[row, column]:g}, {upper[row, column]:g}]"
                raise ArenaError(f"personal bounds: row {row}, feature {features.names[column]!r}: {ends}: {problem}")
        return Box(torch.maximum(self.lower, lower), torch.minimum(self.upper, upper))

    def empty(self, whole: Tensor) -> Tensor:
        """Return where there is no value, no whole one where `whole` `(features,)` says so, bool like the bounds.

        Example:
            >>> box = Box(torch.tensor([1.2, 1.2, 3.0]), torch.tensor([1.8, 1.8, 2.0]))
            >>> box.empty(torch.tensor([False, True, False])).tolist()
            [False, True, True]
        """
        return (self.lower > self.upper) | (whole & (self.lower.ceil() > self.upper.floor()))

    def expand(self, people: int) -> Box:
        """Return the same bounds with one row per person."""
        shape = (people, self.lower.shape[-1])
        return Box(self.lower.expand(shape), self.upper.expand(shape))

    def snap(self, values: Tensor, whole: Tensor) -> Tensor:
        """Return the nearest values inside the box, whole numbers where `whole` `(features,)` says so.

        Example:
            >>> Box(torch.zeros(2), torch.full((2,), 2.5)).snap(torch.tensor([3.0, 3.0]), torch.tensor([True, False]))
            tensor([2.0000, 2.5000])
        """
        inside = torch.minimum(torch.maximum(values, self.lower), self.upper)
        rounded = torch.minimum(torch.maximum(inside.round(), self.lower.ceil()), self.upper.floor())
        return torch.where(whole, rounded, inside)

    def contains(self, values: Tensor, whole: Tensor | None = None, *, tolerance: float = 8.0) -> Tensor:
        """Return which values lie inside, bool like `values`.

        Bounds give way by rounding alone, and not at all where values are whole numbers.

        Arguments:
            values: The values, `(..., features)`.
            whole: Which features take whole numbers, bool `(features,)`; default: none.
            tolerance: How far a value may lie outside, in steps between single-precision numbers of the size of the
                larger bound; actions are computed in single precision.

        Example:
            >>> box = Box(torch.zeros(2), torch.full((2,), 1e6))
            >>> box.contains(torch.tensor([1_000_000.5, 1_000_001.0])).tolist()
            [True, False]
            >>> box.contains(torch.tensor([1_000_000.5, 1_000_001.0]), torch.tensor([True, True])).tolist()
            [False, False]
        """
        sizes = (bound.abs().nan_to_num(posinf=0.0) for bound in (self.lower, self.upper))
        slack = tolerance * torch.finfo(torch.float32).eps * torch.maximum(*sizes)
        if whole is not None:
            slack = torch.where(whole, 0.0, slack)
        return (values >= self.lower - slack) & (values <= self.upper + slack)
