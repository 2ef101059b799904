"""People who ask alone, one after the other, in the process of a solver: each of them is asked about."""

from __future__ import annotations

import torch
from small_worlds import random_world

from recourse_arena import Recommendation, Solver
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.solving.process import _Solving
from recourse_arena.execution.solving.wire import unpacked


class Counting(Solver):
    """Notes how many people each question is about."""

    name = "counting"
    summary = "for tests"

    def __init__(self):
        self.asked = []

    def recommend(self, request):
        self.asked.append(len(request))
        return Recommendation.do(request.actionable, request.factual, found=torch.zeros(len(request), dtype=torch.bool))


class Line:
    """The end of a line that keeps what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, content):
        self.sent.append(content)


def test_each_is_asked_about_alone_and_nothing_but_that_it_is_done_is_said():
    world = random_world(0)
    solver, line = Counting(), Line()
    solving = _Solving(line)
    solving._guard = Guard(solver)
    solving._guard.fit(world.problem, seed=0)
    solving.answer(7, "one_by_one", (world.request[:5],))
    assert solver.asked == [1] * 5
    (answer,) = map(unpacked, line.sent)
    assert (answer.number, answer.kind) == (7, "done")
