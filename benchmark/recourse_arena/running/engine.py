"""Who works on the nodes of a graph, in which order: here one after the other."""

from __future__ import annotations

__all__ = ["Engine", "Hands", "Serial"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from recourse_arena.planning.task_graph import CellNode, FitNode, ModelsNode, Node
from recourse_arena.running.hearing import Listener
from recourse_arena.running.progress import Progress
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
