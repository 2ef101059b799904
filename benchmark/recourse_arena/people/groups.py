"""Groups of people: in words for records, and as cells of protected attributes for those who compose for all."""

from __future__ import annotations

__all__ = ["Groups", "groups_in_words", "protected_groups"]

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.protected import attributes_named, cell_names


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
