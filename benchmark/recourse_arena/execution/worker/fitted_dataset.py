"""Everything the cells of one dataset and seed share: people, decision model, causal flow."""

from __future__ import annotations

__all__ = ["FittedDataset", "prepare"]

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
from torch import Generator, Tensor

from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import digest
from recourse_arena.base.names import variant
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.elicitation.requests import Requests
from recourse_arena.execution.worker.fitted_models import fitted_models, marginals
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.groups import groups_in_words
from recourse_arena.people.people import People, Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.profile import profile
from recourse_arena.problem.request import Request
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.parts import decision_words
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache

_DRAWN = 10_000
"""People drawn from the flow to compare it with the data."""


@dataclass(frozen=True)
class FittedDataset:
    """People, models and scales of one dataset and seed.

    Arguments:
        name: The dataset's name with options.
        key: Content key of all of it.
        dataset: The dataset.
        seed: The seed.
        splits: Its people.
        problem: The problem with nothing withheld, for the constant profile and rankings.
        requests: Who asks, and what.
        identity: What tells these people and models from others, for records: `dataset, seed, version, file` (its
            digest), `classifier, flow` (digests of their weights), `asking` (how many people ask), `decision` (its
            name), `accuracy` (of the decision model on test people), `effects` and `cost` (their names); for readers
            `summary` (of the dataset), `tested` and `refused` (how many test people there are, and the share of them
            that the decision model refuses), `among` (of how many people those ask whom it refuses) and `split`.
        neighbours: Accepted training people, for those whose nearest one is looked for.
    """

    name: str
    key: str
    dataset: Dataset
    seed: int
    splits: Splits
    problem: Problem
    requests: Requests
    identity: Mapping[str, object]
    neighbours: Neighbours | None = None

    @cached_property
    def judge(self) -> Judge:
        """The judge of this dataset."""
        problem, attributes = self.problem, self.requests.applicants.attributes
        words = {} if attributes is None else groups_in_words(self.dataset.attributes, attributes)
        return Judge(
            problem.decisions,
            problem.causal_model,
            problem.causal_flow,
            problem.true_scm,
            pd.DataFrame(words),
            neighbours=self.neighbours,
        )

    def validating(self) -> FittedDataset:
        """Return the same models where negatively decided validation people ask, with preferences of their own."""
        requests = self.requests.among("validation")
        asked = {"asking": len(requests), "among": len(self.splits.recourse.validation), "split": "validation"}
        return replace(self, requests=requests, identity={**self.identity, **asked})

    def marginals(self) -> pd.DataFrame:
        """Return how the flow compares with people held out from its training, feature by feature; empty without it."""
        if self.problem.causal_flow is None:
            return pd.DataFrame(columns=["feature", "low", "high", "data", "flow"])
        draws = generator(self.seed, variant(self.name)[0], "marginals")
        drawn = self.problem.flow.sample(_DRAWN, draws)
        return marginals(self.problem.features, self.splits.flow.test.x, drawn)

    def problem_for(self, scenario: Scenario, *, actionable: str = "random") -> Problem:
        """Return the problem a solver prepares for: training preferences and profile of the scenario.

        Arguments:
            scenario: The scenario.
            actionable: How many features each training person can act on; that of the scenario where a solver's fit
                depends on it, for others random, so that one fit serves every cut-off.
        """
        draw = self.requests.sampler(scenario, actionable)
        return replace(self.problem, profile=profile(scenario.profile), draw=draw)

    def request(self, scenario: Scenario, people: int | None = None) -> Request:
        """Return the request of the first `people` applicants under a scenario."""
        return self.requests.under(scenario, people)


