"""What a solver's name may ask for beyond the solver's own options: margins, and changes to last under."""

from __future__ import annotations

import pytest

from recourse_arena import ArenaError, Solver
from recourse_arena.planning.solver_card import SolverCard
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.registry.demands import Demand, demand_of, undemanding
from recourse_arena.registry.discovery import discover

REGISTRY = discover()


class Own(Solver):
    """A solver with a margin of its own."""

    name, version = "own", "1"

    def __init__(self, *, margin: float = 0.0):
        self.margin = margin

    def recommend(self, request): ...


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("grid?margin=-1", "margin must be a number of at least 0, got -1"),
        ("grid?margin_sd=much", "margin_sd must be a number of at least 0, got 'much'"),
        ("grid?margin=nan", "margin must be a number of at least 0"),
        ("grid?lasting.bits=4", "lasting.bits is an option of a change; add lasting=NAME"),
        ("grid?margn=1", "unknown option of solver 'grid' 'margn'. Did you mean 'margin'"),
    ],
)
def test_a_wrong_demand_is_an_error_where_the_solver_is_named(name, message):
    with pytest.raises(ArenaError, match=message.replace("?", r"\?")):
        REGISTRY.solver(name)


def test_the_solver_is_not_told_and_the_card_says_what_it_may_know():
    name = "grid?points=9&lasting=quantized&lasting.method=lsq&lasting.bits=4&margin=0.5"
    assert undemanding(REGISTRY, name) == "grid?points=9"
    assert demand_of(REGISTRY, name) == Demand(0.5, 0.0, "quantized?method=lsq&bits=4")
    assert REGISTRY.solver(name).points == 9
    asked, plain = (SolverCard.of(REGISTRY.solver(one), one, REGISTRY) for one in (name, "grid?points=9"))
    assert asked.knows - plain.knows == {Knowledge.CHANGE}
    assert asked.origin != plain.origin


def test_an_option_that_a_solver_has_itself_is_its_own():
    registry = REGISTRY.only()
    registry.solvers["own"] = Own
    assert not demand_of(registry, "own?margin=2")
    assert registry.solver("own?margin=2").margin == 2
