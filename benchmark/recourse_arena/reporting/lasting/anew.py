"""Recourse anew: advice under a changed decision model beside that under the one before, what it costs, where it leads.

A run has both where it asks the same people on `adult` and on `adult?change=quantized&change.bits=4`.
"""

from __future__ import annotations

__all__ = ["ANEW", "anew_of", "unchanged"]

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.names import spell, written
from recourse_arena.reporting.lasting.moves import Moves
from recourse_arena.reporting.results.counterfactuals import counterfactuals
from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.storage.lasting_table import Redecided
from recourse_arena.storage.run_files import RunFiles

ANEW = ("crg", "crg_median", "crg_low_quartile", "crg_high_quartile", "similarity", "overlap", "infeasible")
"""What is said of recourse anew."""

_OF_CHANGE = ("change", "changed", "matched")
_WHO = ["scenario", "solver", "seed", "person"]


def unchanged(dataset: str) -> tuple[str, str, str, bool]:
    """Return a dataset's name without a change of its decision model, that change, which of its models, if matched.

    Example:
        >>> unchanged("adult?cost=l1&change=quantized&change.bits=4&matched=true")
        ('adult?cost=l1', 'quantized?bits=4', '', True)
        >>> unchanged("adult")
        ('adult', '', '', False)
    """
    name, options = written(dataset)
    own = {option: value for option, value in options.items() if option.partition(".")[0] not in _OF_CHANGE}
    if "change" not in options:
        return dataset, "", "", False
    of_change = {key.removeprefix("change."): value for key, value in options.items() if key.startswith("change.")}
    matched = options.get("matched") == "true"
    return spell(name, own), spell(options["change"], of_change), options.get("changed", ""), matched


def anew_of(run: RunFiles, found: Redecided) -> pd.DataFrame:
    """Return a row for each cell that was solved again under a changed model, beside the same cell before.

    Columns name the cell and the model as :func:`~recourse_arena.reporting.lasting.shares.advice_of` does; then
    `counted`, how many people both models refuse as they are and have valid advice under both, at a cost before; of
    these `crg`, the mean of `(cost anew - cost before) / cost before`, with `crg_low` and `crg_high` of its interval
    (arXiv 2605.17160, recourse gap), its median and quartiles; `similarity`, the mean cosine of both ways in the
    encoding; `overlap`, of the features that both move by more than 1e-4 of the encoding's unit (Jaccard). `infeasible`
    is the share of those refused under both, with valid advice before, who have none anew. The cost is the one that
    solvers minimise, each person's own.

    Arguments:
        run: The run.
        found: What changed models say of its advice: who is accepted already does not count.
    """
    datasets = [str(name) for name in dict.fromkeys(m["dataset"] for m in run.info.get("materials", []))]
    rows: list[dict[str, Any]] = []
    for name in datasets:
        base, change, model, matched = unchanged(name)
        if change and base in datasets:
            rows += _of_dataset(run, found, name, base, change, model, matched)
    return pd.DataFrame(rows)


def _of_dataset(
    run: RunFiles, found: Redecided, name: str, base: str, change: str, model: str, matched: bool
) -> Iterator[dict[str, Any]]:
    moves = Moves.of(run, base)
    before, anew = (counterfactuals(run, dataset, words=False) for dataset in (base, name))
    both = before.merge(anew, on=_WHO, suffixes=("", " anew"), how="inner", validate="one_to_one")
    said = found.rows[(found.rows["dataset"] == base) & (found.rows["matched"] == matched)]
    names = [one for one in said["change"].unique() if _parsed(one) == _parsed(change)]
    said = said[said["change"].isin(names)]
    model = model or (str(said["model"].iloc[0]) if len(said) else "")
    already = said[said["model"] == model].drop_duplicates([*_WHO])[[*_WHO, "already"]]
    both = both.merge(already, on=_WHO, how="left")
    threshold = "matched" if matched else "as it is"
    for (scenario, solver), part in both.groupby(["scenario", "solver"], sort=False):
        cell = {"dataset": base, "scenario": scenario, "solver": solver}
        yield {**cell, "change": change, "model": model, "threshold": threshold, **_compared(part, moves)}


def _parsed(change: str) -> tuple[str, frozenset[tuple[str, str]]]:
    name, options = written(change)
    return name, frozenset(options.items())


def _compared(part: pd.DataFrame, moves: Moves) -> Mapping[str, Any]:
    """Return what is said of one cell before and anew."""
    part = part.sort_values(["seed", "person"], kind="stable")
    refused = ~part["already"].fillna(True).to_numpy(dtype=bool)  # whom nobody decided on again does not count
    valid, again = (part[column].fillna(False).to_numpy(dtype=bool) for column in ("valid", "valid anew"))
    cost, later = (part[column].to_numpy(dtype=float) for column in ("weighted_cost", "weighted_cost anew"))
    counts = refused & valid & again & (cost > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(counts, (later - cost) / cost, np.nan)
    way, other = moves.ways(part, ""), moves.ways(part, " anew")
    resamples = Resamples.draw(part["seed"].to_numpy(dtype=np.int64))
    means = resamples.means(gap[:, None])
    low, high = means.intervals(symmetric=True)[0]  # costs before may be next to nothing, and gaps skewed beyond use
    known = gap[np.isfinite(gap)]
    quartiles = np.quantile(known, (0.25, 0.5, 0.75)) if len(known) else np.full(3, np.nan)
    return {
        "counted": int(counts.sum()),
        "crg": float(means.value[0]),
        "crg_low": float(low),
        "crg_high": float(high),
        "crg_median": float(quartiles[1]),
        "crg_low_quartile": float(quartiles[0]),
        "crg_high_quartile": float(quartiles[2]),
        "similarity": _mean(moves.cosine(way, other)[counts]),
        "overlap": _mean(moves.overlap(way, other)[counts]),
        "infeasible": _mean(~again[refused & valid]),
    }


def _mean(values: Array) -> float:
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
