"""Finished cells in files: each holds the rows of some cells, and its name is the digest of what it holds."""

from __future__ import annotations

__all__ = ["CellFiles"]

import contextlib
import hashlib
import json
import time
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.storage.files import set_aside, write_atomically
from recourse_arena.storage.people_table import as_parquet
from recourse_arena.storage.task_result import CellResult, Note

_SAID = b"recourse-arena cells"
_BETWEEN = 0.3
"""Seconds for which cells may wait for each other to be written together: no more work than that is ever lost."""

_MANY = 8
"""Files from which it pays to write them into one."""

_COLUMNS = {
    "person": pa.types.is_integer,
    "outcome": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
    "valid": pa.types.is_boolean,
    "plausible": pa.types.is_boolean,
    "cost": pa.types.is_floating,
    "weighted_cost": pa.types.is_floating,
    "violations": pa.types.is_integer,
}
"""What rows of people must hold at least."""


@dataclass
class CellFiles:
    """The finished cells of a run folder, by content key.

    A file that is not what its name says, or holds something else than cells, is reported and moved aside.

    Arguments:
        folder: Where the files lie.
        aside: The folder whose `set-aside` takes what cannot be used.
    """

    folder: Path
    aside: Path
    _files: list[Path] = field(default_factory=list)
    _held: dict[str, CellResult] = field(default_factory=dict)
    _waiting: dict[str, CellResult] = field(default_factory=dict)
    _written: float = float("-inf")

    def read(self, wanted: Collection[str]) -> Mapping[str, CellResult]:
        """Return the finished cells among those wanted."""
        for file in sorted(self.folder.glob("*.parquet")):
            try:
                found = _unpacked(file)
            except ArenaError as error:
                moved = set_aside(file, self.aside)
                warnings.warn(f"{file}: {error}; its cells are computed anew, and it is now {moved}", stacklevel=2)
                continue
            self._files.append(file)
            self._held.update({key: judged for key, judged in found.items() if key in wanted})
        return self._held

    def names(self, wanted: Collection[str]) -> set[str]:
        """Return which of some cells are finished; nothing is touched."""
        found = set()
        for file in self.folder.glob("*.parquet"):
            with contextlib.suppress(ArenaError):
                found |= _unpacked(file).keys() & set(wanted)
        return found

    def keep(self, key: str, judged: CellResult) -> None:
        """Keep a finished cell: write it at once, with others if many come at a time.

        Raises:
            ArenaError: If it cannot be written.
        """
        self._held[key] = self._waiting[key] = judged
        if time.monotonic() - self._written > _BETWEEN:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._files += self._write(self._waiting, small=False)
            self._waiting = {}
            self._written = time.monotonic()

    def compact(self) -> None:
        """Write everything into few files, if it lies in many."""
        self.flush()
        if len(self._files) < _MANY:
            return
        before, self._files = self._files, self._write(self._held, small=True)
        for file in {*before} - {*self._files}:
            file.unlink(missing_ok=True)

    def _write(self, cells: Mapping[str, CellResult], *, small: bool) -> list[Path]:
        alike: dict[pa.Schema, dict[str, CellResult]] = {}
        for key, judged in cells.items():
            alike.setdefault(judged.people.schema, {})[key] = judged
        files = []
        for group in alike.values():
            content = _packed(group, small=small)
            files.append(self.folder / f"{_digest(content)}.parquet")
            write_atomically(files[-1], content)
        return files


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _packed(cells: Mapping[str, CellResult], *, small: bool) -> bytes:
    said = [
        {
            "key": key,
            "rows": len(judged.people),
            "timings": dict(judged.timings),
            "metrics": dict(judged.metrics),
            "measured": judged.measured,
            "notes": [note.as_dict() for note in judged.notes],
        }
        for key, judged in cells.items()
    ]
    rows = pa.concat_tables([judged.people for judged in cells.values()]).combine_chunks()
    return as_parquet(rows.replace_schema_metadata({_SAID: json.dumps(said).encode()}), small=small)


def _unpacked(file: Path) -> dict[str, CellResult]:
    """Return the cells of a file by key, or raise why it is none of ours."""
    try:
        content = file.read_bytes()
        if _digest(content) != file.stem:
            raise ArenaError("its checksum is another than its name says")
        rows = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
        cells = json.loads((rows.schema.metadata or {})[_SAID])
        rows = rows.replace_schema_metadata(None)
        _check_columns(rows.schema)
        ends = _ends(cells, len(rows))
        return {
            said["key"]: _judged(said, rows[end - said["rows"] : end]) for said, end in zip(cells, ends, strict=True)
        }
    except ArenaError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise ArenaError(f"not a file of finished cells ({type(error).__name__})") from None


def _check_columns(schema: pa.Schema) -> None:
    for name, fits in _COLUMNS.items():
        if name not in schema.names or not fits(schema.field(name).type):
            raise ArenaError(f"not rows of people: column {name!r} is missing or of another type")


def _ends(cells: Iterable[Mapping[str, Any]], total: int) -> list[int]:
    ends, end = [], 0
    for said in cells:
        if type(said["rows"]) is not int or said["rows"] < 0:
            raise ArenaError("it says a wrong number of rows")
        end += said["rows"]
        ends.append(end)
    if end != total:
        raise ArenaError(f"it says {end} rows and has {total}")
    return ends


def _judged(said: Mapping[str, Any], people: pa.Table) -> CellResult:
    timings = {str(name): float(value) for name, value in said["timings"].items()}
    metrics = {str(name): None if value is None else float(value) for name, value in said["metrics"].items()}
    notes = tuple(Note.read(note) for note in said["notes"])
    return CellResult(people, timings, metrics, str(said["measured"]), notes)
