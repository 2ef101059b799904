"""Who works on the tasks of a graph, in which order: here one after the other."""

from __future__ import annotations

__all__ = ["Engine", "Serial", "Worker", "make_engine"]

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.dask_cluster import DaskCluster, import_distributed
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.sandbox.sandbox import Limits, Sandbox, WorkerSetup
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.execution.worker.progress_events import Listener
from recourse_arena.planning.plan import Plan
from recourse_arena.planning.tasks import Task
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import Failure, TaskResult


class Worker(Protocol):
    """What works on one task at a time: a worker in this process, or a sandbox around one."""

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
    plan: Plan,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
    limits: Limits,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    isolated: bool = False,
    no_plugins: Sequence[str] = (),
) -> Engine:
    """Return what works on the tasks of a plan.

    Raises:
        ArenaError: If jobs are less than one, or `distributed` is needed and missing.
    """
    if jobs < 1:
        raise ArenaError(f"jobs: expected a number from 1, got {jobs}")
    if jobs == 1 and scheduler is None and not isolated and not limits:
        return Serial(LocalWorker(registry, data, cache, plan.solvers))
    setting = WorkerSetup.of(data, cache.folder, plan.solvers, no_plugins, registry.handed, registry.wanted)
    path = tuple(sys.path)
    if jobs == 1 and scheduler is None:
        sandbox = Sandbox(setting, limits, path)
        return Serial(sandbox)
    import_distributed()
    return DaskCluster(registry, setting, limits, path, jobs, scheduler)
