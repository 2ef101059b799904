"""Where advice leads, as ways in the encoding of a dataset: from the records of a run alone."""

from __future__ import annotations

__all__ = ["Moves"]

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.statistics.bootstrap import Array
from recourse_arena.storage.run_files import RunFiles

_MOVED = 1e-4
"""Least change of a feature, in units of the encoding, that counts as one (arXiv 2605.17160)."""


@dataclass(frozen=True)
class Way:
    """Differences of people to their counterfactuals.

    Arguments:
        numbers: Of numbers and ordered levels, in standard deviations, `(people, features)`; 0 elsewhere.
        start: Codes of categories before, `(people, features)`; nan elsewhere.
        end: Codes of categories after.
    """

    numbers: Array
    start: Array
    end: Array

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Which categories are others, bool `(people, features)`."""
        return np.asarray(np.isfinite(self.start) & (self.start != self.end), dtype=bool)

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Which features are moved, bool `(people, features)`."""
        return np.asarray(self.changed | (np.abs(self.numbers) > _MOVED), dtype=bool)


@dataclass(frozen=True)
class Moves:
    """How differences of people look in the encoding of a dataset.

    Arguments:
        names: The features.
        scale: Their standard deviations, 1 where they are not standardised, `(features,)`.
        categorical: Which are categories, bool `(features,)`.
    """

    names: tuple[str, ...]
    scale: Array
    categorical: Array

    @classmethod
    def of(cls, run: RunFiles, dataset: str) -> Moves:
        """Return those of a dataset of a run."""
        said = next(found["features"] for found in run.info["materials"] if found["dataset"] == dataset)
        scale = np.array([float(one.get("sd") or 1.0) for one in said])
        return cls(tuple(one["name"] for one in said), scale, np.array([one["kind"] == "categorical" for one in said]))

    def ways(self, people: pd.DataFrame, suffix: str) -> Way:
        """Return the ways of people, columns `factual_NAME` and `counterfactual_NAME` with a suffix."""
        before, after = (
            np.stack([people[f"{prefix}_{name}{suffix}"].to_numpy(dtype=float) for name in self.names], axis=1)
            for prefix in ("factual", "counterfactual")
        )
        numbers = np.where(self.categorical, 0.0, (after - before) / self.scale)
        hidden = np.where(self.categorical, before, np.nan), np.where(self.categorical, after, np.nan)
        return Way(numbers, *hidden)

    def cosine(self, one: Way, other: Way) -> Array:
        """Return the cosine of ways in the encoding, `(people,)`; nan where one of them leads nowhere.

        A change of category leaves one column and enters another: two changes from the same level have the one in
        common, and the other if they lead to the same level.
        """
        same = one.changed & other.changed
        inner = (one.numbers * other.numbers).sum(1) + (same * (1.0 + (one.end == other.end))).sum(1)
        lengths = [np.sqrt((way.numbers**2).sum(1) + 2.0 * way.changed.sum(1)) for way in (one, other)]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(lengths[0] * lengths[1] > 0, inner / (lengths[0] * lengths[1]), np.nan))

    def overlap(self, one: Way, other: Way) -> Array:
        """Return the share of features that both ways move among those that either does; nan where none is moved."""
        common, either = (one.moved & other.moved).sum(1), (one.moved | other.moved).sum(1)
        return np.asarray(np.where(either > 0, common / np.maximum(either, 1), np.nan))
