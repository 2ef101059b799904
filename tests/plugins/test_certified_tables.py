"""On tables without effects the certified solver finds what enumeration finds, and proves it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from network_tables import BOTH, asked, cheapest, drawn, features, table_problem

from recourse_arena import NotApplicable, Outcome, People, Scenario
from recourse_arena.elicitation.schemes import Ranking
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box
from recourse_arena.people.rules import Implies
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost
from recourse_arena.testing.problems.worlds import worlds
from recourse_arena_certified import Certified
from recourse_arena_certified.exact import Action
from recourse_arena_certified.table import prover
from recourse_arena_certified.table.moves import Moves
from recourse_arena_certified.table.search import TableSearch
from recourse_arena_certified.table.splitting import Splitter
from recourse_arena_certified.world import network

COSTS = ("gower", "l1", "encoded-1", "l2", "encoded", "range")


def certify(problem, request, **options):
    solver = Certified(**options)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.certify(request)


def assert_truly_feasible(problem, request, certificates):
    for i, one in enumerate(certificates):
        if one.outcome is Outcome.SOLVED:
            after = torch.where(one.mask, one.values, request.factual[i])[None]
            assert problem.decisions.accepts(after).all()
            assert not request.features.broken_rules(request.factual[i], after).any()
            assert request[i : i + 1].box.contains(after, request.features.whole)[0][one.mask].all()
            assert not (one.mask & ~request.actionable[i]).any()
            cost = float(request[i : i + 1].cost(one.values[None], one.mask[None]))
            assert cost == pytest.approx(one.cost, rel=1e-6)


def assert_optimal(one, best):
    if best == math.inf:
        assert one.outcome is Outcome.INFEASIBLE
        assert one.lower_bound == math.inf
        return
    assert one.outcome is Outcome.SOLVED
    assert one.cost == pytest.approx(best, rel=1e-4)
    assert one.lower_bound <= best * (1 + 1e-6)
    assert one.gap <= 1e-4


# Against enumeration


@pytest.mark.parametrize("rules", [(), BOTH], ids=["free", "rules"])
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("seed", range(2))
def test_the_optimum_is_what_enumeration_finds(seed, cost, rules):
    problem = table_problem(seed, cost=cost, rules=rules, hidden=((5, 4), (8,), (), (6, 6))[seed])
    request = asked(problem, seed=seed, actionable="random" if seed % 2 else "all")
    certificates = certify(problem, request)
    for i, one in enumerate(certificates):
        assert_optimal(one, cheapest(problem, request[i : i + 1]))
    assert_truly_feasible(problem, request, certificates)


@pytest.mark.parametrize("cost", ["gower", "l2"])
@pytest.mark.parametrize("seed", range(2))
def test_numbers_that_are_not_whole_end_where_a_fine_grid_closes_in(seed, cost):
    problem = table_problem(seed, cost=cost, rules=BOTH, whole=False)
    request = asked(problem, 3, seed=seed, actionable="4")
    certificates = certify(problem, request)
    for i, one in enumerate(certificates):
        best = cheapest(problem, request[i : i + 1], steps=200)
        assert one.lower_bound <= best * (1 + 1e-6)
        if one.outcome is Outcome.SOLVED:
            assert one.gap <= 3e-3  # what rounding may do to the logit remains next to the boundary
            assert one.cost <= best * (1 + 1e-4)
            assert best <= one.cost * 1.05 + 5e-3
    assert_truly_feasible(problem, request, certificates)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("cost", ["gower", "l2"])
def test_one_program_for_all_moves_proves_the_same(seed, cost, monkeypatch):
    problem = table_problem(seed, cost=cost, rules=BOTH)
    request = asked(problem, seed=seed)
    monkeypatch.setattr(prover, "_PARTS", 0)
    for i, one in enumerate(certify(problem, request)):
        assert_optimal(one, cheapest(problem, request[i : i + 1]))


@pytest.mark.parametrize("seed", range(2))
def test_without_a_first_action_the_same_is_proved(seed, monkeypatch):
    problem = table_problem(seed, rules=BOTH)
    request = asked(problem, seed=seed)
    stay = Action(torch.zeros(7) > 1, torch.zeros(7))
    monkeypatch.setattr(TableSearch, "first", lambda self, draws: replace(stay, values=self.one.factual[0]))
    for i, one in enumerate(certify(problem, request)):
        assert_optimal(one, cheapest(problem, request[i : i + 1]))


# Bounds


def likely_moves(problem, one, count=3000):
    """Return a person's moves, random ones within them, `(count, moves)`, and the people who make them."""
    moves = Moves.of(one, math.inf)
    draws = torch.Generator().manual_seed(1)
    x = torch.where(one.actionable, drawn(problem.features, count, draws), one.factual)
    x = one.snap(torch.where(torch.rand(x.shape, generator=draws) < 0.5, x, one.factual))
    rows = torch.zeros(count, len(moves), dtype=torch.double)
    for m, (j, sign, code) in enumerate(zip(moves.owner, moves.sign, moves.code, strict=True)):
        change = (x - one.factual)[:, j].double() * int(sign) / float(moves.unit[m])
        rows[:, m] = change.clamp(min=0) if sign else (x[:, j] == int(code)).double()
    return moves, rows, x


