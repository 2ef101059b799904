"""The figures of menus: cost against the number of actions, and help against cost by group."""

from __future__ import annotations

import numpy as np
import pytest
from shared_actions import MenuDraft

pytest.importorskip("matplotlib")

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import house_style
from recourse_arena.reporting.figures.menus import help_by_cost, offers_menus, price_of_sharing

RACE = ["White", "Black"] * 30


def costs(value, helped=60):
    return np.where(np.arange(60)[:, None] < helped, value, np.inf)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    draft = MenuDraft()
    for size, value in ((1, 0.4), (2, 0.3), (4, 0.2)):
        draft.offer(f"menu-{size}", "menu", np.tile(costs(value), size), race=RACE)
    draft.offer("menu-4", "climb", costs(0.25, 30), race=RACE).alone(
        "soft-constant", "individual", [0.1] * 60, race=RACE
    )
    return draft.write(tmp_path_factory.mktemp("figures") / "run", protected={"race": ["White"]})


def test_the_price_of_sharing_is_drawn_over_the_number_of_actions(run):
    with house_style():
        (axes,) = price_of_sharing(FigureData(run)).axes
    (menu, alone) = axes.get_lines()
    assert menu.get_xydata().tolist() == [[1, pytest.approx(0.4)], [2, pytest.approx(0.3)], [4, pytest.approx(0.2)]]
    assert list(alone.get_ydata()) == pytest.approx([0.1, 0.1])


def test_help_is_drawn_by_group_and_what_the_model_leaves_first(run):
    with house_style():
        first, *others = help_by_cost(FigureData(run), "town").axes
    assert first.get_title(loc="left").startswith("individual")
    climb = next(axes for axes in others if axes.get_title(loc="left").startswith("climb"))
    assert [line.get_ydata()[-1] for line in climb.get_lines()] == [0.5, 0.5]
    assert offers_menus(run)


def test_what_a_run_lacks_is_said(tmp_path):
    draft = MenuDraft().offer("menu-1", "menu", costs(0.2, 0), race=RACE)
    run = FigureData(draft.write(tmp_path / "run"))
    with pytest.raises(NoData, match="two sizes"):
        price_of_sharing(run)
    with pytest.raises(NoData, match="helps anybody"):
        help_by_cost(run, "town")
