"""German and Adult for tests of decision models: German is shipped, Adult is there where its files are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch

from recourse_arena import FeatureTable, Kind, People
from recourse_arena.base.folders import data_folder
from recourse_arena.registry.discovery import discover

TABLES = ("german", "adult")


@cache
def borrowers(name: str) -> tuple[FeatureTable, People, torch.Tensor]:
    """Return features, up to 3,000 training people, and everybody to be decided on; skip where a file is missing."""
    dataset = discover().dataset(name)
    if reason := dataset.unavailable(data_folder(None)):
        pytest.skip(reason)
    split = dataset.splits(seed=0, data=data_folder(None)).recourse
    everybody = torch.cat([split.train.x, split.validation.x, split.test.x])
    return dataset.features, split.train[:3_000], everybody


def in_words(features: FeatureTable, x: torch.Tensor) -> pd.DataFrame:
    """Return people as a table of numbers and words."""
    return pd.DataFrame(
        {
            feature.name: [feature.levels[int(code)] for code in column] if feature.levels else column.double().numpy()
            for feature, column in zip(features, x.unbind(1), strict=True)
        }
    )


def in_levels(features: FeatureTable, x: torch.Tensor) -> np.ndarray:
    """Return people with a column for each number and each level of a category, in the order of declaration."""
    parts = []
    for feature, column in zip(features, x.numpy().T, strict=True):
        if feature.kind is Kind.CATEGORICAL:
            parts += [(column == code).astype(np.float32) for code in range(len(feature.levels))]
        else:
            parts.append(column)
    return np.stack(parts, 1)
