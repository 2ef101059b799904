"""The command that keeps results from drifting."""

from __future__ import annotations

__all__ = ["compare"]

from pathlib import Path

import click

from recourse_arena.cli.group import FOLDER

_SHARE = click.FloatRange(min=0, max=1)
_RATIO = click.FloatRange(min=0)


@click.command()
@click.argument("baseline", type=FOLDER)
@click.argument("current", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print every verdict as JSON.")
@click.option(
    "--tolerance", type=_SHARE, default=0.03, show_default=True, help="What shares of trained solvers may change."
)
@click.option(
    "--cost-tolerance", type=_RATIO, default=0.15, show_default=True, help="What their mean costs may, relatively."
)
@click.option("--allow-missing", is_flag=True, help="Cells of BASELINE, or people of them, may be missing in CURRENT.")
def compare(
    baseline: Path, current: Path, as_json: bool, tolerance: float, cost_tolerance: float, allow_missing: bool
) -> None:
    """Say what became better or worse from the run in BASELINE to the one in CURRENT.

    Exits with 0 if nothing is worse, 1 if something is (so is a cell that has no answer any more) or is missing, 2 if
    they cannot be compared.
    """
    from recourse_arena.reporting.comparison import comparison as comparing
    from recourse_arena.storage.run_files import RunFiles

    found = comparing.compare(
        RunFiles.read(baseline),
        RunFiles.read(current),
        tolerance=tolerance,
        cost_tolerance=cost_tolerance,
        allow_missing=allow_missing,
    )
    click.echo(found.json() if as_json else found.text())
    if found.exit_code == 2:
        click.echo(f"error: not a single cell of {baseline} can be compared with {current}", err=True)
    raise SystemExit(found.exit_code)
