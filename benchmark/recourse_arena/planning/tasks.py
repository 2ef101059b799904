"""Steps of a run: what each needs, makes and is called, so that whoever works on them need not know their kinds."""

from __future__ import annotations

__all__ = ["AutoencoderTask", "ChangeTask", "FitTask", "JudgeTask", "ModelsTask", "SolveTask", "Task"]

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.names import variant
from recourse_arena.base.randomness import derive_seed
from recourse_arena.interfaces.recipes import AutoencoderRecipe
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.planning.plan import Cell
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.demands import NOTHING_MORE, Demand


class Task(ABC):
    """One step of a run. Engines, clusters and previews ask for what is declared here, and for nothing else.

    A new kind of step is a subclass, and a function of the worker that works on it.
    """

    limited: ClassVar[bool] = True
    """Whether limits of time hold for it: they are for plugins' code."""
    told: ClassVar[bool] = True
    """Whether displays tell of it: it takes long enough to be seen."""

    if TYPE_CHECKING:  # some have it as a field, which a property here would hide

        @property
        @abstractmethod
        def key(self) -> str:
            """Content key."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """What steps have in common that take about the same time; the kind of what is kept of it, if one thing is."""

    @property
    @abstractmethod
    def rough_seconds(self) -> float:
        """About how long it takes, where nothing is known of others of its kind."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What it is, in words."""

    @property
    @abstractmethod
    def needs(self) -> tuple[Task, ...]:
        """The steps that come before it; it is told what came of the last one."""

    @property
    @abstractmethod
    def source(self) -> tuple[str, str]:
        """Whose code it runs: a kind of plugin (`datasets`, `solvers`, ...) and a name with options."""

    @property
    def artefacts(self) -> tuple[tuple[str, str], ...]:
        """Kind and key of each artefact that it may leave in the cache."""
        return ()

    @property
    def plugin(self) -> str:
        """Name of the plugin whose solver works at it; empty for models, and for solvers handed over."""
        return ""

    @property
    def dataset_read(self) -> str:
        """Name of the dataset whose files it reads, it or what needs it; empty if none."""
        return ""

    @property
    def answers(self) -> str | None:
        """Path of the file of real answers that it reads, if it reads one."""
        return None

    def with_answers(self, path: str) -> Task:
        """Return it with its answers in another place."""
        return self

    def heading(self, *, kept: bool) -> str:
        """Return its line in a preview; empty if it is told on the line of the last step it needs."""
        return ""

    @property
    def aside(self) -> str:
        """What is told of it on that line."""
        return ""

    @property
    def alone(self) -> str:
        """Its line in a preview where the last step it needs is kept; empty if nothing is told of it."""
        return ""


@dataclass(frozen=True)
class ModelsTask(Task):
    """Decision model and causal flow of a dataset and seed."""

    dataset: str
    seed: int
    keys: ModelKeys

    rough_seconds: ClassVar[float] = 20.0
    limited: ClassVar[bool] = False
    kind: ClassVar[str] = "models"
    needs: ClassVar[tuple[Task, ...]] = ()

    @property
    def key(self) -> str:
        """Content key."""
        return self.keys.materials

    @property
    def label(self) -> str:
        """What it is, in words."""
        return f"{self.dataset}: decision model{' and causal flow' if self.keys.flow else ''}"

    @property
    def source(self) -> tuple[str, str]:
        """The dataset."""
        return "datasets", self.dataset

    @property
    def artefacts(self) -> tuple[tuple[str, str], ...]:
        """The models."""
        others = (("flow", self.keys.flow), ("heldout", self.keys.heldout), ("change", self.keys.changed))
        return ("classifier", self.keys.classifier), *(place for place in others if place[1])

    @property
    def dataset_read(self) -> str:
        """The dataset."""
        return self.dataset

    def heading(self, *, kept: bool) -> str:
        """Return its line in a preview."""
        return f"{self.dataset}, seed {self.seed}: decision model and causal flow ({'kept' if kept else 'to make'})"


@dataclass(frozen=True)
class ChangeTask(Task):
    """What becomes of the decision model of a dataset and seed under a change.

    Arguments:
        models: What it rests on.
        change: Name of the change, with options.
        key: Content key.
    """

    models: ModelsTask
    change: str
    key: str

    rough_seconds: ClassVar[float] = 20.0
    kind: ClassVar[str] = "change"

    @property
    def label(self) -> str:
        """What it is, in words."""
        return f"{self.models.dataset}: {self.change}"

    @property
    def needs(self) -> tuple[Task, ...]:
        """The models."""
        return (self.models,)

    @property
    def source(self) -> tuple[str, str]:
        """The change."""
        return "changes", self.change

    @property
    def artefacts(self) -> tuple[tuple[str, str], ...]:
        """The changed models."""
        return (("change", self.key),)

    def heading(self, *, kept: bool) -> str:
        """Return its line in a preview."""
        return f"{self.models.dataset}, seed {self.models.seed}: change {self.change} ({'kept' if kept else 'to make'})"


@dataclass(frozen=True)
class AutoencoderTask(Task):
    """An autoencoder of training people, for all solvers that declare it; none of them is trusted to fit it for others.

    Arguments:
        models: What it rests on.
        recipe: How it is built and trained.
        key: Content key.
    """

    models: ModelsTask
    recipe: AutoencoderRecipe
    key: str

    rough_seconds: ClassVar[float] = 10.0
    limited: ClassVar[bool] = False
    kind: ClassVar[str] = "autoencoder"

    @property
    def label(self) -> str:
        """What it is, in words."""
        return f"{self.models.dataset}: autoencoder"

    @property
    def needs(self) -> tuple[Task, ...]:
        """The models."""
        return (self.models,)

    @property
    def source(self) -> tuple[str, str]:
        """The dataset."""
        return "datasets", self.models.dataset

    @property
    def artefacts(self) -> tuple[tuple[str, str], ...]:
        """The autoencoder."""
        return (("autoencoder", self.key),)

    def heading(self, *, kept: bool) -> str:
        """Return its line in a preview."""
        return f"  autoencoder ({'kept' if kept else 'to make'})"


