"""The table of whose advice lasts: written, read back, added to, and not believed where it is about other people."""

from __future__ import annotations

import math

import pandas as pd
import pyarrow.parquet as pq
import pytest

from recourse_arena.storage.lasting_table import Redecided, read_redecided, write_redecided


def found(change, *, accepted=True):
    row = {
        "dataset": "tiny", "scenario": "hard-1", "solver": "top", "seed": 0, "person": 3, "change": change,
        "model": "m", "matched": False, "counts": True, "already": False, "accepted": accepted, "early": math.nan,
        "logit": 0.5, "margin": 0.25, "margin_sd": 0.125,
    }  # fmt: skip
    entry = {"dataset": "tiny", "seed": 0, "change": change, "model": "m", "matched": False, "accuracy": None}
    return Redecided(pd.DataFrame([row]), (entry,), ({"dataset": "d", "seed": 0, "change": change, "reason": "why"},))


def test_what_is_written_is_read_back(tmp_path):
    write_redecided(tmp_path / "table", found("pruned"), people="abc")
    again = read_redecided(tmp_path / "table", people="abc")
    assert again.models == found("pruned").models
    assert again.notes == found("pruned").notes
    pd.testing.assert_frame_equal(again.rows, found("pruned").rows, check_dtype=False)


def test_a_change_is_added_to_others_and_replaces_itself(tmp_path):
    both = found("same").beside(found("pruned"))
    assert both.rows["change"].tolist() == ["pruned", "same"]
    anew = found("pruned", accepted=False).beside(both)
    assert dict(zip(anew.rows["change"], anew.rows["accepted"], strict=True)) == {"same": True, "pruned": False}
    assert sorted(entry["change"] for entry in anew.models) == ["pruned", "same"]
    assert sorted(entry["change"] for entry in anew.notes) == ["pruned", "same"]


def test_what_is_about_other_people_or_no_such_table_is_not_believed(tmp_path):
    path = tmp_path / "table"
    assert read_redecided(path) is None
    write_redecided(path, found("pruned"), people="abc")
    assert read_redecided(path, people="other") is None
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["person"]), path)
    assert read_redecided(path, people="abc") is None
    pq.write_table(table.replace_schema_metadata({}), path)
    assert read_redecided(path, people="abc") is None
    path.write_bytes(b"nothing")
    assert read_redecided(path, people="abc") is None
    (tmp_path / "link").symlink_to(path)
    assert read_redecided(tmp_path / "link", people="abc") is None


@pytest.mark.parametrize("name", ["accepted", "seed"])
def test_columns_have_their_types(tmp_path, name):
    write_redecided(tmp_path / "table", found("pruned"))
    assert str(pq.read_schema(tmp_path / "table").field(name).type) == {"accepted": "bool", "seed": "int64"}[name]
