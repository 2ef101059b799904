"""What solvers that work on generative models share: the models, fitted to training people, and the ground they search.

This is a library for solvers, not a plugin: it has no hook. A solver fits what it needs in its own `fit`, and keeps it
in its `state`; a fit is then kept by the suite like any other.

- :func:`autoencoder` fits a variational autoencoder (Kingma and Welling, arXiv 1312.6114), one that is conditional on
  what a person cannot change (Sohn, Lee and Yan, NeurIPS 2015), or a plain autoencoder.
- :func:`columns_flow` fits a normalising flow to encoded people.
- :class:`Ground` says where people can be taken: box, levels, decisions, rules, cost.
"""

from __future__ import annotations

__all__ = [
    "Autoencoder",
    "AutoencoderSolver",
    "Best",
    "ColumnsFlow",
    "Ground",
    "Network",
    "advise",
    "autoencoder",
    "columns_flow",
    "latent_descent",
    "restored_autoencoder",
    "restored_flow",
]

from typing import TYPE_CHECKING, Any

from recourse_arena_generative.network import Network
from recourse_arena_generative.solver import AutoencoderSolver

if TYPE_CHECKING:
    from recourse_arena_generative.answers import Best, advise
    from recourse_arena_generative.coder import Autoencoder
    from recourse_arena_generative.density import ColumnsFlow, columns_flow, restored_flow
    from recourse_arena_generative.descent import latent_descent
    from recourse_arena_generative.fitting import autoencoder, restored_autoencoder
    from recourse_arena_generative.ground import Ground

_HOMES = {
    "Autoencoder": "coder",
    "Best": "answers",
    "ColumnsFlow": "density",
    "Ground": "ground",
    "advise": "answers",
    "autoencoder": "fitting",
    "columns_flow": "density",
    "latent_descent": "descent",
    "restored_autoencoder": "fitting",
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
