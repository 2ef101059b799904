"""Commands of the public board: a run becomes an entry, entries come to a board, leave it and are run again."""

from __future__ import annotations

__all__ = ["board", "submit"]

import sys
from pathlib import Path

import click

from recourse_arena.cli.boards.views import history, show
from recourse_arena.cli.group import FOLDER, blocked_plugins, no_plugin, registry

_FILE = click.Path(path_type=Path)
_BOARD = click.option("--board", "folder", type=FOLDER, required=True, help="Folder of the board.")
_DATA = click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
_CACHE = click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
_JOBS = click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Cells at a time.")


@click.command()
@click.argument("run", type=FOLDER)
@click.option("--out", type=_FILE, required=True, help="File of the entry.")
@click.option("--card", type=_FILE, help="Method card, a TOML file: name, authors, paper, code, licence, ...")
@no_plugin
def submit(run: Path, out: Path, card: Path | None) -> None:
    """Write the finished run in RUN as an entry: one file with its rows and where they come from, no code.

    Nothing of this machine travels but what computed: no paths, no names.
    """
    from recourse_arena.board.entries.submitting import submit as write

    found = write(run, out, registry(), card=card)
    click.echo(f"Entry: {out.resolve()} ({out.stat().st_size / 1000:.0f} kB), called {found.name!r}")
    if found.lacking:
        click.echo(f"its card does not say: {', '.join(found.lacking)}; --card FILE.toml does", err=True)


@click.group()
def board() -> None:
    """Keep a board of entries: each is judged again before it counts."""


@board.command()
@click.argument("entries", metavar="ENTRY...", nargs=-1, type=_FILE)
@_BOARD
@click.option("--replace", is_flag=True, help="An entry may take the place of another one of its name.")
@click.option("--together", metavar="NAME", default="", help="They are parts of one: ranks span their suites.")
@_JOBS
@_DATA
@_CACHE
@no_plugin
def add(
    entries: tuple[Path, ...],
    folder: Path,
    replace: bool,
    together: str,
    jobs: int,
    data: Path | None,
    cache: Path | None,
) -> None:
    """Judge entries again, and add those that are as they say to a board; without any, make again what it lacks.

    Every recommendation is re-applied and every number computed anew. Any difference refuses the entry, with the person
    and the column, and exits with 2. One that is there already changes nothing.
    """
    from recourse_arena.board import door
    from recourse_arena.execution.progress_display import progress_for

    verdicts = door.add(
        list(entries), folder, replace=replace, together=together, jobs=jobs, data=data, cache=cache,
        no_plugins=blocked_plugins(), progress=progress_for(),
    )  # fmt: skip
    for verdict in verdicts:
        part = "" if verdict["whole"] else ", a part of it"
        click.echo(
            f"{verdict['name']}: re-judged, {verdict['rows']:,} rows of suite {verdict['suite']['name']}{part}; "
            f"{verdict['packages']['words']}"
        )
    click.echo(f"Board: {folder.resolve()}")


@board.command()
@click.argument("entry", metavar="NAME")
@_BOARD
def remove(entry: str, folder: Path) -> None:
    """Remove an entry, by its name or the beginning of its digest: ranks are as if it had never been there."""
    from recourse_arena.board import door

    door.remove(entry, folder)
    click.echo(f"removed {entry} from {folder}")


@board.command()
@click.argument("entry", metavar="NAME")
@_BOARD
@click.option("--python", metavar="EXE", help="Interpreter whose environment has it all, instead of a fresh one.")
@click.option("--here", is_flag=True, help="Run it in the environment of this command.")
@click.option("--wheel", "wheels", multiple=True, metavar="FILE", help="Installed instead of what the entry names.")
@_JOBS
@_DATA
@_CACHE
def rerun(
    entry: str,
    folder: Path,
    python: str | None,
    here: bool,
    wheels: tuple[str, ...],
    jobs: int,
    data: Path | None,
    cache: Path | None,
) -> None:
    """Run an entry's suite again for its solvers, from their distribution, and keep whether the rows are the same.

    Exits with 1 if they are not.
    """
    from recourse_arena.board import door

    found = door.rerun(
        entry, folder, python=sys.executable if here else python, wheels=wheels, jobs=jobs, data=data, cache=cache
    )
    badge = found["badges"]["re-run"]
    click.echo(f"{found['name']}: {'the same' if badge['same'] else 'other rows'}: {badge['words']}")
    if not badge["same"]:
        raise SystemExit(1)


board.add_command(show)
board.add_command(history)
