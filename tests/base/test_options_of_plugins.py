"""Options of plugins: what is taken, and what is said of anything else."""

from __future__ import annotations

import math
from functools import partial

import pytest

from recourse_arena import ArenaError, Options

OPTIONS = Options("solver x")


@pytest.mark.parametrize(
    ("check", "taken", "refused", "message"),
    [
        (partial(OPTIONS.whole, "n"), [1, 10**9], [0, 1.0, True, "1", None], "n must be a whole number of at least 1"),
        (partial(OPTIONS.whole, "n", least=0, most=5), [0, 5], [-1, 6, 2.5], "n must be a whole number from 0 to 5"),
        (
            partial(OPTIONS.number, "r"),
            [-2, 1e300],
            [math.nan, math.inf, 10**400, True, "1"],
            "r must be a number, got",
        ),
        (partial(OPTIONS.number, "r", least=0), [0, 7.5], [-1e-9], "r must be a number of at least 0, got"),
        (partial(OPTIONS.number, "r", above=0), [1e-9], [0], "r must be a number above 0, got"),
        (partial(OPTIONS.number, "r", least=0, most=1e6), [0, 1e6], [1e7], "r must be a number from 0 to 1000000, got"),
        (partial(OPTIONS.number, "r", least=0, below=1), [0, 0.5], [1], "r must be a number from 0 to below 1, got"),
        (partial(OPTIONS.number, "r", above=0, below=1), [0.5], [0, 1], "r must be a number above 0 and below 1, got"),
        (partial(OPTIONS.number, "r", above=0, most=1), [1], [0, 2], "r must be a number above 0 and at most 1, got"),
        (partial(OPTIONS.number, "r", most=1), [-5, 1], [2], "r must be a number of at most 1, got"),
        (partial(OPTIONS.number, "r", below=1), [-5], [1], "r must be a number below 1, got"),
        (partial(OPTIONS.yes_or_no, "b"), [True, False], [1, "yes", None], "b must be true or false"),
    ],
)
def test_an_option_is_taken_or_refused_with_what_was_expected(check, taken, refused, message):
    for value in taken:
        assert check(value) == value
    for value in refused:
        with pytest.raises(ArenaError, match=f"^solver x: {message}"):
            check(value)


def test_an_option_of_words_is_one_of_them():
    assert OPTIONS.one_of("unit", "sd", ("range", "sd")) == "sd"
    assert OPTIONS.constraints("borrow", "borrow") == "borrow"
    for value in ("borrow", None, True):
        with pytest.raises(ArenaError, match="unknown constraints of solver x"):
            OPTIONS.constraints(value)
