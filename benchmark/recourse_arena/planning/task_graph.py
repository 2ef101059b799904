"""A plan as a graph: models, fitted solvers on top of them, their advice, and its judgement; a content key each."""

from __future__ import annotations

__all__ = ["TaskGraph"]

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from recourse_arena.base.errors import unknown
from recourse_arena.base.keys import content_key
from recourse_arena.base.names import variant
from recourse_arena.base.version import CONVERSATION, PROTOCOL, __version__
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.planning.model_keys import ModelKeys, autoencoder_key, change_key
from recourse_arena.planning.plan import Cell, Plan
from recourse_arena.planning.solver_card import SolverCard
from recourse_arena.planning.tasks import AutoencoderTask, ChangeTask, FitTask, JudgeTask, ModelsTask, SolveTask, Task
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.registry import Registry


@dataclass(frozen=True)
class TaskGraph:
    """The tasks of a plan.

    Arguments:
        cells: A task per cell, in the order of the plan; without those of datasets that are left out.
        broken: Why the models of a dataset and seed cannot even be named.
        unfit: Why a cell is left out: its solver declares that it is not meant for it.
        changes: What becomes of each decision model, under each change of the plan.
    """

    cells: tuple[JudgeTask, ...]
    broken: dict[tuple[str, int], Exception] = field(default_factory=dict)
    unfit: dict[Cell, str] = field(default_factory=dict)
    changes: tuple[ChangeTask, ...] = ()

    @classmethod
    def of(cls, plan: Plan, registry: Registry, *, data: Path, arithmetic: str) -> TaskGraph:
        """Return the graph of a plan that is computed in some arithmetic; nothing is computed yet but keys."""
        maker = _Maker(plan, registry, data, arithmetic, uuid4().hex)
        tasks = [maker.cell(cell) for cell in plan.cells if cell.dataset not in plan.skipped]
        changes = [maker.change(models, change) for models in maker.models.values() for change in plan.changes]
        return cls(tuple(task for task in tasks if task), maker.broken, maker.unfit, tuple(filter(None, changes)))

    @property
    def models(self) -> list[ModelsTask]:
        """The models, each once."""
        return list(dict.fromkeys(task.solve.fit.models for task in self.cells))

    def needed(self, judged: Collection[str], advised: Collection[str] = ()) -> list[Task]:
        """Return what must run if the cells of some keys, and the advice of others, are kept.

        Whatever a task needs comes before it, but for advice that is kept. First rows come early: datasets without a
        causal flow to train are before those with one, and within a dataset solvers that learn nothing before others.
        """
        order = dict[Task, None]()
        groups: dict[ModelsTask, dict[FitTask | None, list[Task]]] = {}
        for task in self.cells:
            if task.key in judged:
                continue
            fit = None if task.solve.key in advised else task.solve.fit
            steps = [task] if fit is None else [task.solve, task]
            groups.setdefault(task.solve.fit.models, {}).setdefault(fit, []).extend(steps)
        for models, fits in sorted(groups.items(), key=lambda group: bool(group[0].keys.flow)):
            order[models] = None
            for fit, steps in sorted(fits.items(), key=lambda prepared: bool(prepared[0] and prepared[0].trained)):
                if fit and fit.autoencoder:
                    order[fit.autoencoder] = None
                order.update(dict.fromkeys([fit, *steps] if fit else steps))
        return list(order)


