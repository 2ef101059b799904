"""Hand-written values and slopes are those of the models, folded or not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import zuko
from torch import Tensor

from recourse_arena import CausalFlow, FlowRecipe
from recourse_arena.models.causal.spline import Spline as ZukoSpline
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.testing import worlds
from recourse_arena_frontier.models.course import Apart, course_of
from recourse_arena_frontier.models.decision import AnyScore, NetworkLogit, decision_of
from recourse_arena_frontier.models.density import EquationDensity, FlowDensity, density_of
from recourse_arena_frontier.models.effects import AnyEffects, Equations, FlowEffects, effects_of
from recourse_arena_frontier.models.maps import Affine, Spline, UnivariateMap
from recourse_arena_frontier.models.moving import Moving
from recourse_arena_frontier.models.pieces import Bins
from recourse_arena_frontier.models.spline_flow import SplineFlow
from recourse_arena_loan import Loan

# Elementwise maps


def zukos(kind: UnivariateMap, parameters: Tensor):
    """Return zuko's map with the same parameters `(features, parameters, rows)`."""
    raw = parameters.transpose(1, 2)
    if isinstance(kind, Affine):
        return zuko.transforms.MonotonicAffineTransform(*raw.unbind(-1))
    return ZukoSpline(raw[..., :8], raw[..., 8:16], raw[..., 16:])


def numbers(kind: UnivariateMap) -> tuple[Tensor, Tensor]:
    """Return numbers, some beyond the ends of splines, and parameters, in double precision."""
    draws = torch.Generator().manual_seed(3)
    parameters = 2 * torch.randn(3, kind.count, 200, generator=draws, dtype=torch.double)
    return 2.5 * torch.randn(3, 200, generator=draws, dtype=torch.double), parameters


