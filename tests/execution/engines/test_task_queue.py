"""The queue of tasks on their way to a scheduler."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from recourse_arena.execution.engines.messages import Reply, TaskFiles
from recourse_arena.execution.engines.task_queue import TaskQueue
from recourse_arena.storage.task_result import FitResult


@dataclass(frozen=True, eq=False)
class Step:
    """A task that counts how often it is looked at."""

    looks: list
    before: tuple = ()
    told: bool = True

    @property
    def needs(self):
        self.looks.append(1)
        return self.before

    def __hash__(self):
        self.looks.append(1)
        return id(self)


class Completed(deque):
    """Futures in the order in which they were handed over."""

    add = deque.append
    __next__ = deque.popleft


def worked(cells):
    """Work on a run: 4 models, 4 fits of each, and advice and judgement of each cell; return the looks at tasks."""
    looks = []
    models = [Step(looks) for _ in range(4)]
    fits = [Step(looks, (models[i % 4],)) for i in range(16)]
    advice = [Step(looks, (fits[i % 16].before[0], fits[i % 16])) for i in range(cells)]
    judged = [Step(looks, (one.before[0], one), told=False) for one in advice]
    finished = SimpleNamespace(status="finished", exception=lambda: None, result=lambda: Reply(FitResult(0.0)))
    client = SimpleNamespace(
        nthreads=lambda: {"a": 2}, submit=lambda *words, **options: SimpleNamespace(**vars(finished))
    )
    client.submit = lambda *words, **options: _Future(finished)
    tasks = [*models, *fits, *advice, *judged]
    queue = TaskQueue(client, Completed(), "token", tasks, lambda task: TaskFiles(), {})
    done = 0
    while queue.submit() or queue.running:
        while queue.running:
            done += queue.finished()[1] is not None
            queue.submit()
    assert done == len(tasks)
    return len(looks)


class _Future:
    def __init__(self, said):
        self.status, self.exception, self.result = said.status, said.exception, said.result


def test_the_work_of_the_queue_grows_no_faster_than_the_cells():
    pytest.importorskip("distributed")
    looks = {cells: worked(cells) for cells in (400, 800, 1600)}
    assert looks[1600] - looks[800] <= 2.1 * (looks[800] - looks[400])
    assert looks[1600] / 1600 < 100
