"""Groups of people: in words, by what protects them, and as cells for those who compose for all."""

from __future__ import annotations

__all__ = [
    "Groups",
    "check_named",
    "check_protected",
    "group_codes",
    "groups_in_words",
    "protected_groups",
    "told_apart",
]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.protected import attributes_named, cell_names

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.people.features import Feature, FeatureTable
    from recourse_arena.people.people import People


@dataclass(frozen=True)
class Groups:
    """Who is in which protected group.

    Arguments:
        names: What each group is called.
        of: The number of each person's group, long `(people,)`.
    """

    names: tuple[str, ...]
    of: Tensor

    def __getitem__(self, people: slice | Tensor) -> Groups:
        """Return the groups of some of the people."""
        return Groups(self.names, self.of[people])


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


def check_named(by: str, features: Iterable[Feature]) -> None:
    """Raise that a menu's groups are by something else than sensitive features and attributes with levels.

    Arguments:
        by: Attributes, joined by `-`.
        features: The features and attributes that there are.

    Raises:
        ArenaError: If there is no such attribute, one is named twice, or it has no levels.
    """
    sensitive = {feature.name: feature for feature in features if feature.sensitive}
    named = attributes_named(by, tuple(sensitive))
    if named is None:
        raise unknown("protected attribute of a menu (by-ATTRIBUTE, joined by '-')", by, tuple(sensitive))
    for name in named:
        if not sensitive[name].levels:
            raise ArenaError(f"a menu by {name!r}: it has no levels by which people could be told apart")


def told_apart(protected: Mapping[str, tuple[str, ...]], features: Iterable[Feature]) -> dict[str, tuple[str, ...]]:
    """Return the levels whose people are called by their own name, against all others; none where each level is.

    That is so of both of two levels, and of the one level that is protected where all others are named as not.

    Arguments:
        protected: Levels that are not protected, by the name of a feature or attribute.
        features: The features and attributes that there are.

    Example:
        >>> from recourse_arena.people.features import Feature, Kind
        >>> race = Feature("race", Kind.CATEGORICAL, levels=("A", "B", "C"))
        >>> told_apart({"race": ("A", "B")}, [race]), told_apart({"race": ("A",)}, [race])
        ({'race': ('C',)}, {'race': ('A',)})
    """
    known, found = {feature.name: feature for feature in features}, {}
    for name, first in protected.items():
        others = [level for level in known[name].levels if level not in first]
        alone = len(others) == 1 and len(first) > 1
        found[name] = () if len(known[name].levels) == 2 else (others[0],) if alone else tuple(first)
    return found


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


def protected_groups(
    words: Mapping[str, list[str]], protected: Mapping[str, tuple[str, ...]], by: str = ""
) -> Groups | None:
    """Return whose group is whose; none where a dataset protects nobody and nothing is asked for.

    Arguments:
        words: Sensitive attributes of people as words, as :func:`groups_in_words` returns them.
        protected: Which levels stand against all others, by attribute.
        by: Attributes, joined by `-`; empty for the first that is protected.

    Raises:
        ArenaError: If there is no such attribute.
    """
    import torch

    said = {name.removeprefix("group_"): levels for name, levels in words.items()}
    if not by and not protected:
        return None
    attributes = attributes_named(by, tuple(said)) if by else (next(iter(protected)),)
    if attributes is None:
        raise unknown("protected attribute of a menu (by-ATTRIBUTE, joined by '-')", by, tuple(said))
    if lacking := [name for name in attributes if name not in said]:
        raise ArenaError(f"{lacking[0]!r} is protected, but no sensitive feature or attribute is called so")
    cells = cell_names([(said[name], protected.get(name, ())) for name in attributes])
    names = tuple(sorted(set(cells)))
    places = {name: place for place, name in enumerate(names)}
    return Groups(names, torch.tensor([places[cell] for cell in cells], dtype=torch.int64))
