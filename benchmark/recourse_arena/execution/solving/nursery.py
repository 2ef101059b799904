"""A clean process that forks others: one for each solver, in which libraries are loaded and no plugin's code has run.

It is forked from a process before that has read anything, or started anew. It holds no dataset, no model, no result.
"""

from __future__ import annotations

__all__ = ["Child", "Nursery", "goes_on_without_parent", "how_it_ended"]

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from recourse_arena.execution.solving.line import Line

_DEAF = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT)
"""Signals that a solver may send its parent, to no effect."""

_SUBREAPER, _WITH_PARENT = 36, 1
"""Of prctl(2): who is left behind by a child becomes this process's child, wherever it hides (PR_SET_CHILD_SUBREAPER);
a process gets a signal when its parent ends (PR_SET_PDEATHSIG)."""

_MOST = 65_536
"""Bytes of a message to the nursery."""

_LOOK = 1.0
"""Seconds after which a process that does not answer is told to go on: a solver may have stopped it."""


@dataclass(frozen=True)
class Child:
    """A process that the nursery forked, leader of its own session.

    Arguments:
        pid: Its number.
        line: What connects with it.
    """

    pid: int
    line: Line


@dataclass
class Nursery:
    """This process's side of a nursery.

    Arguments:
        control: What connects with it.
        pid: Its number.
        started: The process, where it was started rather than forked.
    """

    control: socket.socket
    pid: int
    started: subprocess.Popen[bytes] | None = None

    @classmethod
    def forked(cls) -> Nursery:
        """Fork this process, which must not have run or read anything that others may not see, and have one thread."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _serve(theirs)
        theirs.close()
        return cls(ours, pid)

    @classmethod
    def preloaded(cls) -> Nursery:
        """Import what every solver needs, and fork this process: the first thing that a process does."""
        _preload()
        return cls.forked()

    @classmethod
    def new(cls) -> Nursery:
        """Start a process of its own, where this one is not clean."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "recourse_arena.execution.solving.nursery", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=2)
        theirs.close()
        return cls(ours, process.pid, process)

    def child(self, role: str) -> Child:
        """Fork a child that serves in a role, one of `solver` and `describing`.

        Raises:
            OSError: If the nursery is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [_packed({"fork": role})], [theirs.fileno()])
        try:
            return Child(int(self._answer()["pid"]), Line(ours))
        except BaseException:
            ours.close()
            raise

    def end(self, child: Child, grace: float = 0.0) -> int | None:
        """End a child and whatever it left running, and return its exit status, negative for a signal; none if unknown.

        Arguments:
            child: The child.
            grace: Seconds in which it may end by itself.
        """
        with contextlib.suppress(OSError):
            child.line.close()
        try:
            self.control.sendall(_packed({"end": child.pid, "grace": grace}))
            status = self._answer()["status"]
        except OSError:  # nobody is left to wait for it
            _kill_group(child.pid)
            return None
        return None if status is None else int(status)

    def close(self) -> None:
        """End the nursery, and with it all its children."""
        self.control.close()
        if self.started is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.started.wait(timeout=5)

    def _answer(self) -> dict[str, Any]:
        while not select.select([self.control], [], [], _LOOK)[0]:
            os.kill(self.pid, signal.SIGCONT)
        said = self.control.recv(_MOST)
        if not said:
            raise OSError("the nursery of solver processes is gone")
        answer: dict[str, Any] = json.loads(said)
        return answer


def how_it_ended(code: int) -> str:
    """Return an exit status in words, negative for a signal.

    Example:
        >>> how_it_ended(3), how_it_ended(-11)
        ('exit status 3', 'killed by SIGSEGV')
    """
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _packed(what: dict[str, Any]) -> bytes:
    return json.dumps(what).encode()


def _serve(control: socket.socket) -> None:
    """Fork and end children as asked, until the other end is closed; never returns."""
    os.setsid()
    for deaf in _DEAF:
        signal.signal(deaf, signal.SIG_IGN)
    _prctl(_SUBREAPER, 1)
    goes_on_without_parent()
    _close_all_but(control.fileno())
    os.dup2(2, 1)
    gc.freeze()  # what is there now stays shared with the children
    children: set[int] = set()
    while True:
        try:
            said, handed, _, _ = socket.recv_fds(control, _MOST, 1)
        except OSError:
            said, handed = b"", []
        if not said:
            for pid in children:
                _kill_group(pid)
            _end_orphans(set())
            os._exit(0)
        asked = json.loads(said)
        if "fork" in asked:
            pid = _forked(asked["fork"], handed[0], control)
            children.add(pid)
            control.sendall(_packed({"pid": pid}))
        else:
            children.discard(asked["end"])
            status = _ended(asked["end"], asked["grace"])
            _end_orphans(children)
            control.sendall(_packed({"status": status}))


def _forked(role: str, line: int, control: socket.socket) -> int:
    """Fork a child that serves at `line`, and return its number."""
    pid = os.fork()
    if pid:
        os.close(line)
        return pid
    status = 1
    try:
        os.setsid()
        _prctl(_WITH_PARENT, signal.SIGKILL)
        control.close()
        for deaf in _DEAF:
            signal.signal(deaf, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _roles()[role](Line(socket.socket(fileno=line)))
        status = 0
    finally:  # never back into the nursery's own loop
        os._exit(status)


def goes_on_without_parent() -> None:
    """Have the system wake this process when its parent ends, should it be stopped: it ends by itself then."""
    _prctl(_WITH_PARENT, signal.SIGCONT)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):  # Linux alone has it
        ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


def _roles() -> dict[str, Callable[[Line], None]]:
    from recourse_arena.execution.solving.process import describe_for, serve

    return {"solver": serve, "describing": describe_for}


def _ended(pid: int, grace: float) -> int | None:
    """Wait for a child, end it and its session, and return its exit status."""
    left = _descendants(pid)
    until, found = time.monotonic() + grace, 0
    while grace and not found and time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            found, status = os.waitpid(pid, os.WNOHANG)
        if not found:
            time.sleep(0.01)
    _kill_group(pid)
    if not found:
        try:
            _, status = os.waitpid(pid, 0)
        except ChildProcessError:
            return None
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()  # nobody else who has got its number since
    return os.waitstatus_to_exitcode(status)


def _end_orphans(known: set[int]) -> None:
    """End whoever a child left behind, in a session of its own or not: the system has made them ours."""
    for _ in range(20):  # whose own children become ours when they end
        found = [pid for pid in _children(os.getpid()) if pid not in known]
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)  # a child of ours keeps its number until we have waited for it
            with contextlib.suppress(OSError):
                os.waitpid(pid, 0)
        if not found:
            return


def _descendants(pid: int) -> list[psutil.Process]:
    """Return the processes that a process has started, and those that they have."""
    found, waiting = [], [pid]
    while waiting:
        for child in _children(waiting.pop()):
            with contextlib.suppress(psutil.Error):
                found.append(psutil.Process(child))
                waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    """Return the numbers of a process's children; where the system lists them, without looking at all processes."""
    tasks = Path(f"/proc/{pid}/task")
    try:
        return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        try:
            return [process.pid for process in psutil.Process(pid).children()]
        except psutil.Error:
            return []


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)


def _close_all_but(*kept: int) -> None:
    """Close every open file but standard ones and those to be kept: no line of anybody else's is left."""
    first = 3
    for number in sorted(kept):
        os.closerange(first, number)
        first = number + 1
    os.closerange(first, 65_536)


_UNPICKLED = (
    "recourse_arena.elicitation.sampler",
    "recourse_arena.elicitation.schemes",
    "recourse_arena.models.causal.flow",
    "recourse_arena.models.causal.structural",
    "recourse_arena.models.decision.relu",
)


def _preload() -> None:
    """Import what every solver needs, so that its process has it at once."""
    import cloudpickle  # noqa: F401
    import pandas  # noqa: F401
    import safetensors.torch  # noqa: F401
    import torch

    from recourse_arena.registry.discovery import discover

    _roles()
    public = importlib.import_module("recourse_arena")
    for name in public.__all__:  # what plugins import
        getattr(public, name)
    for name in _UNPICKLED:  # what models are when they arrive
        importlib.import_module(name)
    discover()  # imports no plugin; where distributions say what they have is remembered
    torch.set_num_threads(1)


if __name__ == "__main__":
    _preload()
    _serve(socket.socket(fileno=int(sys.argv[1])))
