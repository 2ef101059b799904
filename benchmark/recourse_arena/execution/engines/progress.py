"""Who hears of each step of a run."""

from __future__ import annotations

__all__ = ["Progress"]

from collections.abc import Mapping


class Progress:
    """Hears of each step of a run and says nothing: for tests and for Python.

    Steps are known by a key. Parts of a step may be told from another thread than the rest.
    """

    def begin(self, efforts: Mapping[str, float], cells: int = 0, kept: int = 0) -> None:
        """Hear how many rough seconds each step will take, and how many of all cells are kept already."""

    def step(self, key: str, words: str) -> None:
        """Hear that a step begins, and what it is."""

    def part(self, key: str, share: float, loss: float | None = None) -> None:
        """Hear which share of a step is done, and its training loss, if it has one."""

    def left(self, key: str) -> None:
        """Hear that a step was left and will begin anew."""

    def done(self, key: str) -> None:
        """Hear that a step is over."""

    def cell(self, outcome: str) -> None:
        """Hear how a cell ended."""

    def say(self, line: str) -> None:
        """Hear something worth telling, such as a failure."""

    def end(self) -> None:
        """Hear that the run is over."""
