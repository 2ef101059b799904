"""A folder that somebody sends is read only if it is what it says: any other is one error, never a traceback."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil

import pandas as pd
import pytest
from boards import Draft
from click.testing import CliRunner
from mutations import mutated, mutations

from recourse_arena import ArenaError
from recourse_arena.cli import main
from recourse_arena.reporting.comparison.comparison import compare
from recourse_arena.reporting.forms import FORMS, render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.paper.report import PaperReport
from recourse_arena.storage import run_files
from recourse_arena.storage.run_files import RunFiles

ALARM = {"dataset": "town", "scenario": "hard-1", "seed": 0, "solver": "a", "certifier": "b", "people": 2}
MATERIALS = {"dataset": "town", "seed": 0, "version": "1", "file": "", "classifier": "c", "flow": "w", "asking": 20}
WORLD = {"decision": "relu", "accuracy": 0.9, "effects": "scm", "cost": "range"}


@pytest.fixture
def sent(tmp_path):
    """A run folder with a little of everything in its record."""
    draft = (
        Draft(people=20).solve("hard-1", "a", 0.5).solve("hard-1", "b", 0.9).end("hard-2", "a", "failed", "it broke")
    )
    run = draft.write(tmp_path / "sent", alarms=[{**ALARM, "kind": "below_lower_bound", "persons": [1, 2]}])
    info = json.loads((run.path / "run.json").read_text())
    info["metrics"] = info["metrics"][:4]
    info["materials"] = [{**MATERIALS, **WORLD}]
    info["cells"][0]["notes"] = [{"kind": "raised", "text": "ValueError", "people": 2}]
    (run.path / "run.json").write_text(json.dumps(info))
    return run.path


def read_anyhow(path, other):
    """Do with a folder what can be done with one."""
    run = RunFiles.read(path)
    done = [
        *(lambda form=form: render(Leaderboard.of([run]), form) for form in FORMS),
        lambda: Leaderboard.of([other, run], mix=True).text(),
        lambda: compare(other, run).text(),
        lambda: compare(run, other).json(),
        lambda: PaperReport.of([run]).markdown(),
    ]
    for do in done:
        with contextlib.suppress(ArenaError):
            do()


def test_every_change_of_a_record_is_refused_with_file_and_key_or_does_no_harm(sent, tmp_path):
    good = RunFiles.read(sent)
    path = shutil.copytree(sent, tmp_path / "changed")
    info = json.loads((path / "run.json").read_text())
    refused, harmless = 0, []
    for place, value in list(mutations(info))[::4]:
        (path / "run.json").write_text(json.dumps(mutated(info, place, value)))
        try:
            RunFiles.read(path)
            harmless.append((place, value))
        except ArenaError as error:
            refused += str(path) in str(error) and ("run.json" in str(error) or "has not finished" in str(error))
    assert refused > 200
    assert refused + len(harmless) == len(list(mutations(info))[::4])
    for place, value in harmless[:: len(harmless) // 3]:
        (path / "run.json").write_text(json.dumps(mutated(info, place, value)))
        read_anyhow(path, good)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("cells", 1, "seed"), "0", r"cells\[1\].seed: expected int, got str"),
        (("cells", 0, "dataset"), {"a": 1}, r"cells\[0\].dataset: expected str, got object"),
        (("solvers", "b", "version"), 2, "solvers.'b'.version: expected str, got int"),
        (("suite", "name"), None, "suite.name: expected str, got null"),
        (("metrics", 2, "direction"), "up", r"metrics\[2\].direction: invalid enum value"),
        (("metrics", 2, "name"), "people", r"metrics\[2\]: expected another name of a metric than 'people'"),
        (("materials", 0, "asking"), 10**30, r"materials\[0\].asking: expected int <= "),
        (("alarms", 0, "persons"), 3, r"alarms\[0\].persons: expected array, got int"),
    ],
)
def test_the_message_names_file_key_and_what_was_expected(sent, place, value, said):
    info = json.loads((sent / "run.json").read_text())
    (sent / "run.json").write_text(json.dumps(mutated(info, place, value)))
    shown = CliRunner().invoke(main, ["leaderboard", str(sent)])
    assert shown.exit_code == 2
    assert re.search(f"run.json is not the record of a run: {said}", shown.stderr)


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "[" * 100_000, '{"status": 1}', "9" * 5000, "\x00"])
def test_a_record_that_is_none_is_one_error(sent, text):
    (sent / "run.json").write_text(text)
    with pytest.raises(ArenaError, match=r"run\.json is not the record of a run"):
        RunFiles.read(sent)


def digests(path):
    """Say in a record what its tables are."""
    info = json.loads((path / "run.json").read_text())
    names = ("summary.csv", "people.parquet")
    info["tables"] = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in names}
    (path / "run.json").write_text(json.dumps(info))


def test_a_table_that_was_edited_is_refused_with_file_and_digest(sent):
    RunFiles.read(sent)  # as of before tables had digests
    digests(sent)
    assert RunFiles.read(sent).read_people() is not None
    people = pd.read_parquet(sent / "people.parquet")
    people.assign(valid=True).to_parquet(sent / "people.parquet")
    for read in (RunFiles.read_people, lambda run: run.people, lambda run: Leaderboard.of([run]).text()):
        with pytest.raises(ArenaError, match=r"people\.parquet is not the file that the run wrote: its SHA-256 is"):
            read(RunFiles.read(sent))
    text = (sent / "summary.csv").read_text()
    (sent / "summary.csv").write_text(text.replace("solved", "solved ", 1))
    with pytest.raises(ArenaError, match=r"summary\.csv is not the file that the run wrote"):
        RunFiles.read(sent)
    info = json.loads((sent / "run.json").read_text())
    del info["tables"]["summary.csv"]
    (sent / "run.json").write_text(json.dumps(info))
    with pytest.raises(ArenaError, match=r"summary\.csv .* run\.json says none"):
        RunFiles.read(sent)


@pytest.mark.parametrize(("column", "value"), [("seed", "a"), ("people", "x"), ("coverage", "high"), ("seed", -1)])
def test_words_where_numbers_belong_are_refused(sent, column, value):
    summary = pd.read_csv(sent / "summary.csv").astype(object)
    summary.loc[0, column] = value
    summary.to_csv(sent / "summary.csv", index=False)
    with pytest.raises(ArenaError, match=f"summary.csv: column '{column}': expected"):
        RunFiles.read(sent)


@pytest.mark.parametrize(
    ("column", "value"),
    [("valid", "yes"), ("cost", "dear"), ("seed", 0.5), ("person", "me"), ("solver", 3), ("logp_factual", True)],
)
def test_people_of_other_types_are_refused(sent, column, value):
    people = pd.read_parquet(sent / "people.parquet")
    people.assign(**{column: value}).to_parquet(sent / "people.parquet")
    with pytest.raises(ArenaError, match=f"people.parquet: column '{column}': expected"):
        RunFiles.read(sent).read_people()


def put(path, kind):
    path.unlink()
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "a link to a device" else path.with_name("elsewhere"))


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a link", "a link to a device"])
@pytest.mark.parametrize("name", ["run.json", "summary.csv", "people.parquet"])
def test_what_is_no_plain_file_is_refused_before_it_is_opened(sent, name, kind):
    shutil.copy(sent / name, sent / "elsewhere")
    put(sent / name, kind)
    for words in (["leaderboard", str(sent)], ["compare", str(sent), str(sent)]):
        shown = CliRunner().invoke(main, words)
        assert shown.exit_code == 2
        assert f"{name} is not a plain file but {kind.removesuffix(' to a device')}" in shown.stderr


@pytest.mark.parametrize("name", ["run.json", "summary.csv", "people.parquet"])
def test_a_huge_file_is_refused(sent, monkeypatch, name):
    monkeypatch.setitem(run_files._MOST, name, 100)
    with pytest.raises(ArenaError, match=rf"{name} has [\d,]+ bytes; expected at most 100"):
        RunFiles.read(sent).read_people()
