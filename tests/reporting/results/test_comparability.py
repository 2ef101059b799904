"""Which runs may share a leaderboard."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from recourse_arena import ArenaError, load
from recourse_arena.base.version import PROTOCOL
from recourse_arena.cli import main
from recourse_arena.reporting.results.comparability import differences, refuse_incomparable


@pytest.fixture
def runs(arena, tmp_path):
    """Two runs of different solvers, comparable until `change` edits the record of the second one."""
    arena(out=tmp_path / "a", solvers=["top"], people=10)
    arena(out=tmp_path / "b", solvers=["learner"], people=10)

    def change(edit=None):
        file = tmp_path / "b" / "run.json"
        info = json.loads(file.read_text())
        if edit:
            edit(info)
        file.write_text(json.dumps(info))
        return [load(tmp_path / "a"), load(tmp_path / "b")]

    return change


def test_runs_of_the_same_people_and_models_are_comparable(runs):
    assert differences(runs()) == []


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda info: info.update(protocol=9), f"the judging protocol ({PROTOCOL} and 9)"),
        (lambda info: info["suite"].update(version="2"), "the version of suite small"),
        (
            lambda info: info["solvers"].update(top={**info["solvers"]["learner"], "version": "9"}),
            "solver top (1 and 9)",
        ),
        (lambda info: info["metrics"][0].update(version="else"), "what metric coverage means"),
        (lambda info: info["materials"][0].update(flow="else"), "the causal flow of tiny, seed 0"),
        (lambda info: info["materials"][0].update(file="else"), "the data file of tiny, seed 0"),
        (lambda info: info["cells"][0].update(people=9), "how many people of tiny, seed 0, are asked under hard-2"),
    ],
    ids=["protocol", "suite", "solver", "metric", "flow", "data", "people"],
)
def test_what_numbers_depend_on_must_not_differ(runs, edit, words):
    (found,) = differences(runs(edit))
    assert words in str(found)


def test_the_refusal_says_why_and_mix_takes_them_all_the_same(runs, tmp_path):
    both = runs(lambda info: info["materials"][0].update(flow="else"))
    with pytest.raises(ArenaError, match=r"differ in the causal flow.*\n.*--mix"):
        refuse_incomparable(both)
    words = ["leaderboard", str(tmp_path / "a"), str(tmp_path / "b")]
    refused, taken = CliRunner().invoke(main, words), CliRunner().invoke(main, [*words, "--mix"])
    assert refused.exit_code == 2
    assert "not comparable" in refused.stderr
    assert taken.exit_code == 0
    assert "learner" in taken.stdout


def test_within_a_run_blocks_may_ask_different_people(arena, tmp_path):
    from recourse_arena import Scenario, api
    from recourse_arena.interfaces.suite import Block, Suite

    blocks = tuple(
        Block(("tiny",), (Scenario.parse(name),), ("top",), people) for name, people in (("hard-2", 5), ("hard-1", 9))
    )
    result = api.run(Suite("s", "", blocks))
    assert differences([result]) == []
    assert "top" in repr(result)
