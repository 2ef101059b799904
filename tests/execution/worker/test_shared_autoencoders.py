"""Solvers that declare one autoencoder get the same one, fitted once and kept, and none of them can change it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_tables import table_problem

from recourse_arena import AutoencoderRecipe, Solver
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.models.generative import fitting

RECIPE = AutoencoderRecipe(latent=2, hidden=4, steps=3)


class Coded(Solver):
    """Takes note of the autoencoder that it is handed."""

    autoencoder_recipe = RECIPE

    def __init__(self, name: str, recipe: AutoencoderRecipe | None = RECIPE) -> None:
        self.name, self.autoencoder_recipe = name, recipe

    def fit(self, problem, *, seed):
        self.handed = problem.autoencoder

    def recommend(self, request):
        return request.unanswered()


@pytest.fixture
def fits(monkeypatch):
    """The recipes of all autoencoders that are fitted, in order."""
    found, real = [], fitting.fit_autoencoder

    def fit(problem, recipe, **how):
        found.append(recipe)
        return real(problem, recipe, **how)

    monkeypatch.setattr("recourse_arena.execution.worker.shared_autoencoders.fit_autoencoder", fit)
    return found


def test_one_is_fitted_for_all_that_declare_it_and_the_next_run_takes_it(arena, fits, tmp_path, no_boards):
    other = replace(RECIPE, hidden=5)
    solvers = [Coded("one"), Coded("two"), Coded("other", other), Coded("none", None)]
    arena(solvers=solvers, out=tmp_path / "run")
    one, two, third, nobody = (solver.handed for solver in solvers)
    assert one is two
    assert (one.recipe, third.recipe, nobody) == (RECIPE, other, None)
    assert sorted(recipe.hidden for recipe in fits) == [4, 5]
    assert len(list((tmp_path / "cache" / "autoencoder").iterdir())) == 2
    again = Coded("again")
    arena(solvers=[again], out=tmp_path / "again")
    assert len(fits) == 2
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, again.handed.state_dict()[name])


def test_what_a_solver_does_to_it_is_put_back():
    problem = table_problem(0)
    shared = fitting.fit_autoencoder(problem, RECIPE, seed=0)
    before = {name: tensor.clone() for name, tensor in shared.state_dict().items()}

    class Rough(Coded):
        def fit(self, problem, *, seed):
            problem.autoencoder.log_sd.data.add_(1)

    guard = Guard(Rough("rough"))
    guard.fit(replace(problem, autoencoder=shared), seed=0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in shared.state_dict().items())
    assert any("autoencoder" in note.text for note in guard.notes)
