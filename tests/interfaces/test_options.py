"""What a solver may declare as its space."""

from __future__ import annotations

import math

import pytest

from recourse_arena import ArenaError, Choice, Range


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Range(1, 1),
        lambda: Range(2, 1),
        lambda: Range(0, math.inf),
        lambda: Range(math.nan, 1),
        lambda: Range(0, 1, log=True),
        lambda: Range(0.5, 2, whole=True),
        lambda: Choice(("a",)),
        lambda: Choice(("a", "a", "b")),
        lambda: Choice(("a", None)),
    ],
)
def test_an_impossible_space_is_refused(wrong):
    with pytest.raises(ArenaError, match=r"expected .* got (Range|Choice)\("):
        wrong()


@pytest.mark.parametrize(
    ("value", "place", "inside"),
    [
        (1, Range(1, 2), True),
        (2.0, Range(1, 2), True),
        (0.99, Range(1, 2), False),
        (1.5, Range(1, 2, whole=True), False),
        (2.0, Range(1, 2, whole=True), True),
        (True, Range(0, 2), False),
        ("1", Range(0, 2), False),
        ("a", Choice(("a", "b")), True),
        ("c", Choice(["a", "b"]), False),
    ],
)
def test_what_lies_in_a_space(value, place, inside):
    assert (value in place) is inside
