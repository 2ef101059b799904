"""Answers to advice in a terminal: each becomes a constraint, and the next advice keeps to all of them."""

from __future__ import annotations

__all__ = ["answer_to", "refined"]

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import plain
from recourse_arena.elicitation.interviews.questions import split_answer
from recourse_arena.elicitation.interviews.said import Said
from recourse_arena.people.wording import title

if TYPE_CHECKING:
    from recourse_arena.advice.advice import Advice
    from recourse_arena.advice.session import Session

_HELP = (
    'Say the number of a way that suits you, or what does not: "{0} no", "{0} harder", and of numbers\n'
    '"{0} at most ..." or "{0} at least ...". Nothing more to say: Enter.'
)
_NOT = re.compile(r"^not (above|more than|over|below|less than|under)\s+", re.IGNORECASE)
_ENDS = {"above": "at most", "more than": "at most", "over": "at most"} | dict.fromkeys(
    ("below", "less than", "under"), "at least"
)
"""What is not above is at most. Without "not" it may be meant either way, and is asked again."""

_WORDS = {"no": "no", "never": "no", "not possible": "no", "x": "no", "harder": "harder", "hard": "harder"}


def refined(session: Session, keep: Callable[[], None], *, aside: bool = False) -> Advice:
    """Show advice and take answers to it until one way suits, or nothing more is said; return the last advice.

    Arguments:
        session: The conversation.
        keep: Keeps what was said so far; called after each answer.
        aside: Whether it goes to the standard error, for something else is written to the standard output.

    Raises:
        click.Abort: If the input ends or is interrupted; what was said is kept.
    """
    advice = session.advice
    click.echo(advice.text(), err=aside)
    while advice.alternatives:
        click.echo(_HELP.format(title(advice.alternatives[0].moves[0].feature)), err=True)
        said = click.prompt("Your answer", default="", show_default=False, err=True).strip()
        if not said:
            break
        if said.isdecimal() and 1 <= int(said) <= len(advice.alternatives):
            click.echo(f"Way {said} it is.", err=True)
            break
        try:
            answer_to(session, said)
        except ArenaError as error:
            click.echo(f"{error}\n", err=True)
            continue
        keep()
        advice = session.advice
        click.echo(f"\n{advice.text()}", err=aside)
    return advice


def answer_to(session: Session, said: str) -> Advice:
    """Take one answer to advice, such as `income at most 3,200 dollars`, and return the next advice.

    Raises:
        ArenaError: If it cannot be understood, or contradicts what was said before.
    """
    text = " ".join(said.split())
    feature, rest = _feature_said(session, text)
    word = rest.lower().rstrip(".!")
    if word in _WORDS:
        return session.harder(feature) if _WORDS[word] == "harder" else session.reject(feature)
    parts = split_answer(_NOT.sub(lambda found: f"{_ENDS[found[1].lower()]} ", rest))
    if parts.pop("answer") or not parts:
        expected = f'"no", "harder", "at most ..." or "at least ...", as in "{title(feature)} no"'
        raise ArenaError(f"{title(feature)}: expected {expected}; got {plain(rest)[:80]!r}")
    if "by_at_most" in parts:
        known = Said(session.features[feature], parts, lambda _: title(feature))
        low, high = known.bounds(session.person.values[feature])
        parts = {part: end for part, end in (("at_least", low), ("at_most", high)) if abs(end) < float("inf")}
    return session.reject(feature, above=parts.get("at_most"), below=parts.get("at_least"))


def _feature_said(session: Session, text: str) -> tuple[str, str]:
    """Return the feature whose name a text begins with, the longest of them, and what is said of it."""
    found = {name: match for name in session.wishes.said if (match := _spelled(name).match(text))}
    if not found:
        if text.isdecimal():
            raise ArenaError(f"expected a number from 1 to {len(session.advice.alternatives)}, got {text[:80]}")
        raise unknown("thing that you could change in", plain(text)[:80], map(title, session.wishes.said))
    name = max(found, key=lambda one: (found[one].end(), text.startswith(one)))
    return name, text[found[name].end() :].strip(" :,")


def _spelled(name: str) -> re.Pattern[str]:
    """Return what matches a name as people write it, and none that only begins with it."""
    words = r"[\s_-]+".join(map(re.escape, title(name).split()))
    return re.compile(rf"{words}(?!\w)", re.IGNORECASE)
