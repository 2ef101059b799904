"""What changed between two states of a board, and what its folder says happened."""

from __future__ import annotations

import json

import pytest
from made_boards import DraftBoard, digest_of

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.page.text import history_text
from recourse_arena.board.summary.history import changes, events_in_words
from recourse_arena.board.summary.state import Board


def draft():
    return DraftBoard().cell("a", "hard-1", 0.6).cell("b", "hard-1", 0.3).cell("old", "hard-1", 0.1)


def test_each_kind_of_change_is_told_and_nothing_else():
    before = draft()
    after = draft().without("old").cell("new", "hard-1", 0.9)
    after.verdicts[digest_of("b")]["protocol"] = 2
    after.verdicts[digest_of("a")]["cells"][0]["rerun"] = True
    after.records[digest_of("a")]["solvers"]["a"]["version"] = "7"
    assert history_text(before.board(), after.board()).splitlines() == [
        "new: new",
        "removed: old",
        "re-run: a",
        "protocol of b: 1 before, 2 now",
        "version of a in a: 1 before, 7 now",
        "mean rank of a: 1.0 of 3 before, 3.0 of 3 now",
        "mean rank of b: 2.0 of 3 before, none now",  # under another protocol it meets nobody
        "rank of a on loan, hard-1: 1 of 3 before, 2 of 2 now",
        "rank of b on loan, hard-1: 2 of 3 before, none now",
    ]


def test_an_entry_with_another_file_is_replaced():
    before, after = draft(), draft().without("a")
    after.cell("other file", "hard-1", 0.6, solver="a")
    after.verdicts[digest_of("other file")]["name"] = "a"
    assert history_text(before.board(), after.board()) == "replaced: a\n"


def test_the_same_state_twice_has_no_changes():
    assert history_text(draft().board(), draft().board()) == "nothing changed\n"


def test_many_changed_ranks_are_counted_rather_than_listed():
    before, after = DraftBoard(), DraftBoard()
    for k in range(10):
        for board in (before, after):
            board.cell("a", f"hard-{k}", 0.6).cell("b", f"hard-{k}", 0.3)
        after.cell("c", f"hard-{k}", 0.9)
    lines = changes(before.board(), after.board()).lines(most=6)
    assert lines[-1] == "and 14 more ranks changed"
    assert len([line for line in lines if line.startswith("rank of")]) == 6


def test_events_are_told_newest_first_and_move_no_cursor():
    made = draft().event("2026-11-01", "added", "a", protocol=1, solvers={"grid": {"version": "2"}})
    made.event("2026-11-02", "removed", "\x1b[31mred")
    assert events_in_words(made.history) == [
        "2026-11-02: removed \\x1b[31mred",
        "2026-11-01: added a, grid 2, protocol 1",
    ]


def test_a_folder_is_read_as_it_was_written(tmp_path):
    made = (
        draft().event("2026-11-01", "added", "a").event("2026-11-02", "added", "b").event("2026-11-02", "added", "old")
    )
    board = Board.read(made.write(tmp_path))
    assert history_text(made.board(), board) == "nothing changed\n"
    assert board.summary.contests[0].wins == made.board().summary.contests[0].wins
    assert set(board.before_the_latest.rows["entry"]) == {"a"}


def test_a_removed_entry_is_told_of_and_ranks_do_not_read_that(tmp_path):
    told, silent = draft().event("2026-11-03", "removed", "gone"), draft()
    boards = [Board.read(made.write(tmp_path / name)) for name, made in (("told", told), ("silent", silent))]
    assert boards[0].summary.solvers.equals(boards[1].summary.solvers)
    assert boards[0].before_the_latest is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("board.json", "[]", "an object of JSON"),
        ("board.json", '{"history": 3}', "`history` to be a list"),
        ("together.json", '{"a": 3}', "expected lists of digests by name"),
        (f"verdicts/{digest_of('a')}.json", '{"cells": 3}', "cannot be read"),
        (f"entries/{digest_of('a')}.entry", "no parquet", "is no entry"),
    ],
)
def test_a_damaged_folder_is_one_clear_error(tmp_path, name, content, said):
    folder = draft().write(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(ArenaError, match=said):
        Board.read(folder)


def test_no_board_is_one_clear_error(tmp_path):
    with pytest.raises(ArenaError, match=r"board\.json"):
        Board.read(tmp_path)


def test_entries_of_one_label_are_one(tmp_path):
    made = draft()
    folder = made.write(tmp_path)
    together = {"reference": [digest_of("a"), digest_of("b")]}
    (folder / "together.json").write_text(json.dumps(together))
    assert set(Board.read(folder).rows["entry"]) == {"reference", "old"}
