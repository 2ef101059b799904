"""Names that plugins give: what one may be, and how options are written behind it."""

from __future__ import annotations

__all__ = ["NAME", "is_name", "plain", "short_names", "spell", "variant", "written"]

import keyword
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

NAME = "1 to 64 of the letters a-z and A-Z, digits, '-', '_' and '.', beginning and ending with a letter or digit"
"""What a name may be: it becomes part of paths, of columns and rows of CSV files, and of pages."""

_PATTERN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def is_name(text: object) -> bool:
    """Return whether `text` may be the name of something plugged in.

    Example:
        >>> is_name("nearest-accepted"), is_name("../etc"), is_name("grid?points=9"), is_name("a..b"), is_name("")
        (True, False, False, False, False)
    """
    return isinstance(text, str) and _PATTERN.fullmatch(text) is not None and ".." not in text


def written(text: str) -> tuple[str, dict[str, str]]:
    """Return name and options of a variant, as they are written.

    An option that Python has another use for has a `_` behind it in code, as `from` of `menu?from=grid`.

    Example:
        >>> written("onnx?file=007&favourable=true"), written("menu?from=grid")
        (('onnx', {'file': '007', 'favourable': 'true'}), ('menu', {'from_': 'grid'}))
    """
    name, _, query = text.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    return name, {f"{option}_" if keyword.iskeyword(option) else option: value for option, value in options}


def variant(text: str, texts: Collection[str] = ()) -> tuple[str, dict[str, Any]]:
    """Return name and options of a variant: numbers, true and false, or text where it is none of these.

    Arguments:
        text: The variant.
        texts: Options that are text whatever is written.

    Example:
        >>> variant("icarma?epochs=50&lr=0.01&head=wide")
        ('icarma', {'epochs': 50, 'lr': 0.01, 'head': 'wide'})
        >>> variant("onnx?favourable=true&threshold=0.7", texts={"favourable"})
        ('onnx', {'favourable': 'true', 'threshold': 0.7})
    """
    name, options = written(text)
    return name, {key: value if key in texts else _literal(value) for key, value in options.items()}


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def short_names(names: Collection[str]) -> dict[str, str]:
    """Return each variant without the options that all variants of its name have with the same values.

    Example:
        >>> short_names(["adult?cost=l1&act=age", "adult?cost=l1", "german?cost=l1"])
        {'adult?cost=l1&act=age': 'adult?act=age', 'adult?cost=l1': 'adult', 'german?cost=l1': 'german'}
    """
    read = {text: written(text) for text in names}
    shared: dict[str, set[tuple[str, str]]] = {}
    for name, options in read.values():
        shared[name] = shared.get(name, {*options.items()}) & {*options.items()}
    return {
        text: spell(name, {key: value for key, value in options.items() if (key, value) not in shared[name]})
        for text, (name, options) in read.items()
    }


def spell(name: str, options: Mapping[str, Any]) -> str:
    """Return the variant with these options: what :func:`~recourse_arena.base.names.variant` reads.

    Commas and colons stay as they are, for people.

    Example:
        >>> spell("icarma", {"kl": 1.2, "wide": False})
        'icarma?kl=1.2&wide=false'
        >>> spell("adult", {"act": "capital-gain:up,hours-per-week"})
        'adult?act=capital-gain:up,hours-per-week'
        >>> spell("menu", {"from_": "grid"})
        'menu?from=grid'
    """
    words = {
        key[:-1] if key[-1:] == "_" and keyword.iskeyword(key[:-1]) else key: (
            str(value).lower() if isinstance(value, bool) else str(value)
        )
        for key, value in options.items()
    }
    return f"{name}?{urlencode(words, safe=',:')}" if words else name


def plain(text: object) -> str:
    """Return text as one line in which no character moves the cursor of a terminal or the order of letters.

    Example:
        >>> plain("red\x1b[31m and\\nblue"), plain("a\u202eb")
        ('red\\\\x1b[31m and blue', 'a\\\\u202eb')
    """
    words = " ".join(part for part in re.split(r"[ \t\r\n]+", str(text)) if part)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)
