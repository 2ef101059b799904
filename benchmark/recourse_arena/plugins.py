"""Who is plugged in: datasets, solvers, elicitation schemes, metrics and suites, found by entry point."""

from __future__ import annotations

__all__ = ["PluginRecord", "Registry", "discover", "variant"]

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

import pluggy

from recourse_arena import hookspecs
from recourse_arena.problem.errors import ArenaError, unknown

if TYPE_CHECKING:
    from recourse_arena.elicitation.schemes import Elicitor
    from recourse_arena.judging.metrics import Metric
    from recourse_arena.problem.dataset import Dataset
    from recourse_arena.problem.solver import Solver
    from recourse_arena.running.suite import Suite

T = TypeVar("T")


@dataclass(frozen=True)
class PluginRecord:
    """One plugin: where it comes from, what it offers, and why it does not work if it does not."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...] = ()
    error: str = ""


@dataclass
class Registry:
    """Everything plugged in, by kind and name."""

    plugins: list[PluginRecord] = field(default_factory=list)
    datasets: dict[str, type[Dataset]] = field(default_factory=dict)
    solvers: dict[str, type[Solver]] = field(default_factory=dict)
    elicitors: dict[str, type[Elicitor]] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    suites: dict[str, Suite] = field(default_factory=dict)

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of a name with options, such as `loan?decision=adam`."""
        return _create("dataset", name, self.datasets)

    def solver(self, name: str) -> Solver:
        """Return the solver of a name with options, such as `grid?points=9`."""
        return _create("solver", name, self.solvers)

    def elicitor(self, name: str) -> Elicitor:
        """Return the elicitation scheme of a name."""
        return _create("elicitation scheme", name, self.elicitors)


_KINDS = ("datasets", "solvers", "elicitors", "metrics", "suites")


def discover(entries: Iterable[EntryPoint] | None = None) -> Registry:
    """Return what is plugged in. A plugin that cannot be used is listed with the reason; the rest goes on."""
    registry = Registry()
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    found = entry_points(group=hookspecs.PROJECT) if entries is None else entries
    for entry in sorted(found, key=_built_ins_first):
        registry.plugins.append(_plug(manager, registry, entry))
    return registry


def variant(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and options of a variant.

    Example:
        >>> variant("icarma?epochs=50&lr=0.01&head=wide")
        ('icarma', {'epochs': 50, 'lr': 0.01, 'head': 'wide'})
    """
    name, _, query = text.partition("?")
    return name, {key: _literal(value) for key, value in parse_qsl(query, keep_blank_values=True)}


def _built_ins_first(entry: EntryPoint) -> tuple[bool, str]:
    return _distribution(entry)[0] != "recourse-arena", entry.name


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("", "")


def _plug(manager: pluggy.PluginManager, registry: Registry, entry: EntryPoint) -> PluginRecord:
    """Import one plugin and take up what it offers, or record why not. Whatever it raises is its own."""
    distribution, version = _distribution(entry)
    record = PluginRecord(entry.name, distribution, version)
    try:
        module = entry.load()
        if manager.register(module, name=entry.name) is None:
            raise ArenaError(f"a plugin called {entry.name!r} is there already")
        hooks = tuple(caller.name for caller in manager.get_hookcallers(module) or ())
        _refuse_unknown_hooks(manager, module)
        if not hooks:
            raise ArenaError("implements no hook; mark functions such as recourse_solvers with recourse_arena.hookimpl")
        _take_up(registry, module, hooks)
    except Exception as error:  # a plugin may raise anything; it is listed with its reason
        if manager.has_plugin(entry.name):
            manager.unregister(name=entry.name)
        message = str(error).strip() or "no message"
        return PluginRecord(entry.name, distribution, version, error=f"{type(error).__name__}: {message}")
    return PluginRecord(record.name, distribution, version, hooks)


def _refuse_unknown_hooks(manager: pluggy.PluginManager, module: object) -> None:
    specified = {name for name in vars(hookspecs) if name.startswith("recourse_")}
    for caller in manager.get_hookcallers(module) or ():
        if caller.name not in specified:
            raise unknown("hook", caller.name, specified)


def _take_up(registry: Registry, module: object, hooks: tuple[str, ...]) -> None:
    offers = [
        (kind, offer)
        for kind in _KINDS
        if f"recourse_{kind}" in hooks
        for offer in getattr(module, f"recourse_{kind}")()
    ]
    for kind, offer in offers:
        if getattr(offer, "name", None) in getattr(registry, kind):
            raise ArenaError(f"the name {offer.name!r} is taken already among {kind}")
    for kind, offer in offers:
        getattr(registry, kind)[offer.name] = offer


def _create(kind: str, text: str, known: dict[str, type[T]]) -> T:
    name, options = variant(text)
    if name not in known:
        raise unknown(kind, name, known)
    accepted = set(inspect.signature(known[name]).parameters)
    for option in options:
        if option not in accepted:
            raise unknown(f"option of {kind} {name!r}", option, accepted)
    return known[name](**options)


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
