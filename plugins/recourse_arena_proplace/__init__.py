"""Counterfactuals between robust neighbours, after PROPLACE."""

from __future__ import annotations

__all__ = ["Proplace"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_relaxed import UNITS, Relaxed, halves

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Request
    from recourse_arena_proplace.hull import Hull
    from recourse_arena_relaxed import Aim, Walk


class Proplace(Relaxed):
    """Provably robust and plausible counterfactuals (PROPLACE, arXiv 2309.12545), made individual and causal.

    Training people are robust whom every network accepts whose weights and biases are within `delta` of today's. The
    counterfactual is the nearest point of the convex hull of the `neighbours` nearest robust people that is robust
    itself. Robust is who has a worst logit of at least 0 by interval bounds, which are exact with at most one hidden
    layer and sound with more.

    Adapted: of neighbours a person takes over what they can act on, in their box, and only those count who are still
    robust then. Distance is the person's weighted cost. The paper solves a mixed-integer program, and adds the worst
    weights found to it, in turn; here weights of the hull are moved by Adam at falling prices of distance until the
    bound holds, shares of levels are rounded, and where nothing else is found it is the nearest of the neighbours.
    Whole numbers are rounded, and may lie a little beyond the hull. With `constraints=ignore` everything is taken over
    and distance is the sum of changes of columns.

    Arguments:
        delta: By how much weights and biases may move.
        unit: Units of columns that the first layer's weights are of: `range`, where numbers run from 0 to 1 over
            training people as in the paper, or `sd`.
        neighbours: People whose hull is searched (k).
        price: What distance weighs first.
        steps: Steps of Adam at each price.
        rate: Its learning rate, in shares of the hull.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Jiang, Lan, Leofante, Rago and Toni, Provably robust and plausible counterfactual explanations for neural
        networks via robust optimisation, ACML 2023, arXiv 2309.12545.

    Example:
        >>> Proplace(delta=0.01).delta
        0.01
    """

    name: ClassVar[str] = "proplace"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "between neighbours whom all networks of a box of weights accept (arXiv 2309.12545)"
    knows: frozenset[Knowledge] = Relaxed.knows | {Knowledge.STRUCTURE}
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER, Knowledge.STRUCTURE})
    back: ClassVar[str] = "no"

    def __init__(
        self,
        *,
        delta: float = 0.005,
        unit: str = "range",
        neighbours: int = 10,
        price: float = 4.0,
        steps: int = 20,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.delta, self.neighbours = options.number("delta", delta, least=0), options.whole("neighbours", neighbours)
        self.unit = options.one_of("unit", unit, UNITS)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """Halves, and 0 at last."""
        return halves(self.price, 10)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Find the robust training people."""
        from recourse_arena_proplace.hull import robust_people
        from recourse_arena_relaxed import Layers

        super().fit(problem, seed=seed)
        self.layers = Layers.of(problem, self.unit)
        self.robust = robust_people(self.columns, self.layers, self.delta)

    def criterion(self, request: Request) -> Hull:
        """Return that the worst logit is at least 0, and the hulls in which that is looked for."""
        from recourse_arena_proplace.hull import Hull

        return Hull.around(request, self.columns, self.layers, self.delta, self.robust, self.neighbours)

    def walk(self, aim: Aim, start: Tensor) -> Walk:
        """Return where the search leads in the hulls."""
        from recourse_arena_proplace.hull import within

        return within(aim, prices=self.prices, steps=self.steps, rate=self.rate)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Proplace]
