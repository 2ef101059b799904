"""Groups of people, in words."""

from __future__ import annotations

__all__ = ["groups_in_words"]

from torch import Tensor

from recourse_arena.people.features import FeatureTable


def groups_in_words(features: FeatureTable, people: Tensor) -> dict[str, list[str]]:
    """Return the sensitive features of `people` `(people, features)` as words, a column `group_<feature>` each."""
    return {
        f"group_{feature.name}": [
            feature.levels[int(value)] if feature.levels else f"{value:g}" for value in people[:, j].tolist()
        ]
        for j, feature in enumerate(features)
        if feature.sensitive
    }
