"""A decision model, or what becomes of it, written as an ONNX file that decides as it does."""

from __future__ import annotations

__all__ = ["ExportOrder", "export"]

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from recourse_arena.base.arguments import as_path, as_several, as_whole_number, as_yes_or_no
from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.base.names import spell
from recourse_arena.base.progress_hook import ProgressHook
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.run_process import run_apart, wants_isolation
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.execution.solving.surroundings import pickled
from recourse_arena.execution.worker.changed_models import changed_models
from recourse_arena.execution.worker.fitted_dataset import people_of
from recourse_arena.execution.worker.fitted_models import fitted_decision
from recourse_arena.interfaces.change import Change, FittedDecision
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.models.changes.onnx_models import Onnx, read_as, written
from recourse_arena.people.people import People
from recourse_arena.planning.model_keys import ModelKeys, change_key
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.files import refuse_links, write_atomically


def export(
    dataset: str | Dataset,
    *,
    out: str | Path,
    change: str | Change | None = None,
    model: str = "",
    encoded: bool = False,
    seed: int = 0,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
    no_plugins: Sequence[str] = (),
    isolated: bool | None = None,
) -> Path:
    """Write a decision model, or what becomes of it, as an ONNX file, and return the path.

    Networks are written with their outputs `label`, `probability` and `logit`, weights of few bits as INT4, INT8 or
    INT16 behind DequantizeLinear; models that are ONNX files already, as they are.

    Arguments:
        dataset: Its name with options, the path of a TOML file, or an object (:func:`~recourse_arena.dataset`).
        out: The file; its name ends in `.onnx`.
        change: Name of a change with options, or an object; by default none: the decision model itself is written.
        model: Which model, of a change that leads to several.
        encoded: Whether the input is encoded people, instead of people in original units with codes of levels.
        seed: The seed of model and change.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        progress: Who hears of each step, and of how many test people the file decides as the model does.
        no_plugins: Names of plugins to block, `*` for all that are not built in.
        isolated: Whether models are made in a process of its own, which computes as the command does; by default yes,
            unless `RECOURSE_ARENA_ISOLATION` says no.

    Raises:
        ArenaError: If names or options are wrong, the model cannot be written as ONNX or the file not at all, or it
            would decide on some test person otherwise than the model.
    """
    place = as_path("out", out)
    if place is None or place.suffix != ".onnx":
        raise ArenaError(f"out: expected a file whose name ends in .onnx, got {out}")
    refuse_links(place)
    if not place.absolute().parent.is_dir():
        raise ArenaError(f"cannot write {place}: there is no such folder")
    if not isinstance(dataset, (str, Dataset)):
        raise ArenaError(f"dataset: expected a name, the path of a TOML file or a dataset, got {dataset!r}")
    if change is not None and not isinstance(change, (str, Change)):
        raise ArenaError(f"change: expected a name or a Change object, got {change!r}")
    with tempfile.TemporaryDirectory(prefix="recourse-arena-") as folder:
        order = ExportOrder(
            dataset,
            change,
            str(model),
            as_yes_or_no("encoded", encoded),
            as_whole_number("seed", seed),
            out=Path(folder) / "model.onnx",
            data=data_folder(as_path("data", data)),
            cache=cache_folder(as_path("cache", cache)),
            no_plugins=as_several("no_plugins", no_plugins),
        )
        if wants_isolation(isolated):
            run_apart(order, progress or Progress())
        else:
            order.carry_out(progress or Progress())
        write_atomically(place, order.out.read_bytes())
    return place