@pytest.mark.parametrize("kind", [Affine(), Spline()])
def test_maps_and_inverses_are_those_of_zuko(kind):
    z, parameters = numbers(kind)
    theirs = zukos(kind, parameters)
    u, log_slope = kind.value(z, parameters)
    expected = theirs.call_and_ladj(z)
    torch.testing.assert_close((u, log_slope), expected)
    torch.testing.assert_close(kind.inverse(z, parameters), theirs.inv(z))
    torch.testing.assert_close(kind.inverse(u, parameters), z, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", [Affine(), Spline()])
def test_slopes_of_maps_are_those_of_autograd(kind):
    z, parameters = (each.requires_grad_() for each in numbers(kind))
    u, log_slope = zukos(kind, parameters).call_and_ladj(z)
    added = log_slope - u.square() / 2
    found = kind.scored(z.detach(), parameters.detach())
    torch.testing.assert_close(found.value, added)
    expected = torch.autograd.grad(added.sum(), (z, parameters), retain_graph=True)
    torch.testing.assert_close((found.along, found.by), expected)
    expected = torch.autograd.grad(u.sum(), parameters)[0]
    torch.testing.assert_close(kind.slopes(z.detach(), parameters.detach()), (log_slope, expected))


# Splines of many features at once


def raw(parameters: Tensor) -> Tensor:
    """Return zuko's parameters `(features, 23, rows)` as bins have them: sizes, then slopes with 0 at both ends."""
    none = torch.zeros_like(parameters[:, :1])
    return torch.cat([parameters[:, :16].flatten(0, 1), torch.cat([none, parameters[:, 16:], none], 1).flatten(0, 1)])


def on_bins(z: Tensor, parameters: Tensor, *, of_noise: bool = False):
    """Return noise, or numbers of noise, with the log slope; where the curve is, and its slopes."""
    bins = Bins.of(raw(parameters))
    curve, place = bins.curve(z, torch.full_like(z, of_noise, dtype=torch.bool))
    at = curve.slopes()
    there = curve.number if of_noise else at.noise
    return torch.where(curve.inside > 0, there, z), at, lambda by: bins.back(place, curve, by)


@pytest.mark.parametrize("times", [1.0, 30.0], ids=["usual", "extreme"])
def test_bins_say_what_zuko_says_at_knots_beyond_the_ends_and_of_extreme_parameters(times):
    z, parameters = numbers(Spline())
    parameters = times * parameters
    knots = zukos(Spline(), parameters).horizontal[..., :200].transpose(1, 2)[:, 1:8]
    ends = torch.tensor([-9.0, -5.0, 5.0, 9.0]).double().repeat(3, 1)
    z = torch.cat([z[:, :120], knots[:, 0, 120:196], ends], 1)
    theirs = zukos(Spline(), parameters)
    u, log_slope = theirs.call_and_ladj(z)
    found, at, _ = on_bins(z, parameters)
    torch.testing.assert_close((found, at.log_slope), (u, log_slope), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(on_bins(u, parameters, of_noise=True)[0], theirs.inv(u), rtol=1e-6, atol=1e-6)
    if times == 1:  # by finite differences: the slope has no jumps, but turns at once where parameters are extreme
        near = (theirs(z + 1e-6) - theirs(z - 1e-6)) / 2e-6
        torch.testing.assert_close(at.slope, near, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("times", [1.0, 30.0], ids=["usual", "extreme"])
def test_slopes_of_bins_are_those_of_autograd(times):
    z, parameters = numbers(Spline())
    z, parameters = z.requires_grad_(), (times * parameters).requires_grad_()
    u, log_slope = zukos(Spline(), parameters).call_and_ladj(z)
    _, at, back = on_bins(z.detach(), parameters.detach())
    found = back(torch.stack([at.noise_by, at.log_slope_by], 2)).unbind(1)
    for mine, theirs, along in zip(found, (u, log_slope), (at.slope, at.log_slope_along), strict=True):
        expected = torch.autograd.grad(theirs.sum(), (z, parameters), retain_graph=True)
        wanted = raw(expected[1])
        kept = wanted != 0  # the slopes at both ends are no parameters of zuko's
        torch.testing.assert_close(along, expected[0], rtol=1e-7, atol=1e-7)
        torch.testing.assert_close(mine[kept], wanted[kept], rtol=1e-7, atol=1e-7)


# Models


def models(transform: str):
    """Return a problem with an untrained flow of some kind, in double precision, and what moves there."""
    problem = worlds()[1 if transform == "spline" else 0].problem
    problem = replace(problem, training=replace(problem.training, x=problem.training.x.double()))
    with torch.random.fork_rng():
        torch.manual_seed(5)
        flow = CausalFlow(problem.features, problem.graph, FlowRecipe(transform=transform, hidden=(24, 24))).double()
        classifier = ReluClassifier(len(problem.features), (12, 8)).double()
    flow.mean.copy_(problem.training.x.mean(0))
    flow.sd.copy_(problem.training.x.std(0))
    classifier.mean.copy_(flow.mean)
    classifier.sd.copy_(flow.sd)
    for model in (flow, classifier):
        model.requires_grad_(False)
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return replace(problem, causal_flow=flow, true_scm=None, decisions=classifier), Moving.of(problem)


def changed(problem, moving: Moving) -> tuple[Tensor, Tensor, Tensor]:
    """Return people, changes of what they act upon, and which features follow."""
    factual = problem.training.x[:96].T.contiguous()
    draws = torch.Generator().manual_seed(1)
    acted = torch.rand(len(moving.acted), 96, generator=draws) < 0.6
    change = torch.zeros(len(moving.columns), 96, dtype=torch.double)
    sd = problem.training.x.std(0)[moving.columns[moving.acted]][:, None]
    drawn = sd * torch.randn(len(moving.acted), 96, generator=draws, dtype=torch.double)
    change[moving.acted] = torch.where(acted, drawn, 0.0)
    return factual, change, moving.followers(acted)


@pytest.mark.parametrize("transform", ["affine", "spline"])
def test_folded_scores_are_those_of_the_models_and_so_are_their_slopes(transform):
    problem, moving = models(transform)
    factual, change, _ = changed(problem, moving)
    for mine, kind, function in (
        (decision_of(problem, moving), NetworkLogit, problem.classifier.logit),
        (density_of(problem, problem.flow, moving), FlowDensity, problem.flow.log_density),
    ):
        assert isinstance(mine, kind)
        other = AnyScore(function, moving)
        constants = mine.constants(factual)
        expected = other.slopes(change, other.constants(factual))
        torch.testing.assert_close(mine.value(change, constants), expected[0], rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(mine.slopes(change, constants), expected, rtol=1e-8, atol=1e-8)


def test_density_of_equations_is_that_of_the_model_and_so_are_its_slopes(loan_scm, loan_splits):
    """In Loan, whose noises of what moves are Gaussian, with a hinge between two."""
    problem = worlds()[0].problem
    people = replace(loan_splits.recourse.train, x=loan_splits.recourse.train.x[:500].double())
    problem = replace(problem, features=Loan().features, graph=loan_scm.graph, training=people, true_scm=loan_scm)
    moving = Moving.of(problem)
    factual, change, _ = changed(problem, moving)
    mine, other = density_of(problem, loan_scm, moving), AnyScore(loan_scm.log_density, moving)
    assert isinstance(mine, EquationDensity)
    constants, expected = mine.constants(factual), other.slopes(change, other.constants(factual))
    torch.testing.assert_close(mine.value(change, constants), expected[0], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(mine.slopes(change, constants), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("transform", ["affine", "spline", "equations"])
def test_effects_are_those_of_the_model_and_slopes_are_pulled_back_as_by_autograd(transform):
    problem, moving = models("affine" if transform == "equations" else transform)
    if transform == "equations":
        problem = replace(problem, true_scm=worlds()[0].problem.true_scm)
    factual, change, follows = changed(problem, moving)
    mine, other = effects_of(problem, moving), AnyEffects(problem.causal_model, moving)
    assert isinstance(mine, Equations if transform == "equations" else FlowEffects)
    assert follows.any()
    after, kept = mine.follow(change, follows, mine.constants(factual))
    expected, tape = other.follow(change, follows, other.constants(factual))
    torch.testing.assert_close(after, expected, rtol=1e-6, atol=1e-6)
    slopes = torch.randn(len(change), 2, 96, generator=torch.Generator().manual_seed(2), dtype=torch.double)
    found, wanted = mine.pull(slopes, follows, kept)[moving.acted], other.pull(slopes, follows, tape)[moving.acted]
    set_here = ~follows[moving.acted][:, None].expand_as(found)
    torch.testing.assert_close(found[set_here], wanted[set_here], rtol=1e-6, atol=1e-6)


def test_one_pass_over_a_spline_flow_says_what_autograd_says_of_effects_and_density():
    problem, moving = models("spline")
    factual, change, follows = changed(problem, moving)
    effects = effects_of(problem, moving)
    mine = course_of(effects, density_of(problem, problem.flow, moving), moving, factual)
    other = Apart(AnyEffects(problem.causal_model, moving), AnyScore(problem.flow.log_density, moving))
    assert isinstance(mine, SplineFlow)
    after, density, kept = mine.slopes(change, follows, mine.constants(factual))
    expected, their_density, tape = other.slopes(change, follows, other.constants(factual))
    torch.testing.assert_close((after, density), (expected, their_density), rtol=1e-6, atol=1e-6)
    value = mine.value(change, follows, mine.constants(factual))
    torch.testing.assert_close(value, (after, density), rtol=1e-9, atol=1e-9)
    by = torch.randn(len(change), 96, generator=torch.Generator().manual_seed(2), dtype=torch.double)
    found, wanted = mine.pull(by, kept)[moving.acted], other.pull(by, tape)[moving.acted]
    set_here = ~follows[moving.acted][:, None].expand_as(found)
    torch.testing.assert_close(found[set_here], wanted[set_here], rtol=1e-6, atol=1e-6)
    # Another density, or none, has nothing in common with the effects.
    assert isinstance(course_of(effects, None, moving, factual), Apart)


def test_folding_leaves_out_what_nothing_reaches():
    problem, moving = models("affine")
    network = density_of(problem, problem.flow, moving).flow.network
    everything = network.layers[1].weight.shape
    assert network.weights[1].shape[0] < everything[0]
    assert network.weights[0].shape[1] == len(moving.columns)


def test_a_model_that_says_otherwise_is_not_read():
    problem, moving = models("affine")

    class Bent(ReluClassifier):
        def logit(self, x: Tensor) -> Tensor:
            return super().logit(x) ** 3 + 1

    bent = Bent(len(problem.features), (12, 8)).double()
    bent.load_state_dict(problem.classifier.state_dict())
    assert isinstance(decision_of(replace(problem, decisions=bent), moving), AnyScore)
