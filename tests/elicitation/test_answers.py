"""Answers of real people are read, and what is wrong in them is said with file and line."""

from __future__ import annotations

import gzip

import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, Role
from recourse_arena.elicitation.answers import read_answers

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
        return read_answers(file, TABLE, 4)

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
    answers = read_answers(tmp_path / "scores.csv", TABLE, 4)
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
        read_answers(tmp_path / "scores.csv", TABLE, 4)
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
        ("income,savings\n1,2\n,1\n", "scores.csv:3: column 'income': expected a whole number from 1 to 4, or x"),
        ("income,savings\n1,2\n,1\n", "got an empty cell"),
        ("income,savings\n1,2\n,\n1,2\n", "scores.csv:3: column 'income'"),
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
        ("income,savings\n1,2\n5,1\n", "scores.csv:3: column 'income': expected a whole number from 1 to 4, or x"),
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
        read_answers(tmp_path / "none.csv", TABLE, 4)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArenaError, match="expected a readable CSV file"):
        read_answers(tmp_path / "binary.csv", TABLE, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("person,income,savings\n0,1,1\n\n3,2,2\n", "scores.csv:4: column 'person': person 3 does not exist: 3 ask"),
        ("income,savings\n1,1\n1,1\n1,1\n1,1\n", "scores.csv:5: person 3 does not exist: 3 ask, counted from 0"),
    ],
)
def test_who_does_not_exist_is_named_with_file_and_line(read, text, message):
    with pytest.raises(ArenaError) as caught:
        read(text).check_people(3, "ask")
    assert message in str(caught.value)
    read(text).check_people(4, "ask")


def test_another_scale_has_more_levels_and_words_for_them(tmp_path):
    (tmp_path / "scores.csv").write_text("income,savings\nTrivial,7\n3.0,x\n beyond me ,1\n")
    labels = ["trivial", "easy", "3", "4", "5", "hard", "beyond me"]
    answers = read_answers(tmp_path / "scores.csv", TABLE, 7, labels=labels)
    assert answers.actionability.levels == 7
    assert answers.actionability.scores.tolist() == [[8, 1, 7], [8, 3, 8], [8, 7, 1]]
    (tmp_path / "scores.csv").write_text("income,savings\nhardest,7\n")
    with pytest.raises(ArenaError, match=":2: column 'income': expected one of trivial, easy, .*beyond me, a whole"):
        read_answers(tmp_path / "scores.csv", TABLE, 7, labels=labels)


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
        read_answers(tmp_path / "scores.csv", TABLE, 4, labels=labels)
