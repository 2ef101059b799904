"""Commands that list what is plugged in."""

from __future__ import annotations

__all__ = ["list_", "plugins"]

from typing import TYPE_CHECKING

import click

from recourse_arena.base.names import plain
from recourse_arena.cli.group import no_plugin, registry
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.problem.scenario import PARTS

if TYPE_CHECKING:
    from recourse_arena.registry.registry import Registry

_KINDS = (*PLUGIN_KINDS, "scenarios")


@click.command(name="list")
@click.argument("kind", required=False, type=click.Choice(_KINDS))
@click.argument("name", required=False)
@no_plugin
def list_(kind: str | None, name: str | None) -> None:
    """List what is there: datasets, decisions, changes of decision models, solvers, elicitors,
    policies, metrics, suites or scenarios.

    With a NAME all about it: features and where people come from of a dataset (or the path of its TOML file), options
    and their meaning of a solver, what a scenario asks for in words.
    """
    plugged = registry()
    if name is not None:
        from recourse_arena.cli.descriptions import describe

        for line in describe(str(kind), name, plugged):
            click.echo(line)
        return
    for name in [kind] if kind else _KINDS:
        click.echo(f"{name}:")
        rows = _described(name, plugged)
        width = max((len(row[0]) for row in rows), default=0)
        for label, text in rows:
            click.echo(f"  {plain(label):{width}}  {plain(text)}".rstrip())
        if name == "scenarios":
            click.echo("what their names are made of:")
            for part, meaning in PARTS.items():
                click.echo(f"  {part:18}  {meaning}")


@click.command()
@no_plugin
def plugins() -> None:
    """List every plugin: where it comes from, what it offers, and why it does not work if it does not."""
    from tabulate import tabulate

    found = [(p.name, p.version, p.distribution, ", ".join(p.hooks), p.error or "ok") for p in registry().plugins]
    rows = [tuple(map(plain, row)) for row in found]
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
