"""People as DiCE sees them: data frames with its types, under names that its string matching cannot mistake."""

from __future__ import annotations

__all__ = ["OUTCOME", "Table"]

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from recourse_arena import Box, Feature, FeatureTable, Kind, People

OUTCOME = "outcome"
"""Name of the column of labels that DiCE wants."""

_CATEGORICAL = (Kind.BINARY, Kind.CATEGORICAL)
_RESOLUTION = 4
"""Decimal digits that the values of a continuous feature have within its range."""


@dataclass(frozen=True)
class Table:
    """The features of a dataset as columns of a data frame.

    DiCE finds the columns of a one-hot encoding by what their names begin with, so columns are numbered: no name is
    the beginning of another one, nor that of the outcome. Levels of a category go by the places of their names in
    alphabetical order, for DiCE draws levels in the order of what they are called: how codes are given out must not
    change what it draws.

    Arguments:
        features: The features.
        training: The people whom DiCE learns ranges and levels from.
    """

    features: FeatureTable
    training: People

    @property
    def names(self) -> list[str]:
        """Column names, in the order of the features."""
        return [f"x{number:04d}" for number in range(len(self.features))]

    @property
    def continuous(self) -> list[str]:
        """Columns that hold numbers in the eyes of DiCE, whole or not."""
        return [name for name, f in zip(self.names, self.features, strict=True) if f.kind not in _CATEGORICAL]

    @property
    def precision(self) -> dict[str, int]:
        """Decimal digits after the point, of each column of numbers."""
        spans = (self.training.x.amax(0) - self.training.x.amin(0)).tolist()
        return {
            name: 0 if feature.whole else max(0, _RESOLUTION - (math.floor(math.log10(span)) if span > 0 else 0))
            for name, feature, span in zip(self.names, self.features, spans, strict=True)
            if feature.kind not in _CATEGORICAL
        }

    @property
    def tolerance(self) -> Tensor:
        """Changes up to this are rounding, `(features,)`."""
        return torch.tensor([10.0 ** -self.precision.get(n, 0) if not f.whole else 0.5 for n, f in self._columns()])

    def frame(self, x: Tensor) -> pd.DataFrame:
        """Return people `x` `(people, features)` as a data frame; levels of categories are strings of their places."""
        columns, x = {}, self.features.alphabetical(x) if self.features.mixed else x
        for (name, feature), values in zip(self._columns(), x.T, strict=True):
            if feature.kind in _CATEGORICAL:
                columns[name] = pd.Series([str(int(code)) for code in values.tolist()], dtype=object)
            else:
                whole = feature.whole
                columns[name] = pd.Series(values.long().numpy() if whole else values.double().numpy())
        return pd.DataFrame(columns)

    def tensor(self, frame: pd.DataFrame) -> Tensor:
        """Return the people of a data frame, `(people, features)`."""
        columns = [torch.from_numpy(frame[name].astype(float).to_numpy(copy=True)) for name in self.names]
        for column, feature in enumerate(self.features):
            if feature.kind is Kind.CATEGORICAL:
                columns[column] = columns[column].new_tensor(feature.alphabetical)[columns[column].long()]
        return torch.stack(columns, 1).to(self.training.x.dtype)

    def place(self, feature: Feature, code: float) -> int:
        """Return what DiCE calls a level of a feature: of a category, the place of its name in alphabetical order."""
        return feature.alphabetical.index(int(code)) if feature.kind is Kind.CATEGORICAL else int(code)

    def code(self, feature: Feature, place: int) -> int:
        """Return the code of a level of a feature by what DiCE calls it."""
        return feature.alphabetical[place] if feature.kind is Kind.CATEGORICAL else place

    def with_every_level(self, x: Tensor) -> Tensor:
        """Return people `x` `(people, features)` and, behind them, one for each level of a category that nobody has.

        DiCE refuses to be asked about somebody with a level that it has not seen; it is not permitted to propose it.
        """
        more = [x]
        for column, feature in enumerate(self.features):
            if feature.kind is Kind.CATEGORICAL:
                present = set(x[:, column].long().tolist())
                for code in (code for code in feature.alphabetical if code not in present):
                    stranger = x[:1].clone()
                    stranger[:, column] = code
                    more.append(stranger)
        return torch.cat(more)

    def permitted(self, box: Box, mask: Tensor) -> dict[str, list[Any]]:
        """Return DiCE's `permitted_range` of one person: the `box` `(1, features)` where `mask` allows action."""
        ranges: dict[str, list[Any]] = {}
        for j, (name, feature) in enumerate(self._columns()):
            seen = self.training.x[:, j]
            lower, upper = (float(end[0, j]) for end in (box.lower, box.upper))
            if feature.kind in _CATEGORICAL:
                levels = seen.unique().tolist()
                kept = [v for v in levels if not mask[j] or lower <= v <= upper]
                ranges[name] = [str(place) for place in sorted(self.place(feature, v) for v in kept)]
            elif mask[j]:
                ranges[name] = [math.ceil(lower), math.floor(upper)] if feature.whole else [lower, upper]
            else:
                ranges[name] = [float(seen.min()), float(seen.max())]
        return ranges

    def _columns(self) -> list[tuple[str, Feature]]:
        return list(zip(self.names, self.features, strict=True))
