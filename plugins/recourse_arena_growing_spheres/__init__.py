"""Growing Spheres: the nearest accepted point among samples from ever larger spherical layers."""

from __future__ import annotations

__all__ = ["GrowingSpheres"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request


class GrowingSpheres(Solver):
    """Growing Spheres (Laugel et al., 2018): a search that needs nothing but decisions, made individual and causal.

    Each person's actionable features span a space whose unit is such that the squared distance from the factual is
    the person's weighted cost. Points are drawn uniformly from a ball around the factual, whose radius is halved
    until none of them is accepted, and then from spherical layers around it until one is; points beyond the person's
    box are moved to its edge and rounded where values are whole. The nearest accepted point is taken, and its
    features go back to the factual one after the other, least change first, while the decision stays.

    With `causal`, a point is the action `do(x_j = value_j)` for the features that differ from the factual, and what is
    asked to be accepted is its counterfactual under the best causal model a solver may see. Without it features
    are taken to be independent, as in the paper; the solver then knows decisions only, and its advice may fail where
    the judge lets causes act.

    On a table with categories, and under a cost that is no sum of squares, the distance is the person's weighted cost
    itself. In a layer each category goes to another level with a probability that rises from 0 to 1/2 with the
    radius; numbers share what categories leave of the radius, evenly over the sphere of the cost.

    Points that break a rule between features count as refused. Plausibility is not looked at. Who can act on nothing
    is `infeasible`; where no layer holds an accepted point, `not_found`. The draws depend on the seed and the
    person's factual alone, not on how levels are coded.

    Arguments:
        samples: Points per ball or layer.
        layers: Into how many layers the distance to the farthest corner of the box is cut; a ball as thick as one of
            them comes first.
        causal: Whether actions have effects on other features.

    References:
        Laugel, Lesot, Marsala, Renard and Detyniecki, Comparison-based inverse classification for interpretability in
        machine learning (Growing Spheres), IPMU 2018, arXiv 1712.08443.

    Example:
        >>> GrowingSpheres(samples=50).samples
        50
        >>> GrowingSpheres(layers=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver growing-spheres: layers must be a whole number from 1 to \
1000000, got 0
    """

    name: ClassVar[str] = "growing-spheres"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "nearest accepted point of growing spheres, by decisions alone (Laugel et al. 2018)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    def __init__(self, *, samples: int = 1000, layers: int = 20, causal: bool = True) -> None:
        options = Options(f"solver {self.name}")
        self.samples, self.layers = (
            options.whole("samples", samples, 1, 10**6),
            options.whole("layers", layers, 1, 10**6),
        )
        self.causal = options.yes_or_no("causal", causal)
        if not causal:
            self.knows = frozenset()

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Keep the problem and the seed; nothing is learnt."""
        self.problem, self.seed = problem, seed

    def recommend(self, request: Request) -> Recommendation:
        """Return the nearest accepted point found for each person, with as few features changed as it allows."""
        from recourse_arena import sparsely
        from recourse_arena_growing_spheres.advice import advise

        return sparsely(request, lambda asked: advise(self, asked))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [GrowingSpheres]
