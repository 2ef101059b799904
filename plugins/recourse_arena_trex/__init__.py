"""Counterfactuals in stable surroundings, after TreX."""

from __future__ import annotations

__all__ = ["Trex"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Options, Solver, hookimpl
from recourse_arena_relaxed import UNITS, Relaxed, halves

if TYPE_CHECKING:
    from recourse_arena import Request
    from recourse_arena_trex.stability import Stability


class Trex(Relaxed):
    """Robust counterfactuals by stability (T-Rex, also STCE; arXiv 2305.11997), made individual and causal.

    The stability of x' is `R = mean f(x_i) - mean |f(x') - f(x_i)|` with f the probability of acceptance and x_i drawn
    from N(x', noise^2). Adam minimises the cross-entropy of acceptance and what R lacks of `least`, plus price times
    distance, at prices that fall to 0: then it climbs R alone. Whoever is accepted with R of at least `least` comes
    back on a straight line as far as that holds.

    Adapted: the paper starts from any nearest counterfactual and climbs R from there; here both are one descent, with
    the person's weighted cost for distance. With `constraints=ignore` distance is the sum of changes of columns,
    everything moves, and nothing comes back.

    Arguments:
        least: Least stability (tau).
        noise: Standard deviation of draws.
        unit: What noise is measured in: `range`, where numbers run from 0 to 1 over training people, or `sd`.
        draws: Draws of the test; a sixteenth of them is climbed on.
        price: What distance weighs first.
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Hamman, Noorani, Mishra, Magazzeni and Dutta, Robust counterfactual explanations for neural networks with
        probabilistic guarantees, ICML 2023, arXiv 2305.11997.

    Example:
        >>> Trex(least=0.5).least
        0.5
    """

    name: ClassVar[str] = "trex"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "accepted in stable surroundings, hence by retrained networks (arXiv 2305.11997)"
    back: ClassVar[str] = "nearer"

    def __init__(
        self,
        *,
        least: float = 0.4,
        noise: float = 0.1,
        unit: str = "range",
        draws: int = 1000,
        price: float = 1.0,
        steps: int = 20,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.least = options.number("least", least, least=0, below=1)
        self.noise, self.draws = options.number("noise", noise, least=0), options.whole("draws", draws)
        self.unit = options.one_of("unit", unit, UNITS)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """Halves, and 0 at last."""
        return halves(self.price, 8)

    def criterion(self, request: Request) -> Stability:
        """Return that the stability is at least as asked for."""
        from recourse_arena_trex.stability import Stability

        return Stability(self.columns, self.noise * self.columns.units(self.unit), self.least, self.draws)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Trex]
