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

_WAYS = {3: "three", 5: "five"}


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
    train, validation, test = (people[part] for part in _parts(people, rows, shares, draws, name=name))
    return Split(train, validation, test)


def recourse_splits(people: People, groups: Tensor | None, *, validates: bool, seed: int, name: str) -> Splits:
    """Return people of whom nobody trains both the decision model and recourse, stratified by label and group.

    Half of them are for the decision model, a tenth of whom validate it if it looks at them; a quarter is for recourse,
    a fifth of whom validate it; the last quarter tests both. What follows from actions is learnt from the quarter for
    recourse. Whose decision model looks at no validation people, those of recourse stand there.

    Arguments:
        people: The people.
        groups: The protected group of each, whole numbers `(people,)`; none: by label alone.
        validates: Whether the decision model looks at validation people.
        seed: The seed.
        name: Name of the dataset, on which the draws depend.

    Raises:
        ArenaError: If there are too few people of a label for each part to have one.
    """
    draws = generator(seed, name, "split-recourse")
    cells = people.y if groups is None else people.y + 2 * groups
    rows = [(cells == cell).nonzero()[:, 0] for cell in cells.unique().tolist()]
    most, few, train, validation, test = _parts(people, rows, _APART, draws, name=name)
    decision = (people[most], people[few]) if validates else (people[most | few], people[validation])
    recourse = Split(people[train], people[validation], people[test])
    return Splits(decision=Split(*decision, recourse.test), flow=recourse, recourse=recourse)


def _parts(
    people: People, strata: Sequence[Tensor], shares: Sequence[float], draws: torch.Generator, *, name: str
) -> list[Tensor]:
    """Return who is in which part, bool `(people,)` each; every part has its share of every stratum."""
    parts = [torch.zeros(len(people), dtype=torch.bool) for _ in shares]
    for rows in strata:
        shuffled = rows[torch.randperm(len(rows), generator=draws)]
        ends = [0, *(round(share * len(rows)) for share in list(accumulate(shares))[:-1]), len(rows)]
        for part, start, end in zip(parts, ends, ends[1:], strict=False):
            part[shuffled[start:end]] = True
    for label in (0.0, 1.0):
        if not all((people.y[part] == label).any() for part in parts):
            said = "the favourable label" if label else "an unfavourable label"
            raise ArenaError(
                f"dataset {name}: {int((people.y == label).sum())} people with {said} are too few to be split "
                f"{_WAYS[len(shares)]} ways, by {', '.join(f'{share:g}' for share in shares)}; expected some in each "
                "part"
            )
    return parts
