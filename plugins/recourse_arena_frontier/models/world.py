"""Everything that is read of a problem once, before anybody asks."""

from __future__ import annotations

__all__ = ["World"]

from dataclasses import dataclass, field

import torch
from torch import Tensor

from recourse_arena import Problem, Request
from recourse_arena_frontier.models.course import Course, course_of
from recourse_arena_frontier.models.decision import NetworkLogit, Score, decision_of
from recourse_arena_frontier.models.density import density_of
from recourse_arena_frontier.models.effects import Effects, effects_of
from recourse_arena_frontier.models.moving import Moving
from recourse_arena_frontier.models.spline_flow import SplineFlow


@dataclass
class World:
    """Decision, effects and densities of a problem.

    Arguments:
        problem: The problem.
        moving: What actions can move.
        decision: The logit.
        effects: What follows from actions.
        margin: By how much the log-density of an action must exceed the person's, in nats.
        courses: What comes of actions, by the notion of plausibility that asks for it, read when first asked for.
    """

    problem: Problem
    moving: Moving
    decision: Score
    effects: Effects
    margin: float = 0.0
    courses: dict[str | None, Course] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, margin: float = 0.0) -> World:
        """Return what is read of a problem, of whose log-density actions are to leave a `margin` in nats."""
        moving = Moving.of(problem)
        return cls(problem, moving, decision_of(problem, moving), effects_of(problem, moving), margin)

    def course(self, request: Request) -> Course:
        """Return what comes of actions, with the log-density that a request asks for, if it does."""
        notion = request.density if request.plausibility else None
        if notion not in self.courses:
            problem, moving, density = self.problem, self.moving, None
            if notion is not None:
                density = density_of(problem, problem.density(request), moving)
            self.courses[notion] = course_of(self.effects, density, moving, problem.training.x)
        return self.courses[notion]

    def by_hand(self, request: Request) -> bool:
        """Return whether autograd is not needed for what comes of actions: then nothing is kept for it."""
        return isinstance(self.decision, NetworkLogit) and isinstance(self.course(request), SplineFlow)

    @property
    def actionable(self) -> Tensor:
        """Columns of actionable features."""
        return self.moving.columns[self.moving.acted]

    @property
    def whole(self) -> Tensor:
        """Which of them take whole numbers, bool `(actionable, 1)`."""
        return self.problem.features.whole[self.actionable][:, None]

    def none(self, rows: int, like: Tensor) -> Tensor:
        """Return no change of anything, `(moving, rows)`."""
        return torch.zeros(len(self.moving.columns), rows, dtype=like.dtype, device=like.device)
