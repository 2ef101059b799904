"""Advice of a finished run decided on again by changed models: nothing is solved, and no solver is imported."""

from __future__ import annotations

__all__ = ["LastingOrder", "change_key", "changed_models", "check_changes", "origin_of", "redecide"]

import hashlib
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recourse_arena.base.arithmetic import arithmetic_of, one_thread
from recourse_arena.base.errors import ArenaError, NotApplicable, described
from recourse_arena.base.keys import content_key
from recourse_arena.base.progress_hook import ProgressHook
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.execution.solving.surroundings import pickled
from recourse_arena.execution.worker.fitted_dataset import digest_of, people_of
from recourse_arena.execution.worker.fitted_models import fitted_decision, kept_or_fitted
from recourse_arena.interfaces.change import Change, FittedDecision
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.judging.lasting import check_decides_alike, compared, redecided, spread_of_logits
from recourse_arena.models.changes.matching import matched
from recourse_arena.people.people import People
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.lasting_table import Redecided, write_redecided

_CELL = ("dataset", "scenario", "solver", "seed")


@dataclass(frozen=True)
class LastingOrder:
    """What is to be decided on again.

    Arguments:
        run: What the run is called in messages.
        materials: The models of the run, as its `run.json` tells them apart.
        people: Of each dataset who people are and who they would be, as
            :func:`~recourse_arena.reporting.results.counterfactuals.counterfactuals` says, levels as codes.
        changes: Names of changes, with options, and those handed over as objects.
        out: The file that the table is written to.
        data: Data directory.
        cache: Artefact cache.
        datasets: Datasets that are objects, or paths of TOML files.
        no_plugins: Names of plugins to block.
    """

    run: str
    materials: tuple[Mapping[str, Any], ...]
    people: Mapping[str, pd.DataFrame]
    changes: tuple[str | Change, ...]
    out: Path
    data: Path
    cache: Path | None
    datasets: tuple[str | Dataset, ...] = ()
    no_plugins: tuple[str, ...] = ()

    def packed(self) -> bytes:
        """Return it as it travels to another process.

        Raises:
            ArenaError: If an object cannot travel.
        """
        return pickled("change", (tuple(sys.path), pickled("change", self)))

    def carry_out(self, progress: Progress, nursery: Nursery | None = None) -> None:
        """Do it, and write what comes out.

        Raises:
            ArenaError: If names or options are wrong, the models here are not those of the run, or no change says
                anything about it.
        """
        registry = discover(no_plugins=self.no_plugins)
        for one in self.datasets:
            registry.hand_over(one) if isinstance(one, Dataset) else registry.named(one)
        write_redecided(self.out, redecide(self, registry, ArtefactCache(self.cache), progress))


@dataclass(frozen=True)
class _World:
    """A dataset and seed of a run: its models, and who was advised."""

    name: str
    seed: int
    fitted: FittedDecision
    test: People
    key: str
    rows: pd.DataFrame
    x: Tensor
    then: Tensor


def redecide(order: LastingOrder, registry: Registry, cache: ArtefactCache, progress: Progress) -> Redecided:
    """Return what changed models say of everybody's advice.

    Raises:
        ArenaError: As :meth:`LastingOrder.carry_out` says.
    """
    changes = {_label(one): registry.change(one) if isinstance(one, str) else one for one in order.changes}
    named = [one for one in order.changes if isinstance(one, str)]
    steps = {f"{m['dataset']} {m['seed']} {label}": 10.0 for m in order.materials for label in changes}
    progress.begin(steps)
    rows: list[pd.DataFrame] = []
    models: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for material in order.materials:
        world = _world(order, material, registry, cache)
        for label, change in changes.items():
            key = f"{world.name} {world.seed} {label}"
            progress.step(key, f"{label} on {world.name}, seed {world.seed}")
            origin = origin_of(registry, label, change) if label in named else None
            try:
                for row, facts in _under(world, label, change, origin, cache, _hook(progress, key)):
                    rows.append(row)
                    models.append(facts)
            except NotApplicable as reason:
                notes.append({"dataset": world.name, "seed": world.seed, "change": label, "reason": str(reason)})
            progress.done(key)
    progress.end()
    if not rows:
        raise ArenaError("; ".join(dict.fromkeys(note["reason"] for note in notes)) or f"{order.run} advises nobody")
    return Redecided(pd.concat(rows, ignore_index=True), tuple(models), tuple(notes))


