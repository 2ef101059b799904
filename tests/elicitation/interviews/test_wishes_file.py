"""What one person says of each feature is read from files and from Python, and can be written and read again."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawbreakers import Unordered

from recourse_arena import ArenaError, Direction, Elicitor, Feature, FeatureTable, Kind, Role
from recourse_arena.elicitation.interviews.person import Person
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes
from recourse_arena.elicitation.interviews.wishes_file import read_wishes, scheme_said
from recourse_arena.elicitation.schemes import Binary, Likert, Ranking

ACT = Role.ACTIONABLE
TABLE = FeatureTable(
    (
        Feature("age", Kind.INTEGER, Role.IMMUTABLE),
        Feature("income", role=ACT, lower=0, unit="dollars"),
        Feature("amount", Kind.INTEGER, ACT, lower=1, upper=20_000, direction=Direction.DOWN),
        Feature("job", Kind.ORDINAL, ACT, levels=("none", "Some", "good"), direction=Direction.UP),
        Feature("home", Kind.CATEGORICAL, ACT, levels=("rented", "owned")),
    )
)
PERSON = Person({"age": 35.0, "income": 1200.0, "amount": 5000.0, "job": 1.0, "home": 0.0})
PLAIN = {"income": 1, "amount": 2, "job": 3, "home": "no"}


def read(said, elicitor=None, **options):
    return read_wishes(said, TABLE, elicitor or Likert(), PERSON, **options)


def test_answers_are_levels_words_and_bounds():
    said = {
        "income": {"answer": "Easy", "at_least": "1,000", "at_most": 3200},
        "amount": {"answer": 2, "by_at_most": "10 %"},
        "job": {"answer": "very hard", "at_most": "good"},
        "home": "never",
    }
    wishes = read(said)
    assert wishes == Wishes(
        "likert",
        4,
        True,
        {
            "income": Wish(1, 1000.0, 3200.0),
            "amount": Wish(2, 4500.0),
            "job": Wish(4, at_most=2.0),
            "home": Wish(5),
        },
    )
    assert read({"scheme": "likert?levels=4", "answers": said}) == wishes
    assert list(wishes.said) == [*PLAIN]


@pytest.mark.parametrize(
    "said",
    [
        {**PLAIN, "income": np.int64(1), "amount": np.float64(2.0)},
        {**PLAIN, "income": "1.0", "job": " HARD "},
        {name: {"answer": answer} for name, answer in PLAIN.items()},
        {"answers": dict(reversed(PLAIN.items()))},
    ],
)
def test_one_answer_has_many_forms(said):
    assert read(said) == read(PLAIN)


def test_a_csv_file_has_one_row(tmp_path):
    file = tmp_path / "answers.csv"
    file.write_text("person;income;amount;job;home;income_max;job_min\n3;easy;2;3;x;3200;some\n")
    wishes = read(file)
    assert wishes.said["income"] == Wish(1, at_most=3200.0)
    assert wishes.said["job"] == Wish(3, at_least=1.0)
    file.write_text("income,amount,job,home\n1,2,3,x\n1,2,3,x\n")
    with pytest.raises(ArenaError, match="expected the answers of one person below the header, got 2 rows"):
        read(file)
    file.write_text("income,amount,job,home,income_max\n1,2,,x,\n")
    with pytest.raises(ArenaError, match=r"answers.csv:2: column 'job': expected one of easy, .*; got an empty cell"):
        read(file)
    file.write_text('income,amount,job,home,income_max\n1,2,3,x,"3,200"\n')
    with pytest.raises(ArenaError, match=r"column 'income_max': expected a number; got '3,200'"):
        read(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"income": ""},
            "answers: 'income': expected one of easy, possible, hard, very hard, a whole number from 1 to 4",
        ),
        (
            {"income": None},
            "'income': expected one of easy, possible, hard, very hard, a whole number from 1 to 4, or no",
        ),
        ({"income": {"at_most": 3000}}, "or no; got nothing"),
        ({"income": 5}, "a whole number from 1 to 4, or no for what is not possible; got '5'"),
        ({"income": 1.5}, "got '1.5'"),
        ({"income": True}, "got 'yes'"),
        ({"income": [1]}, "'income': expected a text or a number; got [1]"),
        ({"income": "eesy"}, "got 'eesy'"),
        ({"incom": 1}, "answers: unknown feature that people can act on 'incom'. Did you mean 'income'"),
        ({"age": 1}, "answers: 'age' is a feature that nobody can act on; leave it out"),
        ({"income": {"answer": 1, "most": 3}}, "'income': unknown key 'most'. Did you mean 'at_most'"),
        ({"income": {"answer": 1, "at_most": "much"}}, "'income': at_most: expected a number; got 'much'"),
        ({"income": {"answer": 1, "at_most": math.nan}}, "'income': at_most: expected a number; got nan"),
        ({"income": {"answer": 1, "at_most": math.inf}}, "'income': at_most: expected a number; got inf"),
        ({"income": {"answer": 1, "at_most": True}}, "'income': at_most: expected a number; got True"),
        ({"income": {"answer": 1, "at_most": "12,00"}}, "'income': at_most: expected a number; got '12,00'"),
        ({"income": {"answer": 1, "at_most": -5}}, "at_most: expected a value of at least 0 dollars; got -5"),
        ({"amount": {"answer": 1, "at_least": 20_001}}, "at_least: expected a value from 1 to 20,000; got 20001"),
        (
            {"income": {"answer": 1, "at_least": 9, "at_most": 3}},
            "at_most: expected at least at_least, which is 9; got 3",
        ),
        (
            {"amount": {"answer": 1, "at_least": 1.2, "at_most": 1.8}},
            "leaves a whole number from at_least, 1.2; got 1.8",
        ),
        (
            {"amount": {"answer": 1, "at_least": 6000}},
            "from 1 to 5,000; it may only go down, and it is 5,000 now; got 6000",
        ),
        ({"job": {"answer": 1, "at_most": "none"}}, "it may only go up, and it is Some now; got 'none'"),
        ({"job": {"answer": 1, "at_most": "great"}}, "expected one of the levels 'none', 'Some', 'good'; got 'great'"),
        ({"job": {"answer": 1, "by_at_most": "10 %"}}, "a number of levels: these have no percentages; got '10 %'"),
        (
            {"home": {"answer": 1, "at_most": "owned"}},
            "no bound: these are categories, which have no order; got 'owned'",
        ),
        (
            {"income": {"answer": 1, "by_at_most": 0}},
            "by_at_most: expected a number above 0, or a percentage as in '10 %'",
        ),
        ({"income": {"answer": 1, "by_at_most": "-5%"}}, "by_at_most: expected a number above 0"),
        ({"amount": {"answer": 1, "by_at_most": 0.5}}, "by_at_most: expected more: nothing is left but 5,000"),
        (
            {"income": {"answer": 1, "by_at_most": 5, "at_least": 2000}},
            "expected a way from 1,200 into the other bounds",
        ),
        ({"income": {"answer": 1, "at_most": 5}, "income_max": 5}, "'income' says at_most, and so does 'income_max'"),
    ],
)
def test_what_is_wrong_is_one_clear_error_and_never_a_no(change, message):
    with pytest.raises(ArenaError) as caught:
        read({**PLAIN, **change})
    assert message in str(caught.value)


def test_what_is_not_answered_is_named():
    with pytest.raises(ArenaError, match="expected an answer for each feature .*; 'amount', 'home' are missing"):
        read({"income": 1, "job": 2})
    with pytest.raises(ArenaError, match="the interview was broken off; not asked yet: job, home"):
        read({"scheme": "likert", "answers": PLAIN, "unfinished": ["job", "home"]})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"scheme": "likert?levels=7", "answers": PLAIN},
            "scheme: expected answers of 'likert', with 4 levels; got those",
        ),
        ({"scheme": "binary", "answers": PLAIN}, "got those of 'binary'"),
        ({"scheme": 4, "answers": PLAIN}, "scheme: expected the name of a scheme such as 'likert', got 4"),
        ({"answers": [1]}, "answers: expected an answer for each feature, got '[1]'"),
        ({"answers": PLAIN, "shceme": "likert"}, "unknown key 'shceme'. Did you mean 'scheme'"),
        (3, "answers: expected answers by feature"),
    ],
)
def test_answers_of_another_form_or_scheme_are_refused(said, message):
    with pytest.raises(ArenaError) as caught:
        read(said)
    assert message in str(caught.value)


def test_a_json_file_is_named_where_it_is_wrong(tmp_path):
    file = tmp_path / "answers.json"
    for text, message in (
        ("[]", "answers.json: expected answers by feature"),
        ('{"income": 1, "income": 2}', "answers.json: expected each key once; 'income' occurs 2 times"),
        ('{"income": 9, "amount": 1, "job": 1, "home": 1}', "answers.json: 'income': expected one of easy"),
        ("{", "answers.json:1: expected readable answers in JSON"),
    ):
        file.write_text(text)
        with pytest.raises(ArenaError) as caught:
            read(file)
        assert message in str(caught.value)


def test_each_place_of_a_ranking_is_given_once_and_binary_answers_are_yes_or_no():
    assert read({**PLAIN, "home": "x"}, Ranking()).said["home"] == Wish(5)
    with pytest.raises(ArenaError, match="answers: expected each place once; 'income' and 'amount' both have place 2"):
        read({**PLAIN, "income": 2}, Ranking())
    binary = read({"income": "yes", "amount": True, "job": False, "home": "n"}, Binary())
    assert [wish.level for wish in binary.said.values()] == [1, 1, 2, 2]
    assert not binary.ordered
    with pytest.raises(ArenaError, match="expected yes, or no for what is not possible; got '2'"):
        read({**PLAIN, "income": 2}, Binary())


def test_other_scales_have_other_words():
    seven = read({**PLAIN, "income": 7, "amount": "very hard"}, Likert(levels=7))
    assert (seven.scheme, seven.said["income"].level, seven.said["amount"].level) == ("likert?levels=7", 7, 7)
    labels = ("fine", "so so", "bad", "awful")
    assert read({**PLAIN, "income": "So So"}, labels=labels).said["income"].level == 2
    with pytest.raises(ArenaError, match="expected one of fine, so so, bad, awful, a whole number from 1 to 4, or no"):
        read({**PLAIN, "income": "easy"}, labels=labels)


class Swing(Unordered):
    """A scheme of a plugin that says nothing of how people are asked."""

    name, together = "swing", False
    read, words, question, contradiction = Elicitor.read, Elicitor.words, Elicitor.question, Elicitor.contradiction

    def levels(self, features):
        return 3


def test_schemes_that_say_no_more_than_their_levels_take_scores():
    wishes = read({**PLAIN, "income": "3"}, Swing(), scheme="swing?wide=true")
    assert (wishes.scheme, wishes.said["income"].level) == ("swing?wide=true", 3)
    with pytest.raises(
        ArenaError, match="expected a whole number from 1 to 3, or no for what is not possible; got '4'"
    ):
        read({**PLAIN, "income": 4}, Swing())


def test_levels_whose_names_are_numbers_are_meant_by_name():
    table = FeatureTable((Feature("rate", Kind.ORDINAL, ACT, levels=("3", "2", "1")),))
    wishes = read_wishes({"rate": {"answer": 1, "at_most": 2}}, table, Likert(), Person({"rate": 0.0}))
    assert wishes.said["rate"].at_most == 1.0
    assert wishes.as_json(table)["answers"] == {"rate": {"answer": 1, "at_most": "2"}}


def test_which_scheme_answers_are_of_is_told_before_they_are_read(tmp_path):
    read(PLAIN, Ranking()).save(tmp_path / "a.json", TABLE)
    assert scheme_said(tmp_path / "a.json") == "ranking"
    assert scheme_said(PLAIN) is None
    (tmp_path / "a.csv").write_text("income\n1\n")
    assert scheme_said(tmp_path / "a.csv") is None


@st.composite
def wishes_of(draw):
    """Return wishes that somebody like PERSON can have."""
    said, places = {}, draw(st.permutations(range(1, 5)))
    elicitor = draw(st.sampled_from([Likert(), Likert(levels=9), Ranking(), Binary()]))
    levels = elicitor.levels(TABLE)
    for place, name in enumerate(PLAIN):
        level = places[place] if type(elicitor) is Ranking else draw(st.integers(1, levels + 1))
        level = levels + 1 if draw(st.booleans()) else level
        low, high = {"income": (0, 1e6), "amount": (1, 5000), "job": (1, 2), "home": (0, 0)}[name]
        whole = st.integers(int(low), int(high)).map(float)
        ends = whole if TABLE[name].whole else st.floats(low, high)
        bounds = sorted(draw(st.tuples(ends, ends)))
        wish = Wish(level)
        if name != "home" and draw(st.booleans()):
            wish = replace(wish, at_least=bounds[0])
        if name != "home" and draw(st.booleans()):
            wish = replace(wish, at_most=bounds[1])
        said[name] = wish
    return elicitor, Wishes(elicitor.scheme, levels, elicitor.ordered, said)


@given(wishes_of())
def test_what_is_written_is_read_to_the_same_wishes(tmp_path_factory, made):
    elicitor, wishes = made
    file = tmp_path_factory.getbasetemp() / "wishes.json"
    wishes.save(file, TABLE)
    assert read(file, elicitor) == wishes
    assert read(json.loads(json.dumps(wishes.as_json(TABLE))), elicitor) == wishes
    assert read(wishes.as_json(TABLE)["answers"], elicitor) == wishes


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "below.json"):
        with pytest.raises(ArenaError, match="cannot be written"):
            read(PLAIN).save(place, TABLE)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
