"""Runs: what they write, that they repeat, go on and survive bad solvers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tiny
import torch

from recourse_arena import ArenaError, Block, Recommendation, Scenario, Solver, Suite, load

TIMINGS = ["fit_seconds", "solve_seconds"]

pytestmark = pytest.mark.usefixtures("no_boards")


def test_a_run_writes_the_promised_files_and_columns(arena, tmp_path):
    result = arena(out=tmp_path / "run")
    promised = "dataset, scenario, solver, seed, outcome, people, coverage, validity, plausibility, attainability, "
    promised += "attainability_truth, attainability_heldout, ruler_gap, redrawn, "
    promised += "cost_mean, cost_sd, hap, violations, actions_mean, fit_seconds, solve_seconds"
    assert list(result.summary.columns[:21]) == promised.split(", ")
    people = pd.read_parquet(tmp_path / "run" / "people.parquet")
    promised = "dataset, scenario, solver, seed, person, group_sex, outcome, valid, plausible, plausible_scm, cost, "
    promised += "weighted_cost, hard_action, violations, logp_factual, logp_counterfactual, mask_income, value_income"
    assert set(promised.split(", ")) <= set(people.columns)
    assert len(people) == 2 * 3 * 40
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    assert info["status"] == "finished"
    assert len(info["cells"]) == 6
    assert {"direction", "unit", "population", "definition"} <= set(info["metrics"][0])
    assert info["provenance"]["packages"]["torch"]


def test_the_same_seed_gives_the_same_tables(arena, tmp_path):
    first = arena(out=tmp_path / "a", cache=tmp_path / "cache-a")
    second = arena(out=tmp_path / "b", cache=tmp_path / "cache-b")
    pd.testing.assert_frame_equal(first.summary.drop(columns=TIMINGS), second.summary.drop(columns=TIMINGS))
    pd.testing.assert_frame_equal(first.people, second.people)


def test_everything_is_computed_on_one_thread_however_many_there_are(arena):
    seen = []

    class Counting(Solver):
        name = "counting"

        def fit(self, problem, *, seed):
            seen.append(torch.get_num_threads())

        def recommend(self, request):
            seen.append(torch.get_num_threads())
            return Recommendation.do(request.actionable, request.factual)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        arena(solvers=[Counting()], people=5)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}


def test_another_seed_gives_other_people(arena):
    result = arena(seeds=[0, 1], solvers=["top"], scenarios=["hard-2"])
    first, second = (rows["logp_factual"].tolist() for _, rows in result.people.groupby("seed"))
    assert first != second


def test_a_second_run_takes_finished_cells_from_the_folder(arena, tmp_path, monkeypatch):
    first = arena(out=tmp_path / "run")
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: pytest.fail("computed again"))
    again = arena(out=tmp_path / "run", solvers=["top", "learner"])
    pd.testing.assert_frame_equal(first.summary, again.summary)


def test_fresh_computes_every_cell_anew(arena, tmp_path, monkeypatch):
    arena(out=tmp_path / "run")
    asked = []
    recommend = tiny.Top.recommend
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: asked.append(1) or recommend(self, request))
    arena(out=tmp_path / "run", fresh=True)
    assert len(asked) >= 3


def test_one_fit_serves_all_scenarios_it_does_not_depend_on_and_is_kept(arena, tmp_path):
    tiny.Learner.fits.clear()
    arena(out=tmp_path / "a")
    assert sorted(tiny.Learner.fits) == ["constant", "linear"]
    again = arena(out=tmp_path / "b")
    assert sorted(tiny.Learner.fits) == ["constant", "linear"]
    assert (again.summary["outcome"] == "solved").all()


def test_a_kept_fit_recommends_as_the_first_one_did(arena, tmp_path):
    first, second = arena(out=tmp_path / "a"), arena(out=tmp_path / "b")
    pd.testing.assert_frame_equal(first.people, second.people)


def test_every_solver_gets_the_same_people_and_preferences(arena):
    people = arena().people
    shared = ["logp_factual", *[name for name in people if name.startswith(("score_", "group_"))]]
    for _, rows in people.groupby("scenario", observed=True):
        top, learner = (group[shared].reset_index(drop=True) for _, group in rows.groupby("solver", observed=True))
        pd.testing.assert_frame_equal(top, learner)


def test_a_cut_off_changes_who_may_act_on_what_but_not_the_order_of_preference(arena):
    people = arena(solvers=["top"]).people.set_index("scenario")
    two, one = people.loc["hard-2"], people.loc["hard-1"]
    assert set(two["score_income"]) == {1, 2}
    assert set(one["score_income"]) == {1, 3}
    assert ((two["score_income"] == 1).to_numpy() == (one["score_income"] == 1).to_numpy()).all()


@pytest.mark.parametrize(("solver", "reason"), [("raiser", "RuntimeError: a solver's own trouble"), ("nosy", "'flow'")])
def test_a_failing_solver_is_recorded_and_the_rest_goes_on(arena, solver, reason):
    result = arena(solvers=[solver, "top"])
    outcomes = result.summary.set_index("solver")["outcome"]
    assert set(outcomes[solver]) == {"failed"}
    assert set(outcomes["top"]) == {"solved"}
    failed = next(cell for cell in result.info["cells"] if cell["solver"] == solver)
    assert reason in failed["reason"]
    assert "recommend" in failed["traceback"] or "fit" in failed["traceback"]
    assert reason in repr(result)


def test_what_a_solver_is_not_meant_for_is_skipped_with_its_reason_and_the_rest_goes_on(arena):
    result = arena(solvers=["selective", "top"], scenarios=["hard-1", "hard-1!no-plausibility"])
    outcomes = {(cell["scenario"], cell["solver"]): cell["outcome"] for cell in result.info["cells"]}
    assert outcomes.pop(("hard-1", "selective")) == "skipped"
    assert set(outcomes.values()) == {"solved"}
    skipped = next(cell for cell in result.info["cells"] if cell["outcome"] == "skipped")
    assert skipped["reason"] == "selective cannot promise plausibility"
    assert "traceback" not in skipped


def test_a_failed_cell_is_tried_again(arena, tmp_path, monkeypatch):
    arena(out=tmp_path / "run", solvers=["raiser"])
    monkeypatch.setattr(tiny.Raiser, "recommend", tiny.Top.recommend)
    again = arena(out=tmp_path / "run", solvers=["raiser"])
    assert set(again.summary["outcome"]) == {"solved"}


def test_a_cheating_solver_is_caught_by_the_judge(arena):
    summary = arena(solvers=["cheater"]).summary
    assert (summary["validity"] == 0).all()
    assert (summary["violations"] == 1).all()
    assert (summary["coverage"] == 1).all()


def test_a_solver_that_overwrites_its_request_harms_only_itself(arena):
    people = arena(solvers=["vandal", "top"]).people
    vandal, top = (rows.drop(columns="solver").reset_index(drop=True) for _, rows in people.groupby("solver"))
    pd.testing.assert_frame_equal(vandal, top)


def test_a_solver_object_takes_part_under_its_name(arena):
    class Still(Solver):
        name = "still"

        def recommend(self, request):
            return Recommendation.do(request.actionable, request.factual)

    summary = arena(solvers=[Still(), "top"]).summary.set_index("solver")
    assert (summary.loc["still", "validity"] == 0).all()
    assert (summary.loc["still", "cost_mean"].isna()).all()


def test_an_absent_optional_dataset_is_skipped_with_its_reason(plugged, tmp_path):
    from recourse_arena import Scenario, api
    from recourse_arena.interfaces.suite import Block, Suite

    block = Block(("absent", "tiny"), (Scenario.parse("hard-1"),), ("top",), 10)
    suite = Suite("s", "", (block,), optional=frozenset({"absent"}))
    result = api.run(suite, cache=tmp_path / "cache", data=tmp_path)
    assert dict(zip(result.summary["dataset"], result.summary["outcome"], strict=True)) == {
        "absent": "skipped",
        "tiny": "solved",
    }
    assert "put its file somewhere" in repr(result)
    with pytest.raises(ArenaError, match="put its file somewhere"):
        api.run(suite, datasets=["absent"], cache=tmp_path / "cache", data=tmp_path)


def test_plausibility_under_the_true_model_is_refused_before_anything_runs_where_no_such_model_is_known(
    arena, tmp_path, monkeypatch
):
    monkeypatch.setattr(tiny.Tiny, "scm", lambda self: None)
    with pytest.raises(ArenaError, match="'hard-1!scm-plausibility' is impossible on tiny: no true causal model of it"):
        arena(out=tmp_path / "run", scenarios=["hard-1!scm-plausibility"])
    assert not (tmp_path / "run").exists()
    arena(scenarios=["hard-1"], solvers=["top"], people=5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"solvers": ["tpo"]}, "unknown solver 'tpo'. Did you mean 'top'"),
        ({"datasets": ["tin"]}, "unknown dataset in this suite 'tin'. Did you mean 'tiny'"),
        ({"scenarios": ["hrad-1"]}, "unknown scenario 'hrad-1'. Did you mean 'hard-1'"),
        ({"scenarios": ["hard-3"]}, "impossible on tiny: it has 1 to 2 actionable features"),
        ({"scenarios": ["hard-1@causal-order"]}, "unknown distribution of preferences on tiny 'causal-order'"),
        ({"scenarios": ["hard-1!scm-plausible"]}, "unknown switch .* Did you mean 'scm-plausibility'"),
        ({"scenarios": ["hard-1!no-plausibility!scm-plausibility"]}, "take one of !scm-plausibility and"),
        ({"people": 0}, "people: expected a whole number from 1"),
        ({"solvers": ["picky?height=-2"]}, "height must not be negative"),
    ],
)
def test_wrong_choices_are_refused_before_anything_is_written(arena, tmp_path, wrong, message):
    with pytest.raises(ArenaError, match=message.replace("?", r"\?")):
        arena(out=tmp_path / "run", **wrong)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_another_run_is_left_alone(arena, tmp_path):
    from recourse_arena import Scenario, api
    from recourse_arena.interfaces.suite import Block, Suite

    arena(out=tmp_path / "run")
    before = (tmp_path / "run" / "summary.csv").read_bytes()
    other = Suite("other", "", (Block(("tiny",), (Scenario.parse("hard-1"),), ("top",), 10),))
    with pytest.raises(ArenaError, match=r"holds a run of suite 'small'.*not of 'other'"):
        api.run(other, out=tmp_path / "run", fresh=True)
    with pytest.raises(ArenaError, match="with other datasets, solvers, scenarios"):
        arena(out=tmp_path / "run", people=10)
    assert (tmp_path / "run" / "summary.csv").read_bytes() == before


def test_a_folder_with_a_foreign_record_is_left_alone(arena, tmp_path):
    (tmp_path / "run.json").write_text('{"name": "something else"}')
    with pytest.raises(ArenaError, match="not a record of a run"):
        arena(out=tmp_path)
    assert json.loads((tmp_path / "run.json").read_text()) == {"name": "something else"}


def test_an_unwritable_folder_is_one_clear_error(arena, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArenaError, match="cannot write into"):
        arena(out=tmp_path / "file" / "run")


def test_an_unfinished_or_missing_run_cannot_be_loaded(arena, tmp_path):
    with pytest.raises(ArenaError, match=r"no run\.json"):
        load(tmp_path)
    arena(out=tmp_path / "run")
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps({**info, "status": "running"}))
    with pytest.raises(ArenaError, match="has not finished"):
        load(tmp_path / "run")


def test_a_corrupt_artefact_is_reported_and_made_anew(arena, tmp_path):
    first = arena(out=tmp_path / "a")
    for file in (tmp_path / "cache").rglob("*.safetensors"):
        file.write_bytes(b"not tensors")
    with pytest.warns(UserWarning, match="not a readable artefact"):
        second = arena(out=tmp_path / "b")
    pd.testing.assert_frame_equal(first.people, second.people)


def test_a_corrupt_cell_is_computed_anew(arena, tmp_path):
    first = arena(out=tmp_path / "run")
    for file in (tmp_path / "run" / "cells").iterdir():
        file.write_bytes(b"PAR1 not really")
    second = arena(out=tmp_path / "run")
    pd.testing.assert_frame_equal(first.summary.drop(columns=TIMINGS), second.summary.drop(columns=TIMINGS))


def test_objects_of_one_class_are_named_by_their_options(arena):
    from recourse_arena_grid import Grid

    summary = arena(solvers=[Grid(points=5), Grid(points=9), Grid(), "top"], scenarios=["hard-2"], people=5).summary
    assert summary["solver"].tolist() == ["grid?points=5", "grid?points=9", "grid", "top"]
    assert summary["outcome"].eq("solved").all()
    assert summary["cost_mean"].nunique() > 2


def test_options_taken_as_keywords_tell_objects_apart_too():
    from recourse_arena.interfaces.solver import named_solvers
    from recourse_arena_carma import ICarma

    names = list(named_solvers([ICarma(kl=1.5), ICarma(kl=2.0)]))
    assert names == ["icarma?kl=1.5", "icarma?kl=2.0"]


@pytest.mark.parametrize("names", [(), ("grid?points=5",)], ids=["an equal object", "its name"])
def test_solvers_that_cannot_be_told_apart_are_refused_before_anything_runs(arena, tmp_path, names):
    from recourse_arena_grid import Grid

    with pytest.raises(ArenaError, match=r"2 of them are called 'grid\?points=5'.*\n.*solver.name = 'grid-2'"):
        arena(solvers=[Grid(points=5), Grid(points=7 if names else 5), *names], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seeds": [1.5]}, "seeds: expected a list of whole numbers"),
        ({"seeds": [-1]}, "seeds: expected a list of whole numbers"),
        ({"seeds": [10**24]}, f"from 0 to {2**63 - 1}"),
        ({"seeds": ["0"]}, "seeds: expected a list of whole numbers"),
        ({"seeds": 3}, "seeds: expected a list of whole numbers"),
        ({"people": 5.0}, "people: expected a whole number from 1, got 5.0"),
        ({"people": "5"}, "people: expected a whole number from 1, got '5'"),
        ({"people": True}, "people: expected a whole number from 1, got True"),
        ({"people": 10**24}, f"people: expected a whole number from 1 to {2**63 - 1}"),
        ({"jobs": "2"}, "jobs: expected a whole number from 1, got '2'"),
        ({"jobs": 1.5}, "jobs: expected a whole number from 1, got 1.5"),
        ({"fresh": "no"}, "fresh: expected True or False, got 'no'"),
        ({"isolated": 1}, "isolated: expected True or False, got 1"),
        ({"progress": "loud"}, "progress: expected True, False or a Progress object"),
        ({"scheduler": 8786}, "scheduler: expected an address"),
        ({"data": 3}, "data: expected the name of a folder, got 3"),
        ({"cache": " "}, "cache: expected the name of a folder, got an empty one"),
        ({"no_plugins": [3]}, "no_plugins: expected names of plugins"),
        ({"solvers": 3}, "solvers: expected a list, got 3"),
        ({"scenarios": b"hard-1"}, "scenarios: expected a list"),
        ({"timeout": "5"}, "timeout: expected seconds above 0, got '5'"),
        ({"person_timeout": -1}, "person timeout: expected seconds above 0, got -1"),
        ({"datasets": [object()]}, "datasets: expected names"),
        ({"scenarios": [3]}, "scenarios: expected names, got 3"),
        ({"solvers": [3]}, "solvers: expected names or Solver objects, got 3"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_runs(arena, tmp_path, wrong, message):
    with pytest.raises(ArenaError, match=message):
        arena(out=tmp_path / "run", **wrong)
    assert not (tmp_path / "run").exists()


def test_a_suite_that_is_none_is_refused():
    from recourse_arena import api

    with pytest.raises(ArenaError, match="suite: expected its name, the path of a TOML file or a Suite, got 3"):
        api.run(3)


def test_numbers_of_numpy_and_none_for_everything_are_understood(arena):
    summary = arena(solvers=["top"], scenarios=None, datasets=None, people=np.int64(3), seeds=np.arange(2)).summary
    assert summary[["seed", "people"]].drop_duplicates().values.tolist() == [[0, 3], [1, 3]]


def test_a_single_name_is_one_name(arena):
    summary = arena(solvers="top", datasets="tiny", scenarios="hard-1", people=3).summary
    assert summary[["dataset", "scenario", "solver"]].values.tolist() == [["tiny", "hard-1", "top"]]


def test_where_nobody_asks_the_cells_say_so_and_those_of_others_are_there(plugged, tmp_path):
    import tiny

    from recourse_arena import Scenario, api
    from recourse_arena.interfaces.suite import Block, Suite

    class Rich(tiny.Tiny):
        name = "rich"

        def splits(self, *, seed, data):
            found = super().splits(seed=seed, data=data)
            test = replace(found.recourse.test, x=found.recourse.test.x + torch.tensor([0.0, 50.0, 50.0, 50.0]))
            return replace(found, recourse=replace(found.recourse, test=test))

    suite = Suite("s", "", (Block(("rich", "tiny"), (Scenario.parse("hard-1"),), ("top",), people=5),))
    summary = api.run(suite, datasets=[Rich(), "tiny"], cache=tmp_path / "cache", out=tmp_path / "run").summary
    assert summary[["dataset", "outcome", "people"]].values.tolist() == [["rich", "failed", 0], ["tiny", "solved", 5]]
    cells = json.loads((tmp_path / "run" / "run.json").read_text())["cells"]
    assert "nobody asks for recourse: the decision model relu accepts all 200 test people" in cells[0]["reason"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": (1.5,)}, "suite 's': seed: expected a whole number from 0, got 1.5"),
        ({"seeds": 3}, "seeds: expected a list, got 3"),
        ({"blocks": ("tiny",)}, "blocks: expected Block objects"),
        ({"blocks": (Block("tiny", (Scenario.parse("hard-1"),), ("top",)),)}, "datasets: expected a tuple, got 'tiny'"),
        ({"blocks": (Block(("tiny",), ("hard-1",), ("top",)),)}, "expected Scenario.parse"),
        (
            {"blocks": (Block(("tiny",), (Scenario.parse("hard-1"),), ("top",), 5.0),)},
            "people: expected a whole number",
        ),
    ],
)
def test_a_suite_with_something_of_another_type_is_refused(plugged, tmp_path, changes, message):
    from recourse_arena import api

    suite = Suite("s", "", (Block(("tiny",), (Scenario.parse("hard-1"),), ("top",)),))
    with pytest.raises(ArenaError, match=message):
        api.run(replace(suite, **changes), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
