"""The suite from Python: run it, load a run, look at it."""

from __future__ import annotations

__all__ = ["dataset", "decision", "find_suite", "load", "preview", "run"]

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse_arena.base.arithmetic import arithmetic_of, environment
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.base.names import NAME, is_name, spell, variant
from recourse_arena.execution.engines.engine import Serial, make_engine
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.preview import Preview
from recourse_arena.execution.progress_display import progress_for
from recourse_arena.execution.runner import execute
from recourse_arena.execution.sandbox.sandbox import Limits, parsed_memory
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.solver import Solver
from recourse_arena.interfaces.suite import Suite
from recourse_arena.planning.plan import Plan, Selection, make_plan
from recourse_arena.planning.suite_file import read_suite
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.reporting.forms import boards_are_newer, write_boards
from recourse_arena.reporting.result import Result
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.tables.table_dataset import TableDataset


def run(
    suite: str | Path | Suite = "quick",
    *,
    out: str | Path | None = None,
    solvers: Sequence[str | Solver] | str | Solver = (),
    datasets: Sequence[str | Dataset] | str | Dataset = (),
    scenarios: Sequence[str] | str = (),
    people: int | None = None,
    seeds: Sequence[int] = (),
    metrics: Sequence[str] | str = (),
    fresh: bool = False,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | bool = False,
    no_plugins: Sequence[str] = (),
    jobs: int = 1,
    scheduler: str | None = None,
    timeout: float | None = None,
    person_timeout: float | None = None,
    memory: int | str | None = None,
    isolated: bool = False,
) -> Result:
    """Run a suite and return its result.

    Arguments:
        suite: Name of a suite, path of a TOML file, or a suite.
        out: Folder of the run, with its leaderboard as Markdown and as a page; the same call on the same folder goes on
            where it stopped. Without one, results live as long as the returned object.
        solvers: Names of solvers, with options (`"grid?points=9"`), or solver objects; default: the suite's. Several
            objects of one class are named by their options; those that cannot be told apart are refused.
        datasets: Some of the suite's datasets, or variants of them; or one's own in their place, as the path of a TOML
            file or as an object (:func:`dataset`).
        scenarios: Patterns over the suite's scenarios, or names of others.
        people: How many people are asked about.
        seeds: Seeds instead of the suite's.
        metrics: Names of metrics of plugins, beside those of the suite; those of a plugin that has a dataset, solver or
            suite of the run are measured anyway.
        fresh: Compute every cell anew, even if the folder holds it. Models in the cache are kept.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        progress: Whether to tell on stderr how far it is, as the command does; or who hears of each step.
        no_plugins: Names of plugins to block, `*` for all that are not built in.
        jobs: Cells that are worked on at a time, each in a process of its own.
        scheduler: Address of a Dask scheduler, whose workers are used instead.
        timeout: Seconds that preparing a solver, and each cell, may take.
        person_timeout: Seconds that a solver may spend on a person, where it has an option that says so.
        memory: What the process of a solver may hold, in bytes or as `"4GB"`.
        isolated: Whether a single job, too, works in a process of its own, so that a solver which crashes costs its
            own cell only. More jobs, a scheduler and limits imply it.

    Raises:
        ArenaError: If names, options, files or folders are wrong; nothing has run or been overwritten then.
    """
    if out is not None and not str(out).strip():
        raise ArenaError("out: expected the name of a folder, got an empty one")
    registry, data = discover(no_plugins=no_plugins), data_folder(data)
    limits = Limits(timeout, parsed_memory(memory) if isinstance(memory, str) else memory)
    kept = ArtefactCache(cache_folder(cache))
    chosen = Selection.checked(_taken(datasets, registry), scenarios, people, seeds, person_timeout, metrics)
    plan = _planned(suite, solvers, chosen, registry, data)
    engine = make_engine(
        plan, registry, data, kept, limits, jobs=jobs, scheduler=scheduler, isolated=isolated, no_plugins=no_plugins
    )
    temporary = tempfile.TemporaryDirectory(prefix="recourse-arena-") if out is None else None
    folder = RunFolder(Path(temporary.name if temporary else str(out)).absolute())
    inside = isinstance(engine, Serial) and isinstance(engine.worker, LocalWorker)
    how = {
        "jobs": jobs,
        "scheduler": scheduler,
        "solvers in": "the process of the run" if inside else "processes of their own",
        "timeout": timeout,
        "memory": limits.memory,
    }
    execute(
        plan,
        folder,
        registry=registry,
        data=data,
        engine=engine,
        progress=progress_for() if progress is True else progress or Progress(),
        cache=kept,
        arithmetic=arithmetic_of(os.environ if inside else environment(os.environ)),
        fresh=fresh,
        how={name: value for name, value in how.items() if value is not None},
    )
    result = load(folder.path, keep=temporary)
    if temporary is None and not boards_are_newer(folder.path):
        write_boards(result.board, folder.path)
    return result


