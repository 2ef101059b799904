"""A process of its own for other people's code: what crashes, hangs or eats memory there costs its own cell only."""

from __future__ import annotations

__all__ = ["Limits", "Sandbox", "WorkerSetup", "parsed_memory"]

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle
import psutil

from recourse_arena.base.arithmetic import environment
from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.worker.progress_events import Listener, Part
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.solver import Solver
from recourse_arena.planning.tasks import Task
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.discovery import BLOCKED, METRICS
from recourse_arena.storage.task_result import Failure, TaskResult

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@dataclass(frozen=True)
class Limits:
    """Limits of a step of a run: preparing a solver, or a cell.

    Arguments:
        timeout: Seconds it may take; none for any number.
        memory: Bytes its process may hold; none for any number.
    """

    timeout: float | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        if self.timeout is not None and (type(self.timeout) not in (int, float) or not 0 < self.timeout < float("inf")):
            raise ArenaError(f"timeout: expected seconds above 0, got {self.timeout!r}")
        if self.memory is not None and (type(self.memory) is not int or self.memory <= 0):
            raise ArenaError(f"memory: expected bytes above 0, got {self.memory!r}")

    def __bool__(self) -> bool:
        return self.timeout is not None or self.memory is not None


def parsed_memory(text: str) -> int:
    """Return the bytes that a text such as `4GB` or `512 MiB` says.

    Example:
        >>> parsed_memory("1.5GB"), parsed_memory("2 MiB")
        (1500000000, 2097152)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text.lower())
    if not found or found[2] not in _UNITS:
        raise ArenaError(f"memory: expected a size such as 4GB or 512MiB, got {text!r}")
    return int(float(found[1]) * _UNITS[found[2]])


_LOOK = 0.1
"""Seconds between looks at the memory of a process."""


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker in another process needs to know.

    Arguments:
        data: Data directory.
        cache: Artefact cache.
        solvers: The solvers handed over as objects, by name, as a pickle: it is read there only, so that a solver whose
            module is missing there fails, and nothing else.
        no_plugins: Names of plugins to block, `*` for all that are not built in; they need not be there.
        metrics: Names of the metrics of plugins that are measured.
    """

    data: Path
    cache: Path | None
    solvers: bytes = b""
    datasets: bytes = b""
    no_plugins: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        data: Path,
        cache: Path | None,
        solvers: Mapping[str, Solver],
        no_plugins: Sequence[str] = (),
        datasets: Mapping[str, Dataset] | None = None,
        metrics: Sequence[str] = (),
    ) -> WorkerSetup:
        """Return the setting of folders, solvers, datasets and plugins that are blocked, here or by the environment.

        Raises:
            ArenaError: If a solver or dataset cannot be pickled.
        """
        pickled, tables = _pickled("solver", solvers), _pickled("dataset", datasets or {})
        blocked = (*no_plugins, *filter(None, os.environ.get(BLOCKED, "").split(",")))
        return cls(data.absolute(), cache and cache.absolute(), pickled, tables, blocked, tuple(metrics))


def _pickled(what: str, objects: Mapping[str, object]) -> bytes:
    try:
        return cloudpickle.dumps(dict(objects)) if objects else b""
    except Exception as error:  # an object may hold anything
        raise ArenaError(
            f"a {what} object cannot travel to another process ({type(error).__name__}: {error});\n"
            "run it with jobs=1 and without limits, or install it as a plugin and name it"
        ) from None


@dataclass
class Sandbox:
    """Works on tasks in a process of its own, which is replaced when it dies or has to be ended.

    Objects travel as pickles between this process and its own child, never through a file.

    Arguments:
        setting: What the process needs to know.
        limits: What a task may take; models are ours and may take any time.
        path: Where Python looks for modules there, before its own places.
    """

    setting: WorkerSetup
    limits: Limits
    path: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = None
    _line: Connection | None = None
    _ready: bool = False

    def start(self) -> None:
        """Start the process, if there is none; it gets ready while others go on."""
        if self._process is not None:
            return
        content = cloudpickle.dumps((tuple(self.path), cloudpickle.dumps(self.setting)))
        self._line, theirs = Pipe()
        command = [sys.executable, "-m", "recourse_arena.execution.sandbox.process", str(theirs.fileno())]
        # A session of its own: Ctrl-C reaches this process, which decides what becomes of the other one.
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=_environment(self.setting), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=2,
        )  # fmt: skip
        theirs.close()
        self._line.send_bytes(content)

    def work(self, task: Task, before: TaskResult | None = None, listener: Listener | None = None) -> TaskResult:
        """Return what comes of a task; if the process dies of it, why."""
        answer = self._work(task, before, listener)
        if isinstance(answer, Failure) and answer.outcome is not Outcome.SKIPPED and not answer.plugin:
            return replace(answer, plugin=task.plugin)
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._end(kill=True)

    def _work(self, task: Task, before: TaskResult | None, listener: Listener | None) -> TaskResult:
        self.start()
        assert self._line is not None
        try:
            if not self._ready and (trouble := self._answer(Limits(memory=self.limits.memory))):
                self.close()
                return trouble
            self._ready = True
            self._line.send_bytes(cloudpickle.dumps((task, before)))
            limits = self.limits if task.limited else Limits(memory=self.limits.memory)
            return self._answer(limits, listener)
        except (EOFError, OSError):
            return Failure(Outcome.FAILED, f"its process ended by itself: {self._end()}")

    def _answer(self, limits: Limits, listener: Listener | None = None) -> Any:
        """Return what the process answers, or end it if that takes too much; on the way it may say how far it is."""
        assert self._line is not None
        start = time.monotonic()
        while True:
            spent = time.monotonic() - start
            left = float("inf") if limits.timeout is None else limits.timeout - spent
            wait = min(left, _LOOK) if limits.memory is not None else left
            if self._line.poll(None if wait == float("inf") else max(wait, 0.0)):
                said = cloudpickle.loads(self._line.recv_bytes())
                if not isinstance(said, Part):
                    return said
                if listener:
                    listener(said.share, said.loss)
            if limits.memory is not None and (held := self._memory()) > limits.memory:
                self._end(kill=True)
                return Failure(
                    Outcome.FAILED, f"took {held / 1e9:.1f} GB of memory; {limits.memory / 1e9:.1f} GB are allowed"
                )
            if left <= 0:
                self._end(kill=True)
                return Failure(Outcome.TIMED_OUT, f"not done after {limits.timeout:g} seconds, the time allowed")

    def _memory(self) -> int:
        """Return the bytes that the process and its children hold."""
        assert self._process is not None
        held = 0
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            root = psutil.Process(self._process.pid)
            for process in [root, *root.children(recursive=True)]:
                held += process.memory_info().rss
        return held

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
        if code >= 0:
            return f"exit status {code}"
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"


def _environment(setting: WorkerSetup) -> dict[str, str]:
    """Return the environment of the process.

    Dask's nannies tell malloc to give memory back at once, which their own workers want; training with PyTorch takes
    half as long again with it.
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    wanted = dict.fromkeys(names, "1")  # as the worker wants it, for NumPy and others too
    if setting.no_plugins:
        wanted[BLOCKED] = ",".join(setting.no_plugins)
    wanted[METRICS] = ",".join(setting.metrics)
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
    return environment(kept) | wanted
