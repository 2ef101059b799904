"""The process of a run: plans, fits models, judges and writes; solvers are in processes of theirs."""

from __future__ import annotations

__all__ = ["Relay", "serve"]

import json
import os
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import cloudpickle

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.solving.line import Line
from recourse_arena.execution.solving.nursery import Nursery, goes_on_without_parent


class Relay(Progress):
    """Passes on each step to the process that asked for the run.

    Arguments:
        line: What leads there.
    """

    def __init__(self, line: Line) -> None:
        self._line, self._turn = line, threading.Lock()

    def send(self, what: Mapping[str, Any]) -> None:
        """Send something as JSON."""
        with self._turn:
            self._line.send(json.dumps(what).encode())

    def begin(self, efforts: Mapping[str, float], cells: int = 0, kept: int = 0) -> None:
        """Pass it on."""
        self._call("begin", dict(efforts), cells, kept)

    def step(self, key: str, words: str) -> None:
        """Pass it on."""
        self._call("step", key, words)

    def part(self, key: str, share: float, loss: float | None = None) -> None:
        """Pass it on."""
        self._call("part", key, share, loss)

    def left(self, key: str) -> None:
        """Pass it on."""
        self._call("left", key)

    def done(self, key: str) -> None:
        """Pass it on."""
        self._call("done", key)

    def cell(self, outcome: str) -> None:
        """Pass it on."""
        self._call("cell", str(outcome))

    def say(self, line: str) -> None:
        """Pass it on."""
        self._call("say", line)

    def end(self) -> None:
        """Pass it on."""
        self._call("end")

    def _call(self, name: str, *given: Any) -> None:
        self.send({"call": name, "given": given})


def serve(line: Line, nursery: Nursery) -> None:
    """Carry out the order that comes over `line`, and say how it ended."""
    relay = Relay(line)
    warnings.showwarning = lambda message, *where, **more: relay.send({"warning": str(message)})
    content = line.receive(most=1 << 36)
    threading.Thread(target=_listen, args=(line,), daemon=True).start()
    try:
        relay.send({"begun": True})
        # The path is in front of the pickle's own modules: those of a notebook may lie where only it looks.
        path, rest = cloudpickle.loads(content or b"")
        sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
        cloudpickle.loads(rest).carry_out(relay, nursery)
        end: dict[str, Any] = {"done": True}
    except ArenaError as error:
        end = {"refused": str(error)}
    except KeyboardInterrupt:
        end = {"interrupted": True}
    except Exception:
        end = {"raised": traceback.format_exc()}
    finally:
        nursery.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever hears the end hangs up
    with suppress(OSError):
        relay.send({"end": end})
    sys.stderr.flush()
    os._exit(0)  # nothing is left to tidy, and whoever waits need not wait for that


def _listen(line: Line) -> None:
    """Interrupt the run when whoever asked for it is gone: what is done is written."""
    try:
        line.receive(most=0)
    except (EOFError, ValueError):
        os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    goes_on_without_parent()
    clean = Nursery.preloaded()
    serve(Line(socket.socket(fileno=int(sys.argv[1]))), clean)
