"""Training of both networks against the frozen flow and classifier."""

from __future__ import annotations

__all__ = ["Everybody", "train"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from recourse_arena.problem.problem import Problem
from recourse_arena.problem.profile import PROFILES
from recourse_arena.problem.randomness import generator
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.objective import Multiplier, divergence, excess, hinge, lost_density
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings

Draw = Callable[[int, Generator], Preferences]


@dataclass(frozen=True)
class Everybody:
    """What training needs to know of people, computed once.

    Arguments:
        x: Factual features `(people, features)`.
        u: Their noise.
        described: What the networks see of a person.
        log_density: Of the factual features, `(people,)`.
    """

    x: Tensor
    u: Tensor
    described: Tensor
    log_density: Tensor

    @classmethod
    def asking(cls, problem: Problem, x: Tensor) -> Everybody:
        """Return people `x` as the networks see them."""
        u = problem.flow.abduct(x)
        z = (x - problem.training.x.mean(0)) / problem.cost.sd
        described = torch.cat((u, z, problem.classifier.logit(x)[:, None] / 2), 1)
        return cls(x, u, described, problem.flow.log_density(x))

    def __getitem__(self, people: Tensor) -> Everybody:
        return Everybody(self.x[people], self.u[people], self.described[people], self.log_density[people])


def train(policy: Policy, problem: Problem, settings: Settings, *, seed: int) -> None:
    """Fit the networks of `policy` to the negatively decided training people of `problem`."""
    draws = generator(seed, "carma", "training")
    policy.initialise(draws)
    everybody = problem.training.x
    if settings.synthetic:
        everybody = problem.flow.sample(settings.synthetic, draws)
        everybody[:, problem.features.whole] = everybody[:, problem.features.whole].round()
        everybody = problem.box.expand(len(everybody)).snap(everybody, problem.features.whole)
    people = Everybody.asking(problem, everybody[~problem.decisions.accepts(everybody)])
    parameters = list(policy.parameters())
    optimizer = torch.optim.Adam(parameters, lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)
    multiplier = Multiplier(settings.multiplier_rate, settings.damping, settings.multiplier_limit)
    draw = partial(draw_preferences, policy, problem, settings)
    for batch, preferences in visits(people, draw, settings, draws):
        soft, violation = objective(policy, problem, settings, batch, preferences, draws)
        loss = soft + multiplier.penalty(violation)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
        optimizer.step()
        schedule.step()
        multiplier.update(violation.item())


def draw_preferences(policy: Policy, problem: Problem, settings: Settings, people: int, draws: Generator) -> Preferences:
    """Return training preferences of a number of people: drawn, or everybody's if the networks see none."""
    if not policy.individual:
        return Preferences.of_everybody(problem.features, people, settings)
    return Preferences.mixed(problem.draw(people, draws), tuple(PROFILES.values()), settings, draws)


def visits(
    people: Everybody, draw: Draw, settings: Settings, draws: Generator
) -> Iterator[tuple[Everybody, Preferences]]:
    """Yield `settings.steps` batches of people with preferences drawn anew for every visit."""
    left = settings.steps
    while left:
        preferences = draw(len(people.x), draws)
        for batch in torch.randperm(len(people.x), generator=draws).split(settings.batch)[:left]:
            yield people[batch], preferences[batch]
            left -= 1


def choose(logits: Tensor, mask: Tensor, temperature: float, draws: Generator) -> Tensor:
    """Return a hard choice per feature with straight-through gradients, times the actionability `mask`.

    The difference of two Gumbel variables is logistic, so this is the hard Gumbel-softmax (Jang et al., ICLR
    2017) on the two logits of each feature.
    """
    uniform = torch.rand(logits.shape, generator=draws).clamp(1e-6, 1 - 1e-6)
    soft = ((logits + uniform.logit()) / temperature).sigmoid()
    return ((soft > 0.5).float() - soft.detach() + soft) * mask


def objective(
    policy: Policy, problem: Problem, settings: Settings, people: Everybody, preferences: Preferences, draws: Generator
) -> tuple[Tensor, Tensor]:
    """Return the weighted sum of the soft terms, and the mean violation of validity."""
    seen = policy.seen(people.described, preferences)
    logits = policy.logits(seen)
    chosen = choose(logits, preferences.mask, settings.temperature, draws)
    u = people.u + chosen * policy.shift(seen, chosen)
    acted = chosen.detach() > 0.5

    def feasible(wanted: Tensor) -> Tensor:
        return torch.where(acted, problem.box.snap(wanted, problem.features.whole), wanted)

    after, wanted, density = problem.flow.latent_intervention_with_density(people.x, u, preferences.mask > 0, feasible)
    cost = (chosen * preferences.weights * problem.cost.per_feature(people.x, after)).sum(1)
    lost = lost_density(people.log_density, density, settings.plausibility_margin)
    if settings.deficit_cap: lost = settings.deficit_cap * torch.log1p(lost / settings.deficit_cap)
    soft = (
        settings.cost * cost
        + settings.kl * divergence(logits, preferences.priors, preferences.mask)
        + settings.plausibility * lost
        + settings.feasibility * excess(wanted, problem.box.lower, problem.box.upper, acted)
    )
    return soft.mean(), hinge(problem.classifier.logit(after) / settings.hinge_temperature, settings.margin).mean()
