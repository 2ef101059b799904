"""What travels between a run and its workers."""

from __future__ import annotations

__all__ = ["Reply", "TaskFiles"]

from collections.abc import Mapping
from dataclasses import dataclass, field

from recourse_arena.storage.task_result import TaskResult


@dataclass(frozen=True)
class TaskFiles:
    """Files that travel with tasks.

    Arguments:
        artefacts: Artefacts by kind and key.
        data: Files of datasets by where they lie in the data directory.
        elsewhere: Files of datasets that lie outside of it, by their path.
        answers: Files of real answers by their path at home.
    """

    artefacts: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    data: Mapping[str, bytes] = field(default_factory=dict)
    elsewhere: Mapping[str, bytes] = field(default_factory=dict)
    answers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came of a task, and what others need of it."""

    answer: TaskResult
    files: TaskFiles = field(default_factory=TaskFiles)
