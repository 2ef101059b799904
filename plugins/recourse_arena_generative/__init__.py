"""What solvers that work on generative models share: a flow of columns, and the ground they search.

This is a library for solvers, not a plugin: it has no hook. Autoencoders are declared, and fitted by the suite.

- :class:`AutoencoderSolver` declares one, takes what was fitted, and searches with it.
- :func:`columns_flow` fits a normalising flow to encoded people.
- :class:`Ground` says where people can be taken: box, levels, decisions, rules, cost.
"""

from __future__ import annotations

__all__ = [
    "AutoencoderSolver",
    "Best",
    "ColumnsFlow",
    "Ground",
    "advise",
    "columns_flow",
    "latent_descent",
    "restored_flow",
]

from typing import TYPE_CHECKING, Any

from recourse_arena_generative.solver import AutoencoderSolver

if TYPE_CHECKING:
    from recourse_arena_generative.answers import Best, advise
    from recourse_arena_generative.density import ColumnsFlow, columns_flow, restored_flow
    from recourse_arena_generative.descent import latent_descent
    from recourse_arena_generative.ground import Ground

_HOMES = {
    "Best": "answers",
    "ColumnsFlow": "density",
    "Ground": "ground",
    "advise": "answers",
    "columns_flow": "density",
    "latent_descent": "descent",
    "restored_flow": "density",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used, so that solvers can be listed without it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
