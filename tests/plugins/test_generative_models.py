"""Generative models of encoded people, and where solvers search with them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_tables import table_problem, table_request
from torch import Tensor

from recourse_arena import Kind, Problem
from recourse_arena_generative import (
    Autoencoder,
    Ground,
    Network,
    autoencoder,
    columns_flow,
    restored_autoencoder,
    restored_flow,
)

NETWORK = Network(latent=4, hidden=24, steps=240, rate=0.02)


def dependent(problem: Problem) -> Problem:
    """Return the problem with training people whose homes follow from their branches, and debts from homes."""
    x, names = problem.training.x.clone(), problem.features.names
    branch, home, debt = (names.index(name) for name in ("branch", "home", "debt"))
    x[:, home] = (x[:, branch] / 2).floor()
    x[:, debt] = 0.5 + x[:, home]
    return replace(problem, training=replace(problem.training, x=x), validation=replace(problem.validation, x=x))


@pytest.fixture(scope="module")
def problem() -> Problem:
    return dependent(table_problem(0))


@pytest.fixture(scope="module")
def model(problem: Problem) -> Autoencoder:
    return autoencoder(problem, NETWORK, seed=0, purpose="test", conditional=True)


def columns_of(problem: Problem, model: Autoencoder) -> Tensor:
    return model.encoding.encode(problem.training.x.double())


def test_what_is_decoded_is_within_range_with_shares_that_sum_to_one_and_fixed_columns_as_they_are(problem, model):
    columns = columns_of(problem, model)
    draws = torch.Generator().manual_seed(0)
    latent = 3 * torch.randn(len(columns), 4, generator=draws).double()
    fixed = model.encoding.spread(torch.rand(len(columns), 7, generator=draws) < 0.3)
    found = model.decode(latent, columns, fixed)
    assert torch.equal(found[fixed], columns[fixed])
    numbers = model.encoding.codes < 0
    assert (found >= columns.amin(0) - 1e-6)[:, numbers].all()
    assert (found <= columns.amax(0) + 1e-6)[:, numbers].all()
    assert (found >= 0)[:, ~numbers].all()
    for j, feature in enumerate(problem.features):
        own = model.encoding.owner == j
        if feature.kind is Kind.CATEGORICAL:
            torch.testing.assert_close(found[:, own].sum(1), torch.ones(len(columns)).double())
    assert not torch.equal(found, model.decode(-latent, columns, fixed))


def test_a_conditional_one_takes_what_follows_from_what_is_fixed(problem, model):
    """Homes follow from branches: whoever's branch is fixed is decoded with the home that goes with it, anywhere."""
    names, columns = problem.features.names, columns_of(problem, model)
    branch, home = names.index("branch"), names.index("home")
    fixed = model.encoding.spread(torch.arange(7) == branch).expand(len(columns), -1)
    latent = torch.randn(len(columns), 4, generator=torch.Generator().manual_seed(1)).double()
    found = model.encoding.decode(model.decode(latent, columns, fixed))
    assert (found[:, home] == problem.training.x[:, home]).double().mean() > 0.85


@pytest.mark.parametrize("variational", [True, False])
def test_people_are_reconstructed_better_than_by_the_average_person(problem, variational):
    plain = autoencoder(problem, replace(NETWORK, steps=100), seed=1, purpose="test", variational=variational)
    columns = columns_of(problem, plain)
    off = (plain.reconstructed(columns, torch.zeros_like(columns).bool()) - columns).square().sum()
    assert off < 0.5 * (columns - columns.mean(0)).square().sum()


def test_the_same_seed_leads_to_the_same_model_and_its_state_is_all_of_it(problem, model):
    few = replace(NETWORK, steps=10)
    one, again, other = (autoencoder(problem, few, seed=seed, purpose="test", conditional=True) for seed in (0, 0, 1))
    kept = restored_autoencoder(problem.features, NETWORK, model.state_dict(), conditional=True)
    columns = columns_of(problem, model)
    fixed = torch.zeros_like(columns).bool()
    found = [each.reconstructed(columns, fixed) for each in (one, again, other, model, kept)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert torch.equal(found[3], found[4])


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
    ground = Ground(problem, request, autoencoder(problem, replace(NETWORK, steps=1), seed=0, purpose="test").encoding)
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
    ground = Ground(problem, request, autoencoder(problem, replace(NETWORK, steps=1), seed=0, purpose="test").encoding)
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
