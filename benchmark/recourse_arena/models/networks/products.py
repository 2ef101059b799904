"""Matrix products, twice as fast where arithmetic is the same on every processor."""

from __future__ import annotations

__all__ = ["multiply", "product"]

from typing import Any

import numpy as np
import torch
from torch import Tensor

_TERMS = 128
"""Most terms of a sum that OpenBLAS is asked for at once: for more it takes two to three times as long."""


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Return the product of matrices `(..., rows, terms)` and `(..., terms, columns)`; no gradients pass.

    In portable arithmetic (:mod:`~recourse_arena.base.arithmetic`) PyTorch asks MKL for code that takes up to twice as
    long as the OpenBLAS of NumPy, which is asked here, in sums of at most 128 terms. What is not in single precision,
    in main memory, PyTorch multiplies itself. OpenBLAS has threads of its own: `threadpoolctl.threadpool_limits(1)`
    keeps it to one.

    Example:
        >>> multiply(torch.eye(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    if not (_plain(a) and _plain(b)):
        return a.detach() @ b.detach()
    one, other = a.detach().numpy(), b.detach().numpy()
    if one.shape[-1] <= _TERMS:
        return _matmul(one, other)
    found = _matmul(one[..., :_TERMS], other[..., :_TERMS, :])
    for start in range(_TERMS, one.shape[-1], _TERMS):
        part = slice(start, start + _TERMS)
        found += _matmul(one[..., part], other[..., part, :])
    return found


def product(a: Tensor, b: Tensor) -> Tensor:
    """Return the product of matrices `(rows, terms)` and `(terms, columns)` as :func:`multiply` does, with gradients.

    Example:
        >>> weight = torch.ones(1, 2, requires_grad=True)
        >>> product(weight, torch.tensor([[3.0], [4.0]])).backward()
        >>> weight.grad
        tensor([[3., 4.]])
    """
    if torch.is_grad_enabled() and (a.requires_grad or b.requires_grad):
        found: Tensor = _Product.apply(a, b)
        return found
    return multiply(a, b)


def _plain(a: Tensor) -> bool:
    return a.dtype is torch.float32 and a.device.type == "cpu" and a.layout is torch.strided


def _matmul(a: np.ndarray, b: np.ndarray) -> Tensor:
    """Return the product in memory that PyTorch has aligned."""
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    found = torch.empty(*shape, a.shape[-2], b.shape[-1])
    np.matmul(a, b, out=found.numpy())
    return found


class _Product(torch.autograd.Function):
    """The product of two matrices and both its gradients."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        """Return the product."""
        ctx.save_for_backward(a, b)
        return multiply(a, b)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, pull: Tensor) -> tuple[Tensor | None, Tensor | None]:  # type: ignore[override]
        """Return the slopes along both, from those along the product."""
        a, b = ctx.saved_tensors
        return (
            multiply(pull, b.T) if ctx.needs_input_grad[0] else None,
            multiply(a.T, pull) if ctx.needs_input_grad[1] else None,
        )
