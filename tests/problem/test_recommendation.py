"""What a solver answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from recourse_arena import ArenaError, Outcome, Recommendation

MASK = torch.tensor([[True, False], [True, True], [False, True]])
VALUES = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
GOOD = Recommendation.do(MASK, VALUES)


def test_outcomes_are_a_closed_set_with_codes_of_their_own():
    assert [outcome.value for outcome in Outcome] == [
        "solved",
        "infeasible",
        "not_found",
        "timed_out",
        "failed",
        "skipped",
    ]
    assert [outcome.code for outcome in Outcome] == list(range(6))


def test_everybody_has_an_action_unless_told_otherwise():
    assert GOOD.outcomes == ("solved",) * 3
    assert GOOD.solved.all()
    assert torch.equal(GOOD.mask, MASK)
    assert torch.equal(GOOD.values, VALUES)
    assert len(GOOD) == 3
    GOOD.check((3, 2))


@pytest.mark.parametrize("otherwise", [outcome for outcome in Outcome if outcome is not Outcome.SOLVED])
def test_whoever_has_no_action_acts_on_nothing_and_has_the_other_outcome(otherwise):
    found = torch.tensor([True, False, True])
    answer = Recommendation.do(MASK, VALUES, found=found, otherwise=otherwise)
    answer.check((3, 2))
    assert answer.outcomes == ("solved", otherwise.value, "solved")
    assert torch.equal(answer.solved, found)
    assert answer.mask.tolist() == [[True, False], [False, False], [False, True]]


def test_lower_bounds_may_be_there_and_unknown():
    replace(GOOD, lower_bound=torch.tensor([0.5, torch.nan, 0.0])).check((3, 2))


def test_without_a_word_whoever_has_no_action_was_not_found_one():
    assert Recommendation.do(MASK, VALUES, found=torch.zeros(3, dtype=torch.bool)).outcomes == ("not_found",) * 3


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("mask", MASK[:2], r"mask: expected shape \(3, 2\), got \(2, 2\)"),
        ("values", VALUES.T, r"values: expected shape \(3, 2\), got \(2, 3\)"),
        ("outcome", GOOD.outcome[:, None], r"outcome: expected shape \(3,\), got \(3, 1\)"),
        ("mask", MASK.numpy(), "mask: expected a tensor, got ndarray"),
        ("values", np.zeros((3, 2)), "values: expected a tensor, got ndarray"),
        ("outcome", ["solved"] * 3, "outcome: expected a tensor, got list"),
        ("mask", MASK.float(), r"mask: expected dtype torch\.bool, got torch\.float32"),
        ("values", VALUES.long(), r"values: expected dtype float32 or float64, got torch\.int64"),
        ("outcome", GOOD.outcome + 6, "outcome: expected codes of recourse_arena.Outcome"),
        ("outcome", GOOD.outcome - 1, "outcome: expected codes of recourse_arena.Outcome"),
        ("outcome", GOOD.outcome.float(), "outcome: expected codes of recourse_arena.Outcome"),
        ("lower_bound", torch.zeros(2), r"lower_bound: expected shape \(3,\), got \(2,\)"),
        ("lower_bound", [0.0] * 3, "lower_bound: expected a tensor, got list"),
        ("lower_bound", torch.zeros(3).long(), r"lower_bound: expected dtype float32 or float64, got torch\.int64"),
    ],
)
def test_an_answer_that_does_not_fit_says_what_was_expected(part, value, message):
    with pytest.raises(ArenaError, match=rf"^recommendation\.{message}$"):
        replace(GOOD, **{part: value}).check((3, 2))
