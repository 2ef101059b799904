"""Advice of a finished run decided on again: against a plain loop, kept, added to, and refused where it cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import tiny
import torch

import recourse_arena
from recourse_arena import ArenaError, Block, Change, NotApplicable, Scenario, Suite, api
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.models.changes.networks import moved
from recourse_arena.models.changes.offers import FineTuned, Quantized
from recourse_arena.models.changes.onnx_models import written
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.lasting_table import read_redecided

NAMES = ("sex", "effort", "income", "savings")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Where a finished run of the tiny dataset lies, with the cache of its models; made by whoever needs it first."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def ran(plugged, made, tmp_path):
    """A run of two scenarios and seeds; its folder is this test's own."""
    if not (made / "run" / "run.json").exists():
        scenarios = tuple(map(Scenario.parse, ("hard-random!no-plausibility", "soft-linear")))
        suite = Suite("small", "", (Block(("tiny",), scenarios, ("top", "growing-spheres"), people=30),), seeds=(0, 1))
        api.run(suite, out=made / "run", cache=made / "cache", data=made)
    shutil.copytree(made / "run", tmp_path / "run")
    return tmp_path / "run", {"cache": made / "cache", "data": made}


def test_every_row_is_what_a_plain_loop_over_people_says(ran, plugged):
    run, where = ran
    found = recourse_arena.lasting(run, changes=["fine-tuned?epochs=3", "same"], **where)
    people = api.load(run).counterfactuals(words=False)
    for seed in (0, 1):
        models = prepare("tiny", seed=seed, data=where["data"], cache=ArtefactCache(where["cache"]), registry=plugged())
        before = models.problem.decisions
        rows = found.found.rows.query("seed == @seed and not matched")
        assert len(rows) == 2 * len(people.query("seed == @seed"))
        tuned = rows[rows["change"] == "fine-tuned?epochs=3"].set_index(["scenario", "solver", "person"])
        alike = rows[rows["change"] == "same"].set_index(["scenario", "solver", "person"])
        for row in people.query("seed == @seed").to_dict("records"):
            key = row["scenario"], row["solver"], row["person"]
            x, then = (
                torch.tensor([[row[f"{part}_{name}"] for name in NAMES]], dtype=torch.float32)
                for part in ("factual", "counterfactual")
            )
            assert bool(alike.loc[key, "counts"]) == row["valid"]
            assert bool(alike.loc[key, "accepted"]) == bool(before.accepts(then))
            assert not alike.loc[key, "already"]
            assert alike.loc[key, "margin"] == pytest.approx(float(before.logit(then)), abs=1e-4)
            assert bool(before.accepts(x)) is False
            assert bool(tuned.loc[key, "accepted"]) == (float(tuned.loc[key, "logit"]) >= 0)
    assert (tuned["logit"] != alike["logit"].reindex(tuned.index)).any()


def test_nothing_changed_loses_nobody(ran):
    run, where = ran
    found = api.lasting(run, changes="same", **where)
    summary = api.load(run).summary.groupby(["scenario", "solver"])["validity"].mean()
    assert (found.advice["vd"] == 0).all()
    assert (found.advice["already"] == 0).all()
    assert found.advice["threshold"].value_counts().to_dict() == {"as it is": 4, "matched": 4}
    for row in found.advice.to_dict("records"):
        expected = summary[row["scenario"], row["solver"]]
        assert row["lasts"] == row["delivered"] == pytest.approx(expected)
    (facts, _) = found.models.to_dict("records")
    assert facts["accuracy"] == facts["accuracy_before"]
    assert (facts["agreement"], facts["lost"], facts["gap"], facts["gap_sd"], facts["bits"]) == (1, 0, 0, 0, 32)


def test_accuracy_is_that_of_the_run(ran):
    run, where = ran
    found = api.lasting(run, changes="same", **where)
    said = [material["accuracy"] for material in json.loads((run / "run.json").read_text())["materials"]]
    assert found.models["accuracy_before"].iloc[0] == pytest.approx(np.mean(said), abs=1e-4)


