"""Cost profiles: how strongly a low preference raises the cost of acting."""

from __future__ import annotations

__all__ = ["COSTS", "PROFILES", "Profile", "profile"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from recourse_arena.base.errors import unknown

if TYPE_CHECKING:
    import numpy as np
    import torch


COSTS = ("range", "gower", "l1", "l2", "encoded", "encoded-1")
"""Names of the costs of actions, which :mod:`~recourse_arena.problem.cost` computes."""

Scores = TypeVar("Scores", "torch.Tensor", "np.ndarray")
"""Arrays of actionability scores; what is computed from them is of the same kind."""


@dataclass(frozen=True)
class Profile:
    """Maps actionability scores to cost weights and to priors of acting.

    With `g(s) = ((s - 1) / (K - 1)) ** gamma` (arXiv 2604.08030) the weight is
    `alpha_min + (alpha_max - alpha_min) g(s)` and the prior `prior_max - (prior_max - prior_min) g(s)`.
    The end points and exponents are not published; these reproduce the published hap of the oracle.
    Scores are tensors, or numpy arrays where torch is not to be imported.

    Arguments:
        name: Its name.
        gamma: The exponent; none means that scores are ignored (`g = 0`).
        alpha_min: Weight of the easiest feature.
        alpha_max: Weight of the hardest feature that is still actionable.
        prior_max: Prior probability of acting on the easiest feature.
        prior_min: Prior probability of acting on the hardest one.
    """

    name: str
    gamma: float | None
    alpha_min: float = 1.0
    alpha_max: float = 7.0
    prior_max: float = 0.5
    prior_min: float = 0.05

    def grade(self, scores: Scores, levels: int) -> Scores:
        """Return `g(scores)`, between 0 (easiest) and 1 (hardest of `levels`)."""
        if self.gamma is None or levels < 2:
            return scores * 0.0
        return ((scores.clip(1, levels) - 1) / (levels - 1)) ** self.gamma

    def weights(self, scores: Scores, levels: int) -> Scores:
        """Return the cost weights (alpha) of `scores`.

        Example:
            >>> import numpy as np
            >>> PROFILES["linear"].weights(np.array([1, 2, 3, 4]), 4).tolist()
            [1.0, 3.0, 5.0, 7.0]
        """
        return self.alpha_min + (self.alpha_max - self.alpha_min) * self.grade(scores, levels)

    def priors(self, scores: Scores, levels: int) -> Scores:
        """Return the prior probabilities of acting (pi) of `scores`; 0 where non-actionable."""
        priors = self.prior_max - (self.prior_max - self.prior_min) * self.grade(scores, levels)
        return priors * (scores <= levels)


PROFILES = {
    "constant": Profile("constant", None),
    "linear": Profile("linear", 1.0),
    "convex": Profile("convex", 2.25),
    "concave": Profile("concave", 0.4),
}
"""The profiles of the paper, by name."""


def profile(name: str) -> Profile:
    """Return the profile called `name`."""
    if name not in PROFILES:
        raise unknown("cost profile", name, PROFILES)
    return PROFILES[name]
