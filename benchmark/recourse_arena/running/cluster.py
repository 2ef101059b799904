"""Many workers: a graph on Dask, here or elsewhere; they share nothing but what travels with the nodes."""

from __future__ import annotations

__all__ = ["Cluster"]

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from recourse_arena.plugins import Registry
from recourse_arena.problem.errors import ArenaError
from recourse_arena.problem.recommendation import Outcome
from recourse_arena.running.answer import Answer, Failure
from recourse_arena.running.cache import ArtefactCache
from recourse_arena.running.graph import CellNode, FitNode, ModelsNode, Node
from recourse_arena.running.limits import Limits
from recourse_arena.running.progress import Progress
from recourse_arena.running.sandbox import Setting

if TYPE_CHECKING:
    from recourse_arena.running.bench import Parcel, Reply

_WAIT = 30.0
"""Seconds in which a scheduler must answer, and have a worker."""


@dataclass(frozen=True)
class Cluster:
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
    setting: Setting
    limits: Limits
    path: Sequence[str] = ()
    jobs: int = 1
    scheduler: str | None = None

    def run(self, nodes: Sequence[Node], progress: Progress) -> Iterator[tuple[Node, Answer]]:
        """Yield what comes of each node, as it comes.

        Raises:
            ArenaError: If `distributed` is missing, or the scheduler does not answer or is lost.
        """
        if not nodes:
            return
        distributed = import_distributed()
        from recourse_arena.running.bench import Bench

        cache, token = ArtefactCache(self.setting.cache), f"recourse-arena-{uuid4().hex}"
        with self._connected(distributed) as client:
            threads = None if self.scheduler else max(1, (os.cpu_count() or 1) // self.jobs)
            path = () if self.scheduler else self.path
            bench = Bench(replace(self.setting, threads=threads), self.limits, path)
            client.register_plugin(bench, name=token)
            futures = self._submit(client, nodes, cache, token)
            progress.step(f"{len(client.nthreads())} workers: {nodes[0].label}")
            try:
                for future in distributed.as_completed(futures):
                    reply = _reply(future, distributed)
                    for (kind, key), content in reply.parcel.artefacts.items():
                        cache.put(kind, key, content)
                    yield futures[future], reply.answer
            finally:
                if self.scheduler and client.status == "running":
                    client.cancel(list(futures))
                    client.unregister_worker_plugin(token)

    def _submit(self, client: Any, nodes: Sequence[Node], cache: ArtefactCache, token: str) -> dict[Any, Node]:
        """Hand all nodes to the scheduler; whatever travels with them can be sent again if a worker dies."""
        from recourse_arena.running.bench import work

        made: dict[Node, Any] = {}
        for node in nodes:
            needs: list[Node] = [node.fit.models, node.fit] if isinstance(node, CellNode) else []
            needs += [node.models] if isinstance(node, FitNode) else []
            # Early nodes first: whoever is fitted serves its cells before the next one is fitted.
            made[node] = client.submit(
                work,
                node,
                token,
                self._parcel(node, cache),
                *(made[need] for need in needs),
                pure=False,
                priority=len(nodes) - len(made) if isinstance(node, CellNode) else 10 * len(nodes),
            )
        return {future: node for node, future in made.items()}

    def _parcel(self, node: Node, cache: ArtefactCache) -> Parcel:
        from recourse_arena.running.bench import Parcel, artefacts

        found = {place: cache.content(*place) for place in artefacts(node)}
        kept = {place: content for place, content in found.items() if content is not None}
        data, answers = {}, {}
        if isinstance(node, ModelsNode):
            home = self.setting.data
            file = self.registry.dataset(node.dataset).location(home)
            if file is not None and file.is_relative_to(home):
                data[str(file.relative_to(home))] = file.read_bytes()
        if isinstance(node, CellNode) and (name := node.cell.scenario.answers):
            answers[name] = Path(name).read_bytes()
        return Parcel(kept, data, answers)

    @contextmanager
    def _connected(self, distributed: Any) -> Iterator[Any]:
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
            if self.scheduler is None:
                local = {"processes": True, "threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None}
                with (
                    distributed.LocalCluster(n_workers=self.jobs, silence_logs=logging.CRITICAL, **local) as cluster,
                    distributed.Client(cluster, set_as_default=False) as client,
                ):
                    yield client
                return
            with _client(distributed, self.scheduler) as client:
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


def _reply(future: Any, distributed: Any) -> Reply:
    """Return what came of a future; a failure if its workers died over it.

    Raises:
        ArenaError: If the scheduler is lost.
    """
    from recourse_arena.running.bench import Reply

    if future.status in ("cancelled", "lost"):
        raise ArenaError("the Dask scheduler is lost; what is done is kept, and the same command goes on")
    error = future.exception() if future.status == "error" else None
    if error is None:
        reply: Reply = future.result()
        return reply
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, distributed.KilledWorker):
        reason = "every Dask worker that tried it died"
    return Reply(Failure(Outcome.FAILED, reason))
