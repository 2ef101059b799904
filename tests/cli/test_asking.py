"""An interview in a terminal: a whole one in each scheme, and whatever ends it early keeps what was answered."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from recourse_arena import Direction, Feature, FeatureTable, Kind, Role
from recourse_arena.cli.advising.asking import ask
from recourse_arena.cli.group import Arena
from recourse_arena.elicitation.interviews.interview import Interview
from recourse_arena.elicitation.interviews.person import Person
from recourse_arena.elicitation.interviews.wishes_file import read_wishes
from recourse_arena.elicitation.schemes import Binary, Likert, Ranking

ACT = Role.ACTIONABLE
TABLE = FeatureTable(
    (
        Feature("age", Kind.INTEGER, Role.IMMUTABLE),
        Feature("monthly_income", role=ACT, lower=0, unit="dollars"),
        Feature("loan_amount", Kind.INTEGER, ACT, lower=1, direction=Direction.DOWN, unit="dollars"),
        Feature("home", Kind.CATEGORICAL, ACT, levels=("rented", "owned")),
    )
)
PERSON = Person({"age": 35.0, "monthly_income": 1200.0, "loan_amount": 5000.0, "home": 0.0})
SCHEMES = {"likert": Likert(), "ranking": Ranking(), "binary": Binary()}
FEASIBLE = {"loan_amount": (250.0, 18_424.0)}


@click.group(cls=Arena)
def group():
    pass


@group.command()
@click.argument("scheme")
@click.option("--save", type=click.Path(path_type=Path))
def interview(scheme, save):
    wishes = ask(Interview(TABLE, SCHEMES[scheme], PERSON, FEASIBLE), save)
    click.echo(json.dumps(wishes.as_json(TABLE)))


@pytest.fixture
def run(tmp_path):
    def runner(scheme, typed, *, save=True):
        words = ["--save", str(tmp_path / "answers.json")] if save else []
        return CliRunner().invoke(group, ["interview", scheme, *words], input=typed)

    return runner


LIKERT = """\
Answer each question, "?" for help, "back" for the question before.

[1 of 3] monthly income
  now: 1,200 dollars
  may become: 0 dollars or more
How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no
> easyy
expected one of easy, possible, hard, very hard, a whole number from 1 to 4, or no for what is not possible; got 'easyy'
> 2, at most 1,500
monthly income: 2 possible, at most 1,500 dollars

[2 of 3] loan amount
  now: 5,000 dollars
  may become: only down, 250 to 5,000 dollars
How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no
> back

[1 of 3] monthly income
  now: 1,200 dollars
  may become: 0 dollars or more
How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no
> 1
monthly income: 1 easy

[2 of 3] loan amount
  now: 5,000 dollars
  may become: only down, 250 to 5,000 dollars
How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no
> ?
Answer as it is for you: the advice keeps to it.
  no: you cannot, or would not, change this; x, never and not possible say the same
  limits may follow an answer: "at most 5,000", "at least 3", "by at most 10 %" (so far from what it is now)
  back: the question before
  ?: this help
Ctrl-C keeps what you have answered.
> hard by at most 10 %
loan amount: 3 hard, at least 4,500 dollars

[3 of 3] home
  now: rented
  may become: owned
How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no
> x
home: not possible
Your answers are in FILE.
{"scheme": "likert", "answers": {"monthly_income": 1, "loan_amount": {"answer": 3, "at_least": 4500}, "home": "no"}}
"""

RANKING = """\
Answer each question, "?" for help, "back" for the question before.

[1 of 2] Which of these would you rather change than which?
monthly income
  now: 1,200 dollars
  may become: 0 dollars or more
loan amount
  now: 5,000 dollars
  may become: only down, 250 to 5,000 dollars
home
  now: rented
  may become: owned
Give each its place in the order above ("3, 2, 1"), 1 for what you would change first, x for what
is not possible; or their names in your order ("home, loan amount, monthly income"), those that are not possible \
behind "not:"
> loan amount, income
expected some of monthly income, loan amount, home; got 'income'; did you mean monthly income?
> loan amount, monthly income, not: home
monthly income: place 2
loan amount: place 1
home: not possible

[2 of 2] Are there limits to how far you could go? none, or for example "monthly income at most 1,200 dollars"
(monthly income, loan amount; at least, at most or by at most, with ; between features)
> loan at least 4,000
loan amount: place 1, at least 4,000 dollars
Your answers are in FILE.
{"scheme": "ranking", "answers": {"monthly_income": 2, "loan_amount": {"answer": 1, "at_least": 4000}, "home": "no"}}
"""

BINARY = """\
Answer each question, "?" for help, "back" for the question before.

[1 of 3] monthly income
  now: 1,200 dollars
  may become: 0 dollars or more
Could you change this? yes, or no
> no
monthly income: not possible

[2 of 3] loan amount
  now: 5,000 dollars
  may become: only down, 250 to 5,000 dollars
