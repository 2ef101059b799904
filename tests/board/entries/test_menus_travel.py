"""Menus of shared actions travel with their moves, so that what people were offered is judged again, too."""

from __future__ import annotations

import shutil

import pytest
from forgers import Forger

from recourse_arena import ArenaError, api
from recourse_arena.board import door
from recourse_arena.board.entries.entry import read_entry

pytestmark = pytest.mark.usefixtures("with_plugins", "no_boards")

SUITE = """
name = "menus"
datasets = ["tiny"]
scenarios = ["menu-3!no-plausibility", "menu-2+hard-1!no-plausibility", "hard-1!no-plausibility"]
solvers = ["raising", "top"]
people = 25
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("menus")


@pytest.fixture
def offered(place, home, rejudge):
    """The entry of a run with menus; made by whoever needs it first."""
    suite = home / "suites" / "menus.toml"
    if not suite.exists():
        suite.write_text(SUITE)
        api.run(suite, out=place / "run", cache=home / "cache", data=home)
        door.submit(place / "run", place / "menus.entry")
    return place / "menus.entry"


def test_what_people_were_offered_is_judged_again(offered, rejudge):
    entry = read_entry(offered)
    verdict = rejudge(entry)
    assert "offer_works_3" in entry.people.column_names
    assert [cell["outcome"] for cell in verdict["cells"]].count("solved") >= 3
    assert {cell.menu is not None for cell in entry.said.cells if cell.solver == "raising"} == {True}


def test_an_edited_menu_or_pick_is_refused(offered, rejudge, tmp_path):
    forger = Forger(offered)
    cell = forger.cell(solver="raising", scenario="menu-3!no-plausibility")
    amounts = cell["menu"]["amounts"]["values"]
    amounts[0][0] = [amount + 1 for amount in amounts[0][0]]
    with pytest.raises(ArenaError, match=r"column \w+: entry says"):
        rejudge(read_entry(forger.write(tmp_path / "menu.entry")))
    forger = Forger(offered)
    row = forger.row(solver="raising", valid=True)
    forger.set(row, pick=forger.get(row, "pick") % 3 + 1)
    with pytest.raises(ArenaError, match=r"column \w+: entry says"):
        rejudge(read_entry(forger.write(tmp_path / "pick.entry")))
    forger = Forger(offered)
    del forger.cell(solver="raising", scenario="menu-3!no-plausibility")["menu"]
    with pytest.raises(ArenaError, match="raising"):
        rejudge(read_entry(forger.write(tmp_path / "none.entry")))


def test_a_run_that_lost_its_menus_does_not_become_an_entry(offered, place, tmp_path):
    shutil.copytree(place / "run", tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "advice")
    with pytest.raises(ArenaError, match=r"keeps no menu of tiny, menu-3!no-plausibility, raising, seed 0"):
        door.submit(tmp_path / "run", tmp_path / "e.entry")
