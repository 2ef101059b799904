"""Counterfactuals that survive a noisy execution, after PROBE."""

from __future__ import annotations

__all__ = ["Probe"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Options, Solver, hookimpl
from recourse_arena_relaxed import UNITS, Relaxed

if TYPE_CHECKING:
    from recourse_arena import Request
    from recourse_arena_probe.invalidation import Invalidation


class Probe(Relaxed):
    """Probabilistically robust recourse (PROBE, arXiv 2203.06768), made individual and causal.

    A counterfactual x' is carried out as x' + e with e from N(0, noise^2), and the invalidation rate IR is the
    probability that the result is refused. `3 max(0, IR - target) + cross-entropy + price * distance` is minimised by
    Adam with IR to first order, `1 - Phi(h / (noise ||grad h||))` where h is the log odds, at prices from `price` down
    by .1. The first counterfactual counts that is accepted and whose rate over `draws` draws is below target + .005;
    it comes back towards the factual as far as that holds.

    Adapted: distance is the person's weighted cost, and only what they can act on is moved, while noise falls on all
    columns as published. With `constraints=ignore` distance is the sum of changes of columns, everything moves, and
    nothing comes back.

    Arguments:
        target: The invalidation rate aimed at; .35 is a reading, the paper compares several.
        noise: Standard deviation of the noise.
        unit: What noise is measured in: `range`, where numbers run from 0 to 1 over training people as in the paper,
            or `sd`. Columns of categories and binaries are 0 or 1 in both.
        price: What distance weighs first.
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        draws: Draws of noise with which the rate is checked.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Pawelczyk, Datta, van-den-Heuvel, Kasneci and Lakkaraju, Probabilistically robust recourse, ICLR 2023, arXiv
        2203.06768.

    Example:
        >>> Probe(target=0.2).target
        0.2
    """

    name: ClassVar[str] = "probe"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "survives noise when carried out, to a rate that is asked for (arXiv 2203.06768)"

    def __init__(
        self,
        *,
        target: float = 0.35,
        noise: float = 0.1,
        unit: str = "range",
        price: float = 5.0,
        steps: int = 8,
        rate: float = 0.05,
        draws: int = 1000,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.target = options.number("target", target, least=0, below=1)
        self.noise, self.draws = options.number("noise", noise, least=0), options.whole("draws", draws)
        self.unit = options.one_of("unit", unit, UNITS)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """From the first price down by .1, as published, and 0 at last."""
        return [max(0.0, self.price - 0.1 * number) for number in range(int(self.price * 10 + 1e-9) + 1)]

    def criterion(self, request: Request) -> Invalidation:
        """Return that the invalidation rate is at most the target."""
        from recourse_arena_probe.invalidation import Invalidation

        noise = self.noise * self.columns.units(self.unit)
        return Invalidation(self.columns, noise, self.target, self.draws)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Probe]
