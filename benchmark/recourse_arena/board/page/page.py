"""A board as one self-contained page that opens offline, asks no network for anything, and reads without scripts."""

from __future__ import annotations

__all__ = ["board_page", "write_page"]

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from recourse_arena.board.page.badges import BADGES, METHOD, TIMES
from recourse_arena.board.page.scatter import Point, scatter
from recourse_arena.board.page.text import board_text
from recourse_arena.board.page.words import Line, contest_lines, solver_lines, trouble_lines
from recourse_arena.board.summary.contests import Contest
from recourse_arena.board.summary.history import changes, events_in_words
from recourse_arena.board.summary.pools import POOLS, meaning
from recourse_arena.board.summary.rows import board_rows
from recourse_arena.board.summary.state import Board
from recourse_arena.board.summary.summary import Summary
from recourse_arena.reporting.page.embedded import as_script, script_hash
from recourse_arena.reporting.results.palette import COLOURS, DARK_COLOURS
from recourse_arena.storage.files import write_atomically

PAGE, TEXT = "index.html", "BOARD.md"
"""What a board's folder holds for people."""

_LOOKS = dict(zip(POOLS, (2, 6, 0, 4, 3, 5), strict=True))
"""Place of each pool's colour in the palette: black, sky, blue, purple, green and vermillion."""


def write_page(folder: Path) -> Board:
    """Write the page and the text of the board in a folder, and return the board; an empty one if there is none yet.

    Raises:
        ArenaError: If a file of it cannot be read, or the folder cannot be written.
    """
    known = (folder / "board.json").exists()
    board = Board.read(folder) if known else Board(folder.resolve().name, board_rows({}))
    write_atomically(folder / PAGE, board_page(board).encode())
    write_atomically(folder / TEXT, board_text(board).encode())
    return board


def board_page(board: Board) -> str:
    """Return the page; every name from an entry is escaped, and the browser runs no script but its own."""
    environment, summary, script = _environment(), board.summary, _script()
    style = environment.get_template("style.css").render(light=COLOURS, dark=DARK_COLOURS, shapes=[])
    lines = solver_lines(summary)
    return environment.get_template("board.html").render(
        title=board.title,
        style=Markup(style + environment.get_template("board.css").render(pools=_LOOKS.values())),
        script=Markup(script),
        script_hash=Markup(script_hash(script)),
        counts=_counts(board),
        pools=[(pool, _LOOKS[pool], meaning(pool), sum(line.pool == pool for line in lines)) for pool in POOLS],
        looks=_LOOKS,
        lines=lines,
        overview=_overview(summary, lines),
        contests=list(_contests(summary)),
        duels=_duels(summary),
        troubles=[
            {"name": name, "outcome": outcome, "reason": reason, "cells": cells}
            for name, outcome, reason, cells in trouble_lines(summary)
        ],
        events=events_in_words(board.history),
        latest=_latest(board),
        badges=BADGES,
        times=TIMES,
        method=METHOD,
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return what reads the templates, which are compiled once; the style is that of leaderboards, and some more."""
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader("recourse_arena.board.page"), PackageLoader("recourse_arena.reporting.page")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _script() -> str:
    return as_script((files("recourse_arena.board.page") / "templates" / "board.js").read_text(encoding="utf-8"))


def _counts(board: Board) -> dict[str, int]:
    rows = board.rows
    solved = rows["outcome"] == "solved"
    return {
        "entries": int(rows["entry"].nunique()),
        "solvers": len(board.summary.solvers),
        "contests": len(board.summary.contests),
        "cells": len(rows),
        "solved": int(solved.sum()),
        "people": int(rows["people"][solved].sum()),
    }


def _overview(summary: Summary, lines: list[Line]) -> Markup:
    points = []
    for line, row in zip(lines, summary.solvers.to_dict("records"), strict=True):
        words = (
            f"{line.name} ({line.pool}): attainability {line.words['attainability']}, cost {line.words['cost_mean']} "
        )
        words += f"and time {line.words['ms']} of the medians, over {row['common']} contests"
        at = (float(row["cost_mean"]), float(row["attainability"]), float(row["ms"]))
        points.append(Point(line.name, line.pool, _LOOKS[line.pool], *at, line.more["unbeaten"], words))
    return scatter(
        points, "Attainability against cost, over all contests", "mean cost, as a share of each contest's median"
    )


def _contests(summary: Summary) -> Iterator[dict[str, Any]]:
    for contest in summary.contests:
        lines = contest_lines(contest)
        yield {
            "dataset": contest.dataset,
            "scenario": contest.scenario,
            "metric": contest.metric,
            "lines": lines,
            "ranked": sum(line.values["rank"] is not None for line in lines),
            "picture": _picture(contest, lines),
        }


def _picture(contest: Contest, lines: list[Line]) -> Markup:
    points = []
    for line in lines:
        at = [line.values[key] for key in ("cost_mean", "attainability", "ms")]
        if None not in at:
            words = f"{line.name} ({line.pool}): attainability {line.words['attainability']}, mean cost "
            words += f"{line.words['cost_mean']}, {line.words['ms']} ms a person"
            cost, share, ms = (float(value or 0) for value in at)
            look = _LOOKS[line.pool]
            points.append(Point(line.name, line.pool, look, cost, share, ms, line.more["frontier"], words))
    return scatter(points, f"Attainability against cost on {contest.dataset}, {contest.scenario}", "mean cost")


def _duels(summary: Summary) -> list[dict[str, Any]]:
    """Return for each solver how it did against each other one; nothing where they did not meet."""
    names = list(summary.solvers.index)
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for first, second, wins, losses, ties in summary.duels.itertuples(index=False):
        found[first, second], found[second, first] = (wins, losses, ties), (losses, wins, ties)
    return [
        {
            "name": name,
            "pool": summary.solvers.loc[name, "pool"],
            "against": [found.get((name, other)) for other in names],
        }
        for name in names
    ]


def _latest(board: Board) -> list[str]:
    before = board.before_the_latest
    return [] if before is None else changes(before, board).lines()
