"""What a solver plugin provides."""

from __future__ import annotations

__all__ = ["MenuSolver", "Solver", "named_solvers"]

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from recourse_arena.base.arguments import as_several
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import NAME, is_name, spell, variant
from recourse_arena.people.features import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.interfaces.options import Space
    from recourse_arena.interfaces.recipes import AutoencoderRecipe
    from recourse_arena.menus.menu import Menu
    from recourse_arena.problem.problem import Problem
    from recourse_arena.problem.recommendation import Recommendation
    from recourse_arena.problem.request import Request
    from recourse_arena.problem.scenario import Notion
from recourse_arena.problem.knowledge import Knowledge


class Solver(ABC):
    """A recourse method. Options of a variant arrive as keyword arguments: `grid?points=9` is `Grid(points=9)`."""

    name: ClassVar[str]
    """Name without options."""
    version: ClassVar[str] = "1"
    """Changes whenever results may change; kept results of other versions are not reused."""
    summary: ClassVar[str] = ""
    """One line for people."""
    knows: frozenset[Knowledge] = frozenset()
    """What it may know, of a variant too; anything else is withheld."""
    needs: ClassVar[frozenset[Knowledge]] = frozenset()
    """What of `knows` it cannot do without: skipped where there is none, as the true `scm` of real data."""
    structures: ClassVar[frozenset[str]] = frozenset({"affine"})
    """What it can read of a decision model, if it needs `structure`: `affine` layers, `trees`, or either."""
    acts_on: ClassVar[frozenset[Kind]] = frozenset(Kind)
    """Kinds of feature it can act on: skipped on datasets where a feature of another kind is actionable."""
    keeps_rules: ClassVar[bool] = False
    """Whether its advice keeps rules between features: skipped where a dataset has any, otherwise."""
    keeps_sparsity: ClassVar[bool] = False
    """Whether its advice acts on no more features than a request says: skipped where a scenario says, otherwise."""
    composes: ClassVar[bool] = False
    """Whether people pick from a menu that it composes: skipped where a scenario asks for a menu, otherwise."""
    costs: ClassVar[frozenset[str]] = frozenset()
    """Names of the costs that it can minimise: skipped where a dataset has another. Empty: it asks the request."""
    plausible_under: ClassVar[frozenset[Notion]] = frozenset()
    """Notions under which it can be asked for plausible counterfactuals, of `flow`, `scm` and `neighbours`: skipped
    where plausibility is asked for under another. Leave it empty if it makes the best of any request. That is right
    too for a solver that ignores plausibility: it runs everywhere, and how plausible it is gets measured."""
    fit_depends_on: frozenset[str] = frozenset()
    """What of a scenario its fit depends on, of :attr:`Scenario.TRAINING_PARTS`: `scheme`, `profile`, `distribution`,
    `actionable`, `menu`, `sparsity`. It is fitted once for each value of these. The others are as by default in the
    problem it prepares for, and how many features people can act on is random."""
    autoencoder_recipe: AutoencoderRecipe | None = None
    """The autoencoder of training people that it works with, a variant's own: the suite fits it beforehand, once for
    all solvers that declare the same, and :func:`~recourse_arena.models.generative.fitting.autoencoder` returns it."""
    space: ClassVar[Space] = MappingProxyType({})
    """What `recourse-arena tune` may try for its options; the default of each lies inside. Empty: nothing to tune."""

    time_option: ClassVar[str] = ""
    """Which of its options limits the seconds spent on a person, as `run --person-timeout` does; empty: none."""

    validation_score: float | None = None
    """How good the fit is on validation people by the solver's own account, higher is better; for records only."""

    tuned: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    """What its options are on a dataset, by its name, where that is not the default and nothing is asked for."""

    made_with: Mapping[str, Any] = MappingProxyType({})
    """The options it was made with, by name; set by itself."""

    def __new__(cls, *values: Any, **options: Any) -> Self:
        """Remember the options it is made with, so that objects of one class can be told apart in a run."""
        made = super().__new__(cls)
        with suppress(TypeError, ValueError):  # of wrong options, which its own constructor refuses
            options = inspect.signature(cls).bind(*values, **options).arguments
        object.__setattr__(made, "made_with", dict(options))
        return made

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Learn what can be learnt before anybody asks, or keep hold of what `recommend` needs."""
        self.problem = problem

    @abstractmethod
    def recommend(self, request: Request) -> Recommendation:
        """Return an action for each person of `request`. Must not depend on who else is in the batch."""

    @property
    def trained(self) -> bool:
        """Whether its advice depends on a training, so that another seed gives other advice: it keeps a state."""
        return type(self).state is not Solver.state

    def state(self) -> Mapping[str, Tensor] | None:
        """Return what `fit` learnt as tensors, so that it can be kept; none to fit anew each time."""
        return None

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned, instead of fitting."""
        raise NotImplementedError(f"{type(self).__name__} keeps no state")


