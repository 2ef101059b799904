"""Small worlds in which another kind of decision model decides: a linear one, or trees."""

from __future__ import annotations

from dataclasses import replace

from recourse_arena import Decision, Problem
from recourse_arena.testing.problems.worlds import World, worlds


def with_model(problem: Problem, kind: Decision) -> Problem:
    """Return a problem decided by a model of another kind, fitted to the same people."""
    return replace(problem, decisions=kind.fit(problem.features, problem.training, problem.validation, seed=0))


def worlds_with(kind: Decision) -> tuple[World, ...]:
    """Return two worlds of the laws, one with causes and one with categories, as a model of another kind decides."""
    return tuple(_world(world, kind) for world in (worlds()[0], worlds()[3]))


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
