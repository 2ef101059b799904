"""The command `recourse-arena`."""

from __future__ import annotations

__all__ = ["main"]

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recourse_arena.problem.errors import ArenaError, unknown
from recourse_arena.version import __version__

if TYPE_CHECKING:
    from recourse_arena.plugins import Registry
    from recourse_arena.problem.dataset import Dataset

_FOLDER = click.Path(path_type=Path, file_okay=True)
_KINDS = ("datasets", "solvers", "elicitors", "metrics", "suites", "scenarios")
_FORMATS = ("table", "md", "html", "csv", "json")


class _Refusal(click.ClickException):
    """A user's mistake: one message, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message."""
        click.echo(f"error: {self.message}", err=True)


class _Arena(click.Group):
    """A group in which a user's mistake never shows a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ArenaError as error:
            raise _Refusal(str(error)) from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command, or say which ones are near."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


@click.group(cls=_Arena, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="recourse-arena")
def main() -> None:
    """Compare algorithmic-recourse methods under individual actionability."""


@main.command()
@click.argument("suite", default="quick")
@click.option("--out", type=_FOLDER, help="Folder of the run.  [default: arena-SUITE]")
@click.option("--solver", "solvers", multiple=True, metavar="NAME", help="Solver, instead of the suite's; repeatable.")
@click.option("--dataset", "datasets", multiple=True, metavar="NAME", help="Dataset of the suite; repeatable.")
@click.option("--scenario", "scenarios", multiple=True, metavar="PATTERN", help="Scenario or pattern; repeatable.")
@click.option("--people", type=click.IntRange(min=1), help="How many people are asked about.")
@click.option("--seeds", metavar="0,1,2", help="Seeds, instead of the suite's.")
@click.option("--fresh", is_flag=True, help="Compute every cell anew, even if the folder holds it.")
@click.option("--data", type=_FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=_FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
def run(suite: str, out: Path | None, seeds: str | None, **choice: Any) -> None:
    """Run SUITE (a name, or the path of a TOML file) and print its leaderboard.

    The same command on the same folder goes on where it stopped. Exits with 1 if a cell failed.
    """
    numbers = _seeds(seeds)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads that spin halve the speed of a busy machine
    from recourse_arena import api
    from recourse_arena.running.progress import progress_for

    folder = out or Path(f"arena-{Path(suite).stem}")
    result = api.run(suite, out=folder, seeds=numbers, progress=progress_for(), **choice)
    for form, name in (("md", "leaderboard.md"), ("html", "leaderboard.html")):
        from recourse_arena.running.cache import write_atomically

        write_atomically(folder / name, _leaderboard([folder], form).encode())
    click.echo(repr(result))
    click.echo(f"\nPage: {(folder / 'leaderboard.html').resolve()}\nRows: {(folder / 'summary.csv').resolve()}")
    failed = int((result.summary["outcome"] == "failed").sum())
    if failed:
        click.echo(f"{failed} of {len(result.summary)} cells failed; {folder / 'run.json'} says why", err=True)
        raise SystemExit(1)


@main.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=_FOLDER)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True)
def leaderboard(folders: tuple[Path, ...], form: str) -> None:
    """Print the leaderboard of one or several run folders."""
    click.echo(_leaderboard(list(folders), form), nl=form == "table")


@main.command(name="list")
@click.argument("kind", required=False, type=click.Choice(_KINDS))
def list_(kind: str | None) -> None:
    """List what is there: datasets, solvers, elicitors, metrics, suites or scenarios."""
    registry = _registry()
    for name in [kind] if kind else _KINDS:
        click.echo(f"{name}:")
        rows = _described(name, registry)
        width = max((len(row[0]) for row in rows), default=0)
        for label, text in rows:
            click.echo(f"  {label:{width}}  {text}".rstrip())


@main.command()
def plugins() -> None:
    """List every plugin: where it comes from, what it offers, and why it does not work if it does not."""
    from tabulate import tabulate

    rows = [(p.name, p.version, p.distribution, ", ".join(p.hooks), p.error or "ok") for p in _registry().plugins]
    click.echo(tabulate(rows, ["name", "version", "distribution", "hooks", "state"], disable_numparse=True))


@main.group(cls=_Arena)
def data() -> None:
    """Get, check and find the files of datasets."""


_DATA = click.option("--data", "folder", type=_FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")


@data.command()
@click.argument("name")
@click.option("--from", "source", type=_FOLDER, help="Take this file instead of downloading one.")
@click.option("--force", is_flag=True, help="Replace a file of other content.")
@_DATA
def fetch(name: str, source: Path | None, force: bool, folder: Path | None) -> None:
    """Download the file of a dataset, check it, and put it in its place."""
    dataset, directory = _dataset(name, folder)
    click.echo(f"{name}: {dataset.fetch(directory, source=source, force=force)}")


@data.command()
@click.argument("name")
@_DATA
def verify(name: str, folder: Path | None) -> None:
    """Check the file of a dataset and say what it is."""
    dataset, directory = _dataset(name, folder)
    click.echo(dataset.verify(directory))


@data.command()
@click.argument("name", required=False)
@_DATA
def where(name: str | None, folder: Path | None) -> None:
    """Say where the data directory is, or the file of a dataset."""
    for label in [name] if name else sorted(_registry().datasets):
        dataset, directory = _dataset(label, folder)
        place = dataset.location(directory)
        state = "needs no file" if place is None else f"{place} ({'there' if place.exists() else 'not there yet'})"
        click.echo(f"{label}: {state}")


def _registry() -> Registry:
    from recourse_arena.plugins import discover

    return discover()


def _dataset(name: str, folder: Path | None) -> tuple[Dataset, Path]:
    from recourse_arena.folders import data_folder

    return _registry().dataset(name), data_folder(folder)


def _leaderboard(folders: list[Path], form: str) -> str:
    from recourse_arena.reporting.leaderboard import Leaderboard
    from recourse_arena.reporting.result import Result

    return Leaderboard.of([Result.read(folder) for folder in folders]).render(form)


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


def _seeds(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ArenaError(f"--seeds: expected whole numbers from 0 joined by commas, as in 0,1,2; got {text!r}")
    return tuple(int(part) for part in parts)
