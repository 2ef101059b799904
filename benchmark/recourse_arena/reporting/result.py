"""The files of one run, read back."""

from __future__ import annotations

__all__ = ["Result"]

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from recourse_arena.base.errors import ArenaError

_PARTS = {"protocol": int, "suite": dict, "solvers": dict, "metrics": list, "cells": list, "provenance": dict}
_KEYS = ("dataset", "scenario", "solver", "seed", "outcome", "people")


@dataclass(frozen=True)
class Result:
    """A run: displays as its leaderboard.

    Arguments:
        path: The run folder.
        info: What `run.json` holds.
        summary: A row per cell, a column per metric.
        keep: Held as long as the result lives.
    """

    path: Path
    info: dict[str, Any]
    summary: pd.DataFrame
    keep: object = field(default=None, repr=False, compare=False)

    @classmethod
    def read(cls, path: Path, *, keep: object = None) -> Result:
        """Return the run in a folder.

        Raises:
            ArenaError: If the folder is not that of a finished run, or its files are not what they should be.
        """
        try:
            info = json.loads((path / "run.json").read_text(encoding="utf-8"))
            finished = info["status"] == "finished"
            lacking = [part for part in _PARTS if finished and not isinstance(info[part], _PARTS[part])]
        except FileNotFoundError:
            raise ArenaError(f"{path} is not a run folder: it has no run.json") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArenaError(f"{path / 'run.json'} is not the record of a run: {error}") from None
        if lacking:
            raise ArenaError(f"{path / 'run.json'} is not the record of a run: {lacking[0]} is not what it should be")
        if not finished:
            raise ArenaError(f"the run in {path} has not finished; the same `recourse-arena run` command goes on")
        try:
            summary = pd.read_csv(path / "summary.csv")
        except (OSError, ValueError) as error:
            raise ArenaError(f"cannot read {path / 'summary.csv'}: {error}") from None
        missing = [name for name in _KEYS if name not in summary]
        if missing:
            raise ArenaError(
                f"{path / 'summary.csv'}: expected columns {', '.join(_KEYS)}; missing {', '.join(missing)}"
            )
        return cls(path, info, summary, keep)

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """What contradicts a proof of an exact solver, as `run.json` lists it; empty if all is well."""
        return list(self.info.get("alarms", []))

    @property
    def people(self) -> pd.DataFrame:
        """A row per person, scenario, solver and seed."""
        return pd.read_parquet(self.path / "people.parquet", dtype_backend="numpy_nullable")

    def __repr__(self) -> str:
        from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

        return Leaderboard.of([self]).text()

    def _repr_html_(self) -> str:
        from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

        return Leaderboard.of([self]).fragment()
