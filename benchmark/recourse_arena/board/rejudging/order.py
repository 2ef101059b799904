"""Entries to judge again, in a process of its own that computes as the command does; no solver is imported there."""

from __future__ import annotations

__all__ = ["RejudgeOrder"]

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.entry import read_entry
from recourse_arena.board.rejudging.judged_cells import Judging
from recourse_arena.board.rejudging.verdict import Rejudge
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.execution.solving.surroundings import pickled
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.files import write_atomically


@dataclass(frozen=True)
class RejudgeOrder:
    """Which entries are to be judged again.

    Arguments:
        entries: Their files.
        out: Folder that takes what is found of each: `0.json` and so on, in their order, with `refused` in it, the
            reason, or `verdict`.
        suites: Folder of suites that are no plugin's.
        data: Data directory.
        cache: Artefact cache.
        jobs: How many processes judge at a time.
        no_plugins: Names of plugins to block.
    """

    entries: tuple[Path, ...]
    out: Path
    suites: Path | None
    data: Path
    cache: Path | None
    jobs: int = 1
    no_plugins: tuple[str, ...] = ()

    def packed(self) -> bytes:
        """Return it as it travels to another process."""
        return pickled("board", (tuple(sys.path), pickled("board", self)))

    def carry_out(self, progress: Progress, nursery: Nursery | None = None) -> None:
        """Do it, and write what comes out."""
        registry = discover(no_plugins=self.no_plugins)
        judging = Judging(registry, self.data, ArtefactCache(self.cache), self.no_plugins)
        rejudge = Rejudge(judging, self.suites, self.jobs)
        progress.begin({str(path): 10.0 for path in self.entries})
        for number, path in enumerate(self.entries):
            progress.step(str(path), f"{path.name} is judged again")
            found = self._found(path, rejudge, progress)
            write_atomically(self.out / f"{number}.json", json.dumps(found).encode())
            progress.done(str(path))
        progress.end()

    def _found(self, path: Path, rejudge: Rejudge, progress: Progress) -> dict[str, Any]:
        try:
            entry = read_entry(path)
            many, judged = max(len(entry.solved), 1), 0

            def done(case: object) -> None:
                nonlocal judged
                judged += 1
                progress.part(str(path), judged / many)

            return {"verdict": rejudge(entry, done)}
        except ArenaError as error:
            return {"refused": str(error)}
