"""Simulated preferences follow the distributions of the paper."""

from __future__ import annotations

import hashlib
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


# Digests of the scores of 1000 people, taken before people could have pairs of their own.
STORED = {
    None: ("c6c34c4c11540902", "ded18a911f1521e6", "cd4b24065cdbdcb8"),
    ("income", "loan_amount"): ("4f54142cc8587003", "d903db70bcb37979", "02cb63791e19eda8"),
    ("duration", "savings"): ("6bea62f0c21cf271", "ad3bc51c8d10639e", "98b00f0233fedf0f"),
    ("income", "savings"): ("bed5186df0dcb73e", "f286d658b66d9471", "dbe2fc20435a8275"),
    ("loan_amount", "duration"): ("1bf1598005f4761a", "9b2c72f18b31088b", "6526e62a6da4596f"),
}


def digest(scores):
    return hashlib.sha256(scores.contiguous().numpy().tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(("favoured", "stored"), STORED.items(), ids=str)
def test_draws_of_fixed_populations_are_those_of_ever(loan, favoured, stored):
    table = loan.features
    found = [rankings(1000, table, favoured, draws())]
    for scheme in (Ranking(), Binary()):
        answers = scheme.population(1000, table, actionable="random", favoured=favoured, draws=draws())
        found.append(answers.scores)
    assert tuple(map(digest, found)) == stored


def test_uniform_likert_draws_are_those_of_ever(loan):
    scores = Likert().population(1000, loan.features, actionable="2", draws=draws()).scores
    assert digest(scores) == "cc53b80812f4e819"


@pytest.mark.parametrize("scheme", [Ranking(), Binary()])
def test_a_pair_for_everybody_is_that_pair_for_each(scheme):
    each = torch.tensor([TABLE.index("I"), TABLE.index("S")]).expand(500, 2)
    by_name, by_column = (
        scheme.population(500, TABLE, actionable="2", favoured=favoured, draws=draws()).scores
        for favoured in (("I", "S"), each)
    )
    assert torch.equal(by_name, by_column)


def test_each_person_prefers_their_own_pair():
    pairs = torch.tensor([[3, 4], [1, 2], [4, 1]]).repeat(PEOPLE // 3, 1)  # I and S, L and D, S and L
    ranks = rankings(PEOPLE, TABLE, pairs, draws())
    of_pair = ranks.gather(1, pairs - 1)
    assert (of_pair.amin(1) == 1).all()
    for kind in range(3):
        mine = of_pair[kind::3]
        assert float((mine[:, 0] == 1).float().mean()) == pytest.approx(1 / 2, abs=0.015)
        assert float((mine.amax(1) == 2).float().mean()) == pytest.approx(2 / 3, abs=0.015)


def test_what_one_person_prefers_leaves_the_others_alone():
    pairs = torch.tensor([[3, 4]]).repeat(50, 1)
    other = pairs.clone()
    other[7] = torch.tensor([1, 2])
    differs = (rankings(50, TABLE, pairs, draws()) != rankings(50, TABLE, other, draws())).any(1)
    assert differs.nonzero().flatten().tolist() == [7]


@pytest.mark.parametrize(
    ("favoured", "message"),
    [
        (torch.tensor([[3, 4], [0, 1], [1, 2]]), "'age', which is not globally actionable"),
        (torch.tensor([[3, 4]]), r"expected shape \(3, 2\), got \(1, 2\)"),
        (torch.tensor([3, 4, 1]), r"expected shape \(3, 2\), got \(3,\)"),
        (("I", "Q"), "unknown feature 'Q'"),
    ],
)
def test_pairs_that_make_no_sense_are_refused(favoured, message):
    with pytest.raises(ArenaError, match=message):
        rankings(3, TABLE, favoured, draws())


@pytest.mark.parametrize("favoured", [("I", "S"), torch.tensor([[3, 4]] * 3)], ids=["for all", "for each"])
def test_likert_scores_know_no_favoured_pair(favoured):
    with pytest.raises(ArenaError, match="Likert scores are drawn uniformly"):
        Likert().population(3, TABLE, actionable="2", favoured=favoured, draws=draws())
