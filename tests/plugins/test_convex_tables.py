"""Convex on tables without effects: next to what enumeration finds, and never anything that is not allowed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from recourse_arena import Feature, FeatureTable, Kind, NotApplicable, Outcome, People, Problem, Request, Role, Scenario
from recourse_arena.elicitation.sampler import PreferenceSampler
from recourse_arena.elicitation.schemes import Ranking
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import Direction
from recourse_arena.people.rules import AtMost, Implies
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.profile import profile
from recourse_arena.testing.problems.renaming import Renaming
from recourse_arena.testing.problems.worlds import World, worlds
from recourse_arena_convex import Convex
from recourse_arena_convex.tables.allocation import allocate

COSTS = ("gower", "l1", "encoded-1", "l2", "encoded", "range")
RULES = (AtMost({"good": 1.0, "trades": -1.0}), Implies("job", (0, 2), "home", (1, 2)))
A = Role.ACTIONABLE
STEPS = 16
"""Values of the continuous feature in the enumeration."""


def features(rules=()) -> FeatureTable:
    return FeatureTable(
        (
            Feature("job", Kind.CATEGORICAL, A, levels=("smith", "cook", "nurse", "clerk")),
            Feature("age", Kind.INTEGER, Role.IMMUTABLE, lower=0),
            Feature("home", Kind.CATEGORICAL, A, levels=("rent", "own", "free")),
            Feature("member", Kind.BINARY, A),
            Feature("trades", Kind.INTEGER, A, lower=0, upper=8),
            Feature("good", Kind.INTEGER, A, lower=0, upper=8),
            Feature("debt", Kind.CONTINUOUS, A, lower=0.0, upper=4.0, direction=Direction.DOWN),
        ),
        rules,
    )


def table_problem(seed: int, *, cost: str = "gower", rules=(), harder: float = 0.0) -> Problem:
    """Return a problem with a random network that accepts few people."""
    table, draws = features(rules), torch.Generator().manual_seed(seed)
    share = torch.rand(400, 7, generator=draws)
    x = torch.where(table.whole, (share * torch.tensor([4, 60, 3, 2, 9, 1, 1])).floor(), share * 4)
    x[:, 5] = (share[:, 5] * (x[:, 4] + 1)).floor()
    with torch.random.fork_rng(devices=[]):
        model = ReluClassifier(table, (8, 6))
    model.set_scale(Encoding.fitted(table, x))
    for layer in model.layers[::2]:
        layer.weight.data = torch.randn(layer.weight.shape, generator=draws) / layer.weight.shape[1] ** 0.5
        layer.bias.data = 0.3 * torch.randn(layer.bias.shape, generator=draws)
    model = model.eval().requires_grad_(False)
    model.layers[-1].bias -= model.logit(x).quantile(0.85) + harder
    accepted = model.accepts(x)
    return Problem(
        dataset="table",
        features=table,
        graph=CausalGraph(table.names, {}),
        decisions=model,
        cost=Cost.fitted(x, ~accepted, table, cost),
        box=Box.spanning(x[~accepted], table),
        training=People(x, accepted.float()),
        validation=People(x, accepted.float()),
        profile=profile("linear"),
        draw=PreferenceSampler(Ranking(), table),
        neighbours=Neighbours(Encoding.fitted(table, x), x[accepted]) if accepted.sum() > 1 else None,
        without_effects=NoEffects(),
    )


def asked(problem: Problem, count: int = 12, *, plausibility: bool = False) -> Request:
    asking = problem.asking(problem.validation)[:count]
    answers = Ranking().population(
        len(asking), problem.features, actionable="random", draws=torch.Generator().manual_seed(0)
    )
    return problem.request(asking, answers, plausibility=plausibility)


def advised(problem: Problem, request: Request, **options):
    solver = Convex(**options)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def after(request: Request, answer) -> torch.Tensor:
    return torch.where(answer.mask & answer.solved[:, None], answer.values, request.factual)


def cheapest(problem: Problem, one: Request) -> float:
    """Return the least cost of one person's actions by trying them all, continuous ones on a grid."""
    choices = []
    for j, feature in enumerate(one.features):
        here, lower, upper = (float(t[0, j]) for t in (one.factual, one.box.lower, one.box.upper))
        count = round(upper - lower) if feature.whole else STEPS
        grid = [lower + (upper - lower) * step / max(count, 1) for step in range(count + 1)]
        choices.append(torch.tensor([here, *grid] if one.actionable[0, j] else [here]))
    values = torch.cartesian_prod(*choices)
    good = problem.decisions.accepts(values) & ~one.features.broken_rules(one.factual, values).any(1)
    cost = one.unit_cost(one.factual, values, values != one.factual, one.weights)
    return float(cost[good].min()) if good.any() else math.inf


