"""Networks of affine maps with a ReLU between two, whose slopes are written out.

Their products go through NumPy: where arithmetic is the same on every processor, its OpenBLAS takes half as long for
them as MKL, which PyTorch asks.
"""

from __future__ import annotations

__all__ = ["Adam", "Array", "Layers"]

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

Array = NDArray[np.float32]

_TOUCHED = 512
"""Rows and columns of the product that is computed first."""

_BETAS, _EPSILON = (0.9, 0.999), 1e-8
"""How slowly mean and spread of slopes are forgotten, and what keeps steps finite: the published ones of Adam."""


class Layers:
    """Several networks of the same widths side by side.

    A layer is one matrix, whose last row is the bias: what it is given has a last column of ones.

    Arguments:
        networks: How many there are.
        widths: Of the input, of each hidden layer, and of the output.
        parameters: Of all of them, layer by layer, in one tensor, which is not copied.

    Attributes:
        parameters: The same.
        slopes: Those of a loss by the parameters, of which :meth:`learn` was told last.
    """

    def __init__(self, networks: int, widths: Sequence[int], parameters: Tensor) -> None:
        _touch()
        self.networks, self.widths, self.parameters = networks, tuple(widths), parameters
        self.slopes = torch.zeros_like(parameters)
        self._maps, self._slopes = self._split(self.parameters), self._split(self.slopes)

    @classmethod
    def drawn(cls, networks: int, widths: Sequence[int], draws: Generator) -> Layers:
        """Return networks with parameters drawn evenly within the inverse root of how many inputs a layer has."""
        layers = []
        for ins, outs in pairwise(widths):
            parts = [2 * torch.rand((networks, rows, outs), generator=draws) - 1 for rows in (ins, 1)]
            layers.append(torch.cat(parts, 1).flatten() * (1 / math.sqrt(ins)))
        return cls(networks, widths, torch.cat(layers))

    def copy(self) -> Layers:
        """Return networks with the same parameters, of their own."""
        return Layers(self.networks, self.widths, self.parameters.clone())

    def __call__(self, x: Tensor) -> Tensor:
        """Return `(networks, rows, out)` for `x` `(rows, in)`."""
        return self.outputs(self.traces(x))

    def traces(self, x: Tensor) -> list[list[Array]]:
        """Return what each layer of each network is given for `x` `(rows, in)`, and the output.

        A trace has `(rows, width + 1)` for each width but the output's, with ones in the last column, and 0 where a
        ReLU gives nothing, so that no slope passes it.
        """
        first = torch.cat([x, torch.ones(len(x), 1)], 1).numpy()
        traces = []
        for maps in self._maps:
            trace = [first]
            for weight in maps[:-1]:
                given = np.ones((len(x), weight.shape[1] + 1), dtype=np.float32)
                np.matmul(trace[-1], weight, out=given[:, :-1])
                torch.from_numpy(given).relu_()
                trace.append(given)
            traces.append([*trace, trace[-1] @ maps[-1]])
        return traces

    @staticmethod
    def outputs(traces: Sequence[Sequence[Array]]) -> Tensor:
        """Return where traces end, `(networks, rows, out)`."""
        return torch.from_numpy(np.stack([trace[-1] for trace in traces]))

    def learn(self, traces: Sequence[Sequence[Array]], slopes: Tensor) -> None:
        """Put the slopes of a loss by all parameters into :attr:`slopes`.

        Arguments:
            traces: The trace of each network.
            slopes: Those of the loss by the outputs, `(networks, rows, out)`.
        """
        for maps, kept, trace, slope in zip(self._maps, self._slopes, traces, slopes.numpy(), strict=True):
            for place in reversed(range(len(maps))):
                np.matmul(trace[place].T, slope, out=kept[place])
                if place:
                    slope = _before(maps[place], trace[place], slope)

    def pull(self, traces: Sequence[Sequence[Array]], slopes: Tensor) -> Tensor:
        """Return the slopes of a loss by the input `x`, `(rows, in)`; arguments are those of :meth:`learn`."""
        pulled = np.zeros((slopes.shape[1], self.widths[0]), dtype=np.float32)
        for maps, trace, slope in zip(self._maps, traces, slopes.numpy(), strict=True):
            rows = np.flatnonzero(slope.any(1))  # the others have nothing to pass on
            some = slope[rows]
            for place in reversed(range(1, len(maps))):
                some = _before(maps[place], trace[place][rows], some)
            pulled[rows] += some @ maps[0][:-1].T
        return torch.from_numpy(pulled)

    def _split(self, flat: Tensor) -> list[list[Array]]:
        """Return the matrices `(ins + 1, outs)` of each network: views of parameters, or of their slopes."""
        sizes = [self.networks * (ins + 1) * outs for ins, outs in pairwise(self.widths)]
        layers = [
            part.view(self.networks, -1, outs).numpy()
            for part, outs in zip(flat.split(sizes), self.widths[1:], strict=True)
        ]
        return [[layer[network] for layer in layers] for network in range(self.networks)]


def _before(weight: Array, given: Array, slope: Array) -> Array:
    """Return the slopes before the ReLU whose result was given to a layer, by those after the layer."""
    passed = slope @ weight.T
    torch.from_numpy(passed).mul_(torch.from_numpy(given).sign())
    return passed[:, :-1]


class Adam:
    """Descent by slopes whose mean and spread are followed (Kingma and Ba, arXiv 1412.6980).

    Arguments:
        parameters: What it changes.
        rate: How far it goes in a step.
    """

    def __init__(self, parameters: Tensor, rate: float) -> None:
        self.parameters, self.rate, self.taken = parameters, rate, 0
        self.mean, self.square = torch.zeros_like(parameters), torch.zeros_like(parameters)

    def step(self, slopes: Tensor) -> None:
        """Take a step by the slopes of a loss."""
        self.taken += 1
        self.mean.lerp_(slopes, 1 - _BETAS[0])
        self.square.mul_(_BETAS[1]).addcmul_(slopes, slopes, value=1 - _BETAS[1])
        sizes, roots = (1 - beta**self.taken for beta in _BETAS)
        spread = self.square.sqrt().div_(math.sqrt(roots)).add_(_EPSILON)
        self.parameters.addcdiv_(self.mean, spread, value=-self.rate / sizes)


@cache
def _touch() -> None:
    """Compute, once in a process, a product that is larger than those to come.

    OpenBLAS copies what it multiplies into memory of its own. Until more of that has been written to than a product
    takes, products of more than 128 terms were measured to take two to three times as long.
    """
    square = np.ones((_TOUCHED, _TOUCHED), dtype=np.float32)
    np.matmul(square, square.copy())
