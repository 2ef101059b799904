"""What a user asks a run to do, and its doing: in the process it is called in, or in one that it travelled to."""

from __future__ import annotations

__all__ = ["RunOrder", "carry_out"]

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.execution.engines.engine import Engine, Serial, make_engine
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.runner import execute
from recourse_arena.execution.sandbox.sandbox import WorkerSetup
from recourse_arena.execution.solving.describing import described_apart
from recourse_arena.execution.solving.limits import Limits
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.execution.solving.solver_process import Apart
from recourse_arena.execution.solving.surroundings import pickled
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.solver import Solver
from recourse_arena.interfaces.suite import Suite
from recourse_arena.planning.plan import Plan, Selection, make_plan
from recourse_arena.planning.solver_card import Describe, cards_of
from recourse_arena.planning.suite_file import find_suite
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.run_folder import RunFolder


@dataclass(frozen=True)
class RunOrder:
    """What a run is to do.

    Arguments:
        suite: Name of a suite, path of a TOML file, or a suite.
        folder: Folder of the run.
        choice: What is chosen out of the suite, but for datasets.
        datasets: Names of datasets, and those handed over as objects.
        objects: The solvers handed over as objects, by name, where they work in the process of the run.
        pickles: The same as pickles, where they do not.
        data: Data directory.
        cache: Artefact cache.
        path: Where Python looks for modules, before its own places.
        command: The words of the command, for the record.
        no_plugins: Names of plugins to block.
        jobs: Tasks that are worked on at a time.
        scheduler: Address of a Dask scheduler whose workers are used instead.
        limits: What a step may take.
        fresh: Compute every cell anew.
    """

    suite: str | Path | Suite
    folder: Path
    choice: Selection
    data: Path
    cache: Path | None
    datasets: tuple[str | Dataset, ...] = ()
    objects: Mapping[str, Solver] = field(default_factory=dict)
    pickles: Mapping[str, bytes] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    no_plugins: tuple[str, ...] = ()
    jobs: int = 1
    scheduler: str | None = None
    limits: Limits = field(default_factory=Limits)
    fresh: bool = False

    def packed(self) -> bytes:
        """Return it as it travels to another process, with solvers as pickles of their own.

        Raises:
            ArenaError: If an object cannot travel.
        """
        pickles = {name: pickled("solver", solver) for name, solver in self.objects.items()}
        travels = replace(self, objects={}, pickles=pickles, path=tuple(sys.path), command=tuple(sys.argv[1:]))
        return pickled("dataset", (travels.path, pickled("dataset", travels)))

    def carry_out(self, progress: Progress, nursery: Nursery | None = None) -> None:
        """Do it; see :func:`carry_out`."""
        carry_out(self, progress, nursery)

    def plan(self, registry: Registry, describe: Describe) -> Plan:
        """Return the plan of the run.

        Arguments:
            registry: What is plugged in; takes the datasets that were handed over.
            describe: Returns what solvers declare.

        Raises:
            ArenaError: If names, options or files are wrong.
        """
        named = [registry.hand_over(one) if isinstance(one, Dataset) else one for one in self.datasets]
        return make_plan(
            find_suite(self.suite, registry),
            registry,
            data=self.data,
            choice=replace(self.choice, datasets=tuple(named)),
            describe=describe,
            handed={*self.objects, *self.pickles},
        )


def carry_out(order: RunOrder, progress: Progress, nursery: Nursery | None = None) -> None:
    """Do what an order says; what comes out lies in its folder.

    Arguments:
        order: The order.
        progress: Who hears of each step.
        nursery: Where processes of solvers come from; without one, they work in this process.

    Raises:
        ArenaError: If names, options, files or folders are wrong; nothing has run or been overwritten then.
    """
    registry = discover(no_plugins=order.no_plugins)
    engine: Engine
    if nursery is None:
        plan = order.plan(registry, cards_of(registry, order.objects))
        cache = _cache(order, plan)
        engine = Serial(LocalWorker(registry, order.data, cache, order.objects))
    else:
        apart = Apart(nursery, order.limits, order.pickles, order.path, registry)
        plan = order.plan(registry, described_apart(apart, registry))
        cache = _cache(order, plan)
        setting = WorkerSetup.of(
            order.data, order.cache, order.pickles, order.no_plugins, registry.handed, order.limits, registry.wanted
        )
        used = {card.plugin for card in plan.solvers.values() if card.plugin is not None} | {*registry.used}
        needed = sorted({(plugin.name, plugin.distribution, plugin.version) for plugin in used})
        setting = replace(setting, plugins=tuple(needed))
        engine = make_engine(registry, setting, apart, cache, jobs=order.jobs, scheduler=order.scheduler)
    how = {
        "command": list(order.command),
        "jobs": order.jobs,
        "scheduler": order.scheduler,
        "solvers in": "the process of the run" if nursery is None else "processes of their own",
        "timeout": order.limits.timeout,
        "memory": order.limits.memory,
    }
    execute(
        plan,
        RunFolder(order.folder),
        registry=registry,
        data=order.data,
        engine=engine,
        progress=progress,
        cache=cache,
        arithmetic=arithmetic_of(os.environ),
        fresh=order.fresh,
        how={name: value for name, value in how.items() if value is not None},
    )


def _cache(order: RunOrder, plan: Plan) -> ArtefactCache:
    """Return the cache of a run: where solvers that are not ours work, it believes only what lies there now."""
    ours = all(card.built_in for card in plan.solvers.values())
    return ArtefactCache(order.cache) if ours else ArtefactCache.believing(order.cache)
