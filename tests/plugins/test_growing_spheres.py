"""Growing Spheres: the first layer that holds somebody accepted brackets the true distance; advice is sparse."""

from __future__ import annotations

import pytest
import torch
from straight_worlds import cheapest_projection, favourites, straight_problem, straight_request

from recourse_arena import ArenaError, Knowledge, Problem, Recommendation, Request
from recourse_arena.base.randomness import generator
from recourse_arena_growing_spheres import GrowingSpheres, advice
from recourse_arena_growing_spheres.advice import sparse
from recourse_arena_growing_spheres.spheres import grow
from recourse_arena_growing_spheres.world import World, layer_radii


def solve(problem: Problem, request: Request, **options: object) -> Recommendation:
    solver = GrowingSpheres(**options)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def draws(people: int) -> list[torch.Generator]:
    return [generator(0, "test", str(i)) for i in range(people)]


def test_the_first_layer_with_somebody_accepted_brackets_the_true_distance():
    problem = straight_problem(0)
    request = favourites(straight_request(problem, 20, plausibility=False), 1)
    world = World(problem, request, causal=True)
    enemies = grow(world, draws(20), samples=400, layers=20)
    true = torch.tensor([cheapest_projection(problem, request[i : i + 1]) for i in range(20)]).sqrt()
    assert enemies.found.sum() > 10
    found = enemies.found
    thickness = (enemies.outer - enemies.inner)[found]
    assert (true[found] <= world.distance(enemies.values)[found] + 1e-9).all()
    assert (world.distance(enemies.values)[found] <= enemies.outer[found] + 1e-9).all()
    assert (enemies.inner[found] <= true[found] + 0.05 * thickness).all()  # samples end a little before the edge
    assert (world.distance(enemies.values)[found] <= true[found] + 0.05 * thickness).all()
    assert (true[~found] > world.reach[~found] * 0.7).all()  # the box, not centred on the person, ends before


def test_more_samples_come_nearer_to_the_optimum():
    problem = straight_problem(0)
    request = straight_request(problem, 10, plausibility=False)
    world = World(problem, request, causal=True)
    few, many = (
        world.distance(grow(world, draws(10), samples=samples, layers=20).values).mean() for samples in (20, 2000)
    )
    assert many < few


def test_points_fill_a_layer_evenly():
    shares = torch.linspace(0, 1, 11, dtype=torch.double)
    inner, outer = torch.tensor(1.0).double(), torch.tensor(3.0).double()
    radii = layer_radii(shares, inner, outer, torch.tensor(4))
    torch.testing.assert_close((radii**4 - 1) / (3**4 - 1), shares)


def test_features_go_back_least_change_first_until_the_decision_would_change():
    problem = straight_problem(0)
    request = straight_request(problem, 20, plausibility=False)
    world = World(problem, request, causal=False)
    far = request.factual + torch.where(request.actionable, problem.decisions.slope.sign(), 0.0) * 3
    far = request.snap(far)
    accepted = world.accepts(world.changed(far), far)
    mask = sparse(world, far)
    assert accepted.sum() > 10
    for i in accepted.nonzero()[:, 0].tolist():
        change = ((far - request.factual) / world.unit).abs()[i]
        kept = set(world.changed(far)[i].nonzero()[:, 0].tolist())
        for j in sorted(kept, key=lambda j: float(change[j])):
            less = torch.zeros(6, dtype=torch.bool)
            less[list(kept - {j})] = True
            if not problem.decisions.accepts(torch.where(less, far[i], request.factual[i])):
                break
            kept -= {j}
        assert set(mask[i].nonzero()[:, 0].tolist()) == kept
    assert mask[accepted].sum() < world.changed(far)[accepted].sum()


def test_without_causes_it_asks_for_decisions_alone():
    assert GrowingSpheres().knows == {Knowledge.FLOW, Knowledge.SCM}
    assert GrowingSpheres(causal=False).knows == set()
    problem = straight_problem(2)  # here causes work against what features do themselves
    request = straight_request(problem, 20, plausibility=False)
    causal, independent = solve(problem, request), solve(problem, request, causal=False)
    after = torch.where(independent.mask, independent.values, request.factual)
    assert problem.decisions.accepts(after)[independent.solved].all()
    judged = [
        problem.decisions.accepts(problem.true_scm.counterfactual(request.factual, a.mask, a.values)).float().mean()
        for a in (causal, independent)
    ]
    assert judged[0] == 1 > judged[1]


def test_memory_is_bounded_and_the_bound_changes_nothing(monkeypatch):
    problem = straight_problem(0)
    request = straight_request(problem, 9, plausibility=False)
    together = solve(problem, request, samples=100)
    monkeypatch.setattr(advice, "_ROWS", 250)
    parts = solve(problem, request, samples=100)
    assert torch.equal(together.mask, parts.mask)
    torch.testing.assert_close(together.values, parts.values)


@pytest.mark.parametrize("options", [{"samples": 0}, {"layers": 2.5}, {"samples": True}, {"causal": "no"}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ArenaError, match=f"solver growing-spheres: {next(iter(options))} must be"):
        GrowingSpheres(**options)
