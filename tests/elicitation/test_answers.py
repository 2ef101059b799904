"""Answers of real people are read, and what is wrong in them is said with file and line."""

from __future__ import annotations

import gzip

import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, Role
from recourse_arena.elicitation.answers import read_answers
from recourse_arena.elicitation.schemes import Likert, Ranking

TABLE = FeatureTable(
    (
        Feature("age", role=Role.IMMUTABLE),
        Feature("income", role=Role.ACTIONABLE),
        Feature("savings", kind=Kind.INTEGER, role=Role.ACTIONABLE),
    )
)


@pytest.fixture
def read(tmp_path):
    def reader(text):
        file = tmp_path / "scores.csv"
        file.write_text(text)
        return read_answers(file, TABLE, Likert())

    return reader


def test_scores_people_and_personal_bounds_are_read(read):
    answers = read("person,income,savings,income_max\n7,1,x,2.5\n3,4,2,\n")
    assert answers.people.tolist() == [7, 3]
    assert answers.actionability.scores.tolist() == [[5, 1, 5], [5, 4, 2]]
    assert answers.box.upper[:, 1].tolist() == [2.5, torch.inf]
    assert (answers.box.lower == -torch.inf).all()


def test_without_a_person_column_rows_are_people_in_order(read):
    assert read("income,savings\n1,2\n2,1\n").people.tolist() == [0, 1]


def test_blank_lines_spaces_and_a_byte_order_mark_do_no_harm(read):
    assert len(read("\ufeffincome, savings\n\n1 , NO\n\n").people) == 1


def test_x_says_not_possible_and_spreadsheets_write_levels_with_a_fraction(read):
    assert read("income,savings\n1.0,X\nnever,4.\n").actionability.scores.tolist() == [[5, 1, 5], [5, 5, 4]]


TEXT = "person,income,savings\n7,1,2\n3,x,4\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r").encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        gzip.compress(TEXT.replace(",", ";").encode("utf-16"), mtime=0),
        (TEXT + ",,\n,,\n").encode(),
    ],
    ids=[
        "semicolons",
        "tabs",
        "utf-8 with mark",
        "utf-16",
        "utf-16, big end first",
        "old line ends",
        "gzip",
        "all",
        "separators below",
    ],
)
def test_every_usual_encoding_and_separator_says_the_same(tmp_path, content):
    (tmp_path / "scores.csv").write_bytes(content)
    answers = read_answers(tmp_path / "scores.csv", TABLE, Likert())
    assert answers.people.tolist() == [7, 3]
    assert answers.actionability.scores.tolist() == [[5, 1, 2], [5, 5, 4]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            TEXT.encode() + b"\xe4",
            "scores.csv:4: expected a readable CSV file of actionability scores in UTF-8",
        ),
        (TEXT.encode("utf-16-le"), "got zero bytes; save it as UTF-8"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "expected a readable CSV file"),
        (b"PK\x03\x04", "got a spreadsheet or an archive; save it as text"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path, content, message):
    (tmp_path / "scores.csv").write_bytes(content)
    with pytest.raises(ArenaError) as caught:
        read_answers(tmp_path / "scores.csv", TABLE, Likert())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "scores.csv: expected a CSV file with a header, got an empty file"),
        ("income,savings\n", "expected at least one person"),
        ("income\n1\n", "scores.csv:1: expected a column for each actionable feature; 'savings' is missing"),
        ("income,savigns\n1,2\n", "scores.csv:1: unknown column 'savigns'. Did you mean 'savings'"),
        ("income|savings\n1|2\n", "scores.csv:1: unknown column 'income|savings'"),
        ("income,savings,income\n1,2,3\n", "scores.csv:1: expected each column once; 'income' occurs 2 times"),
        (
            "income,savings\n,1\n",
            "scores.csv:2: column 'income': expected one of easy, possible, hard, very hard, a whole",
        ),
        ("income,savings\n,1\n", "a whole number from 1 to 4, or no; got an empty cell"),
        ("income,savings\n5,2\n,\n", "scores.csv:2: column 'income'"),
        (
            "income,savings,income_min,income_max\n1,2,5,2\n",
            "scores.csv:2: column 'income_max': expected at least",
        ),
        ("income,savings,income_min\n1,2,nan\n", "scores.csv:2: column 'income_min': expected a number; got 'nan'"),
        (
            "income,savings,savings_min,savings_max\n1,2,1.2,1.8\n",
            ":2: column 'savings_max': expected a bound that",
        ),
        (f"person,income,savings\n{'9' * 24},1,1\n", f"column 'person': expected a whole number from 0 to {2**63 - 1}"),
        ("income,savings\n5,1\n", "whole number from 1 to 4, or no for what is not possible; got '5'"),
        ("income,savings\n1,0\n", "scores.csv:2: column 'savings'"),
        ("income,savings\n1,1.5\n", "got '1.5'"),
        ("income,savings\n1,2,3\n", "scores.csv:2: expected 2 cells as in the header, got 3"),
        (
            "person,income,savings\n1,1,1\n1,2,2\n",
            "scores.csv:3: column 'person': person 1 answers more than once, first at ",
        ),
        ("person,income,savings\n-1,1,1\n", "scores.csv:2: column 'person': expected a whole number from 0; got '-1'"),
        ("income,savings,income_min\n1,2,low\n", "scores.csv:2: column 'income_min': expected a number; got 'low'"),
        ("income,savings,income_min\n1,2,1e999\n", "scores.csv:2: column 'income_min': expected a number; got '1e999'"),
        ("income,savings,age_min\n1,2,3\n", "unknown column 'age_min'"),
    ],
)
def test_a_malformed_file_says_file_line_and_what_was_expected(read, text, message):
    with pytest.raises(ArenaError) as caught:
        read(text)
    assert message in str(caught.value)


