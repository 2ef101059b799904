"""What advice may be asked for beyond today's decision, as options of every solver: margins, changes to last under."""

from __future__ import annotations

__all__ = ["DEMANDS", "NOTHING_MORE", "Demand", "demand_of", "undemanding"]

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from recourse_arena.base.arguments import Options
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import spell, variant, written


class Offered(Protocol):
    """What is plugged in, as far as it matters here."""

    @property
    def solvers(self) -> Mapping[str, Any]:
        """Solvers by name."""


DEMANDS: Mapping[str, str] = {
    "margin": "least logit of the counterfactual, beyond the boundary",
    "margin_sd": "the same in standard deviations of the logit over validation people",
    "lasting": "a change of the decision model, whose models must accept the counterfactual too; `lasting.OPTION` is "
    "an option of it",
}
"""Options that every solver has which has none of that name itself, and what they mean."""

_CHANGE = "lasting."


@dataclass(frozen=True)
class Demand:
    """What advice of a solver is asked for, beyond that today's decision model accepts the counterfactual.

    Arguments:
        margin: Least logit under each model.
        margin_sd: The same, in standard deviations of today's logit over validation people; it is added.
        lasting: A change by name with options, whose models must accept as well; empty for none.
    """

    margin: float = 0.0
    margin_sd: float = 0.0
    lasting: str = ""

    def __bool__(self) -> bool:
        return bool(self.margin or self.margin_sd or self.lasting)


NOTHING_MORE = Demand()
"""Today's decision is all that is asked for."""


def undemanding(registry: Offered, text: str) -> str:
    """Return a solver's name without those options of every solver.

    Example:
        >>> class Offers:
        ...     solvers = {"grid": lambda *, points=25: None}
        >>> undemanding(Offers(), "grid?points=9&margin=0.5")
        'grid?points=9'
    """
    name, options = written(text)
    asked = _asked(registry, text)
    return spell(name, {option: value for option, value in options.items() if option not in asked}) if asked else text


def demand_of(registry: Offered, text: str) -> Demand:
    """Return what the name of a solver asks for of its advice.

    Raises:
        ArenaError: If a margin is no number of at least 0, or options of a change are given without its name.

    Example:
        >>> class Offers:
        ...     solvers = {"grid": lambda *, points=25: None}
        >>> demand_of(Offers(), "grid?margin=0.5&lasting=quantized&lasting.bits=4")
        Demand(margin=0.5, margin_sd=0.0, lasting='quantized?bits=4')
    """
    asked, options, said = _asked(registry, text), variant(text)[1], written(text)[1]
    margins = {name: _margin(text, name, options[name]) for name in ("margin", "margin_sd") if name in asked}
    of_change = {o.removeprefix(_CHANGE): said[o] for o in said if o in asked and o.startswith(_CHANGE)}
    if of_change and "lasting" not in asked:
        raise ArenaError(
            f"solver {text!r}: {_CHANGE}{next(iter(of_change))} is an option of a change; add lasting=NAME"
        )
    return Demand(**margins, lasting=spell(said["lasting"], of_change) if "lasting" in asked else "")


def _asked(registry: Offered, text: str) -> frozenset[str]:
    """Return which options of a solver's name are those of every solver, rather than its own."""
    name, options = written(text)
    if name not in registry.solvers:
        return frozenset()
    own = inspect.signature(registry.solvers[name]).parameters
    return frozenset(o for o in options if (o in DEMANDS or o.startswith(_CHANGE)) and o not in own)


def _margin(text: str, option: str, value: Any) -> float:
    return Options(f"solver {text!r}").number(option, value, least=0)
