"""Commands that run suites and show what came out."""

from __future__ import annotations

__all__ = ["leaderboard", "run"]

from pathlib import Path
from typing import Any

import click

from recourse_arena.cli.group import FOLDER, blocked_plugins, no_plugin, parsed_seeds
from recourse_arena.problem.outcome import Outcome

_FORMATS = ("table", "md", "html", "csv", "json")


@click.command()
@click.argument("suite", default="quick")
@click.option("--out", type=FOLDER, help="Folder of the run.  [default: arena-SUITE]")
@click.option("--solver", "solvers", multiple=True, metavar="NAME", help="Solver, instead of the suite's; repeatable.")
@click.option("--dataset", "datasets", multiple=True, metavar="NAME", help="Dataset of the suite; repeatable.")
@click.option("--scenario", "scenarios", multiple=True, metavar="PATTERN", help="Scenario or pattern; repeatable.")
@click.option("--people", type=click.IntRange(min=1), help="How many people are asked about, drawn by seed.")
@click.option("--seeds", metavar="0,1,2", help="Seeds, instead of the suite's.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Metric of a plugin, too; repeatable.")
@click.option(
    "--change",
    "changes",
    multiple=True,
    metavar="NAME",
    help="Change of decision models that advice is to outlast; repeatable.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Cells worked on at a time.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers do the work, as tcp://HOST:8786.")
@click.option("--timeout", type=float, metavar="SECONDS", help="What preparing a solver, and each cell, may take.")
@click.option("--person-timeout", type=float, metavar="SECONDS", help="For solvers that can limit time per person.")
@click.option("--memory", metavar="SIZE", help="What the process of a solver may hold, as 4GB.")
@click.option(
    "--isolation/--no-isolation",
    "isolated",
    default=True,
    envvar="RECOURSE_ARENA_ISOLATION",
    help="Run each solver in a process of its own, away from what judges it.  [default: isolation]",
)
@click.option("--dry-run", is_flag=True, help="Say what is there, what would run and how long; run nothing.")
@click.option("--fresh", is_flag=True, help="Compute every cell anew, even if the folder holds it.")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def run(suite: str, out: Path | None, seeds: str | None, dry_run: bool, **choice: Any) -> None:
    """Run SUITE (a name, or the path of a TOML file) and print its leaderboard.

    The same command on the same folder goes on where it stopped. Exits with 1 if a cell failed or timed out.
    """
    numbers = parsed_seeds(seeds)
    from recourse_arena import api
    from recourse_arena.execution.progress_display import progress_for

    folder = out or Path(f"arena-{Path(suite).stem}")
    choice["no_plugins"] = blocked_plugins()
    if dry_run:
        for word in ("scheduler", "timeout", "memory", "isolated"):
            del choice[word]
        click.echo(api.preview(suite, out=folder, seeds=numbers, **choice).text())
        return
    try:
        result = api.run(suite, out=folder, seeds=numbers, progress=progress_for(), **choice)
    except KeyboardInterrupt:
        click.echo(f"interrupted; what is done is kept in {folder}, and the same command goes on", err=True)
        raise SystemExit(130) from None
    failed = int(result.summary["outcome"].map(Outcome.is_broken).sum())
    reasons = {cell.get("reason") for cell in result.info["cells"]}
    if failed == len(result.summary) and len(reasons) == 1:  # a leaderboard would be empty
        every = f"all {failed} cells" if failed > 1 else "the only cell"
        click.echo(f"error: {every} failed: {reasons.pop()}; {folder / 'run.json'} says more", err=True)
        raise SystemExit(1)
    click.echo(result.board.text())
    click.echo(f"\nPage: {(folder / 'leaderboard.html').resolve()}\nRows: {(folder / 'summary.csv').resolve()}")
    for alarm in result.alarms:
        from recourse_arena.reporting.leaderboard.alarms import alarm_text

        click.echo(alarm_text(alarm), err=True)
    noted = sum(bool(cell.get("notes")) for cell in result.info["cells"])
    if noted:
        click.echo(f"{noted} of {len(result.summary)} cells have notes; {folder / 'run.json'} says where", err=True)
    if failed:
        click.echo(f"{failed} of {len(result.summary)} cells failed; {folder / 'run.json'} says why", err=True)
        raise SystemExit(1)


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=FOLDER)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, instead of printing.")
@click.option("--mix", is_flag=True, help="Take runs that are not comparable, too.")
def leaderboard(folders: tuple[Path, ...], form: str, out: Path | None, mix: bool) -> None:
    """Print the leaderboard of one or several run folders: yours beside somebody else's.

    `html` is a page that opens offline; with --out it links to the files of the runs.
    """
    from recourse_arena.reporting.forms import render
    from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
    from recourse_arena.storage.run_files import RunFiles

    text = render(Leaderboard.of([RunFiles.read(folder) for folder in folders], mix=mix), form, at=out)
    if out is None:
        click.echo(text, nl=form == "table")
    else:
        from recourse_arena.storage.files import write_atomically

        write_atomically(out, text.encode())
        click.echo(f"wrote {out}", err=True)
