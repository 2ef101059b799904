"""Entries come to a board, leave it and are run again; nothing is done twice, and nothing half."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from recourse_arena import ArenaError
from recourse_arena.board import door
from recourse_arena.board.entries.board_folder import BoardFolder
from recourse_arena.board.entries.entry import read_entry
from recourse_arena.cli import main

pytestmark = pytest.mark.usefixtures("with_plugins")


@pytest.fixture
def board(tmp_path, home):
    """A new board, with the suite of the tests."""
    shutil.copytree(home / "suites", tmp_path / "board" / "suites")
    return tmp_path / "board"


def content(board):
    return {path.relative_to(board): path.read_bytes() for path in board.rglob("*") if path.is_file()}


def told_but_history(files):
    """Return what the text of a board says of its entries: all of it but the part on what happened."""
    text = files[Path("BOARD.md")].decode()
    start = text.index("\n## History")
    return text[:start], text[start:].split("\n## ", 2)[2:]


def test_adding_is_done_once_and_removing_leaves_a_line_of_history(board, honest, home, forger, tmp_path):
    (verdict,) = door.add(honest, board)
    digest = read_entry(honest).digest
    assert (board / "entries" / f"{digest}.entry").read_bytes() == honest.read_bytes()
    assert BoardFolder(board).verdict(digest) == verdict
    before = content(board)
    (same,) = door.add([honest, honest], board)
    assert content(board) == before
    assert same == verdict

    forger.said["card"]["name"] = "another"
    second = forger.write(tmp_path / "second.entry")
    run = CliRunner().invoke(main, ["board", "add", str(second), "--board", str(board)])
    assert run.exit_code == 0, run.output
    assert "another: re-judged, 180 rows of suite small; the same packages" in run.output
    assert [event.name for event in BoardFolder(board).history] == ["suite small", "another"]

    run = CliRunner().invoke(main, ["board", "remove", "another", "--board", str(board)])
    assert run.exit_code == 0, run.output
    left = content(board)
    telling = {Path("board.json"), Path("BOARD.md"), Path("index.html")}
    assert {path: left[path] for path in left if path not in telling} == {
        path: before[path] for path in before if path not in telling
    }
    assert told_but_history(left) == told_but_history(before)
    history = BoardFolder(board).history
    assert [(event.event, event.name, event.entry) for event in history] == [
        ("added", "suite small", digest),
        ("removed", "another", ""),
    ]


def test_entries_may_be_parts_of_one(board, honest, forger, tmp_path):
    forger.said["card"]["name"] = "another"
    second = forger.write(tmp_path / "second.entry")
    digests = sorted(read_entry(path).digest for path in (honest, second))
    door.add(honest, board)
    alone = content(board)
    command = ["board", "add", str(honest), str(second), "--board", str(board), "--together", "ours"]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert BoardFolder(board).together == {"ours": digests}
    parts = content(board)
    assert CliRunner().invoke(main, command).exit_code == 0
    assert content(board) == parts
    door.remove("another", board)
    assert BoardFolder(board).together == {"ours": [read_entry(honest).digest]}
    door.remove("suite small", board)
    assert not (board / "together.json").exists()
    door.add(honest, board)
    assert told_but_history(content(board)) == told_but_history(alone)


def test_what_is_refused_stays_outside_and_the_rest_comes_in(board, honest, forger, tmp_path):
    forger.said["card"]["name"] = "better"
    forger.cell(solver="top")["averages"]["validity"] = 0.123
    forged = forger.write(tmp_path / "forged.entry")
    run = CliRunner().invoke(main, ["board", "add", str(forged), str(honest), "--board", str(board)])
    assert run.exit_code == 2
    assert run.output.count("error:") == 1
    assert f"{forged} is refused: tiny, hard-1, top, seed 0: average validity: entry says 0.123" in run.output
    assert [entry.name for entry in BoardFolder(board).entries()] == ["suite small"]


def test_a_name_is_somebodys_until_it_is_replaced(board, honest, forger, tmp_path):
    door.add(honest, board)
    forger.said["provenance"]["processor"] = "another"
    other = forger.write(tmp_path / "other.entry")
    before = content(board)
    with pytest.raises(ArenaError, match="has an entry called 'suite small' already"):
        door.add(other, board)
    assert content(board) == before
    door.add(other, board, replace=True)
    assert BoardFolder(board).digests == [read_entry(other).digest]
    assert [event.event for event in BoardFolder(board).history] == ["added", "replaced"]
    assert BoardFolder(board).history[1].was == read_entry(honest).digest


def test_a_verdict_that_is_lost_is_made_again(board, honest):
    (verdict,) = door.add(honest, board)
    shutil.rmtree(board / "verdicts")
    assert door.add([], board) == []
    again = BoardFolder(board).verdict(verdict["entry"])
    assert {**again, "seconds": 0} == {**verdict, "seconds": 0}
    entry = BoardFolder(board).entry_file(verdict["entry"])
    entry.write_bytes(entry.read_bytes()[:-1] + b"x")
    with pytest.raises(ArenaError, match="no entry"):
        BoardFolder(board).entries()


def test_a_folder_of_somebody_else_and_one_at_work_are_left_alone(board, honest, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").touch()
    with pytest.raises(ArenaError, match=r"holds 'thesis.tex' and is no board"):
        door.add(honest, other)
    with pytest.raises(ArenaError, match="is no board"):
        door.remove("x", other)
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]
    with FileLock(board / ".lock"), pytest.raises(ArenaError, match="another process is changing"):
        door.add(honest, board)
    (board / "board.json").write_text('{"format": 1, "history": 7}')
    with pytest.raises(ArenaError, match=r"board.json is not the record of a board"):
        door.add(honest, board)


def test_an_entry_is_known_by_its_name_or_digest_and_nothing_else(board, honest):
    door.add(honest, board)
    with pytest.raises(ArenaError, match=r"no entries are called 'nobody'; it has: suite small"):
        door.remove("nobody", board)
    door.remove(read_entry(honest).digest[:6], board)
    assert BoardFolder(board).digests == []


@pytest.mark.parametrize("same", [True, False])
def test_running_again_is_kept_with_what_it_found(board, honest, home, tmp_path, same):
    door.add(honest, board)
    run = home / "run"
    if not same:
        run = shutil.copytree(home / "run", tmp_path / "run")
        info = json.loads((run / "run.json").read_text())
        info["cells"][0] |= {"outcome": "failed", "people": 0}
        (run / "run.json").write_text(json.dumps(info))
    fake = tmp_path / "python"  # an environment in which the same command leaves that run
    fake.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"open({str(tmp_path / 'words')!r}, 'w').write(' '.join(sys.argv[3:]))\n"
        f"shutil.copytree({str(run)!r}, sys.argv[sys.argv.index('--out') + 1])\n"
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    command = ["board", "rerun", "suite small", "--board", str(board), "--python", str(fake)]
    done = CliRunner().invoke(main, command)
    words = (tmp_path / "words").read_text()
    assert words.startswith(f"run {board / 'suites' / 'small.toml'} --out ")
    assert "--solver top --solver growing-spheres --solver boaster" in words
    digest = read_entry(honest).digest
    badge = BoardFolder(board).verdict(digest)["badges"]["re-run"]
    assert badge["same"] is same
    assert done.exit_code == (0 if same else 1), done.output
    told = "180 rows, each the same to the last bit" if same else "again: failed, 0 people"
    assert told in badge["words"]
    assert (BoardFolder(board).history[-1].event, BoardFolder(board).history[-1].same) == ("re-run", same)
    shutil.rmtree(board / "verdicts")
    door.add([], board)
    assert BoardFolder(board).verdict(digest)["badges"]["re-run"] == badge


def test_an_environment_that_cannot_run_it_is_told(board, honest, tmp_path):
    door.add(honest, board)
    with pytest.raises(ArenaError, match="the run cannot begin"):
        door.rerun("suite small", board, python=str(tmp_path / "nowhere"))
    with pytest.raises(ArenaError, match="does not say which distribution 'boaster' comes from"):
        door.rerun("suite small", board)
