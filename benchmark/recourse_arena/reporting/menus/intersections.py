"""The same menus told by other attributes: a gap that one attribute hides, its cells with another one show."""

from __future__ import annotations

__all__ = ["intersections_of"]

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.reporting.menus.cells import Cell, MenuRun
from recourse_arena.reporting.menus.fairness import grouped_by_seed, lost, plain_of, told_of
from recourse_arena.reporting.menus.grouped import balanced, gap

_MOST = 12
"""Cells beyond which attributes make no groups but names."""


def intersections_of(found: MenuRun) -> pd.DataFrame:
    """Return a row for each menu (and everybody's own actions) and each protected attribute or pair of these.

    `sr` and `pd` are over cells with at least 20 people, means over seeds; `worst` is the cell with the least share,
    `share`, with a working action; `levelled` the largest share of any cell whom the same solver without fairness
    helps, and who get nothing; `small` lists cells that are not scored. Attributes with more than 12 cells are left
    out.

    Arguments:
        found: The run.
    """
    rows: list[dict[str, Any]] = []
    told: set[tuple[Any, ...]] = set()
    for cell, alone, attributes in told_of(found):
        budget = cell.menu.asked.budget if cell.menu else np.inf
        known = [name for name in found.protected.get(cell.dataset, {}) if _recorded(cell, name)]
        for names in dict.fromkeys([attributes, *((one,) for one in known), *combinations(known, 2)]):
            rows += _row(found, cell, names, np.inf)
            if alone is not None and np.isfinite(budget) and (*alone.key, names, budget) not in told:
                told.add((*alone.key, names, budget))
                rows += _row(found, alone, names, budget)
    return pd.DataFrame(rows)


def _recorded(cell: Cell, attribute: str) -> bool:
    words = next(iter(cell.seeds.values())).words
    return f"group_{attribute}" in words and bool(words[f"group_{attribute}"].notna().any())


def _row(found: MenuRun, cell: Cell, attributes: tuple[str, ...], budget: float) -> Iterator[dict[str, Any]]:
    groups = grouped_by_seed(found, cell, attributes, budget)
    parts: dict[str, list[float]] = {}
    small: dict[str, int] = {}
    seen, taken = [], []
    plain = plain_of(found, cell)
    for seed, one in groups.items():
        for name, count in one.small.items():
            small[name] = small.get(name, 0) + count
        if not one.names:
            continue
        shares = one.kinds.micro(one.kinds.alike.weights)[0]
        seen.append((float(balanced(shares)), float(gap(shares))))
        taken.append(float(one.mean(lost(one.offered, plain, seed)).max()))
        for name, share in zip(one.names, shares.tolist(), strict=True):
            parts.setdefault(name, []).append(share)
    if not parts or len(parts) + len(small) > _MOST:
        return
    means = {name: float(np.mean(values)) for name, values in parts.items()}
    worst = min(means, key=lambda name: (means[name], name))
    within = f", within {budget:g}" if np.isfinite(budget) else ""
    yield {
        **dict(zip(("dataset", "scenario", "solver"), cell.key, strict=True)),
        "solver": f"{cell.solver}{within}",
        "by": " and ".join(attributes),
        "sr": float(np.mean([sr for sr, _ in seen])),
        "pd": float(np.mean([pd for _, pd in seen])),
        "levelled": float(np.mean(taken)),
        "worst": worst,
        "share": means[worst],
        "cells": means,
        "small": ", ".join(f"{name} ({count})" for name, count in sorted(small.items())),
    }
