"""What a run would do: what is kept, what would run, and about how long that takes."""

from __future__ import annotations

__all__ = ["Preview", "efforts"]

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recourse_arena.base.errors import ArenaError
from recourse_arena.planning.plan import Cell, Plan
from recourse_arena.planning.task_graph import CellTask, FitTask, ModelsTask, Task, TaskGraph
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.run_folder import RunFolder

_MODELS, _FIT, _CELL, _KEPT = 20.0, 30.0, 4.0, 0.5
"""Rough seconds of each kind of step where nothing better is known, and of one whose artefact is kept."""


def efforts(nodes: Iterable[Task], cache: ArtefactCache) -> dict[Task, float]:
    """Return about how many seconds each node takes: nothing is known of cells, much of artefacts that are kept.

    A fit takes as long as that solver's fits in the cache, in the median.
    """
    usual: dict[str, float] = {}

    def effort(node: Task) -> float:
        if isinstance(node, CellTask):
            return _CELL
        if isinstance(node, ModelsTask):
            found = [cache.seconds("classifier", node.keys.classifier), cache.seconds("flow", node.keys.flow)]
            return _MODELS if None in found else _KEPT
        if not node.trained or (not node.handed and cache.seconds(node.kind, node.key) is not None):
            return _KEPT
        if node.kind not in usual:
            usual[node.kind] = cache.usual_seconds(node.kind) or _FIT
        return usual[node.kind]

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
        known: Of the nodes, those whose artefact the cache holds.
    """

    kept: int
    run: Sequence[Task]
    skipped: Mapping[str, str]
    unfit: Mapping[Cell, str]
    seconds: float
    known: frozenset[Task]

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
            ArenaError: If the models of a dataset cannot be named, or the folder holds another run.
        """
        graph = TaskGraph.of(plan, registry, data=data, arithmetic=arithmetic)
        for error in graph.broken.values():
            raise ArenaError(str(error))
        kept = folder.finished(plan, {node.key for node in graph.cells}) if folder else set()
        nodes = graph.needed(kept)
        rough = efforts(nodes, cache)
        known = frozenset(n for n in nodes if not isinstance(n, CellTask) and rough[n] == _KEPT)
        longest = max([rough[node] for node in nodes if not isinstance(node, CellTask)], default=0.0)
        seconds = max(sum(rough.values()) / jobs, longest)
        there = len(plan.cells) - _cells(nodes) - _left_out(plan) - len(graph.unfit)
        return cls(there, nodes, plan.skipped, graph.unfit, seconds, known)

    def text(self) -> str:
        """Return it in words: a line per model and solver, with its scenarios."""
        lines, cells = [], _cells(self.run)
        scenarios: dict[FitTask, list[str]] = {}
        for node in self.run:
            if isinstance(node, CellTask):
                scenarios.setdefault(node.fit, []).append(node.cell.scenario.name)
        for node in self.run:
            state = "kept" if node in self.known else "to make"
            if isinstance(node, ModelsTask):
                lines.append(f"{node.dataset}, seed {node.seed}: decision model and causal flow ({state})")
            elif isinstance(node, FitTask):
                fit = f" ({'fit kept' if node in self.known else 'to fit'})" if node.trained else ""
                lines.append(f"  {node.solver}{fit}: {', '.join(scenarios[node])}")
        lines += [f"{name}: skipped: {reason}" for name, reason in self.skipped.items()]
        lines += [f"{c.dataset}: {c.solver} under {c.scenario.name}: skipped: {why}" for c, why in self.unfit.items()]
        about = f"about {_duration(self.seconds)}" if cells else "nothing to do"
        return "\n".join([*lines, f"{self.kept} cells are there already, {cells} would run: {about}"])


def _cells(nodes: Sequence[Task]) -> int:
    return sum(isinstance(node, CellTask) for node in nodes)


def _left_out(plan: Plan) -> int:
    return sum(cell.dataset in plan.skipped for cell in plan.cells)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
