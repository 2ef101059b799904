"""Advice for one person, to be looked at, kept and shown."""

from __future__ import annotations

__all__ = ["Advice", "read_advice"]

from pathlib import Path

from recourse_arena.advice.content.page import advice_page
from recourse_arena.advice.content.text import advice_text
from recourse_arena.advice.content.told import Told, read_told
from recourse_arena.storage.files import write_atomically


class Advice(Told, frozen=True):
    """What a person is told; :class:`~recourse_arena.advice.content.told.Told` says of what parts."""

    def text(self) -> str:
        """Return it in words, for a terminal or a letter."""
        return advice_text(self)

    def html(self) -> str:
        """Return it as one page that needs nothing else."""
        return advice_page(self)

    def save(self, path: str | Path) -> None:
        """Write it: as a page, as JSON that can be verified, or as text, by the suffix of the file."""
        place = Path(path)
        forms = {".html": lambda: self.html().encode(), ".json": self.json}
        write_atomically(place, forms.get(place.suffix.lower(), lambda: self.text().encode())())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return advice_page(self, alone=False)

    def __str__(self) -> str:
        return self.text()


def read_advice(content: str | Path | bytes) -> Advice:
    """Return the advice in a file, or in JSON given as bytes.

    Raises:
        ArenaError: If the file cannot be read, or holds none: where, and what was expected.
    """
    return read_told(content if isinstance(content, bytes) else Path(content), Advice)
