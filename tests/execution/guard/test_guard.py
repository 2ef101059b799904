"""What solvers do wrong becomes recorded outcomes and notes; the run goes on, and nobody else is harmed."""

from __future__ import annotations

import os
import random
import sys

import numpy as np
import pandas as pd
import pytest
import tiny
import torch
import unruly
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import (
    Actionability,
    ArenaError,
    Feature,
    FeatureTable,
    Recommendation,
    Request,
    Role,
    Scenario,
    api,
    load,
)
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.guard.bisection import bisected
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import RangeCost
from recourse_arena.problem.profile import profile

pytestmark = pytest.mark.usefixtures("no_boards")


@pytest.fixture
def ask(plugged, arena):
    """Run unruly solvers before an orderly one, and return the result and the first solver's cells."""
    plugged("unruly")

    def run(*solvers, scenarios=("hard-1",), **options):
        result = arena(solvers=[*solvers, "top"], scenarios=list(scenarios), **options)
        return result, [cell for cell in result.info["cells"] if cell["solver"] == solvers[0]]

    return run


@pytest.fixture
def untouched(ask):
    """What an orderly solver's records are in a run of its own."""
    result, _ = ask("top")
    return result.people.drop(columns="solver")


def orderly(result):
    rows = result.people[result.people["solver"] == "top"]
    return rows.drop(columns="solver").reset_index(drop=True)


def notes(cell, kind):
    return [note for note in cell.get("notes", []) if note["kind"] == kind]


@pytest.mark.parametrize(
    ("solver", "reason"),
    [
        ("unfit", "RuntimeError: cannot learn"),
        ("quitter", "fit tried to end the run with SystemExit(7)"),
        ("shapeless", "recommendation.values: expected shape (40, 4), got (40, 2)"),
        ("typeless", "recommendation.mask: expected dtype torch.bool, got torch.float32"),
        ("arrays", "recommendation.values: expected a tensor, got ndarray"),
        ("wordy", "recommend: expected a Recommendation, got dict"),
        ("empty", "recommend: expected a Recommendation, got NoneType"),
    ],
)
def test_what_leaves_no_answer_fails_the_cell_with_plugin_and_reason(ask, solver, reason):
    result, (cell,) = ask(solver)
    assert cell["outcome"] == "failed"
    assert reason in cell["reason"]
    assert cell["plugin"] == "unruly"
    assert reason in repr(result)
    assert result.summary.set_index("solver").loc["top", "outcome"] == "solved"


def test_a_traceback_shows_the_solvers_own_frames_only(ask):
    _, (cell,) = ask("unfit")
    assert "in prepare" in cell["traceback"]
    assert "unruly.py" in cell["traceback"]
    assert "running" not in cell["traceback"]
    assert "pluggy" not in cell["traceback"]
    assert len(cell["traceback"].splitlines()) < 10


def test_only_those_for_whom_a_solver_raises_have_no_answer(ask, untouched):
    unruly.Touchy.asked.clear()
    result, (cell,) = ask("touchy")
    assert cell["outcome"] == "solved"
    people = result.people[result.people["solver"] == "touchy"].drop(columns="solver").reset_index(drop=True)
    failed = (people["person"] % 7 == 3).to_numpy()
    assert ((people["outcome"] == "failed").to_numpy() == failed).all()
    pd.testing.assert_frame_equal(people[~failed], untouched[~failed])
    (note,) = notes(cell, "raised")
    assert note["people"] == failed.sum() == cell["outcomes"]["failed"]
    assert f"recommend raised for {failed.sum()} of 40 people: ValueError: person " in note["text"]
    assert note["plugin"] == "unruly"
    assert "in recommend" in note["traceback"]
    assert note["text"] in repr(result)
    assert len(unruly.Touchy.asked) <= 1 + 2 * 40


def of_persons(count):
    """Return a request of a number of people."""
    features = FeatureTable((Feature("effort", role=Role.ACTIONABLE),))
    return Request(
        features=features,
        factual=torch.zeros(count, 1),
        actionability=Actionability(torch.ones(count, 1, dtype=torch.long), 1, features.actionable),
        profile=profile("constant"),
        box=Box(torch.zeros(count, 1), torch.ones(count, 1)),
        unit_cost=RangeCost(torch.ones(1), torch.ones(1), 1),
        person=torch.arange(count),
    )


def refusing(*persons):
    """Return a function that raises for some people, and whom it was asked about."""
    asked = []

    def ask(request):
        asked.append(request.person.tolist())
        if set(persons) & set(asked[-1]):
            raise ValueError("no")
        return Recommendation.do(request.actionable, request.factual + request.person[:, None])

    return ask, asked


def test_a_solver_that_raises_for_everybody_is_asked_few_more_times():
    refuse, asked = refusing(*range(1000))
    with pytest.raises(ValueError, match="no"):
        bisected(refuse, of_persons(1000), ValueError("together"))
    assert len(asked) < 100


