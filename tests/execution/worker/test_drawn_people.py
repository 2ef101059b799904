"""A run over some of those who ask draws them from all, and leaves each of them as they are among all."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
import torch

from recourse_arena import Scenario
from recourse_arena.planning.plan import Selection, make_plan
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.registry.discovery import discover

HARD = Scenario.parse("hard-1")
NAMES = ("hard-2", "hard-random+soft-linear", "score-soft-linear", "hard-1!no-plausibility")


@pytest.fixture
def requests(materials):
    return materials("towns").requests


@pytest.mark.parametrize("count", [1, 30, 60])
@pytest.mark.parametrize("name", [*NAMES, "hard-1@by-chance", "hard-1@by-town"])
def test_whoever_is_drawn_asks_as_they_do_among_all(requests, name, count):
    few, everybody = (requests.under(Scenario.parse(name), people) for people in (count, None))
    assert len(few) == count
    assert (few.person.diff() > 0).all()
    assert torch.equal(few.factual, everybody.factual[few.person])
    assert torch.equal(few.actionability.scores, everybody.actionability.scores[few.person])
    assert torch.equal(few.box.upper, everybody.box.upper[few.person])


def test_fewer_are_some_of_more_and_the_same_under_every_scenario(requests):
    drawn = {count: requests.under(HARD, count).person for count in (1, 5, 30, 45, 60)}
    counts = sorted(drawn)
    for fewer, more in pairwise(counts):
        assert torch.isin(drawn[fewer], drawn[more]).all()
    assert all(torch.equal(requests.under(Scenario.parse(name), 30).person, drawn[30]) for name in NAMES)


def test_people_are_drawn_from_all_by_seed_and_apart_for_each_part(requests):
    found = [
        some.under(HARD, 40).person for some in (requests, replace(requests, seed=1), requests.among("validation"))
    ]
    assert all(float(numbers.double().mean()) > len(requests) / 3 for numbers in found)
    for one, other in ((found[0], found[1]), (found[0], found[2])):
        assert not torch.equal(one, other)


@pytest.mark.parametrize("beyond", [0, 1, 10**6])
def test_no_more_than_there_are_are_all(requests, beyond):
    everybody = requests.under(HARD, len(requests) + beyond)
    assert torch.equal(everybody.person, torch.arange(len(requests)))
    assert torch.equal(everybody.factual, requests.under(HARD).factual)


def test_a_row_is_the_same_whether_some_or_all_are_asked(arena):
    chosen = {
        "solvers": ["top", "learner", "grid", "growing-spheres", "convex"],
        "scenarios": ["hard-2", "soft-linear"],
    }
    keys = ["scenario", "solver", "person"]
    few, everybody = (arena(people=people, **chosen).people.set_index(keys) for people in (12, 10_000))
    assert len(few) == 12 * 10 < len(everybody)
    pd.testing.assert_frame_equal(few, everybody.loc[few.index])


def test_everybody_in_a_file_of_answers_is_asked(requests, tmp_path):
    (tmp_path / "scores.csv").write_text("person,effort,income\n9,1,2\n70,x,1\n3,1,x\n")
    scenario = Scenario("clinic", scheme="likert", answers=str(tmp_path / "scores.csv"))
    assert requests.under(scenario, 2).person.tolist() == [9, 70, 3]


def test_what_was_kept_of_the_first_people_is_not_taken_for_those_drawn(monkeypatch, tmp_path):
    from recourse_arena.planning import task_graph

    plain = task_graph.content_key

    def key(people, how=plain):
        monkeypatch.setattr(task_graph, "content_key", how)
        choice = Selection(("chain",), ("grid",), ("hard-2",), people)
        plan = make_plan(registry.suites["structures"], registry, data=tmp_path, choice=choice)
        return TaskGraph.of(plan, registry, data=tmp_path, arithmetic="portable").cells[0].key

    def as_before(**parts):
        return plain(**({**parts, "people": 200} if "people" in parts else parts))

    registry = discover()
    assert len({key(200), key(200, as_before), key(100)}) == 3
