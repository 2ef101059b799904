"""The other side of a sandbox: receives tasks over a pipe, works on them, and sends back what came of them."""

from __future__ import annotations

__all__ = ["serve"]

import os
import queue
import sys
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import cloudpickle

if TYPE_CHECKING:
    from recourse_arena.execution.sandbox.sandbox import WorkerSetup
    from recourse_arena.execution.solving.nursery import Nursery
    from recourse_arena.execution.worker.local_worker import LocalWorker


def serve(line: Connection, nursery: Nursery) -> None:
    """Answer what comes over `line` until its other end is closed; solvers come from a nursery."""
    received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(line, received), daemon=True).start()
    turn = threading.Lock()  # a solver may say how far it is from any of its threads

    def send(what: object) -> None:
        with turn:
            line.send_bytes(cloudpickle.dumps(what))

    try:
        worker = _worker(received.get(), nursery)
    except Exception as error:  # whoever asks for anything is told
        from recourse_arena.storage.task_result import Failure

        send(Failure.of(error))
        return
    from recourse_arena.execution.guard.progress_events import Part
    from recourse_arena.storage.task_result import Failure

    send(None)  # ready
    while True:
        task, before, artefacts = cloudpickle.loads(received.get())
        for (kind, key), content in artefacts.items():
            worker.cache.put(kind, key, content)
        answer = worker.work(task, before, lambda share, loss: send(Part(share, loss)))
        found = {} if isinstance(answer, Failure) else {place: worker.cache.content(*place) for place in task.artefacts}
        send((answer, {place: content for place, content in found.items() if content is not None}))


def _listen(line: Connection, received: queue.SimpleQueue[bytes]) -> None:
    """Pass on what comes; nobody is left to work for once the other end is gone, whatever runs here."""
    while True:
        try:
            received.put(line.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)


def _worker(content: bytes, nursery: Nursery) -> LocalWorker:
    # The path is in front of the pickle's own modules: those of a notebook may lie where only it looks.
    path, rest = cloudpickle.loads(content)
    sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
    setting: WorkerSetup = cloudpickle.loads(rest)
    from recourse_arena.execution.solving.solver_process import Apart
    from recourse_arena.execution.worker.local_worker import LocalWorker
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    registry = discover()
    for dataset in (cloudpickle.loads(setting.datasets) if setting.datasets else {}).values():
        registry.hand_over(dataset)
    apart = Apart(nursery, setting.limits, setting.solvers, tuple(path), registry)
    return LocalWorker(registry, setting.data, ArtefactCache.believing(setting.cache), apart=apart)


if __name__ == "__main__":
    from recourse_arena.execution.solving import nursery

    nursery.goes_on_without_parent()
    serve(Connection(int(sys.argv[1])), nursery.Nursery.preloaded())
