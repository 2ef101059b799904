"""The solver `fair-sac`: menus found by soft actor-critic, after *Fair Recourse for All* (arXiv 2601.20449)."""

from __future__ import annotations

__all__ = ["FairSac"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, MenuSolver, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Menu, Problem


class FairSac(MenuSolver):
    """A menu that an agent finds: *Fair Recourse for All* (arXiv 2601.20449).

    The agent sees the rungs of every entry of a menu (each action's each feature, on the ladders of `menu`), scaled to
    [-1, 1], and acts by two numbers: which entry, and a step of at most three rungs, or of one level where the feature
    is no number. Every episode starts with nothing but `leave`, and ends at success or after 2,000 steps.

    What it is rewarded for is published for each objective, with 1,000 more at success: equal effectiveness is a
    success where `SR >= .75` and `PD <= .09`, equal choice where every group has as many actions that work for a share
    phi of it, and at least one; `hybrid` takes both (:class:`~recourse_arena_menus.rewards.Rewards`). Success ends an
    episode, so that nothing pulls beyond it, but every successful menu met is kept. The answer is the one of them that
    is best by what `menu` minimises: what the average person of the average group pays on it. Where none was met it is
    the menu of the highest reward, which can be one that does nothing.

    Each cluster is searched for by an agent of its own (:mod:`~recourse_arena_fair_sac.sac`). What an action does is
    decided once, for at most 500 refused training people, as many of each protected group as can be, with preferences
    and hard constraints drawn for them: an action that moves what a person ruled out does not work. Where the decision
    model is made of trees, decisions are read off them (:mod:`~recourse_arena_menus.boxes`); else the model is asked
    when an action is first met. Decisions, and menus, are the same. The 16 best of the kept menus are compared on all
    refused training people, and equal ones on validation people.

    **Read in the authors' released code** (of January 2025, for Adult and Alzheimer; the paper's text with formulas is
    not public): rewards and successes, an act of two numbers, episodes and their length, 40,000 steps, learning rates
    of 3e-4, tau .005, gamma .99, a learnt temperature, batches of 256, an actor of 32-64-64-128, critics of
    200-150-100.

    **Readings.** Steps are counted in rungs; the code moves by up to 3 of 200 units. Eight menus are changed side by
    side, with a gradient step for eight of their steps; the code has one of each. For more than two groups, the sum of
    two groups' choices is twice the mean, and their difference the range. Acts are drawn evenly until a batch is
    remembered. An episode that ends by its length is not the end to the critics. The code keeps successful menus, too,
    and leaves the choice to its reader.

    **Not repeated**: PD of shares that are rounded; active actions that the last group decides alone; clusters by
    unscaled features; ordinals that are set, so that people unlearn; ranges that are typed in; a search among the
    people it is judged on, unless the scenario says `!in-sample`.

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
    version: ClassVar[str] = "3"
    summary: ClassVar[str] = "a menu found by soft actor-critic (Fair Recourse for All, arXiv 2601.20449)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM, Knowledge.GROUPS, Knowledge.STRUCTURE})

    def __init__(self, *, steps: int = 40_000, worlds: int = 8, update_every: int = 8) -> None:
        options = Options(f"solver {self.name}")
        self.steps = options.whole("steps", steps, 1, 10**7)
        self.worlds = options.whole("worlds", worlds, 1, 1000)
        self.update_every = options.whole("update_every", update_every, 1, 10**6)

    def compose(self, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
        """Return the menu; see :meth:`MenuSolver.compose`."""
        from recourse_arena_fair_sac.composing import compose

        return compose(self, problem, size=size, clusters=clusters, seed=seed)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [FairSac]
