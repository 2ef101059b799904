"""What a solver declares of itself, as data: all that planning and records need, so that they import no solver."""

from __future__ import annotations

__all__ = ["Describe", "SolverCard", "cards_of"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import variant
from recourse_arena.interfaces.recipes import AutoencoderRecipe
from recourse_arena.interfaces.solver import Solver
from recourse_arena.people.features import Kind
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.registry.demands import NOTHING_MORE, Demand, demand_of
from recourse_arena.registry.plugin import PluginRecord
from recourse_arena.registry.registry import Registry


@dataclass(frozen=True)
class SolverCard:
    """What a solver with its options declares.

    Arguments:
        name: Its name without options.
        version: Its version.
        summary: One line for people.
        knows: What it may know.
        needs: What of it it cannot do without.
        structures: What it can read of a decision model, if it needs its structure.
        acts_on: Kinds of feature it can act on.
        keeps_rules: Whether its advice keeps rules between features.
        keeps_sparsity: Whether it acts on no more features than a request says.
        composes: Whether people pick from a menu that it composes.
        costs: Names of the costs it can minimise; empty: any.
        plausible_under: Notions of plausibility it can be asked for; empty: any.
        fit_depends_on: What of a scenario its fit depends on.
        trained: Whether what it learns is kept.
        time_option: Which of its options limits the seconds spent on a person.
        tuned: What its options are on a dataset, in words.
        module: Name of the module it is written in.
        origin: What tells it from others of its name; empty if it was handed over as an object.
        plugin: The plugin it comes from; none if it was handed over.
        demand: What its advice is asked for beyond today's decision, by its name.
        autoencoder: The autoencoder that is to be fitted for it; none if it needs none.
    """

    name: str
    version: str
    summary: str
    knows: frozenset[Knowledge]
    needs: frozenset[Knowledge]
    structures: frozenset[str]
    acts_on: frozenset[Kind]
    keeps_rules: bool
    keeps_sparsity: bool
    composes: bool
    costs: frozenset[str]
    plausible_under: frozenset[str]
    fit_depends_on: frozenset[str]
    trained: bool
    time_option: str
    tuned: Mapping[str, Mapping[str, str]]
    module: str
    origin: Mapping[str, Any] = field(default_factory=dict)
    plugin: PluginRecord | None = None
    demand: Demand = NOTHING_MORE
    autoencoder: AutoencoderRecipe | None = None

    @classmethod
    def of(cls, solver: Solver, text: str = "", registry: Registry | None = None) -> SolverCard:
        """Return the card of a solver; `text` is its name with options in `registry`, if it was not handed over.

        Raises:
            ArenaError: If it declares something that there is not.
        """
        plugin, demand = None, NOTHING_MORE
        if registry is not None:
            demand = demand_of(registry, text)
            owner = registry.owner("solvers", variant(text)[0])
            plugin = next((record for record in registry.used if record.name == owner), None)
        try:
            return cls(
                name=str(solver.name),
                version=str(solver.version),
                summary=str(solver.summary),
                knows=frozenset(map(Knowledge, solver.knows)) | ({Knowledge.CHANGE} if demand.lasting else set()),
                needs=frozenset(map(Knowledge, solver.needs)),
                structures=frozenset(map(str, solver.structures)),
                acts_on=frozenset(map(Kind, solver.acts_on)),
                keeps_rules=bool(solver.keeps_rules),
                keeps_sparsity=bool(solver.keeps_sparsity),
                composes=bool(solver.composes),
                costs=frozenset(map(str, solver.costs)),
                plausible_under=frozenset(map(str, solver.plausible_under)),
                fit_depends_on=frozenset(map(str, solver.fit_depends_on)),
                trained=bool(solver.trained),
                time_option=str(solver.time_option),
                tuned={
                    str(dataset): {str(name): str(value) for name, value in options.items()}
                    for dataset, options in solver.tuned.items()
                },
                module=type(solver).__module__,
                origin={} if registry is None else registry.origin("solvers", text),
                plugin=plugin,
                demand=demand,
                autoencoder=_recipe(solver.autoencoder_recipe),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise ArenaError(f"solver {text or solver.name!r} declares something wrong: {error}") from None

    @property
    def owner(self) -> str:
        """Name of the plugin it comes from; empty if it was handed over."""
        return self.plugin.name if self.plugin else ""

    @property
    def built_in(self) -> bool:
        """Whether it comes with the suite."""
        return self.plugin is not None and self.plugin.distribution == "recourse-arena"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(self).items()}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> SolverCard:
        """Return the card that :meth:`as_dict` says.

        Raises:
            ArenaError: If it says none.
        """
        try:
            known = dict(said)
            kinds = {"knows": Knowledge, "needs": Knowledge, "acts_on": Kind}
            for name in ("knows", "needs", "structures", "acts_on", "costs", "plausible_under", "fit_depends_on"):
                known[name] = frozenset(map(kinds.get(name, str), known[name]))
            if known["plugin"] is not None:
                plugin = dict(known["plugin"])
                known["plugin"] = PluginRecord(**{**plugin, "hooks": tuple(map(str, plugin["hooks"]))})
            known["demand"] = Demand(**known["demand"])
            if known["autoencoder"] is not None:
                known["autoencoder"] = AutoencoderRecipe(**known["autoencoder"])
            card = cls(**known)
            card._check_types()
            return card
        except (KeyError, TypeError, ValueError) as error:
            raise ArenaError(f"a solver is not described as it should be: {type(error).__name__}: {error}") from None

    def _check_types(self) -> None:
        for name, kind in _PLAIN.items():
            if type(getattr(self, name)) is not kind:
                raise TypeError(f"{name} is no {kind.__name__}")
        for options in self.tuned.values():
            if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
                raise TypeError("tuned has no options by dataset")


def _recipe(declared: object) -> AutoencoderRecipe | None:
    if declared is not None and not isinstance(declared, AutoencoderRecipe):
        raise TypeError(f"autoencoder_recipe is no AutoencoderRecipe, but a {type(declared).__name__}")
    return declared


_PLAIN = dict.fromkeys(("name", "version", "summary", "time_option", "module"), str) | {
    **dict.fromkeys(("keeps_rules", "keeps_sparsity", "composes", "trained"), bool),
    **dict.fromkeys(("tuned", "origin"), dict),
}
"""Types of what JSON could have said otherwise."""


Describe = Callable[[Sequence[str]], Mapping[str, SolverCard]]
"""Returns the cards of solvers by name with options; raises ArenaError for one that there is not."""


def cards_of(registry: Registry, handed: Mapping[str, Solver] | None = None) -> Describe:
    """Return what describes solvers in this process, which imports them: those of a registry, and those handed over."""
    objects = handed or {}

    def describe(names: Sequence[str]) -> dict[str, SolverCard]:
        found = {}
        for name in names:
            if name in objects:
                found[name] = SolverCard.of(objects[name])
            else:
                found[name] = SolverCard.of(registry.solver(name), name, registry)
        return found

    return describe
