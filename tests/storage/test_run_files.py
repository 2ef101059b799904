"""What is read back from a run folder: names are words, and people have one reader."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from boards import Draft

from recourse_arena import ArenaError
from recourse_arena.reporting.forms import FORMS, render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.storage.people_table import read_people
from recourse_arena.storage.run_files import RunFiles

WORDS = ("NA", "2024", "1e3", "nan", "None", "True", "")


@pytest.mark.parametrize("word", WORDS[:-1])
@pytest.mark.parametrize("form", FORMS)
def test_a_name_is_a_word_whatever_it_looks_like(tmp_path, word, form):
    draft = Draft(people=40).solve(word, word, 0.5).solve(word, "other", 0.9).end("hard-1", word, "failed", "it broke")
    run = draft.write(tmp_path / "run")
    assert set(run.summary["scenario"]) == {word, "hard-1"}
    board = Leaderboard.of([run])
    assert len(board.rows) == 3
    assert board.table()["attainability_rank"].notna().sum() == 2
    shown = render(board, form)
    assert word in shown
    assert "it broke" in shown
    if form == "json":
        assert {row["solver"] for row in json.loads(shown)["rows"]} == {word, "other"}


def test_people_are_read_with_the_columns_that_are_wanted(tmp_path):
    path = Draft(people=20).solve("hard-1", "a", 0.5).write(tmp_path / "run").path / "people.parquet"
    found = read_people(path, lambda column: column == "logp_factual")
    assert set(found) <= {
        *("dataset", "scenario", "solver", "seed", "person", "outcome", "valid", "plausible", "cost"),
        *("weighted_cost", "hard_action", "violations", "logp_factual"),
    }
    assert str(found["hard_action"].dtype) == "boolean"
    assert read_people(tmp_path / "nowhere.parquet") is None


def test_what_cannot_be_read_is_one_error_with_the_file(tmp_path):
    run = Draft(people=20).solve("hard-1", "a", 0.5).write(tmp_path / "run")
    path = run.path / "people.parquet"
    people = pd.read_parquet(path)
    people.drop(columns=["valid", "cost"]).to_parquet(path)
    with pytest.raises(ArenaError, match=r"people.parquet: missing columns valid, cost; run the suite again"):
        read_people(path)
    path.write_bytes(b"PAR1 and more")
    with pytest.raises(ArenaError, match=r"cannot read .*people.parquet"):
        RunFiles.read(run.path).read_people()
    people.iloc[:0].to_parquet(path)
    assert read_people(path) is None
