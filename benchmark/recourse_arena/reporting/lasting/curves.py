"""The price of lasting as curves over margins: what a margin costs, whom it loses, what it buys under each change."""

from __future__ import annotations

__all__ = ["Curve", "curves_of"]

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recourse_arena.reporting.lasting.price import undemanded
from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.reporting.lasting.words import changes_in_words
from recourse_arena.reporting.results.families import asks_validation

_UNITS = {"margin_sd": "sd of the logit", "margin": "logits"}


@dataclass(frozen=True)
class Curve:
    """One solver on one dataset under one scenario, asked for at least two margins; without one, it has margin 0.

    Arguments:
        dataset: The dataset.
        scenario: The scenario, of test people.
        solver: Name of the solver without a margin.
        unit: Of margins: `sd of the logit`, or `logits`.
        price: A row per margin: `margin`; `ratio`, the mean cost over that without a margin, with `low` and `high` of
            its interval, over people who have valid advice both ways; `found`, the share of people with valid advice.
            Cost ratios are nan where the run lacks the solver without a margin.
        drops: A row per change and margin: `change` in words, `margin`, `vd` with `low` and `high`; thresholds as they
            are. Of changes with several models it is the mean.
    """

    dataset: str
    scenario: str
    solver: str
    unit: str
    price: pd.DataFrame
    drops: pd.DataFrame


def curves_of(lasting: Lasting) -> list[Curve]:
    """Return a curve for each solver of a run that was asked for at least two margins, 0 among them.

    Arguments:
        lasting: What becomes of the run's advice.
    """
    advice = lasting.advice
    if not len(advice):
        return []
    words = changes_in_words(zip(lasting.models["change"], lasting.models["model"], strict=True))
    advice = advice[~advice["scenario"].map(asks_validation) & (advice["threshold"] == "as it is")]
    asked = {name: undemanded(name) for name in advice["solver"].unique()}
    return [curve for option in _UNITS for curve in _curves(option, advice, lasting.price, asked, words)]


def _curves(
    option: str,
    advice: pd.DataFrame,
    price: pd.DataFrame,
    asked: dict[str, tuple[str, dict[str, str]]],
    words: dict[str, str],
) -> Iterator[Curve]:
    margins = {name: _margin(what, option) for name, (_, what) in asked.items()}
    rows = advice.assign(margin=advice["solver"].map(margins), plain=[asked[name][0] for name in advice["solver"]])
    rows = rows[np.isfinite(rows["margin"])]
    for (dataset, scenario, plain), part in rows.groupby(["dataset", "scenario", "plain"], sort=False):
        if part["margin"].nunique() < 2:
            continue
        paid = [_paid(some, price, float(margin)) for margin, some in part.groupby("margin")]
        drops = part[part["model"].map(lambda name: not name.startswith(("all ", "worst of ")))]
        several = {change for change, name in zip(drops["change"], drops["model"], strict=True) if "mean of " in name}
        drops = drops[[change not in several or "mean of " in name for change, name
                       in zip(drops["change"], drops["model"], strict=True)]]  # fmt: skip
        drops = drops.rename(columns={"vd_low": "low", "vd_high": "high"}).sort_values("margin", kind="stable")
        drops = drops.assign(change=drops["change"].map(lambda name: words.get(name, name)))
        columns = ["change", "margin", "vd", "low", "high"]
        drops = drops[columns].reset_index(drop=True)
        yield Curve(str(dataset), str(scenario), str(plain), _UNITS[option], pd.DataFrame(paid), drops)


def _margin(asked: dict[str, str], option: str) -> float:
    """Return the margin that is asked for; 0 where nothing is, nan where something else is."""
    if not asked:
        return 0.0
    return float(asked[option]) if [*asked] == [option] else np.nan


def _paid(some: pd.DataFrame, price: pd.DataFrame, margin: float) -> dict[str, float]:
    first = some.iloc[0]
    row = {"margin": margin, **dict.fromkeys(("ratio", "low", "high"), np.nan)}
    row["found"] = float(first["counted"] / first["people"])
    if first["solver"] == first["plain"]:
        return row | {"ratio": 1.0, "low": 1.0, "high": 1.0}
    cell = ["dataset", "scenario", "solver"]
    same = price[(price[cell] == first[cell].tolist()).all(axis=1)] if len(price) else price
    if len(same):
        row |= {name: float(same[column].iloc[0]) for name, column in
                (("ratio", "ratio"), ("low", "ratio_low"), ("high", "ratio_high"), ("found", "found"))}  # fmt: skip
    return row
