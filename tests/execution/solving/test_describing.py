"""A plugin is described in a process of its own: what others do there reaches nobody, and what it says is checked."""

from __future__ import annotations

import pytest

from recourse_arena import ArenaError
from recourse_arena.execution.solving.describing import described_apart
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.execution.solving.solver_process import Apart
from recourse_arena.registry.discovery import discover

_SOLVER = """
import json, os, torch
from recourse_arena import Recommendation, Solver, hookimpl

class Own(Solver):
    name = {name!r}
    summary = "one of those for tests"

    def recommend(self, request):
        return Recommendation.do(request.actionable, request.factual)

@hookimpl
def recourse_solvers():
    return [Own]
"""

_ANSWER = """
for number in range(3, 64):
    try:
        os.write(number, len(said).to_bytes(8, "little") + said)
    except OSError:
        pass
"""

_CARD = {"name": 5, "version": [1], "summary": {}, "trained": 7, "tuned": 5, "origin": 3, "plugin": None}

_LIAR = """
import dataclasses
from recourse_arena.planning.solver_card import SolverCard
honest = SolverCard.of.__func__
def of(cls, *given):
    card = honest(cls, *given)
    plugin = dataclasses.replace(card.plugin, name="grid", distribution="recourse-arena")
    return dataclasses.replace(card, plugin=plugin)
SolverCard.of = classmethod(of)
"""

ODD = {
    "patches": "torch.where = json.loads = json.dumps = None",
    "leaves": "os._exit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "digs": f"said = b'[' * 100_000{_ANSWER}",
    "cards": f"said = json.dumps(dict(cards={{'honest': {_CARD!r}}}, offers=[], broken={{}})).encode(){_ANSWER}",
    "words": f"said = b'[1, 2]'{_ANSWER}",
}


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery.new()
    yield nursery
    nursery.close()


@pytest.fixture
def plugins(nursery, tmp_path, monkeypatch):
    """Install plugins, each with a solver called after it, `honest` last of all; return what describes solvers."""

    def install(bodies):
        for plugin, (name, body) in bodies.items():
            module = f"zz_{plugin}".replace("-", "_")
            info = tmp_path / f"{module}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
            (info / "entry_points.txt").write_text(f"[recourse_arena]\n{plugin} = {module}\n")
            (tmp_path / f"{module}.py").write_text(_SOLVER.format(name=name) + body + "\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        return described_apart(Apart(nursery, path=(str(tmp_path),)), discover())

    return install


def test_what_another_plugin_does_when_it_is_imported_reaches_no_description(plugins):
    odd = {name: (name, body) for name, body in ODD.items() if name != "cards"}
    describe = plugins({**odd, "zz-last": ("honest", "")})
    card = describe(["honest"])["honest"]
    assert (card.name, card.summary, card.owner, card.built_in) == (
        "honest",
        "one of those for tests",
        "zz-last",
        False,
    )
    assert card.origin["distribution"] == ("zz_zz_last", "1.0")


@pytest.mark.parametrize("name", ["interrupts", "digs"])
def test_a_plugin_that_does_not_describe_itself_is_named(plugins, name):
    describe = plugins({name: (name, ODD[name])})
    with pytest.raises(ArenaError, match=rf"unknown solver '{name}'[^\n]*\nPlugins that do not work: {name} \("):
        describe([name])


def test_a_card_of_other_types_is_refused(plugins):
    describe = plugins({"cards": ("honest", ODD["cards"])})
    with pytest.raises(ArenaError, match="not described as it should be"):
        describe(["honest"])


def test_where_a_solver_comes_from_is_not_for_it_to_say(plugins):
    card = plugins({"liar": ("liar", _LIAR)})(["liar"])["liar"]
    assert (card.owner, card.built_in) == ("liar", False)
