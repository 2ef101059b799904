"""Answers of real people are read, and what is wrong in them is said with file and line."""

from __future__ import annotations

import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Role
from recourse_arena.elicitation.answers import read_answers

TABLE = FeatureTable(
    (Feature("age", role=Role.IMMUTABLE), *(Feature(n, role=Role.ACTIONABLE) for n in ("income", "savings")))
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "scores.csv: expected a CSV file with a header, got an empty file"),
        ("income,savings\n", "expected at least one person"),
        ("income\n1\n", "scores.csv:1: expected a column for each actionable feature; 'savings' is missing"),
        ("income,savigns\n1,2\n", "scores.csv:1: unknown column 'savigns'. Did you mean 'savings'"),
        ("income;savings\n1;2\n", "scores.csv:1: unknown column 'income;savings'"),
        ("income,savings\n1,2\n5,1\n", "scores.csv:3: column 'income': expected a whole number from 1 to 4, or x"),
        ("income,savings\n1,0\n", "scores.csv:2: column 'savings'"),
        ("income,savings\n1,1.5\n", "got '1.5'"),
        ("income,savings\n1,2,3\n", "scores.csv:2: expected 2 cells as in the header, got 3"),
        ("person,income,savings\n1,1,1\n1,2,2\n", "person 1 answers more than once"),
        ("person,income,savings\n-1,1,1\n", "scores.csv:2: column 'person': expected a whole number from 0; got '-1'"),
        ("income,savings,income_min\n1,2,low\n", "scores.csv:2: column 'income_min': expected a number; got 'low'"),
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
