"""From a request to the best actions on the grid."""

from __future__ import annotations

__all__ = ["cheapest_actions", "cheapest_of", "left_out"]

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request
from recourse_arena_grid.options import Options, widest
from recourse_arena_grid.search import MOST, ROWS, SUMS, Allowed, Search

_log = logging.getLogger(__name__)


def cheapest_actions(
    problem: Problem, request: Request, points: int, *, rows: int = ROWS, sums: int = SUMS, most: int = MOST
) -> Recommendation:
    """Return the cheapest allowed action on the grid for each person of `request`."""

    def options_of(group: Request) -> Options:
        return Options.of(group, problem.box, points, effects=problem.without_effects is None)

    radix = widest(request.features, points)
    answer, cut = cheapest_of(problem, request, options_of, radix, rows=rows, sums=sums, most=most)
    if cut:
        _log.warning("solver grid: %s; fewer points leave out fewer", left_out(cut, len(request), most))
    return answer


@torch.no_grad()
def cheapest_of(
    problem: Problem,
    request: Request,
    options_of: Callable[[Request], Options],
    radix: int,
    *,
    rows: int = ROWS,
    sums: int = SUMS,
    most: int = MOST,
) -> tuple[Recommendation, list[int]]:
    """Return the cheapest allowed combination of options for each person, and of how few features some were tried.

    Arguments:
        problem: The problem.
        request: The people.
        options_of: Returns the options of people who can all act on the same features.
        radix: How many options of a feature anybody may have.
        rows: Most candidates to test at once.
        sums: Most sums of costs to hold at once.
        most: Who has more combinations than this tries some only.
    """
    answer = request.unanswered()
    patterns, membership = request.actionable.unique(dim=0, return_inverse=True)
    cut: list[int] = []
    together = max(1, sums // ((radix - 1) * len(request.features)))
    for number in range(len(patterns)):
        for people in (membership == number).nonzero().squeeze(1).split(together):
            group = request[people]
            options = options_of(group)
            allowed, plausible = _tests(problem, group, options)
            search = Search(
                options,
                allowed,
                plausible=plausible,
                rows=rows,
                sums=sums,
                most=most,
                radix=radix,
                changes=request.sparsity,
            )
            solved, digits = search.run()
            cut += search.cut.values()
            answer.mask[people], answer.values[people] = options.action(
                torch.arange(len(people)), digits, group.factual
            )
            answer.outcome[people[solved]] = Outcome.SOLVED.code
    return answer, cut


def left_out(cut: Sequence[int], people: int, most: int) -> str:
    """Return for how many people some combinations were left out, in words."""
    features = str(min(cut)) if min(cut) == max(cut) else f"{min(cut)} to {max(cut)}"
    return (
        f"{len(cut)} of {people} people have more than {most} combinations of values, and none of the cheapest works; "
        f"of the others, those that change at most {features} features were tried"
    )


def _tests(problem: Problem, group: Request, options: Options) -> tuple[Allowed, Allowed | None]:
    """Return the test of combinations, accepted, rules kept and, if asked for, plausible; and what of it is slow.

    A density is as fast as a decision, and tested along with it. Neighbours are looked at of few, afterwards.
    """
    plausibility = problem.plausible(group) if group.plausibility else None
    least = None if plausibility is None else plausibility.least(group.factual)

    def after(people: Tensor, digits: Tensor) -> Tensor:
        mask, values = options.action(people, digits, group.factual)
        return problem.causal_model.counterfactual(group.factual[people], mask, values)

    def plausible(people: Tensor, counterfactuals: Tensor) -> Tensor:
        if plausibility is None or least is None or not len(people):
            return people >= 0
        return plausibility.score(counterfactuals) >= least[people]

    def accepted(people: Tensor, counterfactuals: Tensor) -> Tensor:
        if not group.features.rules:
            return problem.decisions.accepts(counterfactuals)
        fine = ~group.features.broken_rules(group.factual[people], counterfactuals).any(-1)
        fine[fine.clone()] = problem.decisions.accepts(counterfactuals[fine])
        return fine

    def allowed(people: Tensor, digits: Tensor) -> Tensor:
        if not len(people):
            return people.bool()
        found = after(people, digits)
        fine = accepted(people, found)
        if slow or not fine.any():
            return fine
        passed = fine.nonzero().squeeze(1)
        fine[passed] = plausible(people[passed], found[passed])
        return fine

    slow = plausibility is not None and group.density == "neighbours"
    return allowed, (lambda people, digits: plausible(people, after(people, digits))) if slow else None
