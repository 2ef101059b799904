"""Modules that the guides of version 0.1 named: plugins written then still import them, with a warning."""

from __future__ import annotations

__all__ = ["OLD_PATHS", "OldPaths"]

import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ROOT = __name__.partition(".")[0]

OLD_PATHS: Mapping[str, tuple[str, ...]] = {
    f"{_ROOT}.causal": (),
    f"{_ROOT}.causal.piecewise": ("PiecewiseLinear",),
    f"{_ROOT}.causal.structural": ("Mechanism", "Parents", "StructuralCausalModel"),
    f"{_ROOT}.problem.models": ("CausalModel",),
    f"{_ROOT}.problem.randomness": ("derive_seed", "generator"),
}
"""What each module held; all of it is exported from `recourse_arena` itself."""


class OldPaths:
    """Finds and loads these modules where nothing else does; the base classes for that take long to import."""

    @classmethod
    def install(cls) -> None:
        """Look there last, once."""
        if not any(isinstance(finder, cls) for finder in sys.meta_path):
            sys.meta_path.append(cls())

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of an old module; none for any other."""
        if fullname not in OLD_PATHS:
            return None
        loader: Any = self
        return ModuleSpec(fullname, loader, is_package=not OLD_PATHS[fullname])

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill an old module with what is now exported from the package, and say so."""
        names = OLD_PATHS[module.__name__]
        if names:
            said = f"{module.__name__} is no more; write: from {_ROOT} import {', '.join(names)}"
            warnings.warn(said, DeprecationWarning, stacklevel=2)
        for name in names:
            setattr(module, name, getattr(import_module(_ROOT), name))