def test_accepting_more_people_buys_lasting_advice_and_is_seen_to(ran):
    run, where = ran
    found = api.lasting(run, changes="shifted-bias?by=2", **where)
    cells = found.advice.set_index(["scenario", "solver", "threshold"])
    for scenario, solver in {key[:2] for key in cells.index}:
        shifted, matched = cells.loc[scenario, solver, "as it is"], cells.loc[scenario, solver, "matched"]
        assert shifted["vd"] == 0
        assert shifted["already"] > 0.5 > matched["already"]
    models = found.models.set_index("threshold")
    assert models.loc["as it is", "acceptance"] > models.loc["as it is", "acceptance_before"] + 0.1
    assert models.loc["matched", "acceptance"] == pytest.approx(models.loc["matched", "acceptance_before"], abs=0.02)


def test_changed_models_are_kept_and_lead_to_the_same_rows(ran, tmp_path, monkeypatch):
    run, where = ran
    own = {**where, "cache": tmp_path / "cache"}
    changes = ["retrained?models=2", "quantized?method=lsq&bits=4&epochs=2", "quantized?method=pact&bits=4&epochs=2"]
    first = api.lasting(run, changes=changes, **own)
    assert len([*(tmp_path / "cache" / "change").glob("*.safetensors")]) == 3 * 2

    def never(*_, **__):
        raise AssertionError("made anew")

    monkeypatch.setattr(Quantized, "models", never)
    again = api.lasting(run, changes=changes, **own)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert [*dict.fromkeys(again.found.rows["model"])] == ["retrained-1", "retrained-2", "lsq-4", "pact-4"]


def test_a_file_is_told_from_others_by_what_it_holds_wherever_it_lies(ran, plugged, tmp_path):
    run, where = ran
    own = {**where, "cache": tmp_path / "cache"}
    models = prepare("tiny", seed=0, data=where["data"], cache=ArtefactCache(where["cache"]), registry=plugged())
    network = models.problem.decisions
    kept, (file, other) = tmp_path / "cache" / "change", (tmp_path / name for name in ("next.onnx", "other.onnx"))
    for place, model, models_kept in ((file, network, 2), (other, network, 2), (file, moved(network, 50.0), 4)):
        place.write_bytes(written(model))
        found = api.lasting(run, changes=f"onnx?file={place}", **own).models.query("threshold == 'as it is'")
        assert len([*kept.glob("*.safetensors")]) == models_kept  # of two seeds
        assert (found["acceptance"].iloc[0] == 1) == (models_kept == 4)
        assert pd.notna(found["gap"].iloc[0])


def test_a_change_is_added_beside_those_of_before(ran):
    run, where = ran
    api.lasting(run, changes="same", **where)
    found = api.lasting(run, changes="quantized", **where)
    assert set(found.found.rows["change"]) == {"quantized"}
    table = pq.read_table(run / "lasting.parquet").to_pandas()
    assert set(table["change"]) == {"same", "quantized"}
    api.lasting(run, changes="quantized", **where)
    assert len(pq.read_table(run / "lasting.parquet")) == len(table)
    (run / "lasting.parquet").write_bytes(b"somebody else's")
    api.lasting(run, changes="same", **where)
    assert set(pq.read_table(run / "lasting.parquet")["change"].to_pylist()) == {"same"}
    assert api.load(run).board.rows is not None  # the run is read as before


def test_a_folder_that_cannot_be_written_costs_nothing_but_that(ran, tmp_path):
    run, where = ran
    (run / "lasting.parquet").symlink_to(tmp_path / "elsewhere")
    with pytest.warns(UserWarning, match="what changed models say is not kept"):
        found = api.lasting(run, changes="same", **where)
    assert len(found.advice)
    assert not (tmp_path / "elsewhere").exists()


class Mine(Change):
    name = "mine"
    summary = "for tests"

    def __init__(self, model=None, error=None):
        self.model, self.error = model, error

    def models(self, fitted, *, seed, report=lambda *_: None):
        if self.error is not None:
            raise self.error
        return {} if self.model is None else {"mine": self.model}


