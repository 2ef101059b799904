"""What one person is told, as data that JSON holds: whoever shows it needs neither models nor solvers."""

from __future__ import annotations

__all__ = [
    "Alternative",
    "Asked",
    "Certificate",
    "Described",
    "GivenUp",
    "Move",
    "Opening",
    "Reason",
    "Status",
    "Told",
    "Value",
    "Works",
    "read_told",
]

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.text_file import read_text
from recourse_arena.people.features import Direction, Feature, Kind, Role

_FORM = 1
"""Of the JSON: another one for what this package cannot read."""

Value = float | str
"""A value in its unit, or the name of a level."""


class Status(StrEnum):
    """What the answer to a person is."""

    ACCEPTED = "accepted"
    """They are accepted as they are: there is nothing to do."""
    ADVICE = "advice"
    """There is something they can do, and who does it is as likely as they are now, where that was asked for."""
    UNLIKELY = "unlikely"
    """There is something they can do, but fewer people are like that than are like them."""
    NOT_FOUND = "not_found"
    """Nobody who was asked found anything."""
    IMPOSSIBLE = "impossible"
    """It is proved that there is nothing."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of what is told."""


class Described(_Part, frozen=True):
    """A feature, for whoever does not have the dataset.

    Arguments:
        name: Its name.
        kind: What values it takes.
        role: Who may move it.
        levels: Names of its values.
        unit: Its unit, in a word.
        direction: Which way people may move it.
        step: In which steps its values are told.
    """

    name: str
    kind: str
    role: str
    levels: tuple[str, ...] = ()
    unit: str = ""
    direction: str = "any"
    step: float = 0.0

    def feature(self) -> Feature:
        """Return it as a feature, whose words are those of the dataset.

        Raises:
            ArenaError: If it is none.
        """
        try:
            kind, role, way = Kind(self.kind), Role(self.role), Direction(self.direction)
        except ValueError as error:
            raise ArenaError(f"feature {self.name!r}: {error}") from None
        return Feature(self.name, kind, role, levels=self.levels, direction=way, unit=self.unit)


class Move(_Part, frozen=True):
    """What a person does: a feature that they act on, or one that follows.

    Arguments:
        feature: Its name.
        now: Its value now.
        then: Its value then.
        effort: The share of all effort that it takes, from 0 to 1, above 0; 0 for what follows.
    """

    feature: str
    now: Value
    then: Value
    effort: float = 0.0


class Works(_Part, frozen=True):
    """Which values of one feature keep advice working, with the rest as advised.

    Arguments:
        feature: Its name.
        low: The least value, none if levels are named.
        high: The greatest value.
        low_is_limit: Whether `low` is where the person's own range ends, rather than where advice stops working.
        high_is_limit: The same of `high`.
        levels: The levels that work, of a category.
        how: `certified` (by the structure of the models), `all values` (each was tried) or `checked` (some were).
        checked: How many values were looked at.
    """

    feature: str
    low: Value | None = None
    high: Value | None = None
    low_is_limit: bool = False
    high_is_limit: bool = False
    levels: tuple[str, ...] = ()
    how: str = "checked"
    checked: int = 0


class Alternative(_Part, frozen=True):
    """One thing that a person can do, as the judge saw it.

    Arguments:
        moves: What they act on, with all of it `then` as judged.
        follows: What follows from it.
        effort: What it costs them under their own weights, on the dataset's scale.
        solver: Who found it, by name with options.
        score: The decision model's score then, the probability of a yes; none where it gives none.
        plausible: Whether who does it is as likely as asked for.
        usual: The share of people known who are less usual than they would be then.
        likeliness: The log-density then, or the score of nearness to accepted people; none where neither is known.
        holds: The share of draws of fresh fate in which it still helps; none where nothing is drawn.
        works: Which values of each feature keep it working.
        strengths: What it is best at among the alternatives: `easiest`, `fewest`, `likeliest`, `safest`, `kindest`.
    """

    moves: tuple[Move, ...]
    follows: tuple[Move, ...]
    effort: float
    solver: str
    score: float | None = None
    plausible: bool = True
    usual: float | None = None
    likeliness: float | None = None
    holds: float | None = None
    works: tuple[Works, ...] = ()
    strengths: tuple[str, ...] = ()

    @property
    def features(self) -> frozenset[str]:
        """Names of what is acted on."""
        return frozenset(move.feature for move in self.moves)


class Reason(_Part, frozen=True):
    """How far one feature alone can change the decision (responsiveness: Cheon et al., arXiv 2410.22598).

    Arguments:
        feature: Its name.
        share: The share of the person's feasible values of it that change the decision, from 0 to 1.
        how: `certified`, `all values` or `checked`.
        checked: How many values were looked at.
    """

    feature: str
    share: float
    how: str
    checked: int


class GivenUp(_Part, frozen=True):
    """One constraint of a person's own that they might give up.

    Arguments:
        feature: What it is about.
        what: `not possible`, or the limit `at_least` or `at_most`.
    """

    feature: str
    what: Literal["not possible", "at_least", "at_most"]


class Opening(_Part, frozen=True):
    """Constraints which, given up together, open a way, and that way."""

    given_up: tuple[GivenUp, ...]
    way: Alternative


class Asked(_Part, frozen=True):
    """A solver that was asked.

    Arguments:
        solver: Its name with options.
        found: To how many of its questions it had a judged answer.
        asked: How many there were: the same person with fewer features to act on.
        note: Why it gave no answer.
    """

    solver: str
    found: int = 0
    asked: int = 0
    note: str = ""


