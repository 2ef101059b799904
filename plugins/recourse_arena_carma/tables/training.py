"""Training of both networks on a table, against the frozen classifier."""

from __future__ import annotations

__all__ = ["train", "validate"]

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena import PROFILES, Problem, generator
from recourse_arena_carma.objective import divergence, hinge
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.tables.advice import advise
from recourse_arena_carma.tables.moves import Moves
from recourse_arena_carma.tables.people import TablePeople, encoded
from recourse_arena_carma.tables.policy import TablePolicy
from recourse_arena_carma.training import choose, descend, visits


def train(policy: TablePolicy, problem: Problem, settings: Settings, *, seed: int) -> None:
    """Fit the networks of `policy` to the negatively decided training people of `problem`."""
    draws = generator(seed, "carma", "tables")
    policy.initialise(draws)
    people = TablePeople.to_learn_from(problem, settings.synthetic, draws)
    objective = _Objective(policy, problem, settings, draws, Moves(problem, settings.temperature), _unit(problem))
    descend(policy, objective, visits(people, policy.individual, problem, settings, draws), problem, settings)


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

    def __call__(self, people: TablePeople, preferences: Preferences) -> tuple[Tensor, Tensor]:
        """Return the weighted sum of the soft terms and the mean violation, both `()`."""
        settings, cost = self.settings, self.problem.cost
        preferences = preferences.only(people.open)
        seen = self.policy.seen(people.described, preferences)
        log_odds = self.policy.log_odds(seen)
        chosen = choose(log_odds, preferences.mask, settings.temperature, self.draws)
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
