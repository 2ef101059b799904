"""The one error a user sees: what was expected, what came, what to do."""

from __future__ import annotations

__all__ = ["ArenaError", "NotApplicable", "described", "unknown"]

import difflib
from collections.abc import Iterable


class ArenaError(ValueError):
    """A mistake in what was given: the command line shows its message alone and exits with 2."""


class NotApplicable(ArenaError):
    """What a solver raises that is not meant for a dataset or request: the cell is `skipped` with this reason."""


def unknown(kind: str, name: str, known: Iterable[str]) -> ArenaError:
    """Return the error for a `name` that no `kind` has, listing near matches or all known names.

    Example:
        >>> print(unknown("solver", "gird", ["grid", "carma"]))
        unknown solver 'gird'. Did you mean 'grid'?
        >>> print(unknown("solver", "x", ["grid", "carma"]))
        unknown solver 'x'. Known: carma, grid.
        >>> print(unknown("feature", "ago", ["age", "age"]))
        unknown feature 'ago'. Did you mean 'age'?
    """
    candidates = sorted(set(map(str, known)))
    near = difflib.get_close_matches(name, candidates, n=3, cutoff=0.5)
    if near:
        return ArenaError(f"unknown {kind} {name!r}. Did you mean {' or '.join(map(repr, near))}?")
    return ArenaError(f"unknown {kind} {name!r}. Known: {', '.join(candidates) or 'none'}.")


def described(error: BaseException) -> str:
    """Return an error as one line with its type."""
    try:
        text = " ".join(str(error).split()) or "no message"
    except Exception as raised:  # of a plugin's own class
        text = f"no message, for saying it raises {type(raised).__name__}"
    return f"{type(error).__name__}: {text}"
