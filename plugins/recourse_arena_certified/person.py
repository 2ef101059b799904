"""One person who asks, in double precision."""

from __future__ import annotations

__all__ = ["Person"]

from dataclasses import dataclass, replace

import numpy as np

from recourse_arena import Request
from recourse_arena_certified.world import World


@dataclass(frozen=True)
class Person:
    """What a program needs to know about a person; arrays are `(features,)`.

    Arguments:
        factual: The person.
        lower: Smallest value of an action, whole where it must be.
        upper: Largest value.
        price: Weighted cost of a squared change by one data unit.
        actionable: Which features the person can act upon.
        whole: Which features hold whole numbers.
        noise: Standardised noise of the features that can be acted upon, 0 elsewhere.
        sd: Standard deviation of their noise, 1 elsewhere.
        slack: By how much twice the log-density may be missed, to allow for rounding; infinite without plausibility.
    """

    factual: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    price: np.ndarray
    actionable: np.ndarray
    whole: np.ndarray
    noise: np.ndarray
    sd: np.ndarray
    slack: float

    @classmethod
    def of(cls, one: Request, world: World, slack: float) -> Person:
        """Return the person of a request of one.

        Raises:
            ArithmeticError: If a number is not finite, or a price not positive.
        """
        whole, actionable = one.features.whole.numpy(), one.actionable[0].numpy()
        factual, lower, upper = (t[0].double().numpy() for t in (one.factual, one.box.lower, one.box.upper))
        price = one.prices[0].double().numpy()
        lower, upper = np.where(whole, np.ceil(lower), lower), np.where(whole, np.floor(upper), upper)
        checked = np.stack([lower, upper, price])[:, actionable]
        if not np.isfinite(factual).all() or not np.isfinite(checked).all() or not (checked[2] > 0).all():
            raise ArithmeticError("factual values, bounds and weights must be finite, and weights above 0")
        noise, sd = np.zeros(len(factual)), np.ones(len(factual))
        if np.isfinite(slack):
            abducted = world.scm.abduct(one.factual.double())[0].numpy()
            for j in actionable.nonzero()[0].tolist():
                mean, sd[j] = world.gaussian(j) or (0.0, 1.0)
                noise[j] = (abducted[j] - mean) / sd[j]
        return cls(factual, lower, upper, price, actionable, whole, noise, sd, slack)

    def stricter(self, surplus: float) -> Person:
        """Return the same person who must surpass twice the log-density by `surplus`, if plausibility is asked for."""
        return replace(self, slack=-surplus) if np.isfinite(self.slack) else self

    @property
    def radius(self) -> float:
        """Largest norm of the standardised noise of a plausible counterfactual."""
        return float(np.sqrt(max((self.noise**2).sum() + self.slack, 0.0)))