class Nobody:
    """Says nothing but no."""

    def accepts(self, x):
        return torch.zeros(x.shape[:-1], dtype=torch.bool)


class ByTheBatch:
    def accepts(self, x):
        return x[..., 2] >= x[..., 2].mean()


def test_an_object_can_be_a_change_and_says_no_more_than_it_can(ran, tmp_path):
    run, where = ran
    found = api.lasting(run, changes=[Mine(Nobody()), FineTuned(epochs=1)], **{**where, "cache": tmp_path / "cache"})
    assert set(found.advice["change"]) == {"mine", "fine-tuned"}
    mine = found.advice[found.advice["change"] == "mine"]
    assert mine["threshold"].unique().tolist() == ["as it is"]  # there is no threshold to move
    assert (mine["vd"] == 1).all()
    assert mine["early"].isna().all()
    (facts,) = found.models[found.models["change"] == "mine"].to_dict("records")
    assert facts["acceptance"] == 0
    assert facts["lost"] == 1
    assert pd.isna([facts["gap"], facts["bits"], facts["bytes"]]).all()
    assert not (tmp_path / "cache" / "change").exists()  # what objects do may change from run to run


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Mine(ByTheBatch()), "change mine: model mine: somebody is decided otherwise alone"),
        (Mine(), "change mine: expected one or several models, got none"),
        (Mine(error=RuntimeError("its own trouble")), "change mine: RuntimeError: its own trouble"),
        (Mine(error=NotApplicable("not for tiny")), "^not for tiny$"),
        ("quantised", "unknown change of the decision model 'quantised'. Did you mean 'quantized'"),
        ("quantized?bit=3", "Did you mean 'bits'"),
        ([], "changes: expected one or several"),
        (["same", "same"], "2 of them are called 'same'"),
        ([FineTuned], "make one of this class first"),
        ([3], "expected names or Change objects, got 3"),
        (3, "changes: expected a list, got 3"),
    ],
)
def test_what_is_no_change_says_so(ran, change, message):
    run, where = ran
    with pytest.raises(ArenaError, match=message):
        api.lasting(run, changes=change, **where)
    assert not (run / "lasting.parquet").exists()


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("classifier", "0" * 24, "the decision model of tiny .seed 0. is another one here .* than in the run .0000"),
        ("classifier", "", "keeps nothing of the decision model of tiny"),
        ("file", "abc", "the data file of tiny .seed 0. is another one here .none. than in the run .abc."),
        ("version", "9", "the dataset of tiny .seed 0. is another one here .1. than in the run .9."),
    ],
)
def test_models_that_are_not_the_runs_are_refused_with_what_differs(ran, part, value, message):
    run, where = ran
    info = json.loads((run / "run.json").read_text())
    info["materials"][0][part] = value
    (run / "run.json").write_text(json.dumps(info))
    with pytest.raises(ArenaError, match=message):
        api.lasting(run, changes="same", **where)


def test_another_dataset_of_that_name_is_refused(ran, monkeypatch):
    run, where = ran
    monkeypatch.setattr(tiny.Tiny, "decision", tiny.DecisionRecipe(hidden=(9,), optimizer="adam", epochs=2))
    with pytest.raises(ArenaError, match="the decision model of tiny .seed 0. is another one here"):
        api.lasting(run, changes="same", **where)
    monkeypatch.setattr(tiny.Tiny, "name", "titchy")
    with pytest.raises(ArenaError, match="unknown dataset 'tiny'.*\n.*--dataset FILE.toml"):
        api.lasting(run, changes="same", **where)


def rewritten(run: Path, change):
    """Write the people of a run anew, as somebody would who has no digests of tables."""
    path = run / "people.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    info = json.loads((run / "run.json").read_text())
    info.pop("tables")
    (run / "run.json").write_text(json.dumps(info))


