"""Causal flows against numerical integration, root finding and counting."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from causal_cases import FLOWS, case_called
from hypothesis import given, settings
from hypothesis import strategies as st

from recourse_arena import ArenaError, CausalGraph, Feature, FeatureTable, FlowRecipe, Kind, People, Split
from recourse_arena.models.causal import fitting
from recourse_arena.models.causal.fitting import fit_flow, negative_log_likelihood
from recourse_arena.models.causal.flow import CausalFlow

ARROW = CausalGraph(("effect", "cause"), {"effect": ("cause",)})
QUICK = FlowRecipe(hidden=(8,), epochs=3, batch=100, learning_rate=0.02)


def table(*kinds: Kind) -> FeatureTable:
    return FeatureTable(tuple(Feature(name, kind=kind) for name, kind in zip(ARROW.names, kinds, strict=True)))


def arrow_flow(transform: str, *kinds: Kind) -> CausalFlow:
    """Return an untrained flow of two features with strong effects, away from the standard scale."""
    draws = torch.Generator().manual_seed(4)
    flow = CausalFlow(table(*kinds), ARROW, FlowRecipe(transform=transform, hidden=(16,)))
    for parameter in flow.parameters():
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=draws)
    flow.mean.copy_(torch.tensor([3.0, -1.0]))
    flow.sd.copy_(torch.tensor([0.5, 4.0]))
    return flow.double().requires_grad_(False)


def split_of(x: torch.Tensor) -> Split:
    """Return 3/4 of `x` to train on and 1/4 to validate with."""
    cut = len(x) * 3 // 4
    train, rest = (People(part, torch.zeros(len(part))) for part in (x[:cut], x[cut:]))
    return Split(train, rest, rest)


@pytest.fixture(scope="module", params=FLOWS)
def flow_case(request):
    return case_called(request.param, request)


@pytest.fixture(scope="module")
def arrow_people():
    """An effect that is twice its cause, which lies around 10."""
    draws = torch.Generator().manual_seed(0)
    cause = 10 + 2 * torch.randn(800, generator=draws)
    return split_of(torch.stack([2 * cause + torch.randn(800, generator=draws), cause], 1))


def by_root_finding(flow, graph, x, mask, values):
    """Return the counterfactual by bisection on what the flow abducts, one feature after the other."""
    noise, after = flow.abduct(x), x.clone()
    for j in map(graph.names.index, graph.order):
        low, high = x[:, j] - 1e3 * flow.sd[j], x[:, j] + 1e3 * flow.sd[j]
        for _ in range(60):
            after[:, j] = (low + high) / 2
            too_high = flow.abduct(after)[:, j] > noise[:, j]
            low, high = torch.where(too_high, low, after[:, j]), torch.where(too_high, after[:, j], high)
        after[:, j] = torch.where(mask[:, j], values[:, j], after[:, j])
    return after


@settings(max_examples=10)
@given(data=st.data())
def test_a_counterfactual_is_the_root_of_the_noise(flow_case, data):
    x, mask, values = data.draw(flow_case.interventions())
    found = by_root_finding(flow_case.model, flow_case.graph, x, mask, values)
    flow_case.close(flow_case.model.counterfactual(x, mask, values), found)


@pytest.mark.parametrize("share", [0.0, 0.3])
@given(data=st.data())
def test_setting_noise_is_the_intervention_on_what_it_leads_to(flow_case, data, share):
    """`share` of the values wanted is taken back: feasible values differ, and the effects are those of the feasible."""
    x, mask, values = data.draw(flow_case.interventions())
    flow = flow_case.model
    noise = torch.where(mask, flow.abduct(values), flow.abduct(x))
    after, wanted, _ = flow.latent_intervention_with_density(x, noise, mask, lambda v: v + share * (flow.mean - v))
    torch.testing.assert_close(after[mask], (wanted + share * (flow.mean - wanted))[mask], rtol=0, atol=0)
    flow_case.close(after, flow.counterfactual(x, mask, after))
    if share == 0:
        flow_case.close(flow.abduct(after), noise)


@given(data=st.data())
def test_setting_noise_to_an_infeasible_value_acts_with_the_nearest_feasible_one(flow_case, data):
    x, mask, values = data.draw(flow_case.interventions())
    flow = flow_case.model
    lower, upper = (torch.quantile(flow_case.people, q, 0) for q in (0.2, 0.8))
    noise = torch.where(mask, flow.abduct(values), flow.abduct(x))
    after, wanted, _ = flow.latent_intervention_with_density(x, noise, mask, lambda v: torch.clamp(v, lower, upper))
    assert ((after >= lower) & (after <= upper))[mask].all()
    assert torch.equal(after[mask], wanted.clamp(lower, upper)[mask])
    flow_case.close(after, flow.counterfactual(x, mask, after))
    flow_case.close(flow.abduct(after)[~mask], noise[~mask])


@given(data=st.data())
def test_the_density_that_comes_with_setting_noise_is_that_of_the_counterfactual(flow_case, data):
    x, mask, values = data.draw(flow_case.interventions())
    flow = flow_case.model
    noise, middle = torch.where(mask, flow.abduct(values), flow.abduct(x)), flow_case.people.mean(0)
    question = x, noise, mask, lambda v: torch.maximum(v, middle)
    after, _, density = flow.latent_intervention_with_density(*question)
    flow_case.close(density, flow.log_density(after))


def test_setting_the_noise_of_nobody_gives_nothing(flow_case):
    nobody = flow_case.people[:0]
    after, _, density = flow_case.model.latent_intervention_with_density(nobody, nobody, nobody.bool(), lambda v: v)
    assert after.shape == nobody.shape
    assert density.shape == (0,)


@given(data=st.data())
def test_setting_no_noise_changes_nothing_at_all(flow_case, data):
    x, mask, values = data.draw(flow_case.interventions())
    noise = flow_case.model.abduct(values)
    after, _, _ = flow_case.model.latent_intervention_with_density(x, noise, torch.zeros_like(mask), lambda v: v + 1)
    assert torch.equal(after, x)


@pytest.mark.parametrize("kinds", [(Kind.CONTINUOUS, Kind.CONTINUOUS), (Kind.INTEGER, Kind.ORDINAL)])
@pytest.mark.parametrize("transform", ["affine", "spline"])
def test_the_density_of_two_features_integrates_to_one(transform, kinds):
    flow = arrow_flow(transform, *kinds)
    draws = flow.sample(20_000, torch.Generator().manual_seed(0))
    low, high = draws.amin(0), draws.amax(0)
    margin = (high - low) * 0.2
    low, high, count = low - margin, high + margin, 500
    step = (high - low) / count
    sides = [low[j] + step[j] * (torch.arange(count) + 0.5) for j in range(2)]
    mass = flow.log_density(torch.cartesian_prod(*sides)).exp().sum() * step.prod()
    assert float(mass) == pytest.approx(1, abs=5e-3)


def test_counts_are_evaluated_at_the_midpoint_of_their_cell():
    count, smooth = (arrow_flow("spline", kind, Kind.CONTINUOUS) for kind in (Kind.INTEGER, Kind.CONTINUOUS))
    x, half = torch.tensor([[2.0, 0.3], [3.0, -4.0]], dtype=torch.float64), torch.tensor([0.5, 0.0])
    torch.testing.assert_close(count.log_density(x), smooth.log_density(x + half))
    torch.testing.assert_close(count.abduct(x), smooth.abduct(x + half))
    do = torch.tensor([False, True]), torch.tensor([0.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(count.counterfactual(x, *do), smooth.counterfactual(x + half, *do) - half)


def test_the_noise_of_draws_is_standard_normal(flow_case):
    noise = flow_case.model.abduct(flow_case.model.sample(4000, torch.Generator().manual_seed(1)))
    assert noise.mean(0).abs().max() < 0.08
    assert (noise.std(0) - 1).abs().max() < 0.05


def test_a_flow_comes_back_from_its_state(flow_case):
    features = FeatureTable(tuple(Feature(name) for name in flow_case.graph.names))
    recipe = FlowRecipe("spline", (32, 32)) if len(features) == 6 else FlowRecipe()
    twin = CausalFlow(features, flow_case.graph, recipe).double()
    twin.load_state_dict(flow_case.model.state_dict())
    assert torch.equal(twin.log_density(flow_case.people), flow_case.model.log_density(flow_case.people))


def test_fitting_learns_scale_and_effect(arrow_people):
    flow = fit_flow(table(Kind.CONTINUOUS, Kind.CONTINUOUS), ARROW, replace(QUICK, epochs=40), arrow_people, seed=0)
    entropy = 2 * (0.5 + 0.5 * math.log(2 * math.pi)) + math.log(2)
    assert negative_log_likelihood(flow, arrow_people.validation.x) == pytest.approx(entropy, abs=0.15)
    x = arrow_people.validation.x[:50]
    after = flow.counterfactual(x, torch.tensor([False, True]), x + 1)
    assert float((after - x)[:, 0].mean()) == pytest.approx(2, abs=0.2)


def test_fitting_the_same_seed_twice_gives_the_same_flow_and_touches_no_global_state(arrow_people):
    features = table(Kind.INTEGER, Kind.CONTINUOUS)
    torch.manual_seed(1)
    one = fit_flow(features, ARROW, QUICK, arrow_people, seed=3).state_dict()
    after_fit = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(after_fit, torch.rand(3))
    same, other = (fit_flow(features, ARROW, QUICK, arrow_people, seed=seed).state_dict() for seed in (3, 4))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def test_the_epoch_that_is_best_on_validation_people_is_kept(arrow_people, monkeypatch):
    seen = []

    def watched(flow, x):
        seen.append(negative_log_likelihood(flow, x))
        return seen[-1]

    monkeypatch.setattr(fitting, "negative_log_likelihood", watched)
    restless = replace(QUICK, epochs=11, learning_rate=0.3)
    flow = fit_flow(table(Kind.CONTINUOUS, Kind.CONTINUOUS), ARROW, restless, arrow_people, seed=0)
    assert len(seen) == 11
    assert seen[-1] > min(seen)
    assert negative_log_likelihood(flow, arrow_people.validation.x) == min(seen)


def test_inputs_are_standardised_over_the_training_people_at_their_midpoints(arrow_people):
    flow = fit_flow(table(Kind.INTEGER, Kind.CONTINUOUS), ARROW, replace(QUICK, epochs=1), arrow_people, seed=0)
    z = (arrow_people.train.x + torch.tensor([0.5, 0.0]) - flow.mean) / flow.sd
    torch.testing.assert_close(z.mean(0), torch.zeros(2), rtol=0, atol=1e-4)
    torch.testing.assert_close(z.std(0), torch.ones(2), rtol=0, atol=1e-4)


def test_a_fitted_flow_is_frozen(arrow_people):
    flow = fit_flow(table(Kind.CONTINUOUS, Kind.CONTINUOUS), ARROW, QUICK, arrow_people, seed=0)
    assert not flow.training
    assert not any(parameter.requires_grad for parameter in flow.parameters())


def test_counts_are_dequantised_and_have_no_spikes():
    """Two dice are uniform on 36 cells: log 36 nats, and spikes would be a nat better."""
    dice = torch.randint(1, 7, (2000, 2), generator=torch.Generator().manual_seed(0)).float()
    recipe = FlowRecipe("spline", hidden=(16,), epochs=15, batch=200, learning_rate=0.02)
    flow = fit_flow(table(Kind.INTEGER, Kind.ORDINAL), ARROW, recipe, split_of(dice), seed=0)
    assert negative_log_likelihood(flow, dice) == pytest.approx(math.log(36), abs=0.2)


def test_a_spline_covers_everybodys_tails():
    """One person in a thousand lies 30 standard deviations away, where a spline knows nothing of itself."""
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(2000, 2, generator=draws)
    x[::1000] = 100.0
    recipe = FlowRecipe("spline", hidden=(8,), epochs=2, batch=500)
    flow = fit_flow(table(Kind.CONTINUOUS, Kind.INTEGER), ARROW, recipe, split_of(x.round()), seed=0)
    train = split_of(x.round()).train.x
    for corner in (train, train + 2 * flow.midpoint):
        assert ((corner - flow.mean) / flow.sd).abs().max() < 5


@pytest.mark.parametrize("parents", [{}, {"effect": ()}])
def test_a_graph_without_edges_is_refused(parents):
    with pytest.raises(ArenaError, match="edge"):
        CausalFlow(table(Kind.CONTINUOUS, Kind.CONTINUOUS), CausalGraph(ARROW.names, parents), QUICK)


@pytest.mark.parametrize("transform", ["affine", "spline"])
@pytest.mark.parametrize("still", [[0], [1], [0, 1]], ids=["the cause", "the effect", "both"])
def test_a_feature_of_one_value_only_is_taken_as_it_is(arrow_people, transform, still):
    people = arrow_people.train.x[:300].index_fill(1, torch.tensor(still), 0.1)
    features = table(Kind.CONTINUOUS, Kind.CONTINUOUS)
    flow = fit_flow(features, ARROW, replace(QUICK, transform=transform), split_of(people), seed=0)
    assert flow.log_density(people).isfinite().all()
    assert torch.allclose(flow.predict(flow.abduct(people)), people, atol=1e-4)
    acted = flow.counterfactual(people, torch.tensor([True, False]), people + 1)
    assert acted.isfinite().all()


def test_people_who_occur_many_times_are_no_trouble(arrow_people):
    people = arrow_people.train.x[:3].repeat(100, 1)
    flow = fit_flow(table(Kind.CONTINUOUS, Kind.CONTINUOUS), ARROW, QUICK, split_of(people), seed=0)
    assert flow.log_density(people).isfinite().all()


def test_a_flow_that_does_not_converge_is_refused(arrow_people):
    wild = replace(QUICK, learning_rate=1e30)
    with pytest.raises(ArenaError, match="did not converge"):
        fit_flow(table(Kind.CONTINUOUS, Kind.CONTINUOUS), ARROW, wild, arrow_people, seed=0)
