"""What policies of the suite ask and believe."""

from __future__ import annotations

import pytest
import torch
from test_conversation import FEATURES, PUBLIC, TRUTH

from recourse_arena import ArenaError, Reaction, Reactions
from recourse_arena.elicitation.choice_sets import ChoiceSets, ChoiceSetsAndPostHoc
from recourse_arena.elicitation.hidden_people import HiddenPeople
from recourse_arena.elicitation.policies import Binary, Likert, NoQuestions, Ranking


def asked_by(policy):
    people = HiddenPeople(TRUTH, PUBLIC.box)
    return policy.begin(people), people


def rightly_possible(belief):
    return float((belief.actionability.mask == TRUTH.actionable).double().mean())


def rightly_ordered(belief):
    """Return the share of pairs of possible features that are believed to be in the right order."""
    possible = TRUTH.actionable & belief.actionability.mask
    wants, thought = TRUTH.actionability.scores, belief.actionability.scores
    both = possible[:, :, None] & possible[:, None, :] & (wants[:, :, None] < wants[:, None, :])
    return float((thought[:, :, None] < thought[:, None, :])[both].double().mean())


def test_binary_learns_what_is_possible_and_nothing_else():
    belief, people = asked_by(Binary())
    assert torch.equal(belief.actionability.mask, TRUTH.actionable)
    assert len(belief.actionability.scores[belief.actionability.mask].unique()) == 1
    assert not belief.actionability.ordered
    assert set(people.questions.tolist()) == {3}


def test_a_ranking_learns_an_order_with_one_question():
    belief, people = asked_by(Ranking())
    scores, wants = belief.actionability.scores, TRUTH.actionability.scores
    assert torch.equal(belief.actionability.mask, TRUTH.actionable)
    harder = (wants[:, :, None] < wants[:, None, :]) & TRUTH.actionable[:, :, None] & TRUTH.actionable[:, None, :]
    assert (scores[:, :, None] < scores[:, None, :])[harder].all()
    assert set(people.questions.tolist()) == {1}


def test_likert_asks_for_limits_if_it_is_to():
    belief, people = asked_by(Likert(limits=True))
    assert torch.equal(belief.actionability.scores, TRUTH.actionability.scores)
    known = torch.minimum(belief.box.upper, PUBLIC.box.upper)
    assert torch.equal(known[TRUTH.actionable], TRUTH.box.upper[TRUTH.actionable])
    assert torch.equal(people.questions, 3 + TRUTH.actionable.sum(1))


def test_choice_sets_learn_more_of_more_questions():
    nothing = rightly_possible(asked_by(NoQuestions())[0])
    few, many = (asked_by(ChoiceSets(questions=number)) for number in (2, 9))
    assert nothing < rightly_possible(few[0]) < rightly_possible(many[0])
    assert rightly_possible(many[0]) > 0.85
    assert (set(few[1].questions.tolist()), set(many[1].questions.tolist())) == ({2}, {9})
    assert rightly_ordered(few[0]) < rightly_ordered(many[0]) > 0.75


def test_choice_sets_do_not_forget_what_was_said_once():
    policy = ChoiceSetsAndPostHoc(questions=1)
    belief, people = asked_by(policy)
    for feature, what in ((0, Reaction.NOT_POSSIBLE), (1, Reaction.HARDER), (2, Reaction.NOT_POSSIBLE)):
        count = len(belief)
        value = torch.full((count,), 1.0 if what is Reaction.HARDER else torch.nan)
        said = Reactions(torch.full((count,), int(what)), torch.full((count,), feature), value)
        belief = policy.after(belief, people, None, said)
    assert (belief.actionability.scores == torch.tensor([8, 7, 8])).all()


def test_harder_than_thought_is_harder_on_a_coarse_scale_too():
    belief, _ = asked_by(Likert(levels=2))
    easy = belief.actionability.scores[:, 0] == 1
    people = len(belief)
    said = Reactions(
        torch.full((people,), int(Reaction.HARDER)), torch.zeros(people, dtype=torch.long), torch.full((people,), 0.3)
    )
    assert easy.any()
    assert (belief.taking_up(said).actionability.scores[easy, 0] == 2).all()


def test_without_a_pair_of_features_no_choice_is_shown():
    one = FEATURES.__class__(FEATURES.features[:1])
    assert one.count_actionable == 1
    truth = TRUTH.__class__(
        **{
            **{name: getattr(TRUTH, name) for name in ("profile", "unit_cost", "person")},
            "features": one,
            "factual": TRUTH.factual[:, :1],
            "actionability": TRUTH.actionability.__class__(TRUTH.actionability.scores[:, :1], 4),
            "box": PUBLIC.box.__class__(PUBLIC.box.lower[:, :1], PUBLIC.box.upper[:, :1]),
        }
    )
    people = HiddenPeople(truth, truth.box)
    belief = ChoiceSets().begin(people)
    assert belief.actionability.mask.all()
    assert not people.questions.any()


def test_the_number_of_questions_is_checked():
    with pytest.raises(ArenaError, match="choice-sets: questions must be a whole number from 1 to 100, got 0"):
        ChoiceSets(questions=0)
