"""How far training seeds of a solver lie apart, and which of them validation would choose."""

from __future__ import annotations

__all__ = ["training_seeds"]

import numpy as np

from recourse_arena.base.names import variant
from recourse_arena.reporting.paper.markdown import code, number, section, table
from recourse_arena.reporting.results.cells import CellName, Cells

_OPTION = "training_seed"
_METRICS = ("validity", "plausibility", "hap")


def training_seeds(cells: Cells) -> str:
    """Return a section on solvers named `NAME?training_seed=N`; nothing if there are none.

    A row per scenario and metric, a column per training seed. The best one is that of the highest `validation_score`
    of the fit behind a scenario, where `run.json` has it.
    """
    parts = []
    for (dataset, family), found in _families(cells).items():
        rows = [
            row
            for scenario, members in found.items()
            for metric in _METRICS
            if (row := _row(cells, scenario, members, metric))
        ]
        seeds = sorted({seed for members in found.values() for seed in members})
        heads = ["scenario", "metric", *map(str, seeds), "mean", "sd", "range", "best on validation"]
        shown = [[row.pop(head, "-") for head in heads] for row in rows]
        parts.append(f"### {code(family)} on {code(dataset)}\n\n{table(shown, heads, range(2, len(heads)))}")
    text = (
        "Columns are training seeds. The paper reports the seed that is best on validation; sd is over seeds (ddof 1)."
    )
    return section("Training seeds", text, *parts) if parts else ""


def _families(cells: Cells) -> dict[tuple[str, str], dict[str, dict[int, CellName]]]:
    """Return the cells of each dataset and solver, by scenario and training seed."""
    found: dict[tuple[str, str], dict[str, dict[int, CellName]]] = {}
    for cell, seed in cells.means:
        name, options = variant(cell.solver)
        training_seed = options.pop(_OPTION, None)
        if not isinstance(training_seed, int) or seed != cells.seeds[cell.dataset]:
            continue
        rest = "&".join(f"{key}={value}" for key, value in options.items())
        family = found.setdefault((cell.dataset, f"{name}?{rest}" if rest else name), {})
        family.setdefault(cell.scenario, {})[training_seed] = cell
    return found


def _row(cells: Cells, scenario: str, members: dict[int, CellName], metric: str) -> dict[str, str]:
    """Return a row of the table by its headings; nothing where the metric is undefined."""
    means = {seed: cells.mean(cell, metric) for seed, cell in sorted(members.items())}
    values = {seed: mean for seed, mean in means.items() if mean is not None}
    if not values:
        return {}
    scores = {seed: cells.record(cell).get("validation_score") for seed, cell in members.items()}
    scored = {seed: score for seed, score in scores.items() if score is not None and seed in values}
    every = list(values.values())
    row = {
        "scenario": code(scenario),
        "metric": metric,
        **{str(seed): number(value) for seed, value in values.items()},
        "mean": number(float(np.mean(every))),
        "sd": number(float(np.std(every, ddof=1)) if len(every) > 1 else None),
        "range": f"{min(every):.3f} to {max(every):.3f}",
    }
    if len(scored) == len(values):  # a seed without a score might have been the best
        best = max(scored, key=scored.__getitem__)
        row["best on validation"] = f"{number(values[best])} (seed {best})"
    return row
