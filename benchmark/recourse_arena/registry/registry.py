"""Everything plugged in, by kind and name; a plugin is imported only when something of it is asked for."""

from __future__ import annotations

__all__ = ["Registry", "blocked", "do_not_work"]

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from copy import copy
from dataclasses import replace
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recourse_arena.base.errors import ArenaError, described, unknown
from recourse_arena.base.names import NAME, is_name, spell, variant, written
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.problem.scenario import SCHEMES, Scenario
from recourse_arena.registry.demands import DEMANDS, demand_of, undemanding
from recourse_arena.registry.offers import check_option
from recourse_arena.registry.parts import decision_of, with_parts
from recourse_arena.registry.plugin import Plugin, PluginRecord

if TYPE_CHECKING:
    from recourse_arena.interfaces.change import Change
    from recourse_arena.interfaces.dataset import Dataset
    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.interfaces.elicitor import Elicitor
    from recourse_arena.interfaces.metric import Metric
    from recourse_arena.interfaces.policy import Policy
    from recourse_arena.interfaces.solver import Solver
    from recourse_arena.interfaces.suite import Suite


T = TypeVar("T")


class Registry:
    """Everything plugged in, by kind and name.

    A name belongs to the first plugin that offers it: a built-in, else the plugin of that name, else the first in
    alphabetical order. So it means the same whatever has been imported before. Looking one up imports plugins in
    this order until it is found; going through a kind imports all plugins whose source has the hook of that kind.

    Arguments:
        plugins: The plugins, built-ins first, then by name.
    """

    def __init__(self, plugins: Sequence[Plugin] = ()) -> None:
        self._plugins = list(plugins)
        self._used: dict[str, set[str]] = {}
        self.handed: dict[str, Dataset] = {}
        """The datasets that were handed over as objects, or as TOML files, by name."""
        self.wanted: tuple[str, ...] = ()
        """The metrics of plugins that are measured, beside those of the suite."""
        self.datasets: Offers[type[Dataset]] = Offers(self, "datasets")
        self.decisions: Offers[type[Decision]] = Offers(self, "decisions")
        self.changes: Offers[type[Change]] = Offers(self, "changes")
        self.solvers: Offers[type[Solver]] = Offers(self, "solvers")
        self.elicitors: Offers[type[Elicitor]] = Offers(self, "elicitors")
        self.policies: Offers[type[Policy]] = Offers(self, "policies")
        self.metrics: Offers[Metric] = Offers(self, "metrics")
        self.suites: Offers[Suite] = Offers(self, "suites")

    @property
    def plugins(self) -> list[PluginRecord]:
        """Every plugin and what is wrong with it; imports all of them."""
        return [self._with_lost_names(plugin) for plugin in self._plugins]

    @property
    def announced(self) -> list[PluginRecord]:
        """Every plugin as its entry point announces it; imports none."""
        return [PluginRecord(plugin.name, plugin.distribution, plugin.version) for plugin in self._plugins]

    @property
    def used(self) -> list[PluginRecord]:
        """The plugins of which something was used so far, and those that were tried and do not work."""
        return [p.record() for p in self._plugins if p.loaded and (p.name in self._used or p.error)]

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of a name with options, such as `loan?decision=adam` or `adult?decision=forest`.

        Options that it does not have itself are those of every dataset: decision model, effects and cost.
        """
        return with_parts(self, self.named(name))

    def named(self, text: str) -> str:
        """Return the name, with options, of a dataset that is named by the path of its TOML file; else the text.

        Raises:
            ArenaError: If the file cannot be read, or its name is taken.
        """
        path, options = written(text)
        if not path.endswith(".toml"):
            return text
        from recourse_arena.tables.table_dataset import TableDataset

        dataset = TableDataset.at(Path(path).absolute())
        try:
            self.decision_of(dataset)  # an unknown model is an error here, where the file is named
        except ArenaError as error:
            raise ArenaError(f"{path}: decision: {error}") from None
        self.hand_over(dataset)
        return spell(dataset.name, options)

    def hand_over(self, dataset: Dataset) -> str:
        """Take a dataset that is an object, and return its name.

        Raises:
            ArenaError: If its name is no name, or that of a dataset that is plugged in.
        """
        name = dataset.name
        if not is_name(name):
            raise ArenaError(f"the name of a dataset must be {NAME}; got {name!r}")
        if name not in self.handed and name in self.datasets:
            raise ArenaError(f"there is a dataset called {name!r} already; give yours another `name`")
        self.handed[name] = dataset
        self.datasets[name] = lambda: copy(dataset)  # type: ignore[assignment]
        return name

    def decision(self, name: str) -> Decision:
        """Return the decision model of a name with options, such as `forest?trees=50`."""
        return self.decisions.create(name)

    def decision_of(self, dataset: Dataset) -> Decision:
        """Return the decision model of a dataset."""
        return decision_of(self, dataset)

    def change(self, name: str) -> Change:
        """Return the change of decision models of a name with options, such as `retrained?models=3`."""
        return self.changes.create(name)

    def solver(self, name: str) -> Solver:
        """Return the solver of a name with options, such as `grid?points=9`.

        Options that it does not have itself are those of every solver: a margin, and to last under a change. It is not
        told of them: the decision model that it meets asks for more.
        """
        demand_of(self, name)  # a wrong one is an error here, where the solver is named
        own = self.solvers.get(variant(name)[0])
        known = () if own is None else {*inspect.signature(own).parameters, *DEMANDS, "lasting.*"}
        return self.solvers.create(undemanding(self, name), known)

    def only(self, *names: str) -> Registry:
        """Return what some plugins offer: nothing of any other is imported on the way."""
        return Registry([plugin for plugin in self._plugins if plugin.name in names])

    def elicitor(self, name: str) -> Elicitor:
        """Return the elicitation scheme of a name."""
        return self.elicitors.create(name)

    def policy(self, name: str) -> Policy:
        """Return the elicitation policy of a name with options, such as `choice-sets?questions=5`."""
        return self.policies.create(name)

    def scenario(self, name: str) -> Scenario:
        """Return the scenario of a name, in which elicitation schemes and policies of plugins may be named as well.

        Plugins with schemes are imported only if the name cannot be read without them, those with policies if it has
        one.

        Raises:
            ArenaError: If it does not read as a scenario, or nothing offers its policy.
        """
        try:
            found = Scenario.parse(name)
        except ArenaError:
            own = [scheme for scheme in self.elicitors if scheme not in (*SCHEMES.values(), "ranking")]
            found = Scenario.parse(name, {**SCHEMES, **{scheme: scheme for scheme in own}})
        if found.policy is not None and variant(found.policy)[0] not in self.policies:
            raise self.policies.unknown(variant(found.policy)[0])
        return found

    @property
    def measured(self) -> dict[str, Metric]:
        """The metrics that a run measures, by name: those of the suite, and those of plugins that are wanted.

        A plugin with metrics that nobody wants is not even imported.
        """
        own = [name for p in self._plugins if p.built_in for name in p.offers("metrics")]
        wanted = [name for name in self.wanted if name in self.metrics]
        return {name: self.metrics[name] for name in dict.fromkeys([*own, *wanted])}

    def want_metrics(self, names: Collection[str] = ()) -> None:
        """Have metrics measured: those named, and those of plugins of which a dataset or suite is used so far.

        Those of a solver's plugin are named: measuring imports it, and nothing of a solver runs where it is judged.

        Raises:
            ArenaError: If no plugin offers a metric of such a name.
        """
        for name in names:
            if name not in self.metrics:
                raise self.metrics.unknown(name)
        used = [p for p in self._plugins if self._used.get(p.name, set()) & {"datasets", "suites"} and not p.built_in]
        self.wanted = tuple(dict.fromkeys([*names, *(name for p in used for name in p.offers("metrics"))]))

    def candidates(self, kind: str, name: str = "") -> list[Plugin]:
        """Return the plugins that may offer something of a kind, in the order in which they are asked for `name`."""
        able = [plugin for plugin in self._plugins if not plugin.refused and kind in plugin.may_offer]
        return sorted(able, key=lambda plugin: (not plugin.built_in, plugin.name != name))

    def owner(self, kind: str, name: str) -> str:
        """Return the name of the plugin that something comes from; empty if none offers it."""
        return next((plugin.name for plugin in self.candidates(kind, name) if name in plugin.offers(kind)), "")

    def origin(self, kind: str, text: str) -> dict[str, Any]:
        """Return what tells something with options from what others call the same, or from what it was before.

        Beside the name and options: the distribution it comes from, with its version, and what options are by default.
        """
        name, options = given(getattr(self, kind), text)
        plugin = next((p for p in self.candidates(kind, name) if name in p.offers(kind)), None)
        parameters = inspect.signature(getattr(self, kind)[name]).parameters.values()
        return {
            "name": name,
            "options": options,
            "defaults": {p.name: p.default for p in parameters if isinstance(p.default, (bool, int, float, str))},
            "distribution": (plugin.distribution, plugin.version) if plugin else (),
        }

    def module(self, kind: str, name: str) -> str:
        """Return the module in which something with options is written; empty if nothing has the name."""
        return str(getattr(getattr(self, kind).get(variant(name)[0]), "__module__", ""))

    def use(self, plugin: Plugin, kind: str) -> None:
        """Remember that something of a kind was used of a plugin."""
        self._used.setdefault(plugin.name, set()).add(kind)

    def broken(self, kind: str) -> dict[str, str]:
        """Return why plugins that may offer a kind do not work, by name, as far as they were tried."""
        return {plugin.name: plugin.error for plugin in self._plugins if plugin.error and kind in plugin.may_offer}

    def _with_lost_names(self, plugin: Plugin) -> PluginRecord:
        record = plugin.record()
        lost = [
            f"the name {name!r} is taken already among {kind}, by plugin {owner!r}"
            for kind in PLUGIN_KINDS
            for name in plugin.offers(kind)
            if (owner := self.owner(kind, name)) != plugin.name
        ]
        return replace(record, error="; ".join([record.error, *lost]).removeprefix("; ")) if lost else record


class Offers(MutableMapping[str, T]):
    """What is plugged in of one kind, by name; what is set here comes before anything that a plugin offers."""

    def __init__(self, registry: Registry, kind: str) -> None:
        self._registry, self._kind = registry, kind
        self._set: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name in self._set:
            return self._set[name]
        for plugin in self._registry.candidates(self._kind, name) if is_name(name) else ():
            if name in (offers := plugin.offers(self._kind)):
                self._registry.use(plugin, self._kind)
                offer: T = offers[name]
                return offer
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        plugins = self._registry.candidates(self._kind)
        return iter(dict.fromkeys([*(name for p in plugins for name in p.offers(self._kind)), *self._set]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __setitem__(self, name: str, offer: T) -> None:
        self._set[name] = offer

    def __delitem__(self, name: str) -> None:
        del self._set[name]

    def unknown(self, name: str) -> ArenaError:
        """Return the error for a name that nothing has; it tells of plugins that do not work and might have had it."""
        error = unknown(str(PLUGIN_KINDS[self._kind]), name, self)
        return ArenaError(f"{error}{do_not_work(self._registry.broken(self._kind))}")

    def create(self: Offers[type[Any]], text: str, known: Collection[str] = ()) -> Any:
        """Return one made of the class of a name with options.

        Arguments:
            text: The name with options.
            known: Options that errors name; by default those of the class.

        Raises:
            ArenaError: If no plugin offers the name, or the class does not take an option or cannot be made.
        """
        if variant(text)[0] not in self:
            raise self.unknown(variant(text)[0])
        name, options = given(self, text)
        offered, kind = self[name], str(PLUGIN_KINDS[self._kind])
        parameters = inspect.signature(offered).parameters
        accepted = set(parameters)
        for option in options:
            if option not in accepted:
                raise unknown(f"option of {kind} {name!r}", option, known or accepted)
            check_option(f"option {option!r} of {kind} {name!r}", parameters.get(option), options[option])
        try:
            return offered(**options)
        except ArenaError:
            raise
        except Exception as error:  # a plugin may raise anything
            raise ArenaError(f"{kind} {text!r} cannot be made: {described(error)}") from error


def given(offers: Mapping[str, type[Any]], text: str) -> tuple[str, dict[str, Any]]:
    """Return name and options of a variant as its class takes them: an option that is text by default stays text."""
    parameters = inspect.signature(offers[variant(text)[0]]).parameters.values()
    return variant(text, {parameter.name for parameter in parameters if isinstance(parameter.default, str)})


def do_not_work(broken: Mapping[str, str]) -> str:
    """Return which plugins do not work, and why, as a line for people; empty if all do."""
    shown = [f"{name} ({why if len(why) <= 90 else why[:90] + '...'})" for name, why in [*broken.items()][:3]]
    more = [f"{len(broken) - 3} more"] if len(broken) > 3 else []
    return f"\nPlugins that do not work: {', '.join([*shown, *more])}; see `recourse-arena plugins`." * bool(shown)


def blocked(entries: Iterable[EntryPoint], names: Sequence[str], environment: Sequence[str]) -> list[Plugin]:
    """Return the plugins of entry points, built-ins first; refused are the blocked ones and those of a taken name.

    Arguments:
        entries: The entry points.
        names: Names that a user blocks, `*` for all that are not built in.
        environment: The same from the environment, where a name may be that of no plugin.

    Raises:
        ArenaError: If `names` has one that is not there.
    """
    known: dict[int, tuple[str, str]] = {}  # many entry points of one distribution: its metadata is read once
    plugins = [Plugin(entry, *_distribution(entry.dist, known)) for entry in entries]
    plugins.sort(key=lambda plugin: (not plugin.built_in, plugin.name, plugin.distribution))
    for name in names:
        if name != "*" and all(plugin.name != name for plugin in plugins):
            raise unknown("plugin", name, {plugin.name for plugin in plugins})
    first: dict[str, Plugin] = {}
    for plugin in plugins:
        holder = first.setdefault(plugin.name, plugin)
        if holder is not plugin:
            origin = f" of {holder.distribution}" if holder.distribution else ""
            plugin.refused = f"there is a plugin called {plugin.name!r}{origin} already"
        for how, wanted in (("RECOURSE_ARENA_NO_PLUGINS", environment), ("--no-plugin", names)):
            if plugin.name in wanted or ("*" in wanted and not plugin.built_in):
                plugin.refused = f"blocked by {how}"
    return plugins


def _distribution(dist: Distribution | None, known: dict[int, tuple[str, str]]) -> tuple[str, str]:
    if dist is None:
        return "", ""
    if id(dist) not in known:
        known[id(dist)] = (dist.name or "", dist.version or "")
    return known[id(dist)]
