"""Growing Spheres on tables with categories, directions and rules, and under costs that are no sum of squares."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from permuted_codes import assert_codes_do_not_matter
from small_tables import table_problem, table_request
from torch import Tensor

from recourse_arena import (
    PROFILES,
    Actionability,
    CausalGraph,
    Cost,
    Feature,
    FeatureTable,
    Kind,
    People,
    Problem,
    Recommendation,
    Request,
    Role,
)
from recourse_arena.base.randomness import generator
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.people.box import Box
from recourse_arena.testing.problems.worlds import worlds
from recourse_arena_grid import Grid
from recourse_arena_growing_spheres import GrowingSpheres, advice
from recourse_arena_growing_spheres.advice import sparse
from recourse_arena_growing_spheres.tables import Table

COSTS = ("gower", "l1", "l2", "encoded", "encoded-1", "range")
TABLE = worlds()[3]


def solve(problem: Problem, request: Request, solver: type = GrowingSpheres, **options: object) -> Recommendation:
    made = solver(**options)
    made.fit(problem.seen_by(made.knows), seed=0)
    return made.recommend(request)


def draws(people: int) -> list[torch.Generator]:
    return [generator(0, "test", str(i)) for i in range(people)]


def after(request: Request, answer: Recommendation) -> Tensor:
    return torch.where(answer.mask, answer.values, request.factual)


def unbounded(request: Request) -> Request:
    """Return the request of people whom nothing bounds; numbers are not rounded."""
    features = tuple(
        feature if feature.levels else replace(feature, kind=Kind.CONTINUOUS, lower=-torch.inf, upper=torch.inf)
        for feature in request.features
    )
    numbers = torch.tensor([not feature.levels for feature in features])
    far = torch.where(numbers, 1e6, 0.0)
    box = Box(request.box.lower - far, request.box.upper + far)
    return replace(request, features=replace(request.features, features=features, rules=()), box=box)


@pytest.mark.parametrize("cost", COSTS)
def test_a_point_of_a_layer_costs_its_radius(cost):
    problem = table_problem(0, cost=cost)
    request = table_request(problem, 60, most=3)
    ranked = torch.tensor([f.kind in (Kind.ORDINAL, Kind.BINARY) for f in request.features])
    request = unbounded(request[request.actionable.any(1) & ~(request.actionable & ranked).any(1)])
    world = Table(problem, request, causal=True)
    inner, outer = torch.full((len(request),), 0.4), torch.full((len(request),), 0.7)
    distance = world.distance(world.points(draws(len(request)), 300, inner, outer))
    assert len(request) > 3
    assert (distance <= outer + 1e-4).all()
    numbers = (request.actionable & ~request.features.categorical).any(1)
    assert numbers.any()
    assert (distance >= inner - 1e-4)[:, numbers].all()


@pytest.mark.parametrize("cost", COSTS)
def test_distance_ranks_points_as_the_cost_of_the_request_does(cost):
    problem = table_problem(1, cost=cost)
    request = table_request(problem, 20, most=7)
    world = Table(problem, request, causal=True)
    points = world.points(draws(20), 100, torch.zeros(20), world.reach)
    expected = request.unit_cost(request.factual, points, request.actionable, request.weights)
    power = 2 if cost == "range" else 1
    torch.testing.assert_close(world.distance(points) ** power, expected)
    assert (world.distance(points) <= world.reach + 1e-5).all()


def test_categories_change_more_often_farther_away_and_to_each_other_level_alike():
    problem = table_problem(0)
    request = table_request(problem, 200, most=7)
    j = problem.features.index("branch")
    request = request[request.actionable.all(1)]
    world = Table(problem, request, causal=True)
    people = draws(len(request))
    shares = []
    for part in (0.1, 0.4, 0.9):
        radius = part * world.reach
        changed = world.points(people, 400, radius, radius)[..., j] != request.factual[:, j]
        shares.append(float(changed.float().mean()))
    assert 0 < shares[0] < shares[1] < shares[2] < 0.55
    levels = world.points(people, 4_000, world.reach, world.reach)[..., j].flatten(1)
    for i in range(len(request)):
        counts = torch.bincount(levels[:, i].long(), minlength=4).double()
        others = counts[torch.arange(4) != int(request.factual[i, j])]
        assert (others / others.mean() - 1).abs().max() < 0.2


@pytest.mark.parametrize("cost", COSTS)
def test_advice_is_accepted_keeps_rules_and_bounds_and_is_near_the_optimum(cost):
    """The grid, with every whole number and 50 values of the one that is not, is as good as the optimum here."""
    problem = table_problem(2, cost=cost)
    request = table_request(problem, 60, seed=2)
    answer, best = solve(problem, request), solve(problem, request, Grid, points=99)
    end, solved = after(request, answer), answer.solved
    assert problem.decisions.accepts(end)[solved].all()
    assert not problem.features.broken_rules(request.factual, end)[solved].any()
    assert request.box.contains(end, request.features.whole)[answer.mask & solved[:, None]].all()
    assert (end == end.round())[:, request.features.whole].all()
    assert best.solved.sum() > 20
    assert (solved & best.solved).sum() >= 0.9 * best.solved.sum()
    both = solved & best.solved
    found, least = (request.cost(a.values, a.mask)[both] for a in (answer, best))
    assert (found.mean() / least.mean()) < 1.2


@pytest.mark.parametrize("name", ["usual", "unconstrained"])
@pytest.mark.parametrize("causal", [True, False])
def test_codes_of_categories_do_not_matter_in_the_small_world(name, causal):
    advice = assert_codes_do_not_matter(GrowingSpheres(samples=100, causal=causal), TABLE.problem, TABLE.requests[name])
    assert advice.solved.any()


@pytest.mark.parametrize("seed", range(3))
def test_codes_of_categories_do_not_matter(seed):
    problem = table_problem(seed, cost=COSTS[seed])
    advice = assert_codes_do_not_matter(GrowingSpheres(samples=100), problem, table_request(problem, 40, seed=seed))
    assert (advice.mask & advice.solved[:, None] & problem.features.categorical).any()


def test_features_go_back_least_weighted_part_first_while_accepted_and_rules_are_kept():
    problem = table_problem(2)
    request = table_request(problem, 60, most=7)
    world = Table(problem, request, causal=False)
    points = world.points(draws(60), 200, world.reach / 2, world.reach)
    fine = world.accepts(world.changed(points), points)
    chosen = points[fine.float().argmax(0), torch.arange(60)]
    mask = sparse(world, chosen)
    assert fine.any(0).sum() > 20
    for i in fine.any(0).nonzero()[:, 0].tolist():
        one, part = request[i : i + 1], world.change(chosen)[i]
        kept = set(world.changed(chosen)[i].nonzero()[:, 0].tolist())
        for j in sorted(kept, key=lambda j: float(part[j])):
            less = torch.zeros(7, dtype=torch.bool)
            less[list(kept - {j})] = True
            end = torch.where(less, chosen[i], one.factual)
            if not problem.decisions.accepts(end) or problem.features.broken_rules(one.factual, end).any():
                break
            kept -= {j}
        assert set(mask[i].nonzero()[:, 0].tolist()) == kept


def test_whoever_may_not_change_anything_keeps_everything():
    problem = table_problem(0)
    request = table_request(problem, 20, most=7)
    fixed = replace(request, box=Box(request.factual.clone(), request.factual.clone()))
    assert not solve(problem, fixed, samples=50).mask.any()


def test_memory_is_bounded_and_the_bound_changes_nothing(monkeypatch):
    problem = table_problem(1)
    request = table_request(problem, 9)
    together = solve(problem, request, samples=100)
    monkeypatch.setattr(advice, "_ROWS", 250)
    parts = solve(problem, request, samples=100)
    assert torch.equal(together.mask, parts.mask)
    assert torch.equal(together.values, parts.values)


def test_a_category_alone_is_changed_where_that_is_all_somebody_can_do():
    x = torch.zeros(1, 2)
    features = FeatureTable(
        (
            Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("rented", "owned", "shared")),
            Feature("debt", role=Role.ACTIONABLE),
        )
    )

    class Owners:
        def accepts(self, people):
            return people[..., 0] == 1

    train = torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    problem = Problem(
        dataset="homes",
        features=features,
        graph=CausalGraph(features.names, {}),
        decisions=Owners(),
        cost=Cost.fitted(train, train[:, 0] != 1, features, "gower"),
        box=Box.spanning(train[train[:, 0] != 1], features),
        training=People(train, (train[:, 0] == 1).float()),
        validation=People(train, (train[:, 0] == 1).float()),
        profile=PROFILES["constant"],
        draw=lambda people, draws: Actionability(torch.ones(people, 2).long(), 2),
        without_effects=NoEffects(),
    )
    solver = GrowingSpheres(samples=50)
    solver.fit(problem, seed=0)
    alone = problem.request(x, Actionability(torch.tensor([[1, 3]]), 2))
    answer = solver.recommend(alone)
    assert answer.outcomes == ("solved",)
    assert answer.values[0, 0] == 1