Could you change this? yes, or no
> y, at least 4,000
loan amount: yes, at least 4,000 dollars

[3 of 3] home
  now: rented
  may become: owned
Could you change this? yes, or no
> n
home: not possible
Your answers are in FILE.
{"scheme": "binary", "answers": {"monthly_income": "no", "loan_amount": {"answer": 1, "at_least": 4000}, "home": "no"}}
"""


@pytest.mark.parametrize(("scheme", "transcript"), [("likert", LIKERT), ("ranking", RANKING), ("binary", BINARY)])
def test_a_whole_interview_reads_as_it_should(run, tmp_path, scheme, transcript):
    file = tmp_path / "answers.json"
    typed = "".join(line[2:] + "\n" for line in transcript.splitlines() if line.startswith("> "))
    shown = run(scheme, typed)
    assert shown.exit_code == 0, shown.output
    assert shown.output == transcript.replace("FILE", str(file))
    assert shown.stdout == transcript.splitlines()[-1] + "\n"
    again = run(scheme, "")
    assert (again.exit_code, again.output) == (0, shown.stdout)
    read_wishes(file, TABLE, SCHEMES[scheme], PERSON)


def test_the_end_of_the_input_keeps_what_was_answered_and_the_same_command_goes_on(run, tmp_path):
    shown = run("likert", "1\n")
    assert shown.exit_code == 1
    assert (
        f"What you answered is kept in {tmp_path}/answers.json; the same command goes on from there.\n" in shown.stderr
    )
    assert shown.stdout == ""
    kept = {"person": PERSON.mark, "scheme": "likert", "answers": {"monthly_income": 1}}
    kept["unfinished"] = ["loan_amount", "home"]
    assert json.loads((tmp_path / "answers.json").read_text()) == kept
    shown = run("likert", "2\nno\n")
    assert shown.exit_code == 0
    assert "[1 of 3]" not in shown.stderr
    assert json.loads(shown.stdout)["answers"] == {"monthly_income": 1, "loan_amount": 2, "home": "no"}
    assert [file.name for file in tmp_path.iterdir()] == ["answers.json"]


def test_ctrl_c_keeps_what_was_answered(run, tmp_path, monkeypatch):
    typed = iter(["1", KeyboardInterrupt()])

    def prompt(text):
        if isinstance(said := next(typed), BaseException):
            raise said
        return said

    from click import termui

    monkeypatch.setattr(termui, "visible_prompt_func", prompt)
    with pytest.raises(click.exceptions.Exit) as ended:
        ask(Interview(TABLE, Likert(), PERSON), tmp_path / "answers.json")
    assert ended.value.exit_code == 130
    assert json.loads((tmp_path / "answers.json").read_text())["answers"] == {"monthly_income": 1}


def test_without_a_file_nothing_is_kept_and_that_is_said(run):
    shown = run("binary", "y\n", save=False)
    assert shown.exit_code == 1
    assert shown.stderr.endswith("The interview was broken off; nothing is kept.\n")


@pytest.mark.parametrize(
    ("scheme", "typed"), [("likert", "x\nx\nx\n"), ("ranking", "x x x\n"), ("binary", "n\nn\nn\n")]
)
def test_that_nothing_is_possible_is_an_answer_and_is_said_plainly(run, scheme, typed):
    shown = run(scheme, typed)
    assert shown.exit_code == 0
    assert "none of this is possible for you: no advice can change the decision then.\n" in shown.stderr
    assert {*json.loads(shown.stdout)["answers"].values()} == {"no"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "expected the answers of an interview, as it keeps them; it is left as it is"),
        ("age,home\n1,2\n", "expected the answers of an interview in JSON"),
        ('{"person": "ffff", "answers": {}}', "these are answers of somebody else, or from before"),
        ('{"answers": {"age": 1}}', "'age' is a feature that nobody can act on"),
        ('{"scheme": "binary", "answers": {}}', "expected answers of 'likert', got those of 'binary'"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(run, tmp_path, content, message):
    (tmp_path / "answers.json").write_text(content)
    shown = run("likert", "1\n1\n1\n")
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert (tmp_path / "answers.json").read_text() == content


def test_where_nothing_can_be_kept_nobody_is_asked(tmp_path):
    (tmp_path / "file").write_text("")
    shown = CliRunner().invoke(group, ["interview", "likert", "--save", str(tmp_path / "file" / "a.json")], input="1\n")
    assert shown.exit_code == 2
    assert "cannot be written" in shown.stderr
    assert "[1 of 3]" not in shown.output


def test_names_with_escapes_move_no_cursor():
    table = FeatureTable((Feature("a\x1b[2Jb", role=ACT),))
    shown = []

    @click.command()
    def one():
        shown.append(ask(Interview(table, Binary(), Person({"a\x1b[2Jb": 1.0}))))

    output = CliRunner().invoke(one, input="y\n").output
    assert shown
    assert "\x1b" not in output
