"""One person is asked, a question after the other; what is no answer is said, and the question stays."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_wishes_file import PERSON, TABLE, Swing

from recourse_arena import ArenaError, Feature, FeatureTable
from recourse_arena.elicitation.interviews.interview import Interview
from recourse_arena.elicitation.interviews.questions import order_said, split_answer
from recourse_arena.elicitation.interviews.wishes import Wish
from recourse_arena.elicitation.interviews.wishes_file import read_wishes
from recourse_arena.elicitation.schemes import Binary, Likert, Ranking

SCHEMES = {"likert": Likert(), "nine": Likert(levels=9), "ranking": Ranking(), "binary": Binary(), "plugin": Swing()}


def asked(*answers, elicitor=None, **options):
    interview = Interview(TABLE, elicitor or Likert(), PERSON, **options)
    for answer in answers:
        interview.answer(answer)
    return interview


@pytest.mark.parametrize(
    ("scheme", "answers", "levels"),
    [
        ("likert", ["easy, at most 3,200", "2 by at most 10 %", "hard", "no"], [1, 2, 3, 5]),
        ("nine", ["very hard, at most 3200", "2, by at most 500", "9", "x"], [9, 2, 9, 10]),
        ("binary", ["yes at most 3200 dollars", "y, at least 4500", "n", "no"], [1, 1, 2, 2]),
        ("plugin", ["3; at most 3200", "1 by at most 10%", "not possible", "never"], [3, 1, 4, 4]),
        ("ranking", ["2, 1, x, 3", "income at most 3,200; amount: by at most 10 %"], [2, 1, 5, 3]),
        ("ranking", ["amount, INCOME, home, not: job", "inc at most 3200; amount by at most 500"], [2, 1, 5, 3]),
        ("ranking", ["2 1 x 3", "amount at least 4500; income: at most 3200"], [2, 1, 5, 3]),
    ],
)
def test_four_features_take_at_most_six_questions_bounds_included(scheme, answers, levels):
    interview = Interview(TABLE, SCHEMES[scheme], PERSON)
    for answer in answers:
        assert not interview.done
        interview.answer(answer)
    assert interview.done
    assert len(answers) <= 6
    wishes = interview.wishes
    assert [wish.level for wish in wishes.said.values()] == levels
    assert wishes.said["income"].at_most == 3200
    assert wishes.said["amount"].at_least == 4500
    assert read_wishes(interview.answered, TABLE, SCHEMES[scheme], PERSON) == wishes
    with pytest.raises(ArenaError, match="the interview is over"):
        interview.answer("1")


def test_a_question_says_what_it_is_now_in_words_and_where_it_may_go():
    interview = asked(feasible={"amount": (250.0, 18_424.0), "job": (0.0, 2.0)})
    assert interview.question.splitlines()[:3] == [
        "[1 of 4] income",
        "  now: 1,200 dollars",
        "  may become: 0 dollars or more",
    ]
    interview.answer("1")
    assert interview.question.splitlines()[1:] == [
        "  now: 5,000",
        "  may become: only down, 250 to 5,000",
        "How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no",
    ]
    interview.answer("1")
    assert "  now: Some\n  may become: only up, good\n" in interview.question
    interview.answer("1")
    assert "  now: rented\n  may become: owned\n" in interview.question


@pytest.mark.parametrize(
    ("elicitor", "words"),
    [
        (Likert(levels=9), "1 easy, 2, 3, 4, 5, 6, 7, 8, 9 very hard, or no"),
        (Likert(levels=50), "1 to 50 (1 easy, 50 very hard), or no"),
        (Binary(), "Could you change this? yes, or no"),
        (Swing(), "1 is the easiest. 1, 2, 3, or no"),
    ],
)
def test_the_scale_is_said_in_words(elicitor, words):
    assert asked(elicitor=elicitor).question.endswith(words)
    assert asked(labels=("a", "b", "c", "d")).question.endswith("1 a, 2 b, 3 c, 4 d, or no")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "expected an answer, no for what is not possible"),
        ("5", "a whole number from 1 to 4, or no for what is not possible; got '5'"),
        ("easy peasy", "got 'easy peasy'"),
        ("at most 5", "or no; got nothing"),
        ("1 at most", 'expected a value behind "at most", as in "at most 5"; got nothing'),
        ("1 at most 5 at most 6", "expected each limit once; 'at most' stands there twice"),
        ("1, at most five", "expected a number; got 'five'"),
        ("1, at least 9 and at most 3", "expected at least at_least, which is 9; got '3'"),
        ("1, at least 2,000", "expected a bound that leaves a value considered here from 500 to 1,500 dollars"),
        ("back", "this is the first question"),
    ],
)
def test_what_is_no_answer_is_said_and_the_question_stays(answer, message):
    interview = asked(feasible={"income": (500.0, 1500.0)})
    question = interview.question
    with pytest.raises(ArenaError) as caught:
        interview.answer(answer)
    assert message in str(caught.value)
    assert interview.question == question
    assert interview.answered["answers"] == {}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("1, 2", "expected 4 places, one for each feature, got 2; nothing is said of job, home"),
        ("1, 2, 3, 4, 5", "expected 4 places, one for each feature, got 5"),
        ("1, 2, 3, 3", "expected each place once; 'job' and 'home' both have place 3"),
        ("1, 2, 3, 5", "a whole number from 1 to 4, or no for what is not possible; got '5'"),
        ("0, 1, 2, 3", "got '0'"),
        ("income, job", 'behind "not:"; amount, home are missing'),
        ("income, job, amount", "home is missing"),
        ("income, job, amount, income, not: home", "expected each feature once; income stands there twice"),
        ("income, not: income, job, amount, home", "income stands there twice"),
        ("incme, job, amount, home", "got 'incme'; did you mean income?"),
        ("age, job, amount, home", "expected some of income, amount, job, home; got 'age'"),
        (",,", 'behind "not:"; income, amount, job, home are missing'),
    ],
)
def test_an_order_names_everything_and_what_is_missing_is_asked_again(answer, message):
    interview = asked(elicitor=Ranking())
    with pytest.raises(ArenaError) as caught:
        interview.answer(answer)
    assert message in str(caught.value)
    assert interview.question.startswith("[1 of 2]")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("5", "expected a limit, as in \"income at most 5; ...\", or none; got '5'"),
        ("home at most owned", "expected some of income, amount; got 'home'"),
        ("job at most good", "expected some of income, amount; got 'job'"),
        ("income at most 5; income at least 3", "expected each feature once; income stands there twice"),
        ("amount at least 6000", "it may only go down, and it is 5,000 now"),
    ],
)
def test_limits_are_of_what_is_possible_and_has_an_order(answer, message):
    interview = asked("1, 2, x, 3", elicitor=Ranking())
    with pytest.raises(ArenaError) as caught:
        interview.answer(answer)
    assert message in str(caught.value)
    assert interview.answer("none") == "no limits"


def test_nobody_is_asked_of_limits_where_none_can_be_said():
    interview = asked("not: income, amount, job, home", elicitor=Ranking())
    assert interview.done
    assert not any(map(interview.wishes.possible, interview.wishes.said))
    assert asked("x x x 1", elicitor=Ranking()).done


def test_back_asks_again_and_a_question_mark_explains():
    interview = asked("1", "2, at most 4000")
    assert interview.answer("?") == interview.help
    assert interview.question.startswith("[3 of 4]")
    interview.answer("back")
    assert interview.question.startswith("[2 of 4] amount")
    interview.answer("Back")
    for answer in ("3", "no", "no", "no"):
        interview.answer(answer)
    assert interview.wishes.said == {"income": Wish(3), "amount": Wish(5), "job": Wish(5), "home": Wish(5)}
    again = asked("1, 2, x, 3", "back", "2, 1, x, x", "amount at least 3000", elicitor=Ranking())
    assert again.wishes.said["amount"] == Wish(1, at_least=3000.0)


@given(st.sampled_from(sorted(SCHEMES)), st.integers(0, 4), st.booleans())
def test_an_interview_that_was_broken_off_goes_on_where_it_was(scheme, after, back):
    answers = ["2, 1, x, 3", "amount by at most 10 %"] if scheme == "ranking" else ["1", "1 by at most 10 %", "x", "1"]
    whole, elicitor = asked(*answers, elicitor=SCHEMES[scheme]), SCHEMES[scheme]
    first = asked(*answers[:after], elicitor=elicitor)
    if back and 0 < after < len(answers):
        first.answer("back")
        after -= 1
    kept = first.answered
    assert first.done or kept["unfinished"]
    if not first.done:
        with pytest.raises(ArenaError, match="the interview was broken off; not asked yet"):
            read_wishes(kept, TABLE, elicitor, PERSON)
        with pytest.raises(ArenaError, match="the interview is not over; not asked yet"):
            _ = first.wishes
    second = asked(elicitor=elicitor)
    second.take_up(kept)
    for answer in answers[after:]:
        second.answer(answer)
    assert second.wishes == whole.wishes


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({}, "answers: expected the answers of an interview, as it keeps them"),
        ({"answers": {"incom": 1}}, "answers: unknown feature that people can act on 'incom'. Did you mean 'income'"),
        ({"answers": {"income": 9}}, "answers: 'income': expected one of easy"),
        ({"answers": {}, "scheme": "binary"}, "answers: expected answers of 'likert', got those of 'binary'"),
        ({"answers": {"amount": {"answer": 1, "at_least": 6000}}}, "it may only go down, and it is 5,000 now"),
    ],
)
def test_what_is_kept_is_looked_at_before_it_is_taken_up(kept, message):
    with pytest.raises(ArenaError) as caught:
        asked().take_up(kept)
    assert message in str(caught.value)


def test_what_nobody_can_act_on_is_not_asked():
    with pytest.raises(ArenaError, match="there is none to ask about"):
        Interview(FeatureTable((Feature("age"),)), Likert(), PERSON)


@given(st.permutations(range(4)), st.integers(0, 4))
def test_an_order_by_name_and_by_place_is_the_same(order, possible):
    features = [TABLE[name] for name in ("income", "amount", "job", "home")]
    chosen, closed = order[:possible], order[possible:]
    by_name = ", ".join(features[i].name for i in chosen) + " not: " + ", ".join(features[i].name for i in closed)
    by_place = ", ".join(str(chosen.index(i) + 1) if i in chosen else "x" for i in range(4))
    levels = {name: "x" if level == "no" else level for name, level in order_said(by_name, features).items()}
    assert levels == order_said(by_place, features)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_answer_or_a_clear_error(text):
    for elicitor in SCHEMES.values():
        with suppress(ArenaError):
            assert asked(elicitor=elicitor).answer(text)
    with suppress(ArenaError):
        assert "answer" in split_answer(text)


def test_nothing_of_it_needs_torch():
    text = (
        "import sys\nfrom recourse_arena.elicitation.interviews.interview import Interview\n"
        "from recourse_arena.elicitation.interviews.person import read_person\n"
        "from recourse_arena.elicitation.schemes import Likert\nfrom recourse_arena_german import German\n"
        "german = German()\nfrom pathlib import Path\n"
        "names = german.declaration.table.columns\n"
        "row = dict(zip(names, german._places(Path())[0].read_text().splitlines()[0].split()))\n"
        "interview = Interview(german.features, Likert(), read_person(row, german))\n"
        "while not interview.done: interview.answer('1')\n"
        "assert interview.wishes.possible('amount')\nassert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", text], check=True)
