"""Training of both networks on a table, against the frozen classifier."""

from __future__ import annotations

__all__ = ["train", "validate"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena import PROFILES, Problem, generator
from recourse_arena_carma.objective import Multiplier, choose, divergence, hinge, logistic
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.tables.advice import advise
from recourse_arena_carma.tables.moves import Moves
from recourse_arena_carma.tables.people import TablePeople, encoded
from recourse_arena_carma.tables.policy import TablePolicy
from recourse_arena_carma.training import descend


def train(policy: TablePolicy, problem: Problem, settings: Settings, *, seed: int) -> None:
    """Fit the networks of `policy` to the negatively decided training people of `problem`."""
    draws = generator(seed, "carma", "tables")
    policy.initialise(draws)
    people = TablePeople.to_learn_from(problem, settings.synthetic, draws)
    objective = _Objective(policy, problem, settings, draws, Moves(problem, settings.temperature), _unit(problem))
    batches = _visits(people, policy.individual, problem, settings, draws)
    descend(policy.parameters(), objective.slopes, batches, problem, settings)


def validate(policy: TablePolicy, problem: Problem, settings: Settings) -> float:
    """Return the share of negatively decided validation people who get valid and plausible advice.

    Their preferences are drawn as in training, always the same ones, and cost the same for all features.
    """
    factual = problem.asking(problem.validation)[:_VALIDATED]
    answers = problem.draw(len(factual), generator(0, "carma", "validation"))
    request = problem.request(factual, answers, profile=PROFILES["constant"])
    advice = advise(policy, problem, request, settings)
    after = torch.where(advice.mask, advice.values, factual)
    plausible = problem.plausible(request)
    attained = problem.decisions.accepts(after) & (plausible.score(after) >= plausible.least(factual))
    return float((attained & advice.solved).float().mean())


_VALIDATED = 500
"""Most validation people; plausibility by neighbours takes a millisecond each."""


def _visits(
    people: TablePeople, individual: bool, problem: Problem, settings: Settings, draws: Generator
) -> Iterator[tuple[TablePeople, Preferences]]:
    """Yield batches of people without end, with preferences and a profile drawn anew for every visit."""
    while True:
        if individual:
            answers = problem.draw(len(people), draws)
            preferences = Preferences.mixed(answers, tuple(PROFILES.values()), settings, draws)
        else:
            preferences = Preferences.of_everybody(problem.features, len(people), settings)
        for batch in torch.randperm(len(people), generator=draws).split(settings.batch):
            yield people[batch], preferences[batch]


def _unit(problem: Problem) -> float:
    """Return what changing a feature costs on average, by a standard deviation or to another level."""
    x, table = problem.training.x, problem.features
    parts = problem.cost.per_feature(x[:1], torch.where(table.categorical, x[:1] + 1, x[:1] + problem.cost.sd))[0]
    single = parts.diag_embed()[table.actionable]
    return float(problem.cost.combined(single).mean())


@dataclass(frozen=True)
class _Objective:
    """What training minimises: soft terms, and the violation of validity that the multiplier weighs.

    There is no density to lose; advice sees to plausibility.
    """

    policy: TablePolicy
    problem: Problem
    settings: Settings
    draws: Generator
    moves: Moves
    unit: float

    def slopes(
        self, visits: tuple[TablePeople, Preferences], multiplier: Multiplier
    ) -> tuple[Tensor, Callable[[], Tensor]]:
        """Give both networks the slopes of the loss of some visits; return the violation, and what gives the loss."""
        soft, violation = self(*visits)
        loss = soft + multiplier.penalty(violation)
        self.policy.zero_grad()
        loss.backward()
        return violation, loss.detach

    def __call__(self, people: TablePeople, preferences: Preferences) -> tuple[Tensor, Tensor]:
        """Return the weighted sum of the soft terms and the mean violation, both `()`."""
        settings, cost = self.settings, self.problem.cost
        preferences = preferences.only(people.open)
        seen = self.policy.seen(people.described, preferences)
        log_odds = self.policy.log_odds(seen)
        noise = logistic(log_odds.shape, log_odds.dtype, self.draws)
        chosen = choose(log_odds, noise, preferences.mask, settings.temperature)
        move = self.moves(people, self.policy.wishes(seen, chosen), self.draws)
        # To act on a category is to change it: what that costs depends on whether to act alone.
        parts = chosen * preferences.weights * cost.per_feature(people.x, move.values)
        soft = (
            settings.cost * cost.combined(parts + _ROOT) / self.unit
            + settings.kl * divergence(log_odds, preferences.prior_odds, preferences.mask)
            + settings.feasibility * (chosen.detach() * move.outside).sum(1)
        )
        logit = encoded(self.problem).encoded_logit(self.moves.encoded(people, move, chosen))
        return soft.mean(), hinge(logit, settings.margin).mean()


_ROOT = 1e-6
"""Keeps the root of a cost of nothing differentiable."""
