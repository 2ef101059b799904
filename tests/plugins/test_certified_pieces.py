"""Proofs in pieces: they hold all that people can do, bound what it costs, and believe neither starts nor solvers."""

from __future__ import annotations

import math
from types import SimpleNamespace

import clarabel
import numpy as np
import pytest
import torch
from hinge_worlds import hinge_problem, hinge_request

from recourse_arena import Outcome
from recourse_arena_certified import Certified, exact, start
from recourse_arena_certified.exact import Action
from recourse_arena_certified.limits import Limits
from recourse_arena_certified.person import Person
from recourse_arena_certified.pieces.boxes import Splitter
from recourse_arena_certified.pieces.corner import Corner, Found
from recourse_arena_certified.pieces.piece import pieces
from recourse_arena_certified.world import World
from recourse_arena_frontier import Frontier

ALL = ("effort", "income", "savings")


def fitted(problem, starter=None):
    solver = Certified()
    solver.fit(problem.seen_by(solver.knows), seed=0)
    solver.starter = starter or solver.starter
    return solver


def nothing(request):
    return None


def one_person(seed, *, plausibility, who=0):
    """Return problem, request, world, person and pieces; those of everything within reach."""
    problem = hinge_problem(seed, actionable=ALL)
    request = hinge_request(problem, plausibility=plausibility)[who : who + 1]
    world = World.of(problem)
    person = Person.of(request, world, 0.0 if plausibility else math.inf)
    return problem, request, world, person, pieces(world, person, Limits.of(world, person, math.inf))


def actions(request, count=400):
    """Draw actions all over the box."""
    draws = torch.Generator().manual_seed(0)
    share = torch.rand(count, 4, generator=draws, dtype=torch.double)
    mask = request.actionable & (torch.rand(count, 4, generator=draws) < 0.7)
    values = request.box.lower + share * (request.box.upper - request.box.lower)
    return mask, torch.where(mask, values, request.factual)


# What pieces and boxes hold


@pytest.mark.parametrize("seed", range(3))
def test_every_action_is_in_a_piece_that_says_what_follows_and_how_likely_it_is(seed):
    problem, request, _, _, found = one_person(seed, plausibility=True)
    everywhere = [p for who in range(3) for p in one_person(seed, plausibility=False, who=who)[4]]
    assert any(len(piece.sides[0]) for piece in everywhere)
    mask, values = actions(request)
    after = problem.true_scm.counterfactual(request.factual, mask, values)
    likely = problem.true_scm.log_density(after) - problem.true_scm.log_density(request.factual)
    for i in range(len(mask)):
        into = [piece for piece in found if _holds(piece, mask[i].numpy(), (values[i] - request.factual[0]).numpy())]
        if likely[i] >= 0:
            assert into
        for piece in into:
            change = _change(piece, mask[i].numpy(), (values[i] - request.factual[0]).numpy())
            np.testing.assert_allclose(piece.effect @ change + piece.start, after[i], atol=1e-9)
            noise = piece.noise @ change + piece.silence
            np.testing.assert_allclose(piece.radius**2 - (noise**2).sum(), 2 * likely[i], atol=1e-8)


def _change(piece, mask, change):
    columns = list(piece.columns)
    return np.where(mask[columns], change[columns], 0.0)


def _holds(piece, mask, change):
    columns, moves = list(piece.columns), _change(piece, mask, change)
    slopes, offsets = piece.sides
    return (
        (piece.acted | ~mask[columns]).all()
        and (~piece.acted | piece.still | mask[columns]).all()
        and (moves >= piece.lower - 1e-9).all()
        and (moves <= piece.upper + 1e-9).all()
        and (slopes @ moves + offsets <= 1e-9).all()
    )


