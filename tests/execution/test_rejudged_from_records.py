"""A run folder and its models are enough to judge every row again, and to say who people would be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from frames import framed

from recourse_arena import Actionability, ArenaError, Block, Outcome, Recommendation, Scenario, Suite, api
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.people.box import Box
from recourse_arena.problem.profile import profile
from recourse_arena.storage.artefact_cache import ArtefactCache

NAMES = ("sex", "effort", "income", "savings")


@pytest.fixture
def ran(plugged, tmp_path):
    """A run of two scenarios, one of them of answers with bounds of people's own; and the models it rests on."""
    (tmp_path / "scores.csv").write_text(
        "person,effort,income,income_max,effort_min\n0,1,x,,-0.5\n3,4,2,0.25,\n5,1,1,-0.5,\n"
    )
    answered = Scenario("clinic", scheme="likert", profile="linear", answers=str(tmp_path / "scores.csv"))
    drawn = Scenario.parse("score-hard-random+soft-linear")
    suite = Suite("small", "", (Block(("tiny",), (drawn, answered), ("top", "growing-spheres"), people=40),))
    result = api.run(suite, out=tmp_path / "run", cache=tmp_path / "cache", data=tmp_path)
    models = prepare("tiny", seed=0, data=tmp_path, cache=ArtefactCache(tmp_path / "cache"), registry=plugged())
    return result, models


def column(rows, prefix):
    return torch.stack(
        [torch.from_numpy(rows[f"{prefix}_{name}"].to_numpy(dtype="float32", na_value=np.nan)) for name in NAMES],
        dim=1,
    )


def bounds(rows, prefix, otherwise):
    found = [
        rows[f"{prefix}_{name}"].to_numpy(dtype="float32", na_value=otherwise)
        if f"{prefix}_{name}" in rows
        else np.full(len(rows), otherwise, dtype="float32")
        for name in NAMES
    ]
    return torch.from_numpy(np.stack(found, axis=1))


def test_every_row_is_judged_again_from_the_run_folder_and_its_models(ran):
    result, models = ran
    people = result.people
    for (_, solver), rows in people.groupby(["scenario", "solver"]):
        rows = rows.reset_index(drop=True)
        own = Box(bounds(rows, "own_lower", -np.inf), bounds(rows, "own_upper", np.inf))
        codes = {outcome.value: outcome.code for outcome in Outcome}
        request = models.problem.request(
            column(rows, "factual"),
            Actionability(column(rows, "score").long(), 4),
            profile=profile("linear"),
            box=own,
            person=torch.tensor(rows["person"].to_numpy(dtype="int64")),
        )
        advice = Recommendation(
            column(rows, "mask").bool(), column(rows, "value"), torch.tensor([codes[word] for word in rows["outcome"]])
        )
        again = framed(models.judge)(request, advice)
        for name in again.columns.intersection(rows.columns):
            one, other = (frame[name].to_numpy(dtype=object, na_value=None) for frame in (again, rows))
            assert [*map(_plain, one)] == [*map(_plain, other)], (solver, name)


def _plain(value):
    return None if value is None or value != value else value


def test_bounds_of_ones_own_are_kept_where_somebody_has_any(ran):
    result, _ = ran
    own = [name for name in pq.read_schema(result.path / "people.parquet").names if name.startswith("own_")]
    assert sorted(own) == ["own_lower_effort", "own_upper_income"]
    clinic = result.people.query("scenario == 'clinic' and solver == 'top'").set_index("person")
    assert clinic["own_upper_income"].to_dict()[3] == 0.25
    assert pd.isna(clinic["own_upper_income"][0])
    assert result.people.query("scenario != 'clinic'")["own_upper_income"].isna().all()


def test_counterfactuals_are_those_that_the_judge_saw(ran):
    result, models = ran
    found = result.counterfactuals(words=False)
    assert len(found) == len(result.people)
    after = torch.tensor(found[[f"counterfactual_{name}" for name in NAMES]].to_numpy(dtype="float32"))
    before = torch.tensor(found[[f"factual_{name}" for name in NAMES]].to_numpy(dtype="float32"))
    solved, valid = (found["outcome"] == "solved").to_numpy(), found["valid"].to_numpy(dtype=bool)
    unbroken = (result.people["violations"] == 0).to_numpy(dtype=bool)
    assert (models.problem.decisions.accepts(after).numpy() & unbroken & solved).tolist() == valid.tolist()
    assert torch.equal(before[~solved], after[~solved])
    moved = (after[:, 3] != before[:, 3]).numpy()
    assert moved[solved].any()  # savings follow, though nobody acts on them
    assert pd.isna(result.people["after_savings"]).to_numpy().tolist() == (~moved).tolist()
    assert set(result.counterfactuals()["factual_sex"]) == {"f", "m"}


def test_a_run_of_before_says_what_to_do(ran, tmp_path):
    result, _ = ran
    path = Path(result.path) / "people.parquet"
    table = pq.read_table(path)
    kept = [name for name in table.column_names if not name.startswith(("factual_", "after_", "own_"))]
    pq.write_table(table.select(kept), path)
    result.info.pop("tables")
    assert len(result.board.rows) == 4
    with pytest.raises(ArenaError, match="does not say who the people of tiny are"):
        result.counterfactuals()
    with pytest.raises(ArenaError, match="unknown dataset of the run 'towns'"):
        result.counterfactuals("towns")


def test_cells_that_were_kept_without_factuals_are_judged_again(ran, tmp_path):
    from recourse_arena.judging.records import check_records

    result, _ = ran
    table = pq.read_table(next((Path(result.path) / "cells").glob("*.parquet")))
    check_records(table.schema)
    with pytest.raises(ArenaError, match="'factual_income' is missing"):
        check_records(table.drop_columns(["factual_income"]).schema)
