"""Menus through a whole run: composed for training people, picked from by those who ask, judged and kept."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import torch

from recourse_arena import ArenaError, Block, Knowledge, Menu, MenuSolver, Move, Scenario, Suite, api

NAMES = (
    "menu-3!no-plausibility",
    "menu-2+hard-1+by-sex!no-plausibility",
    "menu-3+budget-0.3!no-plausibility!in-sample",
    "hard-1!no-plausibility",
)
SUITE = Suite("menus", "for tests", (Block(("tiny",), tuple(map(Scenario.parse, NAMES)), ("raising", "top"), 40),))


class Raising(MenuSolver):
    """Offers ever more income, and says whether it saw whom it should have seen."""

    name = "raising"
    knows = frozenset({Knowledge.SCM, Knowledge.GROUPS})

    def compose(self, problem, *, size, clusters, seed):
        assert len(problem.groups.of) == len(problem.training)
        by_sex = problem.menu is not None and problem.menu.by == "sex"
        assert problem.groups.names == (("f", "m") if by_sex else ("everybody",))
        in_sample = problem.menu is not None and problem.menu.in_sample
        assert len(problem.training) == (200 if in_sample else 600)
        amounts = torch.full((clusters, size, len(problem.features)), torch.nan, dtype=torch.float64)
        amounts[:, :, problem.features.index("income")] = torch.arange(1, size + 1).double()
        return Menu.of(amounts, torch.full((len(problem.features),), int(Move.ADD)))


class Sociable(Raising):
    """The same, but gives nobody advice who asks alone."""

    name = "sociable"

    def recommend(self, request):
        if len(request) == 1:
            raise RuntimeError("nobody else is here")
        return super().recommend(request)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("menus")


@pytest.fixture
def run(plugged, made):
    """The run; made by whoever needs it first."""
    if not (made / "run" / "run.json").exists():
        api.run(SUITE, solvers=[Raising(), Sociable(), "top"], out=made / "run", cache=made / "cache", data=made)
    return api.load(made / "run")


def test_solvers_that_compose_nothing_are_skipped_where_a_menu_is_asked_for(run):
    found = run.summary.set_index(["scenario", "solver"])["outcome"]
    assert {found[name, "top"] for name in NAMES[:3]} == {"skipped"}
    assert found[NAMES[3], "top"] == "solved"
    assert {found[name, solver] for name in NAMES for solver in ("raising", "sociable")} == {"solved"}


def test_how_long_one_person_alone_waits_for_a_menu_is_timed(run):
    cells = json.loads((run.path / "run.json").read_text())["cells"]
    timed = {cell["solver"]: cell.get("alone_seconds") for cell in cells if cell["scenario"] == NAMES[0]}
    assert 0 < timed["raising"] < 5
    assert "sociable" in timed
    assert timed["sociable"] is None  # it fails of one person alone, which costs nobody the answer they have
    (asked,) = [cell for cell in cells if (cell["scenario"], cell["solver"]) == (NAMES[3], "top")]
    assert "alone_seconds" not in asked  # it offers no menu


def test_records_say_what_each_action_does_and_the_menu_lies_beside_them(run):
    people = run.people.query("solver == 'raising'")
    assert (people["violations"] == 0).all()
    cell = people[people["scenario"] == NAMES[0]]
    cost = cell[[f"offer_cost_{n}" for n in (1, 2, 3)]].where(cell[[f"offer_works_{n}" for n in (1, 2, 3)]].to_numpy())
    helped = cell["valid"].astype(bool)
    assert helped.any()
    assert (cost.min(axis=1)[helped] == cell["weighted_cost"][helped]).all()
    assert (cell["pick"].notna() == helped).all()
    one = people[people["scenario"] == NAMES[1]]
    assert one["offer_works_3"].isna().all()  # two were asked for
    assert (one["available"] == 2 * one["mask_income"].where(one["valid"], one["available"] > 0)).all()
    assert (one["available"] == 0).any()  # who may act on effort alone has no choice
    dear = people[(people["scenario"] == NAMES[2]) & people["valid"]]
    assert dear["weighted_cost"].max() <= 0.3
    menus = pd.read_csv(run.path / "menus.csv").query(f"solver == 'raising' and scenario == '{NAMES[0]}'")
    assert menus[["cluster", "action", "feature", "move", "amount"]].to_numpy().tolist() == [
        [1, n, "income", "add", n] for n in (1, 2, 3)
    ]
    assert "menus.csv" in run.info["tables"]


class Turncoat(Raising):
    """Composes one menu and offers another one to those who ask."""

    name = "turncoat"

    def recommend(self, request):
        self.menu = Menu(self.menu.moves, self.menu.amounts * 2)
        return super().recommend(request)


def test_whoever_changes_their_menu_when_people_ask_has_failed(plugged, tmp_path):
    block = Block(("tiny",), (Scenario.parse(NAMES[0]),), ("raising",), 20)
    found = api.run(
        Suite("menus", "for tests", (block,)), solvers=[Raising(), Turncoat()], out=tmp_path / "run", data=tmp_path
    )
    assert found.summary.set_index("solver")["outcome"].to_dict() == {"raising": "solved", "turncoat": "failed"}
    assert "another menu than the one that was composed" in str(found.info["cells"])


@pytest.mark.parametrize("by", ["town", "income", "sex-sex"])
def test_a_menu_by_what_protects_nobody_is_refused_before_anything_runs(plugged, tmp_path, by):
    suite = Suite("menus", "for tests", (Block(("tiny",), (Scenario.parse(f"menu-2+by-{by}"),), ("raising",), 20),))
    with pytest.raises(ArenaError, match=f"unknown protected attribute of a menu .*'{by}'"):
        api.run(suite, solvers=[Raising()], out=tmp_path / "run", data=tmp_path)
    assert not (tmp_path / "run" / "run.json").exists()
