"""Laws of changes that change nothing: no advice of any solver is lost, and recourse anew is the advice before."""

from __future__ import annotations

import numpy as np
import pytest
from small_budgets import configured

from recourse_arena import Block, Scenario, Suite, api
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.lasting_table import kept_redecided

SCENARIO = "hard-2!no-plausibility"
TRAINED_FOR_LONG = {"carma", "icarma"}
SLOW = {"certified", "dice"}
OTHER_MODELS = {"feature-tweak", "flipset"}  # read trees or a linear model, which the tiny world's network is not
LEFT_OUT = TRAINED_FOR_LONG | SLOW | OTHER_MODELS
NOTHING = ("same", "permuted")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("nothing")


@pytest.fixture
def done(plugged, made):
    """A run of every solver that is quick, today and where nothing changed."""
    plugged("permuting")
    solvers = tuple(name for name in discover().solvers if name not in LEFT_OUT and not name.startswith("tiny"))
    ours = tuple(
        "face?constraints=borrow" if name == "face" else configured(name)  # as published it finds nobody here
        for name in solvers
        if type(discover().solver(name)).__module__.startswith("recourse_arena_")
    )
    if not (made / "run" / "lasting.parquet").exists():
        datasets = ("tiny", *(f"tiny?change={name}" for name in NOTHING))
        blocks = (Block(datasets, (Scenario.parse(SCENARIO),), ours, people=8),)
        api.run(Suite("nothing", "", blocks, changes=NOTHING), out=made / "run", cache=made / "cache", data=made)
    return api.load(made / "run"), ours


def test_no_advice_is_lost_where_nothing_changed(done):
    result, solvers = done
    found = api.lasting(result)
    assert {*found.advice["solver"]} == {*solvers}
    assert len(solvers) >= 5
    assert (found.advice["counted"] > 0).all(), found.advice[found.advice["counted"] == 0]["solver"].tolist()
    for column in ("vd", "already", "early"):
        assert (found.advice[column].fillna(0.0) == 0).all(), column
    assert (found.models["agreement"] == 1).all()


def test_recourse_anew_is_the_advice_before_where_nothing_changed(done):
    anew = api.lasting(done[0]).anew
    assert {*zip(anew["change"], anew["solver"], strict=True)} == {(c, s) for c in NOTHING for s in done[1]}
    same = anew[anew["change"] == "same"]
    for column, value in (("crg", 0.0), ("similarity", 1.0), ("overlap", 1.0), ("infeasible", 0.0)):
        assert np.allclose(same[column], value), column
    permuted = anew[anew["change"] == "permuted"]  # sums in another order: searches may end in another last digit
    assert (permuted["crg_median"].abs() < 1e-3).all()
    assert (permuted["similarity"] > 0.98).all()
    assert (permuted["infeasible"] == 0).all()


def test_nobody_who_is_accepted_already_counts(done):
    rows = kept_redecided(done[0]).rows
    assert not (rows["counts"] & rows["already"]).any()  # whom today's model refuses, these refuse as well
