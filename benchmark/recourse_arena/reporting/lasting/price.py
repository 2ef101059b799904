"""What lasting advice costs: the same solver, asked for a margin or for several models, beside itself without."""

from __future__ import annotations

__all__ = ["MOST", "margins_of", "price_of", "undemanded"]

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.names import spell, written
from recourse_arena.reporting.lasting.shares import CELL, MODEL
from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.storage.run_files import RunFiles

MOST = 0.95
"""Share of validation people whose advice lasts at `margin95`."""

_VALIDATION = "!validation-people"
_COLUMNS = ("valid", "weighted_cost")


def undemanded(solver: str) -> tuple[str, dict[str, str]]:
    """Return a solver's name without what its advice is asked for beyond today's decision, and that.

    Example:
        >>> undemanded("wachter?steps=50&margin_sd=0.1")
        ('wachter?steps=50', {'margin_sd': '0.1'})
    """
    name, options = written(solver)
    asked = {o: v for o, v in options.items() if o in ("margin", "margin_sd", "lasting") or o.startswith("lasting.")}
    return spell(name, {o: v for o, v in options.items() if o not in asked}), asked


def price_of(run: RunFiles) -> pd.DataFrame:
    """Return a row for each solver that is asked for more than today's decision, beside itself without.

    Columns: `dataset, scenario, solver`, its name without (`plain`) and what is asked for (`asked`); `found`, the share
    of people with valid advice, and `lost`, how much less that is; `ratio`, the mean cost over the mean cost without,
    over people who have valid advice both ways, with `ratio_low` and `ratio_high` (the ratio's linearisation,
    bootstrapped over people); `both`, how many those are. Means of ratios would hang on people who need almost nothing.

    Arguments:
        run: The run.
    """
    people = run.read_people(lambda column: column in _COLUMNS)
    rows: list[dict[str, Any]] = []
    for (dataset, scenario), cells in () if people is None else people.groupby(["dataset", "scenario"], sort=False):
        parts = {str(name): _by_person(part) for name, part in cells.groupby("solver", sort=False, observed=True)}
        for name, part in parts.items():
            plain, asked = undemanded(name)
            if asked and plain in parts and len(part) == len(parts[plain]):
                words = {"dataset": str(dataset), "scenario": str(scenario), "solver": name, "plain": plain}
                rows.append({**words, "asked": spell("", asked).removeprefix("?"), **_price(parts[plain], part)})
    return pd.DataFrame(rows)


def _by_person(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["seed", "person"], kind="stable").reset_index(drop=True)


def _price(plain: pd.DataFrame, asked: pd.DataFrame) -> dict[str, float]:
    valid, also = (part["valid"].fillna(False).to_numpy(dtype=bool) for part in (plain, asked))
    cost, more = (part["weighted_cost"].to_numpy(dtype=float) for part in (plain, asked))
    both = valid & also
    found = {"found": float(also.mean()), "lost": float(valid.mean() - also.mean()), "both": int(both.sum())}
    base = cost[both].mean() if both.any() else np.nan
    if not base > 0:
        return {**found, "ratio": np.nan, "ratio_low": np.nan, "ratio_high": np.nan}
    ratio = float(more[both].mean() / base)
    influence: Array = np.where(both, (more - ratio * cost) / base, np.nan)
    low, high = Resamples.draw(plain["seed"].to_numpy(dtype=np.int64)).means(influence[:, None]).intervals()[0]
    return {**found, "ratio": ratio, "ratio_low": ratio + float(low), "ratio_high": ratio + float(high)}


def margins_of(advice: pd.DataFrame, price: pd.DataFrame) -> pd.DataFrame:
    """Return for each solver and changed model the least margin at which advice lasts for 95 % of validation people.

    Columns name the cell (test people) and the model; `margin95` in standard deviations of the logit, `vd` and
    `already` there of test people; `price95`, `price95_low`, `price95_high` and `lost95`: what that margin costs test
    people, :func:`price_of`. A margin that suffices for nobody is nan. Margins between those that were tried are not
    interpolated. arXiv 2605.17160 has no such number: it depends neither on how closely a solver ends at the boundary
    nor, at matched acceptance, on leniency.

    Arguments:
        advice: What becomes of advice (:func:`~recourse_arena.reporting.lasting.shares.advice_of`), test people's and,
            in scenarios of the same name with `!validation-people`, theirs.
        price: What margins cost (:func:`price_of`).
    """
    advice = advice.assign(**{"plain": [undemanded(name)[0] for name in advice["solver"]]})
    advice = advice.assign(margin_asked=[_margin(undemanded(name)[1]) for name in advice["solver"]])
    advice = advice[np.isfinite(advice["margin_asked"])]
    tried = advice.groupby(["dataset", "scenario", "plain", *MODEL], sort=False)
    parts = {key: part.sort_values("margin_asked") for key, part in tried if len(part) > 1}
    return pd.DataFrame(_of_solver(parts, price))


def _of_solver(parts: dict[Any, pd.DataFrame], price: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for (dataset, scenario, plain, *model), part in parts.items():
        chosen = parts.get((dataset, f"{scenario}{_VALIDATION}", plain, *model))
        if chosen is None:
            continue
        enough = chosen[chosen["vd"] <= 1 - MOST + 1e-9]
        row = {"dataset": dataset, "scenario": scenario, "solver": plain, **dict(zip(MODEL, model, strict=True))}
        margin = float(enough["margin_asked"].iloc[0]) if len(enough) else np.nan
        there = part[part["margin_asked"] == margin]
        row |= {"margin95": margin, "vd": np.nan, "already": np.nan}
        row |= dict.fromkeys(("price95", "price95_low", "price95_high", "lost95"), np.nan)
        if len(there):
            name = there["solver"].iloc[0]
            row |= {"vd": float(there["vd"].iloc[0]), "already": float(there["already"].iloc[0])}
            row |= _priced(price, dataset, scenario, name, plain)
        yield row


def _priced(price: pd.DataFrame, dataset: str, scenario: str, name: str, plain: str) -> dict[str, float]:
    """Return what the advice of a solver costs beside that without a margin; nothing of one that has none."""
    if name == plain:
        return {"price95": 1.0, "price95_low": 1.0, "price95_high": 1.0, "lost95": 0.0}
    same = price[(price[[*CELL]] == [dataset, scenario, name]).all(axis=1)] if len(price) else price
    if not len(same):
        return {}
    ends = {f"price95{end}": float(same[f"ratio{end}"].iloc[0]) for end in ("", "_low", "_high")}
    return {**ends, "lost95": float(same["lost"].iloc[0])}


def _margin(asked: dict[str, str]) -> float:
    """Return the margin in standard deviations; nan where something else is asked for."""
    if not asked:
        return 0.0
    return float(asked["margin_sd"]) if [*asked] == ["margin_sd"] else np.nan
