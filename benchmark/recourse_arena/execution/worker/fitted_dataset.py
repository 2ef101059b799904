"""Everything the cells of one dataset and seed share: people, decision model, causal flow."""

from __future__ import annotations

__all__ = ["FittedDataset", "digest_of", "people_of", "prepare"]

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import isnan
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
from recourse_arena.execution.worker.changed_models import asked_model
from recourse_arena.execution.worker.fitted_models import fitted_models, marginals
from recourse_arena.execution.worker.heldout import heldout_flow, heldout_neighbours
from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.judging.fresh_noise import FreshNoise
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.fairness.odds import odds_gap
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import Feature, Kind
from recourse_arena.people.groups import group_codes, groups_in_words, protected_groups, told_apart
from recourse_arena.people.intake import as_splits, check_splits
from recourse_arena.people.people import People, Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.model_protocols import AsLikely, Decisions, Plausibility
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
            digest), `classifier, flow, heldout` (digests of their weights), `asking` (how many people ask), `decision`
            (its name), `accuracy` (of the decision model on test people), `effects` and `cost` (their names); for
            readers `summary` (of the dataset), `tested` and `refused` (how many test people there are, and the share of
            them that the decision model refuses), `among` (of how many people those ask whom it refuses), `split` and
            `features` (what their values mean). Where something protects people, `protected` (levels whose people stand
            against all others, by feature or attribute; none where each level is a group), and `odds_gap` (their
            equalised-odds difference on test people).
        neighbours: Accepted training people, for those whose nearest one is looked for.
        heldout: What is plausible by a ruler that no solver is handed: a flow of other people, or their neighbours.
        before: The decision model that people are refused by, with what it was fitted to. It is what decides, too,
            unless the dataset's name asks for a change of it.
    """

    name: str
    key: str
    dataset: Dataset
    seed: int
    splits: Splits
    problem: Problem
    requests: Requests
    identity: Mapping[str, object]
    before: FittedDecision
    neighbours: Neighbours | None = None
    heldout: Plausibility | None = None

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
            heldout=self.heldout,
            fresh=self._fresh,
            feasible=problem.box,
        )

    @cached_property
    def _fresh(self) -> FreshNoise:
        """Draws of noise after an action: the same for all solvers."""
        problem, features, effects = self.problem, self.problem.features, self.dataset.effects_known
        graph = CausalGraph(features.names, {}) if effects == "none" else problem.graph
        cells = [effects == "flow" and feature.kind in (Kind.INTEGER, Kind.ORDINAL) for feature in features]
        people = self.splits.recourse.train.x
        name = variant(self.name)[0]
        return FreshNoise.of(
            problem.causal_model, graph, people, people.new_tensor(cells), seed=self.seed, dataset=name
        )

    def where(self, scenario: Scenario) -> FittedDataset:
        """Return the same models where those people ask who do in a scenario."""
        return self._validating if scenario.part == "validation" else self

    def validating(self) -> FittedDataset:
        """Return the same models where negatively decided validation people ask, with preferences of their own."""
        return self._validating

    @cached_property
    def _validating(self) -> FittedDataset:
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

    def check_somebody_asks(self) -> None:
        """Raise that nobody asks for recourse, where that is so: then there is nothing to advise or to judge.

        Raises:
            ArenaError: With how many people were decided, and by what.
        """
        if not len(self.requests):
            part = getattr(self.splits.recourse, self.requests.part)
            raise ArenaError(
                f"dataset {self.name} (seed {self.seed}): nobody asks for recourse: the decision model "
                f"{decision_words(self.dataset)} accepts all {len(part)} {self.requests.part} people"
            )

    def problem_for(self, scenario: Scenario, *, actionable: str = "random") -> Problem:
        """Return the problem a solver prepares for: training preferences and profile of the scenario.

        Arguments:
            scenario: The scenario.
            actionable: How many features each training person can act on; that of the scenario where a solver's fit
                depends on it, for others random, so that one fit serves every cut-off.
        """
        draw, menu = self.requests.sampler(scenario, actionable), scenario.menu
        sparsity = scenario.sparsity
        problem = replace(self.problem, profile=profile(scenario.profile), draw=draw, menu=menu, sparsity=sparsity)
        people = self.splits.recourse.test if menu is not None and menu.in_sample else self.splits.recourse.train
        words = groups_in_words(self.dataset.features, people.x)
        if people.attributes is not None:
            words |= groups_in_words(self.dataset.attributes, people.attributes)
        alone = told_apart(self.dataset.protected, (*self.dataset.features, *self.dataset.attributes))
        groups = protected_groups(words, alone, "" if menu is None else menu.by)
        return replace(problem, training=people.seen(), protected=groups)

    def request(self, scenario: Scenario, people: int | None = None) -> Request:
        """Return the request of `people` applicants, drawn by seed, under a scenario; by default of all."""
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
    splits = people_of(dataset, seed, data)
    decision = registry.decision_of(dataset)
    model, flow = fitted_models(dataset, decision, splits, keys, seed=seed, cache=cache, report=report)
    train, effects = splits.recourse.train, dataset.effects_known
    before = FittedDecision(
        dataset.features, decision, model, splits.decision.train.seen(), splits.decision.validation.seen()
    )
    refused = ~model.accepts(train.x)
    if refused.all() or not refused.any():
        whom = "all training people" if refused.all() else "none of the training people: nobody asks for recourse"
        raise ArenaError(
            f"dataset {name}: the decision model {decision_words(dataset)} refuses {whom};\n"
            "look at the labels, or at the favourable class of the model"
        )
    encoding = Encoding.fitted(dataset.features, train.x)
    decides: Decisions = model
    if dataset.change is not None:
        decides = asked_model(dataset.change, before, keys, seed=seed, registry=registry, cache=cache, report=report)
    neighbours = Neighbours(encoding, train.x[~refused]) if flow is None else None
    other = heldout_flow(dataset, splits, keys, seed=seed, cache=cache)
    heldout = heldout_neighbours(encoding, splits, model) if flow is None else AsLikely(other) if other else None
    problem = Problem(
        dataset=name,
        features=dataset.features,
        graph=dataset.graph,
        decisions=decides,
        cost=Cost.fitted(train.x, refused, dataset.features, dataset.cost),
        box=_box(dataset, train.x, refused),
        training=train.seen(),
        validation=splits.recourse.validation.seen(),
        profile=profile("constant"),
        draw=_no_preferences,
        true_scm=None if effects == "flow" else dataset.scm(),
        causal_flow=flow,
        neighbours=neighbours,
        without_effects=NoEffects() if effects == "none" else None,
    )
    requests = Requests(name, seed, dataset, splits.recourse, problem, registry, refused_by=model)
    test = splits.decision.test
    accepted = decides.accepts(test.x)
    identity = {
        "dataset": name,
        "seed": seed,
        "version": dataset.version,
        "file": keys.file,
        "classifier": digest_of(decision.state(model)),
        "flow": digest(flow.state_dict()) if flow is not None else "",
        "heldout": digest(other.state_dict()) if other is not None else "",
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
        "features": [_said_of(f, float(sd)) for f, sd in zip(dataset.features, encoding.sd, strict=True)],
        **({"change": dataset.change.in_words} if dataset.change is not None else {}),
        **_protection(dataset, accepted, test),
    }
    return FittedDataset(
        name, keys.materials, dataset, seed, splits, problem, requests, identity, before, neighbours, heldout
    )


def _box(dataset: Dataset, x: Tensor, refused: Tensor) -> Box:
    """Return where people may act, by training people `x` `(people, features)` of whom some are refused."""
    declared = dataset.bounds == "declared"
    return Box.declared(x, dataset.features) if declared else Box.spanning(x[refused], dataset.features)


def _protection(dataset: Dataset, accepted: Tensor, people: People) -> dict[str, object]:
    """Return by what people are protected, and the equalised-odds difference of decisions on test people by each.

    Nothing is said where nothing protects anybody, and no difference where too few people are in all groups but one.
    """
    if not dataset.protected:
        return {}
    gaps = {
        name: odds_gap(accepted, people.y, group_codes(name, first, people, dataset.features, dataset.attributes))
        for name, first in dataset.protected.items()
    }
    alone = told_apart(dataset.protected, (*dataset.features, *dataset.attributes))
    return {
        "protected": {name: list(levels) for name, levels in alone.items()},
        "odds_gap": {name: round(gap, 4) for name, gap in gaps.items() if not isnan(gap)},
    }


def _said_of(feature: Feature, sd: float) -> dict[str, object]:
    """Return what a reader of records needs to know of a feature: name, kind, levels and unit, and how it is scaled."""
    said: dict[str, object] = {"name": feature.name, "kind": str(feature.kind), "role": str(feature.role), "sd": sd}
    more = {"levels": list(feature.levels), "description": feature.description, "unit": feature.unit}
    return {**said, **{name: value for name, value in more.items() if value}}


def digest_of(state: Mapping[str, Tensor] | None) -> str:
    """Return the digest of a model's tensors; empty for one that keeps none."""
    return digest(state) if state else ""


def _no_preferences(people: int, draws: Generator) -> Actionability:
    raise ArenaError("this problem was not prepared for a scenario; use FittedDataset.problem_for")


def people_of(dataset: Dataset, seed: int, data: Path) -> Splits:
    """Return the people of a dataset, or raise what it or they contradict."""
    dataset.check()
    for name in dataset.attributes.names:
        if name in dataset.features.names:
            raise ArenaError(f"dataset {dataset.name}: {name!r} is a feature; choose another name for the attribute")
    splits = as_splits(dataset.splits(seed=seed, data=data), dataset.name)
    check_splits(splits, dataset.name, dataset.features, dataset.attributes)
    return splits
