"""The table of a board: what re-judging found, whose it is, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_boards import DraftBoard, digest_of

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.summary.pools import POOLS, pool_of
from recourse_arena.board.summary.rows import COLUMNS, board_rows
from recourse_arena.problem.knowledge import Knowledge


def test_a_row_is_what_the_verdict_says_and_never_what_the_entry_claims():
    draft = DraftBoard().cell("mine", "hard-2", 0.5, solver="grid", knows=["flow"], ms=3.0, version="2")
    draft.records[digest_of("mine")]["cells"] = [{"attainability": 1.0}]
    rows = draft.rows()
    assert list(rows.columns) == list(COLUMNS)
    (row,) = rows.to_dict("records")
    said = {"entry": "mine", "name": "grid", "solver": "grid", "version": "2", "pool": "flow", "people": 200}
    assert said.items() <= row.items()
    assert row["attainability"] == 0.5
    assert row["ms"] == pytest.approx(3.0)
    assert row["rejudged"] == 1
    assert math.isnan(row["proved"])


def test_a_verdict_of_re_judging_is_read_with_its_badges_proofs_and_other_averages():
    cell = {"dataset": "loan", "scenario": "hard-2", "solver": "grid", "seed": 0, "outcome": "solved", "people": 10}
    cell |= {"version": "1", "knows": ["flow"], "reason": "", "rejudged": True, "solve_seconds": 0.5, "ms": 50.0}
    cell |= {"metrics": {"attainability_truth": 0.3, "hap": None}, "attainability": 0.4}
    cell |= {"proved": {"optima": 6, "infeasible": 2, "held": 5, "refuted": 1}}
    verdict = {
        "format": 1,
        "entry": "c0ffee",
        "name": "mine",
        "suite": {"name": "quick", "version": "1"},
        "cells": [cell],
    }
    verdict |= {"protocol": 1, "solvers": {"grid": {"version": "1", "knows": ["flow"]}}, "whole": True}
    verdict |= {"badges": {"re-judged": {"rows": 10}, "re-run": {"date": "2026", "same": True}, "proved": None}}
    (row,) = board_rows({"c0ffee": verdict}).to_dict("records")
    said = {"entry": "mine", "pool": "flow", "version": "1", "suite": "quick", "rerun": 1.0, "proved": 0.5}
    assert (said | {"attainability_truth": 0.3, "attainability": 0.4, "ms": 50.0}).items() <= row.items()
    verdict["badges"]["re-run"]["same"] = False
    assert board_rows({"c0ffee": verdict})["rerun"].tolist() == [0.0]


def test_entries_with_the_same_solver_are_told_apart_by_their_names():
    draft = DraftBoard().cell("ada", "hard-2", 0.5, solver="grid").cell("bob", "hard-2", 0.4, solver="grid")
    draft.cell("bob", "hard-2", 0.4, solver="own")
    assert set(draft.rows()["name"]) == {"grid (ada)", "grid (bob)", "own"}
    assert set(draft.without("bob").rows()["name"]) == {"grid"}


def test_two_entries_of_one_name_are_told_apart_by_their_digests():
    draft = DraftBoard().cell("ada", "hard-2", 0.5, solver="grid").cell("bob", "hard-2", 0.4, solver="grid")
    draft.verdicts[digest_of("bob")]["name"] = "ada"
    assert set(draft.rows()["entry"]) == {f"ada~{digest_of(name)[:8]}" for name in ("ada", "bob")}


def test_parts_of_one_entry_are_one_solver_but_for_a_part_that_has_a_cell_twice():
    draft = DraftBoard()
    for entry, scenario in (("a", "hard-1"), ("b", "hard-2"), ("c", "hard-2")):
        draft.cell(entry, scenario, 0.5, solver="grid")
    together = {"reference": [digest_of(name) for name in ("a", "b", "c")]}
    rows = board_rows(draft.verdicts, draft.records, draft.met, together=together)
    assert dict(rows.groupby("name")["scenario"].agg(list)) == {
        "grid (reference)": ["hard-1", "hard-2"],
        "grid (c)": ["hard-2"],
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attainability": float("nan")}, "expected a finite attainability"),
        ({"solve_seconds": float("inf")}, "expected a finite solve_seconds"),
        ({"people": "many"}, "Expected `int`"),
        ({"dataset": 3}, "Expected `str`"),
    ],
)
def test_a_verdict_that_says_something_else_is_refused(change, said):
    draft = DraftBoard().cell("mine", "hard-2", 0.5)
    draft.verdicts[digest_of("mine")]["cells"][0] |= change
    with pytest.raises(ArenaError, match=said):
        draft.rows()


def test_a_cell_that_is_there_twice_is_refused():
    with pytest.raises(ArenaError, match="there twice: mine, loan, hard-2"):
        DraftBoard().cell("mine", "hard-2", 0.5).cell("mine", "hard-2", 0.4).rows()


def test_every_pool_has_somebody_and_what_is_not_known_is_in_the_last():
    ladder = [[], [Knowledge.SCORES], [Knowledge.CLASSIFIER], [Knowledge.STRUCTURE], [Knowledge.FLOW], [Knowledge.SCM]]
    assert tuple(pool_of(knows) for knows in ladder) == POOLS
    everything = [str(known) for known in Knowledge]
    assert pool_of(everything) == "SCM"
    places = [POOLS.index(pool_of(everything[:k])) for k in range(len(everything))]
    assert places == sorted(places) or np.all(np.diff(places) >= 0)  # knowing more never leads to an earlier pool
