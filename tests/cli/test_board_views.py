"""Commands that show a board and its history."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from made_boards import DraftBoard

from recourse_arena.cli.boards.views import history, show
from recourse_arena.cli.group import Arena


@pytest.fixture
def board():
    group = Arena("board")
    group.add_command(show)
    group.add_command(history)

    def run(*words):
        return CliRunner().invoke(group, list(map(str, words)))

    return run


@pytest.fixture
def folders(tmp_path):
    draft = DraftBoard().cell("a", "hard-1", 0.9).event("2026-11-01", "added", "a")
    before = draft.write(tmp_path / "before")
    after = draft.cell("b", "hard-1", 0.3).event("2026-11-02", "added", "b").write(tmp_path / "after")
    return before, after


def test_show_prints_the_board_or_writes_its_page(board, folders):
    _, folder = folders
    shown = board("show", "--board", folder)
    assert shown.exit_code == 0
    assert "| a | decisions | re-judged | 1 of 1 | 1.0 of 2 |" in shown.output
    assert "## loan, hard-1" not in shown.output
    assert "## loan, hard-1" in board("show", "--board", folder, "--contests").output
    assert board("show", "--board", folder, "--page").exit_code == 0
    assert (folder / "index.html").read_text().startswith("<!doctype html>")
    assert (folder / "BOARD.md").is_file()


def test_history_prints_events_or_what_changed_since_another_folder(board, folders):
    before, after = folders
    assert board("history", "--board", after).output.splitlines() == ["2026-11-02: added b", "2026-11-01: added a"]
    assert "new: b" in board("history", before, "--board", after).output.splitlines()
    assert "removed: b" in board("history", after, "--board", before).output.splitlines()


@pytest.mark.parametrize("words", [("show",), ("history",)])
def test_a_folder_without_a_board_is_one_error(board, tmp_path, words):
    refused = board(*words, "--board", tmp_path)
    assert refused.exit_code == 2
    assert refused.output.startswith("error: ")


def test_history_of_one_folder_against_itself_is_refused(board, folders):
    assert "one folder" in board("history", folders[0], "--board", folders[0]).output
