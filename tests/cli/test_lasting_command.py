"""The command `lasting`: its forms, and a user's mistakes."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from click.testing import CliRunner

from recourse_arena.cli import main


def call(*words):
    return CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)


@pytest.fixture
def run(arena, tmp_path):
    arena(out=tmp_path / "run")
    return tmp_path / "run"


def test_a_finished_run_says_in_every_form_whose_advice_lasts(run, tmp_path):
    words = ("lasting", run, "--change", "retrained?models=2", "--change", "same")
    shown = call(*words)
    assert shown.exit_code == 0, shown.output
    assert "mean of 2" in shown.output
    assert shown.output.startswith("A model that accepts more people")
    assert "|" in call(*words, "--format", "md").output
    csv = pd.read_csv(io.StringIO(call(*words, "--format", "csv").output))
    assert set(csv["model"]) == {"same", "retrained-1", "retrained-2", "all 2", "mean of 2", "worst of 2"}
    written = call(*words, "--format", "json", "--out", tmp_path / "found.json")
    assert written.stderr.startswith("wrote ")
    found = json.loads((tmp_path / "found.json").read_text())
    assert {row["vd"] for row in found["advice"] if row["model"] == "same"} == {0.0}
    assert (run / "lasting.parquet").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--change", "prund"), "unknown change of the decision model 'prund'. Did you mean 'pruned'"),
        (("--change", "pruned?shar=1"), "Did you mean 'share'"),
        ((), "keeps nothing of any"),
        (("--change", "same", "--change", "same"), "2 of them are called 'same'"),
        (("--change", "same", "--out", "nowhere/at/all.md"), "there is no such folder"),
        (("--change", "same", "--dataset", "mine.toml"), "mine.toml"),
        (("--change", "same", "--no-plugin", "nobody"), "unknown plugin 'nobody'"),
    ],
)
def test_a_mistake_is_one_message(run, words, message):
    shown = call("lasting", run, *words)
    assert shown.exit_code == 2
    assert message in shown.output
    assert "Traceback" not in shown.output


def test_a_folder_that_is_no_run_is_refused(tmp_path, plugged):
    shown = call("lasting", tmp_path, "--change", "same")
    assert shown.exit_code == 2
    assert "is not a run folder" in shown.output


def test_changes_are_listed_with_their_options():
    listed = call("list", "changes").output
    assert {line.split()[0] for line in listed.splitlines()[1:]} == {
        "box", "deployed", "distilled", "faithful", "fine-tuned", "onnx", "pruned", "quantized", "retrained", "same",
        "shifted", "shifted-bias",
    }  # fmt: skip
    about = call("list", "changes", "quantized").output
    assert "recourse-arena lasting RUN --change quantized" in about
    assert "`ptq`, `lsq`, `pact`, `mixed`, `cfq`, `r-margin` or `r-consistency`" in about
    shown = call("list", "changes", "quantised")
    assert shown.exit_code == 2
    assert "Did you mean 'quantized'" in shown.output
