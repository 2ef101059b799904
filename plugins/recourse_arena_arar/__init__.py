"""Counterfactuals that hold for everybody like the person, after adversarially robust recourse."""

from __future__ import annotations

__all__ = ["Arar"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Options, Solver, hookimpl
from recourse_arena_relaxed import UNITS, Relaxed, halves

if TYPE_CHECKING:
    from recourse_arena import Request
    from recourse_arena_arar.alike import Alike


class Arar(Relaxed):
    """Adversarially robust recourse (ARAR, arXiv 2112.11313), made individual.

    The same action, as a shift, has to work for everybody whose numbers are within `reach` of the person's, and what
    follows from it follows for them. To first order the worst of them has `h(x') - reach ||J' grad h||`, where h is
    the log odds and J says how x' moves with the person, features acted upon included; exact for a linear model and
    linear equations. The loss of acceptance of that one, plus price times distance, is minimised by Adam at falling
    prices; what is accepted comes back as far as it is.

    Adapted: distance is the person's weighted cost; levels of categories and binaries are taken to be known. With
    `constraints=ignore` distance is the sum of changes of columns, everything moves, and nothing comes back.

    Arguments:
        reach: How far others may be, as the root of the sum of squares of differences.
        unit: What differences are measured in: `sd`, or `range`, where numbers run from 0 to 1 over training people.
        price: What distance weighs first.
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Dominguez-Olmedo, Karimi and Schoelkopf, On the adversarial robustness of causal algorithmic recourse, ICML
        2022, arXiv 2112.11313.

    Example:
        >>> Arar(reach=0.2).reach
        0.2
    """

    name: ClassVar[str] = "arar"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "works for everybody like the person, causally, to first order (arXiv 2112.11313)"

    def __init__(
        self,
        *,
        reach: float = 0.1,
        unit: str = "sd",
        price: float = 1.0,
        steps: int = 25,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.reach = options.number("reach", reach, least=0)
        self.unit = options.one_of("unit", unit, UNITS)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """Halves, and 0 at last."""
        return halves(self.price, 8)

    def ground(self, request: Request) -> Alike:
        """Return the ground on which an action has to work for everybody like the person."""
        from recourse_arena_arar.alike import Alike, Reach

        reach = Reach(self.columns, self.reach * self.columns.units(self.unit))
        return Alike.at(  # type: ignore[return-value]
            self.problem, request, reach, straight=self.constraints == "ignore"
        )


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Arar]
