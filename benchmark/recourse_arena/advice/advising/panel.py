"""The solvers that are asked about one person: each in its process, none believed."""

from __future__ import annotations

__all__ = ["Panel"]

from collections.abc import Iterator
from dataclasses import dataclass, field

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import ArenaError, described
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.solving.solver_process import Failed, SolverProcess
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.planning.tasks import FitTask
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request


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

    def prepare(self) -> None:
        """Prepare every solver; one that cannot be is noted."""
        for name in self.tasks:
            self._ready(name)

    def ask(self, request: Request) -> Iterator[tuple[str, Recommendation]]:
        """Ask every solver, and return what each recommends; one that fails is noted, and not asked again.

        Arguments:
            request: The request, a batch.
        """
        for name in self.tasks:
            if name in self.notes or (solver := self._ready(name)) is None:
                continue
            try:
                with one_thread():
                    answer = solver.recommend(request).recommendation
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
