"""What solvers declare, asked of processes of their own: whoever plans a run imports no solver."""

from __future__ import annotations

__all__ = ["described_apart"]

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import cloudpickle

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import plain, variant
from recourse_arena.execution.solving.nursery import how_it_ended
from recourse_arena.execution.solving.process import Asked
from recourse_arena.execution.solving.solver_process import Apart
from recourse_arena.planning.solver_card import Describe, SolverCard
from recourse_arena.registry.plugin import Plugin, PluginRecord
from recourse_arena.registry.registry import Registry, do_not_work

_SECONDS, _BYTES = 120.0, 1 << 22
"""Time that importing a solver may take, and the bytes of what it declares."""


def described_apart(apart: Apart, registry: Registry) -> Describe:
    """Return what describes solvers, each plugin's in a process of its own, in which no other plugin is imported.

    Plugins are asked in the order in which a registry asks them. One that does not answer does not have the solver, and
    where nobody has it, the error says who did not answer. Where a solver comes from is known here: nobody is asked.

    Arguments:
        apart: Where processes come from.
        registry: What is plugged in; of its solvers none is imported here.
    """
    known: dict[str, SolverCard] = {}
    ours = [plugin for plugin in registry.candidates("solvers") if plugin.built_in]

    def describe(names: Sequence[str]) -> Mapping[str, SolverCard]:
        new = [name for name in dict.fromkeys(names) if name not in known]
        for name in [name for name in new if name in apart.handed]:
            known.update(_cards(_said(apart, Asked((name,), Registry(), apart.handed[name], apart.path)), ()))
        rest = [name for name in new if name not in known]
        said = _said(apart, Asked(tuple(rest), Registry(ours), path=apart.path)) if rest else {}
        known.update(_cards(said, ours))
        for name in [name for name in rest if name not in known]:
            known.update(_of_others(apart, registry, name, said))
        return {name: known[name] for name in names}

    return describe


def _of_others(apart: Apart, registry: Registry, name: str, ours: Mapping[str, Any]) -> dict[str, SolverCard]:
    """Return the card of a solver that is not built in, from the first plugin that has it."""
    offered, broken = [*ours["offers"]], dict[str, str](ours["broken"])
    for plugin in registry.candidates("solvers", variant(name)[0]):
        if plugin.built_in:
            continue
        try:
            said = _said(apart, Asked((name,), Registry([plugin]), path=apart.path), who=f"plugin {plugin.name!r}")
        except _Lost as error:
            broken[plugin.name] = str(error)
            continue
        if found := _cards(said, (plugin,)):
            return found
        offered += said["offers"]
        broken |= said["broken"]
    nobody = unknown("solver", variant(name)[0], offered)
    raise ArenaError(f"{nobody}{do_not_work(broken)}")


class _Lost(ArenaError):
    """A process did not describe what it was asked about."""


def _said(apart: Apart, asked: Asked, who: str = "") -> dict[str, Any]:
    """Return what a process says to a question: `cards`, what it `offers`, and which plugins are `broken`.

    Raises:
        ArenaError: If a solver cannot be made as it is named.
        _Lost: If the process says nothing that can be understood.
    """
    who = who or (f"solver {asked.names[0]!r}" if len(asked.names) == 1 else "a solver of the suite")
    child, reason, said = apart.child("describing"), "", None
    try:
        child.line.send_aside(cloudpickle.dumps(asked))
        content = child.line.receive(most=_BYTES, wait=_SECONDS)
        said = None if content is None else json.loads(content)
        reason = f"it does not say within {_SECONDS:g} seconds what it is" if content is None else ""
    except EOFError:
        reason = "the process that imports it ended by itself"
    except (ValueError, RecursionError):
        reason = "it describes itself with nonsense, or too much of it"
    ended = apart.nursery.end(child, grace=1.0 if reason else 0.0)
    if reason:
        how = f": {how_it_ended(ended)}" if ended is not None and reason.endswith("itself") else ""
        raise _Lost(f"{who}: {reason}{how}")
    if isinstance(said, dict):
        for key, kind in {"error": ArenaError, "lost": _Lost}.items():
            if isinstance(told := said.get(key), str):
                text = "\n".join(map(plain, told[:4000].splitlines()))
                raise kind(text if kind is ArenaError else f"{who}: {text}")
    if not _is_answer(said, asked.names):
        raise _Lost(f"{who}: it describes itself with nonsense")
    assert isinstance(said, dict)
    return said


def _is_answer(said: object, names: Sequence[str]) -> bool:
    if not isinstance(said, dict) or set(said) != {"cards", "offers", "broken"}:
        return False
    cards, offers, broken = said["cards"], said["offers"], said["broken"]
    return (
        isinstance(cards, dict)
        and set(cards) <= set(names)
        and isinstance(offers, list)
        and all(isinstance(name, str) for name in offers)
        and isinstance(broken, dict)
        and all(isinstance(reason, str) for reason in broken.values())
    )


def _cards(said: Mapping[str, Any], plugins: Sequence[Plugin]) -> dict[str, SolverCard]:
    """Return the cards of an answer; the plugins are those that were asked, whatever the answer says of that."""
    found = {}
    for name, content in said.get("cards", {}).items():
        card = SolverCard.read(content)
        if plugins:
            told = "" if card.plugin is None else card.plugin.name
            plugin = next((one for one in plugins if one.name == told), plugins[0])
            hooks = () if card.plugin is None else card.plugin.hooks
            record = PluginRecord(plugin.name, plugin.distribution, plugin.version, hooks)
            origin = {**card.origin, "distribution": (plugin.distribution, plugin.version)}
            if card.name != variant(name)[0]:
                raise ArenaError(f"solver {name!r} of plugin {plugin.name!r} says that its name is {card.name!r}")
            found[name] = replace(card, plugin=record, origin=origin)
        else:
            found[name] = replace(card, plugin=None, origin={})
    return found
