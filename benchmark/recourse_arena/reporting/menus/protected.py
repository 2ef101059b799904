"""Groups that a protected attribute makes of people: its levels as the dataset bins them, or cells of several."""

from __future__ import annotations

__all__ = ["OTHER", "SMALL", "attributes_asked", "groups_of"]

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.base.errors import ArenaError

SMALL = 20
"""Groups with fewer people are listed, and not scored."""

OTHER = "other"
"""What everybody else is called where an attribute protects some levels against all others."""


def attributes_asked(by: str, protected: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the attributes whose groups count.

    Arguments:
        by: As a scenario's name writes them (`race-sex`); empty for the first protected one.
        protected: Attributes that the dataset protects, in its order.
        known: Attributes that the run records of people.

    Raises:
        ArenaError: If `by` names none that is known.

    Example:
        >>> attributes_asked("race-native-country", ["race"], ["sex", "native-country"])
        ('race', 'native-country')
        >>> attributes_asked("", ["race"], ["sex"]), attributes_asked("", [], [])
        (('race',), ())
    """
    names = list(dict.fromkeys([*protected, *known]))
    if not by:
        return tuple(names[:1])
    longest = sorted(names, key=len, reverse=True)
    rest, found = by.lower(), []
    while rest:
        fitting = (name for name in longest if rest == name.lower() or rest.startswith(f"{name.lower()}-"))
        name = next(fitting, None)
        if name is None:
            raise ArenaError(f"+by-{by}: expected attributes of {', '.join(names) or 'nobody'}, joined by '-'")
        found.append(name)
        rest = rest[len(name) + 1 :]
    return tuple(found)


def groups_of(
    people: pd.DataFrame, attributes: Sequence[str], protected: Mapping[str, Sequence[str]]
) -> NDArray[np.object_]:
    """Return the group of each person in words, empty where it is not known.

    Arguments:
        people: Rows with a column `group_ATTRIBUTE` of each attribute.
        attributes: The attributes; of several, groups are cells such as `White, Female`.
        protected: For each attribute levels that count together against all others (:data:`OTHER`); without any, each
            level is a group.

    Raises:
        ArenaError: If a column is not there.
    """
    columns = []
    for name in attributes:
        if f"group_{name}" not in people:
            raise ArenaError(f"people.parquet has no column group_{name}, by which groups are told")
        words = people[f"group_{name}"]
        known = words.notna().to_numpy(dtype=bool)
        labels = words.astype(str).to_numpy(dtype=object)
        levels = list(protected.get(name, ()))
        if levels:
            labels = np.where(np.isin(labels.astype(str), levels), " or ".join(levels), OTHER).astype(object)
        columns.append(np.where(known, labels, ""))
    if not columns:
        return np.full(len(people), "", dtype=object)
    cells = pd.DataFrame(dict(enumerate(columns)))
    kinds = cells.drop_duplicates()
    joined = [", ".join(parts) if all(parts) else "" for parts in kinds.itertuples(index=False)]
    found = cells.merge(kinds.assign(joined=joined), on=[*cells], how="left")
    return found["joined"].to_numpy(dtype=object)
