"""Files that are not what they should be do no harm: they are reported, moved aside, and made again."""

from __future__ import annotations

import os
import pickle
import re
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recourse_arena import ArenaError
from recourse_arena.planning.suite_file import read_suite
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.files import checked_name
from recourse_arena.storage.kept_results import KeptResults, _digest
from recourse_arena.storage.task_result import CellResult

fuzzed = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Payload:
    """A pickle that leaves a mark when it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_a_pickle_named_as_an_artefact_is_not_read(tmp_path):
    cache, mark = ArtefactCache(tmp_path / "cache"), tmp_path / "mark"
    cache.get("flow", "key", lambda: {"w": torch.ones(2)})
    (file,) = (tmp_path / "cache").rglob("*.safetensors")
    file.write_bytes(pickle.dumps(Payload(mark)))
    with pytest.warns(UserWarning, match="made anew, and the file is now .*set-aside"):
        tensors, _ = cache.get("flow", "key", lambda: {"w": torch.ones(2)})
    assert tensors["w"].tolist() == [1, 1]
    assert not mark.exists()
    assert pickle.dumps(Payload(mark)) == next((tmp_path / "cache" / "set-aside").iterdir()).read_bytes()


@fuzzed
@given(content=st.binary(max_size=300), flip=st.integers(0, 10_000))
@pytest.mark.filterwarnings("ignore:.*made anew")
def test_no_artefact_but_the_one_that_was_written_is_ever_used(tmp_path, content, flip):
    cache = ArtefactCache(tmp_path / "cache")
    cache.get("flow", "key", lambda: {"w": torch.arange(4.0)})
    file = tmp_path / "cache" / "flow" / "key.safetensors"
    good = file.read_bytes()
    place = flip % len(good)
    for bad in (content, good[:place], good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]):
        file.write_bytes(bad)
        tensors, _ = cache.get("flow", "key", lambda: {"w": torch.arange(4.0)})
        assert torch.equal(tensors["w"], torch.arange(4.0))
    shutil.rmtree(tmp_path / "cache")


def test_an_artefact_of_another_key_is_not_used(tmp_path):
    cache = ArtefactCache(tmp_path)
    cache.get("flow", "one", lambda: {"w": torch.zeros(1)})
    shutil.copy(tmp_path / "flow" / "one.safetensors", tmp_path / "flow" / "two.safetensors")
    with pytest.warns(UserWarning, match="its key or its checksum is another"):
        assert cache.get("flow", "two", lambda: {"w": torch.ones(1)})[0]["w"] == 1


@fuzzed
@given(
    name=st.text(max_size=30)
    | st.sampled_from(["..", "../x", "/etc/passwd", "a/b", "a\\b", "", ".", "x\0", "-", "CON\n"])
)
def test_names_that_lead_elsewhere_never_become_paths(tmp_path, name):
    cache = ArtefactCache(tmp_path / "cache")
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        assert (tmp_path / "cache" / checked_name(name)).resolve().parent == (tmp_path / "cache").resolve()
        return
    for act in (checked_name, lambda name: cache.get(name, "key", dict), lambda name: cache.put("flow", name, b"x")):
        with pytest.raises(ArenaError, match="cannot be part of a file name"):
            act(name)
    assert not (tmp_path / "cache").exists()


def hostile_tables():
    """Yield parquet files that are no cells, though their names are right."""
    yield pq_bytes(pa.table({"a": [1]}))
    yield pq_bytes(pa.table({"person": ["x"], "outcome": [1]}))
    yield pq_bytes(pa.table({"person": [1]}), said=b"[]")
    for said in (
        b"[",
        b"{}",
        b'[{"key": 1}]',
        b"null",
        b"[" * 100_000,
        b'[{"key":"k","rows":-1}]',
        b'[{"key":"k","rows":9}]',
    ):
        yield pq_bytes(rows(), said=said)
    yield pickle.dumps([1])
    yield b""


def rows():
    return pa.table(
        {
            "person": pa.array([0], pa.int64()),
            "outcome": ["solved"],
            "valid": [True],
            "plausible": [True],
            "cost": pa.array([0.1], pa.float32()),
            "weighted_cost": pa.array([0.1], pa.float32()),
            "violations": pa.array([0], pa.int64()),
        }
    )


def pq_bytes(table, said=None):
    if said is not None:
        table = table.replace_schema_metadata({b"recourse-arena cells": said})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def test_hostile_cells_are_moved_aside_and_computed_anew(arena, tmp_path):
    first = arena(out=tmp_path / "run")
    cells = tmp_path / "run" / "cells"
    for number, kept in enumerate(sorted(cells.glob("*.parquet"))):
        kept.rename(cells / f"{number}.parquet")  # as if another file had taken its name
    for content in hostile_tables():
        (cells / f"{_digest(content)}.parquet").write_bytes(content)
    hostile = len(list(cells.glob("*.parquet")))
    with pytest.warns(UserWarning, match="computed anew, and it is now"):
        second = arena(out=tmp_path / "run")
    pd.testing.assert_frame_equal(first.people, second.people)
    assert len(list((tmp_path / "run" / "set-aside").iterdir())) == hostile > 12


@fuzzed
@given(content=st.binary(max_size=200), honest=st.booleans())
@pytest.mark.filterwarnings("ignore:.*computed anew")
def test_whatever_lies_among_the_cells_does_no_harm(tmp_path, content, honest):
    folder = tmp_path / "cells"
    folder.mkdir()
    (folder / f"{_digest(content) if honest else 'x'}.parquet").write_bytes(content)
    assert KeptResults(CellResult, folder, aside=tmp_path).read({"key"}) == {}
    assert not list(folder.iterdir())
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = " + "[" * 100_000, "brackets within brackets"),
        ("people = " + "9" * 10_000, "expected TOML"),
        ("#" * 2_000_000, "at most 250000 bytes"),
        ("a" + ".a" * 50_000 + " = 1", "at most 200 dots"),
        ('datasets=["loan"]\nsolvers=["grid"]\n[answers."../../x"]\nfile="s.csv"', "expected a name of letters"),
        ('datasets=["loan"]\nsolvers=["grid"]\n[answers."/etc/x"]\nfile="s.csv"', "expected a name of letters"),
    ],
    ids=["depth", "digits", "size", "dots", "up", "root"],
)
def test_a_toml_bomb_is_one_clear_error(tmp_path, content, message):
    file = tmp_path / "bomb.toml"
    file.write_text(content)
    with pytest.raises(ArenaError, match=message) as raised:
        read_suite(file)
    assert len(str(raised.value)) < 1000


@fuzzed
@given(content=st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_a_suite_or_one_clear_error(tmp_path, content):
    file = tmp_path / "any.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ArenaError):
        read_suite(file)


def test_a_solver_whose_name_is_a_path_stays_in_the_cache(arena, tmp_path, monkeypatch):
    import tiny

    from recourse_arena.registry import discovery as plugins

    class Climber(tiny.Learner):
        name = "../../climber"

    registry = plugins.discover()
    registry.solvers["../../climber"] = Climber
    monkeypatch.setattr("recourse_arena.execution.run_order.discover", lambda **_: registry)
    before = {*tmp_path.iterdir()}
    result = arena(solvers=["../../climber"], scenarios=["hard-1"])
    assert set(result.summary["outcome"]) == {"solved"}
    assert {*tmp_path.iterdir()} - before == {tmp_path / "cache"}
    assert (tmp_path / "cache" / "solver-______climber").is_dir()