def _label(change: str | Change) -> str:
    return change if isinstance(change, str) else str(change.name)


def origin_of(registry: Registry, label: str, change: Change) -> dict[str, Any]:
    """Return what tells a change from others: what its files hold, wherever they lie."""
    origin = registry.origin("changes", label)
    files = [hashlib.sha256(file.read_bytes()).hexdigest() for file in change.files if file.is_file()]
    options = {name: value for name, value in origin["options"].items() if name != "file" or not files}
    return {**origin, "options": options, "files": files} if files else origin


def change_key(classifier: str, change: Change, origin: Mapping[str, Any] | None, seed: int) -> str:
    """Return the content key of what becomes of a decision model of a key."""
    arithmetic = arithmetic_of(os.environ)
    return content_key(classifier=classifier, change=origin, version=change.version, seed=seed, arithmetic=arithmetic)


def _hook(progress: Progress, key: str) -> ProgressHook:
    return lambda share, loss=None: progress.part(key, share, None if loss is None else float(loss))


def _world(order: LastingOrder, material: Mapping[str, Any], registry: Registry, cache: ArtefactCache) -> _World:
    """Return people and decision model of a dataset and seed of a run.

    Raises:
        ArenaError: If they are not the run's, with what differs.
    """
    name, seed = str(material["dataset"]), int(material["seed"])
    try:
        dataset = registry.dataset(name)
    except ArenaError as error:
        raise ArenaError(
            f"{order.run}: {error}\nA dataset of your own is named with --dataset FILE.toml, or datasets=[object]"
        ) from None
    arithmetic = arithmetic_of(os.environ)
    keys = ModelKeys.of(name, seed=seed, data=order.data, registry=registry, arithmetic=arithmetic)
    _refuse_others(order.run, name, seed, "dataset", dataset.version, material["version"])
    _refuse_others(order.run, name, seed, "data file", keys.file, material["file"])
    decision, splits = registry.decision_of(dataset), people_of(dataset, seed, order.data)
    if not material.get("classifier"):
        raise ArenaError(
            f"{order.run}: the run keeps nothing of the decision model of {name} (seed {seed}), so that nobody can say "
            "whether the one here is the same; models that keep a state are relu, logistic, forest, boosting and onnx"
        )
    model = fitted_decision(dataset, decision, splits, keys, seed=seed, cache=cache)
    _refuse_others(order.run, name, seed, "decision model", digest_of(decision.state(model)), material["classifier"])
    known, people = dataset.features, splits.decision
    rows = order.people[name]
    rows = rows[rows["seed"] == seed].reset_index(drop=True)
    x, then = (_tensor(order.run, rows, prefix, known.names) for prefix in ("factual", "counterfactual"))
    fitted = FittedDecision(known, decision, model, people.train.seen(), people.validation.seen())
    world = _World(name, seed, fitted, people.test.seen(), keys.classifier, rows, x, then)
    with torch.no_grad():
        contradicted = torch.from_numpy(rows["valid"].fillna(False).to_numpy(dtype=bool)) & ~model.accepts(then)
    if contradicted.any():
        raise ArenaError(
            f"{order.run}: {int(contradicted.sum())} counterfactuals of {name} (seed {seed}) that the run calls valid "
            "are refused by its own decision model; run the suite again"
        )
    return world


def _refuse_others(run: str, name: str, seed: int, what: str, here: str, there: str) -> None:
    if here != there:
        raise ArenaError(
            f"{run}: the {what} of {name} (seed {seed}) is another one here ({here[:12] or 'none'}) than in the run "
            f"({there[:12] or 'none'});\nrun the suite again here, or judge the run where its models are"
        )


def _tensor(run: str, rows: pd.DataFrame, prefix: str, names: Sequence[str]) -> Tensor:
    missing = [name for name in names if f"{prefix}_{name}" not in rows]
    if missing:
        raise ArenaError(
            f"{run} does not say what {missing[0]!r} of its people is; the same `recourse-arena run` command adds that"
        )
    columns = [rows[f"{prefix}_{name}"].to_numpy(dtype=np.float32, na_value=np.nan) for name in names]
    return torch.from_numpy(np.stack(columns, axis=1)) if len(rows) else torch.zeros(0, len(names))


