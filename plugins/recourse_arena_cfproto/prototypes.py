"""Where accepted training people lie in latent space."""

from __future__ import annotations

__all__ = ["Prototypes"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Autoencoder, Problem

_MOST = 2000
"""Accepted people that are looked at; on large tables the first of them, who are in no order."""


@dataclass(frozen=True)
class Prototypes:
    """Latents of accepted training people, on a scale on which each latent has a variance of 1 over training people.

    Arguments:
        model: The autoencoder.
        scale: Standard deviation of each latent, `(latent,)`.
        latents: Scaled latents of the accepted, `(accepted, latent)`.
    """

    model: Autoencoder
    scale: Tensor
    latents: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, problem: Problem, model: Autoencoder) -> Prototypes:
        """Return those of the training people of a problem."""
        x = problem.training.x
        columns = model.encoding.encode(x.double())
        latents = model.encode(columns, torch.zeros_like(columns, dtype=torch.bool))
        scale = latents.std(0).clamp(min=1e-6)
        return cls(model, scale, (latents / scale)[problem.decisions.accepts(x)][:_MOST])

    def encode(self, columns: Tensor) -> Tensor:
        """Return the scaled latents `(people, latent)` of people `(people, columns)`."""
        return self.model.encode(columns, torch.zeros_like(columns, dtype=torch.bool)) / self.scale

    @torch.no_grad()
    def nearest(self, columns: Tensor, count: int) -> Tensor:
        """Return the mean of the `count` accepted latents nearest to each of the people, `(people, latent)`."""
        here = self.encode(columns)
        if not len(self.latents):
            return here
        apart = (here[:, None] - self.latents).square().sum(-1)
        near = apart.argsort(dim=1, stable=True)[:, :count]
        return self.latents[near].mean(1)
