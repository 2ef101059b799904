"""Files that users write, as TOML: read into a declaration of what may stand in them, every mistake one clear error."""

from __future__ import annotations

__all__ = ["Name", "Names", "Positive", "Table", "WholeNumbers", "as_declared", "read_toml"]

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.text_file import read_text

_LARGEST = 250_000
"""Bytes of a file."""

_DOTS = 200
"""Dots in a line of it: a key of very many parts takes the parser hours."""

_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "a string",
}

Name = Annotated[str, msgspec.Meta(min_length=1)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, description="a list of names")]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1, description="a number from 1")]
_Natural = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
WholeNumbers = Annotated[
    tuple[_Natural, ...], msgspec.Meta(min_length=1, description="whole numbers from 0, below 2 to the power of 63")
]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand in a table: each key with its type; a description says in words what is expected of it."""


T = TypeVar("T", bound=Table)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return what a TOML file says, in any encoding that :func:`~recourse_arena.base.text_file.read_text` reads.

    Arguments:
        path: The file.
        what: What it is, for messages: `suite`.

    Raises:
        ArenaError: If it cannot be read, with the line where the parser says one.
    """
    text = read_text(path, f"a readable {what}", _LARGEST)
    if any(line.count(".") > _DOTS for line in text.splitlines()):
        raise ArenaError(f"{path}: expected at most {_DOTS} dots in a line")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ArenaError(f"{path}: expected TOML, got brackets within brackets without an end") from None
    except ValueError as error:  # also a number with more digits than Python converts
        raise ArenaError(f"{path}: expected TOML: {str(error)[:200]}") from None


def as_declared(path: Path, value: Any, kind: type[T], where: str = "") -> T:
    """Return a table of a file as its declaration.

    Arguments:
        path: The file, for messages.
        value: The table.
        kind: Its declaration.
        where: Where in the file it stands, such as `answers.clinic`; empty for the file itself.

    Raises:
        ArenaError: With file, key, what was expected and what came, and near matches of an unknown key.
    """
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        raise _error(path, value, kind, where, str(error)) from None


def _error(path: Path, value: Any, kind: type[Table], where: str, message: str) -> ArenaError:
    said, _, place = message.partition(" - at `$")
    steps = [step or place for step, place in re.findall(r"\.(\w+)|\[(\d+)\]", place)]
    given, declared, keys = value, kind, []
    for step in steps:
        given = given[int(step)] if isinstance(given, list) else given[step]
        keys += [] if step.isdecimal() else [step]
    prefix = f"{path}: {where}: " if where else f"{path}: "
    if found := re.match(r"Object contains unknown field `(.*)`", said):
        fields = {field.encode_name for field in msgspec.structs.fields(declared)}
        inside = f"{keys[-1]}: " if keys else ""
        return ArenaError(f"{prefix}{inside}{unknown('key', found[1], fields)}")
    if found := re.match(r"Object missing required field `(.*)`", said):
        return ArenaError(f"{prefix}expected a key {found[1]!r}")
    key = f"{keys[-1]}: " if keys else ""
    if not keys and where:
        prefix, key = f"{path}: ", f"{where}: "
    mismatch = re.match(r"Expected `(\w+)[^`]*`, got", said)
    if mismatch and len(steps) < 2:
        return ArenaError(f"{prefix}{key}expected {_WORDS.get(mismatch[1], mismatch[1])}, got {given!r}")
    expected = _described(kind, keys[0]) if keys else ""
    return ArenaError(f"{prefix}{key}expected {expected or said}, got {(value[keys[0]] if keys else given)!r}")


def _described(kind: type[Table], key: str) -> str:
    """Return what a declaration says in words of a key; empty if it says nothing."""
    known: Mapping[str, Any] = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for part in (known.get(key), *getattr(known.get(key), "__args__", ())):
        for meta in getattr(part, "__metadata__", ()):
            if getattr(meta, "description", None):
                return str(meta.description)
    return ""