def test_a_run_of_before_says_to_run_again(ran):
    run, where = ran
    rewritten(
        run, lambda table: table.select([n for n in table.column_names if not n.startswith(("factual_", "after_"))])
    )
    with pytest.raises(
        ArenaError, match="does not say who the people of tiny are; the same .recourse-arena run. command"
    ):
        api.lasting(run, changes="same", **where)


def test_counterfactuals_that_its_own_model_refuses_are_no_advice_of_the_run(ran):
    run, where = ran

    def poorer(table):
        columns = {name: table[name].to_pandas() for name in table.column_names}
        for prefix in ("factual", "value", "after"):
            columns[f"{prefix}_income"] -= 50
        return (
            pq.ParquetFile(run / "people.parquet").schema_arrow.empty_table().from_pydict(columns, schema=table.schema)
        )

    rewritten(run, poorer)
    with pytest.raises(ArenaError, match="that the run calls valid are refused by its own decision model"):
        api.lasting(run, changes="same", **where)


def test_what_cannot_change_some_models_is_told_beside_those_that_it_can(plugged, tmp_path):
    block = Block(("tiny", "tiny?decision=forest"), (Scenario.parse("hard-1!no-plausibility"),), ("top",), people=20)
    where = {"cache": tmp_path / "cache", "data": tmp_path}
    api.run(Suite("small", "", (block,)), out=tmp_path / "run", **where)
    found = api.lasting(tmp_path / "run", changes=["quantized", "retrained?models=2"], **where)
    said = found.advice[["dataset", "change"]].drop_duplicates().to_records(index=False).tolist()
    assert ("tiny?decision=forest", "quantized") not in said
    assert len(said) == 3
    (note,) = found.found.notes
    assert "no ReLU network" in note["reason"]
    forest = found.models[found.models["dataset"] == "tiny?decision=forest"]
    assert forest[["gap", "gap_sd", "bits"]].isna().all().all()
    assert (forest["bytes"] > 0).all()
    assert found.advice[found.advice["dataset"] != "tiny"][["early", "margin"]].isna().all().all()


def test_a_process_of_its_own_says_the_same(suite, tmp_path, monkeypatch):
    where = {"cache": tmp_path / "cache", "data": tmp_path / "data"}
    run = api.run(suite, out=tmp_path / "run", isolated=False, **where)
    apart = api.lasting(run, changes=["same", "quantized?bits=3"], isolated=True, **where)
    assert set(apart.advice["change"]) == {"same", "quantized?bits=3"}
    assert (apart.advice[apart.advice["change"] == "same"]["vd"] == 0).all()
    kept = read_redecided(tmp_path / "run" / "lasting.parquet", people="")
    assert kept is None  # it says which people it is about


def borrowers(extra=0):
    draws = np.random.default_rng(0)
    frame = pd.DataFrame({
        "age": draws.integers(20, 70, 400),
        "income": draws.normal(3000, 800, 400).round(),
        "home": draws.choice(["rent", "own"], 400),
    })  # fmt: skip
    frame["paid"] = (frame["income"] + 500 * (frame["home"] == "own") + draws.normal(0, 300, 400) > 3100).astype(int)
    frame.loc[0, "income"] += extra
    return recourse_arena.dataset(frame, label="paid", actionable=["income"], name="borrowers")


def test_a_dataset_of_ones_own_is_handed_over_again_and_has_to_be_the_same(plugged, tmp_path):
    where = {"cache": tmp_path / "cache", "data": tmp_path}
    asked = {"solvers": ["growing-spheres"], "scenarios": ["soft-linear!no-plausibility"], "people": 20}
    run = api.run("tabular", datasets=[borrowers()], out=tmp_path / "run", **asked, **where)
    found = api.lasting(run, changes="same", datasets=[borrowers()], **where)
    assert set(found.advice["dataset"]) == {"borrowers"}
    assert (found.advice["vd"] == 0).all()
    with pytest.raises(ArenaError, match="unknown dataset 'borrowers'"):
        api.lasting(run, changes="same", **where)
    with pytest.raises(ArenaError, match="the data file of borrowers .seed 0. is another one here"):
        api.lasting(run, changes="same", datasets=[borrowers(extra=500)], **where)
