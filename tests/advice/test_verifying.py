"""Whatever is changed in kept advice is found and named: by its seal, and by judging anew where the seal is renewed."""

from __future__ import annotations

import json

import pytest

from recourse_arena.advice.advising.verifying import Verifier
from recourse_arena.advice.content.order import Question
from recourse_arena.advice.content.seals import sealed
from recourse_arena.advice.content.told import Told, read_told
from recourse_arena.base.errors import ArenaError
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes
from recourse_arena.people.features import Role


@pytest.fixture(scope="module")
def kept(german_adviser, refused_people):
    """Advice to somebody who may change five things, as JSON."""
    names = [one.name for one in german_adviser.problem.features if one.role is Role.ACTIONABLE]
    open_ = ("duration", "amount", "savings", "telephone", "employment")
    wishes = Wishes("likert", 4, True, {name: Wish(2 if name in open_ else 5) for name in names})
    wishes = wishes.changed("duration", at_least=4.0)
    return next(
        json.loads(told.json())
        for person in refused_people(german_adviser, 10)
        if (told := german_adviser.advise(Question(person, wishes))).status == "advice" and len(told.alternatives) > 1
    )


def findings(german_adviser, said, *, renewed=False):
    told = read_told(json.dumps(said).encode(), Told)
    return Verifier(german_adviser).findings(sealed(told) if renewed else told)


def test_what_was_not_changed_holds(german_adviser, kept):
    assert findings(german_adviser, kept) == []


def changed(said, path, value):
    """Return a copy with one value changed."""
    copy = json.loads(json.dumps(said))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return copy


def nearer(alternative):
    """Undo most of an alternative's moves."""
    for move in alternative["moves"]:
        move["then"] = move["now"] if isinstance(move["now"], str) else round((3 * move["now"] + move["then"]) / 4)
    return alternative


TAMPERED = {
    "a value of the action": (("alternatives", 0), nearer, "the alternatives", "alternative 1"),
    "the effort": (("alternatives", 0, "effort"), lambda x: x / 2, "the alternatives", "effort"),
    "the score then": (("alternatives", 0, "score"), 0.99, "the alternatives", "score"),
    "who is likely": (("alternatives", 0, "usual"), 0.99, "the alternatives", "usual"),
    "an end of a range": (("alternatives", 0, "works", 0, "how"), "certified", "the alternatives", "works"),
    "a strength": (("alternatives", 1, "strengths"), ["easiest"], "the alternatives", "strengths"),
    "the score now": (("score",), 0.1, "the score now", "the score now"),
    "a reason": (("reasons", 0, "share"), 0.001, "how far each feature", "share"),
    "the limits": (("limits", "duration"), [1, 99], "the limits", "duration"),
    "the person": (("certificate", "person", "age"), 30.0, "certificate (person)", ""),
    "how they look": (("person", "age"), 99.0, "the person's values", "age"),
    "their answers": (("certificate", "answers", "said", "amount", "level"), 5, "certificate (answers)", "alternative"),
    "the answer": (("status",), "unlikely", "the answer", "unlikely"),
    "the decision model": (("certificate", "models", "classifier"), "0" * 24, "(models)", "the decision model"),
    "the data": (("certificate", "models", "file"), "0" * 64, "(models)", "the data file"),
    "the protocol": (("certificate", "protocol"), 99, "(protocol)", "protocol 99"),
    "who was asked": (("asked", 0, "found"), 999, "who was asked", ""),
    "the solvers": (("certificate", "solvers"), ["other"], "(solvers)", ""),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found_and_named(german_adviser, kept, what):
    path, value, seal, judged = TAMPERED[what]
    said = changed(kept, path, value)
    assert said != kept
    found = findings(german_adviser, said)
    assert any(seal in one for one in found), found
    if judged:  # where the seal is renewed, judging anew finds it
        assert any(judged in one for one in findings(german_adviser, said, renewed=True))


def test_a_hidden_no_is_found(german_adviser, kept):
    gone = changed(changed(kept, ("alternatives",), []), ("status",), "impossible")
    found = findings(german_adviser, gone, renewed=True)
    assert any("proof" in one for one in found)
    claimed = changed(gone, ("certificate", "proof"), "every action tried")
    assert any("proof" in one for one in findings(german_adviser, claimed, renewed=True))


def test_an_opening_that_opens_nothing_is_found(german_adviser, kept):
    way = nearer(json.loads(json.dumps(kept["alternatives"][0])))
    opening = [{"given_up": [{"feature": "housing", "what": "not possible"}], "way": way}]
    found = findings(german_adviser, changed(kept, ("openings",), opening), renewed=True)
    assert any("opening 1" in one for one in found)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("alternatives", 0, "moves", 0, "feature"), "mood", "mood"),
        (("person", "housing"), "palace", "palace"),
        (("status",), "maybe", "maybe"),
        (("score",), "high", "score"),
        (("features", 0, "kind"), "odd", "odd"),
        (("certificate", "seed"), -1.5, "seed"),
    ],
)
def test_what_is_no_advice_is_refused_with_where(kept, path, value, words):
    with pytest.raises(ArenaError, match=words):
        read_told(json.dumps(changed(kept, path, value)).encode(), Told)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"status": "advice"}', b"\xff\xfe"])
def test_other_files_are_refused(tmp_path, content):
    file = tmp_path / "advice.json"
    file.write_bytes(content)
    with pytest.raises(ArenaError, match="advice"):
        read_told(file, Told)


def test_json_says_all_of_it(kept):
    told = read_told(json.dumps(kept).encode(), Told)
    assert json.loads(told.json()) == kept


def test_advice_of_a_newer_form_is_refused_and_other_arithmetic_is_named(german_adviser, kept):
    with pytest.raises(ArenaError, match="it is of form 2, and this version of the package reads form 1"):
        findings(german_adviser, {**kept, "version": 2})
    said = changed(kept, ("certificate", "models", "classifier"), "0")
    found = findings(german_adviser, changed(said, ("certificate", "arithmetic"), "other"), renewed=True)
    assert any("fitted with arithmetic 'other' there" in one for one in found)
