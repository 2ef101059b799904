"""The constraints of a request, and which actions break them."""

from __future__ import annotations

__all__ = ["violated", "violations"]

import torch
from torch import Tensor

from recourse_arena.problem.request import Request


def violations(request: Request, acted: Tensor, values: Tensor) -> dict[str, Tensor]:
    """Return which actions break a constraint of `request`, bool `(people, features)` by the constraint's name.

    The names are `forbidden`, `not finite`, `outside the box`, `not whole` and, if there is a limit, `too many`:
    those beyond it, in column order. Only the first that is broken counts.
    """
    left, found = acted, {}
    for name, keeps in _constraints(request, acted, values).items():
        found[name], left = left & ~keeps, left & keeps
    return found


def violated(request: Request, acted: Tensor, values: Tensor) -> Tensor:
    """Return which actions break any constraint of `request`, bool `(people, features)`."""
    return acted & ~torch.stack(list(_constraints(request, acted, values).values())).all(0)


def _constraints(request: Request, acted: Tensor, values: Tensor) -> dict[str, Tensor]:
    """Return by name where acting keeps a constraint, bool `(people, features)`."""
    found = {
        "forbidden": request.actionable,
        "not finite": values.isfinite(),
        "outside the box": request.box.contains(values, request.features.whole),
        "not whole": ~request.features.whole | (values == values.round()),
    }
    if request.sparsity is not None:
        found["too many"] = acted.cumsum(1) <= request.sparsity
    return found
