"""One person asks from Python: at once, or in a conversation whose every answer is kept to."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from recourse_arena import ArenaError, recommend, session, verify
from recourse_arena.advice.advice import read_advice
from recourse_arena.advice.content.told import Status

BORROWER = {
    "checking_account": "below 0 DM", "duration": 36, "credit_history": "existing ones paid back till now",
    "purpose": "new car", "amount": 6200, "savings": "below 100 DM", "employment": "1 to 4 years",
    "instalment_rate": "35 % or more", "status_and_sex": "male, single", "other_debtors": "none", "residence": 2,
    "property": "unknown or none", "age": 29, "other_plans": "none", "housing": "rented", "existing_credits": 1,
    "job": "skilled", "dependents": 1, "telephone": "none", "foreign_worker": "yes",
}  # fmt: skip
OPEN = {
    "duration": {"answer": "easy", "at_least": 6},
    "amount": {"answer": "possible", "by_at_most": "50 %"},
    "savings": "very hard",
}
ANSWERS = OPEN | dict.fromkeys(
    ("checking_account", "purpose", "employment", "instalment_rate", "other_debtors", "housing", "existing_credits",
     "telephone"),
    "no",
)  # fmt: skip


@pytest.fixture
def here(german_adviser, monkeypatch, tmp_path_factory):
    """Where models lie that other tests fitted; everything happens in this process."""
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "no")
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(german_adviser.order.cache))
    return {"solvers": "growing-spheres"}


@pytest.fixture
def conversation(here):
    with session("german", BORROWER, answers=ANSWERS, **here) as talk:
        yield talk


def test_each_answer_to_advice_is_kept_to(conversation):
    first = conversation.advice
    assert first.status is Status.ADVICE
    duration = next(move.then for way in first.alternatives for move in way.moves if move.feature == "duration")
    second = conversation.reject("duration", below=duration + 3)
    assert all(m.then >= duration + 3 for way in second.alternatives for m in way.moves if m.feature == "duration")
    third = conversation.reject("duration")
    assert all("duration" not in way.features for way in third.alternatives)
    assert conversation.rejected == [f"duration: not below {duration + 3}", "duration: not possible"]
    assert third.closed["duration"] == "said"


def test_what_is_harder_than_thought_weighs_more(conversation):
    before = next(way for way in conversation.advice.alternatives if way.features == {"duration"})
    after = next(way for way in conversation.harder("duration").alternatives if "duration" in way.features)
    assert after.features != {"duration"} or after.effort > before.effort
    for _ in range(2):
        conversation.harder("duration")
    with pytest.raises(ArenaError, match="the hardest already; reject it"):
        conversation.harder("duration")


@pytest.mark.parametrize("said", ["3,200", "3200 DM", " 3,200 dm ", 3200, 3200.0])
def test_bounds_are_understood_as_in_an_interview(conversation, said):
    conversation.reject("amount", above=said)
    assert conversation.wishes.said["amount"].at_most == 3200


def test_what_was_said_is_kept_and_gives_the_same_advice(conversation, here, tmp_path):
    conversation.reject("duration", below=20)
    conversation.save(tmp_path / "answers.json")
    again = recommend("german", BORROWER, answers=tmp_path / "answers.json", **here)
    assert again.alternatives == conversation.advice.alternatives


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda talk: talk.reject("age"), "unknown feature that people can act on 'age'"),
        (lambda talk: talk.reject("duraton"), "Did you mean 'duration'"),
        (lambda talk: talk.reject("duration", above="long"), "duration: expected a number; got 'long'"),
        (lambda talk: talk.reject("savings", above="below 100 DM"), "no order"),
        (lambda talk: talk.reject("duration", below=20, above=10), "leaves nothing"),
        (lambda talk: talk.reject("duration", above=float("nan")), "expected a number"),
        (lambda talk: talk.reject("amount", above="3,2"), "expected a number; got '3,2'"),
        (lambda talk: talk.reject("amount", above="10 %"), "expected a number; got '10 %'"),
        (lambda talk: talk.reject("amount", above=-5), "expected a value of at least 1 DM; got -5"),
        (lambda talk: talk.reject("amount", above="3.200"), "leaves a value considered here from .*; got '3.200'"),
        (lambda talk: talk.harder("telephone"), "you said that it is not possible"),
    ],
)
def test_answers_that_make_no_sense_change_nothing(conversation, call, words):
    before = conversation.wishes
    with pytest.raises(ArenaError, match=words):
        call(conversation)
    assert conversation.wishes == before


def test_a_row_of_a_frame_is_a_person_and_advice_goes_to_files(here, tmp_path):
    told = recommend("german", pd.DataFrame([BORROWER]).iloc[0], alternatives=1, **here)
    assert len(told.alternatives) == 1
    assert not told.answered
    assert "You were not asked what you can change" in told.text()
    for suffix, begins in (("json", "{"), ("html", "<!doctype html>"), ("txt", "As things stand")):
        told.save(tmp_path / f"advice.{suffix}")
        assert (tmp_path / f"advice.{suffix}").read_text().startswith(begins)
    assert read_advice(tmp_path / "advice.json") == told
    verdict = verify(tmp_path / "advice.json")
    assert verdict.holds, verdict.findings


@pytest.mark.parametrize(
    ("person", "answers", "words"),
    [
        ({**BORROWER, "mood": "good"}, ANSWERS, "mood"),
        ({**BORROWER, "housing": "castle"}, ANSWERS, "castle"),
        ({**BORROWER, "age": 12}, ANSWERS, "from 18 to 120"),
        ({key: value for key, value in BORROWER.items() if key != "age"}, ANSWERS, "age"),
        (BORROWER, {**ANSWERS, "age": "easy"}, "age"),
        (BORROWER, {key: value for key, value in ANSWERS.items() if key != "duration"}, "duration"),
        (BORROWER, {**ANSWERS, "duration": "maybe"}, "maybe"),
        (BORROWER, {**ANSWERS, "duration": {"answer": 1, "at_least": 50, "at_most": 40}}, "duration"),
        (BORROWER, {}, "expected"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_fitted(here, monkeypatch, person, answers, words):
    from recourse_arena.advice import session as door

    monkeypatch.setattr(door, "opened", lambda *given, **more: pytest.fail("models are fitted already"))
    with pytest.raises(ArenaError, match=words):
        recommend("german", person, answers=answers, **here)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solvers": "convecs"}, "Did you mean 'convex'"),
        ({"alternatives": 0}, "alternatives"),
        ({"profile": "steep"}, "profile: expected one of"),
        ({"scheme": "likret"}, "likert"),
        ({"seed": -1}, "seed"),
        ({"plausibility": "yes"}, "plausibility"),
        ({"solvers": "grid?points=1"}, "points"),
    ],
)
def test_wrong_options_are_one_message(here, options, words):
    with pytest.raises(ArenaError, match=words):
        recommend("german", BORROWER, **{**here, **options})


def test_a_solver_that_fails_costs_only_itself(here, plugged):
    plugged("faulty")
    told = recommend("german", BORROWER, solvers=["raiser", "growing-spheres"])
    assert told.status is Status.ADVICE
    notes = {one.solver: one.note for one in told.asked}
    assert notes["raiser"]
    assert not notes["growing-spheres"]


def test_the_process_that_advises_says_the_same(here, german_adviser, monkeypatch):
    told = recommend("german", BORROWER, answers=ANSWERS, isolated=True, **here)
    inside = recommend("german", BORROWER, answers=ANSWERS, isolated=False, **here)
    if told.certificate.arithmetic == inside.certificate.arithmetic:
        assert told == inside
    assert told.status is inside.status
    assert json.loads(told.json())["certificate"]["dataset"] == "german"
