"""The values that people are told: short decimals, a hundredth of a standard deviation apart."""

from __future__ import annotations

__all__ = ["Steps", "shortest"]

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena.problem.problem import Problem

_FINENESS = 100
"""Steps in a standard deviation, about."""
_DIGITS = 6
"""Digits that a value may need at most: what is printed, and what single precision holds."""


@dataclass(frozen=True)
class Steps:
    """How finely each feature is told: values are multiples of `factor * 10 ** power`.

    Arguments:
        factor: 1, 2 or 5, in double precision, `(features,)`.
        power: Whole powers of ten, in double precision, `(features,)`.

    Example:
        >>> steps = Steps(torch.tensor([5.0]).double(), torch.tensor([-2.0]).double())
        >>> steps.at(torch.tensor([63])).tolist()
        [3.15]
    """

    factor: Tensor
    power: Tensor

    @classmethod
    def of(cls, problem: Problem) -> Steps:
        """Return the steps of a problem's features.

        Whole numbers and levels are told as they are. Others go in steps of 1, 2 or 5 times a power of ten, of these
        the nearest (by ratio) to a hundredth of the standard deviation over training people, but never finer than six
        digits of the largest value can tell.
        """
        size = problem.training.x.double().abs().amax(0).tolist()
        pairs = [
            (1, 0) if feature.whole else _nice(sd / _FINENESS, largest)
            for feature, sd, largest in zip(problem.features, problem.cost.sd.tolist(), size, strict=True)
        ]
        factor, power = torch.tensor(pairs, dtype=torch.double).unbind(1)
        return cls(factor, power)

    @property
    def size(self) -> Tensor:
        """The step of each feature, in its unit and in double precision, `(features,)`."""
        return self.at(torch.ones_like(self.factor))

    @property
    def tolerance(self) -> Tensor:
        """Half a step: a smaller change than that is not worth telling, `(features,)`."""
        return self.size / 2

    def worth_telling(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return which changes are as large as the tolerance, bool like `values` `(..., features)`."""
        return (values.double() - factual.double()).abs() >= self.tolerance

    def at(self, number: Tensor, column: int | None = None) -> Tensor:
        """Return so many steps as a value, in double precision: the number nearest to the decimal.

        Arguments:
            number: How many steps, whole, `(..., features)`, or of any shape for one column.
            column: The one feature; all by default.
        """
        factor, power = (self.factor, self.power) if column is None else (self.factor[column], self.power[column])
        digits = number.double() * factor  # exact, and so is a power of ten from 1 on: rounded once, by division
        return torch.where(power < 0, digits / 10 ** power.neg().clamp(min=0), digits * 10 ** power.clamp(min=0))


def shortest(value: Tensor) -> float:
    """Return one value as the shortest decimal that stands for it in its precision.

    Example:
        >>> value = torch.tensor(0.3)
        >>> float(value), shortest(value)
        (0.30000001192092896, 0.3)
    """
    return float(value) if value.dtype is torch.double else float(str(np.float32(float(value))))


def _nice(wanted: float, largest: float) -> tuple[int, int]:
    """Return factor and power of ten of the step next to `wanted` (above 0) that tells `largest` in six digits."""
    exponent = math.floor(math.log10(wanted))
    choices = [(factor, power) for power in (exponent, exponent + 1) for factor in (1, 2, 5)]
    factor, power = min(choices, key=lambda pair: abs(math.log(pair[0] * 10.0 ** pair[1] / wanted)))
    least = math.floor(math.log10(largest)) - (_DIGITS - 1) if largest > 0 else power
    return (factor, power) if power >= least else (1, least)