@pytest.mark.parametrize("seed", range(2))
def test_bounds_of_parts_hold_for_everybody_in_them(seed):
    problem = table_problem(seed, cost="gower" if seed % 2 else "l2", hidden=((5, 4), (6,), (4, 4, 3), ())[seed])
    one = asked(problem, 1, seed=seed, actionable="all")
    moves, rows, x = likely_moves(problem, one)
    assert torch.equal(torch.stack([torch.from_numpy(moves.values(row.numpy())) for row in rows]).float(), x)
    accepted, cost = (
        problem.decisions.accepts(x),
        torch.tensor([moves.total(row.numpy()) for row in rows], dtype=torch.double),
    )
    splitter, most = Splitter(moves, network(problem), 0.0), float(cost.median())
    parts = splitter.root()
    for _ in range(6):
        parts = splitter.bounded(parts, most)
        inside = within(parts, moves, rows)
        assert inside.any(1)[accepted & (cost <= most)].all()
        for row, part in inside.nonzero().tolist():
            if cost[row] > most:
                continue
            signal = x[row].double()
            assert not accepted[row] or parts.floor[part] <= cost[row] + 1e-9
            signal = problem.decisions.encoding.encode(signal)
            for layer, (least, greatest) in zip(problem.decisions.layers[::2], parts.limits, strict=False):
                signal = signal @ layer.weight.double().T + layer.bias.double()
                assert (signal >= least[part] - 1e-5).all()
                assert (signal <= greatest[part] + 1e-5).all()
                signal = signal.clamp(min=0)
        parts = splitter.halves(parts) if len(parts) else parts


def within(parts, moves, rows):
    """Return which rows lie in which parts, bool `(rows, parts)`."""
    inside = ((rows[:, None] >= parts.lower) & (rows[:, None] <= parts.upper)).all(2)
    for place, j in enumerate(sorted(set(moves.owner.tolist()))):
        stays = rows[:, moves.of_feature(j)].sum(1) == 0
        inside &= parts.stays[:, place] | ~stays[:, None]
    return inside


# What it may not depend on


def test_other_codes_of_the_same_levels_change_nothing():
    problem, order = table_problem(5), (2, 0, 3, 1)
    request = asked(problem, 5, actionable="all")
    code = torch.tensor([order.index(place) for place in range(4)]).float()

    def renamed(x):
        return torch.cat([code[x[:, :1].long()], x[:, 1:]], 1)

    table = features(numbering=order)
    model = ReluClassifier(table, (5, 4))
    model.load_state_dict(problem.decisions.state_dict())
    model = model.eval().requires_grad_(False)
    x = renamed(problem.training.x)
    other = replace(
        problem,
        features=table,
        decisions=model,
        cost=Cost.fitted(x, ~model.accepts(x), table, "gower"),
        training=People(x, problem.training.y),
        validation=People(x, problem.training.y),
    )
    ours, theirs = certify(problem, request), certify(other, asked(other, 5, actionable="all"))
    for one, another in zip(ours, theirs, strict=True):
        assert torch.equal(renamed(one.values[None])[0], another.values)
        assert (one.cost, one.lower_bound) == (another.cost, another.lower_bound)


def test_answers_do_not_depend_on_who_else_asks():
    problem = table_problem(3)
    request = asked(problem, 4)
    together, (alone,) = certify(problem, request)[2], certify(problem, request[2:3])
    assert torch.equal(together.values, alone.values)
    assert together.lower_bound == alone.lower_bound


# Constraints


