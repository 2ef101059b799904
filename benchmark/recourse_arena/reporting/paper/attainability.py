"""What individual advice attains: iCARMA against the oracle, and against advice that is the same for everybody."""

from __future__ import annotations

__all__ = ["against_oracle", "against_population_level"]

from recourse_arena.reporting.paper.markdown import code, interval, number, section, table
from recourse_arena.reporting.results.cells import CellName, Cells
from recourse_arena.reporting.results.estimate import Estimate

_ENOUGH = 0.97
"""Share of the oracle's validity that iCARMA's attainability is held against."""

_SCENARIOS = ("hard-4", "hard-3", "hard-2", "hard-1", "hard-random")
_METRICS = ("validity", "attainability")


def against_oracle(cells: Cells) -> str:
    """Return a section that holds iCARMA's attainability against the oracle's validity, row by row of Table 1."""
    rows = [_row(cells, scenario) for scenario in _SCENARIOS]
    if all(row[-1] == "-" for row in rows):
        return ""
    heads = ["scenario", "iCARMA attainability", "oracle validity", f"{_ENOUGH:.0%} of it", "difference", "95 %", ""]
    text = "Attainability: both valid and plausible. The oracle's valid advice is plausible by construction."
    return section("iCARMA against the oracle", text, table(rows, heads, numbers=range(1, 6)))


def _row(cells: Cells, scenario: str) -> list[str]:
    terms = [(1.0, CellName(scenario, "icarma"), "attainability"), (-_ENOUGH, CellName(scenario, "grid"), "validity")]
    gap = cells.contrast(terms)
    if gap is None:
        return [scenario, *["-"] * 6]
    ours, best = cells.shares(terms)
    verdict = "reached" if gap.value >= 0 else "not reached"
    if gap.low < 0 < gap.high:
        verdict += ", within sampling error"
    numbers = [number(share) for share in (ours, best, _ENOUGH * best)]
    return [scenario, *numbers, number(gap.value, sign=True), interval(gap, sign=True), verdict]


def against_population_level(cells: Cells) -> str:
    """Return a section on how often CARMA's advice is unusable for the person, beside iCARMA on the same people."""
    rows = []
    for cell, seed in cells.people:
        if cell.solver != "carma" or "hard-" not in cell.scenario or seed != cells.seeds[cell.dataset]:
            continue
        other = cell._replace(solver="icarma")
        covered = cells.estimate(cell, "coverage")
        terms = {metric: [(1.0, other, metric), (-1.0, cell, metric)] for metric in _METRICS}
        gap = cells.contrast(terms["validity"])
        if covered is None or gap is None:
            continue
        unusable = Estimate(1 - covered.value, 1 - covered.high, 1 - covered.low, covered.people)
        both = [number(share) for metric in _METRICS for share in reversed(cells.shares(terms[metric]))]
        row = [code(cell.dataset), code(cell.scenario), str(gap.people), number(unusable.value), interval(unusable)]
        rows.append([*row, *both, interval(gap, sign=True)])
    if not rows:
        return ""
    heads = ["dataset", "scenario", "people", "CARMA unusable", "95 %"]
    heads += [f"{name} {metric}" for metric in _METRICS for name in ("CARMA", "iCARMA")]
    heads += ["iCARMA's validity less CARMA's, 95 %"]
    text = """\
CARMA's mask is the same for everybody. Where its advice touches what the person ruled out it has none to give: unusable
is 1 - coverage. In hard-4 nothing is ruled out."""
    shown = table(rows, heads, numbers=range(2, len(heads)))
    return section("Population-level against individual advice", text, shown)
