"""An elicitation scheme of a plugin can be named in scenarios, on the command line and in suite files."""

from __future__ import annotations

import pytest

from recourse_arena import ArenaError, api
from recourse_arena.planning.suite_file import read_suite

MODULE = """
import torch
from recourse_arena import Elicitor, hookimpl

class Swing(Elicitor):
    name = "swing"

    def levels(self, features):
        return 2

    def sample(self, people, features, *, actionable, favoured, draws):
        count = features.count_actionable
        place = torch.rand(people, count, generator=draws).argsort(1).argsort(1)
        return torch.where(place < (count if actionable == "all" else int(actionable)), 1, 3)

@hookimpl
def recourse_elicitors():
    return [Swing]
"""


@pytest.fixture
def swinging(plugged, tmp_path, monkeypatch):
    (tmp_path / "swinging.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return plugged("swinging")


def test_a_scenario_begins_with_its_name(swinging, arena):
    plain = arena(solvers=["top"], scenarios=["hard-1"], people=20).people
    people = arena(solvers=["top"], scenarios=["swing-hard-1"], people=20).people
    scores = people[[name for name in people if name.startswith("score_")]]
    assert set(scores.to_numpy().ravel().tolist()) == {1, 3}
    assert people["scenario"].unique().tolist() == ["swing-hard-1"]
    assert set(plain["scenario"]) == {"hard-1"}


def test_a_suite_file_may_name_it(swinging, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('datasets = ["tiny"]\nsolvers = ["top"]\nscenarios = ["swing-hard-2+soft-linear"]\n')
    (scenario,) = api.find_suite(file, swinging).blocks[0].scenarios
    assert (scenario.scheme, scenario.actionable, scenario.profile) == ("swing", "2", "linear")
    with pytest.raises(ArenaError, match="unknown scenario 'swing-hard-2"):
        read_suite(file)


def test_a_scheme_may_have_options(arena):
    people = arena(solvers=["top"], scenarios=["score?levels=7-soft-linear"], people=60).people
    scores = people[[name for name in people if name.startswith("score_")]].to_numpy()
    assert set(scores[scores < 8].tolist()) == {*range(1, 8)}
    assert set(people["scenario"]) == {"score?levels=7-soft-linear"}
    with pytest.raises(ArenaError, match="unknown option of .*'likert' 'level'. Did you mean 'levels'"):
        arena(solvers=["top"], scenarios=["score?level=7-hard-1"])
    with pytest.raises(ArenaError, match="likert: levels must be a whole number from 2 to 100, got 1"):
        arena(solvers=["top"], scenarios=["score?levels=1-hard-1"])


def test_an_unknown_word_tells_those_that_are_plugged_in(swinging):
    with pytest.raises(ArenaError, match=r"Expected \[score-\|binary-\|swing-\]hard-N"):
        swinging.scenario("swang-hard-2")