@given(st.integers(2, 30).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=n - 1))))
def test_halving_leaves_out_exactly_those_for_whom_it_raises(case):
    count, persons = case
    refuse, asked = refusing(*persons)
    found = bisected(refuse, of_persons(count), ValueError("together"))
    failed = [i for i, outcome in enumerate(found.recommendation.outcomes) if outcome == "failed"]
    assert failed == sorted(persons)
    assert len(asked) < 2 * count
    solved = found.recommendation.solved
    assert found.people == len(failed)
    assert (found.recommendation.values[:, 0] == torch.arange(count))[solved].all()


def test_whoever_is_not_asked_in_time_counts_as_failed():
    refuse, asked = refusing(1)
    with pytest.raises(ValueError, match="together"):
        bisected(refuse, of_persons(8), ValueError("together"), seconds=-1)
    assert not asked


def test_who_are_too_many_for_a_solver_are_asked_in_parts(ask):
    _, (cell,) = ask("crowded")
    assert cell["outcomes"] == {"solved": 40}
    assert "raised for 40 people together, but not for parts of them: MemoryError" in notes(cell, "raised")[0]["text"]


@pytest.mark.parametrize(
    ("solver", "text"),
    [
        ("undefined", "not finite (effort, income)"),
        ("trespasser", "forbidden (sex)"),
        ("escapist", "outside the box (effort, income)"),
    ],
)
def test_actions_against_constraints_are_violations_and_say_which(ask, solver, text):
    result, (cell,) = ask(solver)
    row = result.summary.set_index("solver").loc[solver]
    assert row["violations"] == 1
    assert row["validity"] == 0
    (note,) = notes(cell, "violations")
    assert text in note["text"]
    assert note["people"] == 40


def test_an_answer_that_hangs_on_its_computation_is_taken(ask):
    result, (cell,) = ask("differentiable")
    assert "notes" not in cell
    assert result.summary.set_index("solver").loc["differentiable", "validity"] > 0


@pytest.mark.parametrize(
    ("solver", "texts"),
    [
        ("vandal", ["recommend overwrote the request's factual and actionability.scores and box.upper and person"]),
        (
            "overwriter",
            ["fit overwrote the problem's box.upper and training.x and validation.y; others have their own"],
        ),
        ("saboteur", ["weights of the decision model; they were put back", "weights of the flow; they were put back"]),
    ],
)
def test_a_solver_that_changes_what_it_is_handed_harms_only_itself(ask, untouched, solver, texts):
    result, (cell,) = ask(solver)
    found = [note["text"] for note in notes(cell, "inputs")]
    assert len(found) == len(texts)
    assert all(any(text in other for other in found) for text in texts)
    pd.testing.assert_frame_equal(orderly(result), untouched)


def test_global_random_state_is_put_back_and_drawing_from_it_is_noted(ask):
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    first, (cell,) = ask("gambler")
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.get_default_dtype() is torch.float32
    texts = " ".join(note["text"] for note in notes(cell, "global state"))
    for touched in ("Python's global", "NumPy's global", "PyTorch's global", "PyTorch's default dtype"):
        assert f"recommend touched {touched}" in texts
    random.seed(2), np.random.seed(2), torch.manual_seed(2)
    second, _ = ask("gambler")
    pd.testing.assert_frame_equal(first.people, second.people)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"a": np.zeros(2)}, "state: expected a tensor as 'a', got ndarray"),
        ({1: torch.zeros(2)}, "state: expected names of tensors, got 1"),
        ([torch.zeros(2)], "state: expected tensors by name, or None, got list"),
        ({"a": torch.eye(2).to_sparse()}, "state: 'a' must be a dense tensor with values"),
    ],
)
def test_a_state_that_cannot_be_kept_is_named(arena, state, reason):
    class Keeper(tiny.Top):
        name = "keeper"

        def state(self):
            return state

    (cell,) = arena(solvers=[Keeper()], scenarios=["hard-1"]).info["cells"]
    assert cell["outcome"] == "failed"
    assert reason in cell["reason"]


def test_what_a_solver_says_reaches_no_terminal_as_it_is(arena):
    class Loud(tiny.Top):
        name = "loud"

        def recommend(self, request):
            raise ValueError("\x1b[2J\x1b]0;owned\x07")

    told = []
    hears = Progress()
    hears.say = told.append
    arena(solvers=[Loud()], scenarios=["hard-1"], progress=hears)
    assert any("ValueError" in line for line in told)
    assert not any("\x1b" in line or "\x07" in line for line in told)


def test_a_solver_that_goes_elsewhere_writes_nothing_elsewhere(arena, tmp_path, monkeypatch):
    class Walker(tiny.Top):
        name = "walker"

        def recommend(self, request):
            os.chdir(tmp_path.parent)
            return super().recommend(request)

    monkeypatch.chdir(tmp_path)
    (cell,) = arena(solvers=[Walker()], scenarios=["hard-1"], out="run").info["cells"]
    assert (tmp_path / "run" / "summary.csv").exists()
    assert not (tmp_path.parent / "run").exists()
    assert "the working directory" in str(cell["notes"])


