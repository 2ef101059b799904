"""The leaderboard as one self-contained page that opens offline."""

from __future__ import annotations

__all__ = ["page"]

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from recourse_arena.reporting.leaderboard import Leaderboard


def page(leaderboard: Leaderboard) -> str:
    """Return the page; every name from a plugin or a file is escaped."""
    environment = Environment(
        loader=PackageLoader("recourse_arena.reporting"), autoescape=True, undefined=StrictUndefined
    )
    headings = list(leaderboard.headings().values())
    datasets = []
    for title, rows in leaderboard.datasets():
        scenarios = [
            (scenario, [cells[1:] for cells in leaderboard.cells(group)])
            for scenario, group in rows.groupby("scenario", sort=False)
        ]
        notes = list(dict.fromkeys(note for note in rows["note"] if note))
        datasets.append({"title": title, "scenarios": scenarios, "notes": notes})
    return environment.get_template("leaderboard.html").render(
        headings=headings[1:],
        datasets=datasets,
        metrics=leaderboard.metrics,
        solvers=leaderboard.solvers,
        runs=leaderboard.runs,
        alarms=leaderboard.alarms(),
    )
