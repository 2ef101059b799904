"""Who works on the nodes of a graph, in which order: here one after the other."""

from __future__ import annotations

__all__ = ["Engine", "Hands", "Serial", "make_engine"]

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.dask_cluster import Cluster, import_distributed
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.sandbox.sandbox import Limits, Sandbox, Setting
from recourse_arena.execution.worker.local_worker import Workshop
from recourse_arena.execution.worker.progress_events import Listener
from recourse_arena.planning.plan import Plan
from recourse_arena.planning.task_graph import CellNode, FitNode, ModelsNode, Node
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import Answer, Failure, Fitted


class Hands(Protocol):
    """What works on one node at a time: a workshop in this process, or a sandbox around one."""

    def work(self, node: Node, fitted: Fitted | None = None, listener: Listener | None = None) -> Answer:
        """Return what comes of a node; `fitted` is what came of the fit of a cell, `listener` hears how far it is."""

    def close(self) -> None:
        """Let go of everything."""


class Engine(Protocol):
    """What works on all nodes."""

    def run(self, nodes: Sequence[Node], progress: Progress) -> Iterator[tuple[Node, Answer]]:
        """Yield what comes of each node; a node whose needs failed has failed for the same reason."""


@dataclass(frozen=True)
class Serial:
    """One node after the other, in the order of the plan."""

    hands: Hands

    def run(self, nodes: Sequence[Node], progress: Progress) -> Iterator[tuple[Node, Answer]]:
        """Yield what comes of each node."""
        answers: dict[ModelsNode | FitNode, Answer] = {}
        try:
            for node in nodes:
                needed = _need(node)
                before = answers.get(needed) if needed else None
                if isinstance(before, Failure):
                    answer: Answer = before
                else:
                    progress.step(node.key, node.label)
                    listener = partial(progress.part, node.key)
                    answer = self.hands.work(node, before if isinstance(before, Fitted) else None, listener)
                if not isinstance(node, CellNode):
                    answers[node] = answer
                yield node, answer
        finally:
            self.hands.close()


def _need(node: Node) -> ModelsNode | FitNode | None:
    if isinstance(node, CellNode):
        return node.fit
    return node.models if isinstance(node, FitNode) else None


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
        return Serial(Workshop(registry, data, cache, plan.solvers))
    setting, path = Setting.of(data, cache.folder, plan.solvers, no_plugins), tuple(sys.path)
    if jobs == 1 and scheduler is None:
        sandbox = Sandbox(setting, limits, path)
        return Serial(sandbox)
    import_distributed()
    return Cluster(registry, setting, limits, path, jobs, scheduler)
