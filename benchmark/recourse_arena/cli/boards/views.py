"""Commands that say what a board says, and what changed on it."""

from __future__ import annotations

__all__ = ["history", "show"]

from pathlib import Path

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER


@click.command()
@click.option("--board", "folder", type=FOLDER, required=True, help="Folder of the board.")
@click.option("--contests/--no-contests", default=False, help="Print the table of each dataset and scenario, too.")
@click.option("--page", is_flag=True, help="Write the page and BOARD.md into the folder again, instead of printing.")
def show(folder: Path, contests: bool, page: bool) -> None:
    """Print what the entries of a board say together: pools, ranks, the frontier, wins and losses."""
    from recourse_arena.board.summary.state import Board

    if page:
        from recourse_arena.board.page.page import PAGE, TEXT, write_page

        Board.read(folder)
        write_page(folder)
        for name in (PAGE, TEXT):
            click.echo(f"wrote {folder / name}", err=True)
        return
    from recourse_arena.board.page.text import board_text

    click.echo(board_text(Board.read(folder), contests=contests), nl=False)


@click.command()
@click.argument("before", metavar="[BEFORE]", required=False, type=FOLDER)
@click.option("--board", "folder", type=FOLDER, required=True, help="Folder of the board.")
def history(before: Path | None, folder: Path) -> None:
    """Print what happened to a board; or what changed since BEFORE, a folder with an earlier state of it.

    An earlier state is a checkout of the repository that keeps the board, for one.
    """
    from recourse_arena.board.page.text import history_text
    from recourse_arena.board.summary.history import events_in_words
    from recourse_arena.board.summary.state import Board

    after = Board.read(folder)
    if before is not None:
        if before.resolve() == folder.resolve():
            raise ArenaError(f"{before} and {folder} are one folder; BEFORE is to hold an earlier state of the board")
        click.echo(history_text(Board.read(before), after), nl=False)
        return
    for line in events_in_words(after.history) or ["nothing has happened yet"]:
        click.echo(line)
