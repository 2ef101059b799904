"""Many workers: a graph on Dask, here or elsewhere; they share nothing but what travels with the tasks."""

from __future__ import annotations

__all__ = ["DaskCluster"]

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.messages import TaskFiles
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.engines.task_queue import TaskQueue
from recourse_arena.execution.sandbox.sandbox import WorkerSetup
from recourse_arena.planning.tasks import Task
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import TaskResult

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
    """Works on tasks with Dask `distributed`: each worker has a sandbox, and gets what a task needs with the task.

    Arguments:
        registry: What is plugged in here.
        setting: Where data and cache lie here, the solvers handed over, and what a step may take; workers have folders
            of their own.
        cache: Where models and what solvers learnt are kept here.
        path: Where Python looks for modules in workers on this machine.
        jobs: Workers on this machine; none of them if there is a scheduler.
        scheduler: Address of a scheduler that has workers.
    """

    registry: Registry
    setting: WorkerSetup
    cache: ArtefactCache
    path: Sequence[str] = ()
    jobs: int = 1
    scheduler: str | None = None

    def run(
        self, tasks: Sequence[Task], progress: Progress, known: Mapping[Task, TaskResult] | None = None
    ) -> Iterator[tuple[Task, TaskResult]]:
        """Yield what comes of each task, as it comes.

        Raises:
            ArenaError: If `distributed` is missing, or the scheduler does not answer or is lost.
        """
        if not tasks:
            return
        distributed = import_distributed()
        from recourse_arena.execution.engines.dask_worker import SandboxPlugin

        cache, token = self.cache, f"recourse-arena-{uuid4().hex}"
        with self._connected(distributed) as client:
            plugin = SandboxPlugin(self.setting, () if self.scheduler else self.path)
            _register(client, plugin, token)
            client.subscribe_topic(token, lambda event: progress.part(*event[1]))
            completed = distributed.as_completed(loop=client.loop)
            queue = TaskQueue(client, completed, token, list(tasks), partial(self._files_of, cache=cache), known or {})
            try:
                while queue.waiting or queue.suspects or queue.running:
                    for task in queue.submit():
                        if task.told:
                            progress.step(task.key, task.label)
                    task, reply = queue.finished()
                    if reply is None:
                        progress.left(task.key)
                        progress.say(f"a Dask worker died with {task.label}; it is tried again alone")
                        continue
                    for (kind, key), content in reply.files.artefacts.items():
                        cache.put(kind, key, content)
                    yield task, reply.answer
            finally:
                if self.scheduler and client.status == "running":
                    unsubscribe, unregister = client.unsubscribe_topic, client.unregister_worker_plugin
                    for tidy, what in ((client.cancel, list(queue.running)), (unsubscribe, token), (unregister, token)):
                        with suppress(OSError):  # workers may die at any time; what is left is tidied all the same
                            tidy(what)

    def _files_of(self, task: Task, *, cache: ArtefactCache) -> TaskFiles:
        found = {place: cache.content(*place) for place in task.artefacts}
        kept = {place: content for place, content in found.items() if content is not None}
        data, elsewhere = self._files(task)
        answers = {} if task.answers is None else {task.answers: Path(task.answers).read_bytes()}
        return TaskFiles(kept, data, elsewhere, answers)

    def _files(self, task: Task) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Return the files of a task's dataset, by where they lie in the data directory or else by their path."""
        home, data, elsewhere = self.setting.data, {}, {}
        places = self.registry.dataset(task.dataset_read).files(home) if task.dataset_read else ()
        for place in filter(Path.is_file, places):
            if place.is_relative_to(home):
                data[str(place.relative_to(home))] = place.read_bytes()
            else:
                elsewhere[str(place)] = place.read_bytes()
        return data, elsewhere

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


def _register(client: Any, plugin: Any, token: str) -> None:
    """Give every worker a plugin, also those that come later.

    Raises:
        ArenaError: If a worker cannot take it, or workers die all the time.
    """
    for _ in range(_TRIES):
        try:
            client.register_plugin(plugin, name=token)
            return
        except OSError:  # a worker died meanwhile; whoever has a plugin gets a new one
            time.sleep(_PAUSE)
        except Exception as error:  # whatever is the matter with a worker's environment
            raise ArenaError(
                f"a Dask worker cannot take part ({type(error).__name__}: {error});\n"
                "workers need the same packages and plugins as this machine"
            ) from error
    raise ArenaError("the workers of the Dask scheduler die before they can start; their logs may say why")


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
