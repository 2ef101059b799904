"""The solver `climb`: random moves of one action, kept if the published reward is no lower."""

from __future__ import annotations

__all__ = ["Climb"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, MenuAsked, MenuSolver, Options

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem


class Climb(MenuSolver):
    """Random climbing on the reward of `Fair Recourse for All` (arXiv 2601.20449): what a learned search must beat.

    From a menu that leaves everything, one entry of one action is moved by one to three rungs of its ladder, or to
    another level of a category; of ten times once, all entries of an action are drawn anew. The menu is kept if the
    published reward is no lower. `chains` of them climb side by side. Of all kept menus that are a success by the
    paper's own measure, the one with the best objective of `menu` is the answer; where there is none, the one of the
    highest reward. Only decisions are asked for, once for each action.

    Arguments:
        menus: How many menus are tried, by all chains together, 10 to 10,000,000.
        chains: How many climb side by side, 1 to 1000.
        rungs: About how many amounts a number has each way it may move, 2 to 1000.
        people: How many refused training people menus are tried on at most, 10 to 100,000.
    """

    name: ClassVar[str] = "climb"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "random moves on the reward of Fair Recourse for All: the control of fair-sac"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS})

    def __init__(self, *, menus: int = 40_000, chains: int = 8, rungs: int = 30, people: int = 300) -> None:
        options = Options(f"solver {self.name}")
        self.menus, self.chains = options.whole("menus", menus, 10, 10**7), options.whole("chains", chains, 1, 1000)
        self.rungs, self.people = options.whole("rungs", rungs, 2, 1000), options.whole("people", people, 10, 10**5)

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`."""
        from recourse_arena_menus.composing import Composer, Wish, composed
        from recourse_arena_menus.search.climbing import climbed

        wish = Wish(problem.menu or MenuAsked())

        def choose(composer: Composer) -> list[int]:
            return climbed(composer, self.menus // clusters, self.chains, report=problem.report)

        return composed(
            problem, wish, choose, size=size, clusters=clusters, seed=seed, rungs=self.rungs, people=self.people
        )
