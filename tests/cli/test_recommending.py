"""The commands for one person: what is shown, what is kept, what goes wrong, and how they end."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from recourse_arena.cli import main

WHO = {"sex": "f", "effort": -0.5, "income": -1.2, "savings": -0.4}
SAYS = {"effort": "easy", "income": {"answer": "hard", "at_most": 4}}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Where the tiny models lie, fitted once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def command(plugged, models, tmp_path, monkeypatch):
    """Return a run of a command on the tiny dataset, in a folder that holds a person and answers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(models))
    (tmp_path / "who.json").write_text(json.dumps(WHO))
    (tmp_path / "says.json").write_text(json.dumps(SAYS))

    def run(*words, said=None, person="who.json"):
        own = ("tiny", "--person", person, "--solver", "grid") if words[0] == "recommend" else ()
        return CliRunner().invoke(main, [words[0], *own, *words[1:]], input=said)

    return run


def test_advice_in_every_form(command, tmp_path):
    text = command("recommend", "--answers", "says.json")
    assert text.exit_code == 0, text.output
    assert text.stdout.startswith("As things stand, the answer is no (score 0.")
    page = command("recommend", "--answers", "says.json", "--format", "html", "--out", "advice.html")
    assert page.exit_code == 0
    assert (tmp_path / "advice.html").read_text().startswith("<!doctype html>")
    said = json.loads(command("recommend", "--answers", "says.json", "--format", "json").stdout)
    assert said["person"] == WHO
    assert said["certificate"]["answers"]["said"]["income"] == {"level": 3, "at_least": None, "at_most": 4}


def test_what_was_kept_is_verified_and_tampering_ends_with_1(command, tmp_path):
    command("recommend", "--answers", "says.json", "--format", "json", "--out", "advice.json")
    good = command("verify", "advice.json")
    assert (good.exit_code, "it holds" in good.stdout) == (0, True), good.output
    said = json.loads((tmp_path / "advice.json").read_text())
    said["alternatives"][0]["moves"][0]["then"] += 0.5
    (tmp_path / "advice.json").write_text(json.dumps(said))
    bad = command("verify", "advice.json")
    assert bad.exit_code == 1
    assert "- the alternatives: changed after it was written" in bad.stdout


def test_who_is_accepted_has_nothing_to_do(command, tmp_path):
    (tmp_path / "rich.json").write_text(json.dumps({**WHO, "income": 4.0, "savings": 3.0}))
    for words in ((), ("--ask",)):
        told = command("recommend", *words, person="rich.json")
        assert told.exit_code == 0, told.output
        assert told.stdout.startswith("There is nothing to do")


def test_a_conversation_from_the_first_question_to_the_last_answer(command, tmp_path):
    said = "easy\n3, at most 4\nincome no\neffort harder\n1\n"
    told = command("recommend", "--ask", "--save", "mine.json", said=said)
    assert told.exit_code == 0, told.output
    assert told.stderr.count("How easily could you change this?") == 2
    assert told.stdout.count("As things stand") == 3
    assert "Way 1 it is." in told.stderr
    kept = json.loads((tmp_path / "mine.json").read_text())["answers"]
    assert kept == {"effort": 2, "income": {"answer": "no", "at_most": 4}}
    again = command("recommend", "--answers", "mine.json")
    assert again.stdout.split("\n\n")[1] in told.stdout


def test_with_another_form_the_conversation_goes_aside(command):
    told = command("recommend", "--ask", "--format", "json", said="easy\neasy\n\n")
    assert json.loads(told.stdout)["status"]
    assert "As things stand" in told.stderr


@pytest.mark.parametrize("said", ["", "easy\n"])
def test_an_input_that_ends_keeps_what_was_answered(command, tmp_path, said):
    told = command("recommend", "--ask", "--save", "mine.json", said=said)
    assert told.exit_code == 1
    assert "kept in mine.json; the same command goes on" in told.stderr
    kept = json.loads((tmp_path / "mine.json").read_text())
    assert len(kept["answers"]) == said.count("\n")
    rest = "easy\n" * (2 - said.count("\n"))
    assert command("recommend", "--ask", "--save", "mine.json", said=f"{rest}\n").exit_code == 0


