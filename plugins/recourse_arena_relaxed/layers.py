"""The layers of a network on encoded columns: what its last layer sees, and its worst logit in a box of weights."""

from __future__ import annotations

__all__ = ["Layers"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Problem
from recourse_arena_relaxed.columns import Columns


@dataclass(frozen=True)
class Layers:
    """Affine maps with a ReLU between two, of columns divided by units.

    Arguments:
        maps: Weight `(outputs, inputs)` and bias `(outputs,)` of each, in double precision.
        shift: What is subtracted of encoded columns first, `(columns,)`.
        units: What they are divided by then, `(columns,)`.
    """

    maps: tuple[tuple[Tensor, Tensor], ...]
    shift: Tensor
    units: Tensor

    @classmethod
    def of(cls, problem: Problem, unit: str = "sd") -> Layers:
        """Return the layers of a problem's network, which look at columns in the encoding's units or in ranges.

        Weights of the first layer are those of columns in these units, so that a box around them is one of the units.
        In ranges, numbers run from 0 to 1 over training people.
        """
        columns = Columns(problem)
        encoding = columns.encoding
        (weight, bias), *rest = problem.structure.affine_maps
        numbers = encoding.codes < 0
        scale = torch.where(numbers, encoding.spread(encoding.sd), 1.0).double()
        mean = torch.where(numbers, encoding.spread(encoding.mean), 0.0).double()
        bias = bias + weight @ mean
        weight = weight * scale
        units = columns.units(unit).double()
        shift = torch.zeros_like(units)
        if unit == "range":
            least = columns.encode(problem.training.x).amin(0).double()
            shift = torch.where(numbers, least, 0.0)
        return cls(((weight * units, bias + weight @ shift), *rest), shift, units)

    def seen(self, z: Tensor) -> Tensor:
        """Return encoded columns `(..., columns)` as the first layer sees them, in double precision."""
        return (z.double() - self.shift) / self.units

    def last(self, z: Tensor) -> Tensor:
        """Return what the last layer sees of encoded columns `(..., columns)`, and a 1 for its bias."""
        h = self.seen(z)
        for weight, bias in self.maps[:-1]:
            h = (h @ weight.T + bias).relu()
        return torch.cat([h, torch.ones_like(h[..., :1])], -1)

    @property
    def theta(self) -> Tensor:
        """Weights and bias of the last layer, `(its inputs + 1,)`."""
        weight, bias = self.maps[-1]
        return torch.cat([weight[0], bias])

    def worst(self, z: Tensor, radius: float) -> Tensor:
        """Return a lower bound of the logit `(...,)` over all weights and biases at most `radius` off.

        Intervals through affine maps and rectifiers (Gowal et al., arXiv 1810.12715), for boxes of weights as in Jiang
        et al. (AAAI 2023, arXiv 2208.14878); exact with at most one hidden layer, for each weight stands once there.
        """
        x = self.seen(z)
        least = most = x
        for number, (weight, bias) in enumerate(self.maps):
            low, high = weight - radius, weight + radius
            if number == 0:
                middle, spread = x @ weight.T + bias, radius * (x.abs().sum(-1, keepdim=True) + 1)
                least, most = middle - spread, middle + spread
            else:
                least, most = (
                    least @ low.clamp(min=0).T + most @ low.clamp(max=0).T + bias - radius,
                    most @ high.clamp(min=0).T + least @ high.clamp(max=0).T + bias + radius,
                )
            if number < len(self.maps) - 1:
                least, most = least.relu(), most.relu()
        return least[..., 0]
