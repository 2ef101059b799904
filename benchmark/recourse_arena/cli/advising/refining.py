"""Answers to advice in a terminal: each becomes a constraint, and the next advice keeps to all of them."""

from __future__ import annotations

__all__ = ["answer_to", "refined"]

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.wording import title

if TYPE_CHECKING:
    from recourse_arena.advice.advice import Advice
    from recourse_arena.advice.session import Session

_HELP = (
    'Say the number of a way that suits you, or what does not: "{0} no", "{0} harder", and of numbers\n'
    '"{0} at most ..." or "{0} at least ...". Nothing more to say: Enter.'
)
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
    """Take one answer to advice, such as `income at most 3200`, and return the next advice.

    Raises:
        ArenaError: If it cannot be understood, or contradicts what was said before.
    """
    names = {title(name).lower(): name for name in session.wishes.said}
    text = " ".join(said.replace("_", " ").lower().split())
    name = max((one for one in names if re.match(rf"{re.escape(one)}\b", text)), key=len, default="")
    if not name:
        ways = len(session.advice.alternatives)
        if text.isdecimal():
            raise ArenaError(f"expected a number from 1 to {ways}, got {said}")
        raise unknown("thing that you could change in", said, names)
    rest = text[len(name) :].strip(" :,")
    if rest in _WORDS:
        return session.harder(names[name]) if _WORDS[rest] == "harder" else session.reject(names[name])
    bound = re.fullmatch(r"(?:not )?(at most|at least|above|below|more than|less than) (.+)", rest)
    if bound is None:
        raise ArenaError(f'{name}: expected "no", "harder", "at most ..." or "at least ...", got {rest!r}')
    above = bound[1] in ("at most", "above", "more than")
    value = bound[2].replace(",", "") if re.fullmatch(r"-?[\d,.]+", bound[2]) else bound[2]
    return session.reject(names[name], above=value) if above else session.reject(names[name], below=value)
