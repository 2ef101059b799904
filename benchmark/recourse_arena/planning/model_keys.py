"""Content keys of the models of a dataset and seed, known before anything is computed."""

from __future__ import annotations

__all__ = ["ModelKeys", "autoencoder_key", "change_key"]

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import content_key
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.recipes import AutoencoderRecipe, DecisionRecipe
from recourse_arena.models.fairness.treatment import Treated
from recourse_arena.registry.parts import parts_of
from recourse_arena.registry.registry import Registry
from recourse_arena.tables.table_dataset import TableDataset

_RECIPE_VERSION = 5
"""Changes whenever the same recipe leads to other models."""

_HELDOUT_VERSION = 1
"""Changes whenever the held-out flow is fitted otherwise; the judging protocol changes with it."""

_AUTOENCODER_VERSION = 1
"""Changes whenever the same recipe leads to another autoencoder."""


@dataclass(frozen=True)
class ModelKeys:
    """Content keys of the models of a dataset and seed, known before anything is computed.

    Arguments:
        materials: Key of all of it.
        classifier: Key of the decision model.
        flow: Key of the causal flow, which never sees the decision model: variants of a dataset in nothing but how
            that is trained have the same one. Empty if it has no causal graph to fit one along.
        file: Digest of the dataset's files.
        heldout: Key of the causal flow that is handed to no solver; empty where there is none.
        changed: Key of the models of the change that the dataset's name asks for; empty if it asks for none.
        people: Key of its people, whatever decides.
    """

    materials: str
    classifier: str
    flow: str
    file: str
    heldout: str = ""
    changed: str = ""
    people: str = ""

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
        if name.partition("?")[0] in registry.handed and not isinstance(dataset, TableDataset):
            origin["object"] = uuid4().hex  # what it does may change from run to run
        if isinstance(dataset, TableDataset) and dataset.apart:  # who is in which part depends on both
            origin |= {"protected": dataset.protected, "validates": dataset.validates}
        decided = _decision(dataset, registry)
        parts = parts_of(registry, name)
        people_alone = origin | {"dataset": _without(origin["dataset"], parts)}
        whatever_decides = origin | {"dataset": _without(origin["dataset"], {*dataset.decision_options, *parts})}
        caused = any(dataset.graph.parents.values())
        held = {"recipe": dataset.flow.other(), "heldout_version": _HELDOUT_VERSION}
        classifier = content_key(**people_alone, recipe=decided)
        changed = ""
        if dataset.change is not None:
            changed = change_key(registry, dataset.change.change, classifier, seed=seed, arithmetic=arithmetic)
            origin["changed"] = changed
        return cls(
            content_key(**origin, decision=decided, flow=dataset.flow),
            classifier,
            content_key(**whatever_decides, recipe=dataset.flow) if caused else "",
            str(origin["file"]),
            content_key(**whatever_decides, **held) if caused else "",
            changed,
            content_key(**whatever_decides),
        )


def autoencoder_key(keys: ModelKeys, recipe: AutoencoderRecipe) -> str:
    """Return the content key of an autoencoder of a dataset's training people."""
    return content_key(people=keys.people, recipe=recipe, version=_AUTOENCODER_VERSION)


def change_key(registry: Registry, change: str, classifier: str, *, seed: int, arithmetic: str) -> str:
    """Return the content key of the models of a change.

    Arguments:
        registry: What is plugged in.
        change: Name of the change, with options.
        classifier: Key of the decision model that is changed.
        seed: The seed.
        arithmetic: How it will be computed.
    """
    made, origin = registry.change(change), registry.origin("changes", change)
    files = [hashlib.sha256(file.read_bytes()).hexdigest() for file in made.files if file.is_file()]
    if files:  # wherever they lie
        origin = {**_without(origin, ["file"]), "files": files}
    return content_key(classifier=classifier, change=origin, version=made.version, seed=seed, arithmetic=arithmetic)


def _decision(dataset: Dataset, registry: Registry) -> Any:
    """Return what tells the decision model of a dataset from others."""
    asked, made = dataset.decision, registry.decision_of(dataset)
    if isinstance(asked, DecisionRecipe):
        return asked
    files = [hashlib.sha256(file.read_bytes()).hexdigest() for file in made.files if file.is_file()]
    if not isinstance(asked, str):  # an object handed over is another one in every run
        return {"object": uuid4().hex}
    origin = registry.origin("decisions", asked)
    named = _without(origin, ["file"]) if files else origin  # wherever the file lies
    protected = {"protected": dataset.protected} if isinstance(made, Treated) else {}
    return {"model": named, "version": made.version, "files": files, **protected}


def _without(origin: dict[str, Any], options: Collection[str]) -> dict[str, Any]:
    """Return what tells a dataset from others, whatever is chosen for some of its options."""
    return origin | {"options": {name: value for name, value in origin["options"].items() if name not in options}}
