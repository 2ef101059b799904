"""The figure of what lasting costs and buys, and that figures are of test people."""

from __future__ import annotations

import numpy as np
import pytest
from boards import Draft, keep_lasting

pytest.importorskip("matplotlib")

import matplotlib

from recourse_arena.reporting.figures.draw import draw
from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import house_style
from recourse_arena.reporting.figures.price_of_lasting import price_of_lasting

CHANGES = {"quantized?method=lsq&bits=4": ("lsq-4",), "retrained?models=2": ("retrained-1", "retrained-2")}
VALIDATION = "hard-2!validation-people"


def run(path, *, solvers=("grid", "grid?margin_sd=0.1", "grid?margin_sd=0.5"), datasets=("town",)):
    draft = Draft(people=80)
    for dataset in datasets:
        for place, solver in enumerate(solvers):
            draft.solve("hard-2", solver, 0.9 - 0.1 * place, cost=1 + 0.2 * place, dataset=dataset)
            draft.solve(VALIDATION, solver, 0.1, cost=9.0, dataset=dataset)
    draft.write(path)
    return keep_lasting(path, CHANGES)


def figure_of(result):
    with house_style():
        return price_of_lasting(FigureData(result))


def lines(axes):
    """Return the ordinates of each drawn curve; intervals are no lines."""
    return [np.round(np.asarray(line.get_ydata(), dtype=float), 3).tolist() for line in axes.get_lines()]


def test_a_panel_has_cost_on_the_left_and_shares_on_the_right(tmp_path):
    left, right = figure_of(run(tmp_path / "run")).axes
    (cost,) = lines(left)
    assert cost == pytest.approx([1.0, 1.2, 1.4])
    found, *drops = lines(right)
    assert found == sorted(found, reverse=True)
    assert len(drops) == len(CHANGES)
    assert left.get_xlabel() == "margin, sd of the logit"


def test_each_dataset_has_a_panel_and_changes_are_in_words(tmp_path):
    figure = figure_of(run(tmp_path / "run", datasets=("town", "city")))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titles if title] == ["town, hard-2, grid", "city, hard-2, grid"]
    said = {text.get_text() for text in figure.findobj(matplotlib.text.Text)}
    assert {"cost (left)", "advice found (right)", "VD, lsq-4", "VD, retrained (2 models)"} <= said
    assert any("can be bought" in text for text in said)


def test_a_run_with_one_margin_says_why_there_is_no_picture(tmp_path):
    result = run(tmp_path / "run", solvers=("grid",))
    with pytest.raises(NoData, match="asked for two margins"):
        figure_of(result)
    pictures = {picture.name: picture.reason for picture in draw(result)}
    assert pictures["price-of-lasting"] == "no solver of the run was asked for two margins"


def test_only_runs_that_keep_changed_models_are_asked(tmp_path):
    result = Draft(people=20).solve("hard-2", "grid", 0.5).write(tmp_path / "run")
    assert "price-of-lasting" not in {picture.name for picture in draw(result)}


def test_figures_are_of_test_people(tmp_path):
    evidence = FigureData(run(tmp_path / "run"))
    assert set(evidence.cells["scenario"]) == {"hard-2"}
    assert set(evidence.people("town")["scenario"]) == {"hard-2"}
