"""Told as one page that opens offline, prints on a sheet or two, and runs no script."""

from __future__ import annotations

__all__ = ["advice_page"]

from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from recourse_arena.advice.content.told import Alternative, Move, Told
from recourse_arena.advice.content.words import Words


def advice_page(advice: Told, *, alone: bool = True) -> str:
    """Return the page; every name is escaped.

    Arguments:
        advice: The advice.
        alone: Whether it is a document, rather than a part of one.
    """
    words = Words(advice)
    ways = [_way(words, number, one) for number, one in enumerate(advice.alternatives, 1)]
    return (
        _templates()
        .get_template("advice.html")
        .render(
            advice=advice,
            words=words,
            ways=ways,
            sections=words.sections(),
            style=files("recourse_arena").joinpath("advice/content/templates/style.css").read_text(),
            alone=alone,
            now=[
                (words.title(card.name), words.value(card.name, advice.person[card.name])) for card in advice.features
            ],
        )
    )


def _way(words: Words, number: int, alternative: Alternative) -> dict[str, object]:
    """Return what the page shows of one alternative."""
    return {
        "number": number,
        "heading": words.heading(alternative),
        "moves": [_move(words, move) for move in alternative.moves],
        "follows": [_move(words, move) for move in alternative.follows],
        "facts": words.facts(alternative),
        "keeps": words.keeps_working(alternative),
    }


def _move(words: Words, move: Move) -> dict[str, object]:
    """Return what the page shows of one move: values in words, and its share of the effort in hundredths."""
    then, _, change = words.move(move).partition("   ")
    return {
        "title": words.title(move.feature),
        "now": words.about(move.feature, move.now),
        "then": then,
        "change": change.strip("()"),
        "effort": round(100 * move.effort),
    }


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("recourse_arena", "advice/content/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
