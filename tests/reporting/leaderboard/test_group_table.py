"""Groups: each against everybody else, intersections too, small ones marked."""

from __future__ import annotations

import numpy as np
import pytest
from boards import EVIL, Draft

from recourse_arena.reporting.leaderboard.group_table import by_group
from recourse_arena.statistics.intervals import bonferroni, independent_share_difference, share_interval


@pytest.fixture(scope="module")
def draft():
    found = Draft().solve("hard-2", "a", 0.5)
    table = found.tables[0]
    table["valid"] = np.where(table["group_gender"] == "male", True, np.arange(400) % 2 == 0)
    table["plausible"] = table["valid"]
    table["outcome"] = np.where(table["valid"], "solved", "not_found")
    table["cost"] = np.where(
        table["valid"], np.where(table["group_gender"] == "male", 2.0, 1.0) + 0.01 * (np.arange(400) % 7), np.nan
    )
    return found


@pytest.fixture(scope="module")
def found(draft, tmp_path_factory):
    board = draft.board(tmp_path_factory.mktemp("groups") / "run")
    return board.by_group.set_index(["attribute", "group", "metric"]).sort_index()


def test_a_share_and_its_difference_have_newcombes_interval(draft, found):
    row = found.loc[("gender", "male", "validity")]
    men, women = 134, 266
    valid = int(draft.tables[0].query("group_gender == 'female'")["valid"].sum())
    assert (row["value"], row["counted"], row["asked"]) == (1.0, men, men)
    assert (row["low"], row["high"]) == pytest.approx(share_interval(men, men))
    assert row["difference"] == pytest.approx(1 - valid / women)
    expected = independent_share_difference((valid, women), (men, men), confidence=bonferroni(0.95, 2))
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)


def test_costs_are_those_of_valid_people_of_the_group(found):
    assert found.loc[("gender", "male", "cost_mean"), "difference"] == pytest.approx(1.0, abs=0.01)
    assert found.loc[("gender", "male", "cost_mean"), "difference_low"] > 0.98
    female = found.loc[("gender", "female", "cost_mean")]
    assert female["counted"] < female["asked"]


def test_two_groups_differ_from_each_other_by_the_same(found):
    male, female = (found.loc[("gender", name, "validity")] for name in ("male", "female"))
    assert male["difference"] == pytest.approx(-female["difference"])
    assert male["difference_low"] == pytest.approx(-female["difference_high"])


def test_intersections_are_groups_and_small_ones_are_marked(found):
    crossed = found.loc["gender and town"]
    assert set(crossed.index.get_level_values("group")) == {
        f"{gender}, {town}" for gender in ("male", "female") for town in (EVIL, "elsewhere")
    }
    assert crossed.loc[(f"male, {EVIL}", "validity"), "small"]
    assert not crossed.loc[("male, elsewhere", "validity"), "small"]


def test_runs_without_groups_have_none(tmp_path):
    board = Draft(groups=False).solve("hard-2", "a", 0.5).board(tmp_path / "run")
    assert by_group(board.panels, board.metrics).empty


def test_an_attribute_with_as_many_groups_as_people_is_no_group(tmp_path):
    draft = Draft(groups=False).solve("hard-2", "a", 0.5, group_name=[f"person {i}" for i in range(400)])
    board = draft.board(tmp_path / "run")
    assert by_group(board.panels, board.metrics).empty


def test_every_metric_that_is_a_mean_is_there(found):
    names = {"coverage", "validity", "plausibility", "attainability", "cost_mean", "hap", "violations"}
    assert names <= set(found.index.get_level_values("metric"))