@dataclass(frozen=True)
class FitTask(Task):
    """A solver prepared for a dataset, a seed and what of the scenario its preparation depends on.

    Arguments:
        models: What it rests on.
        solver: Name with options.
        depends_on: What of the scenario it depends on: names and values.
        key: Content key.
        trained: Whether what it learnt is kept.
        handed: Whether the solver was handed over as an object, of which nothing is kept.
        plugin: Name of the plugin that the solver comes from; empty if it was handed over.
        knows: What the solver may know.
        module: Name of the module that the solver is written in.
        demand: What its advice is asked for beyond today's decision.
        autoencoder: What fits the autoencoder that it declares; none if it declares none.
    """

    models: ModelsTask
    solver: str
    depends_on: tuple[tuple[str, Any], ...]
    key: str
    trained: bool
    handed: bool
    plugin: str = ""
    knows: frozenset[Knowledge] = frozenset()
    module: str = ""
    demand: Demand = NOTHING_MORE
    autoencoder: AutoencoderTask | None = None

    @property
    def rough_seconds(self) -> float:
        """About how long it takes, where nothing is known of others of its kind."""
        return 30.0 if self.trained else 0.5

    @property
    def kind(self) -> str:
        """The kind of artefact it is in the cache: becomes part of a path, so what leads elsewhere is taken out."""
        return "solver-" + re.sub(r"[^A-Za-z0-9_-]", "_", variant(self.solver)[0])[:100]

    @property
    def label(self) -> str:
        """What it is, in words."""
        return f"{self.models.dataset}: {self.solver} prepares"

    @property
    def needs(self) -> tuple[Task, ...]:
        """The models, and the autoencoder that it declares."""
        return (self.models,) if self.autoencoder is None else (self.models, self.autoencoder)

    @property
    def source(self) -> tuple[str, str]:
        """The solver."""
        return "solvers", self.solver

    @property
    def artefacts(self) -> tuple[tuple[str, str], ...]:
        """What the solver learnt, unless it was handed over."""
        return () if self.handed else ((self.kind, self.key),)

    @property
    def scenario(self) -> Scenario:
        """A scenario of which it depends on everything; how many features people can act on is random otherwise."""
        return Scenario("fit", actionable="random").taking(dict(self.depends_on))

    @property
    def seed(self) -> int:
        """The seed of its training."""
        return derive_seed(self.models.seed, variant(self.models.dataset)[0], variant(self.solver)[0])

    def heading(self, *, kept: bool) -> str:
        """Return its line in a preview."""
        fit = f" ({'fit kept' if kept else 'to fit'})" if self.trained else ""
        return f"  {self.solver}{fit}"


@dataclass(frozen=True)
class SolveTask(Task):
    """Advice of a prepared solver for the people of a cell."""

    fit: FitTask
    cell: Cell
    key: str

    rough_seconds: ClassVar[float] = 4.0
    kind: ClassVar[str] = "advice"

    @property
    def label(self) -> str:
        """What it is, in words."""
        return f"{self.cell.dataset}: {self.cell.solver} under {self.cell.scenario.name}"

    @property
    def needs(self) -> tuple[Task, ...]:
        """The models, the autoencoder if there is one, and the prepared solver."""
        return *self.fit.needs, self.fit

    @property
    def source(self) -> tuple[str, str]:
        """The solver."""
        return self.fit.source

    @property
    def plugin(self) -> str:
        """Name of the plugin that the solver comes from; empty if it was handed over."""
        return self.fit.plugin

    @property
    def answers(self) -> str | None:
        """Path of the file of real answers that it reads, if it reads one."""
        return self.cell.scenario.answers

    def with_answers(self, path: str) -> SolveTask:
        """Return it with its answers in another place."""
        return replace(self, cell=_elsewhere(self.cell, path))

    @property
    def aside(self) -> str:
        """The scenario."""
        return self.cell.scenario.name


@dataclass(frozen=True)
class JudgeTask(Task):
    """The judge's records of the advice for a cell: with them the cell is done. No solver's code is needed for it."""

    solve: SolveTask
    cell: Cell
    key: str

    rough_seconds: ClassVar[float] = 0.1
    kind: ClassVar[str] = "cell"
    limited: ClassVar[bool] = False
    told: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """What it is, in words."""
        return f"{self.solve.label}, judged"

    @property
    def needs(self) -> tuple[Task, ...]:
        """The models and the advice."""
        return self.solve.fit.models, self.solve

    @property
    def source(self) -> tuple[str, str]:
        """The dataset, whose equations and models it asks."""
        return "datasets", self.cell.dataset

    @property
    def answers(self) -> str | None:
        """Path of the file of real answers that it reads, if it reads one."""
        return self.cell.scenario.answers

    def with_answers(self, path: str) -> JudgeTask:
        """Return it with its answers in another place."""
        return replace(self, cell=_elsewhere(self.cell, path))

    @property
    def alone(self) -> str:
        """What is told of it where the advice is kept."""
        return f"  {self.cell.solver} (advice kept): {self.cell.scenario.name} is judged"


def _elsewhere(cell: Cell, answers: str) -> Cell:
    """Return a cell whose file of answers lies in another place."""
    return replace(cell, scenario=replace(cell.scenario, answers=answers))