def assert_allowed(problem: Problem, request: Request, answer) -> None:
    found = after(request, answer)
    assert problem.decisions.accepts(found)[answer.solved].all()
    assert not (answer.mask & ~request.actionable).any()
    assert request.box.contains(found, request.features.whole)[answer.mask].all()
    assert ((found - request.factual) * request.features.directed * answer.mask >= 0).all()
    assert not request.features.broken_rules(request.factual, found).any()
    request.features.validate(found)


@pytest.mark.parametrize(
    ("cost", "rules"),
    [(cost, RULES if place % 2 else ()) for place, cost in enumerate(COSTS)],
    ids=[f"{cost}-{'rules' if place % 2 else 'free'}" for place, cost in enumerate(COSTS)],
)
def test_costs_are_next_to_those_of_enumeration(cost, rules):
    ratios = []
    for seed in range(4):
        problem = table_problem(seed, cost=cost, rules=rules)
        request = asked(problem)
        answer = advised(problem, request)
        assert_allowed(problem, request, answer)
        found = request.cost(after(request, answer), answer.mask)
        for i in range(len(request)):
            least = cheapest(problem, request[i : i + 1])
            if answer.solved[i]:
                ratios.append(float(found[i]) / least)
            elif least < math.inf:
                ratios.append(math.inf)
    close = sum(ratio <= 1.02 for ratio in ratios) / len(ratios)
    assert len(ratios) >= 20
    # With nine seeds, 96.5 % of 57 people are close under l2, and 98.2 % under l2 with rules and under encoded; the
    # worst pays 1.27 times the least cost.
    assert close >= 0.95, sorted(ratios)[-5:]


def test_other_codes_of_categories_change_nothing():
    for seed in range(3):
        problem = table_problem(seed)
        request, renaming = asked(problem), Renaming(problem.features)
        answer = advised(problem, request)
        other = renaming.world(World("renamed", problem, {"asked": request}))
        again = renaming.advice(advised(other.problem, other.requests["asked"]))
        assert torch.equal(answer.mask, again.mask)
        assert torch.equal(answer.outcome, again.outcome)
        assert torch.equal(answer.values[answer.mask], again.values[answer.mask])


def test_nobody_is_led_where_people_stand_out():
    problem = table_problem(1)
    request = asked(problem, 40, plausibility=True)
    assert request.density == "neighbours"
    answer, free = advised(problem, request), advised(problem, replace(request, plausibility=False))
    assert_allowed(problem, request, answer)
    assert (problem.neighbours.score(after(request, answer)) >= 0)[answer.solved].all()
    assert answer.solved.float().mean() >= 0.5 * free.solved.float().mean()
    both = answer.solved & free.solved
    dearer = request.cost(after(request, answer), answer.mask) - request.cost(after(request, free), free.mask)
    assert (dearer[both] >= -1e-5).all()


def test_where_nobody_can_be_accepted_nothing_is_claimed():
    problem = table_problem(0)
    hopeless = table_problem(0, harder=100.0)
    request = replace(asked(problem), unit_cost=hopeless.cost)
    answer = advised(hopeless, request)
    assert set(answer.outcomes) == {"not_found"}
    assert not answer.mask.any()
    stuck = replace(request, actionability=request.actionability.without(request.actionable))
    assert set(advised(problem, stuck).outcomes) == {"infeasible"}


def test_who_is_accepted_already_has_nothing_to_do():
    problem = table_problem(0)
    x = problem.training.x
    accepted = x[problem.decisions.accepts(x)][:3]
    answers = Ranking().population(3, problem.features, actionable="all", draws=torch.Generator().manual_seed(0))
    answer = advised(problem, problem.request(accepted, answers))
    assert (answer.outcome == Outcome.SOLVED.code).all()
    assert not answer.mask.any()


def test_who_can_change_numbers_alone_is_helped_where_enumeration_is():
    helped = []
    for seed in range(6):
        problem = table_problem(seed)
        request = asked(problem, 20)
        levels = torch.tensor([feature.kind in ("categorical", "binary") for feature in problem.features])
        request = replace(request, actionability=request.actionability.without(levels.expand(len(request), -1)))
        answer = advised(problem, request)
        assert_allowed(problem, request, answer)
        least = torch.tensor([cheapest(problem, request[i : i + 1]) for i in range(len(request))])
        assert not (least.isfinite() & ~answer.solved).any()
        helped += answer.solved.tolist()
    assert sum(helped) >= 10


