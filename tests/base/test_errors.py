"""Errors say what was expected, what came and what to do."""

from __future__ import annotations

import pytest

from recourse_arena import ArenaError
from recourse_arena.base.errors import unknown


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("gird", ["grid", "carma"], "unknown solver 'gird'. Did you mean 'grid'?"),
        ("carmb", ["carma", "icarma"], "unknown solver 'carmb'. Did you mean 'carma' or 'icarma'?"),
        ("zzz", ["grid", "carma"], "unknown solver 'zzz'. Known: carma, grid."),
        ("zzz", [], "unknown solver 'zzz'. Known: none."),
    ],
)
def test_an_unknown_name_is_answered_with_near_matches_or_all_names(name, known, message):
    assert str(unknown("solver", name, iter(known))) == message


def test_an_error_of_the_arena_is_a_value_error():
    assert issubclass(ArenaError, ValueError)


def test_an_error_that_cannot_be_said_is_described_all_the_same():
    from recourse_arena.base.errors import described

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert described(Mute()) == "Mute: no message, for saying it raises RuntimeError"
