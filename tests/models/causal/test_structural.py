"""Structural causal models against pencil and paper."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal
from torch.distributions.transforms import AffineTransform, ComposeTransform, SigmoidTransform

from recourse_arena import ArenaError, CausalGraph
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel


def draw(people, generator):
    return torch.randn(people, generator=generator)


def normal(sd, shift, transform):
    return Mechanism(Normal(0.0, sd), lambda people, generator: sd * draw(people, generator), shift, transform)


def squashed(low: float, width: float) -> ComposeTransform:
    return ComposeTransform([SigmoidTransform(), AffineTransform(low, width)])


def middles(low: float, high: float, count: int) -> torch.Tensor:
    step = (high - low) / count
    return low + step * (torch.arange(count, dtype=torch.float64) + 0.5)


@pytest.fixture
def ramp():
    """A cause on (-1, 2) by a squashed sum, and an effect on (0, 5) by another."""
    graph = CausalGraph(("effect", "cause"), {"effect": ("cause",)})
    return StructuralCausalModel(
        graph,
        {
            "cause": normal(0.7, lambda parents: 0.3, squashed(-1.0, 3.0)),
            "effect": normal(1.3, lambda parents: 1.5 * parents["cause"], squashed(0.0, 5.0)),
        },
    )


def test_the_density_of_one_squashed_feature_integrates_to_one():
    model = StructuralCausalModel(CausalGraph(("a",), {}), {"a": normal(0.7, lambda parents: 0.3, squashed(-1.0, 3.0))})
    x = middles(-1, 2, 3000)
    assert float(model.log_density(x[:, None]).exp().mean() * 3) == pytest.approx(1, abs=1e-4)


def test_the_density_of_two_squashed_features_integrates_to_one(ramp):
    cells = torch.cartesian_prod(middles(0, 5, 400), middles(-1, 2, 400))
    assert float(ramp.log_density(cells).exp().mean() * 15) == pytest.approx(1, abs=1e-3)


def test_the_density_counts_how_often_draws_fall_somewhere(ramp):
    x = ramp.sample(40_000, torch.Generator().manual_seed(0))
    drawn = ((x[:, 0] > 2) & (x[:, 0] < 3.5) & (x[:, 1] > 0) & (x[:, 1] < 1)).double().mean()
    cells = torch.cartesian_prod(middles(2, 3.5, 100), middles(0, 1, 100))
    assert float(ramp.log_density(cells).exp().mean() * 1.5) == pytest.approx(float(drawn), abs=0.01)


def test_a_counterfactual_is_abduction_action_prediction():
    """Pearl, Causality, section 7.1: hours of study cost sleep; both make the grade."""
    graph = CausalGraph(("grade", "sleep", "hours"), {"sleep": ("hours",), "grade": ("hours", "sleep")})
    model = StructuralCausalModel(
        graph,
        {
            "hours": Mechanism(Normal(0.0, 1.0), draw),
            "sleep": Mechanism(Normal(0.0, 1.0), draw, lambda parents: 8 - 0.5 * parents["hours"]),
            "grade": Mechanism(Normal(0.0, 1.0), draw, lambda parents: 2 * parents["hours"] + parents["sleep"]),
        },
    )
    joe = torch.tensor([[10.0, 7.0, 2.0]])
    assert model.abduct(joe).tolist() == [[-1.0, 0.0, 2.0]]
    harder = model.counterfactual(joe, torch.tensor([[False, False, True]]), torch.tensor([[0.0, 0.0, 4.0]]))
    assert harder.tolist() == [[13.0, 6.0, 4.0]]
    rested = model.counterfactual(joe, torch.tensor([[False, True, True]]), torch.tensor([[0.0, 9.0, 4.0]]))
    assert rested.tolist() == [[16.0, 9.0, 4.0]]


def test_a_mechanism_sees_its_parents_only(ramp):
    graph = CausalGraph(("a", "b"), {})
    model = StructuralCausalModel(
        graph, {"a": Mechanism(Normal(0.0, 1.0), draw), "b": Mechanism(Normal(0.0, 1.0), draw, lambda p: p["a"])}
    )
    with pytest.raises(KeyError):
        model.predict(torch.zeros(1, 2))


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c")])
def test_mechanisms_must_be_those_of_the_graph(names):
    with pytest.raises(ArenaError, match=r"disagree about: [bc]$"):
        StructuralCausalModel(CausalGraph(("a", "b"), {}), {n: Mechanism(Normal(0.0, 1.0), draw) for n in names})
