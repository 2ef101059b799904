"""Fitting an autoencoder to training people."""

from __future__ import annotations

__all__ = ["autoencoder", "restored_autoencoder"]

import copy
from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from recourse_arena import FeatureTable, Problem, derive_seed, generator
from recourse_arena_generative.coder import Autoencoder
from recourse_arena_generative.network import Network

_BATCH = 128
_EVERY = 50
"""Steps between two looks at validation people."""

_PATIENCE = 10
"""Looks without anything better after which training ends."""

_LOOKED_AT = 2000
"""Validation people that are looked at, at most."""


@torch.enable_grad()
def autoencoder(
    problem: Problem, network: Network, *, seed: int, purpose: str, conditional: bool = False, variational: bool = True
) -> Autoencoder:
    """Return an autoencoder fitted to the training people of a problem; of all steps the best on validation people.

    Single precision is precise enough for that, and fast.

    Arguments:
        problem: The problem.
        network: How it is built and trained.
        seed: Seed of all draws.
        purpose: What it is for, usually the name of the solver: another purpose draws otherwise.
        conditional: Whether it is told what is fixed.
        variational: Whether latents are random.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, purpose, "autoencoder"))
        model = Autoencoder(problem.features, network, conditional=conditional, variational=variational)
    model.set_scale(problem.training.x)
    model.float()
    train, fresh = (model.encoding.encode(people.x.float()) for people in (problem.training, problem.validation))
    fresh = fresh[:_LOOKED_AT] if len(fresh) else train
    draws = generator(seed, purpose, "autoencoder", "steps")
    fixed, noise = _fixed(model, len(fresh), draws), torch.randn(len(fresh), network.latent, generator=draws)
    optimizer = torch.optim.Adam(model.parameters(), lr=network.rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, network.steps)
    best, kept, since = torch.inf, copy.deepcopy(model.state_dict()), 0
    for step in range(1, network.steps + 1):
        rows = torch.randint(len(train), (_BATCH,), generator=draws)
        own = torch.randn(_BATCH, network.latent, generator=draws)
        loss = model.loss(train[rows], _fixed(model, _BATCH, draws), own).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        if step % _EVERY == 0 or step == network.steps:
            with torch.no_grad():
                value = float(model.loss(fresh, fixed, noise).mean())
            problem.report(step / network.steps, value)
            since += 1
            if value < best:
                best, kept, since = value, copy.deepcopy(model.state_dict()), 0
            if since >= _PATIENCE:
                break
    model.load_state_dict(kept)
    return model.double().eval().requires_grad_(False)


def restored_autoencoder(
    features: FeatureTable,
    network: Network,
    state: Mapping[str, Tensor],
    *,
    conditional: bool = False,
    variational: bool = True,
) -> Autoencoder:
    """Return the autoencoder whose `state_dict` was kept."""
    with torch.random.fork_rng(devices=[]):
        model = Autoencoder(features, network, conditional=conditional, variational=variational)
    model.load_state_dict(dict(state))
    return model.eval().requires_grad_(False)


def _fixed(model: Autoencoder, people: int, draws: Generator) -> Tensor:
    """Return columns that are fixed in training, bool `(people, columns)`: what nobody can act on, and some more.

    Half of the people can act on everything that anybody can act on, the others on a random share of that.
    """
    features = model.features
    if not model.conditional:
        return torch.zeros(people, len(model.encoding), dtype=torch.bool)
    share = (2 * torch.rand(people, 1, generator=draws) - 1).clamp(min=0)
    more = torch.rand(people, len(features), generator=draws) < share
    return model.encoding.spread(more | ~features.actionable)