def preview(
    suite: str | Path | Suite = "quick",
    *,
    out: str | Path | None = None,
    solvers: Sequence[str | Solver] | str | Solver = (),
    datasets: Sequence[str | Dataset] | str | Dataset = (),
    scenarios: Sequence[str] | str = (),
    people: int | None = None,
    seeds: Sequence[int] = (),
    metrics: Sequence[str] | str = (),
    person_timeout: float | None = None,
    fresh: bool = False,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    jobs: int = 1,
    no_plugins: Sequence[str] = (),
) -> Preview:
    """Return what :func:`run` would do with the same arguments: what is kept, what would run, about how long.

    Raises:
        ArenaError: If names, options or files are wrong.
    """
    registry, data = discover(no_plugins=no_plugins), data_folder(data)
    chosen = Selection.checked(_taken(datasets, registry), scenarios, people, seeds, person_timeout, metrics)
    plan = _planned(suite, solvers, chosen, registry, data)
    folder = None if out is None or fresh else RunFolder(Path(out))
    return Preview.of(
        plan,
        registry,
        data=data,
        cache=ArtefactCache(cache_folder(cache)),
        folder=folder,
        jobs=jobs,
        arithmetic=arithmetic_of(os.environ if jobs == 1 else environment(os.environ)),
    )


def _planned(
    suite: str | Path | Suite,
    solvers: Sequence[str | Solver] | str | Solver,
    choice: Selection,
    registry: Registry,
    data: Path,
) -> Plan:
    """Return the plan of a suite with what a user chose of it, and solvers by name or handed over as objects."""
    names = _named(solvers)
    handed = {name: solver for name, solver in names.items() if isinstance(solver, Solver)}
    chosen = replace(choice, solvers=tuple(names))
    return make_plan(find_suite(suite, registry), registry, data=data, choice=chosen, solvers=handed)


def _taken(datasets: Sequence[str | Dataset] | str | Dataset, registry: Registry) -> tuple[str, ...]:
    """Return the names of datasets, of which those that are objects are handed over."""
    several = (datasets,) if isinstance(datasets, (str, Dataset)) else tuple(datasets)
    return tuple(registry.hand_over(one) if isinstance(one, Dataset) else one for one in several)


def _named(solvers: Sequence[str | Solver] | str | Solver) -> dict[str, str | Solver]:
    """Return solvers by what each is called: objects of one name are told apart by their options.

    Raises:
        ArenaError: If something is no solver, or two of them cannot be told apart.
    """
    solvers = (solvers,) if isinstance(solvers, (str, Solver)) else solvers
    plain = [_name(solver) for solver in solvers]
    names = [
        name if isinstance(solver, str) or plain.count(name) == 1 else spell(name, _words(solver.made_with))
        for name, solver in zip(plain, solvers, strict=True)
    ]
    for name, solver in zip(names, solvers, strict=True):
        if names.count(name) > 1 and not isinstance(solver, str):
            raise ArenaError(
                f"solvers: {names.count(name)} of them are called {name!r}, and their rows could not be told apart;\n"
                f"give them different names: `solver.name = '{variant(name)[0]}-2'`"
            )
    return dict(zip(names, solvers, strict=True))


def _words(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options that can be written behind a name."""
    return {name: value for name, value in options.items() if isinstance(value, (bool, int, float, str))}


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


def dataset(frame: pd.DataFrame, *, label: str, actionable: Sequence[str], **said: Any) -> TableDataset:
    """Return a dataset whose people are the rows of a frame; see :func:`~recourse_arena.tables.frames.of_frame`.

    Arguments:
        frame: The people; what kind of value each column holds is guessed where it is not said.
        label: Its column of true labels; `favourable` says which one is, by default 1.
        actionable: Columns that people can act upon.
        said: `favourable, immutable, directions, sensitive, kinds, levels, name, cost, decision`.

    Raises:
        ArenaError: If a column is not there, or something is not what it should be.
    """
    from recourse_arena.tables.frames import of_frame

    return of_frame(frame, label=label, actionable=actionable, **said)


def decision(model: object, *, favourable: object = 1, threshold: float = 0.5, name: str = "yours") -> Decision:
    """Return a decision model that is an object: a fitted classifier of scikit-learn, or a function of a frame.

    Arguments:
        model: It is asked about people in original units, with levels by their names.
        favourable: The class that is a yes, of a classifier.
        threshold: Least probability for a yes.
        name: What it is called.

    Raises:
        ArenaError: If it is neither, or has no such class.
    """
    from recourse_arena.models.decision.handed import handed_over

    return handed_over(model, favourable=favourable, threshold=threshold, name=name)


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
        return read_suite(Path(suite), registry.scenario)
    error = registry.suites.unknown(str(suite))
    raise ArenaError(f"{error} A suite of your own is the path of a .toml file.")
