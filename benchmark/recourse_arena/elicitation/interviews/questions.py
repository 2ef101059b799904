"""The words of an interview: what people are asked of features, and what their answers, as they type them, say."""

from __future__ import annotations

__all__ = ["HELP", "Subject", "limits_said", "order_said", "scale_text", "split_answer"]

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recourse_arena.base.errors import ArenaError
from recourse_arena.elicitation.interviews.said import Bounds, Scale
from recourse_arena.interfaces.elicitor import NEVER
from recourse_arena.people.features import Direction, Feature, Kind
from recourse_arena.people.wording import title, value, with_unit

HELP = """\
Answer as it is for you: the advice keeps to it.
  no: you cannot, or would not, change this; x, never and not possible say the same
  limits may follow an answer: "at most 5,000", "at least 3", "by at most 10 %" (so far from what it is now)
  back: the question before
  ?: this help
Ctrl-C keeps what you have answered."""

_LIMIT = re.compile(r"\b(by\s+at\s+most|at\s+most|at\s+least)\b", re.IGNORECASE)
_NO_LIMITS = ("", "no", "none", "no limits", "nothing", "-")
_SHOWN = 12


@dataclass(frozen=True)
class Subject:
    """A feature that somebody is asked of.

    Arguments:
        feature: The feature.
        now: The person's own value.
        feasible: The values that come into question, if they are known.
    """

    feature: Feature
    now: float
    feasible: Bounds | None = None

    @property
    def limited(self) -> bool:
        """Whether bounds can be said of it."""
        return self.feature.kind is not Kind.CATEGORICAL

    def text(self) -> str:
        """Return what it is, where it is now, and where it may go."""
        feature = self.feature
        about = f" ({feature.description})" if feature.description not in ("", feature.unit, title(feature)) else ""
        lines = [f"{title(feature)}{about}", f"  now: {with_unit(feature, self.now)}", *self._way()]
        return "\n".join(lines)

    def _way(self) -> list[str]:
        """Return which values come into question, a line at most."""
        feature = self.feature
        low, high = self.feasible or (feature.lower, feature.upper)
        if feature.direction is Direction.UP:
            low = max(low, self.now)
        if feature.direction is Direction.DOWN:
            high = min(high, self.now)
        only = f"only {feature.direction}" if feature.direction is not Direction.ANY else ""
        if feature.levels:
            names = [name for code, name in enumerate(feature.levels) if low <= code <= high and code != self.now]
            more = ", ..." if len(names) > _SHOWN else ""
            found = f"{', '.join(names[:_SHOWN])}{more}" if names else "nothing else"
        else:
            found = _range(feature, low, high)
        text = ", ".join(part for part in (only, found) if part)
        return [f"  may become: {text}"] if text else []


