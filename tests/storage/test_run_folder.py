"""A run folder is the run's alone: nothing of anybody else's is replaced or deleted."""

from __future__ import annotations

import pytest

from recourse_arena import ArenaError


@pytest.mark.parametrize("name", ["summary.csv", "people.parquet", "leaderboard.md", "cells/mine.json", "notes.txt"])
@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_that_holds_anything_else_is_refused_and_left_as_it_is(arena, tmp_path, name, fresh):
    file = tmp_path / "out" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(ArenaError, match=r"is no run folder \(it has no run.json\)"):
        arena(out=tmp_path / "out", fresh=fresh, scenarios=["hard-1"], people=3)
    assert file.read_text() == "mine"
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [file]


def test_an_empty_folder_and_one_of_a_run_that_was_stopped_are_taken(arena, tmp_path):
    (tmp_path / "out").mkdir()
    first = arena(out=tmp_path / "out", solvers=["top"], scenarios=["hard-1"], people=3).people
    for file in (tmp_path / "out").glob("*.*"):
        file.unlink()
    assert arena(out=tmp_path / "out", solvers=["top"], scenarios=["hard-1"], people=3).people.equals(first)


@pytest.mark.parametrize("name", ["cells", "advice"])
def test_links_are_not_followed(arena, tmp_path, name):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious.json").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(mine)
    with pytest.raises(ArenaError, match="is a link"):
        arena(out=tmp_path / "out", fresh=True, scenarios=["hard-1"], people=3)
    assert (mine / "precious.json").read_text() == "mine"


@pytest.mark.parametrize(("out", "message"), [("", "got an empty one"), ("x" * 300, "File name too long")])
def test_a_name_that_cannot_be_one_is_one_clear_error(arena, tmp_path, monkeypatch, out, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArenaError, match=message):
        arena(out=out, scenarios=["hard-1"], people=3)
