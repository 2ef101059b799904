"""What a dataset hands over is taken where that is safe, and refused by dataset, split and row where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, People, Split, Splits
from recourse_arena.people.intake import as_splits, check_splits

TABLE = FeatureTable((Feature("income"), Feature("children", kind=Kind.INTEGER)))
X, Y = torch.tensor([[1.5, 0.0], [2.5, 1.0], [0.5, 2.0]]), torch.tensor([0.0, 1.0, 1.0])


def splits(**changes):
    """Return splits in which some of the flow's validation people are others."""
    plain = People(X, Y)
    split = Split(plain, plain, plain)
    return Splits(split, replace(split, validation=replace(plain, **changes)), split)


def checked(given):
    found = as_splits(given, "town")
    check_splits(found, "town", TABLE, FeatureTable(()))
    return found


class Odd(torch.Tensor):
    """A tensor of somebody's own class."""


@pytest.mark.parametrize(
    "x",
    [
        X.double(),
        X.half(),
        X.numpy(),
        X.double().numpy().astype(">f8"),
        X.clone().requires_grad_() * 1.0,
        X.as_subclass(Odd),
        pd.DataFrame({"income": X[:, 0].numpy(), "children": [0, 1, 2]}),
        X.tolist(),
    ],
    ids=["double", "half", "numpy", "other end first", "gradients", "own class", "frame", "lists"],
)
def test_people_in_any_number_type_are_taken(x):
    found = checked(splits(x=x)).flow.validation.x
    assert torch.equal(found, X)
    assert (type(found), found.dtype, found.requires_grad) == (torch.Tensor, torch.float32, False)


@pytest.mark.parametrize(
    "y",
    [Y.bool(), Y.long(), Y.numpy().astype(np.uint8), Y[:, None], Y.double().requires_grad_(), pd.Series([0, 1, 1])],
    ids=["bool", "long", "uint8", "a column", "gradients", "series"],
)
def test_labels_in_any_number_type_and_in_a_column_are_taken(y):
    assert torch.equal(checked(splits(y=y)).flow.validation.y, Y)


def test_single_precision_is_taken_as_it_is_and_what_is_shared_stays_shared():
    found = checked(splits())
    assert found.decision.train.x is X
    assert found.decision is found.recourse


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": 2 * Y - 1}, r"row 0: expected a label of 1 \(favourable\) or 0, got -1 \(1 of 3 rows.*labels are -1, 1"),
        ({"y": Y + 1}, "row 1: expected a label of 1 .* got 2 .*labels are 1, 2"),
        ({"y": torch.tensor([0, 1, 2])}, "row 2: expected a label of 1 .* got 2"),
        ({"y": Y * torch.nan}, "row 0: expected a label of 1 .* got nan .*labels are no numbers"),
        ({"y": Y[:2]}, r"expected a label for each of 3 people, got the shape \(2,\)"),
        ({"y": torch.eye(3)}, r"expected a label for each of 3 people, got the shape \(3, 3\)"),
        ({"y": ["no", "yes", "yes"]}, "labels: expected numbers, got list"),
        ({"y": Y + 1j}, "labels: expected numbers, got Tensor of complex64"),
        ({"x": X[:, 0]}, r"expected shape \(people, 2\), got \(3,\)"),
        ({"x": X * torch.inf}, "row 0, feature 'income': expected a finite number"),
        ({"x": X.double() * 1e300}, "row 0, feature 'income': expected a finite number"),
        ({"x": None}, "features: expected numbers, got NoneType"),
        ({"x": X[:0], "y": Y[:0]}, "expected people, got none"),
    ],
)
def test_anything_else_is_refused_by_dataset_and_split(changes, message):
    with pytest.raises(ArenaError, match=f"^dataset town, flow validation split.*{message}"):
        checked(splits(**changes))


def test_what_is_no_splits_at_all_is_named():
    plain = People(X, Y)
    with pytest.raises(ArenaError, match="dataset town: expected Splits of its people, got tuple"):
        as_splits((plain, plain, plain), "town")
    with pytest.raises(ArenaError, match="dataset town, decision: expected a Split, got People"):
        as_splits(Splits(plain, plain, plain), "town")
    with pytest.raises(ArenaError, match="dataset town, decision train split: expected People, got Tensor"):
        as_splits(Splits(*[Split(X, X, X)] * 3), "town")