def _range(feature: Feature, low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"{value(feature, low)} to {with_unit(feature, high)}" if low < high else "nothing else"
    if math.isfinite(low):
        return f"{with_unit(feature, low)} or more"
    return f"{with_unit(feature, high)} or less" if math.isfinite(high) else ""


def scale_text(scale: Scale) -> str:
    """Return the levels in words: `1 easy, 2 possible, 3 hard, 4 very hard, or no`."""
    words = scale.words
    if scale.levels == 1:
        return f"{words[0] or '1'}, or no"
    shown = [f"{number} {word}".strip() for number, word in enumerate(words, 1) if word or scale.levels <= _SHOWN]
    if not all(words) and scale.levels > _SHOWN:
        return f"1 to {scale.levels} ({', '.join(shown)}), or no" if shown else f"1 to {scale.levels}, or no"
    return f"{', '.join(shown)}, or no"


def split_answer(text: str) -> dict[str, object]:
    """Return the answer and the bounds behind it: parts of a :class:`~recourse_arena.elicitation.interviews.said.Said`.

    Raises:
        ArenaError: If a bound is said twice, or without its value.

    Example:
        >>> split_answer("2, at most 5,000"), split_answer("hard by at most 10 %")
        ({'answer': '2', 'at_most': '5,000'}, {'answer': 'hard', 'by_at_most': '10 %'})
    """
    head, *rest = _LIMIT.split(text)
    parts: dict[str, object] = {"answer": _bare(head)}
    for words, said in zip(rest[::2], rest[1::2], strict=True):
        part, given = "_".join(words.lower().split()), _bare(said)
        if part in parts:
            raise ArenaError(f"expected each limit once; {words!r} stands there twice")
        if not given:
            raise ArenaError(f'expected a value behind "{words}", as in "{words} 5"; got nothing')
        parts[part] = given
    return parts


def _bare(text: str) -> str:
    """Return a part without what separates it from others."""
    return re.sub(r"[\s,;:]+and$|[\s,;:]+$", "", re.sub(r"[\s,;:]+$", "", text)).strip().lstrip(",;:").strip()


def order_said(text: str, features: Sequence[Feature]) -> dict[str, str]:
    """Return the place of each feature, or no.

    Either a place for each in the order of `features` (`2, 1, x, 3`), or their names from the preferred one on, and
    behind `not:` those that are not possible.

    Raises:
        ArenaError: If one is missing, is there twice or is none, with what was expected.

    Example:
        >>> order_said("income, not: amount", [Feature("amount"), Feature("income")])
        {'amount': 'no', 'income': '1'}
    """
    words = text.strip().lower()
    if words in ("none", "nothing", *NEVER):
        return dict.fromkeys((feature.name for feature in features), "no")
    places = [part for part in re.split(r"[\s,;]+" if not re.search("[,;]", words) else "[,;]", words) if part.strip()]
    places = [" ".join(part.split()) for part in places]
    if all(part in NEVER or re.fullmatch(r"\d+(\.0*)?", part, re.ASCII) for part in places) and places:
        return _by_place(places, features)
    chosen, closed = [*re.split(r"\bnot\s*:", text, maxsplit=1, flags=re.IGNORECASE), ""][:2]
    found: dict[str, str] = {}
    for part in _listed(chosen):
        _once(found, _named(part, features), str(len(found) + 1))
    for part in _listed(closed):
        _once(found, _named(part, features), "no")
    if missing := [title(feature) for feature in features if feature.name not in found]:
        raise ArenaError(
            f'expected every feature, those that are not possible behind "not:"; {", ".join(missing)} '
            f"{'are' if len(missing) > 1 else 'is'} missing"
        )
    return {feature.name: found[feature.name] for feature in features}


def _by_place(places: Sequence[str], features: Sequence[Feature]) -> dict[str, str]:
    if len(places) != len(features):
        left = ", ".join(title(feature) for feature in features[len(places) :])
        missing = f"; nothing is said of {left}" if left else ""
        raise ArenaError(f"expected {len(features)} places, one for each feature, got {len(places)}{missing}")
    return {feature.name: place for feature, place in zip(features, places, strict=True)}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;>]", text) if part.strip()]


def _once(found: dict[str, str], name: str, place: str) -> None:
    if name in found:
        raise ArenaError(f"expected each feature once; {title(name)} stands there twice")
    found[name] = place


def _named(text: str, features: Sequence[Feature]) -> str:
    """Return the name of the feature that is meant: by its name, in words or as it is, or by how that begins."""
    if text in (feature.name for feature in features):
        return text
    word = title(text).lower()
    names = {title(feature).lower(): feature.name for feature in features}
    if word in names:
        return names[word]
    alike = [name for words, name in names.items() if words.startswith(word)]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ArenaError(f"expected some of {', '.join(names)}; got {text[:80]!r}{hint}")


def limits_said(text: str, subjects: Mapping[str, Subject]) -> dict[str, dict[str, object]]:
    """Return the bounds of features: `amount at most 5,000; duration: by at most 10 %`, or `none`.

    Arguments:
        text: The answer.
        subjects: The features that are possible and have an order, by name.

    Raises:
        ArenaError: With what was expected and what came.
    """
    found: dict[str, dict[str, object]] = {}
    if text.strip().lower() in _NO_LIMITS:
        return found
    for clause in (part for part in text.split(";") if part.strip()):
        parts = split_answer(clause)
        if len(parts) == 1:
            raise ArenaError(
                f'expected a limit, as in "{title(next(iter(subjects)))} at most 5; ...", or none; got '
                f"{clause.strip()[:80]!r}"
            )
        name = _named(str(parts.pop("answer")), [subject.feature for subject in subjects.values()])
        if name in found:
            raise ArenaError(f"expected each feature once; {title(name)} stands there twice")
        found[name] = parts
    return found
