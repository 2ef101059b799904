"""Gradient descent in the latent space of an autoencoder, everybody on their own."""

from __future__ import annotations

__all__ = ["latent_descent"]

from collections.abc import Callable

import torch
from torch import Tensor

from recourse_arena import Adam, Autoencoder
from recourse_arena_generative.answers import Best
from recourse_arena_generative.ground import Ground


@torch.enable_grad()
def latent_descent(
    ground: Ground,
    model: Autoencoder,
    objective: Callable[[Tensor, Tensor], Tensor],
    *,
    score: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    rate: float,
) -> Best:
    """Return the accepted iterates of least score of Adam on latents, from those of the factual.

    Latents are decoded with what each person cannot change as it is. The legal people next to what is decoded are what
    is asked about.

    Arguments:
        ground: The people.
        model: The autoencoder.
        objective: What is minimised, `(people,)`, of log odds `(people,)` and decoded columns `(people, columns)`.
        score: What says which accepted iterate is best, `(people,)`, of the value of the objective `(people,)` and
            legal features `(people, features)`.
        steps: Steps.
        rate: The learning rate.
    """
    best, fixed = Best.none(ground), ground.fixed
    latent = model.encode(ground.factual, fixed).clone().requires_grad_()
    adam = Adam([latent], rate)
    for step in range(steps + 1):
        columns = model.decode(latent, ground.factual, fixed)
        loss = objective(ground.logit(columns), columns)
        with torch.no_grad():
            values = ground.values(columns.detach())
            best.offer(ground.reaches(values), score(loss.detach(), values), values)
        if step < steps:
            adam.zero_grad()
            loss.sum().backward()
            torch.nan_to_num_(latent.grad)  # type: ignore[arg-type]
            adam.step()
    return best
