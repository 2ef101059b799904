"""GLOBE-CE: one direction for everybody, and a few lengths of it."""

from __future__ import annotations

__all__ = ["GlobeCE"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, MenuAsked, MenuSolver, Options

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem
    from recourse_arena_menus.composing import Composer


class GlobeCE(MenuSolver):
    """GLOBE-CE (Ley, Mishra and Magazzeni, ICML 2023): a translation of everybody, of which each goes as far as needed.

    Directions are drawn at random, on up to `features` features each, as the authors' sampling does; along each,
    `scalars` lengths are tried on refused training people. The direction is taken of which the scenario's number of
    lengths costs people least: the actions of the menu are that one direction at several lengths.

    Adapted: lengths are rungs of the ladders of `menu`, a category changes from half of the full length on (where the
    authors' one-hot column overtakes), each person takes the cheapest length on the menu instead of the least of a
    fine grid, and a direction is chosen by the mean cost over groups, where nothing costs 1, instead of by coverage.

    Arguments:
        directions: How many directions are tried, 1 to 10,000.
        scalars: How many lengths of each, 1 to 1000.
        features: On how many features a direction goes at most, 1 to 100.
        rungs: About how many amounts a number has each way it may move, 2 to 1000.
        people: How many refused training people it is composed on at most, 10 to 100,000.
    """

    name: ClassVar[str] = "globe-ce"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "one direction for all, a few lengths of it (GLOBE-CE, Ley et al. 2023)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS})

    def __init__(
        self, *, directions: int = 50, scalars: int = 15, features: int = 3, rungs: int = 30, people: int = 500
    ) -> None:
        options = Options(f"solver {self.name}")
        self.directions = options.whole("directions", directions, 1, 10**4)
        self.scalars = options.whole("scalars", scalars, 1, 1000)
        self.features = options.whole("features", features, 1, 100)
        self.rungs = options.whole("rungs", rungs, 2, 1000)
        self.people = options.whole("people", people, 10, 10**5)

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`."""
        from recourse_arena_menus.composing import Wish, composed

        wish = Wish(problem.menu or MenuAsked())
        return composed(
            problem, wish, self._choose, size=size, clusters=clusters, seed=seed, rungs=self.rungs, people=self.people
        )

    def _choose(self, composer: Composer) -> list[int]:
        from recourse_arena_shared_methods.directions import along

        return along(composer, self.directions, self.scalars, self.features)
