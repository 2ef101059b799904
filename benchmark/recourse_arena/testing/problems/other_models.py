"""The small problems once more, decided by a linear model or by trees: for solvers that read nothing else."""

from __future__ import annotations

__all__ = ["other_worlds", "with_model", "worlds_with"]

from dataclasses import replace
from functools import cache

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.decision import Decision
from recourse_arena.models.decision.offers import Forest, Logistic
from recourse_arena.problem.problem import Problem
from recourse_arena.testing.problems.worlds import World, worlds

_TREES = 5


@cache
def other_worlds() -> tuple[World, ...]:
    """Return worlds in which a linear model decides, and such in which trees do, where what fits them is installed."""
    found: list[World] = []
    for kind in (Logistic(), Forest(trees=_TREES)):
        try:
            found += worlds_with(kind)
        except (ArenaError, ImportError):  # a kind of model that needs an extra package is left out
            continue
    return tuple(found)


def worlds_with(kind: Decision) -> tuple[World, ...]:
    """Return the world with every kind of feature and the table with categories, decided by a model of another kind."""
    return tuple(_world(world, kind) for world in (worlds()[0], worlds()[3]))


def with_model(problem: Problem, kind: Decision) -> Problem:
    """Return a problem decided by a model of another kind, fitted to the same people."""
    with one_thread():
        model = kind.fit(problem.features, problem.training, problem.validation, seed=0)
    return replace(problem, decisions=model)


def _world(world: World, kind: Decision) -> World:
    problem = with_model(world.problem, kind)
    asking = problem.asking(problem.validation)
    requests = {}
    for name, asked in world.requests.items():
        people = asking[: len(asked)]
        requests[name] = problem.request(
            people,
            asked.actionability[: len(people)],
            profile=asked.profile,
            plausibility=asked.plausibility,
            density=asked.density,
            sparsity=asked.sparsity,
        )
    return World(f"{world.name}, {kind.name}", problem, requests)
