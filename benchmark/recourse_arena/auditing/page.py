"""The report of an audit: one page that opens offline, prints whole and runs no script; how it says things."""

from __future__ import annotations

__all__ = ["called", "page", "valued"]

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from recourse_arena.people.features import Feature


def page(findings: Mapping[str, Any]) -> str:
    """Return the report; every name from a dataset is escaped.

    Arguments:
        findings: What :func:`~recourse_arena.auditing.audit.audited` found.
    """
    environment = Environment(
        loader=PackageLoader("recourse_arena.auditing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "between": between,
        "number": number,
        "bar": bar,
        "stack": stack,
        "highest": highest,
    }
    style = Markup(environment.get_template("style.css").render())
    return environment.get_template("audit.html").render(style=style, **findings)


def percent(value: float | None) -> str:
    """Return a share in words.

    Example:
        >>> percent(0.756), percent(0.004), percent(0.0), percent(None)
        ('76 %', '0.4 %', '0 %', 'not known')
    """
    if value is None:
        return "not known"
    if 0 < value < 0.0995 or 0.9005 < value < 1:
        return f"{100 * value:.1f} %"
    return f"{100 * value:.0f} %"


def number(value: float | None) -> str:
    """Return an effort: two digits that mean something.

    Example:
        >>> number(0.05432), number(12.345), number(None)
        ('0.054', '12', 'not known')
    """
    if value is None:
        return "not known"
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def between(said: Mapping[str, Any]) -> str:
    """Return an interval in words; empty where there is none.

    Example:
        >>> between({"share": 0.5, "low": 0.4, "high": 0.6}), between({"mean": 1.0, "low": None, "high": None})
        ('40 to 60 %', '')
    """
    if said.get("low") is None or said.get("high") is None:
        return ""
    if "share" in said:
        low, high = (percent(said[end]).removesuffix(" %") for end in ("low", "high"))
        return f"{low} to {high} %"
    return f"{number(said['low'])} to {number(said['high'])}"


def bar(said: Mapping[str, Any], most: float = 1.0) -> Markup:
    """Return a bar with its interval as inline SVG; nothing where there is no value."""
    value = said.get("share", said.get("mean"))
    if value is None or not most:
        return Markup("")
    width, low, high = (
        max(0.0, min(100.0, 100 * x / most)) if x is not None else None
        for x in (value, said.get("low"), said.get("high"))
    )
    whisker = (
        ""
        if low is None or high is None
        else f'<rect class="whisker" x="{low:.2f}" y="5" width="{high - low:.2f}" height="2"/>'
    )
    return Markup(
        f'<svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="{value:.3g}">'
        f'<rect class="ground" width="100" height="12"/><rect class="value" width="{width:.2f}" height="12"/>'
        f"{whisker}</svg>"
    )  # numbers alone: nothing in it needs escaping


def highest(groups: Sequence[Mapping[str, Any]]) -> float:
    """Return the highest end of the burdens of some groups, to which bars are drawn."""
    ends = [group["social"]["high"] for group in groups if not group["small"] and group["social"]["high"] is not None]
    return max(ends, default=1.0)


def stack(parts: list[tuple[str, float | None]]) -> Markup:
    """Return shares side by side as one bar; `parts` are classes of the style and shares."""
    place, found = 0.0, []
    for name, share in parts:
        width = 100 * (share or 0.0)
        found.append(f'<rect class="{name}" x="{place:.2f}" width="{width:.2f}" height="12"/>')
        place += width
    return Markup(
        '<svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="shares">'
        f"{''.join(found)}</svg>"
    )


def called(feature: Feature) -> str:
    """Return the name of a feature in words.

    Example:
        >>> called(Feature("loan_amount"))
        'loan amount'
    """
    return feature.name.replace("_", " ").replace("-", " ")


def valued(feature: Feature, value: float) -> str:
    """Return a value in words: the name of its level, or a number with as many digits as one would say.

    Example:
        >>> valued(Feature("income"), 12345.678), valued(Feature("rate"), 0.034567), valued(Feature("x"), 2.0)
        ('12,346', '0.0346', '2')
    """
    if feature.levels and value == int(value) and 0 <= value < len(feature.levels):
        return feature.levels[int(value)]
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 0
    if digits or abs(value) >= 1:
        text = f"{value:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.3g}"
