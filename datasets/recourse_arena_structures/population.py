"""Who lives in a structure: draws of its equations, with a noisy label."""

from __future__ import annotations

__all__ = ["draw_splits", "log_odds"]

from collections.abc import Mapping

import torch
from torch import Tensor

from recourse_arena import People, Split, Splits, StructuralCausalModel, generator

_STEEPNESS, _LENIENCE = 2.5, 0.5

_SCALES: Mapping[tuple[str, str], tuple[tuple[float, ...], tuple[float, ...]]] = {
    ("chain", "linear"): ((0.0, 0.0, 0.0), (1.0, 10.0, 3.2)),
    ("chain", "nonlinear"): ((0.0, 1.1, -4.2), (1.0, 0.65, 2.0)),
    ("collider", "linear"): ((0.0, 2.0, 0.5), (1.0, 1.0, 0.75)),
    ("collider", "nonlinear"): ((0.0, 0.0, 1.0), (1.0, 1.0, 1.8)),
    ("triangle", "linear"): ((1.0, 10.0, 6.0), (1.0, 10.0, 6.1)),
    ("triangle", "nonlinear"): ((0.0, 2.0, 15.9), (1.0, 3.0, 4.4)),
}
"""Mean and standard deviation of the features, rounded: the label weighs their standardised values alike."""


def log_odds(x: Tensor, name: str, equations: str) -> Tensor:
    """Return the log odds of a favourable label of people `x` `(people, 3)`: `2.5 (z1 + z2 + z3 + 0.5)`.

    After the label of the three-feature models of Karimi et al. (NeurIPS 2020), from memory: a coin whose log odds are
    2.5 times the sum of the features over its scale. Here each feature is standardised, so that all count alike, and
    the constant makes 53 to 62 % of the labels favourable.

    Example:
        >>> log_odds(torch.tensor([[1.0, 10.0, 0.0]]), "chain", "linear")
        tensor([6.2500])
    """
    mean, sd = (x.new_tensor(numbers) for numbers in _SCALES[name, equations])
    return _STEEPNESS * (((x - mean) / sd).sum(-1) + _LENIENCE)


def draw_splits(scm: StructuralCausalModel, name: str, equations: str, *, seed: int) -> Splits:
    """Return independent draws for each model and split; labels have a generator of their own."""

    def people(purpose: str, part: str, count: int) -> People:
        words = (name, equations, purpose, part)
        x = scm.sample(count, generator(seed, *words))
        chance = torch.rand(count, generator=generator(seed, *words, "label"))
        return People(x, (chance < log_odds(x, name, equations).sigmoid()).to(x.dtype))

    def split(purpose: str, *counts: int) -> Split:
        parts = zip(("train", "validation", "test"), counts, strict=True)
        return Split(*(people(purpose, part, count) for part, count in parts))

    return Splits(
        decision=split("decision", 10_000, 2_500, 2_500),
        flow=split("flow", 20_000, 2_500, 2_500),
        recourse=split("recourse", 10_000, 2_500, 2_500),
    )
