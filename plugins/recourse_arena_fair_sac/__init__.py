"""The solver `fair-sac`: menus found by soft actor-critic, after *Fair Recourse for All* (arXiv 2601.20449)."""

from __future__ import annotations

__all__ = ["FairSac"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, MenuSolver, Solver, hookimpl
from recourse_arena_menus.settings import whole

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem


class FairSac(MenuSolver):
    """A menu that an agent finds: *Fair Recourse for All* (arXiv 2601.20449), by decisions only.

    The agent sees the rungs of every entry of a menu (each action's each feature, on the ladders of `menu`), scaled to
    [-1, 1], and acts by two numbers: which entry, and a step of at most three rungs, or of one level where the feature
    is no number. Every episode starts with nothing but `leave`, and ends at success or after 2,000 steps.

    With `SR` the mean and `PD` the range over groups of the share with an action that works, `rho` the share of active
    actions, `G_a` and `G_n` the mean costs of active and other actions, and `kappa` the share of actions that work for
    at least phi of a group:

    - `ee-micro`, `ee-macro`: `50 (1.1 SR + rho - PD) - 50 (G_a + .8 G_n)`, success if SR >= .75 and PD <= .09;
    - `ecr-0.6`: `50 (2.5 sum kappa + rho - range kappa) - 50 (G_a + .8 G_n)`, success if each group has as many choices
      and at least one;
    - `hybrid-0.6`: the first and `50 (1.5 sum kappa - range kappa)`, success if both are; 1,000 more at success.

    Agents are soft actor-critics (:mod:`~recourse_arena_fair_sac.sac`). Every successful menu met is kept; the answer
    is the one of them that is best by what `menu` minimises: what the average person of the average group pays. No
    success is a reason to go on: once SR is .75, the episode ends, and nothing but the choice of the kept menus pulls
    beyond that. Where none was met, the answer is the menu of the highest reward.

    **Read in the authors' released code** (of January 2025; it covers Adult and Alzheimer, and the paper's formulas
    are not public): rewards and successes, an act in two numbers, episodes, 40,000 steps, learning rate 3e-4, tau .005,
    gamma .99, a learnt temperature, batches of 256, an actor of 32-64-64-128 and critics of 200-150-100.

    **Readings.** A step is counted in rungs, where the code takes up to 3 of 200 units. There are eight worlds side by
    side and a gradient step for eight of their steps, where the code has one of each. The code sums kappa of two groups
    and takes their difference; for more groups, the sum is twice the mean and the difference the range. Acts are drawn
    evenly until a batch is remembered. An episode that ends by its length is no end to the critics. Of the kept menus
    the code's authors choose by hand. Effects are those of at most 500 refused training people, as many of each group
    as can be, with preferences drawn for them; the 16 best kept menus are then compared on all refused training people,
    and equal ones on validation people. With clusters each is searched for by itself, by an agent of its own.

    Not repeated of the code: PD of rates that are rounded; active actions that the last group decides; clusters of
    unscaled rows; ordinals that are set, so that people unlearn; ranges that are typed in.

    Arguments:
        steps: Steps of each agent, of all worlds together, 1 to 10,000,000.
        worlds: Menus side by side, 1 to 1,000.
        update_every: Steps for each gradient step, 1 to 1,000,000.

    References:
        Fair Recourse for All, arXiv 2601.20449. Haarnoja et al., Soft actor-critic algorithms and applications,
        arXiv 1812.05905.

    Example:
        >>> FairSac(steps=1000).steps
        1000
        >>> FairSac(worlds=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver fair-sac: worlds must be a whole number from 1 to 1000, got 0
    """

    name: ClassVar[str] = "fair-sac"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a menu found by soft actor-critic (Fair Recourse for All, arXiv 2601.20449)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS})

    def __init__(self, *, steps: int = 40_000, worlds: int = 8, update_every: int = 8) -> None:
        self.steps = whole("fair-sac", "steps", steps, 1, 10**7)
        self.worlds = whole("fair-sac", "worlds", worlds, 1, 1000)
        self.update_every = whole("fair-sac", "update_every", update_every, 1, 10**6)

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`."""
        from recourse_arena_fair_sac.composing import compose

        return compose(self, problem, size=size, clusters=clusters, seed=seed)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [FairSac]
