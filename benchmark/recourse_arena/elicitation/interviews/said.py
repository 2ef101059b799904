"""What somebody said of one feature, in any form, and the wish it is: a level of the scheme within personal bounds."""

from __future__ import annotations

__all__ = ["Bounds", "Said", "Scale", "number_said"]

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recourse_arena.base.arguments import parsed_number, parsed_whole_number
from recourse_arena.base.errors import ArenaError
from recourse_arena.elicitation.interviews.wishes import Wish
from recourse_arena.interfaces.elicitor import NEVER, Elicitor
from recourse_arena.people.features import Direction, Feature, FeatureTable, Kind
from recourse_arena.people.wording import value, with_unit

Bounds = tuple[float, float]
"""The least and the greatest value."""

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_LARGEST = 3.4028234e38
"""Of a number: values are kept in single precision."""

_DIGITS = 12
"""Significant digits of a bound that is computed: what is behind them is noise."""


@dataclass(frozen=True)
class Scale:
    """The levels that people may say.

    Arguments:
        elicitor: The scheme.
        levels: The number of its levels.
        labels: Words for the levels of those who asked, in lower case, in place of the scheme's.
    """

    elicitor: Elicitor
    levels: int
    labels: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, elicitor: Elicitor, features: FeatureTable, labels: Sequence[str] = ()) -> Scale:
        """Return the scale of a scheme, with labels for its levels or none.

        Raises:
            ArenaError: If there is not one label for each level, or it says something else already.
        """
        levels = elicitor.levels(features)
        return cls(elicitor, levels, _codes(labels, levels))

    @property
    def words(self) -> tuple[str, ...]:
        """A word for each level, empty where there is none."""
        return tuple(self.labels) if self.labels else self.elicitor.words(self.levels)

    def level(self, text: str) -> int:
        """Return the level of an answer, one more than there are for "not possible".

        Raises:
            ArenaError: With what was expected and what came.
        """
        if not self.labels or text.strip().lower() in NEVER:
            return self.elicitor.read(text, self.levels)
        level = self.labels.get(text.strip().lower()) or parsed_whole_number(text)
        if level is None or not 1 <= level <= self.levels:
            expected = f"one of {', '.join(self.labels)}, a whole number from 1 to {self.levels}"
            raise ArenaError(f"expected {expected}, or no for what is not possible; got {text[:80]!r}")
        return level


def _codes(labels: Sequence[str], levels: int) -> dict[str, int]:
    if labels and len(labels) != levels:
        raise ArenaError(
            f"labels: expected {levels}, one for each level of the scheme, got {len(labels)}; "
            f"`scheme` says how many levels there are, as in 'likert?levels={len(labels)}'"
        )
    codes: dict[str, int] = {}
    for level, label in enumerate(labels, 1):
        word = label.strip().lower()
        if word in codes or word in NEVER or not word or parsed_whole_number(word) not in (None, level):
            raise ArenaError(
                f"labels: expected different words for the levels, none of them x, no or never; got {label!r}"
            )
        codes[word] = level
    return codes


