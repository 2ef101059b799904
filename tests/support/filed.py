"""A plugin for tests: a dataset of two files in the data directory, and a third anywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tiny

from recourse_arena import Split, Splits, hookimpl


class Filed(tiny.Tiny):
    """The tiny dataset, its effort moved by the numbers in its files.

    Arguments:
        third: Path of a third file.
    """

    name = "filed"

    def __init__(self, *, third: str = ""):
        self.third = third

    def files(self, data):
        own = data / "filed" / "one.txt", data / "filed" / "two.txt"
        return (*own, Path(self.third)) if self.third else own

    def splits(self, *, seed, data):
        shift = sum(float(place.read_text()) for place in self.files(data))

        def moved(people):
            x = people.x.clone()
            x[:, 1] += shift
            return replace(people, x=x)

        given = super().splits(seed=seed, data=data).flow
        split = Split(moved(given.train), moved(given.validation), moved(given.test))
        return Splits(split, split, split)


@hookimpl
def recourse_datasets():
    return [Filed]
