"""Whether the advice of a run lasts under changed models: shares with intervals, beside what the changes did else."""

from __future__ import annotations

__all__ = ["CELL", "FACTS", "MODEL", "SHARES", "advice_of", "models_of", "solvers_of"]

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.storage.lasting_table import Redecided
from recourse_arena.storage.run_files import RunFiles

SHARES = ("vd", "vd_stay", "already", "early", "delivered", "lasts")
"""What has an interval."""

FACTS = (
    "accuracy_before", "accuracy", "acceptance_before", "acceptance", "agreement", "lost", "gap", "gap_sd", "bits",
    "bytes",
)  # fmt: skip
"""What is known of a model whatever anybody was advised."""

CELL = ("dataset", "scenario", "solver")
"""What a row of advice is about."""

MODEL = ("change", "model", "threshold")
"""What judges it."""


def models_of(found: Redecided) -> pd.DataFrame:
    """Return a row for each dataset and changed model: means over seeds of what is known of it; nan where undefined."""
    facts = pd.DataFrame(found.models)
    facts["threshold"] = np.where(facts.pop("matched"), "matched", "as it is")
    facts = facts.astype(dict.fromkeys(FACTS, float))
    groups = facts.groupby(["dataset", *MODEL], sort=False)
    return groups.agg(seeds=("seed", "nunique"), **{name: (name, "mean") for name in FACTS}).reset_index()


def advice_of(found: Redecided) -> pd.DataFrame:
    """Return a row for each cell and changed model: shares, each with `NAME_low` and `NAME_high` of its interval.

    Changes with several models have three rows beside those: `all`, where advice holds if it does under each of them;
    `mean`, of all; and `worst`, the model with the largest drop. `margin` is the median logit of the counterfactuals of
    those who count before anything changed, `margin_sd` in its standard deviations over test people. Where nobody
    counts, shares are nan.

    Arguments:
        found: Rows of people.
    """
    threshold = np.where(found.rows["matched"].to_numpy(dtype=bool), "matched", "as it is")
    groups = found.rows.assign(threshold=threshold).groupby([*CELL, "change", "threshold"], sort=False, observed=True)
    rows: list[dict[str, Any]] = []
    for keys, people in groups:
        rows += _of_change(dict(zip((*CELL, "change", "threshold"), keys, strict=True)), people)
    return pd.DataFrame(rows)


def solvers_of(run: RunFiles, advice: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each cell: `attainability`, and `lasts CHANGE` under each change, thresholds as they are.

    Arguments:
        run: The run.
        advice: What becomes of its advice (:func:`advice_of`).
    """
    people = run.read_people(lambda column: column in ("valid", "plausible"))
    if people is None:
        return pd.DataFrame(columns=[*CELL, "attainability"])
    attained = (people["valid"].fillna(False) & people["plausible"].fillna(False)).astype(float)
    shares = people[[*CELL]].assign(attainability=attained).groupby([*CELL], sort=False, observed=True).mean()
    as_it_is = advice[advice["threshold"] == "as it is"]
    lasts = as_it_is.groupby([*CELL, "change"], sort=False)["lasts"].first().unstack("change")
    changes = [*dict.fromkeys(as_it_is["change"])]
    found = shares.join(lasts[changes].add_prefix("lasts "), how="inner")
    return found.reset_index()


def _of_change(cell: Mapping[str, Any], people: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of the models of a change in one cell."""
    parts = {str(name): _by_person(rows) for name, rows in people.groupby("model", sort=False, observed=True)}
    first, count = next(iter(parts.values())), len(parts)
    stacked = {name: np.stack([part[name] for part in parts.values()]) for name in ("accepted", "already", "early")}
    held = (stacked["accepted"] == 1).all(0)
    resamples, seeds = Resamples.draw(first["seed"].astype(np.int64)), len(np.unique(first["seed"]))
    lasts = first["counts"] * held

    def row(model: str, values: Mapping[str, Array]) -> dict[str, Any]:
        means = resamples.means(np.stack([values[name] for name in SHARES], axis=1))
        shares: dict[str, float] = {}
        for name, value, (low, high) in zip(SHARES, means.value, means.share_intervals(), strict=True):
            shares |= {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
        counted = first["counts"] == 1
        known = {name: _median(first[name][counted]) for name in ("margin", "margin_sd")}
        order = {**{name: cell[name] for name in (*CELL, "change")}, "model": model, "threshold": cell["threshold"]}
        return {**order, "seeds": seeds, "people": len(counted), "counted": int(counted.sum()), **shares, **known}

    each = {name: _shares(part, lasts) for name, part in parts.items()}
    found = {name: row(name, values) for name, values in each.items()}
    yield from found.values()
    if count > 1:
        together = {**first, "accepted": held * 1.0, "already": (stacked["already"] == 1).all(0) * 1.0}
        yield row(f"all {count}", {**_shares(together, lasts), "early": np.full(len(held), np.nan)})
        mean = row(f"mean of {count}", {n: _mean([values[n] for values in each.values()]) for n in SHARES})
        for name in ("vd_stay", "early"):  # who counts differs from model to model: a mean of shares, of no interval
            known = [one[name] for one in found.values() if np.isfinite(one[name])]
            mean |= {name: float(np.mean(known)) if known else np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan}
        yield mean
        worst = max(found, key=lambda name: (np.nan_to_num(found[name]["vd"], nan=-1.0), name))
        yield {**found[worst], "model": f"worst of {count}"}


def _by_person(rows: pd.DataFrame) -> dict[str, Array]:
    """Return columns of one model in the order of people, numbers; truth values are 0 and 1."""
    rows = rows.sort_values(["seed", "person"], kind="stable")
    names = ("seed", "counts", "already", "accepted", "early", "margin", "margin_sd")
    return {name: rows[name].to_numpy(dtype=float, na_value=np.nan) for name in names}


def _shares(part: Mapping[str, Array], lasts: Array) -> dict[str, Array]:
    """Return what is averaged for each share, nan where somebody does not count."""
    counts, accepted, already = part["counts"] == 1, part["accepted"] == 1, part["already"] == 1
    return {
        "vd": np.where(counts, ~accepted, np.nan),
        "vd_stay": np.where(counts & ~already, ~accepted, np.nan),
        "already": np.where(counts, already, np.nan),
        "early": np.where(counts, part["early"], np.nan),
        "delivered": (counts & accepted) * 1.0,
        "lasts": lasts,
    }


def _mean(values: Sequence[Array]) -> Array:
    """Return the mean for each person over the models in which they count; nan where they count in none."""
    stacked = np.stack(values)
    counted = np.isfinite(stacked)
    total, number = np.where(counted, stacked, 0.0).sum(0), counted.sum(0)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