@pytest.mark.parametrize("plausibility", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_boxes_and_their_corners_bound_whatever_is_in_them(seed, plausibility):
    problem, _, world, person, found = one_person(seed, plausibility=plausibility)
    price = person.price[list(found[0].columns)]
    splitter = Splitter(found, price, world.network, 0.0)
    boxes = splitter.halves(splitter.bounded(splitter.root(), splitter.dearest))
    bounded = splitter.bounded(boxes, splitter.dearest)
    draws, seen = np.random.default_rng(0), 0
    for i in range(len(bounded)):
        piece, lower, upper = found[int(bounded.piece[i])], bounded.lower[i].numpy(), bounded.upper[i].numpy()
        changes = lower + draws.random((4000, len(lower))) * (upper - lower)
        after = torch.from_numpy(changes @ piece.effect.T + piece.start)
        fits = (changes @ piece.sides[0].T + piece.sides[1] <= 0).all(1)
        fits &= (problem.decisions.logit(after) >= 0).numpy()
        if plausibility:
            fits &= np.linalg.norm(changes @ piece.noise.T + piece.silence, axis=1) <= piece.radius
        cost = (changes[fits] ** 2 @ price).min(initial=math.inf)
        limits = [(least[i].numpy(), greatest[i].numpy()) for least, greatest in bounded.limits]
        network = [(splitter.first[0][bounded.piece[i]].numpy(), splitter.first[1][bounded.piece[i]].numpy())]
        network += [(w.numpy(), b.numpy()) for w, b in splitter.layers[1:]]
        offered: list[Found] = []
        corner = Corner(piece, network, price, lower, upper, limits)
        least = corner.least(
            0.0, float(bounded.floor[i]), lambda: splitter.dearest, lambda _, one, to=offered: to.append(one)
        )
        assert bounded.floor[i] <= cost * (1 + 1e-9)
        assert bounded.floor[i] <= least <= cost * (1 + 1e-9)
        if fits.any():
            seen += 1
            assert min((one.change**2 @ price) for one in offered) == pytest.approx(least, rel=1e-4, abs=1e-6)
    assert seen


def test_what_the_programs_solver_claims_proves_nothing(monkeypatch):
    problem = hinge_problem(1)
    request = hinge_request(problem)
    true = fitted(problem, nothing).certify(request)
    draws = np.random.default_rng(0)

    class Liar:
        def __init__(self, cost, linear, table, *rest):
            self.rows, self.columns = table.shape

        def solve(self):
            status = draws.choice(["Solved", "PrimalInfeasible", "NumericalError"])
            return SimpleNamespace(status=status, x=draws.normal(size=self.columns), z=draws.normal(size=self.rows))

    monkeypatch.setattr(clarabel, "DefaultSolver", Liar)
    for lied, told in zip(fitted(problem, nothing).certify(request), true, strict=True):
        if told.outcome is Outcome.SOLVED:
            assert lied.outcome is not Outcome.INFEASIBLE
            assert not lied.lower_bound > told.cost * (1 + 1e-6)


# Where proofs start


def odd_starts(problem, optimum):
    """Return starts that are no good: too cheap to be accepted, too dear, forbidden, not even numbers."""
    factual = torch.stack([one.values for one in optimum])
    mask = torch.stack([one.mask for one in optimum])

    def towards(share):
        return lambda request: (mask, request.factual + share * (factual - request.factual))

    return {
        "cheap": towards(0.9),
        "dear": towards(1.1),
        "forbidden": lambda request: (torch.ones_like(mask), request.factual + 1.0),
        "nan": lambda request: (mask, torch.full_like(request.factual, torch.nan)),
    }


@pytest.mark.parametrize("plausibility", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_a_start_that_is_wrong_changes_nothing_that_is_proved(seed, plausibility):
    problem = hinge_problem(seed)
    request = hinge_request(problem, plausibility=plausibility)
    without = fitted(problem, nothing).certify(request)
    starts = {"frontier": None, **odd_starts(problem, without)}
    for starter in starts.values():
        for one, other in zip(fitted(problem, starter).certify(request), without, strict=True):
            assert one.outcome is other.outcome
            if one.outcome is Outcome.SOLVED:
                assert one.cost == pytest.approx(other.cost, rel=2e-4, abs=1e-6)
                assert one.lower_bound <= other.cost * (1 + 1e-9)
                assert other.lower_bound <= one.cost * (1 + 1e-9)
                assert one.gap <= 2e-4 or one.cost - one.lower_bound < 1e-5


def test_a_start_is_used_and_spares_boxes(monkeypatch):
    problem = hinge_problem(1, actionable=ALL)
    request = hinge_request(problem)
    unknown = lambda self, draws: Action(torch.zeros_like(self.one.actionable[0]), self.one.factual[0])  # noqa: E731
    monkeypatch.setattr(exact.Exact, "search", unknown)
    counted, real = [], Splitter.bounded

    def counting(self, boxes, most):
        counted.append(len(boxes))
        return real(self, boxes, most)

    monkeypatch.setattr(Splitter, "bounded", counting)
    boxes = {}
    for name, starter in {"frontier": None, "nothing": nothing}.items():
        counted.clear()
        fitted(problem, starter).certify(request)
        boxes[name] = sum(counted)
    assert boxes["frontier"] < 0.8 * boxes["nothing"]


@pytest.mark.parametrize("when", ["fit", "recommend"])
def test_trouble_with_the_solver_that_starts_is_no_trouble(when, monkeypatch):
    def trouble(self, *_, **__):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(Frontier, when, trouble)
    problem = hinge_problem(0)
    assert start.starter(problem, seed=0)(hinge_request(problem)) is None
    assert {one.outcome for one in fitted(problem).certify(hinge_request(problem))} <= {
        Outcome.SOLVED,
        Outcome.INFEASIBLE,
    }
