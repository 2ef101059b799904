"""Who asks for recourse, with which answers: from a scenario to a request."""

from __future__ import annotations

__all__ = ["Requests"]

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from recourse_arena.base.errors import unknown
from recourse_arena.base.names import variant
from recourse_arena.base.randomness import generator
from recourse_arena.elicitation.answers import Answers, read_answers
from recourse_arena.elicitation.hidden_people import with_hidden_limits
from recourse_arena.elicitation.populations import assigned
from recourse_arena.elicitation.sampler import PreferenceSampler
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.people.box import Box
from recourse_arena.people.people import People, Split
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.profile import profile
from recourse_arena.problem.request import Request
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.registry import Registry

Part = Literal["train", "validation", "test"]

_NAMED = 5
"""How many people a note names."""


@dataclass(frozen=True)
class Requests:
    """The applicants of a dataset and seed, and what they ask under each scenario.

    Applicants are the people of a part who are decided negatively. Preferences depend on seed, dataset, scheme and
    distribution only, so that scenarios which differ in profile, cut-off or plausibility ask the same people with the
    same preferences, and every solver gets the same request.

    Arguments:
        name: The dataset's name with options.
        seed: The seed.
        dataset: The dataset.
        people: Its people who may ask.
        problem: The problem with nothing withheld.
        registry: What is plugged in.
        refused_by: The decision model that refuses those who ask.
        part: The part whose applicants ask.
    """

    name: str
    seed: int
    dataset: Dataset
    people: Split
    problem: Problem
    registry: Registry
    refused_by: Decisions
    part: Part = "test"

    def __len__(self) -> int:
        return len(self.applicants)

    @cached_property
    def applicants(self) -> People:
        """Those who ask, numbered from 0 in this order."""
        return self._everybody[self._refused]

    def among(self, part: Part) -> Requests:
        """Return the requests of another part, with preferences of its own."""
        return replace(self, part=part)

    def under(self, scenario: Scenario, people: int | None = None) -> Request:
        """Return the request of some applicants under a scenario, in the order of their numbers.

        Whoever is asked has the number and the preferences that they have among all. Where a policy has to find out
        what they want, this is what they want in truth: limits of their own are in the box.

        Arguments:
            scenario: The scenario.
            people: How many applicants, drawn by seed and the same under each scenario: fewer are some of more. All by
                default, or where there are no more than that. Everybody in a file of answers is asked.

        Raises:
            ArenaError: If a file of answers is not about them, or the scenario is not one of the dataset.
        """
        if scenario.answers is not None:
            return self._answered(scenario)
        request = self._simulated(scenario)
        return request if people is None or people >= len(request) else request[self._drawn(people)]

    def sampler(self, scenario: Scenario, actionable: str) -> PreferenceSampler:
        """Return what draws preferences of training people under a scenario.

        Arguments:
            scenario: The scenario.
            actionable: How many features each can act on.
        """
        elicitor, training = self.registry.elicitor(scenario.scheme), self.among("train")
        return PreferenceSampler(elicitor, self.problem.features, training._favoured(scenario), actionable)

    @cached_property
    def _everybody(self) -> People:
        people: People = getattr(self.people, self.part)
        return people

    @cached_property
    def _refused(self) -> Tensor:
        """Who of the part is decided negatively, decided once: bool `(people,)`."""
        return ~self.refused_by.accepts(self._everybody.x)

    def _drawn(self, people: int) -> Tensor:
        """Return the numbers of so many applicants, rising, `(people,)`."""
        draws = generator(self.seed, variant(self.name)[0], self._purpose("people"))
        return torch.randperm(len(self), generator=draws)[:people].sort().values

    def _purpose(self, what: str) -> str:
        return what if self.part == "test" else f"{self.part} {what}"

    def _simulated(self, scenario: Scenario) -> Request:
        purpose = self._purpose("preferences")
        draws = generator(self.seed, variant(self.name)[0], purpose, scenario.scheme, scenario.distribution)
        answers = self.registry.elicitor(scenario.scheme).population(
            len(self),
            self.problem.features,
            actionable=scenario.actionable,
            favoured=self._favoured(scenario),
            draws=draws,
        )
        request = self.problem.request(
            self.applicants.x,
            answers,
            profile=profile(scenario.profile),
            plausibility=scenario.plausibility,
            density=scenario.density,
            sparsity=scenario.sparsity,
            menu=scenario.menu,
        )
        if scenario.policy is None:
            return request
        limits = generator(self.seed, variant(self.name)[0], self._purpose("hidden bounds"))
        return with_hidden_limits(request, limits)

    def limited(self, scenario: Scenario, people: int | None = None) -> tuple[str, int]:
        """Return who of a request cannot act on what they said they can, in words, and how many they are.

        That is whose own bounds do not meet the feasible range. Empty, and 0, if there is nobody.
        """
        if scenario.answers is None:
            return "", 0
        answers, features = self._answers(scenario), self.problem.features
        feasible = self.problem.box.directed(self.applicants.x[answers.people], features)
        left = feasible.personal(answers.box.lower, answers.box.upper, features)
        closed = answers.actionability.mask & left.empty(features.whole) & ~feasible.empty(features.whole)
        places = closed[: people or len(closed)].nonzero().tolist()
        words = [
            f"person {int(answers.people[i])} on {features.names[j]!r} "
            f"(own bounds {_ends(answers.box, i, j)}, feasible {_ends(feasible, i, j)})"
            for i, j in places
        ]
        if len(words) > _NAMED:
            words[_NAMED:] = [f"and {len(words) - _NAMED} more"]
        text = f"cannot act where their own bounds leave nothing: {', '.join(words)}"
        return (text, len({i for i, _ in places})) if words else ("", 0)

    def left_out(self, scenario: Scenario) -> tuple[str, int]:
        """Return who of a file of answers is left out, and why, in words, and how many they are.

        Empty, and 0, if there is nobody. The file goes by its name alone, wherever it lies.
        """
        if scenario.answers is None:
            return "", 0
        path = Path(scenario.answers)
        wrong = [text.replace(str(path), path.name) for text in self._answers(scenario).left_out]
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        return (f"left out, as their answers are wrong: {'; '.join(wrong[:_NAMED])}{more}" if wrong else ""), len(wrong)

    def _answers(self, scenario: Scenario) -> Answers:
        answers = read_answers(
            Path(str(scenario.answers)),
            self.problem.features,
            self.registry.elicitor(scenario.scheme),
            scenario.labels,
        )
        return answers.existing(len(self), f"people of {self.name} (seed {self.seed}) ask for recourse")

    def _answered(self, scenario: Scenario) -> Request:
        answers = self._answers(scenario)
        return self.problem.request(
            self.applicants.x[answers.people],
            answers.actionability,
            profile=profile(scenario.profile),
            box=answers.box,
            person=answers.people,
            plausibility=scenario.plausibility,
            density=scenario.density,
            sparsity=scenario.sparsity,
            menu=scenario.menu,
        )

    def _favoured(self, scenario: Scenario) -> tuple[str, str] | Tensor | None:
        """Return the pair of features that everybody favours, or the pair of each applicant.

        Profiles are assigned to everybody of the part, so that nobody's depends on who else is decided negatively.
        """
        dataset, distribution = self.dataset, scenario.distribution
        if distribution not in dataset.distributions:
            raise unknown(f"distribution of preferences on {self.name}", distribution, dataset.distributions)
        if distribution not in dataset.assignments:
            return dataset.favoured.get(distribution)
        draws = generator(self.seed, variant(self.name)[0], "assignment", distribution, self.part)
        training = self if self.part == "train" else self.among("train")
        pairs = assigned(dataset.assignments[distribution], self._everybody, training.applicants, dataset, draws)
        return pairs[self._refused]


def _ends(box: Box, row: int, column: int) -> str:
    return f"[{box.lower[row, column]:g}, {box.upper[row, column]:g}]"