def test_a_missing_or_binary_file_is_one_clear_error(tmp_path):
    with pytest.raises(ArenaError, match="expected a readable CSV file"):
        read_answers(tmp_path / "none.csv", TABLE, Likert())
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArenaError, match="expected a readable CSV file"):
        read_answers(tmp_path / "binary.csv", TABLE, Likert())


@pytest.mark.parametrize(
    ("text", "message", "left"),
    [
        (
            "person,income,savings\n0,1,1\n\n3,2,2\n",
            "scores.csv:4: column 'person': person 3 does not exist: 3 ask",
            [0],
        ),
        ("income,savings\n1,1\n1,1\n1,1\n1,1\n", "scores.csv:5: person 3 does not exist: 3 ask, counted", [0, 1, 2]),
    ],
)
def test_who_does_not_exist_is_left_out_and_named_with_file_and_line(read, text, message, left):
    answers = read(text).existing(3, "ask")
    assert message in answers.left_out[0]
    assert answers.people.tolist() == left
    assert len(answers.actionability) == len(answers.box.lower) == len(answers.places) == len(left)
    assert not read(text).existing(4, "ask").left_out
    with pytest.raises(ArenaError, match=r"does not exist: 0 ask.*\n\(each of \d rows is wrong; this is the first\)"):
        read(text).existing(0, "ask")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",1,,", "scores.csv:3: column 'income': expected one of easy"),
        ("1,,,", "scores.csv:3: column 'savings': expected one of easy"),
        ("1,9,,", "scores.csv:3: column 'savings'"),
        ("1,1,low,", "scores.csv:3: column 'income_min': expected a number; got 'low'"),
        ("1,1,5,2", "scores.csv:3: column 'income_max': expected at least income_min, which is 5; got '2'"),
        ("1,1", "scores.csv:3: expected 4 cells as in the header, got 2"),
        ("1,1,,,,", "scores.csv:3: expected 4 cells as in the header, got 6"),
    ],
)
def test_a_wrong_row_costs_its_person_and_nobody_else(read, row, problem):
    answers = read(f"income,savings,income_min,income_max\n1,x,,\n{row}\n2,3,,7\n")
    assert answers.people.tolist() == [0, 2]
    assert answers.actionability.scores.tolist() == [[5, 1, 5], [5, 2, 3]]
    assert answers.box.upper[:, 1].tolist() == [torch.inf, 7]
    assert len(answers.left_out) == 1
    assert problem in answers.left_out[0]


