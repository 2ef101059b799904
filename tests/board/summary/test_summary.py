"""What a board says over all contests: mean and predicted ranks, the frontier, and that removing leaves no trace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_boards import DraftBoard

from recourse_arena.board.summary.pareto import on_frontier
from recourse_arena.board.summary.summary import summarise
from recourse_arena.board.summary.unseen import fewest_scenarios, mean_interval, prediction


def three(scenarios=10):
    draft = DraftBoard()
    for k in range(scenarios):
        for name, share in (("a", 0.9), ("b", 0.6), ("c", 0.3)):
            draft.cell(name, f"hard-{k}", share, dataset="loan" if k % 2 else "city", cost=share, ms=1 + share)
    return draft


def test_mean_and_predicted_ranks_of_solvers_that_always_end_alike():
    found = summarise(three().rows()).solvers
    assert found.index.tolist() == ["a", "b", "c"]
    for rank, name in enumerate("abc", start=1):
        row = found.loc[name]
        assert row[["mean", "mean_low", "mean_high", "next_low", "next_high"]].tolist() == [rank] * 5
        assert row["contests"] == 10
    assert found[["wins", "losses", "ties"]].to_numpy().tolist() == [[20, 0, 0], [10, 10, 0], [0, 20, 0]]


def test_a_prediction_holds_an_unseen_scenario_as_often_as_it_says():
    rng, level = np.random.default_rng(3), 0.8
    for scenarios in (9, 14, 30):
        ranks = rng.integers(1, 13, size=(2000, scenarios + 1)).astype(float)
        ends = np.array([prediction(row[:-1], row[:-1], 12, level=level) for row in ranks])
        held = ((ends[:, 0] <= ranks[:, -1]) & (ranks[:, -1] <= ends[:, 1])).mean()
        assert held >= level - 0.02
        assert (ends[:, 1] - ends[:, 0]).mean() < 11


def test_below_enough_scenarios_the_prediction_is_open():
    assert fewest_scenarios() == 9
    few = np.full(8, 2.0)
    assert prediction(few, few, 5) == (1.0, 5.0)
    assert prediction(np.full(9, 2.0), np.full(9, 3.0), 5) == (2.0, 3.0)
    assert prediction(np.arange(1.0, 10), np.arange(1.0, 10), 99) == (1.0, 9.0)
    assert prediction(np.arange(19.0, 0, -1), np.arange(19.0, 0, -1), 99) == (2.0, 18.0)


def test_the_interval_of_a_mean_heeds_that_scenarios_of_a_dataset_are_alike():
    ranks = np.repeat([1.0, 5.0, 9.0, 2.0], 10)
    low, high = mean_interval(ranks, np.repeat(["a", "b", "c", "d"], 10).tolist())
    alone = mean_interval(ranks, ["a"] * 40)
    assert high - low > 2 * (alone[1] - alone[0])
    assert low < ranks.mean() < high
    assert np.isnan(mean_interval(np.ones(1), ["a"])).all()


def test_partial_entries_are_ranked_where_they_compete_and_their_ranks_are_stretched():
    draft = three().cell("d", "hard-0", 0.45, dataset="city")
    found = summarise(draft.rows()).solvers
    assert found.loc["d", ["contests", "cells"]].tolist() == [1, 1]
    assert found.loc["d", "mean"] == 3
    assert found.loc["c", "mean"] == pytest.approx(4)  # last of three is last of four
    assert np.isnan(found.loc["d", "mean_low"])
    assert found.loc["d", ["next_low", "next_high"]].tolist() == [1, 4]


def test_removing_an_entry_leaves_no_trace():
    draft = three(4)
    before = summarise(draft.rows(), draft.records)
    more = three(4)
    for k in range(4):
        more.cell("z", f"hard-{k}", 0.7, solver="a", dataset="loan" if k % 2 else "city", cost=0.01, ms=0.01)
    with_it = summarise(more.rows(), more.records)
    assert len(with_it.solvers) == 4
    assert "a (a)" in with_it.solvers.index
    after = summarise(more.without("z").rows(), more.without("z").records)
    pd.testing.assert_frame_equal(after.solvers, before.solvers)
    pd.testing.assert_frame_equal(after.duels, before.duels)
    for one, other in zip(after.contests, before.contests, strict=True):
        pd.testing.assert_frame_equal(one.table, other.table)
        assert (one.wins, one.met) == (other.wins, other.met)


def test_the_order_in_which_entries_came_changes_nothing():
    draft, turned = three(4), three(4)
    turned.verdicts = dict(reversed(turned.verdicts.items()))
    pd.testing.assert_frame_equal(summarise(draft.rows()).solvers, summarise(turned.rows()).solvers)


def test_nobody_on_the_frontier_is_beaten_and_everybody_else_is():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.integers(0, 6, size=(60, 3)).astype(float), columns=["attainability", "cost_mean", "ms"])
    table.loc[3, "cost_mean"] = np.nan
    found = on_frontier(table)
    for i, one in table.iterrows():
        others = table.drop(index=i).dropna().to_numpy() * [-1, 1, 1]
        mine = one.to_numpy() * [-1, 1, 1]
        beaten = ((others <= mine).all(1) & (others < mine).any(1)).any()
        assert pd.isna(found[i]) if i == 3 else found[i] == (not beaten)


def test_over_all_contests_each_pair_has_its_own_common_ground():
    draft = DraftBoard()
    draft.cell("cheap", "hard-1", 0.5, cost=0.1).cell("good", "hard-1", 0.9, cost=0.3).cell(
        "poor", "hard-1", 0.4, cost=0.4
    )
    draft.cell("good", "hard-2", 0.2, cost=9.0).cell("poor", "hard-3", 1.0, cost=0.001)  # nobody met them there
    found = summarise(draft.rows()).solvers
    assert found["frontier"].to_dict() == {"cheap": True, "good": True, "poor": False}
    assert found.loc["poor", "beaten_by"] == ("cheap", "good")
    assert found.loc["good", "beaten_by"] == ()


def test_nobody_is_beaten_by_who_answered_another_question():
    draft = DraftBoard().cell("a", "hard-1", 0.4, cost=0.4).cell("b", "hard-1", 0.9, cost=0.1, classifier="another")
    found = summarise(draft.rows())
    assert found.contests[0].table["frontier"].tolist() == [True, True]
    assert found.solvers["frontier"].tolist() == [True, True]
    same = DraftBoard().cell("a", "hard-1", 0.4, cost=0.4).cell("b", "hard-1", 0.9, cost=0.1)
    assert summarise(same.rows()).solvers["frontier"].to_dict() == {"a": False, "b": True}


def test_who_helps_nobody_has_no_cost_and_is_not_spared_for_it():
    draft = DraftBoard().cell("a", "hard-1", 0.9, cost=0.3).cell("b", "hard-1", 0.9, cost=0.2, ms=0.5)
    draft.cell("a", "hard-2", 0.5, cost=0.3).cell("b", "hard-2", 0.0, cost=None, ms=0.5)
    found = summarise(draft.rows()).solvers
    assert found["frontier"].to_dict() == {"a": True, "b": True}  # b is cheaper and faster, and helps fewer
    assert found.loc["b", "attainability"] == pytest.approx(0.45)


@pytest.mark.parametrize("cells", [0, 1])
def test_a_board_of_nothing_and_of_one_entry_has_a_summary(cells):
    draft = DraftBoard()
    for _ in range(cells):
        draft.cell("a", "hard-1", 0.5)
    found = summarise(draft.rows())
    assert len(found.solvers) == cells
    assert len(found.duels) == 0
    if cells:
        assert np.isnan(found.solvers.loc["a", "mean"])
        assert found.solvers.loc["a", "frontier"]


def test_a_board_on_which_everything_failed_has_a_summary():
    draft = DraftBoard().cell("a", "hard-1", 0, outcome="failed", reason="no").cell("b", "hard-1", 0, outcome="skipped")
    found = summarise(draft.rows())
    assert found.solvers[["failed", "skipped", "solved"]].to_numpy().tolist() == [[1, 0, 0], [0, 1, 0]]
    assert found.solvers["frontier"].isna().all()
