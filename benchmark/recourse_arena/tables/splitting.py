"""People split at random, with the same share of favourable labels in every part."""

from __future__ import annotations

__all__ = ["recourse_splits", "stratified"]

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import generator
from recourse_arena.people.people import People, Split, Splits

_APART = (0.45, 0.05, 0.2, 0.05, 0.25)
"""Shares of who trains and validates the decision model, of who trains and validates recourse, and of test people."""


def stratified(people: People, shares: tuple[float, float, float], *, seed: int, name: str) -> Split:
    """Return training, validation and test people, drawn anew for every seed, stratified by label.

    Arguments:
        people: The people.
        shares: Shares of the three parts.
        seed: The seed.
        name: Name of the dataset, on which the draws depend.

    Raises:
        ArenaError: If there are too few people of a label for each part to have one.
    """
    draws = generator(seed, name, "split")
    rows = [(people.y == label).nonzero()[:, 0] for label in (0.0, 1.0)]
    train, validation, test = _parts(people, rows, shares, draws, name=name)
    return Split(train, validation, test)


def recourse_splits(people: People, groups: Tensor | None, *, seed: int, name: str) -> Splits:
    """Return people of whom nobody trains both the decision model and recourse, stratified by label and group.

    Half of them are for the decision model, a tenth of whom validate it; a quarter is for recourse, a fifth of whom
    validate it; the last quarter tests both. What follows from actions is learnt from the quarter for recourse.

    Arguments:
        people: The people.
        groups: The protected group of each, whole numbers `(people,)`; none: by label alone.
        seed: The seed.
        name: Name of the dataset, on which the draws depend.

    Raises:
        ArenaError: If there are too few people of a label for each part to have one.
    """
    draws = generator(seed, name, "split-recourse")
    cells = people.y if groups is None else people.y + 2 * groups
    rows = [(cells == cell).nonzero()[:, 0] for cell in cells.unique().tolist()]
    parts = _parts(people, rows, _APART, draws, name=name)
    test = parts[-1]
    recourse = Split(parts[2], parts[3], test)
    return Splits(decision=Split(parts[0], parts[1], test), flow=recourse, recourse=recourse)


def _parts(
    people: People, strata: Sequence[Tensor], shares: Sequence[float], draws: torch.Generator, *, name: str
) -> list[People]:
    """Return people in parts, each with its share of every stratum."""
    parts: list[list[Tensor]] = [[] for _ in shares]
    for rows in strata:
        shuffled = rows[torch.randperm(len(rows), generator=draws)]
        ends = [0, *(round(share * len(rows)) for share in list(accumulate(shares))[:-1]), len(rows)]
        for part, start, end in zip(parts, ends, ends[1:], strict=False):
            part.append(shuffled[start:end])
    # Sorted, so that who is in a part does not show in the order of labels.
    found = [people[torch.cat(part).sort().values] for part in parts]
    for label in (0.0, 1.0):
        if not all((part.y == label).any() for part in found):
            said = "the favourable label" if label else "an unfavourable label"
            many = {3: "three", 5: "five"}[len(shares)]
            raise ArenaError(
                f"dataset {name}: {int((people.y == label).sum())} people with {said} are too few to be split {many} "
                f"ways, by {', '.join(f'{share:g}' for share in shares)}; expected some in each part"
            )
    return found
