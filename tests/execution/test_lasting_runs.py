"""Runs that ask for more than today's decision: margins, advice that lasts, changed models, validation people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from recourse_arena import ArenaError, Block, Scenario, Suite, api
from recourse_arena.execution.redeciding import LastingOrder
from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.storage.lasting_table import kept_redecided, undecided

SCENARIO = "hard-2!no-plausibility"
CHANGE = "retrained?models=2"
ASKED = "lasting=retrained&lasting.models=2"
SUITE = Suite(
    "lasts",
    "",
    (
        Block(
            ("tiny", "tiny?change=same", "tiny?change=retrained&change.models=2&changed=retrained-2"),
            tuple(map(Scenario.parse, (SCENARIO, f"{SCENARIO}!validation-people"))),
            ("growing-spheres", "growing-spheres?margin_sd=0.2", f"growing-spheres?{ASKED}"),
            people=40,
        ),
    ),
    changes=("same", CHANGE),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("lasts")


@pytest.fixture
def done(plugged, made):
    """The result of the suite; made by whoever needs it first."""
    if not (made / "run" / "lasting.parquet").exists():
        api.run(SUITE, out=made / "run", cache=made / "cache", data=made)
    return api.load(made / "run"), {"cache": made / "cache", "data": made}


def test_a_suite_decides_again_by_its_changes_and_not_twice(done, made, monkeypatch):
    result, where = done
    found = kept_redecided(result)
    assert {*found.rows["change"]} == {"same", CHANGE}
    assert {*found.rows["dataset"]} == {"tiny"}  # recourse anew is not decided on again
    assert not undecided(result)
    assert result.info["changes"] == ["same", CHANGE]

    def never(*asked):
        raise AssertionError("decided on again although everything is kept")

    monkeypatch.setattr(LastingOrder, "carry_out", never)
    again = api.run(SUITE, out=made / "run", **where)
    assert again.path == result.path
    assert api.lasting(result).models.shape == Lasting(found).models.shape


def test_more_changes_are_added_to_a_run_without_solving(done, made, monkeypatch):
    result, where = done
    key = result.info["plan"]
    solved = {cell["key"] for cell in result.info["cells"]}
    more = api.run(replace(SUITE, changes=("same", CHANGE, "fine-tuned?epochs=2")), out=made / "run", **where)
    assert (more.info["plan"], {cell["key"] for cell in more.info["cells"]}) == (key, solved)
    api.lasting(more, changes="fine-tuned?epochs=2", **where)
    assert {*kept_redecided(more).rows["change"]} >= {"same", CHANGE, "fine-tuned?epochs=2"}


def test_who_knows_the_change_outlasts_it_and_margins_are_kept(done):
    advice = api.lasting(done[0]).advice
    told = advice[(advice["solver"] == f"growing-spheres?{ASKED}") & (advice["model"] == "all 2")]
    assert (told[told["threshold"] == "as it is"]["vd"] == 0).all()
    assert (advice[(advice["change"] == "same")]["vd"] == 0).all()
    plain = advice[(advice["solver"] == "growing-spheres") & (advice["model"] == "all 2")]
    assert (plain["vd"] > 0).any()  # else nothing would have been asked for
    rows = kept_redecided(done[0]).rows
    wide = rows[(rows["solver"] == "growing-spheres?margin_sd=0.2") & rows["counts"] & (rows["change"] == "same")]
    models = api_models(done)
    spread = float(models.before.model.logit(models.before.validation.x).double().std(correction=0))
    assert wide["margin"].min() >= 0.2 * spread - 1e-4


def api_models(done):
    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    return prepare("tiny", seed=0, data=done[1]["data"], cache=ArtefactCache(done[1]["cache"]), registry=discover())


def test_recourse_anew_under_what_changed_nothing_is_the_same(done):
    found = api.lasting(done[0])
    same = found.anew[found.anew["change"] == "same"]
    assert len(same) == 4
    assert (same["counted"] > 5).all()
    for column, value in (("crg", 0.0), ("similarity", 1.0), ("overlap", 1.0), ("infeasible", 0.0)):
        assert np.allclose(same[column], value), column
    other = found.anew[found.anew["model"] == "retrained-2"]
    assert (other["crg"].abs() > 0).all()
    assert (other["similarity"] < 1).any()


def test_recourse_anew_is_what_a_plain_loop_says(done):
    result, _ = done
    name = "tiny?change=retrained&change.models=2&changed=retrained-2"
    models, changed = api_models(done), changed_model(done)
    before, anew = (
        result.counterfactuals(dataset, words=False)
        .query("solver == 'growing-spheres' and scenario == @SCENARIO")
        .set_index("person")
        for dataset in ("tiny", name)
    )
    gaps = []
    for person, row in before.iterrows():
        x = torch.tensor([[row[f"factual_{n}"] for n in models.dataset.features.names]], dtype=torch.float32)
        assert not models.before.model.accepts(x)[0]
        other = anew.loc[person]
        if row["valid"] and other["valid"] and not changed.accepts(x)[0] and row["weighted_cost"] > 0:
            gaps.append((other["weighted_cost"] - row["weighted_cost"]) / row["weighted_cost"])
    said = api.lasting(result).anew.query(
        "scenario == @SCENARIO and solver == 'growing-spheres' and model == 'retrained-2'"
    )
    assert said["counted"].tolist() == [len(gaps)]
    assert said["crg"].item() == pytest.approx(np.mean(gaps))
    assert said["crg_median"].item() == pytest.approx(np.median(gaps))


def changed_model(done):
    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    cache, name = ArtefactCache(done[1]["cache"]), "tiny?change=retrained&change.models=2&changed=retrained-2"
    return prepare(name, seed=0, data=done[1]["data"], cache=cache, registry=discover()).problem.decisions


def test_prices_are_ratios_of_mean_costs_over_people_found_both_ways(done):
    result, _ = done
    found = api.lasting(result)
    row = found.price.query("dataset == 'tiny' and scenario == @SCENARIO and asked == 'margin_sd=0.2'").iloc[0]
    people = result.people.query("dataset == 'tiny' and scenario == @SCENARIO").set_index(["solver", "person"])
    plain, wide = people.loc["growing-spheres"], people.loc["growing-spheres?margin_sd=0.2"]
    both = [p for p in plain.index if plain.loc[p, "valid"] and wide.loc[p, "valid"]]
    assert row["both"] == len(both)
    costs = [sum(float(part.loc[p, "weighted_cost"]) for p in both) for part in (wide, plain)]
    assert row["ratio"] == pytest.approx(costs[0] / costs[1])
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
    assert row["lost"] == pytest.approx(plain["valid"].mean() - wide["valid"].mean())


def test_the_margin_is_chosen_by_validation_people_and_priced_by_test_people(done):
    found = api.lasting(done[0])
    rows = found.margins.query("model == 'same' and threshold == 'as it is'")
    assert rows["margin95"].tolist() == [0.0]
    assert rows["price95"].tolist() == [1.0]
    assert not rows["scenario"].str.contains("validation").any()
    hard = found.margins.query("model == 'all 2' and threshold == 'as it is'").iloc[0]
    asked = {0.0: "growing-spheres", 0.2: "growing-spheres?margin_sd=0.2"}
    said = found.advice.query("model == 'all 2' and threshold == 'as it is' and scenario.str.contains('validation')")
    enough = [m for m, name in asked.items() if said[said["solver"] == name]["vd"].item() <= 0.05]
    assert hard["margin95"] == (min(enough) if enough else pytest.approx(np.nan, nan_ok=True))


def test_validation_people_are_others_than_test_people(done):
    result, _ = done
    people = result.counterfactuals("tiny", words=False).query("solver == 'growing-spheres'")
    names = [column for column in people if column.startswith("factual_")]
    parts = [{*map(tuple, part[names].to_numpy())} for _, part in people.groupby("scenario")]
    assert not parts[0] & parts[1]
    models = api_models(done)
    asked = {*map(tuple, models.splits.recourse.validation.x.numpy())}
    assert parts[1] <= asked


def test_an_unknown_change_is_refused_before_anything_runs(plugged, tmp_path):
    with pytest.raises(ArenaError, match="unknown change"):
        api.run(replace(SUITE, changes=("quantised",)), out=tmp_path / "run", data=tmp_path)
    with pytest.raises(ArenaError, match="unknown change"):
        api.run(SUITE, solvers="growing-spheres?lasting=quantised", out=tmp_path / "run", data=tmp_path)
    assert not (tmp_path / "run").exists()
