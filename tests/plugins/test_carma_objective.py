"""The terms that CARMA and iCARMA minimise, against values computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from recourse_arena import Actionability
from recourse_arena.problem.profile import PROFILES
from recourse_arena_carma.candidates import pick
from recourse_arena_carma.objective import Multiplier, choose, divergence, excess, hinge, logistic, lost_density
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings


def test_the_divergence_is_that_of_independent_choices():
    q, p = (0.2, 0.9), (0.5, 0.05)
    by_hand = sum(a * math.log(a / b) + (1 - a) * math.log((1 - a) / (1 - b)) for a, b in zip(q, p, strict=True))
    log_odds = torch.tensor([[*q, 0.3]]).logit()
    answer = divergence(log_odds, torch.tensor([[*p, 0.5]]).logit(), torch.tensor([[1.0, 1.0, 0.0]]))
    torch.testing.assert_close(answer, torch.tensor([by_hand]))


def test_the_divergence_is_finite_and_zero_where_it_should_be():
    mask = torch.tensor([[1.0, 1.0, 0.0]], requires_grad=False)
    log_odds = torch.tensor([[0.0, 90.0, -90.0]], requires_grad=True)
    value = divergence(log_odds, torch.zeros(1, 3), mask)
    assert value.item() == pytest.approx(math.log(2))
    value.backward()
    assert log_odds.grad is not None
    assert log_odds.grad.isfinite().all()
    assert log_odds.grad[0, 2] == 0


@pytest.mark.parametrize(("p", "expected"), [(0.1, 0.81), (0.5, 0.01), (0.505, 0.0), (0.9, 0.0)])
def test_the_hinge_wants_a_decision_beyond_its_margin(p, expected):
    value = hinge(torch.tensor([p]).logit(), 0.01)
    assert value.item() == pytest.approx(expected, abs=1e-6)


def test_only_lost_density_counts_and_much_of_it_counts_less():
    before, after = torch.tensor([-10.0, -10.0, -10.0]), torch.tensor([-9.0, -12.0, -10.0])
    assert lost_density(before, after).tolist() == [0, 2, 0]
    assert lost_density(before, after, margin=0.5).tolist() == [0, 2.5, 0.5]
    expected = [0, 2 * math.log1p(1.0), 0]
    assert lost_density(before, after, saturation=2.0).tolist() == pytest.approx(expected)


def test_only_acted_upon_features_can_lie_outside_the_box():
    wanted, lower, upper = torch.tensor([[5.0, -3.0, 9.0]]), torch.zeros(3), torch.full((3,), 4.0)
    assert excess(wanted, lower, upper, torch.tensor([[True, True, False]])).tolist() == [0.25 + 0.75]


def test_the_multiplier_grows_with_violation_up_to_its_limit_and_never_below_zero():
    multiplier = Multiplier(rate=2.0, damping=0.5, limit=3.0)
    violation = torch.tensor(0.5, requires_grad=True)
    multiplier.penalty(violation).backward()
    assert violation.grad == 0.25  # at the start the damping already pushes towards validity
    for _ in range(5):
        multiplier.ascend(torch.tensor(0.5))
    assert multiplier.value == 3.0
    for _ in range(5):
        multiplier.ascend(torch.tensor(-10.0))
        assert multiplier.value == 0.0


def test_choices_are_hard_follow_their_probability_and_pass_gradients_on():
    draws = torch.Generator().manual_seed(0)
    q = torch.tensor([0.1, 0.5, 0.8, 0.8])
    log_odds = q.logit().expand(20_000, 4).clone().requires_grad_(True)
    mask = torch.tensor([1.0, 1.0, 1.0, 0.0]).expand(20_000, 4)
    chosen = choose(log_odds, logistic(mask.shape, mask.dtype, draws), mask, 0.4)
    assert set(chosen.detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(chosen.detach().mean(0), q * mask[0], atol=0.01, rtol=0)
    chosen.sum().backward()
    assert log_odds.grad is not None
    assert (log_odds.grad[:, :3].sum(0) > 0).all()
    assert (log_odds.grad[:, 3] == 0).all()


def test_someone_who_asks_acts_on_something():
    log_odds = torch.tensor([[-2.0, -1.0, 3.0], [1.0, -1.0, 1.0], [1.0, 1.0, 1.0]])
    mask = torch.tensor([[True, True, False], [True, True, False], [False, False, False]])
    assert pick(log_odds, mask).tolist() == [[False, True, False], [True, False, False], [False, False, False]]


def test_training_draws_every_profile_and_follows_the_scores():
    answers = Actionability(torch.tensor([[1, 2, 3]]).expand(400, -1), levels=2)
    settings = Settings()
    drawn = Preferences.mixed(answers, tuple(PROFILES.values()), settings, torch.Generator().manual_seed(0))
    assert drawn.weights[:, 1].unique().tolist() == [1.0, 7.0]
    assert (drawn.priors[:, 2] == 0).all()
    assert (drawn.mask == torch.tensor([1.0, 1.0, 0.0])).all()
    assert (drawn.priors[:, 1] <= drawn.priors[:, 0]).all()
