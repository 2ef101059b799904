"""Runs in which people hide what they want: rows, resuming, hostile policies, page and figure."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

from recourse_arena import ArenaError, Scenario, load
from recourse_arena.base.version import CONVERSATION
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.reporting.forms import render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

HIDDEN = "score-hard-random+soft-linear!no-plausibility"
TALKED = ["accepted", "possible", "accepted_possible", "rounds", "questions", "regret"]


@pytest.fixture
def asking(plugged):
    return plugged("asking")


def names(*policies):
    return [f"{HIDDEN}!asked-{policy}" for policy in policies]


@pytest.fixture
def talked(asking, arena):
    """Three policies and those who are told, with two solvers."""
    return arena(solvers=["top", "learner"], scenarios=[HIDDEN, *names("asks-all", "deaf")], people=40)


def test_rows_say_how_conversations_ended(talked):
    rows = talked.summary.set_index(["scenario", "solver"])
    told, asked, deaf = (rows.loc[(name, "learner")] for name in (HIDDEN, *names("asks-all", "deaf")))
    assert told[TALKED].isna().all()
    assert asked["accepted"] == asked["validity"] > deaf["accepted"]
    assert (asked["possible"], asked["questions"], deaf["questions"]) == (deaf["possible"], 2, 2)
    assert deaf["rounds"] == 1 < asked["rounds"]
    assert asked["violations"] == 0 < deaf["violations"]
    people = talked.people
    assert people.loc[people["scenario"] == HIDDEN, ["accepted", "rounds"]].isna().all(axis=None)


def test_regret_and_optimum_are_those_of_the_true_weights(talked):
    people = talked.people
    people = people[people["accepted"].fillna(False).astype(bool)]
    assert len(people) > 20
    assert (people["own_optimum"] <= people["weighted_cost"] * (1 + 1e-6)).all()
    expected = people["weighted_cost"] / people["own_optimum"] - 1
    assert people["regret"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-5)


def test_everybody_hides_the_same_whoever_asks(talked):
    people = talked.people.set_index(["scenario", "solver", "person"]).sort_index()
    scores = [name for name in people if name.startswith("score_")]
    one, two = (people.loc[(name, "top")][scores] for name in names("asks-all", "deaf"))
    pd.testing.assert_frame_equal(one, two)


def test_a_solver_that_ignores_constraints_is_accepted_by_nobody_whose_constraints_it_breaks(asking, arena):
    people = arena(solvers=["cheater"], scenarios=names("asks-all"), people=40).people
    assert (people["violations"] > 0).all()
    assert not people["accepted"].astype(bool).any()
    assert people["regret"].isna().all()


def test_a_run_is_resumed_and_its_conversations_are_not_held_again(asking, arena, tmp_path, monkeypatch):
    first = arena(solvers=["top"], scenarios=names("asks-all"), people=30, out=tmp_path / "run")
    from recourse_arena.execution.worker import local_worker

    monkeypatch.setattr(local_worker, "talk", lambda *_, **__: pytest.fail("it talked again"))
    again = arena(solvers=["top"], scenarios=names("asks-all"), people=30, out=tmp_path / "run")
    pd.testing.assert_frame_equal(first.people, again.people)
    for cell in (tmp_path / "run" / "cells").iterdir():
        cell.unlink()  # the advice is kept: it can be judged without talking
    judged = arena(solvers=["top"], scenarios=names("asks-all"), people=30, out=tmp_path / "run")
    pd.testing.assert_frame_equal(first.people, judged.people)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raises", "elicitation policy rude\\?how=raises: RuntimeError: a policy's own trouble"),
        ("exits", "after tried to end the run with SystemExit"),
        ("shapes", "belief: actionability scores: expected a tensor of shape"),
    ],
)
def test_a_policy_that_fails_costs_its_own_cells(asking, arena, how, reason):
    result = arena(solvers=["top"], scenarios=names("asks-all", f"rude?how={how}"), people=20)
    kept, lost = result.summary.to_dict("records")
    assert (kept["outcome"], lost["outcome"]) == ("solved", "failed")
    (cell,) = [cell for cell in result.info["cells"] if cell["outcome"] == "failed"]
    assert re.search(reason, cell["reason"])
    assert cell["plugin"] == "asking"


def test_a_policy_that_draws_from_global_generators_is_noted(asking, arena):
    result = arena(solvers=["top"], scenarios=names("rude?how=draws"), people=20)
    (cell,) = result.info["cells"]
    assert any("policy: begin touched" in note["text"] for note in cell["notes"])


def test_an_unknown_policy_is_answered_with_near_ones(asking, arena):
    with pytest.raises(ArenaError, match="unknown elicitation policy 'asks-al'. Did you mean 'asks-all'"):
        arena(scenarios=names("asks-al"))
    with pytest.raises(ArenaError, match="unknown option of elicitation policy 'rude' 'hwo'. Did you mean 'how'"):
        arena(scenarios=names("rude?hwo=raises"))
    with pytest.raises(ArenaError, match="unknown switch .*'asked-'"):
        asking.scenario("hard-2!asked-")


def test_keys_of_those_who_are_told_are_as_before_and_others_know_their_policy(asking, arena, monkeypatch):
    seen = []
    content_key = TaskGraph.of.__func__.__globals__["content_key"]
    monkeypatch.setitem(
        TaskGraph.of.__func__.__globals__, "content_key", lambda **parts: seen.append(parts) or content_key(**parts)
    )
    arena(solvers=["top"], scenarios=["hard-1", *names("asks-all")], people=10)
    told, asked = [parts["scenario"] for parts in seen if "answers" in parts]
    assert "policy" not in told
    assert (asked["policy"]["name"], asked["policy"]["version"]) == ("asks-all", "1")
    assert asked["policy"]["conversation"] == CONVERSATION


def test_a_scenario_names_its_policy():
    scenario = Scenario.parse("score-hard-2!asked-choice-sets?questions=3")
    assert (scenario.scheme, scenario.policy) == ("likert", "choice-sets?questions=3")
    assert scenario.hidden == Scenario.parse("score-hard-2")
    assert "no solver is told: the policy choice-sets?questions=3 finds out (pairs)" in scenario.in_words(
        policies={"choice-sets": "pairs"}
    )
    with pytest.raises(ArenaError, match="unknown switch"):
        Scenario.parse("hard-2!asked-none!asked-likert")


def test_page_and_figure_show_policies_from_the_folder_alone(asking, arena, tmp_path):
    pytest.importorskip("matplotlib")
    arena(solvers=["top"], scenarios=names("asks-all", "deaf"), people=30, out=tmp_path / "run")
    page = render(Leaderboard.of([load(tmp_path / "run")]), "html")
    assert "People who hide what they want" in page
    assert '<td class="name">asks-all</td>' in page
    script = (
        "import sys; from pathlib import Path; from recourse_arena.api import load;"
        "from recourse_arena.reporting.figures.draw import draw;"
        "found = {p.name: (sorted(p.files), p.reason) for p in draw(load(Path(sys.argv[1])))};"
        "import json; print(json.dumps([found, 'torch' in sys.modules]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run")], capture_output=True, text=True, check=True
    )
    found, torch = json.loads(said.stdout)
    assert found["interaction-tiny"] == [["png", "svg"], ""]
    assert not torch


def test_a_run_without_hidden_people_has_neither(arena, tmp_path):
    arena(solvers=["top"], scenarios=["hard-1"], people=10, out=tmp_path / "run")
    result = load(tmp_path / "run")
    assert "People who hide what they want" not in render(Leaderboard.of([result]), "html")
    from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
    from recourse_arena.reporting.figures.interaction import interaction

    with pytest.raises(NoData, match="nobody in the run hides"):
        interaction(FigureData(result), "tiny")


def test_rounds_have_no_interval_of_a_share_and_none_without_an_end(talked):
    rows = json.loads(talked.board.json())
    rows = rows["rows"] if isinstance(rows, dict) else rows
    asked = [row for row in rows if row.get("rounds") is not None]
    assert asked
    for row in asked:
        if row["rounds"] == 1:
            assert row["rounds_low"] == row["rounds_high"] == 1
        assert (row["rounds_low"] is None) == (row["rounds_high"] is None)
