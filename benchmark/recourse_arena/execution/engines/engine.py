"""Who works on the nodes of a graph, in which order: here one after the other."""

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
    """What works on one node at a time: a workshop in this process, or a sandbox around one."""

    def work(self, node: Task, before: TaskResult | None = None, listener: Listener | None = None) -> TaskResult:
        """Return what comes of a node.

        Arguments:
            node: The node.
            before: What came of the last node it needs.
            listener: Hears how far it is.
        """

    def close(self) -> None:
        """Let go of everything."""


class Engine(Protocol):
    """What works on all nodes."""

    def run(
        self, nodes: Sequence[Task], progress: Progress, known: Mapping[Task, TaskResult] | None = None
    ) -> Iterator[tuple[Task, TaskResult]]:
        """Yield what comes of each node; a node whose needs failed has failed for the same reason.

        Arguments:
            nodes: The nodes.
            progress: Who hears of each step.
            known: What came of needs that are not among them.
        """


@dataclass(frozen=True)
class Serial:
    """One node after the other, in the order of the plan."""

    hands: Worker

    def run(
        self, nodes: Sequence[Task], progress: Progress, known: Mapping[Task, TaskResult] | None = None
    ) -> Iterator[tuple[Task, TaskResult]]:
        """Yield what comes of each node."""
        answers: dict[Task, TaskResult] = dict(known or {})
        open_ = Counter(need for node in nodes for need in node.needs)
        try:
            for node in nodes:
                answer = self._answer(node, [answers[need] for need in node.needs if need in answers], progress)
                if open_[node]:
                    answers[node] = answer
                for need in node.needs:  # nobody else asks for it: a long run does not hold all of them
                    open_[need] -= 1
                    if not open_[need]:
                        answers.pop(need, None)
                yield node, answer
        finally:
            self.hands.close()

    def _answer(self, node: Task, before: Sequence[TaskResult], progress: Progress) -> TaskResult:
        for answer in before:
            if isinstance(answer, Failure):
                return answer
        if node.told:
            progress.step(node.key, node.label)
        return self.hands.work(node, before[-1] if before else None, partial(progress.part, node.key))


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
    """Return what works on the nodes of a plan.

    Raises:
        ArenaError: If jobs are less than one, or `distributed` is needed and missing.
    """
    if jobs < 1:
        raise ArenaError(f"jobs: expected a number from 1, got {jobs}")
    if jobs == 1 and scheduler is None and not isolated and not limits:
        return Serial(LocalWorker(registry, data, cache, plan.solvers))
    setting, path = WorkerSetup.of(data, cache.folder, plan.solvers, no_plugins), tuple(sys.path)
    if jobs == 1 and scheduler is None:
        sandbox = Sandbox(setting, limits, path)
        return Serial(sandbox)
    import_distributed()
    return DaskCluster(registry, setting, limits, path, jobs, scheduler)
