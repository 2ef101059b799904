"""The command line: what a user types and sees."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from recourse_arena.cli import main

SUITE = 'datasets = ["tiny"]\nsolvers = ["top", "learner"]\nscenarios = ["hard-2", "hard-1"]\npeople = 20\n'


@pytest.fixture
def command(plugged, shared_models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(tmp_path / "data"))
    (tmp_path / "mine.toml").write_text(SUITE)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def test_run_prints_the_leaderboard_and_where_the_page_lies(command, tmp_path):
    shown = command("run", "mine.toml", "--out", "run")
    assert shown.exit_code == 0, shown.output
    assert "tiny (1 seed)" in shown.stdout
    assert str(tmp_path / "run" / "leaderboard.html") in shown.stdout
    assert (tmp_path / "run" / "leaderboard.html").read_text().startswith("<!doctype html>")
    assert "| top" in (tmp_path / "run" / "leaderboard.md").read_text()
    assert "100%" in shown.stderr or "learner" in shown.stderr


def test_leaderboard_in_every_format(command):
    command("run", "mine.toml", "--out", "run")
    for form in ("table", "md", "html", "csv", "json"):
        shown = command("leaderboard", "run", "--format", form)
        assert shown.exit_code == 0, form
        assert "learner" in shown.stdout, form
    assert len(json.loads(shown.stdout)["rows"]) == 4


def test_leaderboards_of_several_runs_are_written_with_links_to_their_files(command, tmp_path):
    command("run", "mine.toml", "--solver", "top", "--out", "mine")
    command("run", "mine.toml", "--solver", "learner", "--out", "yours")
    shown = command("leaderboard", "mine", "yours", "--format", "html", "--out", "pages/both.html")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout == ""
    page = (tmp_path / "pages" / "both.html").read_text()
    assert 'href="../mine/people.parquet"' in page
    assert 'href="../yours/summary.csv"' in page
    assert command("leaderboard", "mine", "--out", "mine").exit_code == 2


def test_a_failed_cell_makes_run_exit_with_1_after_the_leaderboard(command):
    shown = command("run", "mine.toml", "--solver", "raiser", "--solver", "top", "--out", "run")
    assert shown.exit_code == 1
    assert "top" in shown.stdout
    assert "2 of 4 cells failed" in shown.stderr


@pytest.mark.usefixtures("exact")
def test_run_tells_of_alarms_after_the_leaderboard(command):
    words = ("run", "mine.toml", "--scenario", "hard-1!no-plausibility", "--out", "run", "--solver", "top")
    shown = command(*words, "--solver", "defeatist")
    assert shown.exit_code == 0
    (line,) = [line for line in shown.stderr.splitlines() if line.startswith("ALARM")]
    assert line.startswith("ALARM: tiny, hard-1!no-plausibility, seed 0: top has a solution for ")
    assert "though defeatist proves that there is none (persons " in line
    assert line in shown.stdout
    assert line in command("leaderboard", "run", "--format", "md").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "qiuck"], "unknown suite 'qiuck'. Did you mean 'quick'"),
        (["run", "nowhere.toml"], "nowhere.toml: expected a readable suite, got: No such file"),
        (["run", "mine.toml", "--solver", "tpo"], "unknown solver 'tpo'. Did you mean 'top'"),
        (["run", "mine.toml", "--dataset", "tini"], "unknown dataset in this suite 'tini'. Did you mean 'tiny'"),
        (["run", "mine.toml", "--scenario", "hrad-1"], "unknown scenario 'hrad-1'"),
        (["run", "mine.toml", "--scenario", "hard-7"], "impossible on tiny"),
        (["run", "mine.toml", "--seeds", "a,b"], "--seeds: expected whole numbers"),
        (["run", "mine.toml", "--people", "0"], "0 is not in the range"),
        (["run", "mine.toml", "--out", "mine.toml/x"], "cannot write into"),
        (["leaderboard", "."], "not a run folder"),
        (["leaderboard"], "Missing argument"),
        (["lsit"], "unknown command 'lsit'. Did you mean 'list'"),
        (["data", "where", "gmcs"], "unknown dataset 'gmcs'. Did you mean 'gmsc'"),
        (["data", "verify", "gmsc"], "cs-training.csv"),
        (["data", "fetch", "loan"], "needs no file"),
        (["data", "fetsh", "gmsc"], "unknown command 'fetsh'"),
    ],
)
def test_wrong_use_is_one_message_and_exit_code_2(command, words, message):
    shown = command(*words)
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert "Traceback" not in shown.output
    assert len(shown.stderr.strip().splitlines()) <= 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "data fetch gmsc"),
        (b"", "empty"),
        (b";SeriousDlqin2yrs;age\n1;0;33\n", "semicolon"),
        (b",SeriousDlqin2yrs,age\n1,0,33\n", "RevolvingUtilizationOfUnsecuredLines"),
    ],
)
def test_a_missing_or_broken_gmsc_file_is_one_message_before_anything_runs(command, tmp_path, content, message):
    file = tmp_path / "data" / "gmsc" / "cs-training.csv"
    if content is not None:
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    shown = command("run", "quick", "--dataset", "gmsc", "--out", "run")
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert not (tmp_path / "run").exists()
    if content is not None:
        assert command("run", "quick", "--out", "run").exit_code == 2
        assert file.read_bytes() == content


def test_answers_that_cannot_be_are_refused_before_anything_is_trained(command, tmp_path):
    (tmp_path / "scores.csv").write_text("effort;income;income_min;income_max\n1;9;;\n2;1;5;2\n")
    (tmp_path / "clinic.toml").write_text(
        'datasets = ["tiny"]\nsolvers = ["top"]\n[answers.clinic]\nfile = "scores.csv"\n'
    )
    shown = command("run", "clinic.toml", "--out", "run")
    assert shown.exit_code == 2
    assert "scores.csv:2: column 'income': expected one of easy, possible, hard, very hard, a whole" in shown.stderr
    assert "(each of 2 rows is wrong; this is the first)" in shown.stderr
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "words", [("--seeds", "9" * 24), ("--seeds", "9" * 5000), ("--out", "y" * 300), ("--dry-run", "--out", "y" * 300)]
)
def test_numbers_and_names_that_are_too_long_are_one_line(command, words):
    shown = command("run", "mine.toml", *words)
    assert shown.exit_code == 2
    assert "Traceback" not in shown.stderr


def test_wrong_use_leaves_no_folder_behind(command, tmp_path):
    command("run", "mine.toml", "--solver", "tpo", "--out", "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", ["datasets", "solvers", "elicitors", "metrics", "suites", "scenarios"])
def test_list_shows_each_kind(command, kind):
    shown = command("list", kind)
    assert shown.exit_code == 0
    expected = {"datasets": "tiny", "solvers": "cheater", "elicitors": "likert", "metrics": "hap", "suites": "quick"}
    assert expected.get(kind, "hard-2") in shown.stdout


def test_plugins_shows_where_each_comes_from(command):
    shown = command("plugins")
    assert shown.exit_code == 0
    assert "recourse_datasets" in shown.stdout
    assert "recourse-arena" in shown.stdout


def test_a_blocked_plugin_takes_no_part_in_any_command(command):
    shown = command("plugins", "--no-plugin", "tiny")
    assert "blocked by --no-plugin" in shown.stdout
    assert "cheater" not in command("list", "solvers", "--no-plugin", "*").stdout
    shown = command("run", "mine.toml", "--no-plugin", "tiny", "--out", "run")
    assert shown.exit_code == 2
    assert "tiny (blocked by --no-plugin)" in shown.stderr
    shown = command("list", "--no-plugin", "tinyy")
    assert shown.exit_code == 2
    assert shown.stderr == "error: unknown plugin 'tinyy'. Did you mean 'tiny'?\n"


def test_notes_on_what_solvers_did_wrong_end_a_run_and_stand_under_the_leaderboard(command):
    shown = command("run", "mine.toml", "--solver", "vandal", "--out", "run")
    assert shown.exit_code == 0
    assert "2 of 2 cells have notes" in shown.stderr
    assert "tiny: vandal: recommend overwrote the request's factual" in command("leaderboard", "run").stdout


def test_scores_from_a_file_reach_the_run(command, tmp_path):
    (tmp_path / "scores.csv").write_text("person,effort,income\n4,1,x\n2,x,3\n")
    (tmp_path / "clinic.toml").write_text(
        'datasets = ["tiny"]\nsolvers = ["top"]\n[answers.clinic]\nfile = "scores.csv"\nprofile = "linear"\n'
    )
    shown = command("run", "clinic.toml", "--out", "run")
    assert shown.exit_code == 0, shown.output
    import pandas as pd

    people = pd.read_parquet(tmp_path / "run" / "people.parquet")
    assert people["mask_effort"].tolist() == [True, False]
    assert people["score_income"].tolist() == [5, 3]
    assert people["person"].tolist() == [4, 2]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("effort,income\n1,9\n", "scores.csv:2: column 'income'"),
        ("effort,income,income_min\n1,1,high\n", "scores.csv:2: column 'income_min'"),
        ("person,effort,income\n4000,1,1\n", "scores.csv:2: column 'person': person 4000 does not exist"),
    ],
)
def test_a_wrong_scores_file_is_one_message_and_exit_code_2(command, tmp_path, scores, message):
    (tmp_path / "scores.csv").write_text(scores)
    (tmp_path / "clinic.toml").write_text(
        'datasets = ["tiny"]\nsolvers = ["top"]\n[answers.clinic]\nfile = "scores.csv"\n'
    )
    shown = command("run", "clinic.toml", "--out", "run")
    assert shown.exit_code == 2, shown.output
    assert message in shown.stderr
    assert not (tmp_path / "run").exists()


def test_a_wrong_row_costs_its_person_and_is_told_before_anything_is_trained_and_in_the_cell(command, tmp_path):
    rows = ["3,1,1,,", "5,,1,,", "4000,1,1,,", "199,1,2,,", "4,1,x,5,2", "2,1,1"]
    _clinic(tmp_path, "\n".join(["person,effort,income,income_min,income_max", *rows, ""]))
    dry = command("run", "clinic.toml", "--solver", "top", "--dry-run")
    shown = command("run", "clinic.toml", "--solver", "top", "--out", "run")
    assert shown.exit_code == 0, shown.output
    for told in (dry.stdout, shown.stderr):
        assert "left out: scores.csv:3: column 'effort': expected one of easy, possible" in told
        assert "scores.csv:4: column 'person': person 4000 does not exist: 200 test people at most of tiny" in told
        assert "scores.csv:6: column 'income_max': expected at least income_min, which is 5; got '2'" in told
        assert "scores.csv:7: expected 5 cells as in the header, got 3" in told
    assert shown.stderr.index("left out") < shown.stderr.index("decision model")
    cells = json.loads((tmp_path / "run" / "run.json").read_text())["cells"]
    noted = {cell["scenario"]: cell.get("notes", []) for cell in cells}
    (note,) = noted["clinic"]
    assert noted["hard-1"] == []
    assert (note["kind"], note["people"]) == ("answers", 5)
    assert note["text"].startswith("left out, as their answers are wrong: scores.csv:3: column 'effort': expected")
    assert "scores.csv:5: column 'person': person 199 does not exist: 89 people of tiny (seed 0) ask" in note["text"]
    people = pd.read_parquet(tmp_path / "run" / "people.parquet").query("scenario == 'clinic'")
    assert people["person"].tolist() == [3]


def _clinic(folder, scores):
    (folder / "scores.csv").write_text(scores)
    (folder / "clinic.toml").write_text(SUITE.replace('scenarios = ["hard-2", "hard-1"]', "")
        + '[[block]]\nscenarios = ["clinic", "hard-1"]\n[answers.clinic]\nfile = "scores.csv"\n')  # fmt: skip


def test_answers_of_somebody_whom_the_decision_model_accepts_are_a_recorded_failure(command, tmp_path):
    _clinic(tmp_path, "person,effort,income\n199,1,1\n")
    shown = command("run", "clinic.toml", "--out", "run")
    assert shown.exit_code == 1
    assert "scores.csv:2: column 'person': person 199 does not exist" in shown.stdout
    assert "hard-1" in shown.stdout


def test_whose_own_bounds_leave_nothing_cannot_act_there_and_everybody_else_is_answered(command, tmp_path):
    _clinic(tmp_path, "effort,income,income_min\n1,1,\n1,2,1e9\n1,x,1e9\n1,1,\n")
    shown = command("run", "clinic.toml", "--solver", "top", "--out", "run")
    assert shown.exit_code == 0, shown.output
    assert "own bounds leave nothing: person 1 on 'income' (own bounds [1e+09, inf], feasible [" in shown.stdout
    note = json.loads((tmp_path / "run" / "run.json").read_text())["cells"][0]["notes"][0]
    assert (note["kind"], note["people"]) == ("bounds", 1)
    people = pd.read_parquet(tmp_path / "run" / "people.parquet").query("scenario == 'clinic'")
    assert people["mask_income"].tolist() == [True, False, False, True]
    assert people["mask_effort"].tolist() == [True] * 4


def test_where_every_cell_fails_for_one_reason_it_is_one_line(command):
    shown = command("run", "mine.toml", "--solver", "raiser", "--scenario", "hard-1", "--out", "run")
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert shown.stderr.splitlines()[-1].startswith("error: the only cell failed: RuntimeError")


@pytest.mark.parametrize("words", [("run", "smoke", "--out", ""), ("run", "--data", " "), ("leaderboard", "")])
def test_an_empty_name_of_a_folder_is_not_the_one_that_one_is_in(command, words):
    shown = command(*words)
    assert shown.exit_code == 2
    assert "expected the name of a folder, got an empty one" in shown.output
