"""What a run would do: what is kept, what would run, and about how long that takes."""

from __future__ import annotations

__all__ = ["Preview", "efforts"]

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


def is_kept(node: Task, cache: ArtefactCache) -> bool:
    """Return whether the cache holds what a node makes; never of one that makes nothing to keep."""
    return bool(node.artefacts) and all(cache.seconds(*place) is not None for place in node.artefacts)


def efforts(nodes: Iterable[Task], cache: ArtefactCache) -> dict[Task, float]:
    """Return about how many seconds each node takes: little where all is kept, else as long as others of its kind.

    That is the median of those in the cache; nothing is known of cells.
    """
    usual: dict[str, float | None] = {}

    def effort(node: Task) -> float:
        if is_kept(node, cache):
            return _KEPT
        if node.kind not in usual:
            usual[node.kind] = cache.usual_seconds(node.kind)
        return usual[node.kind] or node.rough_seconds

    return {node: effort(node) for node in nodes}


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Arguments:
        kept: Cells that the folder holds.
        run: Nodes that would run, in order.
        skipped: Reason for each dataset that is left out.
        unfit: Reason for each cell that is left out of the others.
        seconds: About how long it takes.
        known: Of the nodes, those of which the cache holds all that they make.
        cells: Cells that would run.
        broken: Reason for each dataset whose cells would fail, because its models cannot even be named.
    """

    kept: int
    run: Sequence[Task]
    skipped: Mapping[str, str]
    unfit: Mapping[Cell, str]
    seconds: float
    known: frozenset[Task]
    cells: int
    broken: Mapping[str, str] = field(default_factory=dict)

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
        nodes = graph.needed(kept, advised)
        rough = efforts(nodes, cache)
        known = frozenset(node for node in nodes if is_kept(node, cache))
        seconds = max(sum(rough.values()) / jobs, max(rough.values(), default=0.0))
        there = sum(node.key in kept for node in graph.cells)
        broken = {name: Failure.of(error).reason for (name, _), error in graph.broken.items()}
        return cls(there, nodes, plan.skipped, graph.unfit, seconds, known, len(graph.cells) - there, broken)

    def text(self) -> str:
        """Return it in words: a line per model and solver, with its scenarios."""
        asides: dict[Task, list[str]] = {}
        for node in self.run:
            if node.aside:
                asides.setdefault(node.needs[-1], []).append(node.aside)
        headed = {*self.run}
        headings = {node: heading for node in self.run if (heading := node.heading(kept=node in self.known))}
        lines = [": ".join(filter(None, (text, ", ".join(asides.get(node, ()))))) for node, text in headings.items()]
        lines += [node.alone for node in self.run if node.alone and node.needs[-1] not in headed]
        lines += [f"{name}: would fail: {reason}" for name, reason in self.broken.items()]
        lines += [f"{name}: skipped: {reason}" for name, reason in self.skipped.items()]
        lines += [f"{c.dataset}: {c.solver} under {c.scenario.name}: skipped: {why}" for c, why in self.unfit.items()]
        about = f"about {_duration(self.seconds)}" if self.cells else "nothing to do"
        return "\n".join([*lines, f"{self.kept} cells are there already, {self.cells} would run: {about}"])


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
