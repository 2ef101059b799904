"""Two runs compared cell by cell: the gate that keeps results from drifting."""

from __future__ import annotations

__all__ = ["Comparison", "compare"]

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from tabulate import tabulate

from recourse_arena.base.errors import ArenaError
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.comparison.changed_models import ACCEPTED, changed_pairs
from recourse_arena.reporting.comparison.pairing import Incomparable, Key, Pair, Side, paired_people
from recourse_arena.reporting.comparison.verdict import VERDICTS, Tolerance, Verdict, judge_metric, judge_value
from recourse_arena.reporting.results.averages import Averages, averages
from recourse_arena.reporting.results.comparability import SUITE, differences
from recourse_arena.statistics.intervals import bonferroni
from recourse_arena.storage.run_files import RunFiles

_BESIDE = ("fit_seconds", "solve_seconds", "plausibility_solved", "plausibility_scm", "l2_mean", "neighbour_distance")
"""Metrics with a direction that do not gate: timings, and companions of metrics that do."""

_LABEL = ["dataset", "scenario", "solver", "seed", "metric", "direction"]
_COLUMNS = [*_LABEL, *Verdict.__dataclass_fields__]
_ALL = "*"
_CHANGED = "accepted by changed models"


@dataclass(frozen=True)
class Comparison:
    """What became of each metric of each cell.

    Arguments:
        verdicts: A row per cell and metric: `dataset, scenario, solver, seed, metric, direction`, and the fields of
            :class:`~recourse_arena.reporting.comparison.verdict.Verdict`. A cell that failed or cannot be compared has
            one row whose metric is `outcome`; a metric that cannot be compared, one row for all cells (`*`).
        missing: Cells of the baseline that the current run lacks or skipped.
        shrunk: Cells of the baseline of which the current run asked about fewer people.
        allow_missing: Whether these, and lost changes, are no reason to exit with 1.
        tolerance: What was allowed.
        intervals: How many metrics of cells call for an interval.
        changes_lost: How many changes of decision models the current run no longer says anything of.
    """

    verdicts: pd.DataFrame
    missing: int
    shrunk: int
    allow_missing: bool
    tolerance: Tolerance
    intervals: int
    changes_lost: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many verdicts of each kind there are."""
        found = self.verdicts["verdict"].value_counts()
        return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

    @property
    def worst(self) -> str:
        """The gravest verdict."""
        return next((verdict for verdict, count in self.counts.items() if count), "not comparable")

    @property
    def exit_code(self) -> int:
        """0 if nothing is worse, 1 if something is or is missing, 2 if not a single cell could be compared."""
        counts = self.counts
        if counts["not comparable"] == len(self.verdicts):
            return 2
        gone = self.missing or self.shrunk or self.changes_lost
        return 1 if counts["worse"] or (gone and not self.allow_missing) else 0

    def text(self) -> str:
        """Return every verdict other than `same`, then how many there are of each, then how it was judged."""
        table = _table(self.verdicts[self.verdicts["verdict"] != "same"])
        if self.exit_code == 2:
            why = "above is why" if table else "neither run holds a cell"
            return "\n\n".join([*filter(None, [table]), f"Nothing of BASELINE can be compared with CURRENT; {why}."])
        return "\n\n".join(part for part in (table, f"{self._summary()}\n{self._method()}") if part)

    def json(self) -> str:
        """Return everything as JSON; undefined and infinite numbers are null."""
        head = {
            "exit_code": self.exit_code,
            "worst": self.worst,
            "counts": self.counts,
            "missing_cells": self.missing,
            "shrunk_cells": self.shrunk,
            "lost_changes": self.changes_lost,
            "tolerance": asdict(self.tolerance),
            "intervals": self.intervals,
            "method": self._method(),
        }
        rows = json.loads(self.verdicts.to_json(orient="records", double_precision=15))
        return json.dumps({**head, "verdicts": rows}, indent=1)

    def __repr__(self) -> str:
        return self.text()

    def _summary(self) -> str:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items())
        cells = "1 CELL" if self.missing == 1 else f"{self.missing} CELLS"
        changes = "1 CHANGE" if self.changes_lost == 1 else f"{self.changes_lost} CHANGES"
        missing = f"; {cells} OF BASELINE MISSING IN CURRENT" if self.missing else ""
        lost = f"; {changes} OF BASELINE LOST IN CURRENT" if self.changes_lost else ""
        return f"Verdicts: {counts}{missing}{lost}.{self._fewer()}"

    def _fewer(self) -> str:
        """Return that cells rest on fewer people than they could, if so."""
        cells = self.verdicts[self.verdicts["reason"].str.contains("people in both, of")].drop_duplicates(_LABEL[:4])
        lost = f" CURRENT lacks people of BASELINE in {self.shrunk} of them." if self.shrunk else ""
        return f" {len(cells)} cells compare only the people that are in both runs.{lost}" if len(cells) else ""

    def _method(self) -> str:
        if not self.intervals:
            return "Nothing random lies between these cells, so that any change counts and no interval is needed."
        allowed, each = self.tolerance, bonferroni(self.tolerance.confidence, self.intervals)
        return (
            f"Tolerance: {allowed.share:g} for shares, {100 * allowed.cost:g} % of the baseline's mean for costs; "
            f"{100 * allowed.confidence:g} % intervals for all {self.intervals} together (Bonferroni: "
            f"{100 * each:.7g} % each; Tango's or Newcombe's score for shares, Fieller's t for costs, t of "
            f"logarithms for optimality gaps); "
            f"none for untrained solvers on the same models, where any change counts."
        )


def compare(
    baseline: RunFiles,
    current: RunFiles,
    *,
    tolerance: float = 0.03,
    cost_tolerance: float = 0.15,
    confidence: float = 0.99,
    allow_missing: bool = False,
) -> Comparison:
    """Return what became better or worse from one run to another.

    A metric is `worse` if its interval lies wholly beyond the tolerance on the wrong side, `better` if wholly beyond
    it on the right side, `same` if wholly within, else one `cannot tell`. Equal values are always `same`. Where
    nothing is random (an untrained solver, same version, same models) no tolerance applies: it is `worse` if anybody
    is worse off, whoever else gains. The tolerances are what another training seed of iCARMA may change on Loan; hap
    of a trained solver is not judged where no feature costs more than another, for there it is incidental. Where both
    runs keep what changed decision models decide, whose advice these accept is judged in the same way, model by model.

    Arguments:
        baseline: The run to hold on to.
        current: The run to judge.
        tolerance: What shares of trained solvers may change, absolute.
        cost_tolerance: What mean costs of trained solvers may change, relative to the baseline's.
        confidence: Level at which all intervals hold together.
        allow_missing: Whether cells of the baseline, people of them, or changes of decision models may be missing or
            skipped in the current run.

    Raises:
        ArenaError: If the runs were judged under different protocols, are of different suites or cannot be read.
    """
    allowed = Tolerance(tolerance, cost_tolerance, confidence)
    _refuse_incomparable(baseline, current)
    before, after = Side("BASELINE", baseline), Side("CURRENT", current)
    averaged = averages([*baseline.info.get("metrics", []), *current.info.get("metrics", [])])
    metrics, unknown = _metrics(baseline, current, averaged)
    found = {key: _cell(key, before, after) for key in dict.fromkeys([*before.cells, *after.cells])}
    averages_of = [name for name in metrics if name in averaged]
    changed = changed_pairs(before, after, found)
    intervals = len(averages_of) * sum(isinstance(cell, Pair) and not cell.exact for cell in found.values())
    intervals += sum(not pair.exact for _, _, pair in changed.pairs)
    each = bonferroni(confidence, intervals)
    rows: list[dict[str, Any]] = []
    for key, cell in found.items():
        if isinstance(cell, Verdict):
            rows.append(_row(key, "outcome", "", cell))
            continue
        for name, way in metrics.items():
            if name in averaged:
                found_so = judge_metric(cell, averaged[name], way, allowed, each)
            else:
                found_so = judge_value(cell, before.value(key, name), after.value(key, name), way)
            rows.append(_row(key, name, way, found_so))
    for key, name, pair in changed.pairs:
        rows.append(_row(key, name, "higher", judge_metric(pair, ACCEPTED, "higher", allowed, each)))
    rows += [_row((_ALL, _ALL, _ALL, None), name, "", verdict) for name, verdict in unknown.items()]
    for dataset, reason in (*changed.lost, *changed.gained):
        rows.append(_row((dataset, _ALL, _ALL, None), _CHANGED, "", Verdict("not comparable", reason)))
    verdicts = pd.DataFrame(rows, columns=_COLUMNS).astype({"seed": "Int64"})
    shrunk = sum(isinstance(cell, Pair) and cell.lost > 0 for cell in found.values())
    lost = len(changed.lost)
    return Comparison(verdicts, _missing(before, after), shrunk, allow_missing, allowed, intervals, lost)


def _missing(before: Side, after: Side) -> int:
    """Return how many cells that the baseline solved or tried the current run did not try."""
    tried = [
        {key for key, cell in side.cells.items() if cell["outcome"] != Outcome.SKIPPED} for side in (before, after)
    ]
    return len(tried[0] - tried[1])


def _refuse_incomparable(baseline: RunFiles, current: RunFiles) -> None:
    for found in differences((baseline, current), SUITE):
        before, after = found.values
        raise ArenaError(
            f"these runs cannot be compared, for they differ in {found.what}: BASELINE has {before!r}, CURRENT "
            f"{after!r};\n"
            f"run the same suite with the same version of recourse-arena again, and keep that as the baseline"
        )


def _metrics(baseline: RunFiles, current: RunFiles, averaged: Averages) -> tuple[dict[str, str], dict[str, Verdict]]:
    """Return the direction of the metrics that can be compared, and why others cannot."""
    ways = [{m["name"]: m["direction"] for m in result.info.get("metrics", [])} for result in (baseline, current)]
    known, unknown = {}, {}
    for name in dict.fromkeys([*ways[0], *ways[1]]):
        found = [way.get(name) for way in ways]
        if name in _BESIDE or not {"higher", "lower"} & set(found):
            continue
        if name in averaged and averaged[name].rare and not _any_value(name, baseline, current):
            continue
        if None in found:
            unknown[name] = Verdict("not comparable", f"only in {'BASELINE' if found[1] is None else 'CURRENT'}")
        elif name not in averaged and not (name in baseline.summary and name in current.summary):
            unknown[name] = Verdict("not comparable", "no per-person values")
        elif found[0] != found[1]:
            unknown[name] = Verdict("not comparable", f"better is {found[0]} in BASELINE, {found[1]} in CURRENT")
        else:
            known[name] = str(found[0])
    return known, unknown


def _any_value(metric: str, *results: RunFiles) -> bool:
    return any(metric in result.summary and result.summary[metric].notna().any() for result in results)


def _cell(key: Key, before: Side, after: Side) -> Pair | Verdict:
    """Return a cell's people in both runs, or the one verdict on a cell without."""
    sides = (before, after)
    for side, other in (sides, sides[::-1]):
        if key not in other.cells:
            return Verdict("not comparable", f"only in {side.name}")
    for side in sides:
        if side.cells[key]["outcome"] == Outcome.SKIPPED:
            return Verdict("not comparable", f"skipped in {side.name}: {_reason(side, key)}")
    try:
        _refuse_other_data(key, before, after)
        broken = [side for side in sides if Outcome.is_broken(side.cells[key]["outcome"])]
        ends = [str(side.cells[key]["outcome"]).replace("_", " ") for side in broken]
        if len(broken) == 2:
            how = f"{ends[0]} in both runs" if ends[0] == ends[1] else f"{ends[0]} in BASELINE, {ends[1]} in CURRENT"
            return Verdict("not comparable", f"{how}: {_reason(after, key)}")
        if broken:
            verdict = "worse" if broken[0] is after else "better"
            return Verdict(verdict, f"{ends[0]} in {broken[0].name}: {_reason(broken[0], key)}")
        return paired_people(key, before, after)
    except Incomparable as error:
        return Verdict("not comparable", str(error))


