"""Autoencoders of encoded people: what they decode, and how they are fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_tables import table_problem
from torch import Tensor

from recourse_arena import ArenaError, Autoencoder, AutoencoderRecipe, Kind, Problem, autoencoder
from recourse_arena.models.generative.fitting import fit_autoencoder

RECIPE = AutoencoderRecipe(latent=4, hidden=24, steps=240, rate=0.02, conditional=True)


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
    return fit_autoencoder(problem, RECIPE, seed=0)


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
    recipe = replace(RECIPE, steps=100, conditional=False, variational=variational)
    plain = fit_autoencoder(problem, recipe, seed=1)
    columns = columns_of(problem, plain)
    off = (plain.reconstructed(columns, torch.zeros_like(columns).bool()) - columns).square().sum()
    assert off < 0.5 * (columns - columns.mean(0)).square().sum()


def test_the_same_seed_leads_to_the_same_model_and_its_state_is_all_of_it(problem, model):
    few = replace(RECIPE, steps=10)
    one, again, other = (fit_autoencoder(problem, few, seed=seed) for seed in (0, 0, 1))
    kept = Autoencoder.restored(problem.features, RECIPE, model.state_dict())
    columns = columns_of(problem, model)
    fixed = torch.zeros_like(columns).bool()
    found = [each.reconstructed(columns, fixed) for each in (one, again, other, model, kept)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert torch.equal(found[3], found[4])


def test_the_one_that_was_made_is_taken_where_it_is_of_the_recipe_asked_for(problem, model):
    made = replace(problem, autoencoder=model)
    assert autoencoder(made, replace(RECIPE), seed=5) is model
    few = replace(RECIPE, steps=1, hidden=5)
    assert autoencoder(made, few, seed=5).recipe == autoencoder(problem, few, seed=5).recipe == few


def test_one_of_no_numbers_is_an_error(problem):
    x = problem.training.x.clone()
    x[:, problem.features.names.index("debt")] = torch.nan
    broken = replace(problem, training=replace(problem.training, x=x))
    with pytest.raises(ArenaError, match="did not converge"):
        fit_autoencoder(broken, replace(RECIPE, steps=2), seed=0)
