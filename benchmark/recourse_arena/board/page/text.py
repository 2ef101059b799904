"""A board as Markdown, and what changed on it as text."""

from __future__ import annotations

__all__ = ["board_text", "history_text"]

from collections.abc import Callable, Sequence

from recourse_arena.base.names import plain
from recourse_arena.board.page.badges import BADGES, METHOD, TIMES
from recourse_arena.board.page.words import Line, contest_lines, solver_lines, trouble_lines
from recourse_arena.board.summary.history import changes, events_in_words
from recourse_arena.board.summary.pools import POOLS, meaning
from recourse_arena.board.summary.state import Board
from recourse_arena.reporting.leaderboard.escaping import for_markdown

_SOLVERS = {
    "solver": "solver",
    "pool": "pool",
    "badges": "badges",
    "cells": "cells solved",
    "mean": "mean rank",
    "mean_interval": "its interval",
    "next": "rank unseen",
    "pool_mean": "in its pool",
    "attainability": "attain.",
    "cost_mean": "cost",
    "ms": "ms each",
    "frontier": "on frontier",
    "duels": "wins / losses / ties",
}
_CONTEST = {
    "rank": "rank",
    "solver": "solver",
    "pool": "pool",
    "pool_rank": "in its pool",
    "by": "ranked by",
    "attainability": "attain.",
    "validity": "valid",
    "coverage": "cover",
    "cost_mean": "cost",
    "ms": "ms each",
    "seeds": "seeds solved",
    "people": "people",
}


def board_text(board: Board, *, contests: bool = True, most_events: int = 30) -> str:
    """Return a board as Markdown that reads well as plain text, too.

    Arguments:
        board: The board.
        contests: Whether each contest has its table.
        most_events: How many of the latest events are told.
    """
    summary = board.summary
    parts = [f"# {for_markdown(board.title)}", *_overview(board)]
    if len(summary.solvers):
        lines = solver_lines(summary)
        parts += ["## Solvers", _table(_SOLVERS, lines, _of_solver), *_frontier(lines), TIMES]
    if contests:
        for contest in summary.contests:
            parts.append(f"## {for_markdown(contest.dataset)}, {for_markdown(contest.scenario)}")
            by = f"Ranked by {contest.metric}." if contest.metric else "Nothing ranks here."
            parts.append(f"{by} * marks the frontier of attainability, cost and time.")
            parts.append(_table(_CONTEST, contest_lines(contest), _of_contest))
    if troubles := list(trouble_lines(summary)):
        parts += ["## Failed and skipped", "\n".join(_trouble(*trouble) for trouble in troubles)]
    if board.history:
        events = events_in_words(board.history)
        parts += ["## History", "\n".join(f"- {for_markdown(line)}" for line in events[:most_events])]
        if (before := board.before_the_latest) is not None and (said := changes(before, board).lines()):
            words = "\n".join(f"- {for_markdown(line)}" for line in said)
            parts += ["What the latest entries changed:", words]
    pools = [f"- {pool}: {meaning(pool)}" for pool in POOLS]
    parts += ["## How to read this", METHOD, "Pools, from who knows least:", "\n".join(pools)]
    parts += ["Badges:", "\n".join(f"- {name}: {words}" for name, words in BADGES.items())]
    return "\n\n".join(parts) + "\n"


def history_text(before: Board, after: Board) -> str:
    """Return what changed from one state of a board to another, a line each.

    Example:
        >>> import pandas as pd
        >>> from recourse_arena.board.summary.rows import board_rows
        >>> history_text(Board("", board_rows({})), Board("", board_rows({})))
        'nothing changed\\n'
    """
    return "\n".join(changes(before, after).lines() or ["nothing changed"]) + "\n"


def _overview(board: Board) -> list[str]:
    rows = board.rows
    if rows.empty:
        return ["There is no entry yet: `recourse-arena board add ENTRY --board FOLDER` adds one."]
    solved = rows["outcome"] == "solved"
    return [
        f"{rows['entry'].nunique()} entries with {rows['name'].nunique()} solvers, {len(rows)} cells of "
        f"{len(board.summary.contests)} contests (a dataset and a scenario each); {int(solved.sum())} cells solved, "
        f"{int(rows['people'][solved].sum()):,} recommendations judged."
    ]


def _frontier(lines: Sequence[Line]) -> list[str]:
    names = [for_markdown(line.name) for line in lines if line.more["unbeaten"]]
    return [f"Beaten by nobody in attainability, cost and time at once, over what both answered: {', '.join(names)}."]


def _of_solver(line: Line) -> dict[str, str]:
    badges = ", ".join(f"{name} {share}".rstrip() for name, share in line.more["badges"])
    notes = f" ({'; '.join(line.more['notes'])})" if line.more["notes"] else ""
    return {**line.words, "badges": badges or "-", "cells": line.words["cells"] + notes}


def _of_contest(line: Line) -> dict[str, str]:
    mark = " *" if line.more["frontier"] else ""
    return {**line.words, "attainability": (line.more["ended"] or line.words["attainability"]) + mark}


def _table(heads: dict[str, str], lines: Sequence[Line], words: Callable[[Line], dict[str, str]]) -> str:
    rows = [list(heads.values()), ["---"] * len(heads)]
    for line in lines:
        said = {**words(line), "solver": line.name, "pool": line.pool}
        rows.append([for_markdown(said[key]) for key in heads])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _trouble(name: str, outcome: str, reason: str, cells: Sequence[str]) -> str:
    some = "; ".join(cells[:3]) + (f" and {len(cells) - 3} more" if len(cells) > 3 else "")
    return f"- {for_markdown(name)}: {plain(outcome)}, {for_markdown(reason)}: {for_markdown(some)}"
