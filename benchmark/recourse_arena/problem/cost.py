"""What an action costs, by name: costs under different names are different measures and are never compared."""

from __future__ import annotations

__all__ = ["Cost", "RangeCost", "SeparableCost"]

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.features import FeatureTable, Kind
from recourse_arena.problem.profile import COSTS


class Cost(ABC):
    """A cost of actions: a part for each acted-upon feature, weighted, and how the parts combine.

    It is `sum_j alpha_j slope_j |change_j| ** power` over acted-upon features, or the root of it; another category is a
    change of 1, whatever the codes are. Downstream effects are free; the total change of an acted-upon feature counts
    even if a cause of it is acted upon as well.
    """

    sd: Tensor
    """Standard deviation of each feature over training people, `(features,)`; 1 for categories."""
    name: str
    """Its name, one of :data:`~recourse_arena.problem.profile.COSTS`."""
    power: int
    """Exponent of changes, 1 or 2."""
    root: bool = False
    """Whether the root of the sum is taken."""
    quadratic: ClassVar[bool] = False
    """Whether it is a sum of `curvature * change ** 2`; solvers that need that are skipped elsewhere."""

    @classmethod
    def fitted(cls, x: Tensor, negative: Tensor, features: FeatureTable, name: str = "range") -> Cost:
        """Return the cost of a name on the scale of training people `x`, of whom `negative` `(people,)` were refused.

        Raises:
            ArenaError: If there is no such cost, nobody is refused, or an actionable feature has one value only.
        """
        if name not in COSTS:
            raise unknown("cost", name, COSTS)
        if not negative.any():
            raise ArenaError("nobody in the recourse training split is decided negatively: nobody asks for recourse")
        return RangeCost.of(x, negative, features) if name == "range" else SeparableCost.of(name, x, features)

    @abstractmethod
    def per_feature(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return the unweighted part of each feature moved alone, shaped like `values`."""

    @property
    def slope(self) -> Tensor:
        """Unweighted part of a change of each feature by 1, or to another level, `(features,)` in double precision."""
        here = torch.zeros(len(self.sd), dtype=torch.double)
        return self.per_feature(here, here + 1.0).double()

    def combined(self, parts: Tensor) -> Tensor:
        """Return the cost `(...,)` of the weighted parts `(..., features)` of an action; it rises with each of them."""
        total = parts.sum(-1)
        return total.sqrt() if self.root else total

    def __call__(self, factual: Tensor, values: Tensor, mask: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the cost `(...,)` of `do(x_j = values_j)` for masked j; `weights` are the alphas.

        Example:
            >>> cost = RangeCost(sd=torch.ones(2), span=torch.tensor([2.0, 4.0]), count=2)
            >>> cost(torch.zeros(1, 2), torch.tensor([[2.0, 8.0]]), torch.tensor([[True, False]]))
            tensor([1.])
        """
        each = torch.where(mask, self.per_feature(factual, values), 0.0)
        return self.combined(each if weights is None else each * weights)


@dataclass(frozen=True)
class RangeCost(Cost):
    """Weighted squared change of the acted-upon features, after CARMA (Majumdar & Valera, FAccT 2024).

    `cost = (1/K) sum_{j acted upon} alpha_j (z_j' - z_j)^2 / range_j`, where `z` is standardised over the
    recourse training people and `range_j` spans `z_j` over the negatively decided ones. This is a reading of CARMA's
    released code. A change of category counts as one standard deviation of a number that spans one: `alpha_j / K`.

    Arguments:
        sd: Standard deviation of each feature (ddof 1), `(features,)`; 1 for categories.
        span: Range of each standardised feature, `(features,)`; 1 for categories.
        count: Number of globally actionable features (K).
        categorical: Which features are categorical, bool `(features,)`; none if left out.
    """

    sd: Tensor
    span: Tensor
    count: int
    categorical: Tensor | None = None

    name: ClassVar[str] = "range"  # type: ignore[misc]
    power: ClassVar[int] = 2  # type: ignore[misc]

    @property
    def quadratic(self) -> bool:  # type: ignore[override]
        """Whether no feature is categorical."""
        return self.categorical is None

    @classmethod
    def of(cls, x: Tensor, negative: Tensor, features: FeatureTable) -> RangeCost:
        """Return the cost on the scale of training people `x`, of whom `negative` `(people,)` were refused."""
        sd = x.std(0)
        asking = x[negative]
        span = (asking.amax(0) - asking.amin(0)) / sd
        flat = ~(span > 0)
        _refuse_flat(flat, features, "among refused people")
        # Nobody acts on the other flat ones, but a scale of 0 would make gradients of the masked cost NaN.
        one = flat | features.categorical
        categorical = features.categorical if features.mixed else None
        return cls(torch.where(one, 1.0, sd), torch.where(one, 1.0, span), features.count_actionable, categorical)

    @property
    def curvature(self) -> Tensor:
        """Factor of the squared change in data units: `1 / (K sd^2 range)`, `(features,)`."""
        return 1 / (self.count * self.sd**2 * self.span)

    def per_feature(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return the unweighted cost of moving each feature alone, shaped like `values`."""
        if self.categorical is None:
            return (values - factual) ** 2 * self.curvature
        change = torch.where(self.categorical, (values != factual).to(values.dtype), values - factual)
        return change**2 * self.curvature


@dataclass(frozen=True)
class SeparableCost(Cost):
    """Changes of numbers on the scale of each feature, changes of category as such: `(sum_j alpha_j c_j)^(1/power)`.

    With `d_j` the change over its scale, and 1 for another category, `c_j = step_j * d_j ** power`:

    | name | scale | step, of a category | power |
    |---|---|---|---|
    | `gower` | range over training people | 1/K, 1/K | 1 |
    | `l1` | median absolute deviation, sd where that is 0 | 1, 1 | 1 |
    | `l2` | sd | 1, 1 | 2 |
    | `encoded` | sd | 1, 2 / sd^2 | 2 |
    | `encoded-1` | sd | 1, 2 / sd | 1 |

    `gower` is thus the mean over all globally actionable features, untouched ones counting 0 (Gower, Biometrics 1971).
    `encoded` is `||W d||` over encoded columns, where a change of category moves two of them by 1, and `W` is 1 over
    the standard deviation of the feature: for a category `sqrt(1 - sum_l p_l^2)`, that of all its columns together,
    since that of a rare level's column alone would make the level dear. Weights multiply the part of each feature.

    Arguments:
        name: Its name.
        scale: What a change of each number is divided by, `(features,)`.
        step: Factor of each feature, `(features,)`.
        categorical: Which features are categorical, bool `(features,)`.
        sd: Standard deviation of each feature, 1 for categories, `(features,)`.
        power: The exponent, 1 or 2.
    """

    name: str
    scale: Tensor
    step: Tensor
    categorical: Tensor
    sd: Tensor
    power: int = 1

    @classmethod
    def of(cls, name: str, x: Tensor, features: FeatureTable) -> SeparableCost:
        """Return the cost of a name on the scale of training people `x` `(people, features)`."""
        sd, lowest, categorical = x.std(0), x.amin(0), features.categorical
        _refuse_flat(x.amax(0) == lowest, features, "among training people")
        if name == "gower":
            scale = x.amax(0) - lowest
        elif name == "l1":
            mad = (x - x.quantile(0.5, dim=0)).abs().quantile(0.5, dim=0)
            scale = torch.where(mad > 0, mad, sd)
        else:
            scale = sd
        step = torch.ones_like(scale)
        if name == "gower":
            step = step / features.count_actionable
        if name.startswith("encoded"):
            for j in categorical.nonzero()[:, 0].tolist():
                shares = torch.bincount(x[:, j].long(), minlength=2) / len(x)
                spread = (1 - shares.square().sum()).sqrt().clamp(min=1e-6)
                step[j] = 2 / spread if name == "encoded-1" else 2 / spread**2
        power = 2 if name in ("l2", "encoded") else 1
        scale, sd = (torch.where(categorical | ~(each > 0), 1.0, each) for each in (scale, sd))
        return cls(name, scale, step, categorical, sd, power)

    def per_feature(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return the unweighted part of each feature moved alone, shaped like `values`."""
        change = (values - factual).abs() / self.scale
        change = torch.where(self.categorical, (values != factual).to(change.dtype), change)
        return self.step * (change if self.power == 1 else change**2)

    @property
    def root(self) -> bool:  # type: ignore[override]
        """Whether the power is 2."""
        return self.power == 2


def _refuse_flat(flat: Tensor, features: FeatureTable, whom: str) -> None:
    numbers = torch.tensor([feature.kind is not Kind.CATEGORICAL for feature in features])
    closed = flat & features.actionable & numbers
    if closed.any():
        name = features.names[int(closed.nonzero()[0])]
        raise ArenaError(f"feature {name!r} is actionable but takes one value only {whom}")
