"""What solvers declare, asked of processes of their own: whoever plans a run imports no solver."""

from __future__ import annotations

__all__ = ["described_apart"]

import json
from collections.abc import Mapping, Sequence
from typing import Any

import cloudpickle

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import variant
from recourse_arena.execution.solving.process import SolverSetup
from recourse_arena.execution.solving.solver_process import Apart
from recourse_arena.planning.solver_card import Describe, SolverCard
from recourse_arena.registry.registry import Registry

_SECONDS, _BYTES = 120.0, 1 << 22
"""Time that importing a solver may take, and the bytes of what it declares."""


def described_apart(apart: Apart, registry: Registry) -> Describe:
    """Return what describes solvers, each plugin's in a process of its own.

    Arguments:
        apart: Where processes come from.
        registry: What is plugged in; of its solvers none is imported here.
    """
    known: dict[str, SolverCard] = {}
    built_in = {plugin.name for plugin in registry.candidates("solvers") if plugin.built_in}

    def describe(names: Sequence[str]) -> Mapping[str, SolverCard]:
        new = [name for name in dict.fromkeys(names) if name not in known]
        ours = [name for name in new if variant(name)[0] in built_in and name not in apart.handed]
        for group in filter(None, [ours, *([name] for name in new if name not in ours)]):
            known.update(_asked(apart, group))
        return {name: known[name] for name in names}

    return describe


def _asked(apart: Apart, names: Sequence[str]) -> dict[str, SolverCard]:
    setups = [SolverSetup(name, "", apart.handed.get(name, b""), apart.path) for name in names]
    child, said = apart.child("describing"), dict[str, Any]()
    try:
        child.line.send_aside(cloudpickle.dumps(setups))
        content = child.line.receive(most=_BYTES, wait=_SECONDS)
        said = json.loads(content) if content is not None else {"error": "it took too long"}
    except (EOFError, ValueError):
        said = {"error": ""}
    ended = apart.nursery.end(child, grace=1.0)
    if not isinstance(said, dict) or not isinstance(said.get("error", ""), str):
        said = {"error": "it describes itself with nonsense"}
    if "error" in said or set(said) != set(names):
        reason = said.get("error") or f"a process that imports it ended by itself (status {ended})"
        raise ArenaError(str(reason)[:4000])
    return {name: SolverCard.read(card) for name, card in said.items()}
