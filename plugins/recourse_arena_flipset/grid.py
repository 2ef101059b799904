"""What each feature may become, what that gains in log odds, and by how much it shifts percentiles."""

from __future__ import annotations

__all__ = ["Grid", "Options"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Encoding, Kind, NotApplicable, Problem, Request

_ROUNDING = 2e-6
"""Log odds to spare, relative to the size of their terms: decision models compute in single precision."""


@dataclass(frozen=True)
class Options:
    """What one feature of one person may become.

    Arguments:
        values: Other values than the person's, `(options,)`.
        gains: What each adds to the log odds, `(options,)`.
        shifts: By how much each shifts the percentile, `(options,)`.
    """

    values: Tensor
    gains: Tensor
    shifts: Tensor

    def __getitem__(self, some: Tensor) -> Options:
        """Return some of the options, by a bool tensor or indices."""
        return Options(self.values[some], self.gains[some], self.shifts[some])

    def worth_it(self) -> Options:
        """Return the options that gain something, and more than all that shift no more."""
        order = self.shifts.argsort(stable=True)
        gains = self.gains[order]
        best = torch.cat([gains.new_zeros(1), gains]).cummax(0).values
        kept = gains > best[:-1]
        return self[order[kept]]


@dataclass(frozen=True)
class Grid:
    """A linear model on encoded features, and the percentiles of training people.

    Arguments:
        encoding: Which columns the model looks at.
        weight: Weight of each column in data units, `(columns,)` in double precision.
        bias: What is added.
        training: Training people, each column sorted, `(features, people)`.
        points: How many percentiles of a number are on the grid.
    """

    encoding: Encoding
    weight: Tensor
    bias: float
    training: Tensor
    points: int

    @classmethod
    def of(cls, problem: Problem, points: int) -> Grid:
        """Return the grid of a problem.

        Raises:
            NotApplicable: If its decision model is not linear.
        """
        maps = problem.structure.affine_maps
        if len(maps) != 1:
            raise NotApplicable(
                f"flipset needs a linear model, as with decision=logistic; that of {problem.dataset} has "
                f"{len(maps)} layers"
            )
        weight, bias = maps[0]
        ordered = problem.training.x.double().T.sort(dim=1).values
        return cls(problem.structure.encoding, weight[0].double(), float(bias[0]), ordered, points)

    def log_odds(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log odds of people `x` `(people, features)`, and what rounding may take away, `(people,)`."""
        wide = x.double()[:, self.encoding.owner]
        columns = torch.where(self.encoding.codes < 0, wide, (wide == self.encoding.codes).double())
        parts = columns * self.weight
        return parts.sum(1) + self.bias, _ROUNDING * (parts.abs().sum(1) + abs(self.bias))

    def percentile(self, column: int, values: Tensor) -> Tensor:
        """Return the share of training people whose feature is at most `values` `(...,)`."""
        ordered = self.training[column].contiguous()
        return torch.searchsorted(ordered, values.double().contiguous(), right=True).double() / len(ordered)

    def options(self, one: Request, column: int) -> Options:
        """Return what a feature of one person may become, inside their box."""
        here, feature = one.factual[0, column].double(), one.features.features[column]
        values = self._values(one, column)
        values = values[values != here]
        if feature.kind is not Kind.CATEGORICAL:
            weight = self.weight[self.encoding.owner == column].sum()
            shifts = (self.percentile(column, values) - self.percentile(column, here)).abs()
            return Options(values, (values - here) * weight, shifts)
        own = (self.encoding.owner == column).nonzero()[:, 0]
        weights = torch.zeros(len(feature.levels), dtype=torch.float64)
        weights[self.encoding.codes[own]] = self.weight[own]
        counts = torch.bincount(self.training[column].long(), minlength=len(feature.levels))
        shares = counts.double() / self.training.shape[1]
        old, new = int(here), values.long()
        return Options(values, weights[new] - weights[old], torch.maximum(shares[new], shares[old]))

    def _values(self, one: Request, column: int) -> Tensor:
        """Return the values of the grid, `(values,)`; of categories in alphabetical order."""
        feature, seen = one.features.features[column], self.training[column]
        lower, upper = (float(end[0, column]) for end in (one.box.lower, one.box.upper))
        if feature.kind is Kind.CATEGORICAL:
            codes = torch.tensor(feature.alphabetical, dtype=torch.float64)
            return codes[(codes >= lower) & (codes <= upper)]
        lower, upper = max(lower, min(float(seen[0]), upper)), min(upper, max(float(seen[-1]), lower))
        if feature.whole and upper - lower < self.points:
            return torch.arange(-(-lower // 1), upper // 1 + 1, dtype=torch.float64)
        inside = seen[(seen >= lower) & (seen <= upper)]
        places = torch.linspace(0, max(0, len(inside) - 1), self.points, dtype=torch.float64).round().long()
        ends = torch.tensor([lower, upper], dtype=torch.float64)
        if feature.whole:
            ends = torch.stack([ends[0].ceil(), ends[1].floor()])
        values = torch.cat([ends, inside[places] if len(inside) else inside])
        # As they will be told: in single precision.
        values = values.float().double().unique()
        return values[(values >= lower) & (values <= upper)]