def _under(
    world: _World,
    label: str,
    change: Change,
    origin: Mapping[str, Any] | None,
    cache: ArtefactCache,
    report: ProgressHook,
) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """Yield rows and facts of each model of a change, as it is and with its threshold moved to match acceptance.

    What an object does may change from run to run: its models are kept nowhere.
    """
    fitted, seed = world.fitted, world.seed
    key = change_key(world.key, change, origin, seed)
    own = ArtefactCache(None) if origin is None else cache
    accepted = int(fitted.model.accepts(fitted.validation.x).sum())
    for name, model in changed_models(label, change, fitted, seed=seed, key=key, cache=own, report=report).items():
        what = f"change {label}: model {name}"
        check_decides_alike(what, model, fitted.validation.x)
        size = change.size(fitted, model)
        for moved in (False, True):
            judged: Decisions | None = matched(model, accepted, fitted.validation.x) if moved else model
            if judged is None:
                continue
            which = {"change": label, "model": name, "matched": moved}
            facts = {**compared(fitted.model, judged, world.test), "bits": size.bits, "bytes": size.bytes}
            known = {part: None if value is None or math.isnan(value) else value for part, value in facts.items()}
            yield _rows(world, judged).assign(**which), {"dataset": world.name, "seed": seed, **which, **known}


def _rows(world: _World, after: Decisions) -> pd.DataFrame:
    before: Any = world.fitted.model
    found = {name: tensor.numpy() for name, tensor in redecided(before, after, world.x, world.then).items()}
    with torch.no_grad():
        refused = ~before.accepts(world.x).numpy()
        margin = before.logit(world.then).double().numpy() if hasattr(before, "logit") else np.nan
    return world.rows[[*_CELL, "person"]].assign(
        counts=world.rows["valid"].fillna(False).to_numpy(dtype=bool) & refused,
        **found,
        margin=margin,
        margin_sd=margin / (spread_of_logits(before, world.test.x) or np.nan),
    )


def changed_models(
    label: str,
    change: Change,
    fitted: FittedDecision,
    *,
    seed: int,
    key: str,
    cache: ArtefactCache,
    report: ProgressHook,
) -> Mapping[str, Decisions]:
    """Return the models of a change by name, from the cache where they are kept.

    Raises:
        NotApplicable: If it can do nothing with the decision model.
        ArenaError: If it raises anything else, or there are none.
    """

    def fit() -> dict[str, Decisions]:
        try:
            with one_thread():
                found = dict(change.models(fitted, seed=seed, report=report))
        except ArenaError:
            raise
        except Exception as error:  # a plugin may raise anything
            raise ArenaError(f"change {label}: {described(error)}") from error
        if not found:
            raise ArenaError(f"change {label}: expected one or several models, got none")
        return found

    def state(models: Mapping[str, Decisions]) -> dict[str, Tensor] | None:
        kept: dict[str, Tensor] = {}
        for place, (name, model) in enumerate(models.items()):
            tensors = change.state(fitted, model)
            if tensors is None:
                return None
            kept |= {f"{place} {name} {part}": tensor for part, tensor in tensors.items()}
        return kept

    def restore(kept: Mapping[str, Tensor]) -> dict[str, Decisions]:
        states: dict[tuple[int, str], dict[str, Tensor]] = {}
        for words, tensor in kept.items():
            place, name, part = words.split(" ", 2)
            states.setdefault((int(place), name), {})[part] = tensor
        return {name: change.restore(fitted, states[place, name]) for place, name in sorted(states)}

    return kept_or_fitted(cache, "change", key, fit=fit, state=state, restore=restore)


def check_changes(changes: Sequence[Any]) -> None:
    """Raise what keeps changes from being told apart."""
    if not changes:
        raise ArenaError("changes: expected one or several; `recourse-arena list changes` has them all")
    for one in changes:
        if not isinstance(one, (str, Change)):
            hint = "; make one of this class first" if isinstance(one, type) else ""
            raise ArenaError(f"changes: expected names or Change objects, got {one!r}{hint}")
    names = [one if isinstance(one, str) else one.name for one in changes]
    for name in names:
        if names.count(name) > 1:
            raise ArenaError(f"changes: {names.count(name)} of them are called {name!r}")
