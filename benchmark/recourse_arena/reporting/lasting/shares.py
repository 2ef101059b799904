"""Whether the advice of a run lasts under changed models: shares with intervals, beside what the changes did else."""

from __future__ import annotations

__all__ = ["CELL", "FACTS", "MODEL", "SHARES", "advice_of", "models_of", "solvers_of"]

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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

_MARGIN = ("margin", "margin_sd")
_NUMBERS = ("seed", "counts", "already", "accepted", "early", *_MARGIN)


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
    cells: dict[tuple[object, ...], list[_Change]] = {}
    for change in (changes := _changes(found.rows)):
        cells.setdefault(tuple(change.keys[name] for name in CELL), []).append(change)
    for some in cells.values():  # all that is said of a cell's people in one product
        _fill([row for change in some for row in change.rows])
    return pd.DataFrame([said for change in changes for said in change.said()])


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


@dataclass
class _Row:
    """What is said of one model: names, and for each share the values of people, then means and ends of intervals."""

    head: dict[str, Any]
    seed: NDArray[np.int64]
    values: Mapping[str, Array]
    shares: dict[str, float] = field(default_factory=dict)


@dataclass
class _Change:
    """The models of a change in one cell, with thresholds of one kind.

    Arguments:
        keys: Cell, change and threshold.
        parts: Columns of each model by name, in the order of people; truth values are 0 and 1.
    """

    keys: Mapping[str, Any]
    parts: dict[str, Mapping[str, Array]]

    @cached_property
    def rows(self) -> list[_Row]:
        """A row for each model; of several, also of all together and of their mean."""
        parts, first = self.parts, next(iter(self.parts.values()))
        stacked = {name: np.stack([part[name] for part in parts.values()]) for name in ("accepted", "already")}
        held = (stacked["accepted"] == 1).all(0)
        lasts, seed = first["counts"] * held, first["seed"].astype(np.int64)
        each = {name: _shares(part, lasts) for name, part in parts.items()}
        rows = [_Row(self._head(name, first), seed, values) for name, values in each.items()]
        if (count := len(parts)) > 1:
            together = {**first, "accepted": held * 1.0, "already": (stacked["already"] == 1).all(0) * 1.0}
            values = {**_shares(together, lasts), "early": np.full(len(held), np.nan)}
            rows.append(_Row(self._head(f"all {count}", first), seed, values))
            mean = {n: _mean([values[n] for values in each.values()]) for n in SHARES}
            rows.append(_Row(self._head(f"mean of {count}", first), seed, mean))
        return rows

    def said(self) -> Iterator[dict[str, Any]]:
        """Yield what is said of each model, of all, of their mean and of the worst of them."""
        count = len(self.parts)
        alone = self.rows[:count]
        if count > 1:
            mean = self.rows[-1].shares
            for name in ("vd_stay", "early"):  # who counts differs from model to model: a mean, of no interval
                known = [row.shares[name] for row in alone if np.isfinite(row.shares[name])]
                mean |= {name: float(np.mean(known)) if known else np.nan, f"{name}_low": np.nan}
                mean |= {f"{name}_high": np.nan}
        said = [{**_without(row.head), **row.shares, **_of_margin(row.head)} for row in self.rows]
        yield from said
        if count > 1:
            worst = max(said[:count], key=lambda row: (np.nan_to_num(row["vd"], nan=-1.0), row["model"]))
            yield {**worst, "model": f"worst of {count}"}

    def _head(self, model: str, first: Mapping[str, Array]) -> dict[str, Any]:
        counted = first["counts"] == 1
        known = {name: _median(first[name][counted]) for name in _MARGIN}
        order = {**{name: self.keys[name] for name in (*CELL, "change")}, "model": model}
        seeds = len(np.unique(first["seed"]))
        about = {"seeds": seeds, "people": len(counted), "counted": int(counted.sum())}
        return {**order, "threshold": self.keys["threshold"], **about, **known}


def _without(head: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in head.items() if name not in _MARGIN}


def _of_margin(head: Mapping[str, Any]) -> dict[str, Any]:
    return {name: head[name] for name in _MARGIN}


def _fill(rows: Sequence[_Row]) -> None:
    """Give rows on the same people their means and intervals."""
    columns = np.stack([row.values[name] for row in rows for name in SHARES], axis=1)
    means = Resamples.draw(rows[0].seed).means(columns)
    ends, wide = means.share_intervals(), len(SHARES)
    for place, row in enumerate(rows):
        for name, at in zip(SHARES, range(place * wide, (place + 1) * wide), strict=True):
            low, high = ends[at]
            row.shares |= {name: float(means.value[at]), f"{name}_low": float(low), f"{name}_high": float(high)}


def _changes(rows: pd.DataFrame) -> list[_Change]:
    """Return rows of people by cell, change and threshold, in the order in which these come."""
    threshold = np.where(rows["matched"].to_numpy(dtype=bool), "matched", "as it is")
    keys = [*CELL, "change", "threshold"]
    words = rows[[*CELL, "change", "model"]].assign(threshold=threshold)
    group, model = (words.groupby(by, sort=False, observed=True).ngroup().to_numpy() for by in (keys, [*keys, "model"]))
    numbers = {name: rows[name].to_numpy(dtype=float, na_value=np.nan) for name in _NUMBERS}
    order = np.lexsort((rows["person"].to_numpy(), numbers["seed"], model, group))
    numbers = {name: values[order] for name, values in numbers.items()}
    starts = np.flatnonzero(np.diff(model[order], prepend=-1))
    ends = [*starts[1:], len(order)]
    heads = words.iloc[order[starts]].to_dict("records")
    found: dict[tuple[Any, ...], _Change] = {}
    for head, start, end in zip(heads, starts, ends, strict=True):
        which = tuple(head[name] for name in keys)
        change = found.setdefault(which, _Change({name: head[name] for name in keys}, {}))
        part = {name: values[start:end] for name, values in numbers.items()}
        change.parts[str(head["model"])] = part
    return [*found.values()]


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
