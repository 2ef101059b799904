"""By which metrics solvers are ranked: the truth where it is known, else what no solver was handed."""

from __future__ import annotations

__all__ = ["LARGE", "Rankings", "in_words", "places", "rankings", "ruler_warnings"]

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.reporting.leaderboard.standings import Standing, Standings
from recourse_arena.statistics.ranks import ranks

Rankings = Mapping[tuple[str, str], tuple[str, ...]]
"""The metrics that rank, by dataset and scenario: each later one among solvers that those before cannot tell apart."""

_PLAUSIBLE = ("attainability_truth", "attainability_heldout", "attainability")
_WITHOUT = ("validity", "cost_mean")

LARGE = 0.05
"""Share of people beyond which the lower end of an interval makes what is the ruler's own worth a warning."""


def rankings(rows: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]]) -> Rankings:
    """Return what ranks solvers under each dataset and scenario.

    That is validity and then cost where nobody was asked for plausibility; else the first of attainability under the
    truth, under the held-out notion, and under what solvers were handed that is defined wherever attainability is. A
    suite may declare another metric (`ranked_by`), as those of a paper do.

    Arguments:
        rows: A row per dataset, scenario and solver, with metrics and `run`, the names of the runs it comes from.
        runs: The records of the runs, by name.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for (dataset, scenario), some in rows.groupby(["dataset", "scenario"], sort=False):
        of = [runs[name] for name in dict.fromkeys("; ".join(some["run"]).split("; ")) if name in runs]
        declared = {str(run.get("suite", {}).get("ranked_by", "")) for run in of} or {""}
        (metric,) = declared if len(declared) == 1 else ("",)
        if metric and metric in some:
            found[str(dataset), str(scenario)] = (metric,)
        elif _asked(str(scenario), of) == "nothing":
            found[str(dataset), str(scenario)] = tuple(name for name in _WITHOUT if name in some)
        else:
            found[str(dataset), str(scenario)] = tuple(name for name in _PLAUSIBLE if _defined(some, name))[:1]
    return found


def _asked(scenario: str, runs: Iterable[Mapping[str, Any]]) -> str:
    """Return the plausibility that solvers were asked for: `flow` for the dataset's own, `scm` or `nothing`."""
    said = [run["asked_plausibility"].get(scenario) for run in runs if "asked_plausibility" in run]
    if said and said[0]:
        return str(said[0])
    words = scenario.split("!")[1:]  # older runs do not say it
    return "nothing" if "no-plausibility" in words else "scm" if "scm-plausibility" in words else "flow"


def _defined(rows: pd.DataFrame, metric: str) -> bool:
    """Return whether a metric has a value wherever attainability has one."""
    if metric not in rows:
        return False
    known = rows[metric].notna()
    return bool(known.any() and known[rows["attainability"].notna()].all()) if "attainability" in rows else False


def places(standings: Standings, ranked: Rankings) -> dict[tuple[str, str, str], str]:
    """Return the rank in words (`1-2 of 7`) of each dataset, scenario and solver that has one."""
    found = {}
    for key, metrics in standings.by_cell().items():
        by = ranked.get(key[:2], ())
        if len(by) == 1 and by[0] in metrics and metrics[by[0]].place:
            found[key] = metrics[by[0]].place
    for where, by in ranked.items():
        if len(by) > 1:
            found |= _one_after_another(standings, where, by)
    return found


def _one_after_another(
    standings: Standings, where: tuple[str, str], metrics: Sequence[str]
) -> dict[tuple[str, str, str], str]:
    """Return ranks in which a solver is behind those that are better beyond doubt in the first metric that tells."""
    here = (standings.cells["dataset"] == where[0]) & (standings.cells["scenario"] == where[1])
    cells = standings.cells[here & (standings.cells["metric"] == metrics[0]) & standings.cells["rank"].notna()]
    pairs = standings.pairs[(standings.pairs["dataset"] == where[0]) & (standings.pairs["scenario"] == where[1])]
    better: dict[tuple[str, str], str] = {}
    for metric in metrics:
        some = pairs[(pairs["metric"] == metric) & (pairs["better"] != "")]
        for first, second, winner in zip(some["first"], some["second"], some["better"], strict=True):
            better.setdefault((first, second), winner)
    wins = [(winner, pair[1] if winner == pair[0] else pair[0]) for pair, winner in better.items()]
    place = ranks(cells["solver"].tolist(), wins)
    return {
        (*where, solver): Standing(np.nan, np.nan, 0, float(first), float(last), len(place)).place
        for solver, (first, last) in place.items()
    }


def in_words(ranked: Rankings, titles: Mapping[str, str], runs: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """Return what ranks the solvers of each dataset, a line each, and which suites declare that.

    Example:
        >>> in_words({("loan", "hard-4"): ("attainability",)}, {"attainability": "attain."})
        ['loan: ranked by attain.']
    """
    lines = []
    for dataset in dict.fromkeys(dataset for dataset, _ in ranked):
        scenarios: dict[tuple[str, ...], list[str]] = {}
        for (where, scenario), by in ranked.items():
            if where == dataset and by:
                scenarios.setdefault(by, []).append(scenario)
        parts = []
        for by, names in scenarios.items():
            words = ", then ".join(titles.get(name, name) for name in by)
            parts.append(f"{words} under {', '.join(names)}" if len(scenarios) > 1 else words)
        if parts:
            lines.append(f"{dataset}: ranked by {'; by '.join(parts)}")
    for name, metric in {run["suite"]["name"]: run["suite"].get("ranked_by") for run in runs}.items():
        if metric:
            lines.append(f"suite {name} declares by what it ranks: {titles.get(metric, metric)}")
    return lines


def ruler_warnings(standings: Standings, rows: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line per dataset and solver whose attainability is the ruler's own to more than 5 % of the people.

    That is, where the lower end of the 95 % interval of the mean difference, person by person, between attainability
    by what solvers were handed and by what they were not is above 0.05. Where solvers were asked for plausibility
    under the truth, or for none, they did not look at that ruler, so that nothing is said.
    """
    found: dict[tuple[str, str], list[str]] = {}
    if "ruler_gap" not in rows:
        return []
    known = {(row["dataset"], row["scenario"], row["solver"]): row for row in rows.to_dict("records")}
    for key, metrics in standings.by_cell().items():
        gap = metrics.get("ruler_gap")
        if gap is None or not gap.low > LARGE or key not in known:
            continue
        row = known[key]
        if _asked(key[1], [runs[name] for name in str(row["run"]).split("; ") if name in runs]) == "flow":
            lost = f"{row['ruler_gap']:.3f} under {key[1]} ({gap.low:.3f} to {gap.high:.3f})"
            found.setdefault((key[0], key[2]), []).append(lost)
    return [
        f"WARNING: {dataset}: some of the attainability of {solver} is the ruler's own, and gone by one that no solver "
        f"is handed: {', '.join(parts)}"
        for (dataset, solver), parts in found.items()
    ]
