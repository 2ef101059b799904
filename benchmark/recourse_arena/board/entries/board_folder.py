"""The folder of a board: entries, what judging them again found, and what became of the board over time."""

from __future__ import annotations

__all__ = ["BoardFolder", "Event"]

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
from filelock import FileLock, Timeout

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.entry import Entry, read_entry
from recourse_arena.storage.files import plain_file, refuse_links, write_atomically

FORMAT = 1
"""Version of the layout of a board."""

_MOST = 64 * 2**20
"""Bytes that a file of JSON may have."""

_DIGEST = re.compile(r"[0-9a-f]{32}")


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that became of a board.

    Arguments:
        date: When, in UTC.
        event: What: an entry was `added`, `replaced` an earlier one of its name, was `removed`, or `re-run`.
        name: What the entry is called.
        entry: Its digest; empty of one that is removed.
        was: Digest of the entry that it replaced.
        suite: The suite.
        protocol: The protocol it is judged by.
        solvers: Versions of its solvers.
        same: Whether running it again found the same rows.
        words: More of it.
    """

    date: str
    event: Literal["added", "replaced", "removed", "re-run"]
    name: str
    entry: str = ""
    was: str = ""
    suite: str = ""
    protocol: int | None = None
    solvers: dict[str, str] = {}
    same: bool | None = None
    words: str = ""


class _Info(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    history: list[Event] = []


@dataclass(frozen=True)
class BoardFolder:
    """A board: `board.json`, `entries/DIGEST.entry`, `verdicts/DIGEST.json`, and the page that is made of them.

    Its own suites, as TOML files, lie in `suites/`.
    """

    path: Path

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder, new or a board's, so that nobody else changes it meanwhile.

        Raises:
            ArenaError: If it is something else, cannot be written, or another process is at work in it.
        """
        self._refuse_what_is_no_board()
        try:
            for name in ("entries", "verdicts"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock")
            lock.acquire(timeout=0)
        except Timeout:
            raise ArenaError(f"another process is changing {self.path}; wait for it") from None
        except OSError as error:
            raise ArenaError(f"cannot write into {self.path}: {error.strerror or error}") from None
        try:
            yield
        finally:
            lock.release()

    def _refuse_what_is_no_board(self) -> None:
        try:
            found = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
        except OSError as error:
            raise ArenaError(f"cannot use {str(self.path)[:200]}: {error.strerror or error}") from None
        refuse_links(
            self.path, *(self.path / name for name in ("board.json", "together.json", "entries", "verdicts", ".lock"))
        )
        if found and "board.json" not in found and not found <= {"entries", "verdicts", "suites", ".lock"}:
            raise ArenaError(
                f"{self.path} holds {sorted(found)[0]!r} and is no board (it has no board.json);\n"
                "choose an empty or new folder with --board"
            )

    @property
    def history(self) -> list[Event]:
        """What became of the board, the newest last.

        Raises:
            ArenaError: If `board.json` is something else.
        """
        file = self.path / "board.json"
        try:
            content = plain_file(file, most=_MOST).read_bytes()
            found = msgspec.json.decode(content, type=_Info)
        except FileNotFoundError:
            return []
        except (msgspec.DecodeError, OSError, RecursionError) as error:
            raise ArenaError(f"{file} is not the record of a board: {error}") from None
        if found.format != FORMAT:
            raise ArenaError(f"{file} is of format {found.format}; this version reads {FORMAT}")
        return found.history

    def write_history(self, history: Sequence[Event]) -> None:
        """Write `board.json`."""
        said = {"format": FORMAT, "history": msgspec.to_builtins(list(history))}
        lines = ",\n  ".join(json.dumps(event, sort_keys=True) for event in said["history"])
        text = f'{{\n "format": {FORMAT},\n "history": [' + (f"\n  {lines}\n ]" if lines else "]") + "\n}\n"
        write_atomically(self.path / "board.json", text.encode())

    @property
    def together(self) -> dict[str, list[str]]:
        """Digests of entries that whoever keeps the board says are parts of one, by what that is called.

        Raises:
            ArenaError: If `together.json` is something else.
        """
        file = self.path / "together.json"
        try:
            return msgspec.json.decode(plain_file(file, most=_MOST).read_bytes(), type=dict[str, list[str]])
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, OSError, RecursionError) as error:
            raise ArenaError(f"{file}: expected lists of digests by name: {error}") from None

    def write_together(self, together: Mapping[str, Sequence[str]]) -> None:
        """Write which entries are parts of one; of none of them, no file is left."""
        kept = {name: sorted({*digests}) for name, digests in sorted(together.items()) if digests}
        file = self.path / "together.json"
        if kept:
            write_atomically(file, (json.dumps(kept, indent=1) + "\n").encode())
        else:
            file.unlink(missing_ok=True)

    @property
    def digests(self) -> list[str]:
        """Digests of the entries, in an order that says nothing of when they came."""
        files = (self.path / "entries").glob("*.entry")
        return sorted(file.stem for file in files if _DIGEST.fullmatch(file.stem))

    def entry_file(self, digest: str) -> Path:
        """Return where an entry lies."""
        return self.path / "entries" / f"{digest}.entry"

    def verdict_file(self, digest: str) -> Path:
        """Return where the verdict on an entry lies."""
        return self.path / "verdicts" / f"{digest}.json"

    def entry(self, digest: str, *, rows: bool = True) -> Entry:
        """Return an entry.

        Raises:
            ArenaError: If it is not the file that was added.
        """
        found = read_entry(self.entry_file(digest), rows=rows)
        if found.digest != digest:
            raise ArenaError(f"{self.entry_file(digest)} is not the file that was added: its digest is {found.digest}")
        return found

    def entries(self, *, rows: bool = False) -> list[Entry]:
        """Return the entries, by name."""
        found = [self.entry(digest, rows=rows) for digest in self.digests]
        return sorted(found, key=lambda entry: (entry.name, entry.digest))

    def verdict(self, digest: str) -> dict[str, Any] | None:
        """Return what judging an entry again found; none if it is not there or not readable."""
        try:
            found = json.loads(plain_file(self.verdict_file(digest), most=_MOST).read_bytes())
        except (ArenaError, OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) and found.get("entry") == digest and "cells" in found else None

    @property
    def verdicts(self) -> dict[str, dict[str, Any]]:
        """The verdicts by digest of their entry, as far as they are there."""
        return {digest: found for digest in self.digests if (found := self.verdict(digest)) is not None}

    def write_verdict(self, verdict: Mapping[str, Any]) -> None:
        """Write what judging an entry again found."""
        parts = [f"{json.dumps(name)}: {_json(value)}" for name, value in verdict.items()]
        content = "{\n " + ",\n ".join(parts) + "\n}\n"
        write_atomically(self.verdict_file(str(verdict["entry"])), content.encode())

    def named(self, which: str) -> Entry:
        """Return the entry that somebody means: by its name, or the beginning of its digest.

        Raises:
            ArenaError: If it is none, or several.
        """
        entries = self.entries()
        found = [entry for entry in entries if entry.name == which]
        found = found or [entry for entry in entries if len(which) >= 4 and entry.digest.startswith(which)]
        if len(found) == 1:
            return found[0]
        known = "; ".join(f"{entry.name} ({entry.digest[:8]})" for entry in found or entries)
        raise ArenaError(f"{self.path}: {len(found) or 'no'} entries are called {which!r}; it has: {known or 'none'}")


def _json(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
    return json.dumps(value)
