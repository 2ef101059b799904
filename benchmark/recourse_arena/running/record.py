"""The record of a run: what was planned, by whom it is solved, how it is measured, where it ran."""

from __future__ import annotations

__all__ = ["run_record"]

from collections.abc import Mapping
from typing import Any

from recourse_arena.base.version import PROTOCOL
from recourse_arena.planning.plan import Plan
from recourse_arena.registry.registry import Registry
from recourse_arena.running.provenance import provenance
from recourse_arena.running.store import FORMAT, plan_key


def run_record(plan: Plan, registry: Registry, *, how: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `run.json` holds before any cell has run; `how` says with which jobs and limits."""
    names = list(dict.fromkeys(cell.solver for cell in plan.cells))
    solvers = {name: plan.solver(name, registry) for name in names}
    return {
        "format": FORMAT,
        "protocol": PROTOCOL,
        "suite": plan.suite.identity(),
        "plan": plan_key(plan),
        "solvers": {
            name: {
                "version": solver.version,
                "knows": sorted(solver.knows),
                "needs": sorted(solver.needs),
                "summary": solver.summary,
                "trained": solver.trained,
            }
            for name, solver in solvers.items()
        },
        "metrics": [metric.declaration() for metric in registry.metrics.values()],
        "plugins": [vars(plugin) for plugin in registry.used],
        "provenance": {**provenance(registry), **how},
    }
