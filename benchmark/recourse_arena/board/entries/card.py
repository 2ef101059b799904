"""The method card: what authors say of their method, as a TOML file, or what little a plugin declares."""

from __future__ import annotations

__all__ = ["card_of", "read_card"]

from pathlib import Path
from typing import Annotated

import msgspec

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.toml_file import Name, Names, Table, as_declared, read_toml
from recourse_arena.board.entries.shape import MethodCard

_SHOULD = ("authors", "paper", "code", "licence", "saw_test_people", "hardware")
"""What a card says beside a name."""

_LONGEST = {"text": 4000}
_LONG = 300

_Truth = Annotated[bool, msgspec.Meta(description="true or false")]


class _Card(Table, frozen=True):
    name: Name
    authors: Names | None = None
    paper: str = ""
    code: str = ""
    licence: str = ""
    saw_test_people: _Truth | None = None
    hardware: str = ""
    text: str = ""


def read_card(path: Path) -> MethodCard:
    """Return the card that a TOML file says: `name`, `authors`, `paper`, `code`, `licence`, `saw_test_people`,
    `hardware`, and `text`; all but the name may be missing, and the card says then that it is.

    Raises:
        ArenaError: With the file, the key and what was expected.
    """
    said = as_declared(path, read_toml(path, "method card"), _Card)
    fields = {name: getattr(said, name) for name in _Card.__struct_fields__}
    for name, value in fields.items():
        texts = value if isinstance(value, tuple) else (value,)
        most = _LONGEST.get(name, _LONG)
        if any(isinstance(text, str) and len(text) > most for text in texts):
            raise ArenaError(f"{path}: {name}: expected at most {most} characters")
    fields["authors"] = list(said.authors or ())
    return _with_lacking(MethodCard(**fields))


def card_of(name: str, text: str = "") -> MethodCard:
    """Return the card of an entry without one: its name, what plugins say in a line, and all that is missing."""
    return _with_lacking(MethodCard(name=name[:_LONG], text=text))


def _with_lacking(card: MethodCard) -> MethodCard:
    lacking = [name for name in _SHOULD if getattr(card, name) in ("", [], None)]
    return msgspec.structs.replace(card, lacking=lacking)
