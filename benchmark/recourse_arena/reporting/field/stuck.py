"""Whom decision models leave no action, in a report: proved, told wrongly, told nothing."""

from __future__ import annotations

__all__ = ["stuck_report"]

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import short_names
from recourse_arena.reporting.leaderboard.escaping import for_markdown
from recourse_arena.reporting.paper.markdown import section, table
from recourse_arena.reporting.results.comparability import refuse_mixed
from recourse_arena.reporting.results.fixed_predictions import fixed_predictions
from recourse_arena.statistics.intervals import share_interval
from recourse_arena.storage.run_files import RunFiles

_READING = (
    "A prediction is fixed where nothing that a person can do changes it (Kothari, Kulynych, Weng and Ustun, arXiv "
    "2308.12820). `stuck` are people who are proved to have no action, of all who ask, with Wilson's 95 % interval: a "
    "solver that proves nothing says it of nobody. `loophole` is advice that breaks a constraint, of all advice. "
    "`blindspot` are people who are told nothing although another solver of the run found an action that the judge "
    "found valid: everybody with one only where a solver proves what it says. `open` are people of whom a proving "
    "solver could not say either."
)
_PUBLISHED = (
    "Published (as printed there; linear model, boosted trees, forest): stuck on German 8.5, 8.6 and 29.8 %, on GMSC "
    "0, 0 and 0 %; loopholes of a linear integer program on German 0.7 % and on GMSC 53.5 %, of DiCE 13.1 and 85.8 %; "
    "blind spots of DiCE 1.3 and 0 %. Beside these stand the datasets called binarised, which have its features and "
    "action sets; for others they are figures of another question. Solvers here are told the action set, DiCE too."
)
_HEADS = ("dataset", "scenario", "solver", "people", "answered", "stuck", "95 %", "open", "loophole", "blindspot")


def stuck_report(*runs: RunFiles) -> str:
    """Return the report of runs of the suite `fixed-predictions`, in Markdown.

    Arguments:
        runs: The runs; where two hold the same cell, the first counts.

    Raises:
        ArenaError: If they cannot share a report, or hold no people.
    """
    refuse_mixed(runs)
    kept = [people for run in runs if (people := run.read_people(lambda name: False)) is not None]
    if not kept:
        raise ArenaError(f"{runs[0].path} holds no people; `recourse-arena run fixed-predictions` makes such a run")
    people = pd.concat(kept, ignore_index=True)
    people = people.drop_duplicates(["dataset", "scenario", "seed", "solver", "person"])
    found = fixed_predictions(people).to_dict("records")
    short = short_names(dict.fromkeys(str(row["dataset"]) for row in found))
    legend = [for_markdown(f"{called} is {name}.") for name, called in short.items() if called != name]
    rows = [[for_markdown(cell) for cell in (short[str(row["dataset"])], *_said(row))] for row in found]
    return "\n\n".join(
        [
            "# Whom decision models leave no action",
            _READING,
            *legend,
            section("Here", table(rows, _HEADS, range(3, len(_HEADS)))),
            section("Published", _PUBLISHED),
        ]
    ) + "\n"  # fmt: skip


def _said(row: Mapping[Any, Any]) -> list[str]:
    """Return the cells of a row behind its dataset."""
    people, stuck, answered = int(row["people"]), float(row["proved_impossible"]), float(row["answered"])
    low, high = share_interval(round(stuck * people), people)
    proves = str(row["solver"]).partition("?")[0] == "certified"
    return [
        *(str(row["scenario"]), str(row["solver"]), str(people), _share(answered)),
        *((_share(stuck), f"{low:.3f} to {high:.3f}", _share(1 - stuck - answered)) if proves else ("-", "-", "-")),
        *(_share(row["loophole"]), _share(row["blindspot"])),
    ]


def _share(number: float) -> str:
    return "-" if math.isnan(number) else f"{abs(number):.3f}"
