"""Commands that list what is plugged in."""

from __future__ import annotations

__all__ = ["list_", "plugins"]

from math import inf
from typing import TYPE_CHECKING

import click

from recourse_arena.base.errors import unknown
from recourse_arena.cli.group import no_plugin, registry
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS

if TYPE_CHECKING:
    from recourse_arena.people.features import Feature
    from recourse_arena.registry.registry import Registry

_KINDS = (*PLUGIN_KINDS, "scenarios")


@click.command(name="list")
@click.argument("kind", required=False, type=click.Choice(_KINDS))
@click.argument("name", required=False)
@no_plugin
def list_(kind: str | None, name: str | None) -> None:
    """List what is there: datasets, decisions, solvers, elicitors, metrics, suites or scenarios.

    With the NAME of a dataset, or the path of its TOML file, its features, decision model, effects and cost.
    """
    plugged = registry()
    if name is not None:
        _show(str(kind), name, plugged)
        return
    for name in [kind] if kind else _KINDS:
        click.echo(f"{name}:")
        rows = _described(name, plugged)
        width = max((len(row[0]) for row in rows), default=0)
        for label, text in rows:
            click.echo(f"  {label:{width}}  {text}".rstrip())


@click.command()
@no_plugin
def plugins() -> None:
    """List every plugin: where it comes from, what it offers, and why it does not work if it does not."""
    from tabulate import tabulate

    rows = [(p.name, p.version, p.distribution, ", ".join(p.hooks), p.error or "ok") for p in registry().plugins]
    click.echo(tabulate(rows, ["name", "version", "distribution", "hooks", "state"], disable_numparse=True))


def _show(kind: str, name: str, plugged: Registry) -> None:
    if kind != "datasets":
        found = dict(_described(kind, plugged))
        if name not in found:
            raise unknown(kind.removesuffix("s"), name, found)
        click.echo(f"{name}  {found[name]}")
        return
    from tabulate import tabulate

    from recourse_arena.registry.parts import decision_words

    dataset = plugged.dataset(name)
    plugged.decision_of(dataset)  # an unknown model is an error, rather than a word that nobody can use
    rows = [
        (f.name, f.kind, f.role, "" if f.direction == "any" else f.direction, _values(f), f.description)
        for f in dataset.features
    ]
    click.echo(f"{name}: {dataset.summary}")
    click.echo(f"decision model {decision_words(dataset)}, effects {dataset.effects_known}, cost {dataset.cost}\n")
    click.echo(tabulate(rows, ["feature", "kind", "role", "way", "values", ""], disable_numparse=True))
    for rule in dataset.features.rules:
        click.echo(f"rule: {rule}")


def _values(feature: Feature) -> str:
    if feature.levels:
        shown = ", ".join(feature.levels[:6])
        return f"{shown}, ... ({len(feature.levels)})" if len(feature.levels) > 6 else shown
    return "" if (feature.lower, feature.upper) == (-inf, inf) else f"{feature.lower:g} to {feature.upper:g}"


def _described(kind: str, registry: Registry) -> list[tuple[str, str]]:
    if kind == "scenarios":
        suites = registry.suites.values()
        names = {s.name: None for suite in suites for block in suite.blocks for s in block.scenarios}
        used = {
            name: [s.name for s in suites if any(name == x.name for b in s.blocks for x in b.scenarios)]
            for name in names
        }
        return [(name, f"in {', '.join(where)}") for name, where in used.items()]
    offers = getattr(registry, kind)
    return [
        (name, getattr(offers[name], "summary", "") or getattr(offers[name], "definition", ""))
        for name in sorted(offers)
    ]
