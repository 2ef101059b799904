"""Entries run again from the distribution of their solvers: whether anybody else gets the same rows."""

from __future__ import annotations

__all__ = ["Surroundings", "rerun"]

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import plain
from recourse_arena.board.adding import keep_rerun
from recourse_arena.board.entries.board_folder import BoardFolder
from recourse_arena.board.entries.entry import Entry
from recourse_arena.board.entries.submitting import entry_of
from recourse_arena.board.rejudging.differences import Closeness, refuse_other_rows
from recourse_arena.board.rejudging.planned import Planned, planned
from recourse_arena.execution.run_process import wants_isolation
from recourse_arena.planning.plan import Selection
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.run_files import RunFiles

_COMMAND = "from recourse_arena.cli import main; main()"

_NAMED, _PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"), re.compile(r"[0-9][A-Za-z0-9.!_-]*")
"""What can be a line of a file of constraints."""


@dataclass(frozen=True)
class Surroundings:
    """Where an entry is run again.

    Arguments:
        python: An interpreter in whose environment everything is installed already; none for a fresh environment.
        wheels: What is installed into a fresh one instead of what the entry names: files, or requirements.
        data: Data directory.
        cache: Artefact cache.
        jobs: Cells worked on at a time.
    """

    data: Path
    cache: Path | None
    python: str | None = None
    wheels: tuple[str, ...] = ()
    jobs: int = 1

    @property
    def words(self) -> str:
        """What it is, in words."""
        return "a fresh environment" if self.python is None else "an environment that was there"


def rerun(which: str, board: Path, where: Surroundings) -> Mapping[str, Any]:
    """Run the suite of an entry again for its solvers, and keep in the verdict on it whether the rows are the same.

    Arguments:
        which: The entry's name, or the beginning of its digest.
        board: Folder of the board.
        where: Where it is run.

    Raises:
        ArenaError: If there is no such entry, nothing says where its solvers can be had, or the run breaks off.
    """
    folder = BoardFolder(board)
    if not (board / "board.json").exists():
        raise ArenaError(f"{board} is no board: it has no board.json")
    with folder.claimed(), tempfile.TemporaryDirectory(prefix="recourse-arena-") as at:
        entry = folder.entry(folder.named(which).digest)
        registry = discover()
        asked = planned(entry.said, registry, data=where.data, suites=board / "suites")
        python = where.python or _fresh(entry, Path(at) / "venv", where.wheels)
        out = Path(at) / "run"
        _call([python, "-c", _COMMAND, *_words(entry, asked, board / "suites", out, where)], "the run")
        return keep_rerun(folder, entry, **_compared(entry, out, registry, where))


def _compared(entry: Entry, out: Path, registry: Registry, where: Surroundings) -> dict[str, Any]:
    said, people = entry_of(RunFiles.read(out), registry)
    packages = {name: version for name, version in said.provenance.packages.items()}
    made = f"in {where.words}, recourse-arena {packages.get('recourse-arena', '?')}, torch {packages.get('torch', '?')}"
    assert entry.people is not None
    for cell, again in zip(entry.said.cells, said.cells, strict=False):
        if (cell.key, cell.outcome, cell.people) != (again.key, again.outcome, again.people):
            told = f"{cell.words}: {cell.outcome}, {cell.people} people; again: {again.outcome}, {again.people} people"
            return {"same": False, "words": f"{told}; {made}"}
    try:
        refuse_other_rows(entry.people, people, Closeness(close=False))
    except ArenaError as error:
        return {"same": False, "words": f"{str(error).replace('judged', 'run again')}; {made}"}
    return {"same": True, "words": f"{len(people)} rows, each the same to the last bit; {made}"}


def _words(entry: Entry, asked: Planned, suites: Path, out: Path, where: Surroundings) -> list[str]:
    """Return the words of the command that runs what an entry was asked to do."""
    choice: Selection = asked.choice
    name = entry.said.suite.name
    own = suites / f"{name}.toml"
    words = ["run", str(own) if own.is_file() else name, "--out", str(out), "--jobs", str(where.jobs)]
    for option, names in (
        ("--solver", choice.solvers),
        ("--dataset", choice.datasets),
        ("--scenario", choice.scenarios),
        ("--metric", choice.metrics),
    ):
        for one in names:
            words += [option, one]
    if choice.people is not None:
        words += ["--people", str(choice.people)]
    if choice.seeds:
        words += ["--seeds", ",".join(map(str, choice.seeds))]
    words += ["--data", str(where.data)]
    return words if where.cache is None else [*words, "--cache", str(where.cache)]


def _fresh(entry: Entry, at: Path, wheels: Sequence[str]) -> str:
    """Return the interpreter of a fresh environment in which the solvers of an entry are installed."""
    wanted = list(wheels) or _requirements(entry)
    _call([sys.executable, "-m", "venv", str(at)], "making an environment")
    python = str(at / ("Scripts" if os.name == "nt" else "bin") / "python")
    constraints = at / "constraints.txt"
    constraints.write_text("\n".join(_constraints(entry)), encoding="utf-8")
    command = [python, "-m", "pip", "install", "--quiet", "--constraint", str(constraints), *wanted]
    _call(command, f"installing {', '.join(wanted)}")
    return python


def _constraints(entry: Entry) -> list[str]:
    """Return the versions that the entry was made with, for other ones round otherwise; local builds as published."""
    packages = entry.said.provenance.packages.items()
    own = {"recourse-arena", *(solver.distribution[0] for solver in entry.said.solvers.values() if solver.distribution)}
    pinned = [(name, version.partition("+")[0]) for name, version in packages if name not in own]
    return [f"{name}=={version}" for name, version in pinned if _NAMED.fullmatch(name) and _PINNED.fullmatch(version)]


def _requirements(entry: Entry) -> list[str]:
    found = dict[str, str]()
    ours = entry.said.provenance.packages.get("recourse-arena")
    if ours:
        found["recourse-arena"] = ours
    for name, solver in entry.said.solvers.items():
        if solver.distribution is None:
            raise ArenaError(
                f"{entry.name!r} does not say which distribution {name!r} comes from: it was handed over as an object; "
                "name an environment that has it with --python, or a wheel with --wheel"
            )
        found[solver.distribution[0]] = solver.distribution[1]
    return [f"{name}=={version}" if version else name for name, version in found.items()]


def _call(command: Sequence[str], what: str) -> None:
    """Run a command; what a run says on the way is nobody's, and cells that fail are told by its folder."""
    own = command[0] == sys.executable
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} if own else {}
    isolation = {} if wants_isolation(None) else {"RECOURSE_ARENA_ISOLATION": "no"}
    environment = {name: value for name, value in os.environ.items() if own or name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**environment, **paths, **isolation},
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise ArenaError(f"{what} cannot begin: {command[0]}: {error.strerror or error}") from None
    if done.returncode not in (0, 1):
        said = "\n".join(map(plain, (done.stderr or done.stdout).strip().splitlines()[-5:]))
        raise ArenaError(f"{what} broke off with {done.returncode}: {said}")
