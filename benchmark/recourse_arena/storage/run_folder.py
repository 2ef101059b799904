"""A run folder: `run.json`, three tables, and what resuming needs: judged `cells/`, and the `advice/` they judge."""

from __future__ import annotations

__all__ = ["FORMAT", "Kept", "RunFolder", "plan_key"]

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import content_key
from recourse_arena.planning.plan import Plan
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.storage.cell_record import CellRecord
from recourse_arena.storage.files import GIGABYTE, plain_file, refuse_links, set_aside, write_atomically
from recourse_arena.storage.kept_results import KeptResults
from recourse_arena.storage.people_table import as_parquet, labelled
from recourse_arena.storage.record_shape import checked_record
from recourse_arena.storage.task_result import AdviceResult, CellResult, ModelsResult

FORMAT = 2
"""Version of the layout of a run folder."""

_TABLES = ("people.parquet", "summary.csv", "marginals.csv", "menus.csv")
_FOLDERS = ("cells", "advice")
_BOARDS = ("leaderboard.md", "leaderboard.html")
_MOST = GIGABYTE // 4
"""Bytes that a file of JSON may have."""


@dataclass(frozen=True)
class Kept:
    """What resuming needs: judged cells, and the advice they judge, which is judged again without its solver."""

    cells: KeptResults[CellResult]
    advice: KeptResults[AdviceResult]
    there: frozenset[Path] = field(default=frozenset())
    """What else lay in both folders when they were claimed."""

    def flush(self) -> None:
        """Write what waits."""
        self.advice.flush()
        self.cells.flush()

    def compact(self) -> None:
        """Write everything into few files, if it lies in many."""
        self.advice.compact()
        self.cells.compact()


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    @contextmanager
    def claimed(self, plan: Plan, *, fresh: bool) -> Iterator[Kept]:
        """Hold the folder for a plan and yield what is kept in it: new, empty, or holding the same run.

        Raises:
            ArenaError: If it cannot be written, holds another run, or another process is at work in it. Nothing is
                overwritten then.
        """
        before, damage = self._checked_info()
        if before is not None:
            self._refuse_another(before, plan, fresh=fresh)
        try:
            (self.path / "cells").mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "cells" / ".lock")
            lock.acquire(timeout=0)
        except Timeout:
            raise ArenaError(
                f"another process is running into {self.path}; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise ArenaError(f"cannot write into {self.path}: {error.strerror or error}") from None
        try:
            for folder in (self.path, self.path / "cells", self.path / "advice"):
                for part in folder.glob(".part-*"):
                    part.unlink(missing_ok=True)
            if fresh:
                for file in [*self.path.glob("cells/*.parquet"), *self.path.glob("cells/*.json")]:
                    file.unlink()
                for file in self.path.glob("advice/*.parquet"):
                    file.unlink()
            if damage:
                moved = set_aside(self.path / "run.json", self.path)
                warnings.warn(f"{damage}; it is made anew from the cells, and is now {moved}", stacklevel=2)
            yield self._kept()
        finally:
            lock.release()

    def finished(self, plan: Plan, graph: TaskGraph) -> tuple[set[str], set[str]]:
        """Return the keys of judged cells, and of advice, that the folder holds of a plan, without touching anything.

        Raises:
            ArenaError: If it holds another run, or anything but a run.
        """
        before, _ = self._checked_info()
        if before is not None:
            self._refuse_another(before, plan, fresh=False)
        kept, cells = self._kept(), graph.cells
        return kept.cells.names({task.key for task in cells}), kept.advice.names({task.solve.key for task in cells})

    def _kept(self) -> Kept:
        return Kept(
            KeptResults(CellResult, self.path / "cells", aside=self.path),
            KeptResults(AdviceResult, self.path / "advice", aside=self.path),
            frozenset(self._entries()),
        )

    def _entries(self) -> Iterator[Path]:
        """Yield everything in the folders of cells and advice but the lock."""
        for name in _FOLDERS:
            if (self.path / name).is_dir():
                yield from (entry for entry in (self.path / name).iterdir() if entry.name != ".lock")

    def settle(self, kept: Kept, models: Mapping[str, ModelsResult]) -> None:
        """See that the folders hold what the run read and wrote, and nothing that came beside it.

        A solver that writes there must not be believed when the run goes on: what appeared is moved aside, what is
        gone or changed is written again.

        Arguments:
            kept: What was claimed.
            models: What is remembered of models, by content key.
        """
        for key, known in models.items():
            if self.models(key) != known:
                self.remember(key, known)
        known_files = {*kept.cells.settled(), *kept.advice.settled(), *map(self._models_path, models)}
        for stray in sorted({*self._entries()} - known_files - kept.there):
            moved = set_aside(stray, self.path)
            warnings.warn(f"{stray} appeared during the run, which did not write it; it is now {moved}", stacklevel=3)

    def info(self) -> dict[str, Any] | None:
        """Return what `run.json` says; none if it is not there.

        Raises:
            ArenaError: If it is something else.
        """
        file = self.path / "run.json"
        try:
            info = json.loads(plain_file(file, most=_MOST).read_text(encoding="utf-8"))
            suite, plan = info["suite"], info["plan"]
            if not (isinstance(suite, dict) and isinstance(plan, str)):
                raise ArenaError("suite or plan is not what it should be")
            return {**info, **(checked_record(info) if info.get("status") == "finished" else {})}
        except FileNotFoundError:
            return None
        except (ArenaError, ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
            raise ArenaError(f"{file} is not a record of a run of this suite's format ({error})") from None

    def _checked_info(self) -> tuple[dict[str, Any] | None, str]:
        """Return what `run.json` says, and what is wrong with it where cells beside it show that it was a run's.

        Raises:
            ArenaError: If the folder holds anything but a run, or `run.json` is something else.
        """
        self._refuse_what_is_not_ours()
        try:
            return self.info(), ""
        except ArenaError as error:
            if self._begun:
                return None, str(error)
            raise ArenaError(f"{error}; choose another folder") from None

    @property
    def _begun(self) -> bool:
        return (self.path / "cells" / ".lock").exists()

    def _refuse_what_is_not_ours(self) -> None:
        """Refuse a folder that holds anything but a run: no file of anybody else's is replaced or deleted.

        Raises:
            ArenaError: If it does, cannot be looked into, or leads elsewhere.
        """
        try:
            found = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
        except OSError as error:
            raise ArenaError(f"cannot use {str(self.path)[:200]}: {error.strerror or error}") from None
        names = (*_FOLDERS, "cells/.lock", *_TABLES, *_BOARDS, "set-aside", "run.json")
        refuse_links(self.path, *(self.path / name for name in names))
        if "run.json" in found or (self._begun and found <= {*_FOLDERS, "set-aside"}):
            return
        if strangers := sorted(found):
            raise ArenaError(
                f"{self.path} holds {strangers[0]!r} and is no run folder (it has no run.json);\n"
                f"choose an empty or new folder with --out"
            )

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

    def models(self, key: str) -> ModelsResult | None:
        """Return what is remembered of models by their content key; none if it is not there or not readable."""
        try:
            said = json.loads(plain_file(self._models_path(key), most=_MOST).read_text())
            return ModelsResult(dict(said["identity"]), {str(k): list(v) for k, v in said["marginals"].items()})
        except (ArenaError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def remember(self, key: str, models: ModelsResult) -> None:
        """Remember models, so that going on needs none of them for cells that are kept."""
        said = {"identity": models.identity, "marginals": models.marginals}
        write_atomically(self._models_path(key), (json.dumps(said) + "\n").encode())

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write `run.json`."""
        parts = [f"{json.dumps(name)}: {_json(value)}" for name, value in info.items()]
        write_atomically(self.path / "run.json", ("{\n " + ",\n ".join(parts) + "\n}\n").encode())

    def write_tables(
        self, records: Sequence[CellRecord], summary: pd.DataFrame, marginals: pd.DataFrame
    ) -> dict[str, str]:
        """Write `people.parquet`, `summary.csv`, `marginals.csv` and, where there are menus, `menus.csv`.

        Return their digests.
        """
        people = labelled([(record.cell.label, record.people) for record in records if record.people is not None])
        write_atomically(self.path / "people.parquet", as_parquet(people, small=True))
        for table, name in ((summary, "summary.csv"), (marginals, "marginals.csv")):
            write_atomically(self.path / name, table.to_csv(index=False, float_format="%.6g").encode())
        menus = pd.DataFrame([{**record.cell.label, **row} for record in records for row in record.menu])
        if len(menus):
            write_atomically(self.path / "menus.csv", menus.to_csv(index=False, float_format="%.10g").encode())
        else:
            (self.path / "menus.csv").unlink(missing_ok=True)
        return self.digests()

    def digests(self) -> dict[str, str]:
        """Return a digest of each table that is there."""
        files = [self.path / name for name in _TABLES]
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}

    def _models_path(self, key: str) -> Path:
        return self.path / "cells" / f"{key}.models.json"


def _json(value: Any) -> str:
    """Return a value as JSON: lists with a line for each entry, which is quick to write and to compare by eye."""
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
    return json.dumps(value, indent=1).replace("\n", "\n ") if isinstance(value, dict) else json.dumps(value)


def plan_key(plan: Plan) -> str:
    """Return a digest of the cells of a plan."""
    return content_key(cells=[[*cell.label.values(), cell.people] for cell in plan.cells])
