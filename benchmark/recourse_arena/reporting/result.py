"""A run as people meet it in Python: it displays as its leaderboard."""

from __future__ import annotations

__all__ = ["Result"]

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.menus.table import Menus
from recourse_arena.reporting.results.counterfactuals import counterfactuals
from recourse_arena.reporting.results.fixed_predictions import fixed_predictions
from recourse_arena.storage.run_files import RunFiles

if TYPE_CHECKING:
    import pandas as pd


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

    def counterfactuals(self, dataset: str = "", *, words: bool = True) -> pd.DataFrame:
        """Return who people of a dataset are and who they would be, a row per cell and person.

        See :func:`~recourse_arena.reporting.results.counterfactuals.counterfactuals`.
        """
        return counterfactuals(self, dataset, words=words)

    def menus(self) -> Menus:
        """Return what the menus of the run do for people and groups.

        See :class:`~recourse_arena.reporting.menus.table.Menus`.

        Raises:
            ArenaError: If its people or menus cannot be read.
        """
        return Menus.of(self)

    def fixed_predictions(self) -> pd.DataFrame:
        """Return who is left no action, and what solvers make of it, a row for each dataset, scenario and solver.

        See :func:`~recourse_arena.reporting.results.fixed_predictions.fixed_predictions`.

        Raises:
            ArenaError: If its people cannot be read.
        """
        people = self.read_people(lambda name: False)
        if people is None:
            raise ArenaError(f"{self.path} holds no people; run the suite again")
        return fixed_predictions(people)

    def __repr__(self) -> str:
        return self.board.text()

    def _repr_html_(self) -> str:
        return self.board.fragment()