def test_generators_and_defaults_are_put_back_even_if_a_solver_raises():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    around = ProcessState(0)

    def raising():
        torch.rand(3)
        torch.set_grad_enabled(False)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), around:
        raising()
    assert around.touched == ["PyTorch's global random generator", "PyTorch's gradient mode"]
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.is_grad_enabled()


def test_a_false_claim_of_infeasibility_raises_an_alarm_that_names_its_solver(ask):
    result, _ = ask("hopeless", scenarios=["hard-1!scm-plausibility"], alarms=True)
    assert {(alarm["certifier"], alarm["kind"]) for alarm in result.alarms} == {("hopeless", "proved_infeasible")}
    assert "though hopeless proves that there is none" in repr(result)


@pytest.mark.parametrize(
    ("solver", "scenario", "reason"),
    [
        ("needy", "hard-1", "needy needs the true causal model; that of tiny is not known"),
        (
            "ordinal",
            "hard-1",
            "of kinds ordinal only; tiny has effort (continuous), income (continuous)",
        ),
    ],
)
def test_a_declared_mismatch_is_skipped_before_the_fit(ask, monkeypatch, solver, scenario, reason):
    if solver == "needy":
        monkeypatch.setattr(tiny.Tiny, "scm", lambda self: None)
    unruly.Needy.fits.clear()
    result, (cell,) = ask(solver, scenarios=[scenario])
    assert cell["outcome"] == "skipped"
    assert reason in cell["reason"]
    assert not unruly.Needy.fits
    assert result.summary.set_index("solver").loc["top", "outcome"] == "solved"


def test_a_dry_run_tells_of_declared_mismatches(plugged):
    plugged("unruly")
    suite = Suite("s", "", (Block(("tiny",), (Scenario.parse("hard-1"),), ("ordinal", "top"), 10),))
    text = api.preview(suite).text()
    assert "tiny: ordinal under hard-1: skipped: ordinal acts on features of kinds ordinal only" in text
    assert "0 cells are there already, 1 would run" in text


def test_only_scenarios_with_another_density_than_declared_are_skipped(ask):
    _, cells = ask("flowing", scenarios=["hard-1", "hard-1!scm-plausibility", "hard-1!no-plausibility"])
    outcomes = {cell["scenario"]: cell["outcome"] for cell in cells}
    assert outcomes.pop("hard-1!scm-plausibility") == "skipped"
    assert set(outcomes.values()) == {"solved"}


def test_orderly_solvers_have_no_notes(arena):
    result = arena(solvers=["top", "learner", "grid", "convex"], scenarios=["hard-1"])
    assert not any(cell.get("notes") for cell in result.info["cells"])


def test_notes_stay_with_finished_cells_of_a_resumed_run(ask, tmp_path):
    _, (first,) = ask("gambler", out=tmp_path / "run")
    _, (again,) = ask("gambler", out=tmp_path / "run")
    assert first["notes"] == again["notes"]
    assert load(tmp_path / "run").info["cells"][0]["notes"] == first["notes"]


def test_a_metric_that_raises_is_undefined_and_noted(plugged, arena, tmp_path, monkeypatch):
    (tmp_path / "zz_odd_metric.py").write_text(
        "from recourse_arena import hookimpl\nfrom recourse_arena.judging.metrics import Metric\n"
        "forecast = {}\ndef mean(people, timings):\n    return forecast['weather']\n"
        "@hookimpl\ndef recourse_metrics():\n    return [Metric('odd', 'lower', 'm', 'all', 'odd', mean)]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugged("zz_odd_metric")
    result = arena(solvers=["top"], scenarios=["hard-1"], out=tmp_path / "run", metrics=["odd"])
    assert result.summary["odd"].isna().all()
    assert result.summary["validity"].notna().all()
    (note,) = notes(result.info["cells"][0], "metric")
    assert note["plugin"] == "zz_odd_metric"
    assert note["text"] == "metric odd raised KeyError: 'weather'"
    assert "in mean" in note["traceback"]
    sys.modules["zz_odd_metric"].forecast["weather"] = 0.25
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: pytest.fail("computed again"))
    result = arena(solvers=["top"], scenarios=["hard-1"], out=tmp_path / "run", metrics=["odd"])
    assert result.summary["odd"].tolist() == [0.25]
    assert "notes" not in result.info["cells"][0]


def test_a_solver_object_that_misbehaves_is_noted_too(arena):
    class Loose(tiny.Top):
        name = "loose"

        def recommend(self, request):
            torch.rand(())
            return super().recommend(request)

    (cell,) = arena(solvers=[Loose()], scenarios=["hard-1"]).info["cells"]
    assert notes(cell, "global state")[0].get("plugin", "") == ""


def test_what_is_no_solver_object_or_has_no_name_is_one_clear_error(arena):
    with pytest.raises(ArenaError, match="expected names or Solver objects, got <class.*make one of this class first"):
        arena(solvers=[tiny.Top])
    nameless = tiny.Top()
    nameless.name = "a/b"
    with pytest.raises(ArenaError, match="the name of a solver must be 1 to 64"):
        arena(solvers=[nameless])
