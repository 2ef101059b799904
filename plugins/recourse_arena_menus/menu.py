"""The solver `menu`: facility location on ladders of shared actions."""

from __future__ import annotations

__all__ = ["FacilityMenu"]

import logging
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import ArenaError, Knowledge, MenuAsked, MenuSolver, Options, Solver

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem

_FAIR = ("none", "worst")
_log = logging.getLogger(__name__)


class FacilityMenu(MenuSolver):
    """A menu that leaves the average person of the average group the least cost: facility location, decisions only.

    Shared actions are made of a ladder of moves for each actionable feature. With `cost(c, x)` the weighted cost of
    action `c` for person `x` where it works and `nothing` where it does not, the menu minimises the mean over groups
    of the mean over their people of the least `cost(c, x)` on it; `nothing` is `price` times 1, or times the dearest
    move through the whole feasible range where that is more. It is composed greedily (the gain of further actions
    falls, so greedy is never far off: Nemhauser, Wolsey and Fisher, 1978), from a few drawn menus too, and then one
    action is exchanged for another until nothing improves. Actions of a coarse ladder are tried first, then neighbours
    of those that are chosen, at ever finer strides; each is decided once for at most `people` refused training people,
    as many of each protected group as can be, with preferences drawn for them.

    What a scenario asks for changes what may be chosen, and by what:

    - `ee-micro`: as above.
    - `ee-macro`: what counts is the mean over groups of the least mean cost of one action for the whole group; the
      menu has an action for each group at most, and one where it is the best for all.
    - `ecr-0.6`, `hybrid-0.6`: only actions that work for .65 of every group (.6 and a margin for people who are not
      seen), and the menu is full. Where too few do, those that work for .6; then, for `ecr`, those that come closest,
      and for `hybrid` all.
    - `clusters-3`: each cluster of k-means has a menu of its own; people count as they do in the whole.

    Arguments:
        rungs: About how many amounts a number has each way it may move, 2 to 1000.
        bounds: Whether numbers may become at least or at most a value, too, about `rungs` of them each way, instead of
            having an amount added. Whoever is there already is asked nothing.
        price: What getting nothing costs, in times of the dearest move, 1 to 1,000,000: by how much helping one more
            comes before what help costs the others. By default 1, and 10 for `ee-macro`.
        coarse: About how many actions are tried first, and how many neighbours in a round, 10 to 100,000.
        people: How many refused training people it is composed on at most, 10 to 100,000.
        fair: `worst` minimises the mean cost of the group that fares worst first, then that of the next one, and so on.
        pd: How far apart the shares of groups with recourse may be among those training people; none does not ask.
            That can only withhold recourse: whom, `recourse-arena menus` says beside the same solver without it.
        exact: Whether the best menu of all actions tried is found by integer programming (HiGHS, by SciPy), instead
            of greedily; :attr:`bound` is then what it proves no menu of them to be below.
        seconds: How long that may take for each cluster.
        from_: A solver, with options, whose advice for those training people is what may be chosen, instead of ladders
            (`menu?from=dice`): numbers that it moves are added, categories set, ordinals become at least or at most.

    Example:
        >>> FacilityMenu(rungs=20).rungs
        20
        >>> FacilityMenu(fair="best")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: unknown fairness of solver menu 'best'. Known: none, worst.
    """

    name: ClassVar[str] = "menu"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "a menu of least mean cost, balanced over groups (facility location)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS})

    bound: float | None = None
    """What no menu of the actions tried can cost less than the average person of the average group; if `exact`."""

    def __init__(
        self,
        *,
        rungs: int = 30,
        bounds: bool = True,
        price: float | None = None,
        coarse: int = 400,
        people: int = 1000,
        fair: str = "none",
        pd: float | None = None,
        exact: bool = False,
        seconds: float = 60.0,
        from_: str = "",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.fair = options.one_of("fairness", fair, _FAIR)
        self.pd = None if pd is None else options.number("pd", pd, least=0, most=1)
        self.exact, self.bounds = options.yes_or_no("exact", exact), options.yes_or_no("bounds", bounds)
        self.price = None if price is None else options.number("price", price, least=1, most=1e6)
        if exact and (fair != "none" or pd is not None):
            raise ArenaError("solver menu: exact minimises the mean over groups; leave out fair and pd")
        self.seconds, self.from_ = options.number("seconds", seconds, above=0, below=1e6), str(from_)
        self.rungs, self.coarse = options.whole("rungs", rungs, 2, 1000), options.whole("coarse", coarse, 10, 10**5)
        self.people = options.whole("people", people, 10, 10**5)
        if self.from_:
            self._make_use_of(self._other())

    def _other(self) -> Solver:
        """Return the solver whose advice is summarised.

        Raises:
            ArenaError: If it composes menus itself.
        """
        from recourse_arena import solver

        other = solver(self.from_)
        if other.composes:
            raise ArenaError(f"solver menu: from must be a solver that advises each person, not {self.from_!r}")
        return other

    def _make_use_of(self, other: Solver) -> None:
        """Declare what another solver declares, too: it is handed no more than that."""
        self.knows = self.knows | other.knows
        for declared in ("needs", "acts_on", "costs"):
            setattr(self, declared, getattr(other, declared))

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`.

        Raises:
            ArenaError: If a bound on PD meets an objective of one action for a whole group.
        """
        from recourse_arena_menus.composing import Composer, Wish, composed
        from recourse_arena_menus.search.exact import best_menu

        wish = Wish(problem.menu or MenuAsked(), worst=self.fair == "worst", gap=self.pd, price=self.price)
        if self.pd is not None and wish.asked.objective == "ee-macro":
            raise ArenaError(
                "solver menu: a bound on PD (pd) counts people with recourse; ee-macro is about whole groups"
            )
        bounds: list[float] = []
        other = self._other() if self.from_ else None

        def choose(composer: Composer) -> list[int]:
            chosen = composer.search(self.coarse) if other is None else composer.among(other, seed=seed)
            if self.exact:
                chosen, bound = best_menu(composer, chosen, seconds=self.seconds)
                bounds.append(bound)
            return chosen

        menu = composed(
            problem, wish, choose, size=size, clusters=clusters, seed=seed,
            rungs=self.rungs, people=self.people, bounds=self.bounds,
        )  # fmt: skip
        self.bound = sum(bounds) if self.exact else None
        return menu
