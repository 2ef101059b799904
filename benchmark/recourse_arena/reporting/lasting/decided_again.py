"""The advice of a finished run decided on again, by models that a process of its own makes."""

from __future__ import annotations

__all__ = ["decided_again"]

import tempfile
from collections.abc import Sequence
from pathlib import Path

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.redeciding import LastingOrder, check_changes
from recourse_arena.execution.run_process import run_apart
from recourse_arena.interfaces.change import Change
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.reporting.results.counterfactuals import counterfactuals
from recourse_arena.storage.lasting_table import LASTING, Redecided, keep_redecided, read_redecided
from recourse_arena.storage.run_files import RunFiles


def decided_again(
    run: RunFiles,
    changes: Sequence[str | Change],
    *,
    datasets: Sequence[str | Dataset],
    data: Path,
    cache: Path | None,
    no_plugins: Sequence[str],
    hears: Progress,
    isolated: bool,
) -> Redecided:
    """Return what changed models say of the advice of a run, and keep it in the run's folder.

    Cells whose decision model is a changed one already are recourse anew: nobody decides on that again.

    Arguments:
        run: The run.
        changes: Names of changes, with options, or change objects.
        datasets: Datasets of the run that are objects, or paths of TOML files.
        data: Data directory.
        cache: Artefact cache.
        no_plugins: Names of plugins to block.
        hears: Who hears of each step.
        isolated: Whether changed models are made in a process of its own.

    Raises:
        ArenaError: If names or options are wrong, the run does not say who people would be, the decision models here
            are not the run's, or no change can do anything with them.
    """
    check_changes(changes)
    said = run.info.get("materials", [])
    anew = {found["dataset"] for found in said if found.get("change")}
    advised = run.read_people(lambda column: False)
    names = [] if advised is None else [name for name in dict.fromkeys(advised["dataset"]) if name not in anew]
    seeds = set() if advised is None else {*zip(advised["dataset"], advised["seed"], strict=True)}
    materials = [found for found in said if found["dataset"] in names and (found["dataset"], found["seed"]) in seeds]
    if not materials or {found["dataset"] for found in materials} != {*names}:
        raise ArenaError(f"{run.path} does not say whom it advised, or by which models; run the suite again")
    with tempfile.TemporaryDirectory(prefix="recourse-arena-") as folder:
        order = LastingOrder(
            str(run.path),
            materials=tuple(materials),
            people={name: counterfactuals(run, name, words=False) for name in names},
            changes=tuple(changes),
            out=Path(folder) / LASTING,
            data=data,
            cache=cache,
            datasets=tuple(datasets),
            no_plugins=tuple(no_plugins),
        )
        if isolated:
            run_apart(order, hears)
        else:
            order.carry_out(hears)
        found = read_redecided(order.out)
    assert found is not None
    keep_redecided(run, found)
    return found
