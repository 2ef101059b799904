"""A run in a process of its own, seen from where it was asked for: that process imports no solver and judges all."""

from __future__ import annotations

__all__ = ["run_apart", "started", "wants_isolation"]

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

from recourse_arena.base.arguments import as_yes_or_no
from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.solving.line import Line
from recourse_arena.execution.solving.nursery import how_it_ended
from recourse_arena.execution.solving.surroundings import computing

_FRAME = 1 << 28
"""Bytes of what the process says at once."""

_PATIENCE = 60.0
"""Seconds in which an interrupted run writes what is done."""

_LOOK = 5.0
"""Seconds of silence after which the process is told to go on."""

_HEARD = ("begin", "step", "part", "left", "done", "cell", "say", "end")


class Order(Protocol):
    """What a process of its own can be told to do; there its `carry_out` is called."""

    @property
    def no_plugins(self) -> tuple[str, ...]:
        """Names of plugins that are left out there."""
        ...

    def packed(self) -> bytes:
        """Return it as it travels: a pickle of where modules are looked for, and of a pickle of itself."""
        ...


def run_apart(order: Order, progress: Progress) -> None:
    """Carry out an order in a new process, which computes as the command does.

    Arguments:
        order: The order.
        progress: Who hears of each step, here.

    Raises:
        ArenaError: What the run raises, or if its process ends.
        KeyboardInterrupt: If it is interrupted; what is done is written.
    """
    content = order.packed()
    process, line = started("recourse_arena.execution.run_service", order.no_plugins)
    begun = False
    try:
        line.send_aside(content)
        try:
            begun = _next(line, process) is not None  # until then it imports, and has nothing to write
            end = _heard(line, progress, process)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT if begun else signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_PATIENCE)
            raise
        if end is None:
            process.wait()
            raise ArenaError(
                f"the process of the run ended by itself: {how_it_ended(process.returncode)};\n"
                "what is done is kept, and the same command goes on"
            )
    finally:
        line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        if process.poll() is None:
            process.kill()
            process.wait()
    if "interrupted" in end:
        raise KeyboardInterrupt
    if "refused" in end:
        raise ArenaError(end["refused"])
    if "raised" in end:
        raise RuntimeError(f"the run ended with an error of its own:\n{end['raised']}")


def started(module: str, no_plugins: Sequence[str] = ()) -> tuple[subprocess.Popen[bytes], Line]:
    """Return a new process that computes as the command does, and a line to it.

    Arguments:
        module: What it runs; it gets the number of its end of the line.
        no_plugins: Plugins that are left out there.
    """
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", module, str(theirs.fileno())]
    noise = 2 if sys.__stderr__ else subprocess.DEVNULL  # where it was closed, 2 may be any other file by now
    # A session of its own: Ctrl-C reaches this process, which tells the other one.
    process = subprocess.Popen(
        command, pass_fds=[theirs.fileno()], env=computing(no_plugins), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=noise, stderr=noise,
    )  # fmt: skip
    theirs.close()
    return process, Line(ours)


def _heard(line: Line, progress: Progress, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """Pass on what the process says until it says how it ended; none if it ended without a word."""
    while (said := _next(line, process)) is not None:
        if said.get("call") in _HEARD:
            getattr(progress, said["call"])(*said["given"])
        elif "warning" in said:
            warnings.warn(said["warning"], stacklevel=4)
        elif "end" in said:
            return dict(said["end"])
    return None


def _next(line: Line, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """Return what the process says next; none if it has ended."""
    while True:
        try:
            content = line.receive(most=_FRAME, wait=_LOOK)
        except EOFError:
            return None
        if content is not None:
            return dict(json.loads(content))
        process.send_signal(signal.SIGCONT)  # a solver may have stopped it


def wants_isolation(said: bool | None) -> bool:
    """Return whether solvers get processes of their own: as said, else as the environment says, else yes."""
    if said is None:
        return os.environ.get("RECOURSE_ARENA_ISOLATION", "").lower() not in _NO
    return as_yes_or_no("isolated", said)


_NO = ("0", "no", "false", "off", "n", "f")
