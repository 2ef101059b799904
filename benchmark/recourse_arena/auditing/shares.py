"""Shares and means as an audit reports them: with their interval, and how many people they rest on."""

from __future__ import annotations

__all__ = ["FEWEST", "by_group", "mean_of", "share_of"]

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recourse_arena.statistics.bootstrap import Resamples
from recourse_arena.statistics.intervals import share_interval

FEWEST = 20
"""Groups of fewer people are listed and not scored."""


def share_of(yes: NDArray[np.bool_], fewest: int = 1) -> dict[str, Any]:
    """Return the share of people that is so: `share, low, high` (Wilson's 95 % interval), `count, people`.

    Of fewer people than `fewest`, and of nobody, the share is not given.

    Example:
        >>> {name: round(value, 2) for name, value in share_of(np.array([True, False, True, True])).items()}
        {'share': 0.75, 'low': 0.3, 'high': 0.95, 'count': 3, 'people': 4}
    """
    count, people = int(np.sum(yes)), len(yes)
    if people < max(fewest, 1):
        return {"share": None, "low": None, "high": None, "count": count, "people": people}
    low, high = share_interval(count, people)
    return {"share": count / people, "low": float(low), "high": float(high), "count": count, "people": people}


def mean_of(values: NDArray[np.float64]) -> dict[str, Any]:
    """Return the mean of known values: `mean, low, high` (95 % bootstrap-t interval), `people`; nan does not count.

    Of fewer than 20 values it is not given.
    """
    known = values[np.isfinite(values)]
    if len(known) < FEWEST:
        return {"mean": None, "low": None, "high": None, "people": len(known)}
    ends = Resamples.draw(np.zeros(len(known), dtype=np.int64)).means(known[:, None]).intervals()[0]
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return {"mean": float(known.mean()), "low": low, "high": high, "people": len(known)}


def by_group(
    groups: Mapping[str, NDArray[np.object_]], score: Callable[[NDArray[np.bool_]], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what is said of each group, a list per attribute: `attribute, groups` with `group, people` and the score.

    Arguments:
        groups: The group of each person by attribute.
        score: Says something of the people of a group, bool `(people,)`; not asked about groups of fewer than 20.
    """
    found = []
    for attribute, words in groups.items():
        rows = []
        for group in sorted(set(words)):
            inside = np.asarray(words == group, dtype=bool)
            row: dict[str, Any] = {"group": group, "people": int(inside.sum()), "small": bool(inside.sum() < FEWEST)}
            rows.append(row if row["small"] else {**row, **score(inside)})
        found.append({"attribute": attribute, "groups": rows})
    return found
