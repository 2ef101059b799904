"""A table of one's own, named by the path of its file, from advice to its verification."""

from __future__ import annotations

import pandas as pd
import pytest
from own_tables import ROWS, TOML, csv_text, written

from recourse_arena import ArenaError, dataset, recommend, session, verify

WHO = {"income": 101, "debt": 0.5, "home": "rent", "age": 25}


@pytest.fixture
def folder(tmp_path, monkeypatch, tmp_path_factory):
    """Where the table lies; whoever earns more is accepted."""
    rows = [(*row[:-1], "yes" if row[0] > 135 else "no") for row in ROWS]
    written(tmp_path, TOML + '\n[decision]\nmodel = "logistic"\n', csv_text(rows))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "no")
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path_factory.getbasetemp() / "own"))
    return tmp_path


def test_advice_on_a_file_is_given_by_its_path_and_verified_wherever_it_lies(folder, monkeypatch):
    told = recommend("own.toml?cost=gower", WHO, solvers="grid")
    assert told.alternatives
    assert told.certificate.file == "own.toml?cost=gower"
    told.save("advice.json")
    assert verify("advice.json").holds
    with session(folder / "own.toml", WHO, solvers="grid") as talk:
        assert "income" in talk.wishes.said
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    with pytest.raises(ArenaError, match="own.toml.*--dataset says where it is"):
        verify("../advice.json")
    assert verify("../advice.json", dataset="../own.toml?cost=gower").holds


def test_a_feature_may_not_be_called_as_the_column_that_says_who_answers(folder):
    spoilt = TOML.replace('name = "debt"', 'name = "person"\ncolumn = "debt"')
    (folder / "own.toml").write_text(spoilt)
    with pytest.raises(ArenaError, match="may be called 'person'"):
        session("own.toml", WHO)
    frame = pd.DataFrame({"person": range(60), "paid": [0, 1] * 30, "income": [5, 6, 7, 8] * 15})
    assert dataset(frame, label="paid", actionable=["person"]).features.names == ("person_2", "income")
