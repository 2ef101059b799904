"""Told in words, for a terminal or a letter."""

from __future__ import annotations

__all__ = ["advice_text"]

from collections.abc import Iterator, Sequence

from recourse_arena.advice.content.told import Move, Status, Told
from recourse_arena.advice.content.words import Words

_WIDTH = 92


def advice_text(advice: Told) -> str:
    """Return advice as text."""
    return "\n".join(_lines(advice)).rstrip() + "\n"


def _lines(advice: Told) -> Iterator[str]:
    words = Words(advice)
    yield from _wrapped(words.answer)
    yield ""
    if advice.status is Status.ACCEPTED:
        return
    for number, alternative in enumerate(advice.alternatives, 1):
        heading = words.heading(alternative)
        yield f"{number}. {heading}" if len(advice.alternatives) > 1 or heading else f"{number}."
        yield from _table(words, alternative.moves, "   ")
        if alternative.follows:
            yield f"   {words.follows_title}"
            yield from _table(words, alternative.follows, "     ")
        for line in words.facts(alternative):
            yield from _wrapped(line, "   ")
        for line in words.keeps_working(alternative):
            yield from _wrapped(line, "   ")
        yield ""
    for title, lines in words.sections():
        yield title
        for line in lines:
            yield from _wrapped(line, "  ", hang="  ")
        yield ""


def _table(words: Words, moves: Sequence[Move], indent: str) -> Iterator[str]:
    """Yield a line a move: name, now and then, in columns."""
    rows = [(words.title(move.feature), words.about(move.feature, move.now), words.move(move)) for move in moves]
    names, now = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, before, then in rows:
        yield f"{indent}{name:<{names}}   {before:>{now}} -> {then}"


def _wrapped(text: str, indent: str = "", hang: str = "") -> Iterator[str]:
    from textwrap import wrap

    yield from wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + hang, break_long_words=False) or [
        ""
    ]
