"""Options of changes, held against what they may be."""

from __future__ import annotations

__all__ = ["at_least_0", "number", "whole"]

from typing import Any

from recourse_arena.base.arguments import Options
from recourse_arena.base.errors import ArenaError


def whole(change: str, option: str, value: Any, least: int, most: int) -> int:
    """Return an option that is a whole number between two others, or raise what it is instead."""
    return Options(f"change {change}").whole(option, value, least, most)


def number(change: str, option: str, value: Any) -> float:
    """Return an option that is a finite number, or raise what it is instead."""
    return Options(f"change {change}").number(option, value)


def at_least_0(change: str, option: str, value: Any) -> float:
    """Return an option that is a finite number, not below 0, or raise what it is instead."""
    if number(change, option, value) < 0:
        raise ArenaError(f"change {change}: {option} must not be negative, got {value!r}")
    return float(value)
