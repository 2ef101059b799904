"""A run folder read back: what was run, a row per cell, a row per person."""

from __future__ import annotations

__all__ = ["RunFiles"]

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.storage.files import GIGABYTE, plain_file
from recourse_arena.storage.people_table import KEYS, RECORDED, read_people
from recourse_arena.storage.record_shape import checked_record

_KEYS = (*KEYS, "outcome", "people")
_WORDS = ("dataset", "scenario", "solver", "outcome")
_SOLVERS = ("solver", "certifier")
_WHOLE = ("seed", "people")
_MOST = {
    "run.json": GIGABYTE // 4,
    "summary.csv": GIGABYTE,
    "marginals.csv": GIGABYTE,
    "menus.csv": GIGABYTE,
    "people.parquet": 16 * GIGABYTE,
}
"""Bytes that each file may have: many times what the largest run has, so that no reader drowns in one it is sent."""


@dataclass(frozen=True)
class RunFiles:
    """The files of a run.

    Arguments:
        path: The run folder.
        info: What `run.json` holds.
        summary: A row per cell, a column per metric.
        keep: Held as long as the result lives.
        called: What solvers are called here, by their names in the files, where that differs.
    """

    path: Path
    info: dict[str, Any]
    summary: pd.DataFrame
    keep: object = field(default=None, repr=False, compare=False)
    called: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, path: Path, *, keep: object = None) -> Self:
        """Return the run in a folder.

        Raises:
            ArenaError: If the folder is not that of a finished run, or its files are not what they should be.
        """
        try:
            info = _read_record(path / "run.json")
        except FileNotFoundError:
            raise ArenaError(f"{path} is not a run folder: it has no run.json") from None
        found = cls(path, info, pd.DataFrame(), keep)
        return cls(path, info, found._read_summary(), keep)

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """What contradicts a proof of an exact solver, as `run.json` lists it; empty if all is well."""
        return list(self.info.get("alarms", []))

    def table(self, name: str) -> Path | None:
        """Return the path of a table, by the name of its file, as the run wrote it; none if it is not there.

        Raises:
            ArenaError: If it is no plain file, too large, or another one than `run.json` says; a run of before tables
                had digests says nothing of them.
        """
        if self.path is None:  # a run that lies nowhere
            return None
        try:
            path = plain_file(self.path / name, most=_MOST[name])
        except FileNotFoundError:
            return None
        digests = self.info.get("tables")
        if digests:
            said = digests.get(name, "none")
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != said:
                raise ArenaError(
                    f"{path} is not the file that the run wrote: its SHA-256 is {digest}, run.json says {said};\n"
                    f"get the folder again, or run the suite again"
                )
        return path

    def read_people(
        self,
        wanted: Callable[[str], bool] | None = None,
        *,
        required: Sequence[str] = ("person", *RECORDED),
        coded: bool = False,
    ) -> pd.DataFrame | None:
        """Return the rows of people as :func:`~recourse_arena.storage.people_table.read_people` does."""
        path = self.table("people.parquet")
        people = None if path is None else read_people(path, wanted, required=required, coded=coded)
        if people is None or not self.called:
            return people
        solvers = people["solver"].map(lambda name: self.called.get(name, name))
        return people.assign(solver=solvers)

    def calling(self, names: Mapping[str, str]) -> Self:
        """Return the same run with other names of solvers."""

        def named(entry: Mapping[str, Any]) -> dict[str, Any]:
            return {key: names.get(value, value) if key in _SOLVERS else value for key, value in entry.items()}

        info = {
            **self.info,
            "solvers": {names.get(name, name): solver for name, solver in self.info["solvers"].items()},
            "cells": [named(cell) for cell in self.info["cells"]],
            "alarms": [named(alarm) for alarm in self.alarms],
        }
        return replace(self, info=info, summary=self.summary.replace({"solver": dict(names)}), called=names)

    @property
    def people(self) -> pd.DataFrame:
        """A row per person, scenario, solver and seed."""
        path = self.table("people.parquet")
        if path is None:
            raise ArenaError(f"{self.path} keeps no people.parquet; run the suite again")
        return pd.read_parquet(path, dtype_backend="numpy_nullable")

    def _read_summary(self) -> pd.DataFrame:
        """Return a row per cell; names are words, whatever they look like, and all that is measured is a number."""
        path = self.table("summary.csv")
        if path is None:
            raise ArenaError(f"cannot read {self.path / 'summary.csv'}: it is not there; run the suite again")
        try:
            columns = pd.read_csv(path, nrows=0).columns
            numbers = {name: [""] for name in columns if name not in _WORDS}
            words = {name: str for name in columns if name in _WORDS}
            summary = pd.read_csv(path, dtype=words, keep_default_na=False, na_values=numbers)
        except (OSError, ValueError) as error:
            raise ArenaError(f"cannot read {path}: {error}") from None
        missing = [name for name in _KEYS if name not in summary]
        if missing:
            raise ArenaError(f"{path}: expected columns {', '.join(_KEYS)}; missing {', '.join(missing)}")
        measured = [metric["name"] for metric in self.info["metrics"] if metric["name"] in summary]
        for name in (*_WHOLE, *measured):
            column, whole = summary[name], name in _WHOLE
            if not _are_numbers(column, whole=whole) and len(summary):
                raise ArenaError(f"{path}: column {name!r}: expected {'whole ' * whole}numbers")
        return summary


def _are_numbers(column: pd.Series, *, whole: bool) -> bool:
    if whole:
        return pd.api.types.is_integer_dtype(column) and bool((column >= 0).all())
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _read_record(path: Path) -> dict[str, Any]:
    """Return what `run.json` of a finished run holds.

    Raises:
        FileNotFoundError: If it is not there.
        ArenaError: If it is not what it should be, or the run has not finished.
    """
    try:
        info = json.loads(plain_file(path, most=_MOST["run.json"]).read_text(encoding="utf-8"))
        json.dumps(info, ensure_ascii=False).encode()  # half of a character, as "\\ud800", can be written nowhere
    except FileNotFoundError:
        raise
    except ArenaError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ArenaError(f"{path} is not the record of a run: {error}") from None
    if not isinstance(info, dict) or not isinstance(info.get("status"), str):
        raise ArenaError(f"{path} is not the record of a run: status: expected finished or running")
    if info["status"] != "finished":
        raise ArenaError(f"the run in {path.parent} has not finished; the same `recourse-arena run` command goes on")
    try:
        return checked_record(info)
    except ArenaError as error:
        raise ArenaError(f"{path} is not the record of a run: {error}") from None
