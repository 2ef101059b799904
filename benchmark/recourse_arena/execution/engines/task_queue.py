"""Nodes on their way to a scheduler, and what came of those that others need."""

from __future__ import annotations

__all__ = ["TaskQueue"]

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.messages import Reply, TaskFiles
from recourse_arena.planning.tasks import Task
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.task_result import Failure, TaskResult


@dataclass
class TaskQueue:
    """Hands over no more nodes at a time than workers take, so that a dying worker has few on it.

    A step costs the same however many nodes wait: one is looked at again only when the last of its needs is there.

    Arguments:
        client: A client of Dask's.
        completed: Futures as they are completed.
        token: Name of the bench on each worker.
        nodes: The nodes; what they need is among them, or known.
        known: What came of other needs.
        parcel: Returns what travels with a node.
    """

    client: Any
    completed: Any
    token: str
    nodes: InitVar[Sequence[Task]]
    parcel: Callable[[Task], TaskFiles]
    known: InitVar[Mapping[Task, TaskResult]]
    waiting: set[Task] = field(default_factory=set)
    running: dict[Any, Task] = field(default_factory=dict)
    replies: dict[Task, Any] = field(default_factory=dict)
    suspects: deque[Task] = field(default_factory=deque)
    alone: set[Task] = field(default_factory=set)

    def __post_init__(self, nodes: Sequence[Task], known: Mapping[Task, TaskResult]) -> None:
        self.waiting.update(nodes)
        self.replies.update({node: Reply(answer) for node, answer in known.items()})
        self._missing = {node: sum(need not in known for need in node.needs) for node in nodes}
        self._dependents: dict[Task, list[Task]] = {}
        for node in nodes:
            for need in node.needs:
                self._dependents.setdefault(need, []).append(node)
        self._open = {need: len(nodes) for need, nodes in self._dependents.items()}
        self._lines: tuple[deque[Task], deque[Task]] = deque(), deque()  # what others need, and the rest
        self._lined_up: set[Task] = set()
        for node in nodes:
            self._line_up(node)

    def submit(self) -> list[Task]:
        """Hand over as many nodes as workers are free and return them: those that others need come first.

        Nodes with which a worker died come last and one at a time, so that only the one that killed it fails for it.
        """
        if self.alone & {*self.running.values()}:
            return []
        free = max(1, sum(self.client.nthreads().values())) - len(self.running)
        chosen: list[Task] = []
        while len(chosen) < free and (node := self._next()):
            self._hand_over(node)
            chosen.append(node)
        if not self.running and (node := self._next_suspect()):
            self._hand_over(node)
            chosen.append(node)
        return chosen

    def _hand_over(self, node: Task) -> None:
        from recourse_arena.execution.engines.dask_worker import work

        needed = [self.replies[need] for need in node.needs]
        future = self.client.submit(work, node, self.token, self.parcel(node), *needed, pure=False)
        self.running[future] = node
        self.completed.add(future)

    def finished(self) -> tuple[Task, Reply | None]:
        """Wait until a node is finished, and return it with what came of it; nothing if it is tried again."""
        future = next(self.completed)
        node, reply = self.running.pop(future), _reply(future)
        if reply is None and (node not in self.alone or any(map(self._is_lost, node.needs))):
            self.alone.discard(node)
            self.suspects.append(node)
            return node, None
        reply = reply or Reply(Failure(Outcome.FAILED, "the Dask worker that ran it died, twice", plugin=node.plugin))
        self._let_go(node)
        if dependents := self._dependents.get(node):  # held, so that they get it from the worker that has it
            self.replies[node] = reply if isinstance(reply.answer, Failure) else future
            for dependent in dependents:
                self._missing[dependent] -= 1
                self._line_up(dependent)
        return node, reply

    def _let_go(self, node: Task) -> None:
        """Let go of what came of needs that nobody else waits for: a long run does not hold all of them."""
        for need in node.needs:
            self._open[need] -= 1
            if not self._open[need]:
                self.replies.pop(need, None)

    def _line_up(self, node: Task) -> None:
        if node in self.waiting and not self._missing[node] and node not in self._lined_up:
            self._lined_up.add(node)
            self._lines[node not in self._dependents].append(node)

    def _next(self) -> Task | None:
        """Take a node whose needs are all there, if there is one."""
        while line := self._lines[0] or self._lines[1]:
            node = line.popleft()
            self._lined_up.discard(node)
            self._put_back_what_is_lost(node)
            if not self._missing[node]:
                self.waiting.discard(node)
                return node
        return None

    def _next_suspect(self) -> Task | None:
        """Take a node with which a worker died, or what it needs, if that is lost."""
        if not self.suspects:
            return None
        self._put_back_what_is_lost(self.suspects[0])
        if (need := self._next()) is not None:
            return need
        self.alone.add(self.suspects[0])
        return self.suspects.popleft()

    def _is_lost(self, node: Task) -> bool:
        """Return whether what came of a node died with a worker that was making it again for another."""
        held = self.replies.get(node)
        return held is not None and not isinstance(held, Reply) and held.status == "error"

    def _put_back_what_is_lost(self, node: Task) -> None:
        """Make again what a node needs and is lost; meanwhile the needs of all that need it are missing."""
        for need in filter(self._is_lost, node.needs):
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