def _refuse_other_data(key: Key, before: Side, after: Side) -> None:
    found = [side.materials.get((key[0], key[3])) for side in (before, after)]
    if found[0] is None or found[1] is None:
        return  # a cell that failed may have none; others are refused when their people are paired
    for name, what in (("version", "version of the dataset"), ("file", "digest of the data file")):
        if found[0].get(name) != found[1].get(name):
            raise Incomparable(f"{what} differs: {found[0].get(name)!r} -> {found[1].get(name)!r}")


def _reason(side: Side, key: Key) -> str:
    return str(side.cells[key].get("reason", "")).strip() or "no reason recorded"


def _row(key: tuple[str, str, str, int | None], metric: str, direction: str, verdict: Verdict) -> dict[str, Any]:
    return {**dict(zip(_LABEL, (*key, metric, direction), strict=True)), **asdict(verdict)}


def _table(verdicts: pd.DataFrame) -> str:
    """Return verdicts as a table, gravest first; cells that cannot be compared for one reason share a row."""
    if verdicts.empty:
        return ""
    grave = verdicts["verdict"].map(VERDICTS.index)
    rows: dict[tuple[Any, ...], list[Mapping[Any, Any]]] = {}
    for row in verdicts.assign(_grave=grave).sort_values("_grave", kind="stable").to_dict("records"):
        alone = row["verdict"] != "not comparable" or row["dataset"] == _ALL
        rows.setdefault((row["dataset"], row["reason"]) if not alone else (len(rows),), []).append(row)
    headings = ["verdict", "cell", "metric", "baseline", "current", "difference", "interval", "people", "reason"]
    return tabulate([_words(found) for found in rows.values()], headings, "simple", disable_numparse=True)


