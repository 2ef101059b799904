"""The suite from Python: run it, load a run, look at it."""

from __future__ import annotations

__all__ = ["find_suite", "load", "run"]

import tempfile
from collections.abc import Sequence
from pathlib import Path

from recourse_arena.folders import cache_folder, data_folder
from recourse_arena.plugins import Registry, discover, variant
from recourse_arena.plugins.names import NAME, is_name
from recourse_arena.problem.errors import ArenaError
from recourse_arena.problem.solver import Solver
from recourse_arena.reporting.result import Result
from recourse_arena.running.cache import ArtefactCache
from recourse_arena.running.plan import Choice, make_plan
from recourse_arena.running.progress import Progress
from recourse_arena.running.runner import execute
from recourse_arena.running.store import RunFolder
from recourse_arena.running.suite import Suite, read_suite


def run(
    suite: str | Path | Suite = "quick",
    *,
    out: str | Path | None = None,
    solvers: Sequence[str | Solver] = (),
    datasets: Sequence[str] = (),
    scenarios: Sequence[str] = (),
    people: int | None = None,
    seeds: Sequence[int] = (),
    fresh: bool = False,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
    no_plugins: Sequence[str] = (),
) -> Result:
    """Run a suite and return its result.

    Arguments:
        suite: Name of a suite, path of a TOML file, or a suite.
        out: Folder of the run; the same call on the same folder goes on where it stopped. Without one, results
            live as long as the returned object.
        solvers: Names of solvers, with options (`"grid?points=9"`), or solver objects; default: the suite's.
        datasets: Some of the suite's datasets, or variants of them.
        scenarios: Patterns over the suite's scenarios, or names of others.
        people: How many people are asked about.
        seeds: Seeds instead of the suite's.
        fresh: Compute every cell anew, even if the folder holds it. Models in the cache are kept.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        progress: Who hears of each step; default nobody.
        no_plugins: Names of plugins to block, `*` for all that are not built in.

    Raises:
        ArenaError: If names, options, files or folders are wrong; nothing has run or been overwritten then.
    """
    registry = discover(no_plugins=no_plugins)
    names = tuple(_name(solver) for solver in solvers)
    handed = {name: solver for name, solver in zip(names, solvers, strict=True) if isinstance(solver, Solver)}
    choice = Choice(tuple(datasets), names, tuple(scenarios), people, tuple(seeds))
    data = data_folder(data)
    plan = make_plan(find_suite(suite, registry), registry, data=data, choice=choice, solvers=handed)
    temporary = tempfile.TemporaryDirectory(prefix="recourse-arena-") if out is None else None
    folder = RunFolder(Path(temporary.name if temporary else str(out)))
    kept = ArtefactCache(cache_folder(cache))
    execute(plan, folder, registry=registry, data=data, cache=kept, progress=progress or Progress(), fresh=fresh)
    return load(folder.path, keep=temporary)


def _name(solver: str | Solver) -> str:
    if isinstance(solver, str):
        return solver
    if not isinstance(solver, Solver):
        hint = "; make one of this class first" if isinstance(solver, type) else ""
        raise ArenaError(f"solvers: expected names or Solver objects, got {solver!r}{hint}")
    name = getattr(solver, "name", None)
    if not isinstance(name, str) or not is_name(variant(name)[0]):
        raise ArenaError(f"the name of a solver must be {NAME}; that of a {type(solver).__name__} is {name!r}")
    return name


def load(path: str | Path, *, keep: object = None) -> Result:
    """Return the result in a run folder. `keep` is held as long as the result lives."""
    return Result.read(Path(path), keep=keep)


def find_suite(suite: str | Path | Suite, registry: Registry) -> Suite:
    """Return a suite by name, or the one in a TOML file."""
    if isinstance(suite, Suite):
        return suite
    if str(suite) in registry.suites:
        return registry.suites[str(suite)]
    if str(suite).endswith(".toml") or Path(suite).is_file():
        return read_suite(Path(suite))
    error = registry.suites.unknown(str(suite))
    raise ArenaError(f"{error} A suite of your own is the path of a .toml file.")
