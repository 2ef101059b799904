"""What people type of advice, and what it is taken for: a rejection, a bound, or nothing that can be understood."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, Role
from recourse_arena.cli.advising.refining import answer_to

ACT = Role.ACTIONABLE
NAMES = ("rate", "rate in %", "loan_amount", "loan", "Größe", "a.b")
TABLE = FeatureTable(
    (
        *(Feature(name, role=ACT, lower=0, unit="DM") for name in NAMES),
        Feature("grade", Kind.ORDINAL, ACT, levels=("A_1", "B-2", "not below C")),
    )
)


@pytest.fixture
def talk():
    """Return what an answer comes to, by a conversation that only notes it."""
    noted = []
    session = SimpleNamespace(
        features=TABLE,
        wishes=SimpleNamespace(said=dict.fromkeys(TABLE.names)),
        person=SimpleNamespace(values=dict.fromkeys(TABLE.names, 100.0) | {"grade": 0.0}),
        advice=SimpleNamespace(alternatives=(1, 2)),
        reject=lambda name, above=None, below=None: noted.append((name, above, below)),
        harder=lambda name: noted.append((name, "harder")),
    )

    def said(text):
        answer_to(session, text)
        return noted.pop()

    return said


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("rate no", ("rate", None, None)),
        ("rate in % no", ("rate in %", None, None)),
        ("RATE IN %: harder!", ("rate in %", "harder")),
        ("loan amount not possible", ("loan_amount", None, None)),
        ("loan_amount never.", ("loan_amount", None, None)),
        ("loan x", ("loan", None, None)),
        ("größe at most 5", ("Größe", "5", None)),
        ("a.b at least 7 DM", ("a.b", None, "7 DM")),
        ("loan at most 3,200 DM", ("loan", "3,200 DM", None)),
        ("loan at least 80 and at most 90", ("loan", "90", "80")),
        ("loan not more than 90", ("loan", "90", None)),
        ("loan not below 80", ("loan", None, "80")),
        ("loan by at most 10 %", ("loan", 110.0, 90.0)),
        ("grade at most A_1", ("grade", "A_1", None)),
        ("grade at most B-2", ("grade", "B-2", None)),
    ],
)
def test_what_is_typed_is_understood(talk, typed, taken):
    assert talk(typed) == taken


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("rates no", "unknown thing that you could change"),
        ("loan below 80", 'expected "no", "harder", "at most ..."'),
        ("loan more than 80", 'expected "no", "harder", "at most ..."'),
        ("loan no; rate no", 'expected "no", "harder"'),
        ("loan", "got ''"),
        ("loan at most", "expected a value behind"),
        ("loan by at most 0 %", "expected a number above 0"),
        ("3", "expected a number from 1 to 2, got 3"),
        ("loan \x1b[2J", r"\\x1b[2J"),
        ("\x1b[2J no", r"\\x1b[2J"),
        ("z" * 100_000, "unknown thing"),
    ],
)
def test_what_cannot_be_understood_is_said_in_a_line_that_moves_no_cursor(talk, typed, expected):
    with pytest.raises(ArenaError) as error:
        talk(typed)
    assert expected.replace(r"\\", "\\") in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300
