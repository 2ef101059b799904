"""Which engine runs a plan: one process, one beside it, or a cluster."""

from __future__ import annotations

__all__ = ["make_engine"]

import sys
from collections.abc import Sequence
from pathlib import Path

from recourse_arena.base.errors import ArenaError
from recourse_arena.planning.plan import Plan
from recourse_arena.registry.registry import Registry
from recourse_arena.running.cluster import Cluster, import_distributed
from recourse_arena.running.engine import Engine, Serial
from recourse_arena.running.limits import Limits
from recourse_arena.running.sandbox import Sandbox, Setting
from recourse_arena.running.workshop import Workshop
from recourse_arena.storage.artefact_cache import ArtefactCache


def make_engine(
    plan: Plan,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
    limits: Limits,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    isolated: bool = False,
    no_plugins: Sequence[str] = (),
) -> Engine:
    """Return what works on the nodes of a plan.

    Raises:
        ArenaError: If jobs are less than one, or `distributed` is needed and missing.
    """
    if jobs < 1:
        raise ArenaError(f"jobs: expected a number from 1, got {jobs}")
    if jobs == 1 and scheduler is None and not isolated and not limits:
        return Serial(Workshop(registry, data, cache, plan.solvers))
    setting, path = Setting.of(data, cache.folder, plan.solvers, no_plugins), tuple(sys.path)
    if jobs == 1 and scheduler is None:
        sandbox = Sandbox(setting, limits, path)
        return Serial(sandbox)
    import_distributed()
    return Cluster(registry, setting, limits, path, jobs, scheduler)
