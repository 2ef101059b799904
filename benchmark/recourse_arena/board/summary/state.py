"""A board as its folder holds it: entries, what re-judging found of them, and what happened when."""

from __future__ import annotations

__all__ = ["Board", "digest_of"]

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.text_file import read_json
from recourse_arena.board.entries.board_folder import BoardFolder
from recourse_arena.board.summary.people import met_by_cell
from recourse_arena.board.summary.rows import board_rows
from recourse_arena.board.summary.summary import Summary, summarise
from recourse_arena.storage.files import plain_file

_MOST = 2**28
_RECORD = b"recourse-arena entry"
"""Key of an entry's own record among the metadata of its table."""


@dataclass(frozen=True)
class Board:
    """Entries of a board, and its history.

    Arguments:
        title: What it is called.
        rows: Its table, as :func:`~recourse_arena.board.summary.rows.board_rows` returns it.
        records: The entries' own records, by digest.
        history: Dated events, the newest last: `date`, `event` (`added`, `replaced`, `removed` or `re-run`), `name`,
            `entry` (its digest), `protocol`, `solvers`. Nothing that is ranked reads them.
    """

    title: str
    rows: pd.DataFrame
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def read(cls, folder: Path) -> Board:
        """Return the board in a folder: `board.json`, `verdicts/DIGEST.json` and `entries/DIGEST.entry`.

        A file `together.json` may name entries that are parts of one: lists of digests by what they are called.

        Raises:
            ArenaError: If there is none, or a file of it cannot be read.
        """
        about = _json(folder / "board.json", "a board")
        files = sorted((folder / "verdicts").glob("*.json"))
        verdicts = {file.stem: _json(file, "a verdict") for file in files}
        entries = {digest: folder / "entries" / f"{digest}.entry" for digest in verdicts}
        present = {digest: file for digest, file in entries.items() if file.is_file()}
        records = {digest: _record(file) for digest, file in present.items()}
        met = {digest: met_by_cell(file) for digest, file in present.items()}
        history = about.get("history", [])
        if not isinstance(history, list) or not all(isinstance(event, dict) for event in history):
            raise ArenaError(f"{folder / 'board.json'}: expected `history` to be a list of events")
        title = str(about.get("title") or folder.resolve().name)
        rows = board_rows(verdicts, records, met, together=BoardFolder(folder).together)
        return cls(title, rows, records, history)

    @cached_property
    def summary(self) -> Summary:
        """What its entries say together."""
        return summarise(self.rows, self.records)

    def without(self, digests: set[str]) -> Board:
        """Return the board as if some entries had never been there."""
        rows = self.rows[~self.rows["digest"].isin(digests)].reset_index(drop=True)
        kept = {digest: record for digest, record in self.records.items() if digest not in digests}
        return Board(self.title, rows, kept, self.history)

    @cached_property
    def before_the_latest(self) -> Board | None:
        """The board without the entries of the latest date on which any were added; none if that is all."""
        present = set(self.rows["digest"])
        dates = {
            digest: str(event.get("date", ""))[:10]
            for event in self.history
            if event.get("event") in ("added", "replaced") and (digest := digest_of(event)) in present
        }
        if not dates:
            return None
        latest = {digest for digest, date in dates.items() if date == max(dates.values())}
        return self.without(latest) if present - latest else None


def digest_of(event: Mapping[str, Any]) -> str:
    """Return the digest of the entry that an event is about; nothing of one that is gone."""
    return str(event.get("entry") or event.get("digest") or "")


def _json(path: Path, what: str) -> dict[str, Any]:
    found = read_json(path, what, _MOST)
    if not isinstance(found, dict):
        raise ArenaError(f"{path}: expected {what}, an object of JSON; got {type(found).__name__}")
    return found


def _record(path: Path) -> dict[str, Any]:
    """Return the record in an entry; its rows are not read."""
    try:
        said = (pq.read_schema(plain_file(path, most=_MOST)).metadata or {}).get(_RECORD, b"{}")
        found = json.loads(said)
    except (pa.ArrowException, ValueError) as error:
        raise ArenaError(f"{path} is no entry: {' '.join(str(error).split())[:200]}") from None
    return found if isinstance(found, dict) else {}
