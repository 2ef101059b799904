"""Who people of a run are and who they would be, from its folder alone."""

from __future__ import annotations

__all__ = ["counterfactuals"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.judging.records import REJUDGED
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles

_ALSO = ("cost", "weighted_cost", "valid", "plausible")


def counterfactuals(run: RunFiles, dataset: str = "", *, words: bool = True) -> pd.DataFrame:
    """Return the people of a dataset, a row per cell and person, in the order of `people.parquet`.

    Columns are those that name a cell, `person, outcome, valid, plausible, cost, weighted_cost`, and per feature
    `factual_NAME` and `counterfactual_NAME`, in original units. A person without advice stays as they are.

    Arguments:
        run: The run.
        dataset: Its dataset; may be left out where there is only one.
        words: Whether levels are written by their names; else they are their codes, as all values are numbers.

    Raises:
        ArenaError: If the run has no such dataset, or is one of before factuals were kept.
    """

    def wanted(column: str) -> bool:
        return column.startswith((*REJUDGED[:2], "mask_", "value_")) or column in _ALSO

    people = run.read_people(wanted)
    if people is None:
        raise ArenaError(f"{run.path} holds nobody")
    known = sorted(people["dataset"].unique())
    if not dataset and len(known) == 1:
        dataset = known[0]
    if dataset not in known:
        raise unknown("dataset of the run", dataset, known)
    rows = people[people["dataset"] == dataset].reset_index(drop=True)
    names = [
        str(name).removeprefix("factual_")
        for name in rows
        if str(name).startswith("factual_") and rows[name].notna().any()
    ]
    if not names:
        said = f"{run.path} does not say who the people of {dataset} are"
        raise ArenaError(f"{said}; the same `recourse-arena run` command adds that")
    levels = _levels(run, dataset)
    found = {name: rows[name] for name in (*KEYS, "person", "outcome", *_ALSO)}
    for name in names:
        before, after = _numbers(rows[f"factual_{name}"]), _after(rows, name)
        for prefix, values in (("factual", before), ("counterfactual", after)):
            found[f"{prefix}_{name}"] = _told(values, levels.get(name, ())) if words else pd.Series(values)
    return pd.DataFrame(found)


def _after(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Return what a feature is after the action: what it is said to be, else what it is set to, else the factual."""
    before, value, after = (_numbers(rows[f"{prefix}_{name}"]) for prefix in ("factual", "value", "after"))
    acted = rows[f"mask_{name}"].fillna(False).to_numpy(dtype=bool)
    return np.where(np.isfinite(after), after, np.where(acted & np.isfinite(value), value, before))


def _numbers(column: pd.Series) -> np.ndarray:
    return np.asarray(column.to_numpy(dtype="float32", na_value=np.nan), dtype=np.float32)


def _levels(run: RunFiles, dataset: str) -> Mapping[str, Sequence[str]]:
    """Return what the run says the levels of each feature are called, by the name of the feature."""
    said: list[dict[str, Any]] = next(
        (found.get("features", []) for found in run.info.get("materials", []) if found["dataset"] == dataset), []
    )
    return {one["name"]: one.get("levels", []) for one in said}


def _told(values: np.ndarray, levels: Sequence[str]) -> pd.Series:
    """Return values with the names of levels where they have any; what follows on ranks may lie between two levels."""
    if not levels:
        return pd.Series(values)
    known = (values >= 0) & (values < len(levels)) & (values == np.round(values))
    words = [levels[int(value)] if named else f"{value:.6g}" for value, named in zip(values, known, strict=True)]
    return pd.Series(words, dtype=object)
