"""Counterfactuals that a model accepts whose weights move within a box, after ROAR."""

from __future__ import annotations

__all__ = ["Roar"]

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Options, Solver, hookimpl
from recourse_arena_relaxed import Relaxed, halves

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Request
    from recourse_arena_relaxed import Aim, Walk
    from recourse_arena_roar.surrogate import Surrogate

SURROGATES = ("gradient", "lime")


class Roar(Relaxed):
    """Robust algorithmic recourse (ROAR, arXiv 2102.13620), made individual and causal.

    The loss of acceptance under the worst weights within `delta` of those of a linear model, plus price times
    distance, is minimised by Adam. The worst of `w.z + b` over the box is `w.z + b - delta (||z||_1 + 1)`: every
    weight, and the intercept, moves against the column. A model that is not linear is replaced by a linear one around
    the person as they are: by its gradient, or by LIME's regression on the model at points around them.

    Adapted: the price is halved until the worst case is accepted as well, and today's model itself; the counterfactual
    then comes back as far as both hold, so that on a linear model all advice holds in the whole box. Distance is the
    person's weighted cost. With `constraints=ignore` there is the published price alone, distance is the sum of
    changes of columns, everything moves, and advice need be accepted today only.

    Arguments:
        delta: By how much each weight of an encoded column may move.
        price: What distance weighs first.
        surrogate: What stands for a model that is not linear: `gradient` or `lime`.
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Upadhyay, Joshi and Lakkaraju, Towards robust and reliable algorithmic recourse, NeurIPS 2021, arXiv 2102.13620.

    Example:
        >>> Roar(delta=0.05).delta
        0.05
    """

    name: ClassVar[str] = "roar"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "accepted for all weights in a box around a linear model (arXiv 2102.13620)"

    def __init__(
        self,
        *,
        delta: float = 0.1,
        price: float = 0.1,
        surrogate: str = "gradient",
        steps: int = 40,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.delta = options.number("delta", delta, least=0)
        self.surrogate = options.one_of("surrogate", surrogate, SURROGATES)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """Halves, and 0 at last."""
        return halves(self.price, 8)

    def criterion(self, request: Request) -> Surrogate:
        """Return that the linear model of each person accepts in the worst case."""
        from recourse_arena_roar.surrogate import Surrogate

        z = self.columns.encode(request.factual)
        return (
            Surrogate.by_lime(self.columns, z, self.delta)
            if self.surrogate == "lime"
            else Surrogate.by_gradient(self.columns, z, self.delta)
        )

    def walk(self, aim: Aim, start: Tensor) -> Walk:
        """Return where the search leads from `start` `(rows, columns)`."""
        from recourse_arena_relaxed import settle

        if self.constraints == "ignore":
            steps = len(self.prices) * self.steps
            return settle(aim, start, partial(aim.objective, self.price), steps=steps, rate=self.rate)
        return super().walk(aim, start)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Roar]
