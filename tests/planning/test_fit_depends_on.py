"""What of a scenario a solver's fit depends on is what it is fitted for."""

from __future__ import annotations

import pytest
import tiny
import torch

from recourse_arena import ArenaError

SCENARIOS = ["hard-1", "hard-2", "hard-1!no-plausibility"]


class Counting(tiny.Top):
    """Notes how many features the people can act on whom it is trained with."""

    name = "counting"
    counts: list[set[int]] = []  # noqa: RUF012

    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        drawn = problem.draw(200, torch.Generator().manual_seed(0))
        Counting.counts.append({*drawn.mask.sum(1).tolist()})


class Cutting(Counting):
    name = "cutting"
    fit_depends_on = frozenset({"actionable"})


class Misled(tiny.Top):
    """Depends on more the more options it is given, as variants may."""

    name = "misled"

    def __init__(self):
        self.fit_depends_on = frozenset({"profil"})


@pytest.fixture
def counts(arena):
    """Run a solver and return how many features people could act on, fit by fit."""

    def run(solver):
        Counting.counts.clear()
        assert set(arena(solvers=[solver], scenarios=SCENARIOS, people=5).summary["outcome"]) == {"solved"}
        return Counting.counts

    return run


def test_a_fit_that_depends_on_how_many_features_are_actionable_is_made_for_each_number(counts):
    assert sorted(map(sorted, counts(Cutting()))) == [[1], [2]]


def test_any_other_fit_serves_every_number(counts):
    (found,) = counts(Counting())
    assert found == {1, 2}


def test_a_variant_that_depends_on_something_else_is_one_clear_error(arena):
    with pytest.raises(ArenaError, match=r"fit_depends_on of misled 'profil'. Did you mean 'profile'"):
        arena(solvers=[Misled(), "top"])


def test_nodes_keep_values_not_words(plugged, tmp_path, monkeypatch):
    from recourse_arena import Scenario
    from recourse_arena.interfaces.suite import Block, Suite
    from recourse_arena.planning.plan import make_plan
    from recourse_arena.planning.task_graph import TaskGraph

    monkeypatch.setattr(Scenario, "TRAINING_PARTS", (*Scenario.TRAINING_PARTS, "plausibility"))
    monkeypatch.setattr(tiny.Top, "fit_depends_on", frozenset({"plausibility", "profile"}))
    block = Block(("tiny",), (Scenario.parse("soft-linear!no-plausibility"),), ("top",))
    registry = plugged()
    plan = make_plan(Suite("s", "", (block,)), registry, data=tmp_path)
    (cell,) = TaskGraph.of(plan, registry, data=tmp_path, arithmetic="native").cells
    assert cell.solve.fit.depends_on == (("plausibility", False), ("profile", "linear"))
    assert cell.solve.fit.scenario.plausibility is False


def test_a_menu_is_composed_for_each_limit_on_features_and_kept_as_before_where_there_is_none(plugged, tmp_path):
    from recourse_arena import MenuSolver, Scenario
    from recourse_arena.interfaces.suite import Block, Suite
    from recourse_arena.planning.plan import make_plan
    from recourse_arena.planning.task_graph import TaskGraph

    scenarios = tuple(map(Scenario.parse, ("menu-2", "menu-2+sparse-1", "menu-2+sparse-2")))
    registry = plugged()
    plan = make_plan(Suite("s", "", (Block(("tiny",), scenarios, ("menu",)),)), registry, data=tmp_path)
    fits = [cell.solve.fit for cell in TaskGraph.of(plan, registry, data=tmp_path, arithmetic="native").cells]
    assert len({fit.key for fit in fits}) == 3
    assert {name for name, _ in fits[0].depends_on} == MenuSolver.fit_depends_on - {"sparsity"}
    assert [fit.scenario.sparsity for fit in fits] == [None, 1, 2]
