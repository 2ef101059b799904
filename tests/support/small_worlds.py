"""Random recourse problems that are small enough to try every combination of a grid by hand."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch import Tensor

from recourse_arena import Actionability, CausalGraph, Feature, FeatureTable, Kind, People, Problem, Request, Role
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import PROFILES


@dataclass(frozen=True)
class World:
    """A small random problem, people who ask, and a grid coarse enough to try it all."""

    problem: Problem
    request: Request
    points: int


def linear_scm(graph: CausalGraph, draws: random.Random) -> StructuralCausalModel:
    def mechanism(name: str) -> Mechanism:
        slopes = {parent: draws.uniform(-1.5, 1.5) for parent in graph.parents.get(name, ())}
        return Mechanism(
            torch.distributions.Normal(torch.zeros((), dtype=torch.double), draws.uniform(1, 3)),
            lambda people, generator: 2 * torch.randn(people, generator=generator, dtype=torch.double),
            lambda values: sum((slope * values[parent] for parent, slope in slopes.items()), 0.0),
        )

    return StructuralCausalModel(graph, {name: mechanism(name) for name in graph.names})


def random_features(draws: random.Random, *, whole: bool) -> FeatureTable:
    kinds = (Kind.INTEGER,) if whole else (Kind.CONTINUOUS, Kind.CONTINUOUS, Kind.INTEGER)
    roles = (Role.ACTIONABLE, Role.ACTIONABLE, Role.ACTIONABLE, Role.MUTABLE, Role.IMMUTABLE)
    names = "abcd"[: draws.choice((3, 4, 4))]
    return FeatureTable(
        tuple(
            Feature(n, kind=draws.choice(kinds), role=draws.choice(roles) if i else Role.ACTIONABLE)
            for i, n in enumerate(names)
        )
    )


def random_graph(names: tuple[str, ...], draws: random.Random) -> CausalGraph:
    order = draws.sample(names, len(names))
    return CausalGraph(
        names, {child: tuple(p for p in order[:i] if draws.random() < 0.6) for i, child in enumerate(order)}
    )


def random_world(seed: int) -> World:
    """Return a world; every third has whole numbers and equal scales only, so that equal costs abound."""
    draws, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    alike = seed % 3 == 0
    features = random_features(draws, whole=alike)
    graph = random_graph(features.names, draws)
    scm = linear_scm(graph, draws)
    x = scm.sample(400, generator)
    x = torch.where(features.whole, x.round(), x)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        classifier = ReluClassifier(len(features), draws.choice(((), (6,)))).double().requires_grad_(False)
    classifier.layers[-1].bias -= classifier.logit(x).quantile(draws.choice((0.3, 0.5, 0.7)))
    refused = ~classifier.accepts(x)
    cost = Cost.fitted(x, refused, features)
    problem = Problem(
        dataset="random",
        features=features,
        graph=graph,
        decisions=classifier,
        cost=replace(cost, sd=torch.ones(len(features)), span=torch.ones(len(features))) if alike else cost,
        box=Box.spanning(x[refused]),
        training=People(x, torch.ones(len(x))),
        validation=People(x, torch.ones(len(x))),
        profile=PROFILES[draws.choice(list(PROFILES))],
        draw=lambda people, generator: random_answers(people, features, generator),
        true_scm=scm if seed % 4 else None,
        causal_flow=linear_scm(graph, draws),
    )
    factual = x[refused][:6].clone()
    factual[0] += 3  # may lie outside the global box
    factual[1] = x[refused][x[refused][:, 0].argmax()]
    factual = factual[~classifier.accepts(factual)]
    request = problem.request(
        factual,
        random_answers(len(factual), features, generator),
        box=personal_box(problem, factual, generator) if draws.random() < 0.5 else None,
        plausibility=draws.random() < 0.6,
    )
    return World(problem, request, points=draws.choice((4, 5, 6)))


def random_answers(people: int, features: FeatureTable, generator: torch.Generator) -> Actionability:
    scores = torch.randint(1, 5, (people, len(features)), generator=generator)
    return Actionability(torch.where(features.actionable, scores, 4), levels=3)


def personal_box(problem: Problem, factual: Tensor, generator: torch.Generator) -> Box:
    """Return bounds around a place in the global box; not whole where values are."""
    box, share = problem.box, torch.rand(3, *factual.shape, generator=generator, dtype=torch.double)
    width = box.upper - box.lower
    centre = (box.lower + share[0] * width).round().clamp(box.lower, box.upper)
    return Box(centre - share[1] * width / 2 - 0.1, centre + share[2] * width / 2 + 0.1)


def by_hand(world: World, i: int, *, skip_dear: bool = True) -> tuple[float, Tensor, Tensor] | None:
    """Return cost, mask and values of the best combination of one person: each in turn, none forgotten.

    With `skip_dear`, what costs more than the best so far is not tested.
    """
    problem, one = world.problem, world.request[i : i + 1]
    options = [[None, *values_by_hand(world, one, j)] for j in range(len(problem.features))]
    prices = [[0.0, *(price_by_hand(one, j, v) for v in values[1:])] for j, values in enumerate(options)]
    least = problem.flow.log_density(one.factual)
    best: tuple[float, int, int] | None = None
    answer = None
    for number, picks in enumerate(itertools.product(*(range(len(values)) for values in options))):
        total = 0.0
        for j, pick in enumerate(picks):
            total += prices[j][pick]
        key = (total, sum(pick > 0 for pick in picks), number)
        if skip_dear and best is not None and key > best:
            continue
        mask = torch.tensor([[pick > 0 for pick in picks]])
        values = torch.tensor([[options[j][pick] or 0.0 for j, pick in enumerate(picks)]], dtype=one.factual.dtype)
        after = problem.causal_model.counterfactual(one.factual, mask, values)
        if problem.decisions.accepts(after) and (not one.plausibility or problem.flow.log_density(after) >= least):
            if best is not None and key > best:
                continue
            best, answer = key, (total, mask[0], values[0])
    return answer


def values_by_hand(world: World, one: Request, j: int) -> list[float]:
    """Return the grid of a feature in exact arithmetic, in the person's box, without duplicates."""
    if not one.actionable[0, j]:
        return []
    x, lower, upper = (
        Fraction(float(v)) for v in (one.factual[0, j], world.problem.box.lower[j], world.problem.box.upper[j])
    )
    start, end = x - 2 * (x - lower), x + 2 * (upper - x)
    points = [start + (end - start) * Fraction(k, world.points - 1) for k in range(world.points)]
    values = {float(round(p)) if world.problem.features.whole[j] else float(p) for p in points}
    return sorted(v for v in values if one.box.lower[0, j] <= v <= one.box.upper[0, j])


def price_by_hand(one: Request, j: int, value: float) -> float:
    mask = torch.arange(len(one.features))[None] == j
    return float(one.cost(torch.full_like(one.factual, value), mask))
