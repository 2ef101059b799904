"""A run folder read back: what was run, a row per cell, a row per person."""

from __future__ import annotations

__all__ = ["RunFiles"]

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.storage.people_table import RECORDED, read_people

_PARTS = {"protocol": int, "suite": dict, "solvers": dict, "metrics": list, "cells": list, "provenance": dict}
_KEYS = ("dataset", "scenario", "solver", "seed", "outcome", "people")
_WORDS = ("dataset", "scenario", "solver", "outcome")


@dataclass(frozen=True)
class RunFiles:
    """The files of a run.

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
    def read(cls, path: Path, *, keep: object = None) -> Self:
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
            summary = _read_summary(path / "summary.csv")
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

    def read_people(
        self,
        wanted: Callable[[str], bool] | None = None,
        *,
        required: Sequence[str] = ("person", *RECORDED),
        coded: bool = False,
    ) -> pd.DataFrame | None:
        """Return the rows of people as :func:`~recourse_arena.storage.people_table.read_people` does."""
        if self.path is None:
            return None
        return read_people(self.path / "people.parquet", wanted, required=required, coded=coded)

    @property
    def people(self) -> pd.DataFrame:
        """A row per person, scenario, solver and seed."""
        return pd.read_parquet(self.path / "people.parquet", dtype_backend="numpy_nullable")


def _read_summary(path: Path) -> pd.DataFrame:
    """Return a row per cell; names are words, whatever they look like."""
    columns = pd.read_csv(path, nrows=0).columns
    numbers = {name: [""] for name in columns if name not in _WORDS}
    words = {name: str for name in columns if name in _WORDS}
    return pd.read_csv(path, dtype=words, keep_default_na=False, na_values=numbers)
