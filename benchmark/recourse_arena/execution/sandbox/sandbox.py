"""A worker in a process of its own: it fits models and judges, and has solvers in processes of theirs."""

from __future__ import annotations

__all__ = ["Sandbox", "WorkerSetup"]

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle

from recourse_arena.execution.guard.progress_events import Listener, Part
from recourse_arena.execution.solving.limits import Limits
from recourse_arena.execution.solving.nursery import how_it_ended
from recourse_arena.execution.solving.surroundings import computing, pickled
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.planning.tasks import Task
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.discovery import BLOCKED, METRICS
from recourse_arena.storage.task_result import Failure, TaskResult

_LOOK = 5.0
"""Seconds of silence after which a process is told to go on."""


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker in another process needs to know.

    Arguments:
        data: Data directory.
        cache: Artefact cache.
        solvers: The solvers handed over as objects, by name, each as a pickle that is read in its own process only.
        datasets: The datasets handed over, as a pickle.
        limits: What a step of a solver may take.
        no_plugins: Names of plugins to block, `*` for all that are not built in; they need not be there.
        metrics: Names of the metrics of plugins that are measured.
        plugins: Name, distribution and version of each plugin that is needed.
    """

    data: Path
    cache: Path | None
    solvers: Mapping[str, bytes] = field(default_factory=dict)
    datasets: bytes = b""
    limits: Limits = field(default_factory=Limits)
    no_plugins: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    plugins: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(
        cls,
        data: Path,
        cache: Path | None,
        solvers: Mapping[str, bytes],
        no_plugins: Sequence[str] = (),
        datasets: Mapping[str, Dataset] | None = None,
        limits: Limits | None = None,
        metrics: Sequence[str] = (),
    ) -> WorkerSetup:
        """Return the setting of folders, solvers, datasets and plugins that are blocked, here or by the environment.

        Raises:
            ArenaError: If a dataset cannot be pickled.
        """
        tables = pickled("dataset", dict(datasets)) if datasets else b""
        blocked = (*no_plugins, *filter(None, os.environ.get(BLOCKED, "").split(",")))
        held, kept = data.absolute(), cache and cache.absolute()
        return cls(held, kept, solvers, tables, limits or Limits(), blocked, tuple(metrics))


@dataclass
class Sandbox:
    """Works on tasks in a process of its own, which is replaced when it dies.

    Objects travel as pickles between this process and its own child, in which no solver's code runs. So do artefacts:
    the child believes no file that it has not put into its cache itself.

    Arguments:
        setting: What the process needs to know.
        path: Where Python looks for modules there, before its own places.
    """

    setting: WorkerSetup
    path: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = None
    _line: Connection | None = None
    _ready: bool = False
    _given: set[tuple[str, str]] = field(default_factory=set)

    def start(self) -> None:
        """Start the process, if there is none; it gets ready while others go on."""
        if self._process is not None:
            return
        self._given = set()
        content = cloudpickle.dumps((tuple(self.path), cloudpickle.dumps(self.setting)))
        self._line, theirs = Pipe()
        command = [sys.executable, "-m", "recourse_arena.execution.sandbox.process", str(theirs.fileno())]
        environment = {**computing(self.setting.no_plugins), METRICS: ",".join(self.setting.metrics)}
        # A session of its own: Ctrl-C reaches this process, which decides what becomes of the other one.
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=2,
        )  # fmt: skip
        theirs.close()
        self._line.send_bytes(content)

    def work(
        self,
        task: Task,
        before: TaskResult | None = None,
        listener: Listener | None = None,
        artefacts: Mapping[tuple[str, str], bytes] | None = None,
    ) -> tuple[TaskResult, Mapping[tuple[str, str], bytes]]:
        """Return what comes of a task, and the artefacts that it keeps; if the process dies of it, why.

        Arguments:
            task: The task.
            before: What came of the last task it needs.
            listener: Hears how far it is.
            artefacts: Artefacts it needs, by kind and key.
        """
        try:
            self.start()
            assert self._line is not None
            if not self._ready and (trouble := self._answer()):
                self.close()
                return trouble, {}
            self._ready = True
            new = {place: content for place, content in (artefacts or {}).items() if place not in self._given}
            self._given |= {*new}
            self._line.send_bytes(cloudpickle.dumps((task, before, new)))
            answer, made = self._answer(listener)
            return answer, made
        except (EOFError, OSError):
            return Failure(Outcome.FAILED, f"its process ended by itself: {self._end()}", plugin=task.plugin), {}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._end(kill=True)

    def _answer(self, listener: Listener | None = None) -> Any:
        """Return what the process answers; on the way it may say how far it is."""
        assert self._line is not None
        while True:
            while not self._line.poll(_LOOK):
                if self._process is not None:
                    self._process.send_signal(signal.SIGCONT)  # a solver may have stopped it
            said = cloudpickle.loads(self._line.recv_bytes())
            if not isinstance(said, Part):
                return said
            if listener:
                listener(said.share, said.loss)

    def _end(self, *, kill: bool = False) -> str:
        """Wait until the process is gone, all it started with it, and return how it ended."""
        assert self._process is not None
        assert self._line is not None
        process, self._process, self._ready = self._process, None, False
        if not kill:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        self._line.close()
        return how_it_ended(code)
