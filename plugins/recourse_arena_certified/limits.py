"""Within what limits everything can move for one person: features, and neurons before their ReLU."""

from __future__ import annotations

__all__ = ["Limits"]

from dataclasses import dataclass

import numpy as np

from recourse_arena_certified.person import Person
from recourse_arena_certified.world import World

Interval = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Limits:
    """Intervals that hold every action of at most some cost; arrays are `(features,)`.

    Arguments:
        distance: Largest root of the weighted cost.
        acted: Values that features can be set to; empty where the person cannot, or only for more than that cost.
        natural: Values that features can take of themselves.
        value: Values that features can take.
        layers: Values of the neurons of each hidden layer before their ReLU.
    """

    distance: float
    acted: Interval
    natural: Interval
    value: Interval
    layers: tuple[Interval, ...]

    @classmethod
    def of(cls, world: World, person: Person, distance: float, known: Limits | None = None) -> Limits:
        """Return the limits by interval arithmetic, in causal order and layer by layer, inside `known` ones."""
        reach = distance / np.sqrt(person.price)
        lower = np.maximum(person.lower, person.factual - reach)
        upper = np.minimum(person.upper, person.factual + reach)
        acted = (
            np.where(person.actionable, np.where(person.whole, np.ceil(lower), lower), np.inf),
            np.where(person.actionable, np.where(person.whole, np.floor(upper), upper), -np.inf),
        )
        natural = person.factual.copy(), person.factual.copy()
        value = person.factual.copy(), person.factual.copy()
        for j in world.order:
            if j not in world.equations:
                continue
            natural[0][j], natural[1][j] = _natural(world, person, value, j)
            value[0][j], value[1][j] = natural[0][j], natural[1][j]
            if acted[0][j] <= acted[1][j]:
                value[0][j], value[1][j] = min(natural[0][j], acted[0][j]), max(natural[1][j], acted[1][j])
            if known is not None:
                value[0][j], value[1][j] = max(value[0][j], known.value[0][j]), min(value[1][j], known.value[1][j])
        layers, signal = [], value
        for number, (weight, bias) in enumerate(world.network[:-1]):
            positive, negative = weight.clip(min=0), weight.clip(max=0)
            lower = positive @ signal[0] + negative @ signal[1] + bias
            upper = positive @ signal[1] + negative @ signal[0] + bias
            if known is not None:
                lower = np.maximum(lower, known.layers[number][0])
                upper = np.minimum(upper, known.layers[number][1])
            layers.append((lower, upper))
            signal = lower.clip(min=0), upper.clip(min=0)
        return cls(distance, acted, natural, value, tuple(layers))

    @property
    def undecided(self) -> int:
        """How many neurons can be on or off."""
        return sum(int(((lower < 0) & (upper > 0)).sum()) for lower, upper in self.layers)

    def can_act(self, column: int) -> bool:
        """Return whether a feature can be acted upon at all."""
        return bool(self.acted[0][column] <= self.acted[1][column])


def _natural(world: World, person: Person, value: Interval, j: int) -> tuple[float, float]:
    """Return the range of what feature j takes of itself, given the `value` ranges of its causes."""
    lower = upper = float(person.factual[j])
    equation = world.equations[j]
    for terms, floor in ((equation.slopes, -np.inf), (equation.hinges, 0.0)):
        for cause, factor in terms.items():
            now = max(person.factual[cause], floor)
            ends = [factor * (max(end[cause], floor) - now) for end in value]
            lower, upper = lower + min(ends), upper + max(ends)
    return lower, upper
