"""The suite from Python: run it, load a run, look at it."""

from __future__ import annotations

__all__ = ["audit", "dataset", "decision", "find_suite", "lasting", "load", "preview", "run"]

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse_arena.base.arguments import as_path, as_several, as_whole_number, as_yes_or_no
from recourse_arena.base.arithmetic import arithmetic_of, environment
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.progress_display import progress_for, watched
from recourse_arena.execution.run_process import run_apart, wants_isolation
from recourse_arena.execution.solving.limits import Limits, parsed_memory
from recourse_arena.interfaces.change import Change
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.solver import Solver, named_solvers
from recourse_arena.interfaces.suite import Suite
from recourse_arena.planning.plan import Selection
from recourse_arena.planning.suite_file import find_suite
from recourse_arena.reporting.forms import boards_are_newer, write_boards
from recourse_arena.reporting.result import Result
from recourse_arena.storage.lasting_table import kept_redecided, undecided

if TYPE_CHECKING:
    import pandas as pd

    from recourse_arena.auditing.audit import Audit
    from recourse_arena.execution.preview import Preview
    from recourse_arena.execution.run_order import RunOrder
    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.reporting.lasting.table import Lasting
    from recourse_arena.storage.run_files import RunFiles
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
    changes: Sequence[str] | str = (),
    fresh: bool = False,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | bool | None = None,
    no_plugins: Sequence[str] = (),
    jobs: int = 1,
    scheduler: str | None = None,
    timeout: float | None = None,
    person_timeout: float | None = None,
    memory: int | str | None = None,
    isolated: bool | None = None,
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
        people: How many people are asked about, drawn by seed from all who ask.
        seeds: Seeds instead of the suite's.
        metrics: Names of metrics of plugins, beside those of the suite; those of a plugin that has a dataset, solver or
            suite of the run are measured anyway.
        changes: Names of changes of decision models, with options, instead of the suite's: all advice is decided on
            again by each of their models (:func:`lasting`).
        fresh: Compute every cell anew, even if the folder holds it. Models in the cache are kept.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        progress: Whether to tell on stderr how far it is; or who hears of each step. By default it is told on a
            terminal and in a notebook.
        no_plugins: Names of plugins to block, `*` for all that are not built in.
        jobs: Cells that are worked on at a time.
        scheduler: Address of a Dask scheduler, whose workers are used instead.
        timeout: Seconds that preparing a solver, and each cell, may take.
        person_timeout: Seconds that a solver may spend on a person, where it has an option that says so.
        memory: What the process of a solver may hold, in bytes or as `"4GB"`.
        isolated: Whether the run has a process of its own, and each solver another, so that no solver touches what
            judges it; numbers are then those of the command. By default yes, unless `RECOURSE_ARENA_ISOLATION` says no;
            more jobs, a scheduler and limits imply it. Without, everything happens here: for a debugger.

    Raises:
        ArenaError: If names, options, files or folders are wrong; nothing has run or been overwritten then.
    """
    out, jobs = as_path("out", out), as_whole_number("jobs", jobs, least=1)
    fresh, isolated = as_yes_or_no("fresh", fresh), wants_isolation(isolated)
    hears = _hearing(progress)
    _check_address(scheduler)
    limits = Limits(timeout, parsed_memory(memory) if isinstance(memory, str) else memory)
    temporary = tempfile.TemporaryDirectory(prefix="recourse-arena-") if out is None else None
    order = _order(
        suite, solvers, datasets, scenarios, people, seeds, person_timeout, metrics, changes, data, cache, no_plugins,
        folder=Path(temporary.name if temporary else str(out)).absolute(),
        fresh=fresh, jobs=jobs, scheduler=scheduler, limits=limits,
    )  # fmt: skip
    if isolated or jobs > 1 or scheduler is not None or limits:
        run_apart(order, hears)
    else:
        from recourse_arena.execution.run_order import carry_out

        hears.say(_TOGETHER)
        carry_out(order, hears)
    result = load(order.folder, keep=temporary)
    if left := undecided(result):
        lasting(
            result, changes=left, datasets=order.datasets, data=data, cache=cache, progress=hears,
            no_plugins=no_plugins, isolated=isolated,
        )  # fmt: skip
    if temporary is None and not boards_are_newer(order.folder):
        write_boards(result.board, order.folder)
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
    changes: Sequence[str] | str = (),
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
    out, jobs, fresh = as_path("out", out), as_whole_number("jobs", jobs, least=1), as_yes_or_no("fresh", fresh)
    order = _order(
        suite, solvers, datasets, scenarios, people, seeds, person_timeout, metrics, changes, data, cache, no_plugins,
        folder=Path(out or "."), jobs=jobs,
    )  # fmt: skip
    from recourse_arena.execution.preview import Preview
    from recourse_arena.planning.solver_card import cards_of
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache
    from recourse_arena.storage.run_folder import RunFolder

    registry = discover(no_plugins=order.no_plugins)
    return Preview.of(
        order.plan(registry, cards_of(registry, order.objects)),
        registry,
        data=order.data,
        cache=ArtefactCache(order.cache),
        folder=None if out is None or fresh else RunFolder(out),
        jobs=jobs,
        arithmetic=arithmetic_of(environment(os.environ) if wants_isolation(None) or jobs > 1 else os.environ),
    )


def _order(
    suite: str | Path | Suite,
    solvers: Sequence[str | Solver] | str | Solver,
    datasets: Sequence[str | Dataset] | str | Dataset,
    scenarios: Sequence[str] | str,
    people: int | None,
    seeds: Sequence[int],
    person_timeout: float | None,
    metrics: Sequence[str] | str,
    changes: Sequence[str] | str,
    data: str | Path | None,
    cache: str | Path | None,
    no_plugins: Sequence[str],
    **how: Any,
) -> RunOrder:
    """Return what a run is to do, checked as far as can be done without plugins."""
    from recourse_arena.execution.run_order import RunOrder

    if not isinstance(suite, (str, Path, Suite)):
        raise ArenaError(f"suite: expected its name, the path of a TOML file or a Suite, got {suite!r}")
    names, blocked = named_solvers(solvers), as_several("no_plugins", no_plugins)
    if any(not isinstance(name, str) for name in blocked):
        raise ArenaError(f"no_plugins: expected names of plugins, got {no_plugins!r}")
    several = as_several("datasets", datasets, (str, Dataset))
    words = [one for one in several if not isinstance(one, Dataset)]
    choice = replace(
        Selection.checked(words, scenarios, people, seeds, person_timeout, metrics, changes), solvers=tuple(names)
    )
    return RunOrder(
        suite,
        choice=choice,
        datasets=several,
        objects={name: solver for name, solver in names.items() if isinstance(solver, Solver)},
        data=data_folder(as_path("data", data)),
        cache=cache_folder(as_path("cache", cache)),
        no_plugins=blocked,
        **how,
    )


def _check_address(scheduler: object) -> None:
    """Raise what is wrong with the address of a scheduler, before anybody waits for an answer."""
    if scheduler is not None and not (isinstance(scheduler, str) and _ADDRESS.fullmatch(scheduler)):
        raise ArenaError(f"scheduler: expected an address such as tcp://HOST:8786, got {scheduler!r}")


_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)?(\[[0-9a-fA-F:.%]+\]|[\w.-]+):\d{1,5}/?", re.ASCII)

_TOGETHER = (
    "solvers work in the process that judges, and numbers may differ from the command's in the last digits: "
    "isolated=False, or RECOURSE_ARENA_ISOLATION, asks for it"
)


def dataset(frame: pd.DataFrame, *, label: str, actionable: Sequence[str], **said: Any) -> TableDataset:
    """Return a dataset whose people are the rows of a frame; see :func:`~recourse_arena.tables.frames.of_frame`.

    Arguments:
        frame: The people; what kind of value each column holds is guessed where it is not said.
        label: Its column of true labels; `favourable` says which one is, by default 1.
        actionable: Columns that people can act upon.
        said: `favourable, immutable, directions, sensitive, protected, kinds, levels, name, cost, decision`.

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


