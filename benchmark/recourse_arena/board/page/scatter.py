"""Attainability against cost, as a picture that is part of the page: the faster, the smaller the mark."""

from __future__ import annotations

__all__ = ["Point", "scatter"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 720, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 14, 42
_SMALLEST, _LARGEST = 3.0, 10.0
_LETTER = 6.8
"""Width of a letter of a name, about."""
_FAR = 34.0
"""How far below its mark a name may stand."""


@dataclass(frozen=True)
class Point:
    """A solver.

    Arguments:
        name: What it is called.
        pool: Its pool.
        look: Its colour's place.
        cost: Where it stands; above 0.
        attainability: Where it stands, from 0 to 1.
        ms: How long it takes, above 0.
        frontier: Whether nobody beats it in all three.
        words: What is said of it.
    """

    name: str
    pool: str
    look: int
    cost: float
    attainability: float
    ms: float
    frontier: bool
    words: str


def scatter(points: Sequence[Point], label: str, cost: str) -> Markup:
    """Return the picture, nothing for no points; every name in it is text.

    Arguments:
        points: Solvers with all three numbers.
        label: What it shows, for those who do not see it.
        cost: What costs are in, under the axis.
    """
    points = [p for p in points if all(map(math.isfinite, (p.cost, p.attainability, p.ms)))]
    if not points:
        return Markup("")
    across, ticks = _scale([p.cost for p in points])
    low = max(0.0, math.floor(10 * min(p.attainability for p in points) - 0.5) / 10)
    high = min(1.0, math.ceil(10 * max(p.attainability for p in points) + 0.5) / 10)
    high = max(high, low + 0.1)

    def down(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    parts = [
        Markup('<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, label)
    ]
    parts += _axes(ticks, [(down(v), f"{v:.1f}") for v in _steps(low, high)], cost)
    sizes = _sizes([p.ms for p in points])
    placed: list[tuple[float, float, float]] = []
    for point, size in sorted(zip(points, sizes, strict=True), key=lambda pair: (pair[0].frontier, -pair[1])):
        x, y = across(point.cost), down(point.attainability)
        parts.append(_mark(point, x, y, size))
        if point.frontier:
            parts.append(_name(point, x, y, size, placed))
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _mark(point: Point, x: float, y: float, size: float) -> Markup:
    kind = "on" if point.frontier else "off"
    head = Markup(
        '<circle class="{} pool-{}" data-name="{}" data-pool="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}">'
    ).format(kind, point.look, point.name, point.pool, x, y, size)
    return head + Markup("<title>{}</title></circle>").format(point.words)


def _name(point: Point, x: float, y: float, size: float, placed: list[tuple[float, float, float]]) -> Markup:
    """Return a name beside its mark, moved down where it would hide another one; none where that is far away."""
    words = point.name if len(point.name) <= 28 else f"{point.name[:27]}\N{HORIZONTAL ELLIPSIS}"
    width = _LETTER * len(words)
    right = x + size + 4 + width < WIDTH
    start = x + size + 4 if right else x - size - 4 - width
    at = max(y + 4, 12.0)
    while any(abs(at - other) < 12 and start < end and begin < start + width for begin, end, other in placed):
        at += 12
    if at > y + _FAR:
        return Markup("")
    placed.append((start, start + width, at))
    return Markup('<text data-name="{}" data-pool="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
        point.name, point.pool, start, at, words
    )


def _axes(across: Sequence[tuple[float, str]], down: Sequence[tuple[float, str]], cost: str) -> list[Markup]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    parts = [Markup('<g class="axes"><path d="M{} {}V{}H{}"/>').format(_LEFT, _TOP, bottom, right)]
    for x, words in across:
        parts.append(Markup('<text class="mid" x="{:.1f}" y="{}">{}</text>').format(x, bottom + 16, words))
    for y, words in down:
        parts.append(Markup('<path class="rule" d="M{} {:.1f}H{}"/>').format(_LEFT, y, right))
        parts.append(Markup('<text class="end" x="{}" y="{:.1f}">{}</text>').format(_LEFT - 6, y + 4, words))
    parts.append(Markup('<text class="mid" x="{}" y="{}">{}</text>').format((_LEFT + right) / 2, HEIGHT - 6, cost))
    middle = (_TOP + bottom) / 2
    words = '<text class="mid" transform="translate(12 {}) rotate(-90)">attainability</text></g>'
    return [*parts, Markup(words).format(middle)]


def _scale(costs: Sequence[float]) -> tuple[Callable[[float], float], list[tuple[float, str]]]:
    """Return where costs stand, and which are written: logarithmic where they differ by more than ten times."""
    least, most = min(costs), max(costs)
    wide = least > 0 and most > 10 * least
    turn: Callable[[float], float] = math.log10 if wide else float
    low, high = turn(least), turn(most)
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    low, high = low - margin, high + margin

    def across(value: float) -> float:
        return _LEFT + (turn(value) - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    if wide:
        powers = range(math.ceil(low), math.floor(high) + 1)
        ticks = [10.0**power for power in powers] or [least, most]
    else:
        ticks = [least + i * (most - least) / 4 for i in range(5)] if most > least else [least]
    return across, [(across(tick), f"{tick:.3g}") for tick in ticks]


def _steps(low: float, high: float) -> list[float]:
    step = 0.1 if high - low <= 0.5 else 0.2
    return [round(low + i * step, 2) for i in range(int((high - low) / step + 1e-9) + 1)]


def _sizes(times: Sequence[float]) -> list[float]:
    """Return radii by the logarithm of times, so that ten times as long is a step whatever the times are."""
    logs = [math.log10(max(time, 1e-9)) for time in times]
    low, span = min(logs), max(max(logs) - min(logs), 1e-9)
    return [_SMALLEST + (_LARGEST - _SMALLEST) * (log - low) / span for log in logs]
