"""How features and their values are written for a person: words, units, no codes and no noise of rounding."""

from __future__ import annotations

__all__ = ["title", "value", "with_unit"]

import math
from decimal import Decimal

from recourse_arena.people.features import Feature

_DIGITS = 6
"""Significant digits of a number without a step: values are kept in single precision, which has seven."""

_LARGE, _SMALL = 1e15, 1e-6
"""From where on, and below what, numbers are written with powers of ten."""


def title(feature: Feature | str) -> str:
    """Return the name of a feature in words.

    Example:
        >>> title("loan_amount"), title("hours-per-week"), title(Feature("age"))
        ('loan amount', 'hours per week', 'age')
    """
    name = feature if isinstance(feature, str) else feature.name
    return " ".join(name.replace("-", " ").replace("_", " ").split()) or name


def value(feature: Feature, x: float, step: float = 0.0) -> str:
    """Return a value in words: the name of its level, a whole number, or a number with the digits that count.

    Arguments:
        feature: The feature.
        x: The value.
        step: Of a continuous feature: what is finer than the last digit of this is rounded away. By default six
            digits are written, and all those before the point.

    Example:
        >>> from recourse_arena.people.features import Kind
        >>> value(Feature("housing", Kind.CATEGORICAL, levels=("rent", "own")), 1.0)
        'own'
        >>> value(Feature("amount", Kind.INTEGER), 12500.0), value(Feature("share"), 0.30000001192092896)
        ('12,500', '0.3')
        >>> value(Feature("savings"), 3217.43, step=50.0), value(Feature("score"), -0.0004, step=0.01)
        ('3,220', '0')
    """
    x = float(x)
    if not math.isfinite(x):
        return "unknown" if math.isnan(x) else "unlimited" if x > 0 else "-unlimited"
    if feature.levels and x == int(x) and 0 <= x < len(feature.levels):
        return feature.levels[int(x)]
    if abs(x) >= _LARGE or (0 < abs(x) < _SMALL and not step):
        return f"{x:.{_DIGITS - 1}g}"
    if feature.whole and x == round(x):
        places = 0
    elif step > 0 and math.isfinite(step) and not feature.whole:
        places = -int(Decimal(f"{step:.2g}").normalize().as_tuple().exponent)
    else:
        places = max(_DIGITS - 1 - math.floor(math.log10(abs(x) or 1.0)), 0)
    text = f"{round(x, places):,.{max(places, 0)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def with_unit(feature: Feature, x: float, step: float = 0.0) -> str:
    """Return a value in words with its unit, as :func:`value` writes it.

    Example:
        >>> from recourse_arena.people.features import Kind
        >>> with_unit(Feature("age", Kind.INTEGER, unit="years"), 35), with_unit(Feature("term", unit="years"), 1.0)
        ('35 years', '1 year')
        >>> with_unit(Feature("housing", Kind.CATEGORICAL, levels=("rent", "own"), unit="homes"), 1.0)
        'own'
    """
    text = value(feature, x, step)
    if not feature.unit or text in feature.levels or not math.isfinite(x):
        return text
    first, space, rest = feature.unit.partition(" ")
    if text in ("1", "-1") and first.endswith("s") and not first.endswith("ss") and first.islower():
        first = first[:-1]
    return f"{text} {first}{space}{rest}"
