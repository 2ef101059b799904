"""Where advice is asked for: a process of its own that has models and judge, or this one."""

from __future__ import annotations

__all__ = ["Desk", "Here", "Process", "opened"]

import contextlib
import json
import subprocess
import sys
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recourse_arena.advice.advice import Advice, read_advice
from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.run_process import started
from recourse_arena.execution.solving.nursery import how_it_ended
from recourse_arena.execution.solving.surroundings import pickled

if TYPE_CHECKING:
    from recourse_arena.advice.content.order import AdviceOrder, Question

_FRAME = 1 << 28
"""Bytes of what the process says at once."""

_HEARD = ("begin", "step", "part", "left", "done", "say", "end")


class Desk(ABC):
    """Answers questions about people on one dataset, decision model and seed."""

    def about(self, person: dict[str, float]) -> Advice:
        """Return what is known of a person before they are asked: see `Adviser.about`."""
        return _advice(self.ask("about", {"person": person}))

    def advise(self, question: Question) -> Advice:
        """Return advice for one person.

        Raises:
            ArenaError: What is wrong with the question.
        """
        return _advice(self.ask("advise", question.said()))

    def verify(self, content: str) -> list[str]:
        """Return what of some advice, as JSON, does not hold; nothing if all of it does."""
        return [str(finding) for finding in self.ask("verify", {"content": content})]

    @abstractmethod
    def ask(self, what: str, given: dict[str, Any]) -> Any:
        """Return the answer to a question, as JSON says it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of models and solvers."""


class Here(Desk):
    """Answers in this process: for tests and debuggers.

    Arguments:
        order: On which data and models, and who is asked.
        progress: Hears of each step.
    """

    def __init__(self, order: AdviceOrder, progress: Progress) -> None:
        from recourse_arena.advice.advising.adviser import Adviser

        self._adviser = Adviser.of(order, progress)

    def ask(self, what: str, given: dict[str, Any]) -> Any:
        """Return the answer to a question."""
        from recourse_arena.advice.advising.service import answered

        return answered(self._adviser, what, given)

    def close(self) -> None:
        """Let go of models and solvers."""
        self._adviser.close()


class Process(Desk):
    """Answers in a process of its own, which computes as the command does and imports no solver.

    Arguments:
        order: On which data and models, and who is asked.
        progress: Hears of each step.
    """

    def __init__(self, order: AdviceOrder, progress: Progress) -> None:
        pickles = {name: pickled("solver", solver) for name, solver in order.objects.items()}
        travels = replace(order, objects={}, pickles=pickles, path=tuple(sys.path))
        content = pickled("dataset", (travels.path, pickled("dataset", travels)))
        self._progress = progress
        self._process, self._line = started("recourse_arena.advice.advising.service", order.no_plugins)
        try:
            self._line.send_aside(content)
            self._said()
        except BaseException:
            self.close()
            raise

    def ask(self, what: str, given: dict[str, Any]) -> Any:
        """Return the answer to a question.

        Raises:
            ArenaError: What the answer refuses, or if the process ends.
        """
        self._line.send_aside(json.dumps({"what": what, "given": given}).encode())
        try:
            return self._said()
        except KeyboardInterrupt:
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        self._line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _said(self) -> Any:
        """Return the next answer; meanwhile progress is passed on."""
        while True:
            try:
                content = self._line.receive(most=_FRAME)
            except (EOFError, OSError):
                self.close()
                ended = how_it_ended(self._process.returncode)
                raise ArenaError(f"the process that advises ended by itself: {ended}") from None
            said = json.loads(content or b"{}")
            if said.get("call") in _HEARD:
                getattr(self._progress, said["call"])(*said["given"])
            elif "warning" in said:
                warnings.warn(said["warning"], stacklevel=4)
            elif "end" in said:
                return _answer(said["end"])


def opened(order: AdviceOrder, progress: Progress, *, isolated: bool) -> Desk:
    """Return who answers questions.

    Arguments:
        order: On which data and models, and who is asked.
        progress: Hears of each step.
        isolated: Whether that is a process of its own, and each solver another.

    Raises:
        ArenaError: If names, options or files are wrong, or nobody can be asked.
    """
    return Process(order, progress) if isolated else Here(order, progress)


def _answer(end: dict[str, Any]) -> Any:
    if "refused" in end:
        raise ArenaError(end["refused"])
    if "raised" in end:
        raise RuntimeError(f"the process that advises ended with an error of its own:\n{end['raised']}")
    return end["answer"]


def _advice(said: Any) -> Advice:
    return read_advice(json.dumps(said).encode())
