"""Training of both networks against the frozen flow and classifier."""

from __future__ import annotations

__all__ = ["choose", "descend", "train", "validate", "visits"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, Self, TypeVar

import torch
from torch import Generator, Tensor

from recourse_arena import PROFILES, Adam, Problem, generator
from recourse_arena_carma.advice import advise
from recourse_arena_carma.networks import Networks, Policy
from recourse_arena_carma.objective import Multiplier, divergence, excess, hinge, lost_density
from recourse_arena_carma.people import Everybody, causal_flow
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings


class _People(Protocol):
    def __len__(self) -> int: ...

    def __getitem__(self, people: Tensor) -> Self: ...


_Batch = TypeVar("_Batch", bound=_People)


def train(policy: Policy, problem: Problem, settings: Settings, *, seed: int) -> None:
    """Fit the networks of `policy` to the negatively decided training people of `problem`."""
    draws = generator(seed, "carma", "training")
    policy.initialise(draws)
    people = Everybody.to_learn_from(problem, settings.synthetic, draws)
    objective = _Objective(policy, problem, settings, draws)
    descend(policy, objective, visits(people, policy.individual, problem, settings, draws), problem, settings)


def descend(
    policy: Networks,
    objective: Callable[[_Batch, Preferences], tuple[Tensor, Tensor]],
    batches: Iterator[tuple[_Batch, Preferences]],
    problem: Problem,
    settings: Settings,
) -> None:
    """Minimise the soft terms of `objective` under the constraint that its second value, the violation, is 0."""
    steps = min(settings.steps, settings.steps_per_person * len(problem.asking(problem.training)))
    optimizer = Adam(policy.parameters(), settings.learning_rate, steps=steps)
    multiplier = Multiplier(settings.multiplier_rate, settings.damping, settings.multiplier_limit)
    for step, (batch, preferences) in enumerate(islice(batches, steps), 1):
        soft, violation = objective(batch, preferences)
        loss = soft + multiplier.penalty(violation)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), settings.clip)
        optimizer.step()
        multiplier.ascend(violation)
        problem.report(step / steps, loss)


def validate(policy: Policy, problem: Problem, settings: Settings) -> float:
    """Return the share of negatively decided validation people who get valid and plausible advice, by the flow.

    Their preferences are drawn as in training, always the same ones, and cost the same for all features.
    """
    factual = problem.asking(problem.validation)
    answers = problem.draw(len(factual), generator(0, "carma", "validation"))
    request = problem.request(factual, answers, profile=PROFILES["constant"])
    advice = advise(policy, problem, request, settings)
    flow = causal_flow(problem)
    after = flow.counterfactual(factual, advice.mask, advice.values)
    attained = problem.decisions.accepts(after) & (flow.log_density(after) >= flow.log_density(factual))
    return float((attained & advice.solved).float().mean())


def choose(log_odds: Tensor, mask: Tensor, temperature: float, draws: Generator) -> Tensor:
    """Return a hard choice per feature with straight-through gradients, times the actionability `mask`.

    The difference of two Gumbel variables is logistic, so this is the hard Gumbel-softmax on two logits per
    feature (Jang et al., ICLR 2017).
    """
    uniform = torch.rand(log_odds.shape, generator=draws, dtype=log_odds.dtype).clamp(1e-6, 1 - 1e-6)
    soft = torch.sigmoid((log_odds + uniform.logit()) / temperature)
    return ((soft > 0.5).to(soft) - soft.detach() + soft) * mask


def visits(
    people: _Batch, individual: bool, problem: Problem, settings: Settings, draws: Generator
) -> Iterator[tuple[_Batch, Preferences]]:
    """Yield batches of people without end, with preferences and a profile drawn anew for every visit."""
    while True:
        if individual:
            answers = problem.draw(len(people), draws)
            preferences = Preferences.mixed(answers, tuple(PROFILES.values()), settings, draws)
        else:
            preferences = Preferences.of_everybody(problem.features, len(people), settings)
        for batch in torch.randperm(len(people), generator=draws).split(settings.batch):
            yield people[batch], preferences[batch]


@dataclass(frozen=True)
class _Objective:
    """What training minimises: soft terms, and the violation of validity that the multiplier weighs."""

    policy: Policy
    problem: Problem
    settings: Settings
    draws: Generator

    def __call__(self, people: Everybody, preferences: Preferences) -> tuple[Tensor, Tensor]:
        """Return the weighted sum of the soft terms and the mean violation, both `()`."""
        settings, mask = self.settings, preferences.mask
        seen = self.policy.seen(people.described, preferences)
        log_odds = self.policy.log_odds(seen)
        chosen = choose(log_odds, mask, settings.temperature, self.draws)
        after, wanted, density = self._effect(people, mask > 0, chosen, self.policy.shift(seen, chosen))
        box, acted = self.problem.box, chosen > 0.5
        cost = (chosen * preferences.weights * self.problem.cost.per_feature(people.x, after)).sum(1)
        lost = lost_density(people.log_density, density, settings.plausibility_margin, settings.saturation)
        soft = (
            settings.cost * cost
            + settings.kl * divergence(log_odds, preferences.prior_odds, mask)
            + settings.plausibility * lost
            + settings.feasibility * excess(wanted, box.lower, box.upper, acted)
        )
        return soft.mean(), hinge(self.problem.classifier.logit(after), settings.margin).mean()

    def _effect(self, people: Everybody, mask: Tensor, chosen: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return counterfactual, wanted values and log-density of the chosen shifts.

        Everything actionable is recomputed, chosen or not: a feature that was left out this time gets a gradient
        that says what acting on it would have done.
        """
        acted = chosen > 0.5

        def feasible(wanted: Tensor) -> Tensor:
            nearest = self.problem.box.snap(wanted, self.problem.features.whole)
            within = torch.minimum(torch.maximum(wanted, self.problem.box.lower), self.problem.box.upper)
            return torch.where(acted, nearest.detach() + within - within.detach(), wanted)

        return causal_flow(self.problem).latent_intervention_with_density(
            people.x, people.u + chosen * shift, mask, feasible
        )
