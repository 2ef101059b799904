"""The command `recourse-arena tune`."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from recourse_arena.cli import main

WORDS = ["tune", "aimer", "--dataset", "tiny", "--scenario", "hard-1", "--out", "out"]


@pytest.fixture
def command(plugged, shared_models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def test_without_optuna_it_says_what_to_install(command, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    shown = command(*WORDS)
    assert shown.exit_code == 2
    assert "pip install 'recourse-arena[tune]'" in shown.stderr
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "cache").exists()


def test_it_shows_the_best_trials_beside_the_defaults_and_a_variant_that_run_accepts(command, tmp_path):
    pytest.importorskip("optuna")
    options = ["--trials", 12, "--objective", "coverage - 0.1 * hap", "--option", "patience=7", "--only", "aim,force"]
    shown = command(*WORDS, *options, "--people", 80, "--seeds", "0,1")
    assert shown.exit_code == 0, shown.output
    assert "80 of seed 0, 80 of seed 1" in shown.stdout
    assert "who has none that is defined has lost" in shown.stdout
    rows = [line for line in shown.stdout.splitlines() if line.startswith("| ") and "aim " in line]
    assert len(rows) == 6
    assert "0 (defaults)" in rows[-1]
    values = [row.split("|")[2].strip() for row in rows]
    assert values[:5] == sorted(values[:5], reverse=True)
    gains = [row.split("|")[3].strip() for row in rows]
    assert gains[-1] == "+0.000"
    assert float(gains[0]) == pytest.approx(float(values[0]) - float(values[-1]), abs=0.0015)
    assert gains[0].startswith("+")
    variant = next(line for line in shown.stdout.splitlines() if line.startswith("Best: ")).removeprefix("Best: ")
    record = json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert record["best"]["variant"] == variant
    assert variant.startswith("aimer?patience=7&aim=0.")
    (tmp_path / "mine.toml").write_text('datasets = ["tiny"]\nsolvers = ["top"]\nscenarios = ["hard-1"]\npeople = 9\n')
    assert command("run", "mine.toml", "--solver", variant, "--out", "run").exit_code == 0


def test_defaults_that_cannot_be_beaten_are_said_to_be_so(command):
    pytest.importorskip("optuna")
    shown = command(*WORDS, "--trials", 2, "--objective", "0 * coverage")
    assert shown.exit_code == 0
    assert "Nothing beats the defaults: aimer\n" in shown.stdout


def test_if_every_trial_fails_it_exits_with_1(command):
    pytest.importorskip("optuna")
    shown = command(*WORDS, "--trials", 2, "--objective", "coverage / violations")
    assert shown.exit_code == 1
    assert "All 2 trials failed; the first: the objective is" in shown.stdout
    assert "2 of 2 trials failed" in shown.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--option", "patience"], "--option: expected NAME=VALUE, as in steps=1500; got 'patience'"),
        (["--option", "patienc=3"], "unknown option of solver 'aimer' 'patienc'"),
        (["--only", "aims"], "unknown option to tune of solver 'aimer' 'aims'"),
        (["--objective", "coverage.sum()"], "metrics: coverage, validity"),
        (["--seeds", "a"], "--seeds: expected whole numbers"),
        (["--trials", "0"], "0 is not in the range"),
        (["--scenario", "hrad-1"], "unknown scenario 'hrad-1'"),
        (["--out", "/dev/null/out"], "cannot write into"),
    ],
)
def test_wrong_use_is_one_message_and_exit_code_2(command, words, message):
    pytest.importorskip("optuna")
    shown = command(*WORDS, *words)
    assert shown.exit_code == 2, shown.output
    assert message in shown.stderr
    assert "Traceback" not in shown.output
    assert len(shown.stderr.strip().splitlines()) <= 5
