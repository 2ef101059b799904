"""Training of both networks against the frozen flow and classifier."""

from __future__ import annotations

__all__ = ["descend", "train", "validate"]

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from recourse_arena import PROFILES, Adam, Problem, generator
from recourse_arena_carma.advice import advise
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.objective import Multiplier
from recourse_arena_carma.people import Everybody, causal_flow
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.steps.frozen import Frozen
from recourse_arena_carma.steps.slopes import Slopes
from recourse_arena_carma.steps.visits import Visits

_Batch = TypeVar("_Batch")

_TOLD = 25
"""Steps after which the loss is told."""


def train(policy: Policy, problem: Problem, settings: Settings, *, seed: int) -> None:
    """Fit the networks of `policy` to the negatively decided training people of `problem`."""
    draws = generator(seed, "carma", "training")
    policy.initialise(draws)
    people = Everybody.to_learn_from(problem, settings.synthetic, draws)
    frozen = Frozen(problem)
    slopes = Slopes.of(policy, frozen, settings)
    visits = Visits(people, frozen, policy.individual, settings, draws)
    with threadpool_limits(1), torch.no_grad():  # the networks are multiplied by a library with threads of its own
        descend([network.weights for network in slopes.networks], slopes, visits, problem, settings)
    for network in slopes.networks:
        network.write_back()


def descend(
    parameters: Iterable[nn.Parameter],
    slopes: Callable[[_Batch, Multiplier], tuple[Tensor, Callable[[], Tensor]]],
    batches: Iterable[_Batch],
    problem: Problem,
    settings: Settings,
) -> None:
    """Minimise an objective under the constraint that a violation is 0.

    Arguments:
        parameters: What is trained.
        slopes: Gives every parameter its slopes for a batch; returns the violation `()`, and what gives the loss `()`.
        batches: Batches without end.
        problem: The problem, which is told how far training is.
        settings: Steps and rates.
    """
    parameters = list(parameters)
    steps = min(settings.steps, settings.steps_per_person * len(problem.asking(problem.training)))
    optimizer = Adam(parameters, settings.learning_rate, steps=steps)
    multiplier = Multiplier(settings.multiplier_rate, settings.damping, settings.multiplier_limit)
    for step, batch in enumerate(islice(batches, steps), 1):
        violation, loss = slopes(batch, multiplier)
        torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
        optimizer.step()
        multiplier.ascend(violation)
        problem.report(step / steps, loss() if step % _TOLD == 0 else None)


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