@dataclass(frozen=True)
class ExportOrder:
    """What is to be written.

    Arguments:
        dataset: The dataset.
        change: The change; none for the decision model itself.
        model: Which of its models; empty where there is one.
        encoded: Whether the input is encoded people.
        seed: The seed.
        out: The file.
        data: Data directory.
        cache: Artefact cache.
        no_plugins: Names of plugins to block.
    """

    dataset: str | Dataset
    change: str | Change | None
    model: str
    encoded: bool
    seed: int
    out: Path
    data: Path
    cache: Path | None
    no_plugins: tuple[str, ...] = ()

    def packed(self) -> bytes:
        """Return it as it travels to another process.

        Raises:
            ArenaError: If an object cannot travel.
        """
        return pickled("change", (tuple(sys.path), pickled("change", self)))

    def carry_out(self, progress: Progress, nursery: Nursery | None = None) -> None:
        """Do it, and say of how many test people the file decides as the model does.

        Raises:
            ArenaError: As :func:`export` says.
        """
        step = f"{self._what} on {self._called}, seed {self.seed}"
        progress.begin({step: 10.0})
        progress.step(step, step)
        fitted, test, models = self._models(lambda share, loss=None: progress.part(step, share))
        name, model = self._chosen(models)
        content = written(model, encoded=self.encoded)
        if content is None:
            how = "encoded people" if self.encoded else "people in original units"
            other = written(model, encoded=not self.encoded) is not None
            hint = "without --encoded it can be" if self.encoded else "with --encoded it can be"
            raise ArenaError(
                f"{name} on {self._called} cannot be written as an ONNX file of {how}; "
                f"{hint if other else 'it is no ReLU network'}"
            )
        self.out.write_bytes(content)
        options = read_as(model, encoded=self.encoded)
        (read,) = Onnx(file=str(self.out), **options).models(fitted, seed=self.seed).values()
        with torch.no_grad():
            alike = int((read.accepts(test.x) == model.accepts(test.x)).sum())
        if alike < len(test):
            raise ArenaError(
                f"{name} on {self._called} cannot be written as an ONNX file: it would decide on "
                f"{len(test) - alike} of {len(test)} test people otherwise"
            )
        progress.done(step)
        change = spell("onnx", {"file": "FILE", **options})
        progress.say(f"{len(content):,} bytes; {change} decides on all {len(test):,} test people as {name} does")
        progress.end()

    def _models(self, report: ProgressHook) -> tuple[FittedDecision, People, Mapping[str, Decisions]]:
        """Return the decision model, test people, and the models that may be written."""
        registry, cache = discover(no_plugins=self.no_plugins), ArtefactCache(self.cache)
        change = registry.change(self.change) if isinstance(self.change, str) else self.change
        given = self.dataset
        name = registry.hand_over(given) if isinstance(given, Dataset) else registry.named(given)
        arithmetic = arithmetic_of(os.environ)
        keys = ModelKeys.of(name, seed=self.seed, data=self.data, registry=registry, arithmetic=arithmetic)
        dataset = registry.dataset(name)
        splits, decision = people_of(dataset, self.seed, self.data), registry.decision_of(dataset)
        model = fitted_decision(dataset, decision, splits, keys, seed=self.seed, cache=cache)
        people = splits.decision
        fitted = FittedDecision(dataset.features, decision, model, people.train.seen(), people.validation.seen())
        if change is None:
            return fitted, people.test, {decision.name: model}
        label = self.change if isinstance(self.change, str) else change.name
        key, own = "", ArtefactCache(None)  # what an object does may change from run to run
        if isinstance(self.change, str):
            own, seed = cache, self.seed
            key = change_key(registry, self.change, keys.classifier, seed=seed, arithmetic=arithmetic)
        models = changed_models(label, change, fitted, seed=self.seed, key=key, cache=own, report=report)
        return fitted, people.test, models

    @property
    def _what(self) -> str:
        if self.change is None:
            return "the decision model"
        return f"change {self.change if isinstance(self.change, str) else self.change.name}"

    @property
    def _called(self) -> str:
        return self.dataset if isinstance(self.dataset, str) else self.dataset.name

    def _chosen(self, models: Mapping[str, Decisions]) -> tuple[str, Decisions]:
        if not self.model and len(models) > 1:
            raise ArenaError(
                f"{self._what} leads to {len(models)} models; say which one with --model: {', '.join(models)}"
            )
        name = self.model or next(iter(models))
        if name not in models:
            raise unknown(f"model of {self._what}", name, models)
        return name, models[name]
