"""Whose advice lasts under which changed model, as a table beside `people.parquet`."""

from __future__ import annotations

__all__ = ["LASTING", "Redecided", "keep_redecided", "kept_redecided", "read_redecided", "undecided", "write_redecided"]

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.storage.files import GIGABYTE, plain_file, refuse_links, write_atomically
from recourse_arena.storage.run_files import RunFiles

LASTING = "lasting.parquet"
"""The file in a run folder."""

_MOST = 4 * GIGABYTE
_KEY = b"recourse_arena"
_WORDS = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema(
    {
        "dataset": _WORDS,
        "scenario": _WORDS,
        "solver": _WORDS,
        "seed": pa.int64(),
        "person": pa.int64(),
        "change": _WORDS,
        "model": _WORDS,
        "matched": pa.bool_(),
        "counts": pa.bool_(),
        "already": pa.bool_(),
        "accepted": pa.bool_(),
        "early": pa.float32(),
        "logit": pa.float32(),
        "margin": pa.float32(),
        "margin_sd": pa.float32(),
    }
)
"""A row for each person of each cell and each changed model, as it is and with its threshold `matched`: whether they
count (refused before, with an action that was valid), whether it accepts them as they are, and their counterfactual;
`early` and `logit` as :func:`~recourse_arena.judging.lasting.redecided` has them; `margin`, the logit of the
counterfactual before anything changed, and in standard deviations of that logit."""


@dataclass(frozen=True)
class Redecided:
    """What changed models say of people and their counterfactuals.

    Arguments:
        rows: A row for each person, cell, change and model: the columns of the table.
        models: What is known of each changed model, for each dataset and seed: `dataset, seed, change, model, matched`,
            and numbers, none where undefined.
        notes: Why a change says nothing of a dataset: `dataset, seed, change, reason`.
    """

    rows: pd.DataFrame
    models: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()

    def beside(self, kept: Redecided) -> Redecided:
        """Return all of it, with what was kept of other changes."""
        mine = {entry["change"] for entry in (*self.models, *self.notes)}
        others = kept.rows[~kept.rows["change"].isin(mine)]
        return replace(
            self,
            rows=pd.concat([others, self.rows], ignore_index=True) if len(others) else self.rows,
            models=(*(entry for entry in kept.models if entry["change"] not in mine), *self.models),
            notes=(*(entry for entry in kept.notes if entry["change"] not in mine), *self.notes),
        )


def keep_redecided(run: RunFiles, found: Redecided) -> None:
    """Keep what changed models say in the folder of a run, beside what is kept there of other changes.

    What is kept of other people, of before the run was done anew, is replaced. That the folder cannot be written is
    reported, and costs nothing but that.
    """
    path, table = run.path / LASTING, run.table("people.parquet")
    if table is None:
        return
    people = _digest(table)
    kept = read_redecided(path, people=people)
    try:
        refuse_links(path)
        write_redecided(path, found if kept is None else found.beside(kept), people=people)
    except ArenaError as error:
        warnings.warn(f"{error}; what changed models say is not kept", stacklevel=2)


def kept_redecided(run: RunFiles) -> Redecided | None:
    """Return what a run folder holds of changed models, if it is about the people that it holds now."""
    table = run.table("people.parquet")
    return None if table is None else read_redecided(run.path / LASTING, people=_digest(table))


def undecided(run: RunFiles) -> tuple[str, ...]:
    """Return the changes that a run was asked for and whose models have not decided on its advice yet."""
    asked = [str(change) for change in run.info.get("changes", [])]
    kept = kept_redecided(run) if asked else None
    there = set() if kept is None else {entry["change"] for entry in (*kept.models, *kept.notes)}
    return tuple(change for change in asked if change not in there)


def _digest(table: Path) -> str:
    with table.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_redecided(path: Path, found: Redecided, *, people: str = "") -> None:
    """Write the table.

    Arguments:
        path: The file.
        found: What it holds.
        people: Digest of the `people.parquet` that it is about.

    Raises:
        ArenaError: If it cannot be written.
    """
    columns = {name: pa.array(found.rows[name], from_pandas=True).cast(kind.type) for name, kind in _fields().items()}
    said = {"people": people, "models": [*found.models], "notes": [*found.notes]}
    schema = _SCHEMA.with_metadata({_KEY: json.dumps(said, allow_nan=False).encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=schema), sink, compression="zstd")
    write_atomically(path, sink.getvalue().to_pybytes())


def read_redecided(path: Path, *, people: str = "") -> Redecided | None:
    """Return what a table holds; none if it is not there, is no such table, or is about other people.

    Arguments:
        path: The file.
        people: Digest of the `people.parquet` that it must be about.
    """
    try:
        table = pq.read_table(plain_file(path, most=_MOST))
        said = json.loads((table.schema.metadata or {})[_KEY])
        kinds = {field.name: field.type for field in table.schema}
        if said["people"] != people or kinds != {name: field.type for name, field in _fields().items()}:
            return None
        return Redecided(_frame(table), tuple(said["models"]), tuple(said["notes"]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException, ArenaError):
        return None


def _fields() -> dict[str, pa.Field]:
    return {field.name: field for field in _SCHEMA}


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return the rows: words as words, truth values, and numbers that may be nan."""
    frame = table.to_pandas()
    words = [name for name, field in _fields().items() if field.type == _WORDS]
    numbers = [name for name, field in _fields().items() if pa.types.is_floating(field.type)]
    return frame.astype({**dict.fromkeys(words, object), **dict.fromkeys(numbers, np.float32)})
