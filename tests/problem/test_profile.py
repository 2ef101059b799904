"""Cost weights and priors, computed by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError
from recourse_arena.problem.profile import PROFILES, Profile, profile


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("constant", [1, 1, 1, 1]),
        ("linear", [1, 3, 5, 7]),
        ("convex", [1, 1 + 6 * (1 / 3) ** 2.25, 1 + 6 * (2 / 3) ** 2.25, 7]),
        ("concave", [1, 1 + 6 * (1 / 3) ** 0.4, 1 + 6 * (2 / 3) ** 0.4, 7]),
    ],
)
def test_weights_of_four_levels_are_those_computed_by_hand(name, weights):
    assert profile(name).weights(torch.tensor([1, 2, 3, 4]), 4).tolist() == pytest.approx(weights, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "priors"),
    [
        ("constant", [0.5, 0.5, 0.5, 0.5, 0]),
        ("linear", [0.5, 0.35, 0.2, 0.05, 0]),
        ("convex", [0.5, 0.5 - 0.45 * (1 / 3) ** 2.25, 0.5 - 0.45 * (2 / 3) ** 2.25, 0.05, 0]),
        ("concave", [0.5, 0.5 - 0.45 * (1 / 3) ** 0.4, 0.5 - 0.45 * (2 / 3) ** 0.4, 0.05, 0]),
    ],
)
def test_priors_of_four_levels_are_those_computed_by_hand_and_zero_where_non_actionable(name, priors):
    assert profile(name).priors(torch.tensor([1, 2, 3, 4, 5]), 4).tolist() == pytest.approx(priors, abs=1e-6)


@pytest.mark.parametrize("name", PROFILES)
def test_one_level_is_the_easiest(name):
    scores = torch.tensor([[1, 2], [2, 1]])
    assert profile(name).weights(scores, 1)[scores == 1].tolist() == [1, 1]
    assert profile(name).priors(scores, 1).tolist() == [[0.5, 0], [0, 0.5]]


@given(st.floats(0.1, 5), st.integers(2, 9), st.floats(0.1, 3), st.floats(0, 9))
def test_weights_rise_and_priors_fall_with_the_score_between_their_end_points(gamma, levels, low, more):
    chosen = Profile("mine", gamma, alpha_min=low, alpha_max=low + more, prior_max=0.8, prior_min=0.1)
    scores = torch.arange(1, levels + 1)
    weights, priors = chosen.weights(scores, levels), chosen.priors(scores, levels)
    assert (weights.diff() >= 0).all()
    assert (priors.diff() <= 0).all()
    assert (float(weights[0]), float(weights[-1])) == pytest.approx((low, low + more), rel=1e-5)
    assert (float(priors[0]), float(priors[-1])) == pytest.approx((0.8, 0.1), rel=1e-5)


@given(st.integers(2, 9), st.data())
def test_convex_weights_lie_below_linear_and_concave_ones_above(levels, data):
    score = torch.tensor(data.draw(st.integers(1, levels)))
    convex, linear, concave = (float(profile(n).weights(score, levels)) for n in ("convex", "linear", "concave"))
    assert convex <= linear + 1e-6 <= concave + 2e-6


def test_weights_of_non_actionable_features_are_finite():
    for chosen in PROFILES.values():
        assert chosen.weights(torch.tensor([5, 9]), 4).isfinite().all()


def test_an_unknown_profile_is_named_with_its_near_match():
    with pytest.raises(ArenaError, match=r"unknown cost profile 'linaer'. Did you mean 'linear'"):
        profile("linaer")
