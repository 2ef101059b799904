"""A run's own folder: what is damaged is made anew, what is planted is not believed, links are not followed."""

from __future__ import annotations

import json
import os

import pandas as pd
import pyarrow as pa
import pytest
import tiny
from click.testing import CliRunner

from recourse_arena import ArenaError
from recourse_arena.cli import main
from recourse_arena.judging.records import check_records

pytestmark = pytest.mark.usefixtures("no_boards")

FEW = {"solvers": ["top"], "scenarios": ["hard-1"], "people": 5}
OLD = '{"suite": {"name": "small", "version": "1"}, "plan": "p", "status": "finished", "cells": 5}'


@pytest.mark.parametrize("text", ["", "{", "[]", '{"suite": 3}', "[" * 100_000, OLD, None])
def test_a_damaged_record_is_set_aside_and_made_anew_from_the_cells(arena, tmp_path, monkeypatch, text):
    first = arena(out=tmp_path / "run", **FEW).people
    record = tmp_path / "run" / "run.json"
    record.unlink()
    record.write_text(text) if text is not None else os.mkfifo(record)
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: pytest.fail("computed again"))
    with pytest.warns(UserWarning, match=r"run\.json is not a record .* it is made anew from the cells, and is now"):
        again = arena(out=tmp_path / "run", **FEW)
    pd.testing.assert_frame_equal(first, again.people)
    assert len(list((tmp_path / "run" / "set-aside").iterdir())) == 1


def plant(monkeypatch, do):
    """Have the solver do something while it is asked."""
    real = tiny.Top.recommend
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: do() or real(self, request))


@pytest.mark.parametrize("place", ["cells/planted.parquet", "cells/planted.models.json", "advice/planted.parquet"])
@pytest.mark.parametrize("kind", ["file", "pipe", "folder"])
def test_what_appears_in_the_folder_during_a_run_is_moved_aside(arena, tmp_path, monkeypatch, place, kind):
    file = tmp_path / "run" / place
    make = {"file": lambda: file.write_text("mine"), "pipe": lambda: os.mkfifo(file), "folder": file.mkdir}[kind]
    plant(monkeypatch, lambda: None if os.path.lexists(file) else (file.parent.mkdir(exist_ok=True), make())[0])
    with pytest.warns(UserWarning, match=f"{place} appeared during the run, which did not write it; it is now"):
        arena(out=tmp_path / "run", **FEW)
    assert not os.path.lexists(file)
    names = {path.name for path in (tmp_path / "run").glob("*/*") if path.parent.name != "set-aside"}
    assert {name.partition(".")[2] for name in names} == {"parquet", "models.json", "lock"}


def test_what_the_run_wrote_and_somebody_changed_is_written_again(arena, tmp_path, monkeypatch):
    monkeypatch.setattr("recourse_arena.storage.kept_results._BETWEEN", 0.0)
    files = lambda: sorted((tmp_path / "run").glob("*/*.*s*"))  # noqa: E731
    calls = []

    def spoil():
        calls.append(1)
        if len(calls) == 4:  # cells before this one are there
            for file in (tmp_path / "run").glob("*/*.parquet"):
                file.write_bytes(b"PAR1 not really")
            for file in (tmp_path / "run").glob("*/*.models.json"):
                file.write_text('{"identity": {}, "marginals": {}}')

    plant(monkeypatch, spoil)
    choice = {"solvers": ["top"], "scenarios": ["hard-1", "hard-2", "soft-linear"], "people": 5}
    with pytest.warns(UserWarning, match="was lost or changed during the run; it is written again"):
        first = arena(out=tmp_path / "run", **choice).people
    assert len(calls) >= 4
    assert files()
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: pytest.fail("computed again"))
    (tmp_path / "run" / "people.parquet").unlink()
    pd.testing.assert_frame_equal(first, arena(out=tmp_path / "run", **choice).people)


