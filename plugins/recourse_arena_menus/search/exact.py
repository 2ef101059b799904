"""The best menu of all candidates, proved: an integer program."""

from __future__ import annotations

__all__ = ["best_menu", "proved"]

import logging

import numpy as np
import torch
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array
from torch import Tensor

from recourse_arena_menus.composing import Composer

_log = logging.getLogger(__name__)


def best_menu(composer: Composer, chosen: list[int], *, seconds: float) -> tuple[list[int], float]:
    """Return the best menu of the actions decided so far, and what none of them is below; `chosen` if none is found.

    It is of what :meth:`Composer.allowed` allows, in what the average person of the average group pays.
    """
    places = composer.allowed().nonzero()[:, 0]
    cost = composer.cost()[places]
    aim = composer.aim
    found, bound = proved(cost, composer.size, aim.share, fill=aim.fill, seconds=seconds)
    before, number = composer.loss(chosen), torch.tensor(chosen)
    if found and composer.loss(places[found].tolist()) < before:
        number = places[found]
    after = composer.loss(number.tolist())
    _log.info("menu: %d actions tried; cost %.6f, no menu of them below %.6f", len(places), after, bound)
    return sorted(number.tolist()), bound


def proved(cost: Tensor, size: int, share: Tensor, *, fill: bool, seconds: float) -> tuple[list[int], float]:
    """Return candidates whose cheapest costs people least, and a lower bound of what any menu of them costs.

    It is the radius formulation of the p-median problem (Elloumi, Labbe and Pochet, INFORMS Journal on Computing
    2004): whether a person gets no action up to each of the costs that they may pay. Candidates that cost everybody
    at least as much as another one are left out, and people who pay alike are one.

    Arguments:
        cost: What each candidate costs each person, `nothing` where it does not work, `(candidates, people)`.
        size: How many may be chosen.
        share: What each person counts, `(people,)`.
        fill: Whether exactly so many are chosen.
        seconds: Limit of time.
    """
    kept = torch.arange(len(cost)) if fill else _undominated(cost)
    values, whose = cost[kept].unique(dim=1, return_inverse=True)
    weight = torch.zeros(values.shape[1], dtype=torch.float64).index_add(0, whose, share.double())
    candidates, room = len(kept), min(size, len(kept))
    ascending, order = values.sort(0)
    rises = ascending[1:] > ascending[:-1]
    level = torch.cat([torch.zeros(1, values.shape[1], dtype=torch.int64), rises.cumsum(0)])
    first = level[-1].cumsum(0) - level[-1]
    base, count = float(ascending[0] @ weight), int(level[-1].sum())
    if not count:
        return kept[:room].tolist(), base
    rank, person = (level < level[-1]).nonzero(as_tuple=True)
    row, column = first[person] + level[rank, person], order[rank, person]
    i, j = rises.nonzero(as_tuple=True)
    step = torch.zeros(count, dtype=torch.float64)
    step[first[j] + level[i, j]] = (ascending[i + 1, j] - ascending[i, j]) * weight[j]
    lowest = torch.zeros(count, dtype=torch.bool)
    lowest[first[level[-1] > 0]] = True
    later = (~lowest).nonzero()[:, 0]
    every = torch.arange(count)
    # Row by row: whoever has no action up to this cost, though none up to the one before it, has one of this cost.
    table = _sparse(
        torch.cat([row, every, later]),
        torch.cat([column, candidates + every, candidates + later - 1]),
        torch.cat([torch.ones(len(row) + count), -torch.ones(len(later))]),
        (count, candidates + count),
    )
    chosen = np.concatenate([np.ones(candidates), np.zeros(count)])
    result = milp(
        np.concatenate([np.zeros(candidates), step.numpy()]),
        integrality=chosen,
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(table, lb=lowest.double().numpy()),
            LinearConstraint(chosen[None], lb=room if fill else 0, ub=size),
        ],
        options={"time_limit": float(seconds), "mip_rel_gap": 1e-6},
    )
    bound = getattr(result, "mip_dual_bound", None)
    found = [] if result.x is None else kept[torch.from_numpy(result.x[:candidates] > 0.5)].tolist()
    return found, base + (0.0 if bound is None else float(bound))


def _undominated(cost: Tensor) -> Tensor:
    """Return the candidates that no other one is as cheap as for everybody, `(candidates,)`."""
    kept: list[int] = []
    held = cost[:0]
    for i in cost.sum(1).argsort(stable=True).tolist():
        if not (held <= cost[i]).all(1).any():
            kept.append(i)
            held = cost[kept]
    return torch.tensor(kept, dtype=torch.int64)


def _sparse(row: Tensor, column: Tensor, value: Tensor, shape: tuple[int, int]) -> csr_array:
    return csr_array(coo_array((value.double().numpy(), (row.numpy(), column.numpy())), shape=shape))
