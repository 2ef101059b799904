"""Adam and plain gradient descent as PyTorch does them, step for step, in a fraction of the time that its classes take.

What a step of a small network costs is mostly how it is called; and the first optimizer of a process has PyTorch import
its compiler, which takes seconds. The functions that its classes call do neither.
"""

from __future__ import annotations

__all__ = ["Adam", "Descent"]

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd


class _Optimizer:
    """What both share.

    Arguments:
        parameters: What is moved, along the negative of its `grad`.
        rate: Learning rate.
        steps: Steps over which the rate falls to 0 along half a cosine (Loshchilov and Hutter, SGDR, ICLR 2017); by
            default it stays.
    """

    def __init__(self, parameters: Iterable[Tensor], rate: float, *, steps: int | None = None) -> None:
        self.parameters = list(parameters)
        self.rate = rate
        self._steps, self._taken = steps, 0

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient, and let the rate fall."""
        moved = [parameter for parameter in self.parameters if parameter.grad is not None]
        self._move(moved, [parameter.grad for parameter in moved if parameter.grad is not None])
        self._taken += 1
        if self._steps is not None:  # from one step to the next, as PyTorch rounds it
            now, before = (1 + math.cos(math.pi * taken / self._steps) for taken in (self._taken, self._taken - 1))
            self.rate *= now / before

    def _move(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        raise NotImplementedError


class Descent(_Optimizer):
    """Gradient descent without momentum."""

    def _move(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        sgd(
            parameters, gradients, [None] * len(parameters), fused=True, weight_decay=0.0, momentum=0.0,
            lr=self.rate, dampening=0.0, nesterov=False, maximize=False,
        )  # fmt: skip


class Adam(_Optimizer):
    """Adam (Kingma and Ba, arXiv 1412.6980), with PyTorch's usual rates of forgetting.

    It takes exact roots, on every processor.

    Arguments:
        parameters: What is moved, along the negative of its `grad`.
        rate: Learning rate.
        steps: Steps over which the rate falls to 0 along half a cosine; by default it stays.
        decay: By which share of the rate weights shrink in each step (AdamW, arXiv 1711.05101).

    Example:
        >>> weights = torch.tensor([3.0, -2.0], requires_grad=True)
        >>> optimizer = Adam([weights], rate=0.5)
        >>> for _ in range(200):
        ...     optimizer.zero_grad()
        ...     weights.square().sum().backward()
        ...     optimizer.step()
        >>> bool((weights.abs() < 0.01).all())
        True
    """

    def __init__(
        self, parameters: Iterable[Tensor], rate: float, *, steps: int | None = None, decay: float = 0.0
    ) -> None:
        super().__init__(parameters, rate, steps=steps)
        self._decay = decay
        self._state: dict[Tensor, Sequence[Tensor]] = {}

    def _move(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        for parameter in parameters:
            if parameter not in self._state:
                self._state[parameter] = (
                    torch.zeros_like(parameter), torch.zeros_like(parameter), torch.zeros((), dtype=torch.float32),
                )  # fmt: skip
        means, squares, taken = ([self._state[p][i] for p in parameters] for i in range(3))
        adam(
            parameters, gradients, means, squares, [], taken, fused=True, decoupled_weight_decay=self._decay > 0,
            amsgrad=False, beta1=0.9, beta2=0.999, lr=self.rate, weight_decay=self._decay, eps=1e-8, maximize=False,
        )  # fmt: skip
