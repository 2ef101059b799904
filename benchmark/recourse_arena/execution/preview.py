"""What a run would do: what is kept, what would run, and about how long that takes."""

from __future__ import annotations

__all__ = ["Preview", "efforts", "is_kept"]

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recourse_arena.planning.plan import Cell, Plan
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.planning.tasks import Task
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.run_folder import RunFolder
from recourse_arena.storage.task_result import Failure

_KEPT = 0.5
"""Rough seconds of a step of which everything is kept."""


def is_kept(task: Task, cache: ArtefactCache) -> bool:
    """Return whether the cache holds what a task makes; never of one that makes nothing to keep."""
    return bool(task.artefacts) and all(cache.seconds(*place) is not None for place in task.artefacts)


def efforts(tasks: Iterable[Task], cache: ArtefactCache) -> dict[Task, float]:
    """Return about how many seconds each task takes: little where all is kept, else as long as others of its kind.

    That is the median of those in the cache; nothing is known of cells.
    """
    usual: dict[str, float | None] = {}

    def effort(task: Task) -> float:
        if is_kept(task, cache):
            return _KEPT
        if task.kind not in usual:
            usual[task.kind] = cache.usual_seconds(task.kind)
        return usual[task.kind] or task.rough_seconds

    return {task: effort(task) for task in tasks}


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Arguments:
        kept: Cells that the folder holds.
        run: Tasks that would run, in order.
        skipped: Reason for each dataset that is left out.
        unfit: Reason for each cell that is left out of the others.
        seconds: About how long it takes.
        known: Of the tasks, those of which the cache holds all that they make.
        cells: Cells that would run.
        broken: Reason for each dataset whose cells would fail, because its models cannot even be named.
        notes: Who of files of answers is left out and why, a line each.
    """

    kept: int
    run: Sequence[Task]
    skipped: Mapping[str, str]
    unfit: Mapping[Cell, str]
    seconds: float
    known: frozenset[Task]
    cells: int
    broken: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        plan: Plan,
        registry: Registry,
        *,
        data: Path,
        cache: ArtefactCache,
        folder: RunFolder | None,
        jobs: int,
        arithmetic: str,
    ) -> Preview:
        """Return what running a plan into a folder would do; nothing is written or computed.

        Raises:
            ArenaError: If the folder holds another run.
        """
        graph = TaskGraph.of(plan, registry, data=data, arithmetic=arithmetic)
        kept, advised = folder.finished(plan, graph) if folder else (set(), set())
        tasks = [*graph.needed(kept, advised), *(task for task in graph.changes if not is_kept(task, cache))]
        rough = efforts(tasks, cache)
        known = frozenset(task for task in tasks if is_kept(task, cache))
        seconds = max(sum(rough.values()) / jobs, max(rough.values(), default=0.0))
        there = sum(task.key in kept for task in graph.cells)
        broken = {name: Failure.of(error).reason for (name, _), error in graph.broken.items()}
        left = len(graph.cells) - there
        return cls(there, tasks, plan.skipped, graph.unfit, seconds, known, left, broken, plan.notes)

    def text(self) -> str:
        """Return it in words: a line per model and solver, with its scenarios."""
        asides: dict[Task, list[str]] = {}
        for task in self.run:
            if task.aside:
                asides.setdefault(task.needs[-1], []).append(task.aside)
        headed = {*self.run}
        headings = {task: heading for task in self.run if (heading := task.heading(kept=task in self.known))}
        lines = [": ".join(filter(None, (text, ", ".join(asides.get(task, ()))))) for task, text in headings.items()]
        lines += [task.alone for task in self.run if task.alone and task.needs[-1] not in headed]
        lines += [f"{name}: would fail: {reason}" for name, reason in self.broken.items()]
        lines += self.notes
        lines += [f"{name}: skipped: {reason}" for name, reason in self.skipped.items()]
        lines += [f"{c.dataset}: {c.solver} under {c.scenario.name}: skipped: {why}" for c, why in self.unfit.items()]
        about = f"about {_duration(self.seconds)}" if self.cells else "nothing to do"
        return "\n".join([*lines, f"{self.kept} cells are there already, {self.cells} would run: {about}"])


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
