"""AReS: recourse rules for subgroups."""

from __future__ import annotations

__all__ = ["Ares"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, MenuSolver, Options

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem


class Ares(MenuSolver):
    """Actionable recourse summaries (Rawal and Lakkaraju, NeurIPS 2020): rules "if you are so, set this to that".

    A rule sets one feature or two to the middle of one of `bins` bins, or to a level. Rules are chosen greedily and by
    exchange, as the authors' objective weighs them: whom they do not help (1), what they cost, and how many features
    they change (`change` each). Subgroups are the scenario's clusters, described by features that nobody acts upon.

    Adapted: descriptors are splits of a tree, grown where they lower that objective most, instead of frequent itemsets;
    the authors' bounds on how many rules there are and how wide are the scenario's and two features; a rule holds for
    its whole subgroup, from which people pick, instead of for those who meet an inner condition.

    Arguments:
        bins: Into how many bins of equal width a number is cut, 2 to 100.
        change: What each changed feature counts, 0 to 1.
        least: How many refused training people a subgroup has at least, 1 to 10,000.
        people: How many refused training people it is composed on at most, 10 to 100,000.
    """

    name: ClassVar[str] = "ares"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "rules that set features for subgroups (AReS, Rawal and Lakkaraju 2020)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS})

    def __init__(self, *, bins: int = 10, change: float = 0.01, least: int = 10, people: int = 500) -> None:
        options = Options(f"solver {self.name}")
        self.bins, self.change = options.whole("bins", bins, 2, 100), options.number("change", change, least=0, most=1)
        self.least, self.people = options.whole("least", least, 1, 10**4), options.whole("people", people, 10, 10**5)

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`."""
        from recourse_arena_shared_methods.rules import every_rule, with_changes
        from recourse_arena_shared_methods.trees import Growing, menu_of_tree, table_of

        composer = table_of(problem, size=size, seed=seed, rungs=2, people=self.people)
        rules = every_rule(problem, self.bins)
        if rules is not None:
            composer.effects.add(rules)
        cost = with_changes(composer.cost(), self.change * composer.effects.moved.sum(1), composer.audience.dearest)
        described = tuple((~problem.features.actionable).nonzero()[:, 0].tolist())
        return menu_of_tree(composer, cost, Growing(clusters, gain=0.0, least=self.least, features=described))
