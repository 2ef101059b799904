"""Content keys of the models of a dataset and seed, known before anything is computed."""

from __future__ import annotations

__all__ = ["ModelKeys"]

from dataclasses import dataclass
from pathlib import Path

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
        flow: Key of the causal flow.
        file: Digest of the dataset's file.
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
        origin = {
            "dataset": registry.origin("datasets", name),
            "version": dataset.version,
            "file": dataset.fingerprint(data),
            "seed": seed,
            "recipe_version": _RECIPE_VERSION,
            "arithmetic": arithmetic,
        }
        return cls(
            content_key(**origin, decision=dataset.decision, flow=dataset.flow),
            content_key(**origin, recipe=dataset.decision),
            content_key(**origin, recipe=dataset.flow),
            str(origin["file"]),
        )
