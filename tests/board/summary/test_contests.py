"""Contests: who may be compared, who is better beyond doubt, and which ranks that leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_boards import PEOPLE, DraftBoard
from scipy import stats

from recourse_arena.board.summary.contests import contests
from recourse_arena.statistics.ranks import holm


def places(contest, prefix=""):
    table = contest.table.dropna(subset=[f"{prefix}first"])
    return {
        name: (int(row[f"{prefix}first"]), int(row[f"{prefix}last"]), int(row[f"{prefix}of"]))
        for name, row in table.iterrows()
    }


def only(draft):
    (contest,) = contests(draft.rows(), draft.records)
    return contest


def test_ties_are_shown_and_winners_are_first():
    draft = DraftBoard().cell("a", "hard-2", 0.9).cell("b", "hard-2", 0.9).cell("c", "hard-2", 0.3)
    contest = only(draft)
    assert places(contest) == {"a": (1, 2, 3), "b": (1, 2, 3), "c": (3, 3, 3)}
    assert contest.wins == {("a", "c"), ("b", "c")}
    assert contest.metric == "attainability"


def test_the_same_people_tell_more_than_averages_alone():
    shares = {"a": 0.60, "b": 0.53}  # who is helped by the second is helped by the first, too
    draft, averages = DraftBoard(), DraftBoard()
    for name, share in shares.items():
        draft.cell(name, "hard-2", share)
        averages.cell(name, "hard-2", share, paired=False)
    assert only(draft).wins == {("a", "b")}
    assert only(averages).wins == frozenset()
    assert places(only(averages)) == {"a": (1, 2, 2), "b": (1, 2, 2)}


def test_wins_are_those_of_a_plain_loop_over_pairs():
    rng, draft = np.random.default_rng(0), DraftBoard()
    names = [f"s{k}" for k in range(8)]
    for k, name in enumerate(names):
        draft.cell(name, "hard-2", 0.3 + 0.05 * k)
        ((key, (asked, _)),) = next(
            iter([draft.met[d] for d in draft.met if draft.verdicts[d]["name"] == name])
        ).items()
        helped = rng.random(PEOPLE) < 0.3 + 0.05 * k
        digest = next(d for d in draft.met if draft.verdicts[d]["name"] == name)
        draft.met[digest][key] = asked, {"attainability": helped}
        draft.verdicts[digest]["cells"][0]["attainability"] = float(helped.mean())
    helped = {
        draft.verdicts[d]["name"]: next(iter(cells.values()))[1]["attainability"] for d, cells in draft.met.items()
    }
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    counts = [((helped[a] & ~helped[b]).sum(), (~helped[a] & helped[b]).sum()) for a, b in pairs]
    scores = np.array([abs(int(b) - int(c)) / np.sqrt(b + c + 1) for b, c in counts])
    p_values = 2 * stats.norm.sf(scores)
    steps = sorted(range(len(pairs)), key=lambda i: p_values[i])
    wins, sure = set(), True
    for step, i in enumerate(steps):
        sure = sure and (len(pairs) - step) * p_values[i] < 0.05
        if sure:
            wins.add(pairs[i] if counts[i][0] > counts[i][1] else pairs[i][::-1])
    assert only(draft).wins == wins
    assert 0 < len(wins) < len(pairs)


def test_corrected_p_values_are_those_of_statsmodels_by_hand():
    found = holm(np.array([0.2, 0.001, 0.02, 0.02]))
    assert found.tolist() == pytest.approx([0.2, 0.004, 0.06, 0.06])
    assert holm(np.array([])).tolist() == []


def test_a_solver_that_failed_on_a_seed_has_no_rank_and_is_not_left_out():
    draft = DraftBoard()
    for seed in (0, 1):
        draft.cell("a", "hard-2", 0.9, seed=seed).cell("b", "hard-2", 0.5, seed=seed)
    draft.cell("c", "hard-2", 1.0).cell("c", "hard-2", 0.0, seed=1, outcome="failed", reason="it broke")
    draft.cell("d", "hard-2", 0.0, outcome="skipped", reason="no numbers here")
    contest = only(draft)
    assert set(places(contest)) == {"a", "b"}
    assert set(contest.table.index) == {"a", "b", "c", "d"}
    said = contest.table.loc[["c", "d"], ["seeds", "solved", "failed", "skipped", "reason"]].to_numpy().tolist()
    assert said == [[2, 1, 1, 0, "it broke"], [1, 0, 0, 1, "no numbers here"]]


def test_a_skipped_seed_costs_no_rank():
    draft = (
        DraftBoard().cell("a", "hard-2", 0.9).cell("b", "hard-2", 0.5).cell("b", "hard-2", 0, seed=1, outcome="skipped")
    )
    assert set(places(only(draft))) == {"a", "b"}


@pytest.mark.parametrize("other", [{"seed": 7}, {"protocol": 2}, {"classifier": "another"}])
def test_solvers_meet_only_where_they_answer_the_same_question(other):
    draft = DraftBoard().cell("a", "hard-2", 0.9).cell("b", "hard-2", 0.5).cell("c", "hard-2", 0.1, **other)
    contest = only(draft)
    assert contest.met == {("a", "b")}
    assert set(places(contest)) == {"a", "b"}


def test_solvers_with_some_seeds_in_common_are_compared_on_those():
    draft = DraftBoard().cell("a", "hard-2", 0.9).cell("a", "hard-2", 0.0, seed=1).cell("b", "hard-2", 0.5)
    contest = only(draft)
    assert contest.wins == {("a", "b")}  # where both answered, whatever the other seed did to the mean
    assert contest.table.loc["a", "attainability"] < contest.table.loc["b", "attainability"]


def test_what_differs_between_seeds_keeps_a_difference_from_looking_sure():
    draft = DraftBoard()
    for seed, share in enumerate((0.9, 0.3, 0.8)):
        draft.cell("a", "hard-2", share, seed=seed).cell("b", "hard-2", 0.6, seed=seed)
    assert only(draft).wins == frozenset()


def test_ranks_in_pools_are_among_their_members_alone():
    draft = DraftBoard().cell("a", "hard-2", 0.9, knows=["flow"]).cell("b", "hard-2", 0.6, knows=["flow"])
    draft.cell("c", "hard-2", 0.3).cell("d", "hard-2", 0.7, knows=["scores"]).cell("e", "hard-2", 0.2)
    contest = only(draft)
    assert {name: place[2] for name, place in places(contest).items()} == dict.fromkeys("abcde", 5)
    pools = places(contest, "pool_")
    assert pools == {"a": (1, 1, 2), "b": (2, 2, 2), "c": (1, 1, 2), "e": (2, 2, 2)}  # d is alone in its pool


def test_validity_ranks_where_nobody_asks_for_plausibility():
    assert only(DraftBoard().cell("a", "hard-2!no-plausibility", 0.9)).metric == "validity"


def test_the_truth_ranks_where_all_have_it():
    draft = (
        DraftBoard().cell("a", "hard-2", 0.9, attainability_truth=0.2).cell("b", "hard-2", 0.5, attainability_truth=0.8)
    )
    contest = only(draft)
    assert contest.metric == "attainability_truth"
    assert contest.wins == {("b", "a")}


def test_validation_people_are_in_no_contest_and_an_empty_board_has_none():
    assert contests(DraftBoard().cell("a", "hard-2!validation-people", 0.9).rows()) == []
    assert contests(DraftBoard().rows()) == []
    assert isinstance(DraftBoard().rows(), pd.DataFrame)
