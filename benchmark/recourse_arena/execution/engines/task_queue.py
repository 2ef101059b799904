"""Tasks on their way to a scheduler, and what came of those that others need."""

from __future__ import annotations

__all__ = ["TaskQueue"]

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from heapq import heappop, heappush
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.messages import Reply, TaskFiles
from recourse_arena.planning.tasks import Task
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.task_result import Failure, TaskResult


@dataclass
class TaskQueue:
    """Hands over no more tasks at a time than workers take, so that a dying worker has few on it.

    However many tasks wait, one is looked at again only when the last of its needs is there. Of those whose needs are
    there, what is done at once comes first, then what others need, then the rest; within each in the order given.

    Arguments:
        client: A client of Dask's.
        completed: Futures as they are completed.
        token: Name of the plugin on each worker.
        tasks: The tasks, in the order in which they are wanted; what they need is among them, or known.
        known: What came of other needs.
        files: Returns what travels with a task.
    """

    client: Any
    completed: Any
    token: str
    tasks: InitVar[Sequence[Task]]
    files: Callable[[Task], TaskFiles]
    known: InitVar[Mapping[Task, TaskResult]]
    waiting: set[Task] = field(default_factory=set)
    running: dict[Any, Task] = field(default_factory=dict)
    replies: dict[Task, Any] = field(default_factory=dict)
    suspects: deque[Task] = field(default_factory=deque)
    alone: set[Task] = field(default_factory=set)

    def __post_init__(self, tasks: Sequence[Task], known: Mapping[Task, TaskResult]) -> None:
        self.waiting.update(tasks)
        self.replies.update({task: Reply(answer) for task, answer in known.items()})
        self._missing = {task: sum(need not in known for need in task.needs) for task in tasks}
        self._dependents: dict[Task, list[Task]] = {}
        for task in tasks:
            for need in task.needs:
                self._dependents.setdefault(need, []).append(task)
        self._open = Counter(need for task in tasks if task not in self._dependents for need in task.needs)
        self._place = {task: place for place, task in enumerate(tasks)}
        self._line: list[tuple[int, int, Task]] = []  # a heap; places differ, so that tasks are never compared
        self._lined_up: set[Task] = set()
        for task in tasks:
            self._line_up(task)

    def submit(self) -> list[Task]:
        """Hand over as many tasks as workers are free and return them.

        Tasks with which a worker died come last and one at a time, so that only the one that killed it fails for it.
        """
        if self.alone & {*self.running.values()}:
            return []
        free = max(1, sum(self.client.nthreads().values())) - len(self.running)
        chosen: list[Task] = []
        while len(chosen) < free and (task := self._next()):
            self._hand_over(task)
            chosen.append(task)
        if not self.running and (task := self._next_suspect()):
            self._hand_over(task)
            chosen.append(task)
        return chosen

    def _hand_over(self, task: Task) -> None:
        from recourse_arena.execution.engines.dask_worker import work

        needed = [self.replies[need] for need in task.needs]
        future = self.client.submit(work, task, self.token, self.files(task), *needed, pure=False)
        self.running[future] = task
        self.completed.add(future)

    def finished(self) -> tuple[Task, Reply | None]:
        """Wait until a task is finished, and return it with what came of it; nothing if it is tried again."""
        future = next(self.completed)
        task, reply = self.running.pop(future), _reply(future)
        if reply is None and (task not in self.alone or any(map(self._is_lost, task.needs))):
            self.alone.discard(task)
            self.suspects.append(task)
            return task, None
        reply = reply or Reply(Failure(Outcome.FAILED, "the Dask worker that ran it died, twice", plugin=task.plugin))
        self._let_go(task)
        if dependents := self._dependents.get(task):  # held, so that they get it from the worker that has it
            self.replies[task] = reply if isinstance(reply.answer, Failure) else future
            for dependent in dependents:
                self._missing[dependent] -= 1
                self._line_up(dependent)
        return task, reply

    def _let_go(self, task: Task) -> None:
        """Let go of advice that is judged: a long run does not hold all of it.

        Nothing rests on a judgement or on a changed model, so it is never made again, and neither is what it alone
        needs.
        """
        for need in task.needs if task not in self._dependents else ():
            self._open[need] -= 1
            if not self._open[need]:
                self.replies.pop(need, None)

    def _line_up(self, task: Task) -> None:
        if task in self.waiting and not self._missing[task] and task not in self._lined_up:
            self._lined_up.add(task)
            urgency = 0 if not task.told else 1 if task in self._dependents else 2
            heappush(self._line, (urgency, self._place[task], task))

    def _next(self) -> Task | None:
        """Take a task whose needs are all there, if there is one."""
        while self._line:
            *_, task = heappop(self._line)
            self._lined_up.discard(task)
            self._put_back_what_is_lost(task)
            if not self._missing[task]:
                self.waiting.discard(task)
                return task
        return None

    def _next_suspect(self) -> Task | None:
        """Take a task with which a worker died, or what it needs, if that is lost."""
        if not self.suspects:
            return None
        self._put_back_what_is_lost(self.suspects[0])
        if (need := self._next()) is not None:
            return need
        self.alone.add(self.suspects[0])
        return self.suspects.popleft()

    def _is_lost(self, task: Task) -> bool:
        """Return whether what came of a task died with a worker that was making it again for another."""
        held = self.replies.get(task)
        return held is not None and not isinstance(held, Reply) and held.status == "error"

    def _put_back_what_is_lost(self, task: Task) -> None:
        """Make again what a task needs and is lost; meanwhile the needs of all that need it are missing."""
        for need in filter(self._is_lost, task.needs):
            del self.replies[need]
            self.waiting.add(need)
            for dependent in self._dependents[need]:
                self._missing[dependent] += 1
            self._line_up(need)


def _reply(future: Any) -> Reply | None:
    """Return what came of a future; nothing if its worker died over it.

    Raises:
        ArenaError: If the scheduler is lost.
    """
    from distributed import KilledWorker

    if future.status in ("cancelled", "lost"):
        raise ArenaError("the Dask scheduler is lost; what is done is kept, and the same command goes on")
    error = future.exception() if future.status == "error" else None
    if error is None:
        reply: Reply = future.result()
        return reply
    if isinstance(error, KilledWorker):
        return None
    return Reply(Failure(Outcome.FAILED, f"{type(error).__name__}: {error}"))
