"""Results in files, advice and judged cells alike: each holds the rows of several, and is named by its digest."""

from __future__ import annotations

__all__ = ["KeptResults"]

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.storage.files import GIGABYTE, plain_file, set_aside, write_atomically
from recourse_arena.storage.people_table import as_parquet

_SAID = b"recourse-arena cells"
_BETWEEN = 0.3
"""Seconds for which cells may wait for each other to be written together: no more work than that is ever lost."""

_MOST = 16 * GIGABYTE
"""Bytes that a file may have."""

_MANY = 8
"""Files from which it pays to write them into one."""


class _Result(Protocol):
    """What can be kept: a table, and what else it says as JSON."""

    @property
    def table(self) -> pa.Table:
        """Its rows."""

    def said(self) -> dict[str, Any]:
        """Return what it says beside them."""

    @classmethod
    def of(cls, table: pa.Table, said: Mapping[str, Any]) -> Self:
        """Return it from both.

        Raises:
            ArenaError, KeyError, TypeError, ValueError: If they are not what they should be.
        """


R = TypeVar("R", bound=_Result)


@dataclass
class KeptResults(Generic[R]):
    """Results of one kind in a run folder, by content key.

    A file that is not what its name says, or holds something else, is reported and moved aside.

    Arguments:
        kind: The kind.
        folder: Where the files lie.
        aside: The folder whose `set-aside` takes what cannot be used.
    """

    kind: type[R]
    folder: Path
    aside: Path
    _files: list[Path] = field(default_factory=list)
    _held: dict[str, R] = field(default_factory=dict)
    _waiting: dict[str, R] = field(default_factory=dict)
    _written: float = float("-inf")

    def read(self, wanted: Collection[str]) -> Mapping[str, R]:
        """Return the results among those wanted."""
        for file in sorted(self.folder.glob("*.parquet")):
            try:
                found = self._unpacked(file)
            except ArenaError as error:
                moved = set_aside(file, self.aside)
                warnings.warn(f"{file}: {error}; its cells are computed anew, and it is now {moved}", stacklevel=2)
                continue
            self._files.append(file)
            self._held.update({key: result for key, result in found.items() if key in wanted})
        return self._held

    def names(self, wanted: Collection[str]) -> set[str]:
        """Return which of some results are kept; nothing is touched."""
        found = set()
        for file in self.folder.glob("*.parquet"):
            with contextlib.suppress(ArenaError):
                found |= self._unpacked(file).keys() & set(wanted)
        return found

    def everything(self) -> dict[str, R]:
        """Return all that can be read, by key; nothing is touched."""
        found: dict[str, R] = {}
        for file in sorted(self.folder.glob("*.parquet")):
            with contextlib.suppress(ArenaError):
                found |= self._unpacked(file)
        return found

    def keep(self, key: str, result: R) -> None:
        """Keep a result: write it at once, with others if many come at a time.

        Raises:
            ArenaError: If it cannot be written.
        """
        self._held[key] = self._waiting[key] = result
        if time.monotonic() - self._written > _BETWEEN:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._files += self._write(self._waiting, small=False)
            self._waiting = {}
            self._written = time.monotonic()

    def settled(self) -> list[Path]:
        """Return the files that hold everything, written again where they are gone or changed since."""
        self.compact()
        broken = [file for file in self._files if not _is_whole(file)]
        if broken:
            for file in filter(os.path.lexists, broken):
                set_aside(file, self.aside)
            self._files = [*(file for file in self._files if file not in broken), *self._write(self._held, small=True)]
            warnings.warn(f"{broken[0]} was lost or changed during the run; it is written again", stacklevel=3)
        return self._files

    def compact(self) -> None:
        """Write everything into few files, if it lies in many."""
        self.flush()
        if len(self._files) < _MANY:
            return
        before, self._files = self._files, self._write(self._held, small=True)
        for file in {*before} - {*self._files}:
            file.unlink(missing_ok=True)

    def _write(self, results: Mapping[str, R], *, small: bool) -> list[Path]:
        alike: dict[pa.Schema, dict[str, R]] = {}
        for key, result in results.items():
            alike.setdefault(result.table.schema, {})[key] = result
        files = []
        for group in alike.values():
            content = _packed(group, small=small)
            files.append(self.folder / f"{_digest(content)}.parquet")
            write_atomically(files[-1], content)
        return files

    def _unpacked(self, file: Path) -> dict[str, R]:
        """Return the results of a file by key, or raise why it is none of ours."""
        try:
            content = plain_file(file, most=_MOST).read_bytes()
            if _digest(content) != file.stem:
                raise ArenaError("its checksum is another than its name says")
            rows = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
            cells = json.loads((rows.schema.metadata or {})[_SAID])
            rows = rows.replace_schema_metadata(None)
            ends = _ends(cells, len(rows))
            return {
                said["key"]: self.kind.of(rows[end - said["rows"] : end], said)
                for said, end in zip(cells, ends, strict=True)
            }
        except ArenaError:
            raise
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
            raise ArenaError(f"not a file of finished cells ({type(error).__name__})") from None


def _is_whole(file: Path) -> bool:
    """Return whether a file is there and has the content that its name says."""
    try:
        return _digest(plain_file(file, most=_MOST).read_bytes()) == file.stem
    except (ArenaError, OSError):
        return False


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _packed(results: Mapping[str, _Result], *, small: bool) -> bytes:
    said = [{"key": key, "rows": len(result.table), **result.said()} for key, result in results.items()]
    rows = pa.concat_tables([result.table for result in results.values()]).combine_chunks()
    return as_parquet(rows.replace_schema_metadata({_SAID: json.dumps(said).encode()}), small=small)


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
