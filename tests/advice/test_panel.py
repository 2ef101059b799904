"""A solver that hangs when it is asked is let go of after a while, and the others are heard."""

from __future__ import annotations

import time
from types import SimpleNamespace

from recourse_arena.advice.advising.panel import Panel
from recourse_arena.execution.solving.limits import Limits
from recourse_arena.execution.solving.solver_process import SolverProcess


class Silent(SolverProcess):
    """Says nothing once it is asked; the time it is left passes ten thousand times as fast."""

    def __init__(self):
        self.plugin, self.ended = "silent", False
        self._apart = SimpleNamespace(limits=Limits(timeout=3600))
        line = SimpleNamespace(receive=lambda most, wait: None)
        self._child = SimpleNamespace(line=line, pid=0)
        self.begin()

    def begin(self, limit=None):
        super().begin(limit)
        self._until = time.monotonic() + (self._until - time.monotonic()) / 10_000

    def recommend(self, request):
        return self._awaited(1)

    def _gone(self):
        return False

    def close(self):
        self.ended = True


def test_a_solver_that_hangs_is_noted_and_the_others_are_heard():
    silent, prompt = Silent(), SimpleNamespace(recommend=lambda request: SimpleNamespace(recommendation="advice"))
    panel = Panel(SimpleNamespace(solver={"silent": silent, "prompt": prompt}.__getitem__), {})
    panel.tasks = {"silent": "silent", "prompt": "prompt"}
    assert list(panel.ask(None)) == [("prompt", "advice")]
    assert panel.notes == {"silent": "not done after 300 seconds, the time allowed"}
    assert silent.ended
