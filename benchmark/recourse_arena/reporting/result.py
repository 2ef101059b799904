"""A run as people meet it in Python: it displays as its leaderboard."""

from __future__ import annotations

__all__ = ["Result"]

from dataclasses import dataclass
from functools import cached_property

from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.storage.run_files import RunFiles


@dataclass(frozen=True, repr=False)
class Result(RunFiles):
    """A run: displays as its leaderboard.

    Arguments:
        path: The run folder.
        info: What `run.json` holds.
        summary: A row per cell, a column per metric.
        keep: Held as long as the result lives.
    """

    @cached_property
    def board(self) -> Leaderboard:
        """Its leaderboard."""
        return Leaderboard.of([self])

    def __repr__(self) -> str:
        return self.board.text()

    def _repr_html_(self) -> str:
        return self.board.fragment()
