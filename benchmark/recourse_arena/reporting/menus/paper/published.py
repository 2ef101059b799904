"""What the released files of arXiv 2601.20449 come to, recomputed: in-sample, four actions, forests of its code."""

from __future__ import annotations

__all__ = ["HYBRID_PD", "HYBRID_SR", "OBJECTIVES", "published"]

from importlib.resources import files

import pandas as pd

OBJECTIVES = {"ee-micro": "micro", "ee-macro": "macro", "ecr": "ECR", "hybrid": "hybrid"}
"""Objectives of menus, as the paper calls them."""

HYBRID_SR = (0.91, 0.98)
"""SR of its hybrid over Adult, SSL and Alzheimer, as it says."""

HYBRID_PD = (0.0, 0.11)
"""The same of PD."""


def published() -> pd.DataFrame:
    """Return each published cell: `dataset, solver, objective, clusters, sr, pd, cost` (Gower).

    SR and PD of the macro objective are macro ones: of each group's own best action.

    Example:
        >>> rows = published().query("dataset == 'adult' and objective == 'hybrid' and clusters == 1")
        >>> rows[["sr", "pd", "cost"]].values.tolist()
        [[0.972, 0.015, 0.187]]
    """
    with (files("recourse_arena.reporting.menus.paper") / "published.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)
