"""Whether people pick from the menu that was composed before anybody asked."""

from __future__ import annotations

__all__ = ["check_composed"]

from collections.abc import Mapping

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.menus.menu import Menu
from recourse_arena.people.features import FeatureTable


def check_composed(menu: Menu, state: Mapping[str, Tensor], features: FeatureTable) -> None:
    """Raise that people are offered another menu than the one that a fit keeps.

    A menu made for the very people who ask would be scored as if it were held out.

    Arguments:
        menu: The menu that people picked from.
        state: What the solver keeps of its fit; nothing, if it keeps none.
        features: The features.

    Raises:
        ArenaError: If the fit keeps no menu, or another one.
    """
    offered = menu.state()
    if not set(offered) <= set(state):
        raise ArenaError(
            "its fit keeps no menu, and nobody can tell that it was composed before people asked; return\n"
            "`self.menu.state()` from `state`, as MenuSolver does"
        )
    kept = Menu.restored({name: state[name] for name in offered}, features).state()
    if not all(torch.equal(offered[name], kept[name].to(offered[name].dtype)) for name in offered):
        raise ArenaError("people were offered another menu than the one that was composed before anybody asked")
