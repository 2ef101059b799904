"""What plugins may offer of each kind: the type, and a name that can stand in files."""

from __future__ import annotations

__all__ = ["COLUMNS_OF_TABLES", "check_offer", "check_option"]

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import NAME, is_name
from recourse_arena.interfaces.change import Change
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.decision import Decision
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.interfaces.metric import Metric
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.interfaces.policy import Policy
from recourse_arena.interfaces.solver import Solver
from recourse_arena.people.features import Kind
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.profile import COSTS
from recourse_arena.problem.scenario import NOTIONS, Scenario

COLUMNS_OF_TABLES = (
    "dataset",
    "scenario",
    "solver",
    "seed",
    "seeds",
    "seeds_failed",
    "outcome",
    "people",
    "note",
    "run",
    "rank",
    "interval",
    "ms_per_person",
)
"""Columns that are in every table; a metric of such a name would overwrite them."""


def check_offer(kind: str, offer: Any) -> None:
    """Raise what keeps an offer from being used.

    Raises:
        ArenaError: If it is of the wrong type, lacks something, or has a name that cannot be one (:data:`NAME`).
    """
    of = PLUGIN_KINDS[kind]
    if of.made:
        _check_class(offer, of.base)
    elif not isinstance(offer, of.base):
        raise ArenaError(f"expected a {of.base.__name__}, got {_short(offer)}")
    _CHECKS.get(kind, _nothing_else)(offer)
    if not is_name(offer.name):
        raise ArenaError(f"the name of a {of} must be {NAME}; got {_short(offer.name)}")


def check_option(what: str, parameter: inspect.Parameter | None, value: Any) -> None:
    """Raise that an option which is true or false got something else, or one that is a number got true or false.

    What a parameter is, its annotation says, else its default. All other values are for the plugin to check.

    Arguments:
        what: The option, for messages.
        parameter: The parameter that takes it; none if it is taken as a keyword.
        value: Its value, as a name spells it.

    Raises:
        ArenaError: If it is of the other kind.
    """
    if parameter is None:
        return
    said = parameter.annotation
    kind = said.__name__ if isinstance(said, type) else str(said)
    if said is parameter.empty:
        kind = type(parameter.default).__name__
    if kind == "bool" and not isinstance(value, bool):
        raise ArenaError(f"{what}: expected true or false, got {value!r}")
    if kind in ("int", "float") and isinstance(value, bool):
        raise ArenaError(f"{what}: expected a number, got {str(value).lower()}")


def _nothing_else(offer: Any) -> None:
    """Ask no more of it than its type."""


def _check_dataset(offer: type[Dataset]) -> None:
    _check_words(offer, "version", "summary")
    _check_members(offer, "decision_options", list(inspect.signature(offer).parameters))


def _check_solver(offer: type[Solver]) -> None:
    _check_words(offer, "version", "summary")
    for attribute, known in (("knows", Knowledge), ("needs", Knowledge), ("acts_on", Kind)):
        _check_members(offer, attribute, [str(member) for member in known])
    _check_members(offer, "plausible_under", list(NOTIONS))
    _check_members(offer, "structures", ["affine", "trees"])
    _check_members(offer, "costs", list(COSTS))
    if not isinstance(offer.fit_depends_on, property):  # a variant's own is looked at where it is run
        _check_members(offer, "fit_depends_on", list(Scenario.TRAINING_PARTS))
    if not set(offer.needs) <= set(offer.knows):
        raise ArenaError(f"{offer.__name__}: what it needs must be among what it knows, to be handed to it")


def _check_decision(offer: type[Decision]) -> None:
    _check_words(offer, "version", "summary", "structure")


def _check_change(offer: type[Change]) -> None:
    _check_words(offer, "version", "summary")


def _check_policy(offer: type[Policy]) -> None:
    _check_words(offer, "version", "summary")


def _check_metric(offer: Metric) -> None:
    if not callable(offer.compute):
        raise ArenaError(f"metric {_short(offer.name)}: expected a function to compute it, got {_short(offer.compute)}")
    if offer.direction not in ("higher", "lower", "none"):
        raise unknown(f"direction of metric {_short(offer.name)}", str(offer.direction), ["higher", "lower", "none"])
    if offer.name in COLUMNS_OF_TABLES:
        raise ArenaError(f"a metric cannot be called {offer.name!r}: summary.csv has a column of this name already")


_CHECKS: Mapping[str, Callable[[Any], None]] = {
    "datasets": _check_dataset,
    "decisions": _check_decision,
    "changes": _check_change,
    "solvers": _check_solver,
    "policies": _check_policy,
    "metrics": _check_metric,
}


def _check_class(offer: Any, base: type) -> None:
    wanted = f"a {base.__name__} subclass" if base is not Elicitor else "an Elicitor subclass"
    _check_concrete(offer, wanted)
    if not issubclass(offer, base):
        raise ArenaError(f"expected {wanted}, got {_short(offer)}")
    if not hasattr(offer, "name"):
        raise ArenaError(f"{offer.__name__} has no name; set the class attribute `name`")


def _check_concrete(offer: Any, wanted: str) -> None:
    if not isinstance(offer, type):
        raise ArenaError(f"expected {wanted}, got {_short(offer)}")
    if inspect.isabstract(offer):
        missing = ", ".join(sorted(getattr(offer, "__abstractmethods__", ())))
        raise ArenaError(f"{offer.__name__} lacks what {wanted} must have: {missing}")


def _check_words(offer: type, *attributes: str) -> None:
    for attribute in attributes:
        value = getattr(offer, attribute, None)
        if not isinstance(value, str):
            raise ArenaError(f"{offer.__name__}.{attribute}: expected text, got {_short(value)}")


def _check_members(offer: type, attribute: str, known: list[str]) -> None:
    value = getattr(offer, attribute)
    if not isinstance(value, (set, frozenset, tuple, list)):
        raise ArenaError(f"{offer.__name__}.{attribute}: expected a frozenset, got {_short(value)}")
    for member in value:
        if member not in known:
            raise unknown(f"member of {offer.__name__}.{attribute}", str(member), known)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:  # a plugin's own repr
        text = f"a {type(value).__name__} whose repr raises {type(error).__name__}"
    return text if len(text) <= 60 else f"{text[:60]}..."
