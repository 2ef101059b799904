"""The command `recourse-arena`."""

from __future__ import annotations

__all__ = ["main"]

import click

from recourse_arena.base.version import __version__
from recourse_arena.cli.advising.exporting import export
from recourse_arena.cli.advising.lasting import lasting
from recourse_arena.cli.advising.recommending import recommend, verify
from recourse_arena.cli.audit import audit
from recourse_arena.cli.authors import check, new
from recourse_arena.cli.boards.board import board, submit
from recourse_arena.cli.cache import cache
from recourse_arena.cli.compare import compare
from recourse_arena.cli.data import data
from recourse_arena.cli.group import Arena
from recourse_arena.cli.lists import list_, plugins
from recourse_arena.cli.reports import figures, menus, report
from recourse_arena.cli.runs import leaderboard, run
from recourse_arena.cli.tune import tune


@click.group(cls=Arena, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="recourse-arena")
def main() -> None:
    """Compare algorithmic-recourse methods under individual actionability."""


_COMMANDS = (
    *(run, leaderboard, compare, lasting, export, recommend, verify, audit, list_, plugins),
    *(submit, board, data, tune, menus, figures, report, new, check, cache),
)
for _command in _COMMANDS:
    main.add_command(_command)
