"""Certified recourse: the global optimum of each person, with a proof, as a mixed-integer convex program."""

from __future__ import annotations

__all__ = ["Certified"]

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena import Knowledge, NotApplicable, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_certified.certificate import Certificate
    from recourse_arena_certified.table.farthest import Farthest
    from recourse_arena_certified.table.moves import Network
    from recourse_arena_certified.trees.leaves import Leaves


class Certified(Solver):
    """The cheapest action of each person, proved to be the cheapest up to a gap, or a proof that there is none.

    Where effects are known, the problem is written down exactly: the decision as a ReLU network by big-M constraints,
    the causal effect of an action through piecewise linear structural equations given the person's noise, the weighted
    cost as a second-order cone and, if asked for, plausibility under the density of the *structural equations* (not of
    the flow), which for Gaussian noise is another one.

    Proofs start from what `frontier` finds for everybody at once, once the exact models have accepted it: whatever
    costs more is left out, and a start that is wrong, or none, costs only time. Given which features are acted upon and
    on which side of their hinges causes are, features follow linearly from changes: on such pieces boxes of changes are
    split until linear bounds of the network decide or few neurons are undecided, which are branched on by convex
    programs of Clarabel, whose bounds are worked out anew from its multipliers. What that leaves after half of the
    time, people who can act on whole numbers, and costs so small that rounding leaves a gap, cvxpy hands to a
    mixed-integer solver.

    On tables, where nothing is assumed to follow from an action, costs are sums of changes or of their squares (or the
    root), categories change to any other level, and rules between features are kept. A person's moves are split into
    parts until linear bounds of the network decide, or a mixed-integer linear program of HiGHS does; of the options,
    `solver` plays no part there. Nearness to accepted people cannot be written down: ask with `!no-plausibility`.

    There, the decision model may also be a forest or boosted trees. Between two thresholds all values of a feature are
    alike, so that what a person can become is a choice of cells; branch and bound over parts of these, the cheapest
    first, ends at the optimum itself. Who is as close to the decision as rounding goes is asked about: proofs are about
    the sums in single precision that decide. Rules may be about whole numbers and levels then.

    It reads the layers of the classifier (`affine_maps`) or its `trees`, and the equations of the
    structural causal model (`piecewise`, `gaussian`); where either cannot be had, or a moving equation has another
    form, the dataset is skipped with the reason.

    Who is proved to have no action is `infeasible`. Who has one is `solved`, with a proved `lower_bound` of the
    weighted cost, also if time ran out before the gap closed. Without an action at the end of the time it is
    `timed_out`, after numerical trouble `not_found`, and `failed` where the problem itself cannot be stated.

    All actions pass the exact models: networks, where possible, with 32 units of the last place to spare in the logit
    and 4 in the log-density (relative to its size). Bounds allow as much the other way, so that rounding in a judge
    contradicts no proof; with that the gap of a cheap action may end up above the one asked for.

    Arguments:
        solver: A solver of mixed-integer second-order cone programs that cvxpy knows, for what pieces leave: SCIP, or
            GUROBI, MOSEK or COPT where installed (their interfaces are not tested here).
        time_limit: Seconds per person.
        gap: How far the cost may be above its lower bound, relative to the cost, for the search to end.

    Example:
        >>> Certified(time_limit=5).time_limit
        5.0
        >>> Certified(gap=2)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver certified: gap must be a number above 0 and below 1, got 2
    """

    name: ClassVar[str] = "certified"
    version: ClassVar[str] = "3"
    summary: ClassVar[str] = "the global optimum with a proof, mixed-integer convex programming with cvxpy"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.STRUCTURE, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.STRUCTURE})
    structures: ClassVar[frozenset[str]] = frozenset({"affine", "trees"})
    keeps_rules: ClassVar[bool] = True
    time_option: ClassVar[str] = "time_limit"

    def __init__(self, *, solver: str = "SCIP", time_limit: float = 60.0, gap: float = 1e-4) -> None:
        options = Options(f"solver {self.name}")
        self.table: Network | None = None
        self.leaves: Leaves | None = None
        self.time_limit = options.number("time_limit", time_limit, above=0)
        self.solver, self.gap = str(solver).upper(), options.number("gap", gap, above=0, below=1)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Read equations and network, or trees; nothing is learnt.

        Raises:
            NotApplicable: If the problem cannot be written down exactly.
            ArenaError: If the solver's package is missing.
        """
        self.problem, self.seed, self.table, self.leaves = problem, seed, None, None
        if problem.without_effects is not None and getattr(problem.decisions, "trees", None) is not None:
            from recourse_arena_certified.trees.leaves import Leaves
            from recourse_arena_certified.trees.rules import refuse_continuous

            refuse_continuous(problem.features)
            self.leaves = Leaves.of(problem)
            return
        from recourse_arena_certified.backend import backend, installed
        from recourse_arena_certified.start import starter
        from recourse_arena_certified.table.prover import written_down
        from recourse_arena_certified.world import World

        if problem.without_effects is not None:
            installed("HIGHS", "highspy")
            self.table = written_down(problem)
            return
        self.backend = backend(self.solver)
        self.world = World.of(problem)
        self.starter = starter(problem, seed=seed)

    def certify(self, request: Request) -> list[Certificate]:
        """Return for each person the action, what is proved about it, and why if nothing is.

        Raises:
            NotApplicable: If plausibility is asked for on a table, or elsewhere where a feature that can be acted upon
                has no Gaussian noise.
        """
        if self.leaves is not None:
            from recourse_arena_certified.trees.prover import TreeProver

            return TreeProver(self.problem, self.leaves, self.time_limit, self.gap, self.seed)(request)
        from recourse_arena_certified.proof import Prover
        from recourse_arena_certified.table.prover import TableProver

        if self.table is not None:
            return TableProver(self.problem, self.table, self.time_limit, self.gap, self.seed)(request)
        prover = Prover(self.problem, self.world, self.backend, self.time_limit, self.gap, self.seed, self.starter)
        return prover(request)

    def farthest(self, request: Request, after: Any) -> list[Farthest]:
        """Return how far the logits of the decision model and another network are apart at most, for each person.

        It is over everything that the person can do and that keeps the rules, and over staying. Whoever's advice has a
        logit above that is accepted by the other network as well.

        Arguments:
            request: Who asks.
            after: The other network, with as many layers.

        Raises:
            NotApplicable: If something follows from actions, or `after` is no ReLU network of as many layers.
        """
        from recourse_arena_certified.table.farthest import farthest
        from recourse_arena_certified.world import network

        if self.table is None:
            raise NotApplicable(
                f"how far two networks are apart is worked out on tables without effects; on {self.problem.dataset} "
                f"{'trees decide' if self.leaves is not None else 'something follows from actions'}"
            )
        other = network(replace(self.problem, decisions=after))
        return farthest(self.problem, self.table, other, request, seconds=self.time_limit)

    def recommend(self, request: Request) -> Recommendation:
        """Return the action and lower bound of each person."""
        from recourse_arena_certified.certificate import recommendation

        return recommendation(request, self.certify(request))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Certified]
