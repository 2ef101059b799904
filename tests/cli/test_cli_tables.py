"""One's own table on the command line: drafted, listed, checked and planned; a mistake is a message and exit code 2."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from own_tables import ROWS, TOML, csv_text, replaced, written

from recourse_arena.cli import main


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(tmp_path / "data"))
    written(tmp_path, table=csv_text([(2 * i, *row[1:]) for i, row in enumerate(ROWS * 4)]))
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def refused(shown, *words: str) -> None:
    """Assert that a command ended with one message and exit code 2."""
    assert shown.exit_code == 2, shown.output
    assert isinstance(shown.exception, SystemExit)
    assert shown.stderr.startswith("error: ")
    assert shown.stderr.count("error: ") == 1
    assert "Traceback" not in shown.output
    for word in words:
        assert word in shown.stderr


def test_a_table_of_ones_own_is_listed_with_its_features(command):
    shown = command("list", "datasets", "own.toml")
    assert shown.exit_code == 0, shown.output
    assert "decision model relu, effects none, cost gower" in shown.stdout
    assert "categorical" in shown.stdout
    assert "own, rent" in shown.stdout


def test_a_table_of_ones_own_keeps_the_laws(command):
    shown = command("check", "own.toml")
    assert shown.exit_code == 0, shown.output
    assert "own.toml: 14 of 20 laws ran: 14 passed" in shown.stdout


def test_a_run_of_it_is_planned(command):
    shown = command("run", "tabular", "--dataset", "own.toml", "--solver", "grid", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "own, seed 0" in shown.stdout


def test_where_it_lies_and_what_it_holds(command, tmp_path):
    assert f"{tmp_path / 'own.csv'} (there)" in command("data", "where", "own.toml").stdout
    assert "240 people, 33.3%" in command("data", "verify", "own.toml").stdout
    refused(command("data", "fetch", "own.toml"), "nothing to fetch")


COMMANDS = {
    "list": ("list", "datasets", "bad.toml"),
    "check": ("check", "bad.toml"),
    "preview": ("run", "tabular", "--dataset", "bad.toml", "--dry-run"),
    "verify": ("data", "verify", "bad.toml"),
}
MISTAKES = {
    "no TOML": ("[[", "bad.toml: expected TOML"),
    "unknown key": ('nmae = "x"\n' + TOML, "unknown key 'nmae'"),
    "taken name": (replaced(('"own"\n', '"german"\n')), "there is a dataset called 'german' already"),
    "unknown model": (TOML + '[decision]\nmodel = "frest"\n', "unknown decision model 'frest'. Did you mean 'forest'?"),
    "unknown option": (TOML + '[decision]\nmodel = "forest"\ntres = 3\n', "'tres'. Did you mean 'trees'?"),
    "missing model": (TOML + '[decision]\nmodel = "onnx"\nfile = "no.onnx"\n', "no.onnx, found none"),
    "graph with categories": (TOML + '[graph]\ndebt = ["income"]\n', "'home' is categorical"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("toml", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_toml_file_is_one_message(words, toml, message, command, tmp_path):
    (tmp_path / "bad.toml").write_text(toml)
    refused(command(*words), message, "bad.toml" if "german" not in message else "german")


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_toml_file_that_is_missing_or_a_folder_is_one_message(words, command, tmp_path):
    refused(command(*words), "expected a readable dataset", "bad.toml")
    (tmp_path / "bad.toml").mkdir()
    refused(command(*words), "expected a readable dataset", "bad.toml")


def test_a_mistake_is_one_message_from_the_process_that_runs(command, tmp_path):
    (tmp_path / "bad.toml").write_text(MISTAKES["unknown key"][0])
    refused(command("run", "tabular", "--dataset", "bad.toml"), "bad.toml: unknown key 'nmae'")


def test_a_mistake_in_the_table_is_one_message(command, tmp_path):
    (tmp_path / "own.csv").write_text(csv_text() + "1,x,own,3,no\n")
    refused(command("data", "verify", "own.toml"), "own.csv:62: column 'debt': expected a number; got 'x'")
    (tmp_path / "own.csv").unlink()
    refused(command("data", "verify", "own.toml"), "expected its file at", "own.csv, found none")


def test_what_is_asked_of_a_dataset_that_is_unknown_is_one_message(command):
    refused(command("list", "datasets", "../x"), "unknown dataset '../x'")
    refused(command("list", "datasets", "grman"), "Did you mean 'german'?")
    refused(command("list", "datasets", "own.toml?decision=frest"), "'forest'")
    refused(command("list", "datasets", "own.toml?cost=grower"), "'gower'")
    refused(command("list", "datasets", "own.toml?effects=flow"), "no causal graph of it is known")


def test_a_draft_is_made_listed_and_checked(command, tmp_path):
    shown = command("new", "dataset", "mine", "--from", "own.csv")
    assert shown.exit_code == 0, shown.output
    assert "mine.toml: 4 features, 3 of them actionable; label 'paid'" in shown.stdout
    assert command("list", "datasets", "mine.toml").exit_code == 0
    assert command("check", "mine.toml").exit_code == 0
    refused(command("new", "dataset", "mine", "--from", "own.csv"), "mine.toml is there already")
    deeper = command("new", "dataset", "mine", "--from", "own.csv", "--into", "a/b")
    assert deeper.exit_code == 0, deeper.output
    assert "240 people" in command("data", "verify", "a/b/mine.toml").stdout


BAD_DRAFTS = {
    "a name that leads elsewhere": (("dataset", "../x", "--from", "own.csv"), "'../x'"),
    "a name that is taken": (("dataset", "german", "--from", "own.csv"), "called 'german' already"),
    "no dataset": (("solver", "mine", "--from", "own.csv"), "--from drafts a dataset, not a solver"),
    "no file": (("dataset", "mine", "--from", "none.csv"), "none.csv"),
    "a folder": (("dataset", "mine", "--from", "."), "something else than a file"),
    "into a file": (("dataset", "mine", "--from", "own.csv", "--into", "own.csv"), "cannot write own.csv"),
}


@pytest.mark.parametrize(("words", "message"), BAD_DRAFTS.values(), ids=BAD_DRAFTS)
def test_what_cannot_be_drafted_is_one_message_and_nothing_is_written(words, message, command, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    refused(command("new", *words), message)
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_written_if_the_table_has_no_label(command, tmp_path):
    (tmp_path / "plain.csv").write_text("a,b\n" + "".join(f"{i},{i / 2}\n" for i in range(30)))
    refused(command("new", "dataset", "mine", "--from", "plain.csv"), "expected a column with two values, the label")
    assert not (tmp_path / "mine.toml").exists()


def test_a_copy_is_fetched_into_the_data_directory(command, tmp_path):
    (tmp_path / "mine.csv").write_text("x\n")
    shown = command("data", "fetch", "heloc", "--from", "mine.csv")
    assert shown.exit_code == 0, shown.output
    assert (tmp_path / "data" / "heloc" / "heloc_dataset_v1.csv").read_text() == "x\n"
    refused(command("data", "verify", "heloc"), "heloc_dataset_v1.csv: expected")
    refused(command("data", "fetch", "bank"), "data fetch bank --from FILE")
    refused(command("data", "fetch", "bank", "--from", "none.csv"), "expected a file at none.csv")
    refused(command("data", "fetch", "loanapp"), "nothing to fetch")
