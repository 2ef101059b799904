"""Groups of people: in words, and by what protects them."""

from __future__ import annotations

__all__ = ["check_protected", "group_codes", "groups_in_words"]

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError, unknown

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.people.features import Feature, FeatureTable
    from recourse_arena.people.people import People


def groups_in_words(features: FeatureTable, people: Tensor) -> dict[str, list[str]]:
    """Return the sensitive features of `people` `(people, features)` as words, a column `group_<feature>` each."""
    return {
        f"group_{feature.name}": [
            feature.levels[int(value)] if feature.levels else f"{value:g}" for value in people[:, j].tolist()
        ]
        for j, feature in enumerate(features)
        if feature.sensitive
    }


def check_protected(protected: Mapping[str, tuple[str, ...]], features: Iterable[Feature]) -> None:
    """Raise that something is no protected feature or attribute, or that nobody would be protected.

    Arguments:
        protected: Levels that are not protected, by the name of a feature or attribute; none: each is a group.
        features: The features and attributes that there are.

    Raises:
        ArenaError: If a name or level is unknown, a feature is not sensitive or has no levels, or all are named.
    """
    known = {feature.name: feature for feature in features}
    for name, first in protected.items():
        if name not in known:
            raise unknown("protected feature or attribute", name, known)
        feature = known[name]
        if not feature.levels:
            raise ArenaError(f"{name!r} has no levels by which people could be told apart")
        if not feature.sensitive:
            raise ArenaError(f"{name!r} is not sensitive; say so where it is declared (`sensitive = true`)")
        for level in first:
            if level not in feature.levels:
                raise unknown(f"level of {name!r}", level, feature.levels)
        if {*feature.levels} <= {*first}:
            raise ArenaError(f"{name!r}: all of its levels are named as not protected, which leaves nobody who is")


def group_codes(
    name: str, first: tuple[str, ...], people: People, features: FeatureTable, attributes: FeatureTable
) -> Tensor:
    """Return the group of each person by a protected feature or attribute, whole numbers `(people,)`.

    Arguments:
        name: Its name.
        first: Levels that are not protected: group 0, all others are group 1. None: each level is a group.
        people: The people, with their attributes if it is one.
        features: The features.
        attributes: The attributes.

    Raises:
        ArenaError: If it is an attribute, and the people come without.

    Example:
        >>> import torch
        >>> from recourse_arena.people.features import Feature, FeatureTable, Kind
        >>> from recourse_arena.people.people import People
        >>> race = Feature("race", Kind.CATEGORICAL, levels=("Black", "Other", "White"), sensitive=True)
        >>> people = People(torch.tensor([[0.0], [2.0], [1.0]]), torch.zeros(3))
        >>> group_codes("race", ("White",), people, FeatureTable((race,)), FeatureTable(())).tolist()
        [1, 0, 1]
    """
    if name in features.names:
        feature, values = features[name], people.x[:, features.index(name)]
    elif people.attributes is None:
        raise ArenaError(f"{name!r} is an attribute that no model sees, and these people come without it")
    else:
        feature, values = attributes[name], people.attributes[:, attributes.index(name)]
    codes = values.long()
    if not first:
        return codes
    unprotected = codes.new_tensor([feature.levels.index(level) for level in first])
    return (codes[:, None] != unprotected).all(1).long()