@dataclass(frozen=True)
class Said:
    """What is said of one feature, and where each part of it stands.

    Arguments:
        feature: The feature.
        parts: Some of `answer`, `at_least`, `at_most`, `by_at_most`: texts, or values of JSON and Python.
        place: Returns where a part stands, for messages: `scores.csv:3: column 'income'`; empty for nowhere.
        names: What parts are called there, if not by their own names.
    """

    feature: Feature
    parts: Mapping[str, object]
    place: Callable[[str], str] = lambda part: ""
    names: Mapping[str, str] = field(default_factory=dict)

    def wish(self, scale: Scale, now: float | None = None, feasible: Bounds | None = None) -> Wish:
        """Return what it says.

        Arguments:
            scale: The levels.
            now: The person's own value; none where it is not known: nothing is asked of it then.
            feasible: The values that come into question, if they are known.

        Raises:
            ArenaError: With the place, what was expected and what came; also if the bounds leave no value that the
                person may choose, given which way the feature may be moved.
        """
        level = self._level(scale)
        if level > scale.levels and self.feature.kind is not Kind.CATEGORICAL:
            return Wish(level, *self._ends(now))  # kept, and asks nothing
        return Wish(level, *self.bounds(now, feasible))

    def bounds(self, now: float | None = None, feasible: Bounds | None = None) -> Bounds:
        """Return the bounds that are said, infinite where there are none.

        Arguments:
            now: The person's own value; none where it is not known: nothing is asked of it then.
            feasible: The values that come into question, if they are known.

        Raises:
            ArenaError: As of :meth:`wish`.
        """
        given = [part for part in ("at_least", "at_most", "by_at_most") if self._gives(part)]
        if given and self.feature.kind is Kind.CATEGORICAL:
            raise self.error(given[0], "no bound: these are categories, which have no order")
        low, high = self._ends(now)
        if given:
            self._check_room(low, high, now, feasible, given[-1])
        return low, high

    def error(self, part: str, expected: str) -> ArenaError:
        """Return the error that something else was expected in a part."""
        got = self.parts.get(part)
        empty = "an empty cell" if self.names else "nothing"
        shown = empty if got in ("", None) else _shown(got)
        return self._error(part, f"expected {expected}; got {shown}")

    def _error(self, part: str, words: str) -> ArenaError:
        place = self.place(part)
        return ArenaError(f"{place}: {words}" if place else words)

    def _level(self, scale: Scale) -> int:
        answer = self.parts.get("answer")
        if isinstance(answer, bool):
            answer = ("no", "yes")[answer]
        if answer is None or answer == "":
            answer_words = ", ".join(word for word in scale.words if word)
            numbers = f"a whole number from 1 to {scale.levels}" if scale.levels > 1 else "1"
            raise self.error("answer", f"{f'one of {answer_words}, ' if answer_words else ''}{numbers}, or no")
        if not isinstance(answer, (str, int, float)):
            raise self.error("answer", "a text or a number")
        try:
            return scale.level(str(answer))
        except ArenaError as error:
            raise self._error("answer", str(error)) from None

    def _bound(self, part: str) -> float:
        feature, given = self.feature, self.parts[part]
        bound = _level_said(feature, given) if feature.levels else number_said(given, feature.unit, self._thousands)
        if math.isnan(bound):
            wanted = f"one of the levels {', '.join(map(repr, feature.levels))}" if feature.levels else "a number"
            raise self.error(part, wanted)
        if not feature.lower <= bound <= feature.upper:
            raise self.error(part, f"a value {_between(feature, feature.lower, feature.upper)}")
        return bound

    @property
    def _thousands(self) -> bool:
        return not self.names  # in a CSV file, a comma may stand before decimals

    def _check_order(self, low: float, high: float) -> None:
        least = self.names.get("at_least", "at_least")
        if low > high:
            raise self.error("at_most", f"at least {least}, which is {low:g}")
        if _empty(low, high, self.feature):
            raise self.error("at_most", f"a bound that leaves a whole number from {least}, {low:g}")

    def _ends(self, now: float | None) -> Bounds:
        low = self._bound("at_least") if self._gives("at_least") else -math.inf
        high = self._bound("at_most") if self._gives("at_most") else math.inf
        self._check_order(low, high)
        return self._near(now, low, high) if self._gives("by_at_most") else (low, high)

    def _gives(self, part: str) -> bool:
        return self.parts.get(part) not in (None, "")

    def _near(self, now: float | None, low: float, high: float) -> Bounds:
        """Return the bounds within so far from the own value, and within those that were given beside."""
        feature, given = self.feature, self.parts["by_at_most"]
        if now is None:
            raise self.error("by_at_most", "at_least or at_most: the person's own value is not known here")
        text = str(given).strip()
        share = text.endswith("%")
        number = number_said(text.removesuffix("%").rstrip() if share else given, feature.unit)
        if share and feature.levels:
            raise self.error("by_at_most", "a number of levels: these have no percentages")
        if not 0 < number < math.inf:
            raise self.error("by_at_most", "a number above 0, or a percentage as in '10 %'")
        far = min(abs(now) * number / 100 if share else number, _LARGEST)
        down, up = feature.direction is not Direction.UP, feature.direction is not Direction.DOWN
        near_low = max(low, _rounded(now - far), feature.lower) if down else low
        near_high = min(high, _rounded(now + far), feature.upper) if up else high
        if far == 0 or (feature.whole and far < 1):
            raise self.error("by_at_most", f"more: nothing is left but {value(feature, now)}, which it is now")
        if near_low > near_high:
            raise self.error("by_at_most", f"a way from {value(feature, now)} into the other bounds")
        return near_low, near_high

    def _check_room(self, low: float, high: float, now: float | None, feasible: Bounds | None, part: str) -> None:
        """Raise that no value is left: of those that are feasible, in the direction that people may go."""
        feature = self.feature
        ranges = [(feature.lower, feature.upper, "")] if now is not None else []
        ranges += [(*feasible, "considered here ")] if feasible is not None else []
        for least, most, which in ranges:
            if now is not None and feature.direction is Direction.UP:
                least = max(least, now)
            if now is not None and feature.direction is Direction.DOWN:
                most = min(most, now)
            if not _empty(max(low, least), min(high, most), feature) or _empty(least, most, feature):
                continue  # or nothing is feasible, whatever is said
            way = f"; it may only go {feature.direction}" if feature.direction is not Direction.ANY else ""
            own = "" if now is None else f", and it is {value(feature, now)} now"
            raise self.error(part, f"a bound that leaves a value {which}{_between(feature, least, most)}{way}{own}")


