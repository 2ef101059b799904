"""Names and notes from plugins and sent folders as the forms of a leaderboard take them: text, and never markup."""

from __future__ import annotations

__all__ = ["csv_safe", "for_markdown"]

import re

import pandas as pd

from recourse_arena.base.names import plain

_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)")
_ENTITY = re.compile(r"&(?=#|\w+;)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def for_markdown(text: object) -> str:
    """Return text for a table or a line of Markdown, in which nothing of it is markup or HTML.

    Example:
        >>> for_markdown("<b>a"), for_markdown("adult?decision=forest&decision.trees=50")
        ('&lt;b&gt;a', 'adult?decision=forest&decision.trees=50')
    """
    words = _ENTITY.sub("&amp;", _MARKUP.sub(lambda found: f"\\{found[0]}", plain(text)))
    return words.replace("<", "&lt;").replace(">", "&gt;")


def csv_safe(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose words no spreadsheet takes for a formula: an apostrophe stands before such ones.

    Example:
        >>> csv_safe(pd.DataFrame({"solver": ["=1+1", "grid"], "cost": [-1.0, 2.0]})).values.tolist()
        [["'=1+1", -1.0], ['grid', 2.0]]
    """
    words = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{str(name): table[name].map(_no_formula) for name in words})


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
