"""The record of a run: what was planned, by whom it is solved, how it is measured, where it ran."""

from __future__ import annotations

__all__ = ["now", "processor", "provenance", "run_record"]

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from recourse_arena.base.names import variant
from recourse_arena.base.version import PROTOCOL
from recourse_arena.planning.plan import Plan
from recourse_arena.problem.scenario import SCHEMES, Scenario
from recourse_arena.registry.plugin import PluginRecord
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.run_folder import FORMAT, plan_key

_NAMED = re.compile(r"[A-Za-z0-9._-]+")


def provenance(plugins: Sequence[PluginRecord]) -> dict[str, Any]:
    """Return what a run's record says about the machine and the software it started on."""
    distributions = ["recourse-arena", *(plugin.distribution for plugin in plugins if plugin.distribution)]
    return {
        "started": now(),
        "command": sys.argv[1:],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": 1,  # of each computation, whatever there is
        "packages": {name: _version(name) for name in dict.fromkeys([*distributions, *_required(distributions)])},
        "git": _git_states(dict.fromkeys(distributions)),
    }


def now() -> str:
    """Return the current time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _required(distributions: Iterable[str]) -> list[str]:
    """Return what distributions require, and which of their optional packages are installed; not what tests need."""
    found: list[str] = []
    for name in distributions:
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        for requirement in required:
            package, optional = _NAMED.match(requirement), "extra ==" in requirement
            if package and "dev" not in requirement.partition("extra ==")[2]:
                found += [] if optional and _version(package[0]) == "not installed" else [package[0]]
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git_states(packages: Iterable[str]) -> dict[str, str]:
    """Return the commit of each package installed from a working copy, and whether anything is changed since."""
    found = {}
    for package in packages:
        folder = _editable(package)
        commit = _git(folder, "rev-parse", "HEAD") if folder else None
        if commit:
            found[package] = f"{commit}, changed" if _git(folder, "status", "--porcelain") else commit
    return found


def _editable(package: str) -> Path | None:
    import json

    try:
        said = json.loads(distribution(package).read_text("direct_url.json") or "{}")
        local = said.get("dir_info", {}).get("editable") and urlparse(said["url"]).scheme == "file"
        return Path(unquote(urlparse(said["url"]).path)) if local else None
    except (PackageNotFoundError, ValueError, KeyError, AttributeError):
        return None


def _git(folder: Path | None, *words: str) -> str | None:
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def processor() -> str:
    """Return what this machine's processor is called."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _plugins(plan: Plan, registry: Registry) -> list[PluginRecord]:
    """Return the plugins of which something is used: by this process, and those of solvers, which it never imports."""
    used = {plugin.name: plugin for plugin in registry.used}
    for card in plan.solvers.values():
        if card.plugin is not None:
            used.setdefault(card.plugin.name, card.plugin)
    return [*used.values()]


def _plausibility(scenario: Scenario) -> str:
    """Return the plausibility that solvers are asked for: `flow` for the dataset's own, `scm` or `nothing`."""
    return scenario.density if scenario.plausibility else "nothing"


def run_record(plan: Plan, registry: Registry, *, how: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `run.json` holds before any cell has run; `how` says with which jobs and limits."""
    plugins = _plugins(plan, registry)
    return {
        "format": FORMAT,
        "protocol": PROTOCOL,
        "suite": plan.suite.identity(),
        "plan": plan_key(plan),
        "asked_plausibility": {cell.scenario.name: _plausibility(cell.scenario) for cell in plan.cells},
        "solvers": {
            name: {
                "version": solver.version,
                "knows": sorted(solver.knows),
                "needs": sorted(solver.needs),
                "summary": solver.summary,
                "trained": solver.trained,
                **_distribution(solver.plugin),
            }
            for name, solver in plan.solvers.items()
        },
        "scenarios": _scenarios(plan, registry),
        "metrics": [metric.declaration() for metric in registry.measured.values()],
        **({"changes": [*plan.changes]} if plan.changes else {}),
        "plugins": [vars(plugin) for plugin in plugins],
        "provenance": {**provenance(plugins), **how},
    }


def _distribution(plugin: PluginRecord | None) -> dict[str, Any]:
    """Return where a solver can be had: distribution and version; nothing of one that was handed over."""
    return {} if plugin is None or not plugin.distribution else {"distribution": [plugin.distribution, plugin.version]}


def _scenarios(plan: Plan, registry: Registry) -> dict[str, str]:
    """Return what each scenario means in words, for whoever reads results without the plugins that were there."""
    scenarios = {cell.scenario.name: cell.scenario for cell in plan.cells}
    named = {variant(scenario.scheme)[0] for scenario in scenarios.values()} - {"ranking", *SCHEMES.values()}
    schemes = {name: registry.elicitors[name].summary for name in named}
    asking = {variant(scenario.policy)[0] for scenario in scenarios.values() if scenario.policy is not None}
    policies = {name: registry.policies[name].summary for name in asking}
    return {name: scenario.in_words(schemes, policies) for name, scenario in scenarios.items()}
