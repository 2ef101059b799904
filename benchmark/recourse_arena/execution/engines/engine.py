"""Who works on the tasks of a graph, in which order: here one after the other."""

from __future__ import annotations

__all__ = ["Engine", "Serial", "Worker", "make_engine"]

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.dask_cluster import DaskCluster, import_distributed
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.guard.progress_events import Listener
from recourse_arena.execution.sandbox.sandbox import WorkerSetup
from recourse_arena.execution.solving.solver_process import Apart
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.planning.tasks import Task
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import Failure, TaskResult


class Worker(Protocol):
    """What works on one task at a time: a worker in this process, or what stands for one."""

    def work(self, task: Task, before: TaskResult | None = None, listener: Listener | None = None) -> TaskResult:
        """Return what comes of a task.

        Arguments:
            task: The task.
            before: What came of the last task it needs.
            listener: Hears how far it is.
        """

    def close(self) -> None:
        """Let go of everything."""


class Engine(Protocol):
    """What works on all tasks."""

    def run(
        self, tasks: Sequence[Task], progress: Progress, known: Mapping[Task, TaskResult] | None = None
    ) -> Iterator[tuple[Task, TaskResult]]:
        """Yield what comes of each task; a task whose needs failed has failed for the same reason.

        Arguments:
            tasks: The tasks.
            progress: Who hears of each step.
            known: What came of needs that are not among them.
        """


@dataclass(frozen=True)
class Serial:
    """One task after the other, in the order of the plan."""

    worker: Worker

    def run(
        self, tasks: Sequence[Task], progress: Progress, known: Mapping[Task, TaskResult] | None = None
    ) -> Iterator[tuple[Task, TaskResult]]:
        """Yield what comes of each task."""
        answers: dict[Task, TaskResult] = dict(known or {})
        open_ = Counter(need for task in tasks for need in task.needs)
        try:
            for task in tasks:
                answer = self._answer(task, [answers[need] for need in task.needs if need in answers], progress)
                if open_[task]:
                    answers[task] = answer
                for need in task.needs:  # nobody else asks for it: a long run does not hold all of them
                    open_[need] -= 1
                    if not open_[need]:
                        answers.pop(need, None)
                yield task, answer
        finally:
            self.worker.close()

    def _answer(self, task: Task, before: Sequence[TaskResult], progress: Progress) -> TaskResult:
        for answer in before:
            if isinstance(answer, Failure):
                return answer
        if task.told:
            progress.step(task.key, task.label)
        return self.worker.work(task, before[-1] if before else None, partial(progress.part, task.key))


def make_engine(
    registry: Registry,
    setting: WorkerSetup,
    apart: Apart,
    cache: ArtefactCache,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
) -> Engine:
    """Return what works on the tasks of a plan: this process or many workers, each with solvers in others.

    Arguments:
        registry: What is plugged in.
        setting: What workers need to know.
        apart: Where this process gets those of solvers from.
        cache: Where models and what solvers learnt are kept.
        jobs: Tasks that are worked on at a time.
        scheduler: Address of a Dask scheduler whose workers are used instead.

    Raises:
        ArenaError: If jobs are less than one, or `distributed` is needed and missing.
    """
    if jobs < 1:
        raise ArenaError(f"jobs: expected a number from 1, got {jobs}")
    if jobs == 1 and scheduler is None:
        return Serial(LocalWorker(registry, setting.data, cache, apart=apart))
    import_distributed()
    return DaskCluster(registry, setting, cache, apart.path, jobs, scheduler)
