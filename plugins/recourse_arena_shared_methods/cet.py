"""Counterfactual explanation trees: a tree of questions, and what to do in each leaf."""

from __future__ import annotations

__all__ = ["ExplanationTree"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, MenuSolver, Options

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem


class ExplanationTree(MenuSolver):
    """Counterfactual explanation tree (Kanamori, Takagi, Kobayashi and Ike, AISTATS 2022): leaves with actions.

    A tree asks about features of people as they are, and its leaf says what to do. The scenario's clusters are its
    leaves, and with one cluster there is no tree. It grows where a split lowers most what people pay for the best
    action of each leaf, where nothing costs 1, and no further where that is less than `gain`, the authors' price of a
    leaf.

    Adapted: the tree is grown greedily instead of by stochastic local search, actions are those of the ladders of
    `menu` instead of answers of an integer program, and a leaf has as many actions as the scenario allows, from which
    people pick (`menu-1+clusters-8` is the authors' own form).

    Arguments:
        gain: What a split must lower the mean cost by at least, 0 to 1.
        least: How many refused training people a leaf has at least, 1 to 10,000.
        rungs: About how many amounts a number has each way it may move, 2 to 1000.
        coarse: About how many actions are tried first, 10 to 100,000.
        people: How many refused training people it is composed on at most, 10 to 100,000.
    """

    name: ClassVar[str] = "cet"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a tree whose leaves say what to do (Kanamori et al. 2022)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS})

    def __init__(
        self, *, gain: float = 0.001, least: int = 10, rungs: int = 30, coarse: int = 400, people: int = 1000
    ) -> None:
        options = Options(f"solver {self.name}")
        self.gain, self.least = options.number("gain", gain, least=0, most=1), options.whole("least", least, 1, 10**4)
        self.rungs, self.coarse = options.whole("rungs", rungs, 2, 1000), options.whole("coarse", coarse, 10, 10**5)
        self.people = options.whole("people", people, 10, 10**5)

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`."""
        from recourse_arena_shared_methods.trees import Growing, menu_of_tree, table_of

        composer = table_of(problem, size=size, seed=seed, rungs=self.rungs, people=self.people)
        if len(composer.effects.ladders):
            composer.search(self.coarse)
        growing = Growing(
            leaves=clusters, gain=self.gain, least=self.least, features=tuple(range(len(problem.features)))
        )
        return menu_of_tree(composer, composer.cost(), growing)