def prepare(
    name: str,
    *,
    seed: int,
    data: Path,
    cache: ArtefactCache,
    registry: Registry,
    keys: ModelKeys | None = None,
    report: ProgressHook = silent,
) -> FittedDataset:
    """Return people and models of the dataset `name`, from the cache where they are kept.

    Arguments:
        name: Name with options.
        seed: The seed.
        data: Data directory.
        cache: Where models are kept.
        registry: What is plugged in.
        keys: Keys under which they are kept; by default those of what this process computes.
        report: Hears how far it is.

    Raises:
        ArenaError: If the dataset cannot be used.
    """
    if keys is None:
        keys = ModelKeys.of(name, seed=seed, data=data, registry=registry, arithmetic=arithmetic_of(os.environ))
    dataset = registry.dataset(name)
    splits = dataset.splits(seed=seed, data=data)
    _validate(dataset, splits)
    decision = registry.decision_of(dataset)
    model, flow = fitted_models(dataset, decision, splits, keys, seed=seed, cache=cache, report=report)
    train, effects = splits.recourse.train, dataset.effects_known
    refused = ~model.accepts(train.x)
    if refused.all():
        raise ArenaError(
            f"dataset {name}: the decision model {decision_words(dataset)} refuses all training people;\n"
            "look at the labels, or at the favourable class of the model"
        )
    encoding = Encoding.fitted(dataset.features, train.x)
    neighbours = Neighbours(encoding, train.x[~refused]) if flow is None else None
    problem = Problem(
        dataset=name,
        features=dataset.features,
        graph=dataset.graph,
        decisions=model,
        cost=Cost.fitted(train.x, refused, dataset.features, dataset.cost),
        box=Box.spanning(train.x[refused], dataset.features),
        training=train.seen(),
        validation=splits.recourse.validation.seen(),
        profile=profile("constant"),
        draw=_no_preferences,
        true_scm=None if effects == "flow" else dataset.scm(),
        causal_flow=flow,
        neighbours=neighbours,
        without_effects=NoEffects() if effects == "none" else None,
    )
    requests = Requests(name, seed, dataset, splits.recourse, problem, registry)
    test = splits.decision.test
    accepted = model.accepts(test.x)
    identity = {
        "dataset": name,
        "seed": seed,
        "version": dataset.version,
        "file": keys.file,
        "classifier": _digest(decision.state(model)),
        "flow": digest(flow.state_dict()) if flow is not None else "",
        "asking": len(requests),
        "decision": decision_words(dataset),
        "accuracy": round(float((accepted == (test.y == 1)).double().mean()), 4),
        "effects": effects,
        "cost": dataset.cost,
        "summary": dataset.summary,
        "tested": len(test),
        "refused": round(float((~accepted).double().mean()), 4),
        "among": len(splits.recourse.test),
        "split": "test",
    }
    return FittedDataset(name, keys.materials, dataset, seed, splits, problem, requests, identity, neighbours)


def _digest(state: Mapping[str, Tensor] | None) -> str:
    """Return the digest of a model's tensors; empty for one that keeps none."""
    return digest(state) if state else ""


def _no_preferences(people: int, draws: Generator) -> Actionability:
    raise ArenaError("this problem was not prepared for a scenario; use Materials.problem_for")


def _validate(dataset: Dataset, splits: Splits) -> None:
    dataset.check()
    for name in dataset.attributes.names:
        if name in dataset.features.names:
            raise ArenaError(f"dataset {dataset.name}: {name!r} is a feature; choose another name for the attribute")
    for purpose in ("decision", "flow", "recourse"):
        split = getattr(splits, purpose)
        for part in ("train", "validation", "test"):
            people, what = getattr(split, part), f"dataset {dataset.name}, {purpose} {part} split"
            dataset.features.validate(people.x, what=what)
            _validate_attributes(dataset, people, f"{what}, attributes")


def _validate_attributes(dataset: Dataset, people: People, what: str) -> None:
    if people.attributes is None and not len(dataset.attributes):
        return
    codes = people.x[:, :0] if people.attributes is None else people.attributes
    if len(codes) != len(people):
        raise ArenaError(f"{what}: expected a row for each of {len(people)} people, got {len(codes)}")
    dataset.attributes.validate(codes, what=what)
