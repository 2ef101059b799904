"""What a run tells while it runs."""

from __future__ import annotations

__all__ = ["LiveProgress", "PlainProgress", "progress_for", "watched"]

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

from tqdm import tqdm

from recourse_arena.execution.engines.progress import Progress
from recourse_arena.problem.outcome import Outcome

_BETWEEN = 20.0
"""Seconds between two lines of a log about the same step."""

_TELLING = 0.02
"""Share of a step from which the time it took says how long all of it will take."""


@dataclass
class _Step:
    words: str
    share: float = 0.0
    loss: float | None = None
    start: float = field(default_factory=lambda: time.monotonic())

    def __str__(self) -> str:
        share = f", {self.share:.0%}" if self.share else ""
        return self.words + share + ("" if self.loss is None else f", loss {self.loss:.4g}")


@dataclass
class _State:
    """How far a run is: cells so far (all, done with the kept ones, failed or timed out), steps now and before.

    Efforts are rough seconds, until a step says how far it is or is over: then they are what it takes.
    """

    efforts: dict[str, float] = field(default_factory=dict)
    cells: int = 0
    finished: int = 0
    failed: int = 0
    past: set[str] = field(default_factory=set)
    now: dict[str, _Step] = field(default_factory=dict)
    start: float = field(default_factory=lambda: time.monotonic())

    @property
    def total(self) -> float:
        """Seconds of all steps, one after the other."""
        return max(sum(self.efforts.values()), 1e-9)

    @property
    def share(self) -> float:
        """Share of the work that is done."""
        now = sum(self.efforts.get(key, 0.0) * step.share for key, step in self.now.items())
        return min((sum(self.efforts[key] for key in self.past) + now) / self.total, 1.0)

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self.start

    @property
    def left(self) -> str:
        """About how long is left, in words; nothing as long as that cannot be said."""
        return f", about {_minutes(self.spent * (1 - self.share) / self.share)} left" if self.share > 0.05 else ""

    def words(self, key: str = "") -> str:
        """Return the count of cells and one of the steps that run: the one named, else one that says its loss."""
        failed = f", {self.failed} failed" if self.failed else ""
        count = f"{self.finished}/{self.cells} cells{failed}  " if self.cells else ""
        named = [self.now[key]] if key in self.now else []
        shown = [*named, *(step for step in self.now.values() if step.loss is not None), *self.now.values(), ""]
        more = f" and {len(self.now) - 1} more" if len(self.now) > 1 else ""
        return f"{count}{shown[0]}{more}"


class _Shown(Progress):
    """Keeps count."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._state = _State()
        self._turn = threading.RLock()

    def begin(self, efforts: Mapping[str, float], cells: int = 0, kept: int = 0) -> None:
        """Start the clock."""
        self._state = _State(dict(efforts), cells, kept)

    def step(self, key: str, words: str) -> None:
        """Add what runs now."""
        with self._turn:
            self._state.now[key] = _Step(words)

    def part(self, key: str, share: float, loss: float | None = None) -> None:
        """Note how far a step is; of one that is over already, nothing."""
        with self._turn:
            if key in self._state.now:
                step = self._state.now[key]
                step.share, step.loss = share, loss
                if share > _TELLING:
                    self._state.efforts[key] = (time.monotonic() - step.start) / share

    def left(self, key: str) -> None:
        """Take a step out."""
        with self._turn:
            self._state.now.pop(key, None)

    def done(self, key: str) -> None:
        """Count it, with the time it took; of a step that never began, because what it needs failed, none."""
        with self._turn:
            step = self._state.now.pop(key, None)
            self._state.efforts[key] = 0.0 if step is None else time.monotonic() - step.start
            self._state.past.add(key)

    def cell(self, outcome: str) -> None:
        """Count a cell."""
        with self._turn:
            self._state.finished += 1
            self._state.failed += outcome in (Outcome.FAILED, Outcome.TIMED_OUT)


class LiveProgress(_Shown):
    """One line on a terminal: a bar, cells so far, what runs, its training loss, and about how long is left."""

    def begin(self, efforts: Mapping[str, float], cells: int = 0, kept: int = 0) -> None:
        """Draw the bar and keep it going."""
        super().begin(efforts, cells, kept)
        layout = "{percentage:3.0f}% {bar:24} {elapsed}{desc}"
        self._over = threading.Event()
        self._bar = tqdm(total=self._state.total, file=self._stream, bar_format=layout, leave=False, dynamic_ncols=True)
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.write(line, file=self._stream)

    def end(self) -> None:
        """Take the bar away."""
        self._over.set()
        self._clock.join()
        self._bar.close()

    def _tick(self) -> None:
        while not self._over.wait(0.25):
            with self._turn:
                self._bar.n = self._state.share * self._state.total
                self._bar.set_description_str(f"{self._state.left}  {self._state.words()}", refresh=False)
            self._bar.refresh()


class PlainProgress(_Shown):
    """Lines for logs, one per step and now and then one in between: share done, time since the start, the same else."""

    _said = 0.0

    def begin(self, efforts: Mapping[str, float], cells: int = 0, kept: int = 0) -> None:
        """Say what is there."""
        super().begin(efforts, cells, kept)
        if kept:
            self.say(f"{kept} of {cells} cells are there already")

    def step(self, key: str, words: str) -> None:
        """Print what runs now."""
        super().step(key, words)
        self._print(key)

    def part(self, key: str, share: float, loss: float | None = None) -> None:
        """Print it if nothing was printed for a while."""
        super().part(key, share, loss)
        if time.monotonic() - self._said > _BETWEEN:
            self._print(key)

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, file=self._stream, flush=True)

    def _print(self, key: str) -> None:
        with self._turn:
            self._said = time.monotonic()
            state = self._state
            self.say(f"{state.share:4.0%} {_minutes(state.spent)}{state.left}  {state.words(key)}")


def progress_for(stream: TextIO | None = None) -> Progress:
    """Return live progress on a terminal, plain lines elsewhere."""
    stream = stream or sys.stderr
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream)


def watched() -> bool:
    """Return whether somebody looks on: at a terminal, or in a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