class MenuSolver(Solver):
    """A method that composes a menu of shared actions before anybody asks; people pick the cheapest that works.

    What a scenario asks of menus is `problem.menu`, and none if it asks for none; an action that acts on more than
    `problem.sparsity` of a person's features does not work for that person. Advice never depends on who else
    asks, a fit is kept as the menu, and a person waits for as many decisions as there are actions.
    """

    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True
    composes: ClassVar[bool] = True
    fit_depends_on: frozenset[str] = frozenset({"menu", "actionable", "scheme", "distribution", "profile", "sparsity"})

    menu: Menu
    """What was composed."""

    @abstractmethod
    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return a menu for the people of a problem who are refused.

        Arguments:
            problem: The problem. Menus are composed on its training people, not on those who ask.
            size: How many actions a person may pick from at most.
            clusters: How many clusters may have actions of their own.
            seed: The seed of what is drawn.
        """

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Compose the menu."""
        from recourse_arena.menus.asked import MenuAsked
        from recourse_arena.menus.menu import Menu

        asked = problem.menu or MenuAsked()
        menu = self.compose(problem, size=asked.size, clusters=asked.clusters, seed=seed)
        if not isinstance(menu, Menu):
            raise ArenaError(
                f"compose of solver {self.name}: expected a recourse_arena.Menu, got {type(menu).__name__}"
            )
        self.problem, self.menu = problem, menu

    def state(self) -> Mapping[str, Tensor]:
        """Return the menu as tensors."""
        return self.menu.state()

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back a menu."""
        from recourse_arena.menus.menu import Menu

        self.problem, self.menu = problem, Menu.restored(state, problem.features)

    def recommend(self, request: Request) -> Recommendation:
        """Return each person's pick: the cheapest available action that works, by their own weighted cost.

        An action works if it keeps every constraint of the person, costs no more than the budget, and is decided
        positively. Nobody picks where none does.
        """
        import torch

        from recourse_arena.problem.recommendation import Recommendation

        problem, offers = (
            self.problem,
            self.menu.offers(request.factual, request.features, request.actionable, request.box),
        )
        cost = torch.full(offers.available.shape, torch.inf, dtype=torch.float64)
        who, which = offers.available.nonzero(as_tuple=True)
        rows, mask, values = request[who], offers.mask[who, which], offers.values[who, which]
        paid = rows.cost(values, mask).double()
        keeps = paid <= (torch.inf if request.menu is None else request.menu.budget)
        if request.sparsity is not None:
            keeps &= mask.sum(1) <= request.sparsity
        who, which, rows, mask, values = who[keeps], which[keeps], rows[keeps], mask[keeps], values[keeps]
        if len(who):
            after = problem.causal_model.counterfactual(rows.factual, mask, values)
            works = problem.decisions.accepts(after) & ~request.features.broken_rules(rows.factual, after).any(1)
            cost[who, which] = torch.where(works, paid[keeps], torch.inf)
        each, pick = torch.arange(len(request)), cost.argmin(1)
        found = cost[each, pick].isfinite()
        advice = Recommendation.do(offers.mask[each, pick], offers.values[each, pick], found=found)
        return replace(advice, menu=self.menu, pick=torch.where(found, pick, -1))


def named_solvers(solvers: Sequence[str | Solver] | str | Solver) -> dict[str, str | Solver]:
    """Return solvers by what each is called: objects of one name are told apart by their options.

    Raises:
        ArenaError: If something is no solver, or two of them cannot be told apart.
    """
    solvers = as_several("solvers", solvers, (str, Solver))
    plain = [_solver_name(solver) for solver in solvers]
    names = [
        name if isinstance(solver, str) or plain.count(name) == 1 else spell(name, _words(solver.made_with))
        for name, solver in zip(plain, solvers, strict=True)
    ]
    for name, solver in zip(names, solvers, strict=True):
        if names.count(name) > 1 and not isinstance(solver, str):
            raise ArenaError(
                f"solvers: {names.count(name)} of them are called {name!r}, and their rows could not be told apart;\n"
                f"give them different names: `solver.name = '{variant(name)[0]}-2'`"
            )
    return dict(zip(names, solvers, strict=True))


def _words(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options that can be written behind a name."""
    return {name: value for name, value in options.items() if isinstance(value, (bool, int, float, str))}


def _solver_name(solver: str | Solver) -> str:
    if isinstance(solver, str):
        return solver
    if not isinstance(solver, Solver):
        hint = "; make one of this class first" if isinstance(solver, type) else ""
        raise ArenaError(f"solvers: expected names or Solver objects, got {solver!r}{hint}")
    name = getattr(solver, "name", None)
    if not isinstance(name, str) or not is_name(variant(name)[0]):
        raise ArenaError(f"the name of a solver must be {NAME}; that of a {type(solver).__name__} is {name!r}")
    return name
