"""An autoencoder that a solver declares: as data, in the graph of a run, and in its keys."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from recourse_arena import ArenaError, AutoencoderRecipe, Solver
from recourse_arena.planning.model_keys import ModelKeys, autoencoder_key
from recourse_arena.planning.solver_card import SolverCard
from recourse_arena.planning.tasks import AutoencoderTask, FitTask, ModelsTask

RECIPE = AutoencoderRecipe(latent=2, conditional=True)
KEYS = ModelKeys("models", "c", "f", "", people="people")
MODELS = ModelsTask("tiny", 0, KEYS)


class Coded(Solver):
    name = "coded"
    autoencoder_recipe: object = RECIPE

    def recommend(self, request): ...


def said(card: SolverCard) -> dict:
    return json.loads(json.dumps(card.as_dict()))


def test_a_card_says_it_and_nothing_that_the_suite_would_not_fit():
    card = SolverCard.of(Coded())
    assert SolverCard.read(said(card)).autoencoder == card.autoencoder == RECIPE
    for wrong in ({"hidden": 10**9}, {"steps": "many"}, {"rate": float("nan")}, {"layers": 3}):
        told = said(card)
        told["autoencoder"].update(wrong)
        with pytest.raises(ArenaError, match="not described as it should be"):
            SolverCard.read(told)


def test_what_is_no_recipe_is_refused():
    solver = Coded()
    solver.autoencoder_recipe = {"latent": 2}
    with pytest.raises(ArenaError, match="declares something wrong"):
        SolverCard.of(solver)


def test_its_key_is_of_people_and_recipe_whatever_decides():
    key = autoencoder_key(KEYS, RECIPE)
    assert key == autoencoder_key(replace(KEYS, classifier="another", materials="others"), RECIPE)
    assert (
        len({key, autoencoder_key(replace(KEYS, people="others"), RECIPE), autoencoder_key(KEYS, AutoencoderRecipe())})
        == 3
    )


def test_every_fit_of_a_solver_that_declares_it_needs_the_same_one():
    task = AutoencoderTask(MODELS, RECIPE, autoencoder_key(KEYS, RECIPE))
    fit, other = (FitTask(MODELS, name, (), name, trained=False, handed=False, autoencoder=task) for name in ("a", "b"))
    assert fit.needs == other.needs == (MODELS, task)
    assert task.needs == (MODELS,)
    assert task.artefacts == (("autoencoder", task.key),)