def test_who_answers_twice_is_left_out_altogether(read):
    answers = read("person,income,savings\n4,1,1\n7,1,2\n4,1,1\nx,2,2\n")
    assert answers.people.tolist() == [7]
    assert "person 4 answers more than once, first at" in answers.left_out[0]
    assert "column 'person': expected a whole number from 0; got 'x'" in answers.left_out[1]


def test_places_of_a_ranking_are_given_once(tmp_path):
    (tmp_path / "scores.csv").write_text("income,savings\n1,1\nx,x\n2,1\n")
    answers = read_answers(tmp_path / "scores.csv", TABLE, Ranking())
    assert answers.people.tolist() == [1, 2]
    assert "scores.csv:2: expected each place once; 'income' and 'savings' both have place 1" in answers.left_out[0]


def test_answers_in_json_say_the_same(tmp_path):
    (tmp_path / "scores.json").write_text(
        '[{"person": 7, "income": 1, "savings": "x", "income_max": 2.5}, {"person": 3, "income": {"answer":'
        ' "very hard", "at_least": 0.5}, "savings": 2},'
        ' {"person": 5, "income": 1}, 3, {"person": -1, "income": 1, "savings": 1}]'
    )
    answers = read_answers(tmp_path / "scores.json", TABLE, Likert())
    assert answers.people.tolist() == [7, 3]
    assert answers.actionability.scores.tolist() == [[5, 1, 5], [5, 4, 2]]
    assert answers.box.upper[:, 1].tolist() == [2.5, torch.inf]
    assert answers.box.lower[:, 1].tolist() == [-torch.inf, 0.5]
    told = "\n".join(answers.left_out)
    assert "scores.json: entry 3: expected an answer for each feature that people can act on; 'savings' is miss" in told
    assert "scores.json: entry 4: expected an object" in told
    assert "scores.json: entry 5: 'person': expected a whole number from 0, got -1" in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty file"),
        ('{"income": 1}', "expected a list of people"),
        ("[]", "expected at least one person, got none"),
        ("[{]", "scores.json:1: expected a readable list of actionability scores in JSON"),
        ('[{"income": 1, "income": 2, "savings": 1}]', "expected each key once; 'income' occurs 2 times"),
        ('[{"income": 1, "savings": 2, "age": 3}]', "'age' is a feature that nobody can act on; leave it out"),
    ],
)
def test_json_that_is_no_list_of_answers_is_refused(tmp_path, text, message):
    (tmp_path / "scores.json").write_text(text)
    with pytest.raises(ArenaError) as caught:
        read_answers(tmp_path / "scores.json", TABLE, Likert())
    assert message in str(caught.value)


def test_another_scale_has_more_levels_and_words_for_them(tmp_path):
    (tmp_path / "scores.csv").write_text("income,savings\nTrivial,7\n3.0,x\n beyond me ,1\n")
    labels = ["trivial", "easy", "3", "4", "5", "hard", "beyond me"]
    answers = read_answers(tmp_path / "scores.csv", TABLE, Likert(levels=7), labels)
    assert answers.actionability.levels == 7
    assert answers.actionability.scores.tolist() == [[8, 1, 7], [8, 3, 8], [8, 7, 1]]
    (tmp_path / "scores.csv").write_text("income,savings\nhardest,7\n")
    with pytest.raises(ArenaError, match=":2: column 'income': expected one of trivial, easy, .*beyond me, a whole"):
        read_answers(tmp_path / "scores.csv", TABLE, Likert(levels=7), labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b", "c"], "labels: expected 4, one for each level .* got 3; .* as in 'likert\\?levels=3'"),
        (["a", "b", "c", "A"], "labels: expected different words for the levels.* got 'A'"),
        (["a", "b", "c", "never"], "none of them x, no or never; got 'never'"),
        (["4", "3", "2", "1"], "expected different words for the levels.* got '4'"),
    ],
)
def test_labels_that_do_not_name_each_level_are_refused(tmp_path, labels, message):
    (tmp_path / "scores.csv").write_text("income,savings\n1,1\n")
    with pytest.raises(ArenaError, match=message):
        read_answers(tmp_path / "scores.csv", TABLE, Likert(), labels)
