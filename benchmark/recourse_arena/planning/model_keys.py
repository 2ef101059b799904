"""Content keys of the models of a dataset and seed, known before anything is computed."""

from __future__ import annotations

__all__ = ["ModelKeys"]

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import content_key
from recourse_arena.registry.registry import Registry

_RECIPE_VERSION = 5
"""Changes whenever the same recipe leads to other models."""


@dataclass(frozen=True)
class ModelKeys:
    """Content keys of the models of a dataset and seed, known before anything is computed.

    Arguments:
        materials: Key of all of it.
        classifier: Key of the decision model.
        flow: Key of the causal flow, which never sees the decision model: variants of a dataset in nothing but how
            that is trained have the same one.
        file: Digest of the dataset's files.
    """

    materials: str
    classifier: str
    flow: str
    file: str

    @classmethod
    def of(cls, name: str, *, seed: int, data: Path, registry: Registry, arithmetic: str) -> ModelKeys:
        """Return the keys of a dataset with options; `arithmetic` says how it will be computed.

        Raises:
            ArenaError: If the dataset cannot be used.
        """
        dataset = registry.dataset(name)
        reason = dataset.unavailable(data)
        if reason:
            raise ArenaError(reason)
        origin: dict[str, Any] = {
            "dataset": registry.origin("datasets", name),
            "version": dataset.version,
            "file": dataset.fingerprint(data),
            "seed": seed,
            "recipe_version": _RECIPE_VERSION,
            "arithmetic": arithmetic,
        }
        whatever_decides = origin | {"dataset": _without(origin["dataset"], dataset.decision_options)}
        return cls(
            content_key(**origin, decision=dataset.decision, flow=dataset.flow),
            content_key(**origin, recipe=dataset.decision),
            content_key(**whatever_decides, recipe=dataset.flow),
            str(origin["file"]),
        )


def _without(origin: dict[str, Any], options: Collection[str]) -> dict[str, Any]:
    """Return what tells a dataset from others, whatever is chosen for some of its options."""
    return origin | {"options": {name: value for name, value in origin["options"].items() if name not in options}}
