"""What a dataset hands over, as the people that models and judge work with: taken where that is safe, else refused."""

from __future__ import annotations

__all__ = ["as_splits", "check_splits"]

from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import People, Split, Splits


def as_splits(splits: object, dataset: str) -> Splits:
    """Return splits with plain tensors in single precision: features `(people, features)`, labels `(people,)`.

    Other precisions, whole numbers, labels that are true and false or stand in one column, NumPy's arrays, pandas'
    frames and tensors with gradients are taken; single-precision tensors are taken as they are. Split and people that
    occur several times are one object afterwards, too.

    Arguments:
        splits: What a dataset returns.
        dataset: Its name, for messages.

    Raises:
        ArenaError: If a part is missing, or holds no numbers.
    """
    if not isinstance(splits, Splits):
        raise ArenaError(f"dataset {dataset}: expected Splits of its people, got {type(splits).__name__}")
    known: dict[int, Any] = {}

    def taken(people: object, what: str) -> People:
        if not isinstance(people, People):
            raise ArenaError(f"{what}: expected People, got {type(people).__name__}")
        if id(people) not in known:
            y = _numbers(people.y, f"{what}, labels")
            extra = people.attributes
            known[id(people)] = People(
                _numbers(people.x, f"{what}, features"),
                y.squeeze(1) if y.ndim == 2 and y.shape[1] == 1 else y,
                None if extra is None else _numbers(extra, f"{what}, attributes"),
            )
        found: People = known[id(people)]
        return found

    def split_of(purpose: str) -> Split:
        split, what = getattr(splits, purpose), f"dataset {dataset}, {purpose}"
        if not isinstance(split, Split):
            raise ArenaError(f"{what}: expected a Split, got {type(split).__name__}")
        if id(split) not in known:
            parts = {part.name: taken(getattr(split, part.name), f"{what} {part.name} split") for part in fields(split)}
            known[id(split)] = replace(split, **parts)
        found: Split = known[id(split)]
        return found

    return Splits(**{purpose.name: split_of(purpose.name) for purpose in fields(splits)})


def check_splits(splits: Splits, dataset: str, features: FeatureTable, attributes: FeatureTable) -> None:
    """Raise what is wrong with some people, of splits as :func:`as_splits` returns them.

    Raises:
        ArenaError: With dataset, split, row, what was expected and what came, if a part is empty, a value is not one of
            its feature's, or a label is neither 1 (favourable) nor 0.
    """
    for purpose in fields(splits):
        for part in fields(Split):
            people = getattr(getattr(splits, purpose.name), part.name)
            what = f"dataset {dataset}, {purpose.name} {part.name} split"
            features.validate(people.x, what=what)
            if not len(people):
                raise ArenaError(f"{what}: expected people, got none")
            _check_labels(people.y, len(people), what)
            _check_attributes(people, attributes, f"{what}, attributes")


def _check_labels(y: Tensor, people: int, what: str) -> None:
    if tuple(y.shape) != (people,):
        raise ArenaError(f"{what}: expected a label for each of {people} people, got the shape {tuple(y.shape)}")
    wrong = (y != 0) & (y != 1)
    if wrong.any():
        row, values = int(wrong.nonzero()[0]), y[~y.isnan()].unique()
        some = ", ".join(f"{value:g}" for value in values[:6].tolist()) + (", ..." if len(values) > 6 else "")
        raise ArenaError(
            f"{what}: row {row}: expected a label of 1 (favourable) or 0, got {y[row].item():g} "
            f"({int(wrong.sum())} of {people} rows are affected; labels are {some or 'no numbers'})"
        )


def _check_attributes(people: People, attributes: FeatureTable, what: str) -> None:
    if people.attributes is None and not len(attributes):
        return
    codes = people.x[:, :0] if people.attributes is None else people.attributes
    if len(codes) != len(people):
        raise ArenaError(f"{what}: expected a row for each of {len(people)} people, got {len(codes)}")
    attributes.validate(codes, what=what)


def _numbers(values: Any, what: str) -> Tensor:
    """Return a tensor in single precision that nothing else writes to by its gradients, or raise that it is none."""
    if type(values) is Tensor and values.dtype is torch.float32 and values.device.type == "cpu":
        return values.detach() if values.requires_grad else values
    try:
        if isinstance(values, Tensor):
            plain = values.detach().cpu().as_subclass(Tensor)
            array = (plain.float() if plain.is_floating_point() else plain).numpy()
        else:
            array = np.asarray(values)
            if array.dtype == object and array.ndim:  # as frames of several types are
                array = array.astype(float)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ArenaError(f"{what}: expected numbers, got {type(values).__name__}: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ArenaError(f"{what}: expected numbers, got {type(values).__name__} of {array.dtype}")
    with np.errstate(over="ignore"):  # what is too large is infinite, and refused as that
        return torch.from_numpy(array.astype(np.float32))
