"""The command that draws the figures of a run."""

from __future__ import annotations

__all__ = ["figures"]

from pathlib import Path

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--out", type=FOLDER, help="Folder of the figures.  [default: DIR/figures]")
def figures(folder: Path, out: Path | None) -> None:
    """Draw the figures of the run in DIR, as PNG and SVG.

    Prints each written file, and each figure that is left out with what the run lacks for it.
    """
    from recourse_arena.reporting.figures.draw import draw
    from recourse_arena.storage.files import refuse_links, write_atomically
    from recourse_arena.storage.run_files import RunFiles

    target = out or folder / "figures"
    refuse_links(target)
    written = 0
    for picture in draw(RunFiles.read(folder)):
        if picture.reason:
            click.echo(f"left out {picture.name}: {picture.reason}")
        for ending, content in picture.files.items():
            file = target / f"{picture.name}.{ending}"
            write_atomically(file, content)
            written += 1
            click.echo(f"wrote {file}")
    if not written:
        raise ArenaError(f"no figure can be drawn from {folder}; above is why")
