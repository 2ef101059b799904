"""Commands that list what is plugged in."""

from __future__ import annotations

__all__ = ["list_", "plugins"]

from typing import TYPE_CHECKING

import click

from recourse_arena.cli.group import no_plugin, registry
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS

if TYPE_CHECKING:
    from recourse_arena.registry.registry import Registry

_KINDS = (*PLUGIN_KINDS, "scenarios")


@click.command(name="list")
@click.argument("kind", required=False, type=click.Choice(_KINDS))
@no_plugin
def list_(kind: str | None) -> None:
    """List what is there: datasets, solvers, elicitors, metrics, suites or scenarios."""
    plugged = registry()
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
