"""Matrix products are PyTorch's, with their slopes, however many terms there are."""

from __future__ import annotations

import pytest
import torch

from recourse_arena import product


def drawn(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=dtype)


@pytest.mark.parametrize("terms", [0, 1, 127, 128, 129, 300])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_products_are_pytorchs(terms, dtype):
    a, b = (3 * drawn(5, terms)).to(dtype), (3 * drawn(terms, 7)).to(dtype)
    exact = a.double() @ b.double()
    torch.testing.assert_close(product(a, b).double(), exact, rtol=1e-5, atol=1e-4)
    assert product(a, b).dtype is dtype


def test_views_of_matrices_are_multiplied_as_pytorch_does():
    a, b = drawn(300, 4).T, drawn(300, 9)[:, ::2]
    torch.testing.assert_close(product(a, b), a @ b, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(product(b.T, a.T), b.T @ a.T, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slopes_are_those_of_pytorch(dtype):
    a, b, pull = (drawn(*shape, dtype=dtype) for shape in ((4, 200), (200, 150), (4, 150)))
    for wanted in ((True, True), (True, False), (False, True)):
        slopes = []
        for function in (product, torch.matmul):
            one, other = a.clone().requires_grad_(wanted[0]), b.clone().requires_grad_(wanted[1])
            function(one, other).backward(pull)
            slopes.append([each.grad for each in (one, other)])
        for mine, theirs in zip(*slopes, strict=True):
            assert (mine is None) == (theirs is None)
            if mine is not None:
                torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_nothing_is_kept_for_slopes_that_nobody_wants():
    weight = drawn(3, 3).requires_grad_()
    with torch.no_grad():
        assert not product(weight, drawn(3, 3)).requires_grad
    assert not product(drawn(3, 3), drawn(3, 3)).requires_grad
