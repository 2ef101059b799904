"""Structural equations that are linear in pieces: what solvers of exact programs can write down."""

from __future__ import annotations

__all__ = ["PiecewiseLinear"]

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class PiecewiseLinear:
    """The sum `sum_p slopes_p x_p + sum_p hinges_p max(0, x_p)` over some of a feature's parents.

    Arguments:
        slopes: Factor of each parent that counts as it is.
        hinges: Factor of the positive part of each parent.

    Example:
        >>> import torch
        >>> savings = PiecewiseLinear(hinges={"income": 1.5})
        >>> savings({"income": torch.tensor([-2.0, 2.0])})
        tensor([0., 3.])
    """

    slopes: Mapping[str, float] = field(default_factory=dict)
    hinges: Mapping[str, float] = field(default_factory=dict)

    @property
    def parents(self) -> frozenset[str]:
        """The parents it is about."""
        return frozenset(self.slopes) | frozenset(self.hinges)

    def __bool__(self) -> bool:
        return bool(self.parents)

    def __call__(self, parents: Mapping[str, Tensor]) -> Tensor | float:
        """Return the sum for parents' values by name, shaped like them; 0 if it is about none."""
        terms = [slope * parents[name] for name, slope in self.slopes.items()]
        terms += [hinge * parents[name].clamp(min=0) for name, hinge in self.hinges.items()]
        return sum(terms[1:], terms[0]) if terms else 0.0
