"""Counterfactuals that mind what they do to others who are trained on: ClaPROAR and Gravitational."""

from __future__ import annotations

__all__ = ["Claproar", "Gravitational"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Options, Solver, hookimpl
from recourse_arena_relaxed import Relaxed, halves

if TYPE_CHECKING:
    from recourse_arena import Request
    from recourse_arena_relaxed import Criterion


class _Endogenous(Relaxed):
    """Descent on cross-entropy, price times distance and a penalty; the price is halved until advice is accepted.

    Nothing comes back towards the factual: the penalty is what keeps counterfactuals from the boundary.
    """

    back: ClassVar[str] = "no"

    def __init__(
        self,
        *,
        penalty: float = 0.5,
        price: float = 0.1,
        steps: int = 60,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.penalty = options.number("penalty", penalty, least=0)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """Halves, and 0 at last; with `constraints=ignore` the published one alone."""
        return [self.price] if self.constraints == "ignore" else halves(self.price, 5)


class Claproar(_Endogenous):
    """Classifier-preserving recourse (ClaPROAR, arXiv 2308.08187), made individual and causal.

    `cross-entropy + price * distance + penalty * model loss` is minimised by Adam, where the last is the loss of the
    model at (x', accepted), once x' is accepted: who ends far behind the boundary moves it little when the model is
    trained again on those who acted.

    Adapted: distance is the person's weighted cost, only what they can act on is moved, and the price is halved until
    the counterfactual is accepted. With `constraints=ignore` there is one price, distance is the sum of changes of
    columns, and everything moves.

    Arguments:
        penalty: What the model's loss weighs (lambda 2).
        price: What distance weighs (lambda 1).
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Altmeyer, Angela, Buszydlik, Dobiczek, van Deursen and Liem, Endogenous macrodynamics in algorithmic recourse,
        SaTML 2023, arXiv 2308.08187; weights are the defaults of CounterfactualExplanations.jl.

    Example:
        >>> Claproar(penalty=1.0).penalty
        1.0
    """

    name: ClassVar[str] = "claproar"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "moves the boundary little when people who acted are trained on (arXiv 2308.08187)"

    def criterion(self, request: Request) -> Criterion:
        """Return the loss of acceptance, and of the model once accepted."""
        from recourse_arena_endogenous.penalties import ModelLoss

        return ModelLoss(self.columns, self.penalty)


class Gravitational(_Endogenous):
    """Counterfactuals drawn towards accepted people (Gravitational, arXiv 2308.08187), made individual and causal.

    `cross-entropy + price * distance + penalty * ||x' - mean accepted person||` is minimised by Adam. The last is the
    sum of changes of columns in ranges, between the levels of categories too.

    Adapted: as :class:`Claproar`; features that a person cannot act on are not drawn anywhere.

    Arguments:
        penalty: What the distance to the mean accepted training person weighs (lambda 2).
        price: What distance from the factual weighs (lambda 1).
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        As :class:`Claproar`.

    Example:
        >>> Gravitational(penalty=1.0).penalty
        1.0
    """

    name: ClassVar[str] = "gravitational"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "drawn towards the mean accepted person (arXiv 2308.08187)"

    def criterion(self, request: Request) -> Criterion:
        """Return the loss of acceptance, and the distance to the mean accepted person."""
        from recourse_arena_endogenous.penalties import Pull

        x = self.problem.training.x
        centre = self.columns.encode(x[self.problem.decisions.accepts(x)]).mean(0)
        return Pull(self.columns, self.penalty, centre)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return both."""
    return [Claproar, Gravitational]