def audit(
    dataset: str | Dataset,
    *,
    out: str | Path,
    people: int = 300,
    seed: int = 0,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    jobs: int = 1,
    person_timeout: float = 5.0,
    progress: Progress | bool | None = None,
    no_plugins: Sequence[str] = (),
) -> Audit:
    """Return the audit of a dataset's decision model, for who must answer for it: `audit.html` and `audit.json`.

    Arguments:
        dataset: Its name with options, the path of a TOML file, or an object (:func:`dataset`).
        out: Folder of the audit, new or empty; the same call on the same folder goes on where it stopped.
        people: How many refused people are asked about, drawn by seed.
        seed: The seed.
        data: Data directory, as of :func:`run`.
        cache: Artefact cache, as of :func:`run`.
        jobs: Cells that are worked on at a time.
        person_timeout: Seconds that a search or a proof may take per person, where it has an option that says so.
        progress: Whether to tell on stderr how far it is; or who hears of each step.
        no_plugins: Names of plugins to block.

    Raises:
        ArenaError: If the dataset is unknown, nobody is refused, or the folder holds something else.
    """
    from recourse_arena.auditing.audit import audited
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    folder, seed = as_path("out", out), as_whole_number("seed", seed)
    people, jobs = as_whole_number("people", people, least=1), as_whole_number("jobs", jobs, least=1)
    if folder is None:
        raise ArenaError("out: expected the name of a folder for the audit, got none")
    if not isinstance(dataset, (str, Dataset)):
        raise ArenaError(f"dataset: expected a name, the path of a TOML file or a dataset, got {dataset!r}")
    registry = discover(no_plugins=as_several("no_plugins", no_plugins))
    name = registry.hand_over(dataset) if isinstance(dataset, Dataset) else registry.named(dataset)

    hears = _hearing(progress)

    def carried_out(suite: Suite, at: Path) -> RunFiles:
        named = [dataset] if not isinstance(dataset, str) or dataset != name else ()
        return run(
            suite, out=at, datasets=named, data=data, cache=cache, jobs=jobs, progress=hears,
            person_timeout=person_timeout, no_plugins=no_plugins,
        )  # fmt: skip

    return audited(
        name,
        Path(folder),
        people=people,
        seed=seed,
        data=data_folder(as_path("data", data)),
        cache=ArtefactCache(cache_folder(as_path("cache", cache))),
        registry=registry,
        run=carried_out,
        arithmetic=arithmetic_of(environment(os.environ) if wants_isolation(None) or jobs > 1 else os.environ),
        say=hears.say,
    )


