"""The suites that come with the distribution."""

from __future__ import annotations

__all__ = ["recourse_suites"]

from recourse_arena.hookspecs import hookimpl
from recourse_arena.problem.scenario import Scenario
from recourse_arena.running.suite import Block, Suite

_MISSION_SOLVERS = ("icarma", "carma", "grid", "convex")


def _scenarios(*names: str) -> tuple[Scenario, ...]:
    return tuple(Scenario.parse(name) for name in names)


@hookimpl
def recourse_suites() -> list[Suite]:
    """Return the built-in suites."""
    return [
        Suite(
            name="quick",
            summary="all mission solvers on Loan, and on GMSC where its file is found; minutes on two cores",
            blocks=(
                Block(
                    ("loan",),
                    _scenarios(
                        "hard-4",
                        "hard-3",
                        "hard-2",
                        "hard-1",
                        "soft-linear",
                        "hard-random+soft-linear",
                    ),
                    _MISSION_SOLVERS,
                    people=200,
                ),
                Block(
                    ("gmsc",),
                    _scenarios("hard-4", "hard-random", "soft-linear"),
                    # The spline flow is slow and the people are few: smaller batches keep `quick` to minutes.
                    ("icarma?batch=256", "carma?batch=256", "grid", "convex"),
                    people=100,
                ),
            ),
            optional=frozenset({"gmsc"}),
        ),
    ]
