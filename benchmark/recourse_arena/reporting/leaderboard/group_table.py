"""Every metric by sensitive attribute and intersection, each group against everybody else.

References:
    Zou and Donner, Construction of confidence limits about effect measures: a general approach, Statistics in Medicine
    27 (2008): the interval of a difference from the intervals of both parts; of two shares it is Newcombe's.
"""

from __future__ import annotations

__all__ = ["COLUMNS", "SMALL", "attributes", "by_group"]

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.reporting.results.people_by_cell import PeopleByCell
from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.statistics.intervals import bonferroni

SMALL = 30
"""Groups with fewer people who count are marked as small."""

_MOST = 12
"""Attributes with more groups are left out: they are no groups but names."""

COLUMNS = [
    *("dataset", "attribute", "group", "asked", "scenario", "solver", "metric", "value", "low", "high", "counted"),
    *("difference", "difference_low", "difference_high", "small"),
]


def by_group(panels: Mapping[str, PeopleByCell], metrics: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row per dataset, attribute, group, scenario, solver and metric (:data:`COLUMNS`).

    `low` and `high` are 95 % intervals of the group's value; `difference` is the value less that of everybody else,
    with an interval that holds for all groups of the attribute together (Bonferroni). Medians are left out, and so are
    validation people.
    """
    names = [metric["name"] for metric in metrics if any(_is_mean(panel, metric["name"]) for panel in panels.values())]
    tables = [
        _of_group(panel, attribute, label, labels, names)
        for panel in panels.values()
        for attribute, labels in attributes(panel)
        for label in sorted(set(labels.tolist()) - {""})
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def attributes(panel: PeopleByCell) -> Iterator[tuple[str, NDArray[np.object_]]]:
    """Yield each attribute and each pair of attributes with the group of each person, empty where it is not known."""
    single = {str(name): panel.groups[name].to_numpy(dtype=object) for name in panel.groups}
    both = {f"{a} and {b}": _crossed(single[a], single[b]) for a, b in combinations(single, 2)}
    for name, labels in (single | both).items():
        if 1 < len(set(labels.tolist()) - {""}) <= _MOST:
            yield name, labels


def _crossed(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.array([f"{a}, {b}" if a and b else "" for a, b in zip(first, second, strict=True)], dtype=object)


def _of_group(
    panel: PeopleByCell, attribute: str, label: str, labels: NDArray[np.object_], metrics: list[str]
) -> pd.DataFrame:
    inside, outside = np.flatnonzero(labels == label), np.flatnonzero((labels != label) & (labels != ""))
    together = bonferroni(0.95, len(set(labels.tolist()) - {""}))
    sides = [(rows, Resamples.draw(panel.seeds[rows], entropy=i)) for i, rows in enumerate((inside, outside))]
    shown = np.array([place for place, (scenario, _) in enumerate(panel.cells) if not asks_validation(scenario)], int)
    cells = [panel.cells[place] for place in shown]
    tables = []
    for metric in metrics:
        if not _is_mean(panel, metric):
            continue
        values, share = panel.values(metric)[:, shown], panel.averages[metric].share
        if not np.isfinite(values).any():
            continue
        (mean, own, wide, counted), (other, _, rest, _) = (
            _estimates(resamples, values[rows], together, share=share) for rows, resamples in sides
        )
        difference = mean - other
        table = pd.DataFrame(
            {
                "dataset": panel.dataset,
                "attribute": attribute,
                "group": label,
                "asked": len(inside),
                "scenario": [scenario for scenario, _ in cells],
                "solver": [solver for _, solver in cells],
                "metric": metric,
                "value": mean,
                "low": own[:, 0],
                "high": own[:, 1],
                "counted": counted,
                "difference": difference,
                "difference_low": difference - np.hypot(mean - wide[:, 0], rest[:, 1] - other),
                "difference_high": difference + np.hypot(wide[:, 1] - mean, other - rest[:, 0]),
                "small": counted < SMALL,
            },
            columns=COLUMNS,
        )
        tables.append(table[counted > 0])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def _is_mean(panel: PeopleByCell, metric: str) -> bool:
    return metric in panel.averages and not panel.averages[metric].ratio


def _estimates(
    resamples: Resamples, values: Array, together: float, *, share: bool
) -> tuple[Array, Array, Array, NDArray[np.int64]]:
    """Return means, their 95 % intervals, those of a wider level, and how many people count."""
    means = resamples.means(values)
    interval = means.share_intervals if share else means.intervals
    return means.value, interval(), interval(together), means.people
