"""What travels between a run and its workers."""

from __future__ import annotations

__all__ = ["Reply", "TaskFiles", "artefacts"]

from collections.abc import Mapping
from dataclasses import dataclass, field

from recourse_arena.planning.task_graph import FitTask, ModelsTask, Task
from recourse_arena.storage.files import checked_name
from recourse_arena.storage.task_result import TaskResult


@dataclass(frozen=True)
class TaskFiles:
    """Files that travel with nodes.

    Arguments:
        artefacts: Artefacts by kind and key.
        data: Files of the data directory by where they lie in it.
        answers: Files of real answers by their path at home.
    """

    artefacts: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    data: Mapping[str, bytes] = field(default_factory=dict)
    answers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came of a node, and what others need of it."""

    answer: TaskResult
    parcel: TaskFiles = field(default_factory=TaskFiles)


def artefacts(node: Task) -> list[tuple[str, str]]:
    """Return kind and key of the artefacts that a node makes."""
    if isinstance(node, ModelsTask):
        return [("classifier", node.keys.classifier), ("flow", node.keys.flow)]
    return [(checked_name(node.kind), node.key)] if isinstance(node, FitTask) and not node.handed else []
