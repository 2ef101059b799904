"""Where trees decide, the certified solver finds what enumeration finds, and proves it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from network_tables import BOTH, asked, cheapest, features
from tree_tables import KINDS, tree_problem

from recourse_arena import Box, NotApplicable, Outcome, Scenario
from recourse_arena.models.decision.offers import Forest
from recourse_arena.models.decision.onnx_model import EncodedOnnx
from recourse_arena.people.rules import AtMost, Implies
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena_certified import Certified
from recourse_arena_certified.table import search
from recourse_arena_certified.trees.branching import Branching
from recourse_arena_certified.trees.leaves import Leaves, last_below

COSTS = ("gower", "l1", "encoded-1", "l2", "encoded", "range")


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    """So that branching has something to find that the search before it has not."""
    monkeypatch.setattr(search, "_SAMPLES", 64)


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
            box = request[i : i + 1].box
            assert ((after >= box.lower) & (after <= box.upper))[0][one.mask].all()
            assert not (one.mask & ~request.actionable[i]).any()
            cost = float(request[i : i + 1].cost(one.values[None], one.mask[None]))
            assert cost == pytest.approx(one.cost, rel=1e-6)


def assert_optimal(one, best):
    if best == math.inf:
        assert one.outcome is Outcome.INFEASIBLE
        assert one.lower_bound == math.inf
        return
    assert one.outcome is Outcome.SOLVED
    assert one.cost == pytest.approx(best, rel=1e-6)
    assert one.lower_bound == pytest.approx(best, rel=1e-6)
    assert one.gap <= 1e-6


# Against enumeration


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("seed", "cost"), [*enumerate(COSTS)])
def test_the_optimum_is_what_enumeration_finds(seed, cost, kind):
    problem = tree_problem(kind, seed, cost=cost, rules=BOTH if (seed % 3 > 0) == (kind == "forest") else ())
    request = asked(problem, 5, seed=seed, actionable="random" if seed % 2 else "all")
    certificates = certify(problem, request)
    for i, one in enumerate(certificates):
        assert_optimal(one, cheapest(problem, request[i : i + 1]))
    assert_truly_feasible(problem, request, certificates)


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_of_ones_own_are_kept_also_by_whoever_stands_outside_them(kind):
    problem = tree_problem(kind, 1, rules=BOTH)
    factual, table = problem.asking(problem.validation)[:8], problem.features
    late, trades = table.index("late"), table.index("trades")
    lower, upper = (end.expand(8, -1).clone() for end in (problem.box.lower, problem.box.upper))
    upper[:, trades], lower[:, late] = 4.0, 1.0  # some stand outside: they stay there, or come inside
    request = asked(problem, 8, actionable="all", box=Box(lower, upper))
    certificates = certify(problem, request)
    found = [cheapest(problem, request[i : i + 1]) for i in range(8)]
    assert any(map(math.isfinite, found))
    assert ((factual < lower) | (factual > upper)).any()
    for one, best in zip(certificates, found, strict=True):
        assert_optimal(one, best)
    assert_truly_feasible(problem, request, certificates)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cost", ["gower", "l2"])
def test_numbers_that_are_not_whole_end_right_behind_a_threshold(kind, cost):
    """Their next neighbour in single precision is refused, or costs the same in it; and no fine grid is cheaper."""
    problem = tree_problem(kind, 7, cost=cost, whole=False)
    request = asked(problem, 4, seed=7, actionable="4")
    certificates = certify(problem, request)
    trades, moved = problem.features.index("trades"), 0
    for i, one in enumerate(certificates):
        best = cheapest(problem, request[i : i + 1], steps=200)
        assert one.lower_bound <= best * (1 + 1e-6)
        if one.outcome is Outcome.SOLVED:
            assert one.gap <= 1e-6
            assert best <= one.cost * 1.05 + 5e-3
        if one.outcome is Outcome.SOLVED and one.mask[trades]:
            moved, after = moved + 1, torch.where(one.mask, one.values, request.factual[i])
            after[trades] = torch.nextafter(after[trades], request.factual[i, trades])
            same = float(request[i : i + 1].cost(after[None], one.mask[None])) == pytest.approx(one.cost, rel=1e-7)
            assert same or not problem.decisions.accepts(after[None]).any()
    assert moved
    assert_truly_feasible(problem, request, certificates)


def test_where_nothing_can_be_done_that_is_proved():
    problem = tree_problem("forest", 0)
    request = asked(problem, 2)
    nothing = request.actionability.without(torch.ones_like(request.actionable))
    for one in certify(problem, replace(request, actionability=nothing)):
        assert one.outcome is Outcome.INFEASIBLE


# Scores next to the least one


def test_a_score_that_only_single_precision_decides_is_asked_about():
    """The least score is put onto what cheap actions reach: enumeration by the model itself still agrees."""
    problem = tree_problem("forest", 3)
    request = asked(problem, 4, actionable="all")
    found = zip(certify(problem, request), request.factual, strict=True)
    after = next(torch.where(one.mask, one.values, x) for one, x in found if one.outcome is Outcome.SOLVED)
    reached = problem.decisions.probability(after).numpy()
    for least in (float(reached), float(np.nextafter(reached, np.float32(2)))):
        model = Rounded(problem.decisions.encoding, problem.decisions.content)
        model.least = least
        moved = replace(problem, decisions=model)
        for i, one in enumerate(certify(moved, request)):
            assert_optimal(one, cheapest(moved, request[i : i + 1]))


class Rounded(EncodedOnnx):
    least: float

    def accepts(self, x):
        return self.probability(x) >= self.least

    @property
    def trees(self):
        return replace(super().trees, least=self.least)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_of_a_model_is_what_it_computes(kind):
    problem = tree_problem(kind, 4)
    leaves, x = Leaves.of(problem), problem.training.x
    z = leaves.encoding.encode(x).numpy()
    inside = ((z[:, None] > leaves.lower) & (z[:, None] <= leaves.upper)).all(-1)
    assert (inside.sum(1) == 12).all()
    score = torch.from_numpy(leaves.start + inside @ leaves.value)
    chance = problem.decisions.probability(x).double()
    assert ((score if kind == "forest" else score.sigmoid()) - chance).abs().max() < leaves.rounding
    sure = (score - leaves.least).abs() > leaves.rounding
    assert torch.equal((score >= leaves.least)[sure], problem.decisions.accepts(x)[sure])


def test_the_last_value_below_a_threshold_is_found_among_all_numbers_of_single_precision():
    draws = np.random.default_rng(0)
    for mean, sd in ((np.float32(3271.3), np.float32(2822.7)), (np.float32(-0.3), np.float32(0.07))):
        thresholds = np.sort(draws.normal(size=50).astype(np.float32))
        found = last_below(thresholds, mean, sd, -1e5, 1e5)
        after = np.nextafter(found, np.float32(np.inf))
        assert len(found) == 50
        assert ((found - mean) / sd <= thresholds).all()
        assert ((after - mean) / sd > thresholds).all()


# What is not for it, and time


def test_time_that_runs_out_leaves_a_bound_that_holds(monkeypatch):
    problem = tree_problem("forest", 1)
    request = asked(problem, 4, actionable="all")
    monkeypatch.setattr(Branching, "search", lambda self, deadline, search=Branching.search: search(self, 0.0))
    for i, one in enumerate(certify(problem, request)):
        best = cheapest(problem, request[i : i + 1])
        assert one.lower_bound <= best * (1 + 1e-6)
        assert one.cost >= best * (1 - 1e-6)
        assert one.outcome in (Outcome.SOLVED, Outcome.NOT_FOUND)


def test_kinds_of_structure_are_declared():
    known = Known("german", features(), scm=False, flow=False, decision="forest", structure=Forest.structure)
    free = Scenario.parse("hard-2!no-plausibility")
    assert not mismatch(Certified(), free, known)
    only = type("Only", (Certified,), {"structures": frozenset({"affine"})})
    assert mismatch(only(), free, known) == "certified needs affine layers; a model of kind forest has none"


@pytest.mark.parametrize("rule", [AtMost({"trades": 1.0, "late": -1.0}, 5.0), Implies("job", (0,), "trades", (1, 2))])
def test_a_rule_about_a_continuous_feature_is_not_for_it(rule):
    problem = tree_problem("forest", 0, whole=False, rules=(rule,))
    with pytest.raises(NotApplicable, match="'trades', which is continuous"):
        certify(problem, asked(problem))


def test_plausibility_and_effects_are_not_for_it():
    problem = tree_problem("boosting", 0)
    with pytest.raises(NotApplicable, match="ask with !no-plausibility"):
        certify(problem, replace(asked(problem), plausibility=True))
    with pytest.raises(NotApplicable):
        certify(replace(problem, without_effects=None), asked(problem))
