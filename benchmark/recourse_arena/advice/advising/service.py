"""The process that advises: it has the models and the judge, imports no solver, and answers questions one by one."""

from __future__ import annotations

__all__ = ["answered", "serve"]

import json
import os
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import cloudpickle
import msgspec

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.run_service import Relay
from recourse_arena.execution.solving.line import Line
from recourse_arena.execution.solving.nursery import Nursery, goes_on_without_parent

if TYPE_CHECKING:
    from recourse_arena.advice.advising.adviser import Adviser

_QUESTION = 1 << 24
"""Bytes that a question may have."""


def answered(adviser: Adviser, what: str, given: dict[str, Any]) -> Any:
    """Return what an adviser answers to a question, as JSON can say it.

    Arguments:
        adviser: The adviser.
        what: `about`, `advise` or `verify`.
        given: What it is asked with.
    """
    from recourse_arena.advice.advising.verifying import Verifier
    from recourse_arena.advice.content.order import Question
    from recourse_arena.advice.content.told import Told, read_told

    if what == "about":
        return msgspec.to_builtins(adviser.about(given["person"]))
    if what == "advise":
        return msgspec.to_builtins(adviser.advise(Question.read(given)))
    return Verifier(adviser).findings(read_told(given["content"].encode(), Told))


def serve(line: Line, nursery: Nursery) -> None:
    """Make the adviser that is ordered over a line, and answer questions until nobody asks any more."""
    relay = Relay(line)
    warnings.showwarning = lambda message, *where, **more: relay.send({"warning": str(message)})
    content = line.receive(most=1 << 36)
    adviser: Adviser | None = None

    def made() -> dict[str, Any]:
        nonlocal adviser
        path, rest = cloudpickle.loads(content or b"")
        sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
        from recourse_arena.advice.advising.adviser import Adviser

        adviser = Adviser.of(cloudpickle.loads(rest), relay, nursery)
        return {}

    def said(question: dict[str, Any]) -> Any:
        assert adviser is not None
        return answered(adviser, question["what"], question["given"])

    try:
        if _says(relay, made):
            while (question := line.receive(most=_QUESTION)) is not None:
                _says(relay, lambda: said(json.loads(question)))
    except EOFError:
        pass
    finally:
        nursery.close()
    sys.stderr.flush()
    os._exit(0)  # nothing is left to tidy, and whoever waits need not wait for that


def _says(relay: Relay, answer: Callable[[], Any]) -> bool:
    """Say an answer, or why there is none; and return whether there is one."""
    end: dict[str, Any]
    try:
        end = {"answer": answer()}
    except ArenaError as error:
        end = {"refused": str(error)}
    except Exception:
        end = {"raised": traceback.format_exc()}
    with suppress(OSError):
        relay.send({"end": end})
    return "answer" in end


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks hears of it, and hangs up
    goes_on_without_parent()
    clean = Nursery.preloaded()
    serve(Line(socket.socket(fileno=int(sys.argv[1]))), clean)
