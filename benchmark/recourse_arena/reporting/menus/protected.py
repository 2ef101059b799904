"""Groups that a protected attribute makes of people: its levels as the dataset bins them, or cells of several."""

from __future__ import annotations

__all__ = ["SMALL", "attributes_asked", "groups_of"]

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.protected import attributes_named, cell_names

SMALL = 20
"""Groups with fewer people are listed, and not scored."""


def attributes_asked(by: str, protected: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the attributes whose groups count.

    Arguments:
        by: As a scenario's name writes them (`race-sex`); empty for the first protected one.
        protected: Attributes that the dataset protects, in its order.
        known: Attributes that the run records of people.

    Raises:
        ArenaError: If `by` names none that is known.

    Example:
        >>> attributes_asked("race-native-country", ["race"], ["race", "native-country"])
        ('race', 'native-country')
        >>> attributes_asked("", ["race"], ["sex"]), attributes_asked("", [], [])
        (('race',), ())
    """
    names = list(dict.fromkeys([*protected, *known]))
    if not by:
        return tuple(names[:1])
    found = attributes_named(by, names)
    if found is None:
        raise ArenaError(f"+by-{by}: expected attributes of {', '.join(names) or 'nobody'}, joined by '-'")
    return found


def groups_of(
    people: pd.DataFrame, attributes: Sequence[str], protected: Mapping[str, Sequence[str]]
) -> NDArray[np.object_]:
    """Return the group of each person in words, empty where it is not known.

    Arguments:
        people: Rows with a column `group_ATTRIBUTE` of each attribute.
        attributes: The attributes; of several, groups are cells such as `White, Female`.
        protected: For each attribute the levels that stand by themselves; without any, each level does.

    Raises:
        ArenaError: If a column is not there.
    """
    columns = [f"group_{name}" for name in attributes]
    if lacking := [name for name in columns if name not in people]:
        raise ArenaError(f"people.parquet has no column {lacking[0]}, by which groups are told")
    if not columns:
        return np.full(len(people), "", dtype=object)
    words = people[columns].astype(object).where(people[columns].notna(), None)
    kind = words.groupby(columns, sort=False, dropna=False).ngroup().to_numpy()
    kinds = words.iloc[np.unique(kind, return_index=True)[1]]
    known = kinds.notna().all(axis=1).to_numpy(dtype=bool)
    levels = [(kinds[f"group_{name}"].astype(str).tolist(), protected.get(name, ())) for name in attributes]
    cells = np.array([cell if there else "" for cell, there in zip(cell_names(levels), known, strict=True)], object)
    return cells[kind]
