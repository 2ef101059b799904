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
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.keys import digest
from recourse_arena.base.names import variant
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.elicitation.answers import Answers, read_answers
from recourse_arena.elicitation.populations import assigned
from recourse_arena.elicitation.sampler import PreferenceSampler
from recourse_arena.execution.worker.fitted_models import fitted_models, marginals
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.judging.judge import Judge
from recourse_arena.people.box import Box
from recourse_arena.people.groups import groups
from recourse_arena.people.people import People, Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.profile import profile
from recourse_arena.problem.request import Request
from recourse_arena.problem.scenario import Scenario
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
        registry: What is plugged in.
        identity: What tells these materials from others, for records: `dataset, seed, version, file` (its digest),
            `classifier, flow` (digests of their weights), `asking` (how many people ask).
        part: The part of the recourse split whose negatively decided people ask.
        preferences: Purpose under which their preferences are drawn.
    """

    name: str
    key: str
    dataset: Dataset
    seed: int
    splits: Splits
    problem: Problem
    registry: Registry
    identity: Mapping[str, object]
    part: str = "test"
    preferences: str = "preferences"

    @cached_property
    def asking(self) -> Tensor:
        """Those who ask: the negatively decided test people, `(asking, features)`."""
        return self._refused(self.part).x

    @cached_property
    def judge(self) -> Judge:
        """The judge of this dataset."""
        problem, attributes = self.problem, self._refused(self.part).attributes
        words = {} if attributes is None else groups(self.dataset.attributes, attributes)
        return Judge(problem.decisions, problem.causal_model, problem.flow, problem.true_scm, pd.DataFrame(words))

    def validating(self) -> FittedDataset:
        """Return the same models where negatively decided validation people ask, with preferences of their own."""
        identity = {**self.identity, "asking": len(self._refused("validation"))}
        return replace(self, part="validation", identity=identity, preferences="validation preferences")

    def marginals(self) -> pd.DataFrame:
        """Return how the flow compares with people held out from its training, feature by feature."""
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
        elicitor = self.registry.elicitor(scenario.scheme)
        draw = PreferenceSampler(elicitor, self.problem.features, self._favoured(scenario, "train"), actionable)
        return replace(self.problem, profile=profile(scenario.profile), draw=draw)

    def request(self, scenario: Scenario, people: int | None = None) -> Request:
        """Return the request of the first `people` test people under a scenario.

        Preferences depend on seed, dataset, scheme and distribution only, so that scenarios which differ in
        profile, cut-off or plausibility ask the same people with the same preferences, and every solver gets the
        same request.
        """
        if scenario.answers is not None:
            return self._answered(scenario, people)
        draws = generator(self.seed, variant(self.name)[0], self.preferences, scenario.scheme, scenario.distribution)
        elicitor = self.registry.elicitor(scenario.scheme)
        favoured = self._favoured(scenario, self.part)
        answers = elicitor.population(
            len(self.asking), self.problem.features, actionable=scenario.actionable, favoured=favoured, draws=draws
        )
        request = self.problem.request(
            self.asking,
            answers,
            profile=profile(scenario.profile),
            plausibility=scenario.plausibility,
            density=scenario.density,
        )
        return request[: people or len(request)]

    def _answered(self, scenario: Scenario, people: int | None) -> Request:
        answers = self._read(scenario)
        beyond = answers.people >= len(self.asking)
        if beyond.any():
            raise ArenaError(
                f"{scenario.answers}: person {int(answers.people[beyond][0])} does not exist: "
                f"{len(self.asking)} people of {self.name} (seed {self.seed}) ask for recourse, counted from 0"
            )
        request = self.problem.request(
            self.asking[answers.people],
            answers.actionability,
            profile=profile(scenario.profile),
            box=answers.box,
            person=answers.people,
            plausibility=scenario.plausibility,
            density=scenario.density,
        )
        return request[: people or len(request)]

    def _read(self, scenario: Scenario) -> Answers:
        elicitor = self.registry.elicitor(scenario.scheme)
        features = self.problem.features
        return read_answers(Path(str(scenario.answers)), features, elicitor.levels(features), ordered=elicitor.ordered)

    def _favoured(self, scenario: Scenario, part: str) -> tuple[str, str] | Tensor | None:
        """Return the pair that everybody favours, or the pairs of the negatively decided people of a part.

        Profiles are assigned to everybody of the part, so that nobody's depends on who else is decided negatively.
        """
        dataset, distribution = self.dataset, scenario.distribution
        if distribution not in dataset.distributions:
            raise unknown(f"distribution of preferences on {self.name}", distribution, dataset.distributions)
        if distribution not in dataset.assignments:
            return dataset.favoured.get(distribution)
        people: People = getattr(self.splits.recourse, part)
        draws = generator(self.seed, variant(self.name)[0], "assignment", distribution, part)
        pairs = assigned(dataset.assignments[distribution], people, self._refused("train"), dataset, draws)
        return pairs[~self.problem.decisions.accepts(people.x)]

    def _refused(self, part: str) -> People:
        people: People = getattr(self.splits.recourse, part)
        return people[~self.problem.decisions.accepts(people.x)]


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
    classifier, flow = fitted_models(dataset, splits, keys, seed=seed, cache=cache, report=report)
    train = splits.recourse.train
    refused = ~classifier.accepts(train.x)
    problem = Problem(
        dataset=name,
        features=dataset.features,
        graph=dataset.graph,
        decisions=classifier,
        cost=Cost.fitted(train.x, refused, dataset.features),
        box=Box.spanning(train.x[refused]),
        training=train.seen(),
        validation=splits.recourse.validation.seen(),
        profile=profile("constant"),
        draw=_no_preferences,
        true_scm=dataset.scm(),
        causal_flow=flow,
    )
    identity = {
        "dataset": name,
        "seed": seed,
        "version": dataset.version,
        "file": keys.file,
        "classifier": digest(classifier.state_dict()),
        "flow": digest(flow.state_dict()),
        "asking": len(problem.asking(splits.recourse.test)),
    }
    return FittedDataset(name, keys.materials, dataset, seed, splits, problem, registry, identity)


def _no_preferences(people: int, draws: Generator) -> Actionability:
    raise ArenaError("this problem was not prepared for a scenario; use Materials.problem_for")


def _validate(dataset: Dataset, splits: Splits) -> None:
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