@pytest.mark.parametrize("seed", range(3))
def test_who_stands_outside_the_box_may_stay_there_or_come_in(seed):
    problem = table_problem(seed)
    request = asked(problem, 4, actionable="all")
    lower, upper = request.box.lower.clone(), request.box.upper.clone()
    lower[:, 6], upper[:, 6] = 3.0, 4.0
    lower[:, 5], upper[:, 5] = 0.0, torch.minimum(upper[:, 5], torch.tensor(2.0))
    request = replace(request, box=Box(lower, upper))
    certificates = certify(problem, request)
    for i, one in enumerate(certificates):
        assert_optimal(one, cheapest(problem, request[i : i + 1]))
    assert_truly_feasible(problem, request, certificates)


def test_a_rule_that_a_person_breaks_already_need_not_be_kept():
    problem = table_problem(2, rules=BOTH)
    asking = problem.asking(problem.validation)
    broken = torch.stack(
        [~rule.kept(dict(zip(problem.features.names, asking.unbind(1), strict=True))) for rule in BOTH]
    )
    for people in (asking[broken[0]][:3], asking[broken[1]][:3]):
        answers = Ranking().population(len(people), problem.features, actionable="all", draws=torch.Generator())
        request = problem.request(people, answers, plausibility=False)
        for i, one in enumerate(certify(problem, request)):
            assert_optimal(one, cheapest(problem, request[i : i + 1]))


def test_where_nobody_is_ever_accepted_that_is_proved():
    problem = table_problem(1, harder=0.0)
    problem.decisions.layers[-1].bias.fill_(-1e3)
    assert {one.outcome for one in certify(problem, asked(problem))} == {Outcome.INFEASIBLE}


def test_who_can_act_on_nothing_has_no_recourse_and_who_is_accepted_needs_none():
    problem = table_problem(2)
    request = asked(problem, 2)
    nothing = replace(request, actionability=Actionability(torch.full((2, 7), 7), levels=6))
    assert {one.outcome for one in certify(problem, nothing)} == {Outcome.INFEASIBLE}
    accepted = problem.training.x[problem.decisions.accepts(problem.training.x)][:2]
    for one in certify(problem, replace(request, factual=accepted)):
        assert (one.outcome, one.cost, one.lower_bound, one.gap) == (Outcome.SOLVED, 0.0, 0.0, 0.0)


def test_the_time_limit_holds_and_leaves_the_best_action_with_its_bound():
    problem = table_problem(0, hidden=(32, 32))
    for one in certify(problem, asked(problem, actionable="all"), time_limit=1e-3):
        assert one.seconds < 3
        assert one.outcome in (Outcome.SOLVED, Outcome.TIMED_OUT)
        assert one.lower_bound <= one.cost


# What it is for, and what not


def test_plausibility_by_neighbours_is_not_for_it_and_it_says_what_to_ask():
    world = next(world for world in worlds() if world.problem.features.mixed)
    with pytest.raises(NotApplicable, match=r"near accepted people.*ask with !no-plausibility"):
        certify(world.problem, world.requests["usual"])
    assert certify(world.problem, world.requests["unconstrained"])


def test_a_judge_agrees_with_its_advice():
    world = next(world for world in worlds() if world.problem.features.mixed)
    problem, request = world.problem, world.requests["unconstrained"]
    solver = Certified()
    solver.fit(problem.seen_by(solver.knows), seed=0)
    answer = solver.recommend(request)
    for i, one in enumerate(solver.certify(request)):
        assert one.gap <= 1e-3 or one.outcome is Outcome.INFEASIBLE
        assert answer.outcomes[i] == one.outcome


def test_a_model_without_layers_or_equations_is_declared_not_to_be_for_it():
    known = Known("adult", features(), scm=False, flow=False, decision="onnx", structure="")
    free = Scenario.parse("hard-2!no-plausibility")
    assert mismatch(Certified(), free, known) == (
        "certified needs affine layers or trees; a model of kind onnx has none"
    )
    assert not mismatch(Certified(), free, replace(known, structure="affine", features=features(BOTH), cost="gower"))


def test_a_rule_about_levels_of_a_continuous_feature_is_not_for_it():
    problem = table_problem(0, whole=False, rules=(Implies("job", (0,), "trades", (1, 2)),))
    with pytest.raises(NotApplicable, match="'trades' is continuous and has no levels"):
        certify(problem, asked(problem))
