"""Random networks over a small table without effects, and what enumeration finds there."""

from __future__ import annotations

import itertools
import math

import torch

from recourse_arena import Feature, FeatureTable, Kind, People, Problem, Role
from recourse_arena.elicitation.sampler import PreferenceSampler
from recourse_arena.elicitation.schemes import Ranking
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import Direction
from recourse_arena.people.rules import AtMost, Implies
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.profile import profile

A, BOTH = Role.ACTIONABLE, (AtMost({"late": 1.0, "trades": -1.0}), Implies("job", (0, 2), "member", (1,)))


def features(rules=(), *, whole=True, numbering=(0, 1, 2, 3)):
    jobs = ("clerk", "cook", "nurse", "smith")
    levels = tuple(jobs[place] for place in numbering)
    return FeatureTable(
        (
            Feature("job", Kind.CATEGORICAL, A, levels=levels),
            Feature("age", Kind.INTEGER, Role.IMMUTABLE, lower=0),
            Feature("home", Kind.CATEGORICAL, A, levels=("rent", "own", "free")),
            Feature("member", Kind.BINARY, A),
            Feature("grade", Kind.ORDINAL, A, levels=("low", "middle", "high"), direction=Direction.UP),
            Feature("late", Kind.INTEGER, A, lower=0, upper=4, direction=Direction.DOWN),
            Feature("trades", Kind.INTEGER if whole else Kind.CONTINUOUS, A, lower=0, upper=6),
        ),
        rules,
    )


def drawn(table, count, draws):
    """Return people with each level and number as likely as any."""
    tops = torch.tensor([4, 60, 3, 2, 3, 5, 7])
    x = (torch.rand(count, len(tops), generator=draws) * tops).floor()
    return x if table.whole.all() else torch.where(table.whole, x, x * 0.97)


def table_problem(seed, *, cost="gower", rules=(), whole=True, hidden=(5, 4), harder=0.0):
    """Return a problem with a random network that accepts few people."""
    table, draws = features(rules, whole=whole), torch.Generator().manual_seed(seed)
    x = drawn(table, 400, draws)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ReluClassifier(table, hidden)
    model.set_scale(Encoding.fitted(table, x))
    for layer in model.layers[::2]:
        layer.weight.data = torch.randn(layer.weight.shape, generator=draws) / layer.weight.shape[1] ** 0.5
        layer.bias.data = 0.3 * torch.randn(layer.bias.shape, generator=draws)
    model = model.eval().requires_grad_(False)
    model.layers[-1].bias -= model.logit(x).quantile(0.85) + harder
    refused = ~model.accepts(x)
    return Problem(
        dataset="table",
        features=table,
        graph=CausalGraph(table.names, {}),
        decisions=model,
        cost=Cost.fitted(x, refused, table, cost),
        box=Box.spanning(x[refused], table),
        training=People(x, model.accepts(x).float()),
        validation=People(x, model.accepts(x).float()),
        profile=profile("linear"),
        draw=PreferenceSampler(Ranking(), table),
        without_effects=NoEffects(),
    )


def asked(problem, count=4, *, seed=0, actionable="random", **how):
    asking = problem.asking(problem.validation)[:count]
    draws = torch.Generator().manual_seed(seed)
    answers = Ranking().population(len(asking), problem.features, actionable=actionable, draws=draws)
    return problem.request(asking, answers, plausibility=False, **how)


def cheapest(problem, one, *, steps=1):
    """Return the least cost of one person's actions by trying them all; numbers in `steps` steps of a unit."""
    choices = []
    for j, feature in enumerate(one.features):
        here, lower, upper = (float(t[0, j]) for t in (one.factual, one.box.lower, one.box.upper))
        if not one.actionable[0, j]:
            choices.append([here])
            continue
        count = 1 if feature.whole else steps
        inside = [step / count for step in range(math.ceil(lower * count), math.floor(upper * count) + 1)]
        choices.append(sorted({here, *inside}))
    values = torch.tensor(list(itertools.product(*choices)))
    good = problem.decisions.accepts(values) & ~one.features.broken_rules(one.factual, values).any(1)
    cost = one.unit_cost(one.factual, values, values != one.factual, one.weights)
    return float(cost[good].min()) if good.any() else math.inf
