"""FACE: the accepted training person who is nearest along a path of likely people."""

from __future__ import annotations

__all__ = ["Face"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_adapting.solver import Adapting

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request

_GRAPHS, _WEIGHTS = ("knn", "eps"), ("kde", "distance", "hops")


class Face(Adapting):
    """FACE (Poyiadzi et al., 2020): feasible and actionable counterfactual explanations.

    Training people are the nodes of a graph: each is joined to the `neighbours` nearest (`graph=knn`) or to all within
    `radius` (`graph=eps`). An edge weighs its length times the negative log of the density at its midpoint
    (`weight=kde`), its length (`distance`), or 1 (`hops`). Whoever asks is joined to nodes in the same way, one way
    only, so that nobody's path depends on who else asks. The answer is the end of the shortest path to a node that is
    accepted, with a probability of at least `confidence`, and not among the `sparse` least dense training people;
    :meth:`paths` has the way there.

    Adapted: ends are only those people who differ from the person in nothing but free features and lie inside the
    box, keep the rules and stay accepted with the effects of the action; somebody without one is `not_found`, as
    nearly everybody is whose fixed features are many or numbers without steps. With `constraints=borrow` every node may
    be the end, of which the person takes over what is free and inside their box, if that is accepted: the answer is no
    training person any more. With `constraints=ignore` all of the end is taken over, as in the paper.

    Readings: distances are between encoded people, with a change of category as far as one standard deviation of a
    number; the density is a Gaussian kernel estimate of Scott's bandwidth, relative to that of the densest training
    person, since the log of a density in the units of the encoding may have either sign.

    Arguments:
        graph: Who is joined: `knn` or `eps`.
        weight: What an edge weighs: `kde`, `distance` or `hops`.
        neighbours: How many nearest people each is joined to.
        radius: Up to which distance people are joined, in standard deviations.
        people: How many training people are nodes at most, drawn at random.
        confidence: Least probability of acceptance of an end, beyond being accepted; above 0 scores are looked at.
        sparse: Share of training people who are too little dense for an end.
        causal: Whether actions have effects on other features.
        constraints: `keep` what people ask for, `borrow` what is free, or `ignore` what they ask for.

    References:
        Poyiadzi, Sokol, Santos-Rodriguez, De Bie and Flach, FACE: feasible and actionable counterfactual explanations,
        AIES 2020, arXiv 1909.09369.

    Example:
        >>> Face(graph="eps", radius=2).radius
        2.0
        >>> Face(neighbours=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver face: neighbours must be a whole number from 1 to 1000, got 0
    """

    name: ClassVar[str] = "face"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "an accepted person at the end of a path of likely ones (FACE, Poyiadzi et al. 2020)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})

    def __init__(
        self,
        *,
        graph: str = "knn",
        weight: str = "kde",
        neighbours: int = 50,
        radius: float = 1.0,
        people: int = 2000,
        confidence: float = 0.0,
        sparse: float = 0.0,
        causal: bool = True,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.graph, self.weight = options.one_of("graph", graph, _GRAPHS), options.one_of("weight", weight, _WEIGHTS)
        self.neighbours = options.whole("neighbours", neighbours, 1, 1000)
        self.people = options.whole("people", people, 2, 10**5)
        self.radius = options.number("radius", radius, least=0, most=1e6)
        self.confidence = options.number("confidence", confidence, least=0, most=1)
        self.sparse = options.number("sparse", sparse, least=0, most=1)
        self.causal = options.yes_or_no("causal", causal)
        self.constraints = options.constraints(constraints, "borrow")
        scores = {Knowledge.SCORES} if confidence > 0 else set()
        self.knows = frozenset(scores | ({Knowledge.FLOW, Knowledge.SCM} if causal else set()))

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Build the graph of training people.

        Raises:
            NotApplicable: If the decision model has no scores, and a confidence is asked for.
        """
        from recourse_arena_face.ways import Ways

        self.problem = problem
        self.ways = Ways.of(self, problem, seed)

    def advise(self, request: Request) -> Recommendation:
        """Return for each person how to become the person at the end of their path."""
        from recourse_arena_face.ways import advise

        return advise(self, request)[0]

    def paths(self, request: Request) -> list[Tensor]:
        """Return the training people along each person's path, `(steps, features)`; nobody where there is no answer.

        Sparsity is not looked at.
        """
        from recourse_arena_face.ways import advise

        return advise(self, self.asked(request))[1]


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Face]
