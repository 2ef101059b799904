"""Matrix products, twice as fast where arithmetic is the same on every processor."""

from __future__ import annotations

__all__ = ["product"]

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor


def product(a: Tensor, b: Tensor) -> Tensor:
    """Return the product of matrices `(rows, terms)` and `(terms, columns)`, to which gradients pass.

    In portable arithmetic (:mod:`~recourse_arena.base.arithmetic`) PyTorch asks MKL for code that takes twice as long
    as the OpenBLAS of NumPy, which is asked here. What is not in single precision, in main memory, PyTorch multiplies
    itself. OpenBLAS has threads of its own: `threadpoolctl.threadpool_limits(1)` keeps it to one.

    Example:
        >>> weight = torch.ones(1, 2, requires_grad=True)
        >>> product(weight, torch.tensor([[3.0], [4.0]])).backward()
        >>> weight.grad
        tensor([[3., 4.]])
    """
    if a.dtype is not torch.float32 or b.dtype is not torch.float32 or not (a.is_cpu and b.is_cpu):
        return a @ b
    if torch.is_grad_enabled() and (a.requires_grad or b.requires_grad):
        found: Tensor = _Product.apply(a, b)
        return found
    return _multiplied(a, b)


class _Product(torch.autograd.Function):
    """The product of two matrices and both its gradients."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        """Return the product."""
        ctx.save_for_backward(a, b)
        return _multiplied(a, b)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, pull: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the slopes along both, from those along the product."""
        a, b = ctx.saved_tensors
        return (
            _multiplied(pull, b.T) if ctx.needs_input_grad[0] else None,
            _multiplied(a.T, pull) if ctx.needs_input_grad[1] else None,
        )


def _multiplied(a: Tensor, b: Tensor) -> Tensor:
    """Return the product, in memory that PyTorch has aligned."""
    _warm_up()
    found = torch.empty(a.shape[0], b.shape[1])
    np.matmul(a.detach().numpy(), b.detach().numpy(), out=found.numpy())
    return found


@cache
def _warm_up() -> None:
    """Multiply something large, once a process.

    OpenBLAS packs its operands into memory of its own, and its loops fetch ahead beyond what is packed. Until a
    large product has touched that memory, each such fetch looks for a page in vain: products take up to twice as long,
    and ever so, for small ones alone never touch it.
    """
    square = np.ones((512, 512), np.float32)
    square @ square
