"""Fitting an autoencoder to training people."""

from __future__ import annotations

__all__ = ["autoencoder", "fit_autoencoder"]

import copy

import torch
from torch import Generator, Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import derive_seed, generator
from recourse_arena.interfaces.recipes import AutoencoderRecipe
from recourse_arena.models.generative.autoencoder import Autoencoder
from recourse_arena.models.optimizers import Adam
from recourse_arena.problem.problem import Problem

_BATCH = 128
_EVERY = 50
"""Steps between two looks at validation people."""

_PATIENCE = 10
"""Looks without anything better after which training ends."""

_LOOKED_AT = 2000
"""Validation people that are looked at, at most."""


def autoencoder(problem: Problem, recipe: AutoencoderRecipe, *, seed: int) -> Autoencoder:
    """Return the autoencoder of a problem's training people that was made for a solver that declares `recipe`.

    That is :attr:`Solver.autoencoder_recipe`. Where nobody made one, as outside of runs, or one of another recipe, it
    is fitted now.

    Arguments:
        problem: The problem.
        recipe: How it is built and trained.
        seed: Seed of all draws, if it is fitted now.
    """
    made = problem.autoencoder
    if isinstance(made, Autoencoder) and made.recipe == recipe:
        return made
    return fit_autoencoder(problem, recipe, seed=seed, report=problem.report)


@torch.enable_grad()
def fit_autoencoder(
    problem: Problem, recipe: AutoencoderRecipe, *, seed: int, report: ProgressHook = silent
) -> Autoencoder:
    """Return an autoencoder fitted to the training people of a problem; of all steps the best on validation people.

    Single precision is precise enough for that, and fast.

    Arguments:
        problem: The problem.
        recipe: How it is built and trained.
        seed: Seed of all draws.
        report: Hears how far it is.

    Raises:
        ArenaError: If its loss is never a number.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "autoencoder"))
        model = Autoencoder(problem.features, recipe)
    model.set_scale(problem.training.x)
    model.float()
    train, fresh = (model.encoding.encode(people.x.float()) for people in (problem.training, problem.validation))
    fresh = fresh[:_LOOKED_AT] if len(fresh) else train
    draws = generator(seed, "autoencoder", "steps")
    fixed, noise = _fixed(model, len(fresh), draws), torch.randn(len(fresh), recipe.latent, generator=draws)
    optimizer = Adam(model.parameters(), recipe.rate, steps=recipe.steps)
    best, kept, since = torch.inf, copy.deepcopy(model.state_dict()), 0
    for step in range(1, recipe.steps + 1):
        rows = torch.randint(len(train), (_BATCH,), generator=draws)
        own = torch.randn(_BATCH, recipe.latent, generator=draws)
        loss = model.loss(train[rows], _fixed(model, _BATCH, draws), own).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        if step % _EVERY == 0 or step == recipe.steps:
            with torch.no_grad():
                value = float(model.loss(fresh, fixed, noise).mean())
            report(step / recipe.steps, value)
            since += 1
            if value < best:
                best, kept, since = value, copy.deepcopy(model.state_dict()), 0
            if since >= _PATIENCE:
                break
    if best == torch.inf:
        raise ArenaError("the autoencoder did not converge: its loss on validation people is not a number")
    model.load_state_dict(kept)
    return model.double().eval().requires_grad_(False)


def _fixed(model: Autoencoder, people: int, draws: Generator) -> Tensor:
    """Return columns that are fixed in training, bool `(people, columns)`: what nobody can act on, and some more.

    Half of the people can act on everything that anybody can act on, the others on a random share of that.
    """
    features = model.features
    if not model.recipe.conditional:
        return torch.zeros(people, len(model.encoding), dtype=torch.bool)
    share = (2 * torch.rand(people, 1, generator=draws) - 1).clamp(min=0)
    more = torch.rand(people, len(features), generator=draws) < share
    return model.encoding.spread(more | ~features.actionable)
