"""Many workers: a graph on Dask, here or elsewhere; they share nothing but what travels with the nodes."""

from __future__ import annotations

__all__ = ["DaskCluster"]

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.messages import Reply, TaskFiles, artefacts
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.sandbox.sandbox import Limits, WorkerSetup
from recourse_arena.planning.task_graph import CellTask, FitTask, ModelsTask, Task, plugin_of
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import Failure, TaskResult

_WAIT = 30.0
"""Seconds in which a scheduler must answer, and have a worker."""

_TRIES, _PAUSE = 5, 1.0
"""How often workers may die while they are made ready, and seconds in which others come."""

_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1GB",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""What we ask of Dask. Its servers in this process cannot be left out: they serve nothing, to this machine only."""

_HERE = {"protocol": "inproc://", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""How scheduler and workers in this process are reached: not at all from outside."""


@dataclass(frozen=True)
class DaskCluster:
    """Works on nodes with Dask `distributed`: each worker has a sandbox, and gets what a node needs with the node.

    Arguments:
        registry: What is plugged in here.
        setting: Where data and cache lie here, and the solvers handed over; workers have folders of their own.
        limits: What a node may take.
        path: Where Python looks for modules in workers on this machine.
        jobs: Workers on this machine; none of them if there is a scheduler.
        scheduler: Address of a scheduler that has workers.
    """

    registry: Registry
    setting: WorkerSetup
    limits: Limits
    path: Sequence[str] = ()
    jobs: int = 1
    scheduler: str | None = None

    def run(self, nodes: Sequence[Task], progress: Progress) -> Iterator[tuple[Task, TaskResult]]:
        """Yield what comes of each node, as it comes.

        Raises:
            ArenaError: If `distributed` is missing, or the scheduler does not answer or is lost.
        """
        if not nodes:
            return
        distributed = import_distributed()
        from recourse_arena.execution.engines.dask_worker import SandboxPlugin

        cache, token = ArtefactCache(self.setting.cache), f"recourse-arena-{uuid4().hex}"
        with self._connected(distributed) as client:
            bench = SandboxPlugin(self.setting, self.limits, () if self.scheduler else self.path)
            _register(client, bench, token)
            client.subscribe_topic(token, lambda event: progress.part(*event[1]))
            completed = distributed.as_completed(loop=client.loop)
            queue = _Queue(client, completed, token, list(nodes), partial(self._parcel, cache=cache))
            try:
                while queue.waiting or queue.suspects or queue.running:
                    for node in queue.submit():
                        progress.step(node.key, node.label)
                    node, reply = queue.finished()
                    if reply is None:
                        progress.left(node.key)
                        progress.say(f"a Dask worker died with {node.label}; it is tried again alone")
                        continue
                    for (kind, key), content in reply.parcel.artefacts.items():
                        cache.put(kind, key, content)
                    yield node, reply.answer
            finally:
                if self.scheduler and client.status == "running":
                    unsubscribe, unregister = client.unsubscribe_topic, client.unregister_worker_plugin
                    for tidy, what in ((client.cancel, list(queue.running)), (unsubscribe, token), (unregister, token)):
                        with suppress(OSError):  # workers may die at any time; what is left is tidied all the same
                            tidy(what)

    def _parcel(self, node: Task, *, cache: ArtefactCache) -> TaskFiles:
        found = {place: cache.content(*place) for place in artefacts(node)}
        kept = {place: content for place, content in found.items() if content is not None}
        data, answers = {}, {}
        if isinstance(node, ModelsTask):
            home = self.setting.data
            file = self.registry.dataset(node.dataset).location(home)
            if file is not None and file.is_relative_to(home):
                data[str(file.relative_to(home))] = file.read_bytes()
        if isinstance(node, CellTask) and (name := node.cell.scenario.answers):
            answers[name] = Path(name).read_bytes()
        return TaskFiles(kept, data, answers)

    @contextmanager
    def _connected(self, distributed: Any) -> Iterator[Any]:
        import dask

        with dask.config.set(_SETTINGS):
            if self.scheduler is not None:
                with _client(distributed, self.scheduler) as client:
                    yield client
                return
            # Solvers have processes of their own, and workers only wait for them: threads of this process will do.
            worker = {"cls": distributed.Worker, "options": {**_HERE, "nthreads": 1, "memory_limit": 0}}
            scheduler = {"cls": distributed.Scheduler, "options": _HERE}
            workers = dict.fromkeys(range(self.jobs), worker)
            with (
                distributed.SpecCluster(workers, scheduler, silence_logs=logging.CRITICAL) as cluster,
                distributed.Client(cluster, set_as_default=False) as client,
            ):
                yield client


def import_distributed() -> Any:
    """Return Dask's `distributed`.

    Raises:
        ArenaError: If it is not installed.
    """
    try:
        import distributed
    except ImportError:
        raise ArenaError(
            "--jobs and --scheduler need Dask's distributed, which is not installed;\n"
            "install it with: pip install 'recourse-arena[parallel]'"
        ) from None
    return distributed


@dataclass
class _Queue:
    """Nodes on their way to a scheduler: no more at a time than workers take, so that a dying worker has few on it."""

    client: Any
    completed: Any
    token: str
    waiting: list[Task]
    parcel: Callable[[Task], TaskFiles]
    running: dict[Any, Task] = field(default_factory=dict)
    replies: dict[Task, Any] = field(default_factory=dict)
    suspects: list[Task] = field(default_factory=list)
    alone: set[Task] = field(default_factory=set)

    def submit(self) -> list[Task]:
        """Hand over as many nodes as workers are free, fits before cells, and return them; what they need is there.

        Nodes with which a worker died come last and one at a time, so that only the one that killed it fails for it.
        """
        self._put_back_what_is_lost()
        free = max(1, sum(self.client.nthreads().values())) - len(self.running)
        ready = [node for node in self.waiting if all(need in self.replies for need in _needs(node))]
        chosen = sorted(ready, key=lambda node: isinstance(node, CellTask))[: max(0, free)]
        if self.alone & {*self.running.values()}:
            return []
        if not ready and not self.running and self.suspects:
            chosen = [self.suspects.pop(0)]
            self.alone.add(chosen[0])
        for node in chosen:
            if node in self.waiting:
                self.waiting.remove(node)
            self._hand_over(node)
        return chosen

    def _hand_over(self, node: Task) -> None:
        from recourse_arena.execution.engines.dask_worker import work

        needed = [self.replies[need] for need in _needs(node)]
        future = self.client.submit(work, node, self.token, self.parcel(node), *needed, pure=False)
        self.running[future] = node
        self.completed.add(future)

    def finished(self) -> tuple[Task, Reply | None]:
        """Wait until a node is finished, and return it with what came of it; nothing if it is tried again."""
        future = next(self.completed)
        node, reply = self.running.pop(future), _reply(future)
        if reply is None and (node not in self.alone or any(map(self._is_lost, _needs(node)))):
            self.alone.discard(node)
            self.suspects.append(node)
            return node, None
        reply = reply or Reply(
            Failure(Outcome.FAILED, "the Dask worker that ran it died, twice", plugin=plugin_of(node))
        )
        if not isinstance(node, CellTask):  # held, so that others get it from the worker that has it
            self.replies[node] = reply if isinstance(reply.answer, Failure) else future
        return node, reply

    def _is_lost(self, node: Task) -> bool:
        """Return whether what came of a node died with a worker that was making it again for another."""
        held = self.replies.get(node)
        return held is not None and not isinstance(held, Reply) and held.status == "error"

    def _put_back_what_is_lost(self) -> None:
        for node in filter(self._is_lost, list(self.replies)):
            del self.replies[node]
            self.waiting.insert(0, node)


def _register(client: Any, bench: Any, token: str) -> None:
    """Give every worker a bench, also those that come later.

    Raises:
        ArenaError: If a worker cannot take it, or workers die all the time.
    """
    for _ in range(_TRIES):
        try:
            client.register_plugin(bench, name=token)
            return
        except OSError:  # a worker died meanwhile; whoever has a bench gets a new one
            time.sleep(_PAUSE)
        except Exception as error:  # whatever is the matter with a worker's environment
            raise ArenaError(
                f"a Dask worker cannot take part ({type(error).__name__}: {error});\n"
                "workers need the same packages and plugins as this machine"
            ) from error
    raise ArenaError("the workers of the Dask scheduler die before they can start; their logs may say why")


def _needs(node: Task) -> list[Task]:
    if isinstance(node, CellTask):
        return [node.fit.models, node.fit]
    return [node.models] if isinstance(node, FitTask) else []


def _client(distributed: Any, address: str) -> Any:
    try:
        client = distributed.Client(address, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ArenaError(
            f"no Dask scheduler answers at {address} ({type(error).__name__});\n"
            "start one with `dask scheduler` and its workers with `dask worker`, or use --jobs on this machine"
        ) from None
    try:
        client.wait_for_workers(1, timeout=_WAIT)
    except TimeoutError:
        client.close()
        raise ArenaError(f"the Dask scheduler at {address} has no workers; start some with `dask worker`") from None
    return client


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