def test_a_run_does_not_go_on_with_other_models_than_it_rests_on(arena, tmp_path):
    arena(out=tmp_path / "run", cache=tmp_path / "one", solvers=["top"], scenarios=["hard-1"], people=5)
    record = tmp_path / "run" / "run.json"
    info = json.loads(record.read_text())
    for file in (tmp_path / "run" / "cells").glob("*.models.json"):  # as if the models were others by now
        said = json.loads(file.read_text())
        said["identity"]["classifier"] = "another"
        file.write_text(json.dumps(said))
    assert len(info["materials"]) == 1
    info["materials"][0]["classifier"] = "yet another"
    record.write_text(json.dumps({**info, "status": "running"}))
    choice = {"solvers": ["top"], "scenarios": ["hard-1"], "people": 5}
    with pytest.raises(ArenaError, match=r"classifier is another one than this run rests on \(yet another -> "):
        arena(out=tmp_path / "run", **choice)
    assert json.loads(record.read_text())["materials"][0]["classifier"] == "yet another"  # nor does the next one
    assert len(arena(out=tmp_path / "run", fresh=True, **choice).people) == 5


def records(**changes):
    from recourse_arena.judging.records import COLUMNS

    kinds = {**COLUMNS, "group_sex": pa.large_string(), **changes}
    return pa.schema([pa.field(name, kind) for name, kind in kinds.items() if kind is not None])


@pytest.mark.parametrize("changes", [{"value_x": pa.float64()}, {"group_sex": pa.int64()}, {"mood": pa.int8()}])
def test_records_that_cannot_be_merged_with_those_of_others_are_none(changes):
    check_records(records())
    with pytest.raises(ArenaError, match="not rows of people: column"):
        check_records(records(**changes))


def test_a_cell_with_other_types_fails_alone_and_a_kept_one_is_made_again(arena, tmp_path, monkeypatch):
    from recourse_arena.judging.judge import Judge

    real, calls = Judge.__call__, []

    def odd(self, request, recommendation):
        people = real(self, request, recommendation)
        calls.append(1)
        if len(calls) == 1:
            return people
        place = people.column_names.index("group_sex") if "group_sex" in people.column_names else 0
        return people.set_column(place, people.column_names[place], pa.array([0.5] * len(people)))

    choice = {"solvers": ["top"], "scenarios": ["hard-1", "hard-2"], "people": 5}
    with monkeypatch.context() as patch:
        patch.setattr(Judge, "__call__", odd)
        summary = arena(out=tmp_path / "run", **choice).summary.set_index("scenario")
        assert summary["outcome"].to_dict() == {"hard-2": "solved", "hard-1": "failed"}
        patch.setattr("recourse_arena.execution.runner.check_records", lambda schema: None)
        with pytest.raises(pa.ArrowException):  # as it was before: kept, and no tables
            arena(out=tmp_path / "run", **choice)
    with pytest.warns(UserWarning, match="its cells are computed anew"):
        summary = arena(out=tmp_path / "run", **choice).summary
    assert set(summary["outcome"]) == {"solved"}


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path):
    """A file and a folder of the user's."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious.json").write_text("mine")
    yield tmp_path / "mine"
    assert [path.read_text() for path in (tmp_path / "mine").iterdir()] == ["mine"]


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    "name", ["", "cells", "advice", "set-aside", "cells/.lock", "run.json", "summary.csv", "leaderboard.html"]
)
def test_a_run_writes_and_cleans_through_no_link(arena, tmp_path, mine, name, fresh):
    link = tmp_path / "run" / name if name else tmp_path / "run"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(mine / "precious.json" if "." in name else mine)
    with pytest.raises(ArenaError, match=r"is a link to .*mine"):
        arena(out=tmp_path / "run", fresh=fresh, **FEW)


def test_no_command_writes_through_a_link(plugged, tmp_path, mine, monkeypatch):
    from boards import Draft

    monkeypatch.chdir(tmp_path)
    run = Draft(people=20).solve("hard-1", "a", 0.5).write(tmp_path / "run").path
    file, folder = tmp_path / "file.md", tmp_path / "folder"
    file.symlink_to(mine / "precious.json")
    folder.symlink_to(mine)
    (run / "figures").symlink_to(mine)
    (run / "report.md").symlink_to(mine / "precious.json")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "heloc").symlink_to(mine)
    for words in (
        ("leaderboard", run, "--out", file),
        ("figures", run),
        ("figures", run, "--out", folder),
        ("report", run),
        ("report", run, "--out", file),
        ("tune", "aimer", "--dataset", "tiny", "--scenario", "hard-1", "--out", folder),
        ("new", "solver", "my-own", "--into", folder),
        ("data", "fetch", "heloc", "--from", run / "summary.csv", "--data", tmp_path / "data"),
    ):
        shown = CliRunner().invoke(main, [str(word) for word in words])
        assert shown.exit_code == 2, (words, shown.output)
        assert "is a link to" in shown.stderr, (words, shown.stderr)
