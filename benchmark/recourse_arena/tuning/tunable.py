"""The options of a solver: which of them are tuned, what they are by default, how a variant spells them."""

from __future__ import annotations

__all__ = ["Tunable"]

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import spell, variant, written
from recourse_arena.interfaces.options import Space
from recourse_arena.interfaces.solver import Solver
from recourse_arena.registry.registry import Registry


@dataclass(frozen=True)
class Tunable:
    """A solver with the options that are tuned.

    Arguments:
        solver: Its name with the options that are fixed, `icarma?steps=1500`.
        version: Its version.
        space: What each tuned option may be.
        defaults: What each tuned option is on the dataset if nothing is asked for.
    """

    solver: str
    version: str
    space: Space
    defaults: Mapping[str, Any]

    @classmethod
    def of(cls, solver: str, registry: Registry, *, dataset: str, only: Sequence[str] = ()) -> Tunable:
        """Return what is tuned of a solver: its space or `only` some of it, without the options its name fixes.

        Raises:
            ArenaError: If solver or options are unknown, or it declares nothing to tune, or wrongly so.
        """
        version = registry.solver(solver).version
        name, fixed = variant(solver)
        space = registry.solvers[name].space
        if not space:
            others = ", ".join(sorted(key for key, value in registry.solvers.items() if value.space)) or "none"
            raise ArenaError(
                f"solver {name!r} declares nothing to tune. Solvers that do: {others}.\n"
                f"A solver of your own says what can be tuned in its attribute `space`."
            )
        for option in only:
            if option not in space:
                raise unknown(f"option to tune of solver {name!r}", option, space)
            if option in fixed:
                raise ArenaError(f"option {option!r} is fixed to {fixed[option]!r} and cannot be tuned as well")
        chosen = {key: place for key, place in space.items() if key in (only or space) and key not in fixed}
        if not chosen:
            raise ArenaError(f"every option of solver {name!r} that can be tuned is fixed: {', '.join(space)}")
        return cls(solver, version, chosen, _defaults(registry.solvers[name], chosen, dataset))

    def variant(self, options: Mapping[str, Any]) -> str:
        """Return the variant with these options beside the fixed ones; that of the defaults needs none."""
        name, fixed = written(self.solver)
        return self.solver if options == self.defaults else spell(name, {**fixed, **options})


def _defaults(solver: type[Solver], space: Space, dataset: str) -> dict[str, Any]:
    tuned = solver.tuned.get(variant(dataset)[0], {})
    parameters = inspect.signature(solver).parameters
    defaults = {}
    for option, place in space.items():
        trouble = f"solver {solver.name!r} declares {option!r} as {place}, but "
        if option not in parameters:
            raise ArenaError(f"{trouble}has no such option")
        default = tuned.get(option, parameters[option].default)
        if default not in place:
            none = default is inspect.Parameter.empty
            raise ArenaError(f"{trouble}{'it has no default' if none else f'its default is {default!r}'}")
        defaults[option] = default
    return defaults