@dataclass
class _Maker:
    plan: Plan
    registry: Registry
    data: Path
    arithmetic: str
    run: str
    broken: dict[tuple[str, int], Exception] = field(default_factory=dict)
    models: dict[tuple[str, int], ModelsTask] = field(default_factory=dict)
    asked: dict[tuple[Scenario, int | None], dict[str, object]] = field(default_factory=dict)
    unfit: dict[Cell, str] = field(default_factory=dict)
    known: dict[tuple[str, int], Known] = field(default_factory=dict)
    identities: dict[tuple[ModelsTask, str], dict[str, object]] = field(default_factory=dict)
    fits: dict[tuple[ModelsTask, str, tuple[tuple[str, Any], ...]], FitTask] = field(default_factory=dict)

    def cell(self, cell: Cell) -> JudgeTask | None:
        where = cell.dataset, cell.seed
        if where not in self.models and where not in self.broken:
            try:
                keys = ModelKeys.of(
                    cell.dataset, seed=cell.seed, data=self.data, registry=self.registry, arithmetic=self.arithmetic
                )
                dataset = self.registry.dataset(cell.dataset)
                self.known[where] = Known.of(cell.dataset, dataset, self.registry.decision_of(dataset))
                self.models[where] = ModelsTask(*where, keys)
            except Exception as error:  # a dataset may raise anything; its cells have failed, the rest goes on
                self.broken[where] = error
        if where in self.broken:
            return None
        solver = self.plan.solvers[cell.solver]
        if reason := mismatch(solver, cell.scenario, self.known[where]):
            self.unfit[cell] = reason
            return None
        fit = self._fit(self.models[where], cell)
        advice = content_key(**self._identity(fit.models, cell.solver), **self._asked(cell))
        return JudgeTask(SolveTask(fit, cell, advice), cell, content_key(advice=advice, protocol=PROTOCOL))

    def change(self, models: ModelsTask, change: str) -> ChangeTask | None:
        """Return the task of a change; none for a decision model that is a changed one already."""
        if models.keys.changed:
            return None
        classifier = models.keys.classifier
        key = change_key(self.registry, change, classifier, seed=models.seed, arithmetic=self.arithmetic)
        return ChangeTask(models, change, key)

    def _fit(self, models: ModelsTask, cell: Cell) -> FitTask:
        solver = self.plan.solvers[cell.solver]
        for name in solver.fit_depends_on:
            if name not in Scenario.TRAINING_PARTS:
                raise unknown(f"part of a scenario in fit_depends_on of {cell.solver}", name, Scenario.TRAINING_PARTS)
        found = tuple(
            (name, value)
            for name in sorted(solver.fit_depends_on)
            if (value := getattr(cell.scenario, name)) is not None or name != "sparsity"
        )
        if (models, cell.solver, found) not in self.fits:
            key = content_key(**self._identity(models, cell.solver), scenario=dict(found))
            handed = cell.solver in self.plan.handed
            fit = FitTask(
                models,
                cell.solver,
                found,
                key,
                solver.trained,
                handed,
                solver.owner,
                solver.knows,
                solver.module,
                solver.demand,
                self._autoencoder(models, solver),
            )
            self.fits[models, cell.solver, found] = fit
        return self.fits[models, cell.solver, found]

    def _autoencoder(self, models: ModelsTask, solver: SolverCard) -> AutoencoderTask | None:
        if solver.autoencoder is None:
            return None
        return AutoencoderTask(models, solver.autoencoder, autoencoder_key(models.keys, solver.autoencoder))

    def _identity(self, models: ModelsTask, solver: str) -> dict[str, object]:
        """Return what cells and fits of a solver depend on; an object handed over is another one in every run."""
        if (models, solver) not in self.identities:
            handed, made = solver in self.plan.handed, self.plan.solvers[solver]
            self.identities[models, solver] = {
                "materials": models.key,
                "solver": [self.run, solver] if handed else dict(made.origin),
                "tuned": dict(made.tuned.get(variant(models.dataset)[0], {})),
                "version": made.version,
                "package": __version__,
            }
            if made.autoencoder is not None:
                self.identities[models, solver]["autoencoder"] = autoencoder_key(models.keys, made.autoencoder)
            if change := made.demand.lasting:
                classifier = models.keys.classifier
                self.identities[models, solver]["lasting"] = change_key(
                    self.registry, change, classifier, seed=models.seed, arithmetic=self.arithmetic
                )
        return self.identities[models, solver]

    def _asked(self, cell: Cell) -> dict[str, object]:
        """Return what else a cell depends on; worked out once for all cells with the same scenario and people."""
        if (cell.scenario, cell.people) not in self.asked:
            file = cell.scenario.answers
            said = asdict(replace(cell.scenario, answers=None))  # wherever the file lies
            if not cell.scenario.labels:
                del said["labels"]  # keys are those of before there were any
            if cell.scenario.part == "test":
                del said["part"]
            if cell.scenario.sparsity is None:
                del said["sparsity"]
            if cell.scenario.menu is None:
                del said["menu"]
            if cell.scenario.policy is None:
                del said["policy"]
            else:
                said["policy"] = self._policy(cell.scenario.policy)
            self.asked[cell.scenario, cell.people] = {
                "scenario": said,
                "answers": hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else "",
                "people": f"{cell.people} drawn" if cell.people and not file else None,
            }
        return self.asked[cell.scenario, cell.people]

    def _policy(self, name: str) -> dict[str, object]:
        """Return what conversations of a policy depend on, beside whom it talks to."""
        made = self.registry.policies[variant(name)[0]]
        return {**self.registry.origin("policies", name), "version": made.version, "conversation": CONVERSATION}
