"""What a run tells while it runs."""

from __future__ import annotations

__all__ = ["LiveProgress", "PlainProgress", "Progress", "progress_for"]

import sys
import threading
import time
from dataclasses import dataclass
from typing import TextIO

from tqdm import tqdm


class Progress:
    """Hears of each step of a run and says nothing: for tests and for Python."""

    def begin(self, effort: float, cells: int = 0, kept: int = 0) -> None:
        """Hear how much effort all steps will take, in rough seconds, and how many of all cells are kept already."""

    def step(self, what: str) -> None:
        """Hear what runs now."""

    def done(self, effort: float) -> None:
        """Hear that a step of this much effort is over."""

    def cell(self, outcome: str) -> None:
        """Hear how a cell ended."""

    def say(self, line: str) -> None:
        """Hear something worth telling, such as a failure."""

    def end(self) -> None:
        """Hear that the run is over."""


@dataclass
class _Count:
    """Cells so far: all of them, done (kept ones too), and those that failed or timed out."""

    cells: int = 0
    done: int = 0
    failed: int = 0

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done}/{self.cells} cells{failed}  " if self.cells else ""

    def cell(self, outcome: str) -> None:
        """Count a cell."""
        self.done += 1
        self.failed += outcome in ("failed", "timed_out")


class LiveProgress(Progress):
    """One line on a terminal: a bar, cells so far, what runs, and about how long is left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._over = threading.Event()
        self._count, self._what = _Count(), ""

    def begin(self, effort: float, cells: int = 0, kept: int = 0) -> None:
        """Draw the bar and keep its clock going."""
        self._count = _Count(cells, kept)
        layout = "{percentage:3.0f}% {bar:24} {elapsed}, about {remaining} left  {desc}"
        self._bar = tqdm(total=effort, file=self._stream, bar_format=layout, leave=False, dynamic_ncols=True)
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()

    def step(self, what: str) -> None:
        """Show what runs now."""
        self._what = what
        self._bar.set_description_str(f"{self._count}{what}")

    def done(self, effort: float) -> None:
        """Move the bar."""
        self._bar.update(effort)

    def cell(self, outcome: str) -> None:
        """Count a cell."""
        self._count.cell(outcome)
        self.step(self._what)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.write(line, file=self._stream)

    def end(self) -> None:
        """Take the bar away."""
        self._over.set()
        self._clock.join()
        self._bar.close()

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            self._bar.refresh()


class PlainProgress(Progress):
    """A line per step, for logs: share done, time since the start, cells so far, what runs, and how long is left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, effort: float, cells: int = 0, kept: int = 0) -> None:
        """Start the clock."""
        self._count = _Count(cells, kept)
        self._total, self._past, self._start = max(effort, 1e-9), 0.0, time.monotonic()
        if kept:
            self.say(f"{kept} of {cells} cells are there already")

    def step(self, what: str) -> None:
        """Print what runs now."""
        spent = time.monotonic() - self._start
        share = min(self._past / self._total, 1.0)
        left = f", about {_minutes(spent * (1 - share) / share)} left" if share > 0.05 else ""
        self.say(f"{share:4.0%} {_minutes(spent)}{left}  {self._count}{what}")

    def done(self, effort: float) -> None:
        """Count the effort."""
        self._past += effort

    def cell(self, outcome: str) -> None:
        """Count a cell."""
        self._count.cell(outcome)

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, file=self._stream, flush=True)


def progress_for(stream: TextIO | None = None) -> Progress:
    """Return live progress on a terminal, plain lines elsewhere."""
    stream = stream or sys.stderr
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
