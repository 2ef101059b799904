"""Options of decision models, as names spell them."""

from __future__ import annotations

__all__ = ["RECIPE", "as_options", "asked_for", "check_threshold", "number", "share", "whole"]

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from recourse_arena.base.arguments import Options
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.interfaces.recipes import DecisionRecipe

RECIPE = tuple(field.name for field in fields(DecisionRecipe))
"""Options of `relu`."""


def check_threshold(what: str, threshold: Any) -> None:
    """Raise unless a threshold of probabilities is a number above 0 and below 1."""
    Options(what).number("threshold", threshold, above=0, below=1)


def asked_for(recipe: DecisionRecipe, options: Mapping[str, Any]) -> DecisionRecipe:
    """Return a recipe with some fields as asked for in a name: `hidden` as in `32-32`.

    Raises:
        ArenaError: If it has no such field, or cannot be so.
    """
    for name in options:
        if name not in RECIPE:
            raise unknown("option of decision model 'relu'", name, RECIPE)
    found = dict(options)
    if "hidden" in found:
        found["hidden"] = _widths(found["hidden"])
    if found.get("optimizer", "adam") not in ("sgd", "adam"):
        raise unknown("optimizer of decision model 'relu'", str(found["optimizer"]), ("sgd", "adam"))
    for name in ("epochs", "batch"):
        if name in found:
            whole("relu", name, found[name])
    for name in ("learning_rate", "negative_weight"):
        if name in found:
            found[name] = number("relu", name, found[name])
    return replace(recipe, **found)


def as_options(recipe: DecisionRecipe) -> dict[str, Any]:
    """Return the options of `relu` that lead to a recipe, but for those that are so by default.

    Example:
        >>> as_options(DecisionRecipe(hidden=(16, 8), optimizer="adam", epochs=30, standardise_binaries=False))
        {'hidden': '16-8'}
    """
    default = DecisionRecipe(optimizer="adam", epochs=30, standardise_binaries=False)
    found = {name: getattr(recipe, name) for name in RECIPE if getattr(recipe, name) != getattr(default, name)}
    return {name: "-".join(map(str, value)) if name == "hidden" else value for name, value in found.items()}


def _widths(text: Any) -> tuple[int, ...]:
    parts = [part for part in str(text).split("-") if part]
    if not all(part.isdecimal() and 1 <= int(part) <= 10_000 for part in parts):
        raise ArenaError(f"decision model relu: hidden: expected widths such as 32-32, got {text!r}")
    return tuple(int(part) for part in parts)


def whole(model: str, option: str, value: Any, least: int = 1) -> int:
    """Return an option that is a whole number from `least` to a million, or raise that it is none."""
    return Options(f"decision model {model}").whole(option, value, least, 10**6)


def number(model: str, option: str, value: Any) -> float:
    """Return an option that is a number above 0, or raise that it is none."""
    return Options(f"decision model {model}").number(option, value, above=0)


def share(model: str, option: str, value: Any) -> float:
    """Return an option that is a number above 0 and at most 1, or raise that it is none."""
    return Options(f"decision model {model}").number(option, value, above=0, most=1)
