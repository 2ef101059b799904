"""What papers measure of counterfactuals, in the units that can be meant, from a run and the models it rests on."""

from __future__ import annotations

__all__ = ["MEASURES", "Measured", "measured_people"]

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse_arena.base.arithmetic import arithmetic_of, one_thread
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import generator
from recourse_arena.reporting.results.counterfactuals import counterfactuals
from recourse_arena.storage.run_files import RunFiles

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.execution.worker.fitted_dataset import FittedDataset
    from recourse_arena.people.encoding import Encoding
    from recourse_arena.registry.registry import Registry
    from recourse_arena.storage.artefact_cache import ArtefactCache

MEASURES: Mapping[str, str] = {
    "accepted": "share of those who ask whose counterfactual is accepted",
    "accepted, of answered": "share of those with a counterfactual who are accepted",
    "impossible": "share of those who ask who are proved to have no action",
    "invalidated": "share of 1,000 draws of noise, N(0, .01) on columns of range 1, after which it is refused",
    "invalidated, sd": "the same on columns of standard deviation 1",
    "invalidated, numbers": "the first, but that noise spares columns of categories",
    "L1": "sum of changes of columns of range 1, another category 1",
    "L1, one-hot": "the same, another category 2, as of one-hot columns",
    "L1, sd": "sum of changes of columns of standard deviation 1, another category 1",
    "L1, mean": "L1, one-hot, over the number of columns",
    "L1, mean feature": "L1 over the number of features",
    "L2": "norm of changes of columns of range 1",
    "features": "number of features that differ",
    "LOF": "local outlier factor among accepted training people, 20 neighbours, columns of range 1",
    "LOF, sign": "mean of 1 for inliers and -1 for outliers of the same",
    "LOF, all": "local outlier factor among all training people",
}
"""What is measured of each person, nan for whoever does not count; that of changed models is called by the change."""

_DRAWS = 1000
_NOISE = 0.1
_MOST = 5_000
_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Measured:
    """One cell's people.

    Arguments:
        rows: `seed, person` and a column a measure, a row a person.
        notes: What could not be measured, and why.
    """

    rows: pd.DataFrame
    notes: tuple[str, ...] = ()


def measured_people(
    run: RunFiles,
    dataset: str,
    solver: str,
    *,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
    changes: tuple[str, ...] = (),
) -> Measured:
    """Return what is measured of everybody whom a solver was asked about on a dataset.

    Arguments:
        run: The run.
        dataset: The dataset, as the run names it.
        solver: The solver, as the run names it.
        registry: What is plugged in.
        data: Data directory.
        cache: Where the run's models are kept; what is not there is fitted again.
        changes: Changes of decision models that decide on counterfactuals: the mean over their models.

    Raises:
        ArenaError: If the run holds nothing of it, or rests on other models than those here.
    """
    known = counterfactuals(run, dataset, words=False)
    known = known[known["solver"] == solver]
    parts = [
        _of_seed(run, dataset, int(str(seed)), rows, registry, data, cache, changes)
        for seed, rows in known.groupby("seed")
    ]
    if not parts:
        raise ArenaError(f"{run.path} asked {solver} nothing on {dataset}")
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    return Measured(pd.concat([part.rows for part in parts], ignore_index=True), tuple(notes))


def _of_seed(
    run: RunFiles,
    dataset: str,
    seed: int,
    rows: pd.DataFrame,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
    changes: tuple[str, ...],
) -> Measured:
    import torch

    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.planning.model_keys import ModelKeys

    arithmetic = arithmetic_of(os.environ)
    keys = ModelKeys.of(dataset, seed=seed, data=data, registry=registry, arithmetic=arithmetic)
    with one_thread():
        fitted = prepare(dataset, seed=seed, data=data, cache=cache, registry=registry, keys=keys)
        _refuse_others(run, fitted)
        names = fitted.problem.features.names
        before, after = (_people(rows, prefix, names) for prefix in ("factual", "counterfactual"))
        answered = rows["outcome"].astype(str).eq("solved").to_numpy()
        found = {"seed": seed, "person": rows["person"].to_numpy(), **_decided(fitted, rows, after, answered)}
        there = torch.from_numpy(answered.copy())
        with torch.no_grad():
            distances = _distances(fitted, before[there], after[there])
        found |= {name: _spread(values, answered) for name, values in distances.items()}
        notes = []
        for change in changes:
            try:
                accepted = _under(fitted, change, after[there], keys.classifier, registry, cache, arithmetic)
                found[change] = _spread(accepted, answered)
            except ArenaError as error:
                notes.append(f"{change} on {dataset}: {error}")
    return Measured(pd.DataFrame(found), tuple(notes))


def _refuse_others(run: RunFiles, fitted: FittedDataset) -> None:
    told = (m for m in run.info.get("materials", []) if (m["dataset"], m["seed"]) == (fitted.name, fitted.seed))
    material: Mapping[str, Any] = next(told, {})
    for what in ("version", "file", "classifier"):
        if material.get(what) != fitted.identity[what]:
            raise ArenaError(
                f"{run.path}: {what} of {fitted.name} (seed {fitted.seed}) is another one here than in the run; "
                "run the suite again here"
            )


