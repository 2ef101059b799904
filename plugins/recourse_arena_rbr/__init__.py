"""Counterfactuals of favourable odds even in the worst case, after robust Bayesian recourse."""

from __future__ import annotations

__all__ = ["Rbr"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Options, Solver, hookimpl
from recourse_arena_relaxed import UNITS, Relaxed

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Request
    from recourse_arena_rbr.odds import Odds
    from recourse_arena_rbr.within import Within
    from recourse_arena_relaxed import Aim, Walk


class Rbr(Relaxed):
    """Robust Bayesian recourse (RBR, arXiv 2206.10833), made individual and causal.

    Around the nearest point of the boundary, on the way to one of the nearest accepted training people, points are
    drawn and labelled by the model. Each is the centre of a Gaussian, and the odds of a counterfactual are those of
    accepted against refused Gaussians. In the worst case the accepted ones lie, within Wasserstein distance
    `accepted`, where they say least of it, and the refused ones, within `refused`, where they say most. What is
    minimised are the worst-case odds of being refused, no farther away than the boundary point and `plus`.

    Adapted: distance is the person's weighted cost, 1 for a typical feature moved by a standard deviation; what a
    person can act on is taken over of training people and moved, in their box. Of several ways to round shares of
    levels that are accepted the one with the best odds counts. With `constraints=ignore` distance is the sum of
    changes of columns in ranges, as in the paper, and everything moves. Going out of reach is dear rather than
    impossible, so that counterfactuals may end a little beyond it.

    Arguments:
        radius: Radius of the ball in which points are drawn; .5 is a reading, the paper's is a share of the largest
            distance between training people.
        draws: Points.
        sigma: Standard deviation of each Gaussian.
        accepted: Wasserstein radius of accepted Gaussians.
        refused: That of refused ones.
        plus: By how much farther than the boundary point counterfactuals may be.
        unit: What points and Gaussians are measured in: `range`, where numbers run from 0 to 1 over training people,
            or `sd`.
        steps: Steps of Adam.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Nguyen, Bui, Nguyen, Yue and Nguyen, Robust Bayesian recourse, UAI 2022, arXiv 2206.10833.

    Example:
        >>> Rbr(draws=100).draws
        100
    """

    name: ClassVar[str] = "rbr"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "favourable odds in the worst case of local Gaussians (arXiv 2206.10833)"
    back: ClassVar[str] = "no"

    def __init__(
        self,
        *,
        radius: float = 0.5,
        draws: int = 200,
        sigma: float = 1.0,
        accepted: float = 0.1,
        refused: float = 0.1,
        plus: float = 0.2,
        unit: str = "range",
        steps: int = 120,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.radius = options.number("radius", radius, least=1e-6)
        self.sigma, self.draws = options.number("sigma", sigma, least=1e-6), options.whole("draws", draws)
        self.accepted = options.number("accepted", accepted, least=0)
        self.refused = options.number("refused", refused, least=0)
        self.plus, self.rate = options.number("plus", plus, least=0), options.number("rate", rate, least=0)
        self.unit = options.one_of("unit", unit, UNITS)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Work out how much Gaussians say in the worst case, and who is accepted."""
        from recourse_arena_rbr.odds import Likelihoods

        super().fit(problem, seed=seed)
        count = len(self.columns.encoding)
        self.likelihoods = Likelihoods.of(count, self.sigma, accepted=self.accepted, refused=self.refused)
        self.people = problem.training.x[problem.decisions.accepts(problem.training.x)]

    def criterion(self, request: Request) -> Odds:
        """Return the worst-case odds of each person."""
        from recourse_arena_rbr.odds import Odds

        units = self.columns.units(self.unit)
        return Odds.around(
            request, self.columns, units, self.likelihoods, self.people, radius=self.radius, draws=self.draws
        )

    def ground(self, request: Request) -> Within:
        """Return the ground in reach of the boundary point."""
        from recourse_arena_rbr.within import Within

        straight = self.constraints == "ignore"
        return Within.of_odds(self.problem, request, self.criterion(request), self.plus, straight=straight)

    def walk(self, aim: Aim, start: Tensor) -> Walk:
        """Return where the odds are best, in reach of the boundary point."""
        import torch

        from recourse_arena_relaxed import settle

        within: Within = aim  # type: ignore[assignment]
        first = torch.where(aim.encoding.spread(aim.free), within.boundary.to(start.dtype), start)
        return settle(aim, aim.projected(first), within.worth, steps=self.steps, rate=self.rate)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Rbr]
