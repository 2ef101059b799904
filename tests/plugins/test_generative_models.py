"""What solvers share that search with generative models: a flow of columns, and the ground they search."""

from __future__ import annotations

import pytest
import torch
from small_tables import table_problem, table_request

from recourse_arena import Encoding, Problem
from recourse_arena_generative import Ground, columns_flow, restored_flow


@pytest.fixture(scope="module")
def problem() -> Problem:
    return table_problem(0)


def ground_of(problem, request):
    return Ground(problem, request, Encoding.fitted(problem.features, problem.training.x.double()))


def test_the_flow_finds_people_likelier_than_people_of_the_same_features_put_together_at_random(problem):
    x = problem.training.x
    flow = columns_flow(problem, x, x[:0], seed=0, purpose="test", steps=100)
    columns = flow.encoding.encode(x.double())
    draws = torch.Generator().manual_seed(0)
    mixed = torch.stack([column[torch.randperm(len(x), generator=draws)] for column in x.T], 1)
    gap = flow.log_density(columns).mean() - flow.log_density(flow.encoding.encode(mixed.double())).mean()
    assert gap > 1
    assert torch.equal(
        restored_flow(problem.features, flow.state_dict()).log_density(columns), flow.log_density(columns)
    )


def test_places_are_projected_to_the_nearest_legal_one(problem):
    """No random legal place is nearer, and what is legal stays."""
    request = table_request(problem, 12, most=7)
    ground = ground_of(problem, request)
    draws = torch.Generator().manual_seed(0)
    wild = ground.factual + torch.randn(ground.factual.shape, generator=draws).double()
    found = ground.inside(wild)
    torch.testing.assert_close(ground.inside(found), found)
    legal = ground.encoding.encode(ground.values(torch.randn(200, *wild.shape, generator=draws).double()).double())
    share = torch.rand(200, 1, 1, generator=draws).double()
    legal = share * legal + (1 - share) * legal.roll(1, 0)
    assert ((legal - wild).norm(dim=-1) >= (found - wild).norm(dim=-1) - 1e-9).all()
    assert torch.equal(found[ground.fixed], ground.factual[ground.fixed])


def test_values_are_legal_whatever_is_decoded(problem):
    request = table_request(problem, 40)
    ground = ground_of(problem, request)
    wild = 5 * torch.randn(50, *ground.factual.shape, generator=torch.Generator().manual_seed(0)).double()
    values = ground.values(wild)
    problem.features.validate(values.flatten(0, 1))
    assert (request.box.contains(values, request.features.whole) | ~request.actionable).all()
    assert torch.equal(values[:, ~request.actionable], request.factual[~request.actionable].expand(50, -1))
    assert torch.equal(ground.values(ground.factual), request.factual)
    accepted = ground.reaches(values)
    assert accepted.any()
    assert problem.decisions.accepts(values)[accepted].all()
    assert not problem.features.broken_rules(request.factual, values)[accepted].any()
