"""Contract checks for plugins: laws that every solver, dataset, elicitation scheme, metric and suite keeps.

In a test of your own package:

    from recourse_arena.testing import parametrize_with_laws

    @parametrize_with_laws(MySolver)
    def test_contract(law):
        law()

`recourse-arena check` runs the same laws from the command line.
"""

from recourse_arena.testing.checking import check
from recourse_arena.testing.laws.law import LawBroken, NotRun
from recourse_arena.testing.parametrization import parametrize_with_laws
from recourse_arena.testing.problems.worlds import World, worlds
from recourse_arena.testing.report import Ended, Finding, Report

__all__ = [
    "Ended",
    "Finding",
    "LawBroken",
    "NotRun",
    "Report",
    "World",
    "check",
    "parametrize_with_laws",
    "worlds",
]
