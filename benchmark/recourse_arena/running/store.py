"""A run folder: `run.json`, `people.parquet`, `summary.csv`, `marginals.csv`, and a file per finished cell."""

from __future__ import annotations

__all__ = ["CellRecord", "RunFolder"]

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.problem.errors import ArenaError
from recourse_arena.running.cache import content_key, write_atomically
from recourse_arena.running.note import Note
from recourse_arena.running.plan import Cell, Plan

FORMAT = 1
"""Version of the layout of a run folder."""


@dataclass(frozen=True)
class CellRecord:
    """How a cell ended.

    Arguments:
        cell: The cell.
        outcome: `solved`, `failed` or `skipped`.
        people: A record per person, as the judge writes them; none unless solved.
        timings: `fit_seconds` and `solve_seconds`; beside them the `validation_score` of the fit, if it has one.
        reason: Why it failed or was skipped.
        traceback: Where in the solver's code it failed, if it did.
        plugin: Name of the plugin at fault, if it failed.
        notes: What the solver did that it should not have.
    """

    cell: Cell
    outcome: str
    people: pd.DataFrame | None = None
    timings: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    traceback: str = ""
    plugin: str = ""
    notes: tuple[Note, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what `run.json` says about it."""
        row: dict[str, Any] = {**self.cell.label, "outcome": self.outcome, **self.timings}
        if self.people is not None:
            row["people"] = len(self.people)
            row["outcomes"] = {str(k): int(v) for k, v in self.people["outcome"].value_counts().items()}
        if self.reason:
            row["reason"] = self.reason
        if self.traceback:
            row["traceback"] = self.traceback
        if self.plugin:
            row["plugin"] = self.plugin
        if self.notes:
            row["notes"] = [note.as_dict() for note in self.notes]
        return row


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    def claim(self, plan: Plan, *, fresh: bool) -> None:
        """Take the folder for a plan: new, empty, or holding the same run, which then goes on.

        Raises:
            ArenaError: If it cannot be written, or holds another run. Nothing is overwritten then.
        """
        before = self._info()
        if before is not None:
            self._refuse_another(before, plan, fresh=fresh)
        if fresh:
            for file in (self.path / "cells").glob("*.parquet"):
                file.unlink()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "cells").mkdir(exist_ok=True)
            probe = self.path / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ArenaError(f"cannot write into {self.path}: {error.strerror or error}") from None

    def _info(self) -> dict[str, Any] | None:
        file = self.path / "run.json"
        if not file.exists():
            return None
        try:
            info = json.loads(file.read_text())
            if isinstance(info["suite"], dict) and isinstance(info["plan"], str):
                return dict(info)
        except (ValueError, KeyError, TypeError, OSError):
            pass
        raise ArenaError(f"{file} is not a record of a run of this suite's format; choose another folder")

    def _refuse_another(self, before: dict[str, Any], plan: Plan, *, fresh: bool) -> None:
        if before["suite"] != plan.suite.identity():
            raise ArenaError(
                f"{self.path} holds a run of suite {before['suite'].get('name')!r} "
                f"(version {before['suite'].get('version')}), not of {plan.suite.name!r} "
                f"(version {plan.suite.version}); choose another folder with --out"
            )
        if before["plan"] != plan_key(plan) and not fresh:
            raise ArenaError(
                f"{self.path} holds a run of suite {plan.suite.name!r} with other datasets, solvers, scenarios, "
                f"people or seeds;\nchoose another folder with --out, or start this one over with --fresh"
            )

    def kept(self, cell: Cell, key: str | None) -> CellRecord | None:
        """Return the finished cell of a content key, if the folder holds it and it can be read."""
        if key is None or not (path := self._cell_path(key)).exists():
            return None
        try:
            table = pq.read_table(path)
            timings = json.loads(table.schema.metadata[b"timings"])
            notes = tuple(Note(**note) for note in json.loads(table.schema.metadata.get(b"notes", b"[]")))
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
            return None
        return CellRecord(cell, "solved", table.to_pandas(), timings, notes=notes)

    def keep(self, record: CellRecord, key: str | None) -> None:
        """Write a finished cell at once, so that it is never lost."""
        if record.people is None or key is None:
            return
        table = pa.Table.from_pandas(record.people, preserve_index=False)
        kept = {b"timings": record.timings, b"notes": [asdict(note) for note in record.notes]}
        metadata = {**(table.schema.metadata or {}), **{key: json.dumps(value).encode() for key, value in kept.items()}}
        write_atomically(self._cell_path(key), _parquet(table.replace_schema_metadata(metadata)))

    def write_info(self, info: dict[str, Any]) -> None:
        """Write `run.json`."""
        write_atomically(self.path / "run.json", (json.dumps(info, indent=1) + "\n").encode())

    def write_tables(self, records: list[CellRecord], summary: pd.DataFrame, marginals: pd.DataFrame) -> None:
        """Write `people.parquet`, `summary.csv` and `marginals.csv`."""
        tables = [_labelled(record) for record in records if record.people is not None]
        people = pa.concat_tables(tables, promote_options="default") if tables else pa.table({})
        write_atomically(self.path / "people.parquet", _parquet(people))
        for table, name in ((summary, "summary.csv"), (marginals, "marginals.csv")):
            write_atomically(self.path / name, table.to_csv(index=False, float_format="%.6g").encode())

    def _cell_path(self, key: str) -> Path:
        return self.path / "cells" / f"{key}.parquet"


def plan_key(plan: Plan) -> str:
    """Return a digest of the cells of a plan."""
    return content_key(cells=[[*cell.label.values(), cell.people] for cell in plan.cells])


def _labelled(record: CellRecord) -> pa.Table:
    assert record.people is not None
    table = pa.Table.from_pandas(record.people, preserve_index=False).replace_schema_metadata(None)
    for place, (name, value) in enumerate(record.cell.label.items()):
        kind = pa.int64() if isinstance(value, int) else pa.string()
        column = pa.array([value] * len(record.people), kind)
        table = table.add_column(place, name, column if kind == pa.int64() else column.dictionary_encode())
    return table


def _parquet(table: pa.Table) -> bytes:
    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    others = [field.name for field in table.schema if field.name not in numbers]
    sink = pa.BufferOutputStream()
    # Bytes of equal weight lie together: random digits do not spoil the exponents beside them.
    pq.write_table(
        table, sink, compression="zstd", compression_level=12, use_dictionary=others, use_byte_stream_split=numbers
    )
    return sink.getvalue().to_pybytes()
