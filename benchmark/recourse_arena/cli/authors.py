"""Commands for authors of plugins."""

from __future__ import annotations

__all__ = ["check", "new"]

from pathlib import Path

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import NAME, is_name
from recourse_arena.cli.group import FOLDER, registry


@click.command()
@click.argument("plugin")
@click.option(
    "--expect", "expected", multiple=True, metavar="LAW=REASON", help="A law that fails, and why; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print how every law ended as JSON.")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
def check(plugin: str, expected: tuple[str, ...], as_json: bool, data: Path | None) -> None:
    """Hold PLUGIN against the laws of its kind.

    PLUGIN is the name of a plugin, of a solver, dataset, elicitation scheme, metric or suite, or a folder with a
    pyproject.toml, a package, a Python file or a module that need not be installed; each with options, as in
    'grid?points=9' or './mine?width=3'. Exits with 0 if every law that ran is kept, 1 if not, 2 if there is no such
    plugin.
    """
    from recourse_arena.testing.plugged import check_plugin

    report = check_plugin(plugin, expected=dict(_reason(text) for text in expected), data=data)
    click.echo(report.json() if as_json else report.text())
    raise SystemExit(0 if report.ok else 1)


def _reason(text: str) -> tuple[str, str]:
    law, sign, reason = text.partition("=")
    if not (law and sign and reason.strip()):
        raise ArenaError(f"--expect: expected LAW=REASON, as in its_state_survives_a_file='too large'; got {text!r}")
    return law, reason


def _draft(kind: str, name: str, into: Path, source: Path) -> None:
    from recourse_arena.storage.files import refuse_links, write_atomically
    from recourse_arena.tables.declaration import read_declaration
    from recourse_arena.tables.draft import drafted

    if kind != "dataset":
        raise ArenaError(f"--from drafts a dataset, not a {kind}")
    if not is_name(name):
        raise ArenaError(f"the name of a dataset must be {NAME}; got {name!r}")
    if name in registry().datasets:
        raise ArenaError(f"there is a dataset called {name!r} already; choose another name")
    refuse_links(into)
    place = into / f"{name}.toml"
    if place.exists():
        raise ArenaError(f"{place} is there already; move it away, or choose another name")
    write_atomically(place, drafted(source, name, into).encode())
    said = read_declaration(place)
    count = said.features.count_actionable
    click.echo(f"{place}: {len(said.columns)} features, {count} of them actionable; label {said.label.column!r}")
    click.echo("Lines that end with `# review` are guesses, above all roles and the favourable label.\n")
    click.echo(f"  recourse-arena check {place}")
    click.echo(f"  recourse-arena run tabular --dataset {place}")


@click.command()
@click.argument("kind", metavar="solver|dataset|metric")
@click.argument("name")
@click.option("--into", type=FOLDER, default=Path(), help="Folder in which it is made.  [default: here]")
@click.option("--from", "source", type=FOLDER, help="CSV file: draft a dataset of one's own, as TOML, without Python.")
def new(kind: str, name: str, into: Path, source: Path | None) -> None:
    """Make a package with a working plugin called NAME, with its tests, ready for `recourse-arena check`.

    With `--from FILE.csv`, `new dataset NAME` drafts NAME.toml instead, whose guesses are marked for review.
    """
    if source is not None:
        _draft(kind, name, into, source)
        return
    from recourse_arena.scaffolding.package import make_package

    plugged = registry()
    taken = {plugin.name for plugin in plugged.plugins} | {*plugged.solvers, *plugged.datasets, *plugged.metrics}
    made = make_package(kind, name, into=into, taken=taken)
    click.echo(f"{made.folder}: a package with the {kind} {name!r}\n")
    for command in made.commands:
        click.echo(f"  {command}")