def test_answers_to_advice_that_make_no_sense_are_asked_again(command):
    said = "easy\neasy\nmood no\n77\nincome at most much\nincome perhaps\n\n"
    told = command("recommend", "--ask", said=said)
    assert told.exit_code == 0, told.output
    for words in (
        "'mood no'",
        "expected a number from 1 to",
        "expected a number; got 'much'",
        'expected "no", "harder"',
    ):
        assert words in told.stderr
    assert told.stdout.count("As things stand") == 1


def test_who_can_do_nothing_is_told_so(command):
    told = command("recommend", "--ask", said="no\nno\n")
    assert told.exit_code == 0, told.output
    assert "there is nothing that you can change" in told.stdout
    assert "What would open a way" in told.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("recommend", "--person", "nobody.json"), "nobody.json"),
        (("recommend", "--answers", "nothing.json"), "nothing.json"),
        (("recommend", "--solver", "gird"), "Did you mean 'grid'"),
        (("recommend", "--profile", "steep"), "profile: expected one of"),
        (("recommend", "--scheme", "poll"), "poll"),
        (("verify", "who.json"), "who.json: expected the JSON that `recourse-arena recommend` writes"),
        (("verify", "nothing.json"), "nothing.json"),
    ],
)
def test_mistakes_are_one_message(command, words, expected):
    told = command(*words)
    assert told.exit_code == 2, told.output
    assert expected in told.stderr
    assert "Traceback" not in told.output


def test_answers_where_there_are_none_yet_are_asked_for(command, tmp_path):
    told = command("recommend", "--ask", "--answers", "new.json", said="easy\neasy\n\n")
    assert told.exit_code == 0, told.output
    assert json.loads((tmp_path / "new.json").read_text())["answers"] == {"effort": 1, "income": 1}


def test_answers_of_one_person_are_never_taken_for_those_of_another(command, tmp_path):
    assert command("recommend", "--ask", said="easy\neasy\n\n").exit_code == 0
    kept = (tmp_path / "answers.json").read_text()
    (tmp_path / "other.json").write_text(json.dumps({**WHO, "income": -1.5}))
    told = command("recommend", "--ask", person="other.json", said="easy\neasy\n\n")
    assert told.exit_code == 2
    assert "answers.json: these are answers of somebody else" in told.stderr
    assert (tmp_path / "answers.json").read_text() == kept
    assert command("recommend", "--answers", "answers.json", person="other.json").exit_code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--ask", "--answers", "says.json", "--save", "notes.txt"), "expected the answers of an interview"),
        (("--ask", "--answers", "says.json", "--save", "who.json"), "it is left as it is"),
        (("--ask", "--save", "who.json"), "it is left as it is"),
        (("--ask", "--answers", "says.csv"), "answers to --ask are kept as JSON; --save says in which file"),
        (("--out", "who.json"), "--out: expected another file than that of --person"),
        (("--answers", "says.json", "--out", "says.json"), "--out: expected another file than that of the answers"),
        (("--ask", "--out", "answers.json"), "--out: expected another file than that of the answers"),
        (("--save", "mine.json"), "--save: keeps what is answered to --ask"),
    ],
)
def test_no_file_of_theirs_is_written_over(command, tmp_path, words, expected):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "says.csv").write_text("effort,income\n1,3\n")
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    told = command("recommend", *words, said="easy\neasy\nincome no\n\n")
    assert told.exit_code == 2, told.output
    assert expected in told.stderr
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == before


def test_what_is_broken_off_before_any_answer_is_kept_where_it_says(command, tmp_path):
    told = command("recommend", "--ask", "--answers", "says.json", "--save", "mine.json", said="")
    assert "What was said is kept in mine.json" in told.stderr
    assert set(json.loads((tmp_path / "mine.json").read_text())["answers"]) == set(SAYS)
