"""An entry: one Parquet file of a run's rows, with what else the run says as JSON in its schema. No code, no pickle."""

from __future__ import annotations

__all__ = ["Entry", "packed_entry", "read_entry"]

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.rows import MOST_BYTES, check_rows, read_rows
from recourse_arena.board.entries.shape import CellSaid, MethodCard, Said, read_said, written_said
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.files import plain_file

_KEY = b"recourse-arena entry"


@dataclass(frozen=True)
class Entry:
    """A run that somebody sent.

    Arguments:
        digest: The first 32 letters of the SHA-256 of the file.
        said: What it says beside its rows, checked.
        people: Its rows, as `people.parquet` of the run has them; none where only the rest was read.
    """

    digest: str
    said: Said
    people: pa.Table | None

    @property
    def name(self) -> str:
        """What it is called on the board."""
        return self.said.card.name

    @property
    def cards(self) -> MethodCard:
        """What its authors say of the method."""
        return self.said.card

    @cached_property
    def record(self) -> dict[str, Any]:
        """What it says, as plain values."""
        found: dict[str, Any] = msgspec.to_builtins(self.said)
        return found

    @cached_property
    def solved(self) -> list[CellSaid]:
        """The cells that have rows, in their order."""
        return [cell for cell in self.said.cells if cell.outcome == Outcome.SOLVED]

    def rows_of(self, place: int) -> pa.Table:
        """Return the rows of the solved cell at a place."""
        assert self.people is not None
        count = self.solved[place].people
        return self.people.slice(int(self._ends[place]) - count, count)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum([cell.people for cell in self.solved])


def packed_entry(said: Said, people: pa.Table) -> bytes:
    """Return the file of an entry; rows must be those that `said` tells of.

    Raises:
        ArenaError: If they are not.
    """
    check_rows(people, said.cells)
    numbers = [field.name for field in people.schema if pa.types.is_floating(field.type)]
    others = [field.name for field in people.schema if field.name not in numbers]
    sink = pa.BufferOutputStream()
    # Bytes of equal weight lie together: random digits do not spoil the exponents beside them.
    pq.write_table(
        people.replace_schema_metadata({_KEY: written_said(said)}), sink, compression="zstd", compression_level=12,
        use_dictionary=others, use_byte_stream_split=numbers, write_page_checksum=True,
    )  # fmt: skip
    return sink.getvalue().to_pybytes()


def read_entry(path: Path, *, rows: bool = True) -> Entry:
    """Return the entry in a file; nothing in it is run, and nothing believed that it could say wrongly and be seen to.

    Arguments:
        path: The file.
        rows: Whether its rows are read, too.

    Raises:
        ArenaError: With the file and what is wrong with it.
    """
    try:
        content = plain_file(path, most=MOST_BYTES).read_bytes()
    except FileNotFoundError:
        raise ArenaError(f"{path}: no such file") from None
    except OSError as error:
        raise ArenaError(f"cannot read {path}: {error.strerror or error}") from None
    try:
        told, people = read_rows(content, _KEY, rows=rows)
        said = read_said(told)
        if people is not None:
            check_rows(people, said.cells)
    except ArenaError as error:
        raise ArenaError(f"{path} is no entry: {error}") from None
    return Entry(hashlib.sha256(content).hexdigest()[:32], said, people)