def lasting(
    run: str | Path | RunFiles,
    *,
    changes: Sequence[str | Change] | str | Change = (),
    datasets: Sequence[str | Dataset] | str | Dataset = (),
    data: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | bool | None = None,
    no_plugins: Sequence[str] = (),
    isolated: bool | None = None,
) -> Lasting:
    """Return whether the advice of a finished run lasts when its decision models change; nothing is solved.

    Who is decided how is kept as `lasting.parquet` in the run folder, beside what other changes left there.

    Arguments:
        run: The run, or its folder.
        changes: Names of changes, with options (`"retrained?models=5"`), or change objects; none for what is kept.
        datasets: Datasets of the run that are objects, or paths of TOML files.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        progress: Whether to tell on stderr how far it is; or who hears of each step.
        no_plugins: Names of plugins to block, `*` for all that are not built in.
        isolated: Whether changed models are made in a process of its own, which computes as the command does; by
            default yes, unless `RECOURSE_ARENA_ISOLATION` says no.

    Raises:
        ArenaError: If names or options are wrong, the run does not say who people would be, the decision models here
            are not the run's, or no change can do anything with them.
    """
    from recourse_arena.reporting.lasting.decided_again import decided_again
    from recourse_arena.reporting.lasting.table import Lasting
    from recourse_arena.storage.run_files import RunFiles

    several = as_several("changes", changes, (str, Change))
    result = run if isinstance(run, RunFiles) else RunFiles.read(as_path("run", run) or Path())
    found = (
        None
        if not several
        else decided_again(
            result,
            several,
            datasets=as_several("datasets", datasets, (str, Dataset)),
            data=data_folder(as_path("data", data)),
            cache=cache_folder(as_path("cache", cache)),
            no_plugins=as_several("no_plugins", no_plugins),
            hears=_hearing(progress),
            isolated=wants_isolation(isolated),
        )
    )
    found = found or kept_redecided(result)
    if found is None:
        raise ArenaError(f"changes: expected one or several: {result.path} keeps nothing of any; see `list changes`")
    return Lasting(found, result)


def _hearing(progress: object) -> Progress:
    """Return who hears of each step: as said, or by default whoever is at a terminal or notebook."""
    if progress is not None and not isinstance(progress, (bool, Progress)):
        raise ArenaError(f"progress: expected True, False or a Progress object, got {progress!r}")
    if progress is True or (progress is None and watched()):
        return progress_for()
    return progress or Progress()


def load(path: str | Path, *, keep: object = None) -> Result:
    """Return the result in a run folder. `keep` is held as long as the result lives."""
    return Result.read(Path(path), keep=keep)
