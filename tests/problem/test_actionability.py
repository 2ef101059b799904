"""Actionability scores: checked, masked, ordered."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import Actionability, ArenaError, Feature, FeatureTable, Role

TABLE = FeatureTable(
    (
        Feature("age", role=Role.IMMUTABLE),
        Feature("income", role=Role.ACTIONABLE),
        Feature("savings", role=Role.ACTIONABLE),
    )
)


@st.composite
def answers(draw) -> Actionability:
    levels = draw(st.integers(1, 5))
    row = st.tuples(st.just(levels + 1), st.integers(1, levels + 1), st.integers(1, levels + 1))
    scores = torch.tensor(draw(st.lists(row, min_size=1, max_size=6)))
    return Actionability.validated(scores, levels, TABLE)


@given(answers())
def test_a_feature_is_actionable_for_who_scores_it_within_the_levels(given_answers):
    for scores, mask in zip(given_answers.scores.tolist(), given_answers.mask.tolist(), strict=True):
        assert mask == [score <= given_answers.levels for score in scores]


@given(answers())
def test_the_least_preferred_have_the_largest_score_of_the_actionable_ones(given_answers):
    for scores, least in zip(given_answers.scores.tolist(), given_answers.least_preferred.tolist(), strict=True):
        actionable = [score for score in scores if score <= given_answers.levels]
        assert least == [score in actionable and score == max(actionable) for score in scores]


def test_ties_are_all_least_preferred():
    scores = torch.tensor([[4, 2, 2], [4, 1, 2], [4, 4, 1], [4, 4, 4]])
    assert Actionability(scores, levels=3).least_preferred.tolist() == [
        [False, True, True],
        [False, False, True],
        [False, False, True],
        [False, False, False],
    ]


@given(answers(), st.data())
def test_some_of_the_people_keep_their_answers(given_answers, data):
    rows = torch.tensor(data.draw(st.lists(st.integers(0, len(given_answers) - 1))), dtype=torch.long)
    some = Actionability(given_answers.scores, given_answers.levels, ordered=False)[rows]
    assert (len(some), some.levels, some.ordered) == (len(rows), given_answers.levels, False)
    assert torch.equal(some.scores, given_answers.scores[rows])
    assert torch.equal(given_answers[1:].scores, given_answers.scores[1:])


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([[4, 1, 0]], r"row 0, feature 'savings': expected a score from 1 to 3, or 4 for non-actionable, got 0"),
        ([[4, 1, 2], [4, 5, 1]], r"row 1, feature 'income': expected a score from 1 to 3, or 4 .*, got 5"),
        ([[4, 1, 2], [3, 1, 1]], r"row 1, feature 'age': expected 4: the feature is not globally actionable, got 3"),
        ([[1, 2]], r"expected shape \(people, 3\), got \(1, 2\)"),
        ([1, 2, 3], r"expected shape \(people, 3\), got \(3,\)"),
        ([[4.0, 1.0, 2.0]], r"expected whole numbers, got dtype torch.float32"),
        ([[True, True, False]], r"expected whole numbers, got dtype torch.bool"),
    ],
)
def test_a_score_that_cannot_be_is_named_with_its_row_and_feature(scores, message):
    with pytest.raises(ArenaError, match=rf"^actionability scores: {message}$"):
        Actionability.validated(torch.tensor(scores), 3, TABLE)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.int64])
def test_scores_of_any_whole_dtype_are_kept_as_int64(dtype):
    kept = Actionability.validated(torch.tensor([[4, 1, 4]], dtype=dtype), 3, TABLE, ordered=False)
    assert kept.scores.dtype is torch.int64
    assert kept.scores.tolist() == [[4, 1, 4]]
    assert not kept.ordered