def _empty(low: float, high: float, feature: Feature) -> bool:
    if feature.whole and math.isfinite(low) and math.isfinite(high):
        return math.ceil(low) > math.floor(high)
    return low > high


def number_said(given: object, unit: str = "", thousands: bool = True) -> float:
    """Return the number that a text or value says, perhaps with its unit behind; nan if it says none or an endless one.

    Arguments:
        given: The text, with commas between thousands or without, or a number.
        unit: A unit that may stand behind it.
        thousands: Whether commas between thousands are understood.

    Example:
        >>> number_said("5,000 DM", "DM"), number_said(3), number_said("5,00"), number_said("inf")
        (5000.0, 3.0, nan, nan)
    """
    if isinstance(given, str):
        text = given.strip()
        if unit and text.lower().endswith(unit.lower()):
            text = text[: -len(unit)].rstrip()
        if thousands and _THOUSANDS.fullmatch(text):
            text = text.replace(",", "")
        number = parsed_number(text)
    else:
        number = _as_float(given)
    return number + 0.0 if math.isfinite(number) else math.nan


def _as_float(given: Any) -> float:
    if isinstance(given, bool):
        return math.nan
    try:
        return float(given)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _level_said(feature: Feature, given: object) -> float:
    """Return the code of a level by its name, in any case; or by its code, unless names of levels are numbers."""
    text = str(given).strip()
    if text in feature.levels:
        return float(feature.levels.index(text))
    alike = [code for code, level in enumerate(feature.levels) if level.lower() == text.lower()]
    if len(alike) == 1:
        return float(alike[0])
    if any(math.isfinite(parsed_number(level)) for level in feature.levels):
        return math.nan
    return number_said(given)


def _between(feature: Feature, low: float, high: float) -> str:
    least, most = (with_unit(feature, x) if math.isfinite(x) else "" for x in (low, high))
    if least and most:
        return f"from {value(feature, low)} to {most}" if low < high else f"of {most}"
    return f"of at least {least}" if least else f"up to {most}"


def _rounded(x: float) -> float:
    return float(f"{x:.{_DIGITS}g}")


def _shown(got: object) -> str:
    text = repr(got)
    return text if len(text) <= 80 else f"{text[:80]}..."
