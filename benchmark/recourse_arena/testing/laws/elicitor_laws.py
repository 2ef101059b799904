"""What every elicitation scheme keeps."""

from __future__ import annotations

__all__ = ["ELICITOR_LAWS"]

import re

import torch

from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.elicitor import NEVER, Elicitor
from recourse_arena.people.features import Feature, FeatureTable, Role
from recourse_arena.problem.actionability import Actionability
from recourse_arena.testing.laws.law import Law, NotRun, expect, expect_untouched

_PEOPLE = 200
_FEATURES = FeatureTable(
    (Feature("age", role=Role.IMMUTABLE), *(Feature(name, role=Role.ACTIONABLE) for name in "abcd"), Feature("savings"))
)
_COUNT = _FEATURES.count_actionable


def it_says_what_it_is(elicitor: Elicitor) -> None:
    """Name, summary and whether answers carry an order are declared, and levels are a number from 1."""
    expect(isinstance(elicitor, Elicitor), f"expected an Elicitor, got {type(elicitor).__name__}")
    name = getattr(elicitor, "name", "")
    expect(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), f"name: expected lower-case words, got {name!r}")
    expect(elicitor.summary, "summary: expected one line for people, got none")
    expect(isinstance(elicitor.ordered, bool), f"ordered: expected true or false, got {elicitor.ordered!r}")
    levels = elicitor.levels(_FEATURES)
    expect(isinstance(levels, int) and levels >= 1, f"levels: expected a whole number from 1, got {levels!r}")


def answers_are_scores_of_actionable_features(elicitor: Elicitor) -> None:
    """Scores are whole numbers from 1 to levels, or one above for what a person cannot act on."""
    for actionable in ("all", "random", "2"):
        answers = _answers(elicitor, actionable)
        Actionability.validated(answers.scores, answers.levels, _FEATURES)
        expect(len(answers) == _PEOPLE, f"expected answers of {_PEOPLE} people, got {len(answers)}")


def people_can_be_asked(elicitor: Elicitor) -> None:
    """Each feature has a question; each level is said by its number, and by its word where it has one; no is no."""
    levels = elicitor.levels(_FEATURES)
    words = elicitor.words(levels)
    expect(len(words) == levels, f"words: expected {levels}, one for each level, got {len(words)}")
    for feature in (feature for feature in _FEATURES if feature.role is Role.ACTIONABLE):
        question = elicitor.question(feature)
        expect(isinstance(question, str) and question.strip(), f"question: expected a sentence, got {question!r}")
    for level, word in enumerate(words, 1):
        for text in filter(None, (str(level), word)):
            expect(elicitor.read(text, levels) == level, f"read: expected level {level} of the answer {text!r}")
    for text in NEVER:
        expect(elicitor.read(text, levels) == levels + 1, f"read: expected {levels + 1} of the answer {text!r}")


def people_can_act_on_as_many_features_as_asked_for(elicitor: Elicitor) -> None:
    """`all` leaves every actionable feature open, a number that many, `random` not the same number for everybody."""
    every = _answers(elicitor, "all").mask.sum(1)
    expect((every == _COUNT).all(), f"'all': expected {_COUNT} actionable features, got {int(every.min())}")
    for number in range(1, _COUNT + 1):
        open_ = _answers(elicitor, str(number)).mask.sum(1)
        wrong = open_[open_ != number]
        expect(not len(wrong), f"{str(number)!r}: expected {number} actionable features, got {wrong[:1].tolist()}")
    expect(len(_answers(elicitor, "random").mask.sum(1).unique()) > 1, "'random': the same number for everybody")


def the_same_draws_lead_to_the_same_answers(elicitor: Elicitor) -> None:
    """Answers depend on the generator they are given only, and on that they do."""
    one = _answers(elicitor, "random").scores
    with ProcessState(20_000):
        again = _answers(elicitor, "random").scores
    expect(torch.equal(one, again), "other answers with the same generator")
    expect(not torch.equal(one, _answers(elicitor, "random", seed=1).scores), "the same answers with another generator")


def global_state_is_left_alone(elicitor: Elicitor) -> None:
    """Sampling changes no random state of torch, numpy and random, and no setting of torch."""
    with ProcessState(20_000) as around:
        _answers(elicitor, "random")
    expect_untouched(around, "sampling")


def a_favoured_pair_is_preferred(elicitor: Elicitor) -> None:
    """A population that favours two features prefers them on average, unless the scheme refuses to favour any."""
    draws = torch.Generator().manual_seed(0)
    try:
        answers = elicitor.population(_PEOPLE, _FEATURES, actionable="2", favoured=("b", "c"), draws=draws)
    except ArenaError as refusal:
        raise NotRun(f"it favours no features: {refusal}") from None
    scores = answers.scores[:, _FEATURES.actionable].double().mean(0)
    expect(scores[1:3].max() < scores[[0, 3]].min(), "features that the population favours do not score lower")


ELICITOR_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    answers_are_scores_of_actionable_features,
    people_can_be_asked,
    people_can_act_on_as_many_features_as_asked_for,
    the_same_draws_lead_to_the_same_answers,
    global_state_is_left_alone,
    a_favoured_pair_is_preferred,
)


def _answers(elicitor: Elicitor, actionable: str, *, seed: int = 0) -> Actionability:
    draws = torch.Generator().manual_seed(seed)
    return elicitor.population(_PEOPLE, _FEATURES, actionable=actionable, draws=draws)
