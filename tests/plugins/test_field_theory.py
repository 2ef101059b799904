"""What theory says of NICE, FACE, flipsets, COLS, FeatureTweak and MCCE, against brute force on small tables."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from network_tables import BOTH, asked, table_problem

from recourse_arena import Asking, People, generator, unconstrained
from recourse_arena.models.decision.offers import Forest
from recourse_arena.testing.problems.other_models import with_model
from recourse_arena_cols import Cols
from recourse_arena_cols.costs import Costs
from recourse_arena_cols.search import _swap, searched
from recourse_arena_face import Face
from recourse_arena_feature_tweak import FeatureTweak
from recourse_arena_feature_tweak.tweaks import tweaked
from recourse_arena_flipset import Flipset
from recourse_arena_mcce import Mcce
from recourse_arena_mcce.drawing import drawn
from recourse_arena_nice import Nice


def fitted(solver, problem):
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver


def after(request, answer):
    return torch.where(answer.mask, answer.values, request.factual)


@pytest.fixture(scope="module")
def problem():
    return table_problem(3, hidden=(5,), rules=BOTH)


def apart(problem, one, other):
    """Return the distance of two people by hand: shares of ranges, categories 0 or 1, root of the sum of squares."""
    x, total = problem.training.x, 0.0
    for j, categorical in enumerate(problem.features.categorical):
        span = float(x[:, j].max() - x[:, j].min())
        step = float(one[j] != other[j]) if categorical else abs(float(one[j] - other[j])) / span
        total += step**2
    return math.sqrt(total)


def test_nice_takes_everything_of_the_nearest_donor_who_is_accepted(problem):
    request = asked(problem, 12, seed=2)
    answer = fitted(Nice(reward="none"), problem).recommend(request)
    training = problem.training
    donors = training.x[problem.decisions.accepts(training.x) & (training.y == 1)]
    for i in range(len(request)):
        one, x = request[i : i + 1], request.factual[i]
        takes = one.actionable[0] & one.box.contains(donors, one.features.whole)
        mixed = torch.where(takes, donors, x)
        works = problem.decisions.accepts(mixed) & ~one.features.broken_rules(x, mixed).any(1)
        assert bool(answer.solved[i]) == bool(works.any())
        if works.any():
            least = min(apart(problem, x, other) for other in mixed[works])
            mine = after(request, answer)[i]
            assert apart(problem, x, mine) == pytest.approx(least, abs=1e-6)
            assert (mixed == mine).all(1).any()


@pytest.mark.parametrize("reward", ["sparsity", "proximity"])
def test_nice_mixes_a_person_with_one_donor_by_the_greatest_reward(problem, reward):
    request = asked(problem, 12, seed=3, actionable="all")
    whole = fitted(Nice(reward="none"), problem).recommend(request)
    answer = fitted(Nice(reward=reward), problem).recommend(request)
    score = problem.decisions.probability
    assert (answer.solved == whole.solved).all()
    assert answer.solved.any()
    for i in answer.solved.nonzero()[:, 0].tolist():
        x, donor = request.factual[i], whole.values[i]
        left, taken, here = set(whole.mask[i].nonzero()[:, 0].tolist()), set(), x.clone()
        while not problem.decisions.accepts(here) or problem.features.broken_rules(x, here).any():
            options = {}
            for j in left - taken:
                new = here.clone()
                new[j] = donor[j]
                gain = float(score(new) - score(here))
                if reward == "proximity":
                    gain /= apart(problem, x, new) - apart(problem, x, here)
                options[j] = (gain, new)
            best = max(options, key=lambda j: options[j][0])
            here, taken = options[best][1], taken | {best}
        assert set(answer.mask[i].nonzero()[:, 0].tolist()) == taken
        assert torch.equal(after(request, answer)[i], here)


@pytest.mark.parametrize("weight", ["kde", "distance", "hops"])
def test_face_answers_with_the_training_person_at_the_end_of_the_shortest_path(problem, weight):
    request = asked(problem, 8)
    solver = fitted(Face(people=60, neighbours=4, weight=weight, constraints="ignore"), problem)
    answer, nodes = solver.recommend(request), solver.ways.nodes.x
    assert len(nodes) == 60
    assert answer.solved.any()
    length, _ = solver.ways.graph.shortest(request.factual)
    ends = problem.decisions.accepts(nodes)
    inner = solver.ways.graph._inner.toarray()
    for i, path in enumerate(solver.paths(request)):
        reached = ends & length[i].isfinite()
        assert bool(answer.solved[i]) == bool(reached.any())
        if not reached.any():
            continue
        assert torch.equal(path[-1], after(request, answer)[i])
        places = [int((nodes == person).all(1).nonzero()[0]) for person in path]
        assert float(length[i, places[-1]]) == pytest.approx(float(length[i][reached].min()))
        steps = [inner[a, b] for a, b in itertools.pairwise(places)]
        assert all(step > 0 for step in steps)  # along edges
        first = float(length[i, places[-1]]) - sum(steps)
        assert first > 0
        assert first == pytest.approx(float(length[i, places[0]]))


def test_face_leaves_out_everybody_who_differs_in_what_is_fixed():
    problem = table_problem(0, hidden=(), rules=BOTH)
    request = asked(problem, 60, actionable="all")
    solver = fitted(Face(people=400, neighbours=20), problem)
    answer, x = solver.recommend(request), solver.ways.nodes.x
    assert answer.solved.any()
    assert not answer.solved.all()
    ends = after(request, answer)[answer.solved]
    assert (ends[:, None] == x).all(-1).any(1).all()
    age = problem.features.index("age")
    assert torch.equal(ends[:, age], request.factual[answer.solved][:, age])


def test_flipsets_are_optimal_on_their_grid_by_brute_force():
    problem = table_problem(1, hidden=(), rules=BOTH)
    request = asked(problem, 10, actionable="4")
    solver = fitted(Flipset(points=10), problem)
    found, helped = solver.flipsets(request, answers=4), 0
    for i, actions in enumerate(found):
        one = request[i : i + 1]
        free = one.actionable[0].nonzero()[:, 0].tolist()
        grids = {j: solver.grid.options(one, j) for j in free}
        here = dict(zip(one.features.names, one.factual[0], strict=True))
        ruled = {one.features.index(name) for rule in BOTH if rule.kept(here) for name in rule.names}
        grids = {j: grid if j in ruled else grid[grid.gains > 0] for j, grid in grids.items()}
        by_support: dict[tuple[int, ...], tuple[float, float]] = {}
        for places in itertools.product(*(range(-1, len(grids[j].values)) for j in free)):
            chosen = {j: place for j, place in zip(free, places, strict=True) if place >= 0}
            x = one.factual[0].clone()
            for j, place in chosen.items():
                x[j] = grids[j].values[place]
            shifts = [float(grids[j].shifts[place]) for j, place in chosen.items()]
            flips = solver.grid.log_odds(x[None])[0] >= solver.grid.log_odds(one.factual)[1]
            if chosen and flips and not one.features.broken_rules(one.factual[0], x).any():
                key = tuple(chosen)
                by_support[key] = min(by_support.get(key, (9.0, 9.0)), (max(shifts), sum(shifts)))
        expected = sorted(least for least, _ in by_support.values())[:4]
        assert [action.shift for action in actions] == pytest.approx(expected)
        supports = {tuple(action.mask.nonzero()[:, 0].tolist()) for action in actions}
        assert len(supports) == len(actions)
        assert supports <= set(by_support)
        helped += bool(actions)
    assert helped >= 4


def test_a_change_of_a_number_shifts_by_the_people_between():
    problem = table_problem(1, hidden=(), rules=())
    solver, x = fitted(Flipset(), problem), problem.training.x
    j = problem.features.index("trades")
    for here, there in ((0.0, 4.0), (5.0, 2.0)):
        values = torch.tensor([here, there], dtype=torch.float64)
        shift = float(solver.grid.percentile(j, values).diff().abs())
        low, high = sorted((here, there))
        assert shift == pytest.approx(float(((x[:, j] > low) & (x[:, j] <= high)).float().mean()))


def test_cols_never_gets_worse_and_its_average_is_that_of_its_set():
    problem = table_problem(0, hidden=(), rules=())
    request = asked(problem, 16, actionable="all")
    solver = fitted(Cols(answers=4, functions=30, rounds=25), problem)
    found = searched(solver, request)
    assert (found.cost.diff(dim=0) <= 0).all()
    assert (found.cost[-1] < found.cost[0]).sum() >= 4
    assert (found.fine.sum(1) > 1).any()  # one answer is not swapped for the next
    rows = request.features.alphabetical(request.factual)
    draws = [generator(0, "cols", row.numpy().tobytes().hex()) for row in rows]
    costs = Costs.drawn(solver.scale, request, draws, 30)
    each = costs.of(request, found.values, found.fine)
    torch.testing.assert_close(each.amin(2).mean(1), found.cost[-1])
    turned = found.values.transpose(0, 1)
    world = Asking(problem, request)
    assert torch.equal(found.fine, world.accepts(turned != request.factual, turned).T)
    for i, m, a in itertools.product(range(3), range(5), range(4)):
        total, x, new = 0.0, request.factual[i], found.values[i, a]
        ruled_out = not found.fine[i, a]
        for j in (new != x).nonzero()[:, 0].tolist():
            ruled_out |= not costs.editable[i, m, j]
            if problem.features.categorical[j]:
                part = costs.levels[j][i, m, int(request.features.alphabetical(new)[j])]
            else:
                people = problem.training.x[:, j]
                shift = float((people <= new[j]).double().mean() - (people <= x[j]).double().mean())
                far = float(new[j] - x[j]) / float(people.max() - people.min())
                share = costs.linear[i, m]
                part = share * min(abs(far), 1.0) + (1 - share) * abs(shift)
            total += float(costs.counts[i, m, j] * part)
        assert float(each[i, m, a]) == pytest.approx(costs.never if ruled_out else total, abs=1e-6)


def test_cols_swaps_the_answer_whose_loss_is_least():
    draws = generator(0, "test", "swaps")
    each, new = torch.rand(6, 9, 4, generator=draws).double(), torch.rand(6, 9, generator=draws).double()
    now = each.amin(2).mean(1)
    place, better, average = _swap(each, new, now)
    for i in range(6):
        tried = []
        for k in range(4):
            swapped = each[i].clone()
            swapped[:, k] = new[i]
            tried.append(float(swapped.amin(1).mean()))
        assert bool(better[i]) == (min(tried) < now[i])
        assert int(place[i]) == tried.index(min(tried))
        assert float(average[i]) == pytest.approx(min(min(tried), float(now[i])))
    assert better.any()


def test_with_one_tree_every_tweak_is_accepted_and_the_cheapest_is_advised():
    pytest.importorskip("skl2onnx")
    problem = with_model(table_problem(2, hidden=(), rules=(), whole=False), Forest(trees=1, leaf=5))
    solver = fitted(FeatureTweak(), problem)
    request = unconstrained(asked(problem, 10))
    values, can = tweaked(request, solver.ways, 0.05)
    assert can.all()
    assert len(solver.ways) > 5
    assert problem.decisions.accepts(values).all()
    mine = asked(problem, 10, actionable="4")
    answer = solver.recommend(mine)
    values, can = tweaked(mine, solver.ways, 0.05)
    assert answer.solved.any()
    for i in range(10):
        one = mine[i : i + 1]
        costs = one.unit_cost(one.factual, values[i], values[i] != one.factual, one.weights)[can[i]]
        assert bool(answer.solved[i]) == bool(len(costs))
        if len(costs):
            assert float(one.cost(answer.values[i : i + 1], answer.mask[i : i + 1])) == pytest.approx(
                float(costs.min())
            )


def test_mcce_draws_what_training_people_have_and_advises_the_fewest_changes_then_the_nearest(problem):
    request = asked(problem, 20, actionable="3")
    solver = fitted(Mcce(samples=80, leaf=10), problem)
    answer, helped = solver.recommend(request), 0
    for i in range(len(request)):
        one = request[i : i + 1]
        people = drawn(solver, one)[:, 0]
        assert torch.equal(people[:, ~one.actionable[0]], one.factual[0, ~one.actionable[0]].expand(80, -1))
        for j in one.actionable[0].nonzero()[:, 0].tolist():
            assert set(people[:, j].tolist()) <= {*problem.training.x[:, j].tolist(), float(one.factual[0, j])}
        changed = people != one.factual
        works = problem.decisions.accepts(people) & changed.any(1)
        works &= ~one.features.broken_rules(one.factual, people).any(1)
        assert bool(answer.solved[i]) == bool(works.any())
        if works.any():
            assert int(answer.mask[i].sum()) == int(changed[works].sum(1).min())
            helped += 1
    assert helped >= 5


def test_mcce_follows_what_goes_together_among_training_people():
    """Where people of a job have one home, nobody is drawn with another."""
    problem = table_problem(0, hidden=(), rules=())
    x, features = problem.training.x.clone(), problem.features
    job, home = features.index("job"), features.index("home")
    x[:, home] = x[:, job].clamp(max=2)
    solver = fitted(Mcce(samples=200, leaf=1), replace(problem, training=People(x, problem.training.y)))
    request = unconstrained(asked(problem, 4))
    people = drawn(solver, request)
    assert (people[..., home] == people[..., job].clamp(max=2)).all()
    assert people[..., job].unique().numel() == 4
