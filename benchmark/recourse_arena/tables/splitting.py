"""People split at random, with the same share of favourable labels in every part."""

from __future__ import annotations

__all__ = ["stratified"]

import torch

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import generator
from recourse_arena.people.people import People, Split


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
    parts: list[list[torch.Tensor]] = [[], [], []]
    for label in (0.0, 1.0):
        rows = (people.y == label).nonzero()[:, 0]
        rows = rows[torch.randperm(len(rows), generator=draws)]
        first, second = round(shares[0] * len(rows)), round((shares[0] + shares[1]) * len(rows))
        for part, found in zip(parts, (rows[:first], rows[first:second], rows[second:]), strict=True):
            if not len(found):
                said = "the favourable label" if label else "an unfavourable label"
                raise ArenaError(
                    f"dataset {name}: {len(rows)} people with {said} are too few to be split three ways, by "
                    f"{', '.join(f'{share:g}' for share in shares)}; expected some in each part"
                )
            part.append(found)
    # Sorted, so that who is in a part does not show in the order of labels.
    train, validation, test = (people[torch.cat(part).sort().values] for part in parts)
    return Split(train, validation, test)