def _words(rows: list[Mapping[Any, Any]]) -> list[str]:
    row = rows[0]
    cell = f"{row['dataset']}: {len(rows)} cells" if len(rows) > 1 else _name(row)
    arrow = {"higher": " ↑", "lower": " ↓"}.get(row["direction"], "")
    number = _percent if row["scale"] == "relative" else _signed
    ends = [row["low"], row["high"]]
    turned = {row["verdict"], row["change"]} == {"worse", "better"}  # some lose, though the average gains
    change = "on average" if turned else row["change"]
    return [
        row["verdict"],
        cell,
        row["metric"] + arrow,
        *("-" if pd.isna(row[side]) else f"{row[side]:.4f}" for side in ("baseline", "current")),
        "-" if pd.isna(row["difference"]) else f"{number(row['difference'])} {change}",
        "-" if any(map(pd.isna, ends)) else f"{number(ends[0])} to {number(ends[1])}",
        str(row["people"]) if row["people"] else "-",
        " ".join(row["reason"].split())[:160],
    ]


def _name(row: Mapping[Any, Any]) -> str:
    if row["dataset"] == _ALL:
        return "all"
    if row["scenario"] == _ALL:
        return str(row["dataset"])
    return f"{row['dataset']} {row['scenario']} {row['solver']} seed {row['seed']}"


def _signed(value: float) -> str:
    return "any" if math.isinf(value) else f"{value:+.4f}"


def _percent(value: float) -> str:
    return "any" if math.isinf(value) else f"{100 * value:+.2f} %"
