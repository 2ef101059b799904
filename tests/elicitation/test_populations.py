"""Simulated preferences follow the distributions of the paper."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Role
from recourse_arena.elicitation.populations import rankings
from recourse_arena.elicitation.schemes import Binary, Likert, Ranking

TABLE = FeatureTable((Feature("age", role=Role.IMMUTABLE), *(Feature(n, role=Role.ACTIONABLE) for n in "LDIS")))
PEOPLE = 60_000


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def frequencies(favoured):
    """Return the share of each order of preference, most preferred feature first."""
    ranks = rankings(PEOPLE, TABLE, favoured, draws())
    orders = ranks.argsort(1)
    code = orders @ torch.tensor([64, 16, 4, 1])
    return {
        order: float((code == sum(f * w for f, w in zip(order, (64, 16, 4, 1), strict=True))).float().mean())
        for order in permutations(range(4))
    }


def test_without_a_favoured_pair_all_24_orders_are_equally_likely():
    assert all(share == pytest.approx(1 / 24, abs=0.004) for share in frequencies(None).values())


@pytest.mark.parametrize("favoured", [("I", "L"), ("D", "S"), ("I", "S"), ("L", "D")])
def test_a_favoured_pair_gives_the_twelve_orders_of_the_paper_with_their_mass(favoured):
    pair = {"LDIS".index(name) for name in favoured}
    for order, share in frequencies(favoured).items():
        expected = 0 if order[0] not in pair else 1 / 6 if set(order[:2]) == pair else 1 / 24
        assert share == pytest.approx(expected, abs=0.006), order


def test_a_favoured_feature_that_is_not_actionable_is_refused():
    with pytest.raises(ArenaError, match="'age'"):
        rankings(3, TABLE, ("age", "L"), draws())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_ranking_leaves_the_best_ranked_features_actionable(count):
    answers = Ranking().population(500, TABLE, actionable=str(count), draws=draws())
    full = Ranking().population(500, TABLE, actionable="all", draws=draws())
    assert (answers.mask.sum(1) == count).all()
    assert torch.equal(answers.scores[answers.mask], full.scores[full.scores <= count])
    assert torch.equal(answers.mask, full.scores <= count)


def test_a_random_cut_off_is_uniform_on_one_to_all():
    counts = Ranking().population(PEOPLE, TABLE, actionable="random", draws=draws()).mask.sum(1)
    for count in (1, 2, 3, 4):
        assert float((counts == count).float().mean()) == pytest.approx(0.25, abs=0.01)


def test_likert_scores_are_uniform_and_five_means_non_actionable():
    soft = Likert().population(PEOPLE, TABLE, actionable="all", draws=draws()).scores[:, 1:]
    hard = Likert().population(PEOPLE, TABLE, actionable="random", draws=draws())
    assert [float((soft == s).float().mean()) for s in range(1, 6)] == pytest.approx([0.25] * 4 + [0], abs=0.005)
    assert [float((hard.scores[:, 1:] == s).float().mean()) for s in range(1, 6)] == pytest.approx([0.2] * 5, abs=0.005)
    assert torch.equal(hard.mask, hard.scores <= 4)
    assert (Likert().population(9, TABLE, actionable="2", draws=draws()).mask.sum(1) == 2).all()


def test_a_yes_or_no_answer_carries_no_order():
    answers = Binary().population(200, TABLE, actionable="2", draws=draws())
    assert not answers.ordered
    assert set(answers.scores[:, 1:].unique().tolist()) == {1, 2}
    assert (answers.mask.sum(1) == 2).all()
    assert torch.equal(answers.mask, Ranking().population(200, TABLE, actionable="2", draws=draws()).mask)


@pytest.mark.parametrize("scheme", [Ranking(), Likert(), Binary()])
def test_nobody_can_act_on_what_is_not_globally_actionable(scheme):
    assert not scheme.population(50, TABLE, actionable="random", draws=draws()).mask[:, 0].any()


@pytest.mark.parametrize("wrong", ["0", "5", "-1", "many"])
def test_an_impossible_number_of_actionable_features_is_refused(wrong):
    with pytest.raises(ArenaError, match="expected 1 to 4 actionable features"):
        Ranking().population(3, TABLE, actionable=wrong, draws=draws())