@pytest.mark.parametrize("cost", ["gower", "l2"])
def test_who_needs_more_of_a_limited_sum_takes_the_limit_along(cost):
    """Only good trades count, and they are some of the trades: whoever has no others must make new ones."""
    problem = table_problem(0, cost=cost, rules=RULES[:1])
    model, good = problem.decisions, problem.features.index("good")
    line = ReluClassifier(problem.features, ())
    line.set_scale(model.encoding)
    weight = (model.encoding.owner == good).float()[None] * model.sd[good]
    line.layers[0].weight.data, line.layers[0].bias.data = weight, model.mean[good : good + 1] - 4.5
    problem = replace(problem, decisions=line.eval().requires_grad_(False))
    x = problem.training.x
    factual = x[(x[:, good] == x[:, good - 1]) & (x[:, good] < 4)][:10]
    answers = Ranking().population(10, problem.features, actionable="all", draws=torch.Generator().manual_seed(0))
    request = problem.request(factual, answers, plausibility=False)
    answer = advised(replace(problem, training=problem.training[:0]), request)
    assert answer.solved.all()
    assert_allowed(problem, request, answer)
    assert (after(request, answer)[:, [good - 1, good]] == 5).all()
    assert (answer.mask.sum(1) == 2).all()


@pytest.mark.parametrize("power", [1, 2])
def test_the_closed_form_is_the_optimum_of_the_subproblem(power):
    import cvxpy

    draws = torch.Generator().manual_seed(power)
    slope, values = (torch.randn(8, 5, generator=draws, dtype=torch.double) for _ in range(2))
    price, low, high = (torch.rand(8, 5, generator=draws, dtype=torch.double) for _ in range(3))
    factual, gap = torch.zeros_like(slope), torch.rand(8, generator=draws, dtype=torch.double)
    lower, upper = values - low, values + high
    found, _ = allocate(gap, slope, price, factual, values, lower, upper, power)
    for i in range(8):
        v = cvxpy.Variable(5)
        change = cvxpy.abs(v) if power == 1 else cvxpy.square(v)
        promise = slope[i].numpy() @ (v - values[i].numpy())
        bounds = [v >= lower[i].numpy(), v <= upper[i].numpy()]
        best = cvxpy.Problem(cvxpy.Minimize(price[i].numpy() @ change), [promise >= float(gap[i]), *bounds]).solve()
        assert ((found >= lower - 1e-9) & (found <= upper + 1e-9)).all()
        most = float((slope[i] * (torch.where(slope > 0, upper, lower) - values)[i]).sum())
        if most < float(gap[i]):
            assert best == math.inf
            assert float((slope[i] * (found - values)[i]).sum()) == pytest.approx(most)
        else:
            assert float((price[i] * found[i].abs() ** power).sum()) == pytest.approx(best, rel=1e-4, abs=1e-6)


def test_with_effects_other_costs_and_rules_are_refused():
    problem = worlds()[0].problem
    x = problem.training.x
    other = Cost.fitted(x, ~problem.decisions.accepts(x), problem.features, "l1")
    with pytest.raises(NotApplicable, match="minimises the cost range, not l1"):
        Convex().fit(replace(problem, cost=other), seed=0)
    names = [f.name for f in problem.features if f.kind is not Kind.CATEGORICAL][:2]
    ruled = FeatureTable(problem.features.features, (AtMost(dict.fromkeys(names, 1.0), 1e9),))
    with pytest.raises(NotApplicable, match="does not keep rules"):
        Convex().fit(replace(problem, features=ruled), seed=0)


@pytest.mark.parametrize("number", range(4))
def test_it_is_meant_for_every_world(number):
    for scenario in ("hard-2", "hard-2!scm-plausibility") if number < 3 else ("hard-2", "hard-2!no-plausibility"):
        known = Known.of_problem(worlds()[number].problem)
        assert mismatch(Convex(), Scenario.parse(scenario), known) == ""


def test_it_is_skipped_with_a_reason_in_words():
    numbers = Known.of_problem(worlds()[0].problem)
    without = replace(numbers, decision="forest", differentiable=False)
    assert "needs gradients" in mismatch(Convex(), Scenario.parse("hard-2"), without)
