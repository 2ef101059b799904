"""No two people in a box see networks further apart than the bound says, and advice above it lasts."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from network_tables import asked, drawn, table_problem

from recourse_arena import NotApplicable
from recourse_arena.judging.transfer import reach, transfer_bound, transfers
from recourse_arena.models.decision.relu import ReluClassifier


def moved(model, size, seed):
    """Return a network whose weights are others, by `size`."""
    other, draws = deepcopy(model), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in other.layers[::2]:
            for part in (layer.weight, layer.bias):
                part += size * torch.randn(part.shape, generator=draws)
    return other


def reached(problem, request, count=400):
    """Return random people that those who ask can become, `(count, people, features)`."""
    draws = torch.Generator().manual_seed(7)
    people = drawn(problem.features, count * len(request), draws).reshape(count, len(request), -1)
    change = request.actionable & (torch.rand(people.shape, generator=draws) < 0.7)
    return torch.where(change, request.snap(people), request.factual)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("size", [1e-4, 0.02, 0.5])
@pytest.mark.parametrize("hidden", [(), (6,), (5, 4), (6, 5, 4)])
def test_nobody_in_the_box_sees_the_networks_further_apart(hidden, size, whole):
    problem = table_problem(1, hidden=hidden, whole=whole)
    request = asked(problem, 20)
    before, after = problem.decisions, moved(problem.decisions, size, 2)
    bound = transfer_bound(before, after, *reach(request))
    gap = (after.exact_logit(reached(problem, request)) - before.exact_logit(reached(problem, request))).abs().amax(0)
    assert (gap <= bound).all()
    assert (bound <= 60 * gap + 1e-6).all()  # two networks bounded apart are whole logits apart, however near they are
    assert not hidden or size > 1e-3 or bound.max() < 0.02


def test_advice_with_a_logit_above_the_bound_lasts():
    problem = table_problem(3)
    request = asked(problem, 20, actionable="all")
    before, after = problem.decisions, moved(problem.decisions, 0.01, 5)
    bound, found = transfer_bound(before, after, *reach(request)), reached(problem, request)
    sure = torch.stack([transfers(before, then, bound) for then in found])
    assert 0.01 < sure.double().mean() < 0.99
    assert after.accepts(found)[sure].all()


def test_where_nobody_can_move_the_bound_is_the_difference():
    problem = table_problem(2)
    x, after = asked(problem, 10).factual, moved(problem.decisions, 0.1, 3)
    gap = (after.exact_logit(x) - problem.decisions.exact_logit(x)).abs()
    assert torch.allclose(transfer_bound(problem.decisions, after, x, x), gap, atol=1e-6)


def test_who_can_get_where_is_the_box_and_where_they_are():
    problem = table_problem(2)
    request = asked(problem, 6, actionable="2")
    lower, upper = reach(request)
    assert ((lower <= request.factual) & (request.factual <= upper)).all()
    assert torch.equal((lower < upper) & ~request.actionable, torch.zeros_like(request.actionable))


def test_a_person_is_bounded_alike_alone_and_among_others():
    problem = table_problem(4)
    lower, upper = reach(asked(problem, 8))
    after = moved(problem.decisions, 0.05, 1)
    together = transfer_bound(problem.decisions, after, lower, upper)
    alone = torch.cat(
        [transfer_bound(problem.decisions, after, *ends) for ends in zip(lower[:, None], upper[:, None], strict=True)]
    )
    assert torch.allclose(together, alone, rtol=1e-9)


def test_networks_of_other_shapes_and_other_models_are_not_for_it():
    problem = table_problem(0)
    ends = reach(asked(problem, 1))
    with pytest.raises(NotApplicable, match="layers are as wide"):
        transfer_bound(problem.decisions, ReluClassifier(problem.features, (7,)), *ends)
    with pytest.raises(NotApplicable, match="one is a object"):
        transfer_bound(problem.decisions, object(), *ends)