def _people(rows: pd.DataFrame, prefix: str, names: tuple[str, ...]) -> Tensor:
    import torch

    columns = [rows[f"{prefix}_{name}"].to_numpy(dtype="float32", na_value=np.nan) for name in names]
    return torch.from_numpy(np.stack(columns, axis=1))


def _spread(values: Tensor, answered: np.ndarray) -> np.ndarray:
    """Return values of those with an answer for everybody, nan for others."""
    found = np.full(len(answered), np.nan)
    found[answered] = values.double().numpy()
    return found


def _decided(fitted: FittedDataset, rows: pd.DataFrame, after: Tensor, answered: np.ndarray) -> dict[str, np.ndarray]:
    accepted = fitted.problem.decisions.accepts(after).numpy() & answered
    return {
        "accepted": accepted.astype(float),
        "accepted, of answered": np.where(answered, accepted, np.nan),
        "impossible": rows["outcome"].astype(str).eq("infeasible").to_numpy(dtype=float),
    }


def _distances(fitted: FittedDataset, before: Tensor, after: Tensor) -> dict[str, Tensor]:
    import torch

    problem = fitted.problem
    encoding = _encoding(fitted)
    training = problem.training.x
    z, z0, people = (encoding.encode(x) for x in (after, before, training))
    number = encoding.codes < 0
    span = people.amax(0) - people.amin(0)
    span = torch.where(number & (span > 0), span, 1.0)
    apart = (z - z0).abs()
    once = torch.where(number, 1.0, 0.5)
    l1 = (apart / span * once).sum(1)
    one_hot = (apart / span).sum(1)
    accepted = problem.decisions.accepts(training)
    found = {
        "L1": l1,
        "L1, one-hot": one_hot,
        "L1, sd": (apart * once).sum(1),
        "L1, mean": one_hot / len(span),
        "L1, mean feature": l1 / before.shape[1],
        "L2": (apart / span).norm(dim=1),
        "features": ((after - before).abs() > 1e-6).sum(1),
        **_outlying(z / span, people[accepted] / span, people / span),
    }
    if hasattr(problem.decisions, "encoded_logit") or not problem.features.mixed:
        units = {"": span, ", sd": torch.ones_like(span), ", numbers": torch.where(number, span, 0.0)}
        for name, unit in ((f"invalidated{words}", unit) for words, unit in units.items()):
            found[name] = _invalidated(fitted, encoding, z, unit)
    return found


def _encoding(fitted: FittedDataset) -> Encoding:
    """Return how people look to the decision model, or how they would look to one of the suite."""
    from recourse_arena.people.encoding import Encoding

    problem = fitted.problem
    return getattr(problem.decisions, "encoding", None) or Encoding.fitted(problem.features, problem.training.x)


def _invalidated(fitted: FittedDataset, encoding: Encoding, z: Tensor, unit: Tensor) -> Tensor:
    """Return the share of draws of noise after which columns are refused, `(people,)`; noise is fresh."""
    import torch

    decisions: Any = fitted.problem.decisions

    def logit(columns: Tensor) -> Tensor:
        if hasattr(decisions, "encoded_logit"):
            return decisions.encoded_logit(columns)
        return decisions.logit(columns * encoding.sd.to(columns.dtype) + encoding.mean.to(columns.dtype))

    draws = torch.randn(_DRAWS, len(unit), generator=generator(fitted.seed, "reproduction", "noise"))
    noise = (draws * _NOISE * unit).to(z.dtype)
    parts = [(logit(some[:, None] + noise) < 0).double().mean(1) for some in z.split(max(1, _AT_ONCE // noise.numel()))]
    return torch.cat(parts) if parts else z.new_zeros(0)


def _outlying(z: Tensor, accepted: Tensor, everybody: Tensor) -> dict[str, Tensor]:
    """Return local outlier factors (1 is like one's neighbours), by scikit-learn in novelty mode."""
    import torch
    from sklearn.neighbors import LocalOutlierFactor

    def factor(people: Tensor) -> Tensor:
        if not len(z):
            return z.new_zeros(0)
        near = min(20, len(people) - 1)
        fitted = LocalOutlierFactor(n_neighbors=near, novelty=True).fit(people[:_MOST].double().numpy())
        return torch.from_numpy(-fitted.score_samples(z.double().numpy()))

    among = factor(accepted)
    return {"LOF": among, "LOF, sign": torch.where(among <= 1.5, 1.0, -1.0), "LOF, all": factor(everybody)}


def _under(
    fitted: FittedDataset,
    change: str,
    after: Tensor,
    models_key: str,
    registry: Registry,
    cache: ArtefactCache,
    arithmetic: str,
) -> Tensor:
    """Return the share of a change's models that accept each counterfactual, `(people,)`.

    Of boxes of weights it is the model that accepts whom every network of the box does.
    """
    import torch

    from recourse_arena.execution.worker.changed_models import changed_models
    from recourse_arena.planning.model_keys import change_key

    key = change_key(registry, change, models_key, seed=fitted.seed, arithmetic=arithmetic)
    models = changed_models(change, registry.change(change), fitted.before, seed=fitted.seed, key=key, cache=cache)
    used = {name: model for name, model in models.items() if name == "worst"} or models
    return torch.stack([model.accepts(after).double() for model in used.values()]).mean(0)
