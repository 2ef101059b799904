"""Two whole texts, word by word, and no code, internal name or unexplained number in what people are shown."""

from __future__ import annotations

import re

import pytest

from recourse_arena.advice.advice import Advice
from recourse_arena.advice.content.told import (
    Alternative,
    Asked,
    Certificate,
    Described,
    GivenUp,
    Move,
    Opening,
    Reason,
    Status,
    Works,
)

FEATURES = (
    Described("age", "integer", "immutable", unit="years", step=1.0),
    Described("home", "categorical", "actionable", levels=("rented", "owned", "for free")),
    Described("net-income", "continuous", "actionable", unit="dollars", direction="up", step=50.0),
    Described("loan_amount", "integer", "actionable", unit="dollars", step=1.0),
    Described("savings", "continuous", "mutable", unit="dollars", step=20.0),
)
PERSON = {"age": 31.0, "home": "rented", "net-income": 1843.75, "loan_amount": 12500.0, "savings": 211.5}
CERTIFICATE = Certificate("town?decision=relu", 3, {}, "portable", "1", 1, {}, {}, "linear", True, ("convex?starts=5",))


def advice(status, **parts):
    return Advice(status, FEATURES, PERSON, CERTIFICATE, **parts)


HELPED = advice(
    Status.ADVICE,
    alternatives=(
        Alternative(
            moves=(
                Move("net-income", 1843.75, 2150.0, 0.62),
                Move("loan_amount", 12500.0, 11800.0, 0.38),
            ),
            follows=(Move("savings", 211.5, 364.6251),),
            effort=0.021,
            solver="convex?starts=5",
            score=0.5213,
            usual=0.41,
            likeliness=-12.0,
            holds=0.9,
            works=(
                Works("net-income", 2150.0, 9000.0, False, True, how="certified"),
                Works("loan_amount", 100.0, 11805.0, True, False, how="checked", checked=1001),
            ),
            strengths=("easiest", "kindest"),
        ),
        Alternative(
            moves=(Move("home", "rented", "owned", 1.0),),
            follows=(),
            effort=0.05,
            solver="grid",
            score=0.6,
            usual=0.553,
            likeliness=-11.0,
            holds=1.0,
            works=(Works("home", levels=("owned", "for free"), how="all values", checked=3),),
            strengths=("fewest", "likeliest", "safest"),
        ),
    ),
    single=True,
    reasons=(
        Reason("home", 1.0, "all values", 2),
        Reason("net-income", 0.312, "certified", 0),
        Reason("loan_amount", 0.0, "checked", 200),
    ),
    score=0.3121,
    needed=0.5,
    usual=0.35,
    draws=20,
    asked=(Asked("convex?starts=5", 3, 7), Asked("grid", 1, 7)),
    effects="scm",
)

REFUSED = advice(
    Status.IMPOSSIBLE,
    closed={"home": "said", "loan_amount": "limits"},
    reasons=(Reason("net-income", 0.0, "certified", 0),),
    openings=(
        Opening(
            (GivenUp("home", "not possible"),),
            Alternative((Move("home", "rented", "owned", 1.0),), (), 0.35, "grid", score=0.6),
        ),
        Opening(
            (GivenUp("net-income", "at_most"),),
            Alternative((Move("net-income", 1843.75, 3200.0, 1.0),), (), 0.4, "grid", score=0.5),
        ),
    ),
    score=0.3121,
    needed=0.5,
    usual=0.35,
    effects="none",
)

HELPED_TEXT = """\
As things stand, the answer is no (score 0.31, 0.50 is needed). It would be yes with any one
of these two ways.

1. Takes the least effort and spares what is hardest for you
   net income     1,840 dollars -> 2,150 dollars   (+310)
   loan amount   12,500 dollars -> 11,800 dollars   (-700)
   What follows from that:
     savings   210 dollars -> 360 dollars   (+150)
   Your score would go from 0.31 to 0.52 (0.50 is needed).
   Of the effort, net income 62 % and loan amount 38 %.
   Of 100 people known, 41 are less usual than you would be then; now it is 35.
   What follows is not certain: in 18 of 20 ways tried in which it could turn out, the
   answer is yes.
   It keeps working as long as net income is at least 2,150 dollars (proved; up to 9,000
   dollars looked at) and loan amount is at most 11,805 dollars (checked on 1,001 values;
   down to 100 dollars looked at), each with the rest as advised.

2. Changes the fewest things, makes you the most usual applicant and depends least on chance
   home   rented -> owned
   Your score would go from 0.31 to 0.60 (0.50 is needed).
   It takes 2.4 times the effort of the easiest way.
   Of 100 people known, 55 are less usual than you would be then; now it is 35.
   It keeps working as long as home is "owned" or "for free" (every value tried).

What each thing can change on its own
  Home: all of the values you could give it make it yes (every value tried).
  Net income: 31 of 100 of the values you could give it make it yes (proved).
  Loan amount alone changes nothing, within what you can do.

What was left alone
  Nobody can change age.

What this rests on
  What follows from a change is worked out by equations that are known of these people.
  Each way was judged on its own, apart from what found it.
  It is about the decision as it is made today; a changed one may answer differently.
"""

REFUSED_TEXT = """\
As things stand, the answer is no (score 0.31, 0.50 is needed). Nothing that you can change
makes it yes: that is proved, for every possible change was tried.

What would open a way
  If you could also change home: home rented -> owned would make it yes.
  If your limit on net income were wider: net income 1,840 dollars -> 3,200 dollars would
    make it yes.

What each thing can change on its own
  Net income alone changes nothing, within what you can do.

What was left alone
  You said that you cannot change home.
  Between your limits and what is possible at all nothing is left of loan amount.
  Nobody can change age.

What this rests on
  Each thing is taken to change on its own: nothing is taken to follow from a change.
  It is about the decision as it is made today; a changed one may answer differently.
"""


def proved(told, proof):
    from msgspec.structs import replace

    return replace(told, certificate=replace(told.certificate, proof=proof))


def test_the_text_of_somebody_who_can_do_something():
    assert HELPED.text() == HELPED_TEXT


def test_the_text_of_somebody_who_cannot():
    assert proved(REFUSED, "every action tried").text() == REFUSED_TEXT


@pytest.mark.parametrize(
    "told",
    [HELPED, proved(REFUSED, "solver certified?time_limit=10"), advice(Status.ACCEPTED), advice(Status.NOT_FOUND)],
)
@pytest.mark.parametrize("form", ["text", "html"])
def test_no_internal_name_or_code_is_shown(told, form):
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", " ", getattr(told, form)(), flags=re.DOTALL)
    for word in ("convex", "grid", "certified", "loan_amount", "net-income", "scm", "relu", "nan", "None", "True"):
        assert word not in shown
    assert not re.search(r"\d\.\d{5,}|\de[+-]\d", shown)


def test_names_are_escaped_on_the_page():
    odd = Described("<b>odd</b>", "categorical", "actionable", levels=("<i>a</i>", "b"))
    way = Alternative((Move("<b>odd</b>", "<i>a</i>", "b", 1.0),), (), 1.0, "grid")
    page = Advice(Status.ADVICE, (odd,), {"<b>odd</b>": "<i>a</i>"}, CERTIFICATE, alternatives=(way,)).html()
    assert "<b>odd" not in page
    assert "<i>a" not in page
    assert "&lt;b&gt;odd" in page


def test_the_page_needs_nothing_else():
    page = HELPED.html()
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)
