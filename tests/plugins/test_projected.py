"""Projected gradient steps end close behind the boundary, near the optimum where that is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_worlds import random_world
from straight_worlds import cheapest_projection, effects, favourites, prices, straight_problem, straight_request

from recourse_arena import ArenaError, Problem, Recommendation, Request
from recourse_arena.people.box import Box
from recourse_arena_grid import Grid
from recourse_arena_projected import Projected
from recourse_arena_projected.walk import walk
from recourse_arena_relaxed import Ground


def solve(problem: Problem, request: Request, **options: object) -> Recommendation:
    solver = Projected(**options)
    solver.fit(problem.seen_by(Projected.knows), seed=0)
    return solver.recommend(request)


def projection(problem: Problem, one: Request) -> float:
    """Return the least cost of acting on *all* of a person's features: the projection onto the decision line."""
    chosen = one.actionable[0].nonzero()[:, 0].tolist()
    slope = problem.decisions.slope @ effects(problem, one.factual[0], chosen)
    margin = float(problem.classifier.logit(one.factual)[0])
    return margin**2 / float((slope**2 / prices(one, chosen)).sum())


def test_with_one_feature_the_answer_is_the_projection_in_closed_form():
    problem = straight_problem(0)
    request = favourites(straight_request(problem, 10, plausibility=False), 1)
    far = problem.classifier.logit(request.factual) < -0.3  # within the slack of the search nothing can be compared
    answer = solve(problem, request[far])
    least = [cheapest_projection(problem, request[far][i : i + 1]) for i in range(int(far.sum()))]
    reachable = answer.solved  # the box may end before
    assert reachable.sum() >= 5
    cost = request[far].cost(answer.values, answer.mask)
    torch.testing.assert_close(cost[reachable], torch.tensor(least, dtype=cost.dtype)[reachable], rtol=0.02, atol=0)


def test_with_all_features_the_answer_is_as_near_as_acting_on_all_of_them_allows():
    problem = straight_problem(2)
    request = straight_request(problem, 8, plausibility=False)
    answer = solve(problem, request)
    assert answer.solved.all()
    ratio = []
    for i in range(len(request)):
        one = request[i : i + 1]
        cost = float(one.cost(answer.values[i : i + 1], answer.mask[i : i + 1]))
        assert cost >= cheapest_projection(problem, one) * (1 - 1e-6)
        ratio.append(cost / projection(problem, one))
    assert max(ratio) < 1.05
    assert sorted(ratio)[len(ratio) // 2] < 1.003


def test_features_that_do_not_help_are_left_alone():
    problem = straight_problem(0)
    idle = [j for j in range(4) if not any(problem.graph.names[j] in p for p in problem.graph.parents.values())][-1]
    slope = problem.decisions.slope.clone()
    slope[idle] = 0
    problem = replace(problem, decisions=replace(problem.decisions, slope=slope))
    request = straight_request(problem, 5, plausibility=False)
    answer = solve(problem, request)
    assert answer.solved.all()
    assert not answer.mask[:, idle].any()


@pytest.mark.parametrize("seed", [0, 3])
def test_whole_numbers_are_found_where_a_grid_finds_them(seed):
    world = random_world(seed)
    request = replace(world.request, plausibility=False)
    answer = solve(world.problem, request)
    grid = Grid(points=25)
    grid.fit(world.problem.seen_by(Grid.knows), seed=0)
    assert (answer.values[answer.mask] == answer.values[answer.mask].round()).all()
    assert answer.solved.sum() >= grid.recommend(request).solved.sum() - 1


def test_values_stay_in_a_box_that_does_not_hold_the_factual():
    problem = straight_problem(0)
    request = straight_request(problem, 4, plausibility=False)
    box = Box(request.factual + 0.5, request.factual + 3.0)
    boxed = problem.request(request.factual, request.actionability, box=box, plausibility=False)
    answer = solve(problem, boxed)
    assert answer.solved.any()
    assert (boxed.box.contains(answer.values) | ~answer.mask).all()


class Ridge:
    """Accepts those for whom another model's log odds are between 1.8 and 2.2."""

    def __init__(self, other):
        self.other = other

    def logit(self, x):
        return 1 - 5 * (self.other.logit(x) - 2).abs()

    def accepts(self, x):
        return self.logit(x) >= 0


def test_the_best_iterate_is_kept_not_the_last():
    """Where walks go to and fro across what is accepted, no later step loses it."""
    problem = straight_problem(0)
    request = straight_request(problem, 8, plausibility=False)
    problem = replace(problem, decisions=Ridge(problem.decisions))
    ground = Ground.of(problem.seen_by(Projected.knows), request)
    before = None
    for steps in (2, 4, 6, 8, 10, 80):
        found = walk(ground, ground.start, steps=steps, size=0.02)
        assert found.arrived.any()
        assert problem.decisions.accepts(
            problem.causal_model.counterfactual(request.factual, request.actionable, found.values)
        )[found.arrived].all()
        if before is not None:
            assert found.arrived[before.arrived].all()
            assert torch.equal(found.values[before.arrived], before.values[before.arrived])
        before = found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be a whole number"),
        ({"steps": True}, "steps must be a whole number"),
        ({"restarts": 1.5}, "restarts must be a whole number"),
        ({"size": 0}, "size must be a number above 0"),
        ({"size": float("nan")}, "size must be a number above 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ArenaError, match=message):
        Projected(**options)
