"""Fitting a causal flow to people."""

from __future__ import annotations

__all__ = ["fit_flow", "negative_log_likelihood"]

import copy

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.recipes import FlowRecipe
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.optimizers import Adam
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import Split
from recourse_arena.problem.graph import CausalGraph

_SPLINE_REACH = 4.9
"""Where the farthest training person lies in a spline's domain, which ends at 5."""


def fit_flow(
    features: FeatureTable,
    graph: CausalGraph,
    recipe: FlowRecipe,
    split: Split,
    *,
    seed: int,
    report: ProgressHook = silent,
) -> CausalFlow:
    """Return a flow fitted by maximum likelihood; of all epochs the one best on validation people is kept.

    Counts are dequantised anew in every step (Uria et al., RNADE, NeurIPS 2013).
    """
    draws = generator(seed, "flow")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        flow = CausalFlow(features, graph, recipe)
    train, cell = split.train.x, 2 * flow.midpoint
    _standardise(flow, train, recipe)
    steps = -(-len(train) // recipe.batch)
    optimizer = Adam(flow.parameters(), recipe.learning_rate, steps=recipe.epochs * steps)
    best, best_state = torch.inf, copy.deepcopy(flow.state_dict())
    for epoch in range(recipe.epochs):
        for batch in torch.randperm(len(train), generator=draws).split(recipe.batch):
            x = train[batch]
            spread = (torch.rand(x.shape, generator=draws) - 0.5) * cell
            loss = -flow.log_density(x + spread).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
            optimizer.step()
        value = negative_log_likelihood(flow, split.validation.x)
        if value < best:
            best, best_state = value, copy.deepcopy(flow.state_dict())
        report((epoch + 1) / recipe.epochs, loss)
    if best == torch.inf:
        raise ArenaError("the causal flow did not converge: its likelihood of validation people is not a number")
    flow.load_state_dict(best_state)
    return flow.eval().requires_grad_(False)


def _standardise(flow: CausalFlow, train: Tensor, recipe: FlowRecipe) -> None:
    """Set the scale of the flow's inputs.

    A spline is the identity beyond 5 in absolute value: a feature with heavier tails than that (counts of late
    payments reach 20 standard deviations) is scaled so that everybody lies inside, or its tail costs hundreds of
    nats. A feature of one value only has no scale, and is left in its own units.
    """
    one_value = train.amax(0) == train.amin(0)
    flow.mean.copy_((train + flow.midpoint).mean(0))
    flow.sd.copy_(torch.where(one_value, 1.0, train.std(0, correction=min(1, len(train) - 1))))
    if recipe.transform == "spline":
        cell = 2 * flow.midpoint
        reach = torch.maximum(train.amax(0) + cell - flow.mean, flow.mean - train.amin(0))
        flow.sd.copy_(torch.maximum(flow.sd, reach / _SPLINE_REACH))


@torch.no_grad()
def negative_log_likelihood(flow: CausalFlow, x: Tensor) -> float:
    """Return the mean negative log-likelihood of people `x`, in nats and data units."""
    return float(-flow.log_density(x).mean())