class Certificate(_Part, frozen=True):
    """From what all of it was worked out: with it, it can be worked out again.

    Arguments:
        dataset: Name of the dataset with options; empty for an object or a file of the user's.
        file: Where the dataset's own TOML file lies, as it was said; empty for one that is plugged in.
        seed: The seed of people and models.
        models: Fingerprints of data, decision model and causal models, versions and names.
        arithmetic: How numbers are rounded.
        package: Version of this package.
        protocol: Version of how it is judged.
        person: Values of all features, codes of levels.
        answers: What the person said, as it is saved.
        profile: How levels become weights.
        plausibility: Whether advice is to lead to a likely person.
        solvers: Who was asked.
        alternatives: How many alternatives were asked for.
        proof: What proves that there is nothing: `every action tried`, `solver NAME`, or nothing.
        seals: Digest of each other part of the advice.
    """

    dataset: str
    seed: int
    models: dict[str, Any]
    arithmetic: str
    package: str
    protocol: int
    person: dict[str, float]
    answers: dict[str, Any]
    profile: str
    plausibility: bool
    solvers: tuple[str, ...] = ()
    alternatives: int = 4
    proof: str = ""
    file: str = ""
    seals: dict[str, str] = {}


class Told(_Part, frozen=True):
    """What a person is told.

    Arguments:
        status: What the answer is.
        features: All features, in order.
        person: Their values now.
        limits: The least and greatest value of each feature they can act on; none for categories.
        closed: What people can act on, but this person cannot, by why: `said` (they said so), or `limits` (nothing is
            left between their own bounds and the feasible range).
        alternatives: What they can do, best first; none dominated by another.
        single: Whether one feature alone is enough in one of the alternatives.
        reasons: Features by how far each alone can change the decision, most first.
        openings: Smallest sets of constraints of their own which, given up, would open a way.
        score: The decision model's score now; none where it gives none.
        needed: The score from which it accepts, where that is known.
        usual: The share of people known who are less usual than they are.
        draws: How many draws of fresh fate `holds` is a share of.
        asked: Who was asked.
        effects: What is taken to follow from actions: `scm`, `flow` or `none`.
        answered: Whether they said what they can do; else everything counts as possible.
        certificate: From what it was worked out.
        version: Of this form.
    """

    status: Status
    features: tuple[Described, ...]
    person: dict[str, Value]
    certificate: Certificate
    limits: dict[str, tuple[float, float] | None] = {}
    closed: dict[str, str] = {}
    alternatives: tuple[Alternative, ...] = ()
    single: bool = False
    reasons: tuple[Reason, ...] = ()
    openings: tuple[Opening, ...] = ()
    score: float | None = None
    needed: float | None = None
    usual: float | None = None
    draws: int = 0
    asked: tuple[Asked, ...] = ()
    effects: str = "none"
    answered: bool = True
    version: int = _FORM

    def json(self) -> bytes:
        """Return it as JSON, readable by people."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def named(self, name: str) -> Feature:
        """Return one of its features."""
        return next(card for card in self.features if card.name == name).feature()

    def step(self, name: str) -> float:
        """Return in which steps a feature is told."""
        return next(card.step for card in self.features if card.name == name)


T = TypeVar("T", bound="Told")


def read_told(content: Path | bytes, kind: type[T]) -> T:
    """Return the advice in a file, or in JSON, as some kind of :class:`Told`.

    Raises:
        ArenaError: If the file cannot be read, or holds none: where, and what was expected.
    """
    where = str(content) if isinstance(content, Path) else "advice"
    text = read_text(content, "advice") if isinstance(content, Path) else content
    try:
        advice = msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ArenaError(f"{where}: expected the JSON that `recourse-arena recommend` writes: {error}") from None
    if (problem := _inconsistent(advice)) is not None:
        raise ArenaError(f"{where}: expected the JSON that `recourse-arena recommend` writes: {problem}")
    return advice


def _inconsistent(advice: Told) -> str | None:
    """Return what contradicts itself in advice, if anything does."""
    if advice.version != _FORM:
        return f"it is of form {advice.version}, and this version of the package reads form {_FORM}"
    names = [card.name for card in advice.features]
    try:
        known = {card.name: card.feature() for card in advice.features}
    except ArenaError as error:
        return str(error)
    if len(known) < len(names):
        return "a feature is described twice"
    ways = (*advice.alternatives, *(opening.way for opening in advice.openings))
    told: list[Sequence[Any]] = [advice.reasons, *(opening.given_up for opening in advice.openings)]
    told += [part for way in ways for part in (way.moves, way.follows, way.works)]
    mentioned = [*advice.person, *advice.limits, *advice.closed, *(one.feature for part in told for one in part)]
    if strangers := sorted(set(mentioned) - set(names)):
        return f"it tells of {strangers[0]!r}, which is none of its features"
    if lacking := sorted(set(names) - set(advice.person)):
        return f"the person has no {lacking[0]!r}"
    moves = [move for way in ways for move in (*way.moves, *way.follows)]
    pairs = [(move.feature, value) for move in moves for value in (move.now, move.then)]
    pairs += [*advice.person.items()]
    pairs += [(one.feature, end) for way in ways for one in way.works for end in (one.low, one.high) if end is not None]
    for name, value in pairs:
        fits = value in known[name].levels if isinstance(value, str) else math.isfinite(value)
        if not fits:
            return f"{value!r} is no value of {name!r}"
    return None
