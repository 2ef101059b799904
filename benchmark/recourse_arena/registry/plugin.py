"""One plugin: imported when it is first needed, and refused with a reason if it does not work."""

from __future__ import annotations

__all__ = ["Plugin", "PluginRecord"]

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from recourse_arena.base.errors import ArenaError, described, unknown
from recourse_arena.interfaces import hookspecs
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.registry.offers import check_offer
from recourse_arena.registry.source import hooks_in_source

_HOOKS = {kind.hook: plural for plural, kind in PLUGIN_KINDS.items()}


@dataclass(frozen=True)
class PluginRecord:
    """One plugin: where it comes from, what it offers, and why it does not work if it does not."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class _Loaded:
    hooks: tuple[str, ...] = ()
    offers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    error: str = ""


@dataclass
class Plugin:
    """A plugin as its entry point announces it.

    Arguments:
        entry: Its entry point.
        distribution: The distribution it comes from; empty if unknown.
        version: That distribution's version.
        refused: Why it is not even tried, if it is not.
    """

    entry: EntryPoint
    distribution: str = ""
    version: str = ""
    refused: str = ""

    @property
    def name(self) -> str:
        """Its name, that of its entry point."""
        return self.entry.name

    @property
    def built_in(self) -> bool:
        """Whether it comes with the suite."""
        return self.distribution == "recourse-arena"

    @property
    def loaded(self) -> bool:
        """Whether it has been tried."""
        return "_content" in vars(self)

    @property
    def error(self) -> str:
        """Why it does not work; empty if it does, or has not been tried yet."""
        return self.refused or (self._content.error if self.loaded else "")

    @cached_property
    def may_offer(self) -> frozenset[str]:
        """Kinds of what it may offer, as far as can be said without importing it."""
        if self.loaded and not self.error:
            return frozenset(self._content.offers)
        return frozenset(_HOOKS[hook] for hook in hooks_in_source(self.entry, _HOOKS))

    def offers(self, kind: str) -> Mapping[str, Any]:
        """Return what it offers of a kind, by name. Imports it, unless its source says that there is nothing."""
        if self.refused or kind not in self.may_offer:
            return {}
        return self._content.offers.get(kind, {})

    def record(self) -> PluginRecord:
        """Return what is known of it; imports it."""
        content = _Loaded(error=self.refused) if self.refused else self._content
        return PluginRecord(self.name, self.distribution, self.version, content.hooks, content.error)

    @cached_property
    def _content(self) -> _Loaded:
        """Import it and take up what it offers, or what it fails of. Whatever it raises is its own."""
        hooks: tuple[str, ...] = ()
        try:
            plugin = self.entry.load()
            manager = pluggy.PluginManager(hookspecs.PROJECT)
            manager.add_hookspecs(hookspecs)
            hooks = _marked(manager, plugin)
            _refuse_other_api(plugin)
            _refuse_unmarked_hooks(plugin)
            _refuse_unknown_hooks(hooks)
            manager.register(plugin, name=self.name)
            return _Loaded(hooks, {_HOOKS[hook]: _offered(manager, hook) for hook in hooks})
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also SystemExit and the like: it is listed with its reason
            return _Loaded(hooks, error=described(error))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was imported: whoever gets a copy imports it on their own."""
        return {name: value for name, value in vars(self).items() if name != "_content"}


def _marked(manager: pluggy.PluginManager, plugin: object) -> tuple[str, ...]:
    marked = {name: manager.parse_hookimpl_opts(plugin, name) for name in dir(plugin) if not name.startswith("__")}
    return tuple(sorted(options["specname"] or name for name, options in marked.items() if options))


def _refuse_other_api(plugin: object) -> None:
    written_for = getattr(plugin, "RECOURSE_ARENA_API", hookspecs.API)
    if written_for != hookspecs.API:
        raise ArenaError(
            f"RECOURSE_ARENA_API: it is written for plugin API {written_for!r}, this suite has {hookspecs.API}; "
            f"use a version of the plugin, or of recourse-arena, that fits"
        )


def _refuse_unmarked_hooks(plugin: object) -> None:
    home = getattr(plugin, "__name__", None)
    for name, value in list(vars(plugin).items()) if hasattr(plugin, "__dict__") else ():
        own = inspect.isfunction(value) and value.__module__ == home
        if not own or hasattr(value, f"{hookspecs.PROJECT}_impl"):
            continue
        if name in _HOOKS:
            raise ArenaError(f"{name} is not marked as a hook; put @recourse_arena.hookimpl above it")
        if difflib.get_close_matches(name, _HOOKS, cutoff=0.9):
            raise unknown("hook", name, _HOOKS)


def _refuse_unknown_hooks(hooks: tuple[str, ...]) -> None:
    for hook in hooks:
        if hook not in _HOOKS:
            raise unknown("hook", hook, _HOOKS)
    if not hooks:
        raise ArenaError("implements no hook; mark functions such as recourse_solvers with recourse_arena.hookimpl")


def _offered(manager: pluggy.PluginManager, hook: str) -> dict[str, Any]:
    kind = _HOOKS[hook]
    returned = getattr(manager.hook, hook)()
    offers = returned[0] if returned else None
    if not isinstance(offers, (list, tuple)):
        raise ArenaError(f"{hook}: expected a list, got {type(offers).__name__}")
    found: dict[str, Any] = {}
    for offer in offers:
        check_offer(kind, offer)
        if offer.name in found:
            raise ArenaError(f"{hook}: the name {offer.name!r} is given twice")
        found[offer.name] = offer
    return found
