"""The command and Python give the same rows, and whichever comes second trains nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from recourse_arena import api

SUITE = 'datasets = ["tiny"]\nsolvers = ["top", "learner"]\nscenarios = ["hard-1", "soft-linear"]\npeople = 30\n'


def artefacts(cache):
    return {path.relative_to(cache): path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")}


def test_the_second_of_shell_and_python_takes_what_the_first_has_made(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, sys.path)))
    file = tmp_path / "own.toml"
    file.write_text(SUITE)
    shutil.rmtree(tmp_path / "cache")  # nothing is made yet
    command = [sys.executable, "-c", "from recourse_arena.cli import main; main()", "run", str(file)]
    subprocess.run([*command, "--out", str(tmp_path / "shell")], check=True, capture_output=True)
    made = artefacts(tmp_path / "cache")
    assert {path.parent.name for path in made} >= {"flow", "solver-learner"}
    python = api.run(file, out=tmp_path / "python")
    assert artefacts(tmp_path / "cache") == made
    shell = api.load(tmp_path / "shell")
    pd.testing.assert_frame_equal(shell.people, python.people)
    learnt = [result.summary.query("solver == 'learner'") for result in (shell, python)]
    kept = learnt[0]["fit_seconds"].tolist()  # as the file rounds them
    assert learnt[1]["fit_seconds"].tolist() == pytest.approx(kept, abs=1e-3)
