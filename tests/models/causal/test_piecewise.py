"""Equations that are linear in pieces: what they say is what the causal model does."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Laplace, Normal

from recourse_arena import ArenaError, CausalGraph
from recourse_arena.models.causal.piecewise import PiecewiseLinear
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel

GRAPH = CausalGraph(("age", "income", "savings"), {"savings": ("age", "income")})


def draw(people, generator):
    return torch.randn(people, generator=generator)


def mechanism(**parts):
    return Mechanism(Normal(0.5, 2.0), draw, **parts)


def test_slopes_count_everywhere_and_hinges_above_zero():
    term = PiecewiseLinear(slopes={"a": 2.0, "b": -1.0}, hinges={"b": 3.0})
    parents = {"a": torch.tensor([1.0, 1.0]), "b": torch.tensor([-2.0, 2.0]), "c": torch.tensor([9.0, 9.0])}
    assert term(parents).tolist() == [4.0, 6.0]
    assert term.parents == {"a", "b"}
    assert not PiecewiseLinear()
    assert PiecewiseLinear()(parents) == 0.0


def test_an_equation_adds_both_its_parts():
    savings = mechanism(shift=lambda p: p["age"] ** 2, piecewise=PiecewiseLinear(hinges={"income": 2.0}))
    scm = StructuralCausalModel(GRAPH, {"age": mechanism(), "income": mechanism(), "savings": savings})
    x = torch.tensor([[3.0, 1.0, 12.0], [3.0, -1.0, 12.0]])
    assert scm.abduct(x)[:, 2].tolist() == [1.0, 3.0]
    assert torch.equal(scm.predict(scm.abduct(x)), x)
    after = scm.counterfactual(x, torch.tensor([False, True, False]), torch.tensor([0.0, 4.0, 0.0]))
    assert after[:, 2].tolist() == [18.0, 20.0]


def test_the_other_part_never_sees_the_parents_that_are_spoken_for():
    seen = []
    savings = mechanism(shift=lambda p: seen.append(set(p)) or 0.0, piecewise=PiecewiseLinear(slopes={"income": 1.0}))
    scm = StructuralCausalModel(GRAPH, {"age": mechanism(), "income": mechanism(), "savings": savings})
    scm.abduct(torch.zeros(1, 3))
    assert seen == [{"age"}]


def test_an_equation_about_strangers_is_refused():
    savings = mechanism(piecewise=PiecewiseLinear(slopes={"savings": 1.0}))
    with pytest.raises(ArenaError, match="the equation of 'savings' is about savings, not its parents"):
        StructuralCausalModel(GRAPH, {"age": mechanism(), "income": mechanism(), "savings": savings})


def test_only_added_gaussian_noise_has_a_quadratic_log_density():
    assert mechanism().gaussian == (0.5, 2.0)
    squashed = torch.distributions.transforms.SigmoidTransform()
    assert mechanism(transform=squashed).gaussian is None
    assert not mechanism(transform=squashed).additive
    assert Mechanism(Laplace(0.0, 1.0), draw).gaussian is None


def test_what_loan_says_of_its_moving_features_is_what_its_equations_do(loan_scm, loan_splits):
    """Written out anew from Karimi et al. (2020): how much duration and savings follow loan amount and income."""
    x = loan_splits.recourse.test.x[:500].double()
    wanted = x.clone()
    wanted[:, [3, 5]] = torch.randn(500, 2, generator=torch.Generator().manual_seed(0), dtype=torch.double) * 5
    after = loan_scm.counterfactual(x, torch.tensor([0, 0, 0, 1, 0, 1, 0]).bool(), wanted)
    equations = {name: mechanism.piecewise for name, mechanism in loan_scm.mechanisms.items()}
    assert equations["duration"] == PiecewiseLinear(slopes={"loan_amount": 1.0})
    assert equations["savings"] == PiecewiseLinear(hinges={"income": 1.5})
    torch.testing.assert_close(after[:, 4] - x[:, 4], wanted[:, 3] - x[:, 3])
    torch.testing.assert_close(after[:, 6] - x[:, 6], 1.5 * (wanted[:, 5].clamp(min=0) - x[:, 5].clamp(min=0)))
    gaussian = {name: mechanism.gaussian for name, mechanism in loan_scm.mechanisms.items()}
    assert {n: g and round(g[1] ** 2, 4) for n, g in gaussian.items()} == {
        "gender": None,
        "age": None,
        "education": None,
        "loan_amount": 4,
        "duration": 9,
        "income": 4,
        "savings": 25,
    }
