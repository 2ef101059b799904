"""A folded flow says what the flow says: what follows, how likely it is, and the slopes of both."""

from __future__ import annotations

import pytest
import torch
from causal_cases import random_graph, shaken

from recourse_arena import CausalFlow, Feature, FeatureTable, FlowRecipe, FoldedFlow, Kind
from recourse_arena.models.causal.folded_flow import parameters_of
from recourse_arena.registry.discovery import discover

PEOPLE = 40


def flow_of(seed: int, transform: str) -> CausalFlow:
    """Return an untrained flow over a random graph, some of whose features are counts."""
    graph = random_graph(seed)
    kinds = (Kind.CONTINUOUS, Kind.INTEGER) * 3
    features = FeatureTable(tuple(Feature(name, kind=kind) for name, kind in zip(graph.names, kinds, strict=True)))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return shaken(CausalFlow(features, graph, FlowRecipe(transform=transform, hidden=(24, 24))))


@pytest.mark.parametrize("transform", ["affine", "spline"])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("settable", ["000001", "100100", "011010", "111111", "000000"])
def test_a_folded_flow_is_the_flow_and_so_are_its_slopes(transform, seed, settable):
    flow = flow_of(seed, transform)
    can = torch.tensor([letter == "1" for letter in settable])
    draws = torch.Generator().manual_seed(3)
    x = flow.sample(PEOPLE, draws)
    shift = 0.3 * torch.randn(int(can.sum()), PEOPLE, generator=draws, dtype=x.dtype)
    upper = x.quantile(0.7, dim=0)
    folded = FoldedFlow.of(flow, can)
    moving = folded.columns
    limit = torch.where(can, upper, torch.inf)

    def by_folding(shift):
        bounds = limit[moving, None]
        return folded.shifted(folded.constants(x), shift, lambda wanted, places: torch.minimum(wanted, bounds[places]))

    def by_the_flow(shift):
        u = flow.abduct(x).index_add(1, moving[folded.settable], shift.T)
        after, wanted, density = flow.latent_intervention_with_density(
            x, u, can.expand(PEOPLE, -1), lambda wanted: torch.minimum(wanted, upper)
        )
        still = torch.ones_like(can).index_fill(0, moving, False)
        assert torch.equal(after[:, still], x[:, still])
        return after[:, moving].T, wanted[:, moving].T, density

    found, slopes = [], []
    for function in (by_folding, by_the_flow):
        own = shift.clone().requires_grad_()
        parts = function(own)
        found.append(parts)
        pulls = [torch.cos(torch.arange(part.numel(), dtype=part.dtype)).view(part.shape) for part in parts]
        total = sum((part * pull).sum() for part, pull in zip(parts, pulls, strict=True))
        slopes.append(torch.autograd.grad(total, own)[0] if total.requires_grad else torch.zeros_like(own))
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(*slopes, rtol=1e-6, atol=1e-6)


def test_nothing_is_folded_where_everything_can_be_set_and_all_is_where_nothing_can():
    flow, everything = flow_of(0, "affine"), torch.arange(6)
    folded = parameters_of(flow, everything, everything)
    for units, before, after in zip(folded.units, folded.layers, folded.layers[1:], strict=False):
        used = after.connected.any(0) & before.connected.any(1)
        assert set(units.tolist()) == set(used.nonzero()[:, 0].tolist())
    assert sorted(FoldedFlow.of(flow, torch.ones(6, dtype=torch.bool)).columns.tolist()) == everything.tolist()
    nothing = FoldedFlow.of(flow, torch.zeros(6, dtype=torch.bool))
    assert len(nothing.columns) == len(nothing.settable) == 0


def test_the_flow_of_loan_shrinks_to_what_moves():
    loan = discover().dataset("loan")
    flow = CausalFlow(loan.features, loan.graph, loan.flow)
    moving = loan.features.actionable.nonzero()[:, 0]
    weights = parameters_of(flow, moving, moving).weights
    assert [tuple(weight.shape) for weight in weights] == [(32, 4), (32, 32), (4, 32)]
