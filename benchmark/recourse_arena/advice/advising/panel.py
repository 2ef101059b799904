"""The solvers that are asked about one person: each in its process, none believed."""

from __future__ import annotations

__all__ = ["Panel"]

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import ArenaError, described
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.solving.solver_process import Failed, SolverProcess
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.planning.tasks import FitTask
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

_PATIENCE = 300.0
"""Seconds that a solver in a process of its own may take for what it is asked at once: variants of one person."""


@dataclass
class Panel:
    """Solvers, prepared when they are first asked.

    Arguments:
        worker: Who prepares and asks them.
        tasks: What each is prepared by, by name with options.
        notes: Why a solver is not asked, or gave no answer, by name.
    """

    worker: LocalWorker
    tasks: dict[str, FitTask]
    notes: dict[str, str] = field(default_factory=dict)

    def ask(self, request: Request) -> Iterator[tuple[str, Recommendation]]:
        """Ask every solver, and return what each recommends, in order; one that fails is noted, and not asked again.

        Those in processes of their own are asked at the same time.

        Arguments:
            request: The request, a batch.
        """
        ready = {name: solver for name in self.tasks if name not in self.notes and (solver := self._ready(name))}
        for solver in ready.values():
            if isinstance(solver, SolverProcess):
                solver.begin(_PATIENCE)
        several = len(ready) > 1 and not any(isinstance(solver, Guard) for solver in ready.values())
        with one_thread(), ThreadPoolExecutor(len(ready) if several else 1) as pool:
            waiting = {name: pool.submit(solver.recommend, request) for name, solver in ready.items()}
            for name, future in waiting.items():
                try:
                    answer = future.result().recommendation
                except Exception as error:  # in this process a plugin may raise anything
                    self.notes[name] = _reason(error)
                else:
                    yield name, answer

    def _ready(self, name: str) -> Guard | SolverProcess | None:
        try:
            return self.worker.solver(self.tasks[name])
        except Exception as error:  # in this process a plugin may raise anything
            self.notes[name] = _reason(error)
            return None


def _reason(error: Exception) -> str:
    if isinstance(error, Failed):
        return error.failure.reason
    return str(error) if isinstance(error, ArenaError) else described(error)
