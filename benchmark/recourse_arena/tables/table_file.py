"""Where a declared table lies and how it is written, and its column of labels."""

from __future__ import annotations

__all__ = ["FileOfTable", "Label", "bare", "once"]

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.toml_file import Names, Table

_Texts = Annotated[tuple[str, ...], msgspec.Meta(description="a list of texts")]


class FileOfTable(Table, frozen=True):
    """Where the table is, and how it is written."""

    file: str | Names = ()
    separator: str = ""
    header: bool = True
    columns: _Texts = ()
    comment: str = ""
    decimal: Annotated[Literal[".", ","], msgspec.Meta(description="'.' or ','")] = "."
    missing: _Texts = ("",)
    rows_with_missing: Annotated[Literal["refuse", "drop"], msgspec.Meta(description="refuse or drop")] = "refuse"
    duplicates: Annotated[Literal["refuse", "keep", "drop"], msgspec.Meta(description="refuse, keep or drop")] = (
        "refuse"
    )
    unanswered: _Texts = ()

    def __repr__(self) -> str:
        # Digests are made of this: what says nothing of a table changes none.
        names = (name for name in self.__struct_fields__ if name != "unanswered" or self.unanswered)
        return f"FileOfTable({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    @property
    def files(self) -> tuple[str, ...]:
        """The files, of which the later ones go on where the earlier end."""
        return ((self.file,) if self.file else ()) if isinstance(self.file, str) else tuple(self.file)

    def check(self) -> None:
        """Raise what no table can be read by.

        Raises:
            ArenaError: With the key, what was expected and what came.
        """
        once("table: file", self.files)
        for file in self.files:
            if not file.isprintable() or any(len(part.encode()) > 255 for part in Path(file).parts):
                raise ArenaError(f"table: file: expected the path of a CSV file, got {file[:80]!r}")
        if len(self.separator) > 1 or self.separator in ("\n", "\r", '"', "\0"):
            raise ArenaError(
                f"table: separator: expected one character, a space for any number of them; got {self.separator[:80]!r}"
            )
        if self.decimal == self.separator:
            raise ArenaError(f"table: separator and decimal are both {self.decimal!r}; cells cannot be told apart")
        if self.columns and self.header:
            raise ArenaError("table: columns are named by the header; say `header = false` if the file has none")
        if not self.columns and not self.header:
            raise ArenaError("table: expected `columns`, the names of the columns of a file without a header")
        once("table: columns", self.columns)
        bare("table: unanswered", self.unanswered)


class Label(Table, frozen=True):
    """The column of true labels."""

    column: str
    favourable: str | _Texts
    unfavourable: str | _Texts = ()

    @property
    def good(self) -> tuple[str, ...]:
        """Cells that are favourable."""
        return (self.favourable,) if isinstance(self.favourable, str) else tuple(self.favourable)

    @property
    def bad(self) -> tuple[str, ...]:
        """Cells that are not; empty if all others are."""
        return (self.unfavourable,) if isinstance(self.unfavourable, str) else tuple(self.unfavourable)

    def check(self) -> None:
        """Raise what no label can be read by.

        Raises:
            ArenaError: With the key, what was expected and what came.
        """
        if not self.good:
            raise ArenaError("label: favourable: expected at least one cell of the column that is favourable, got none")
        once("label: favourable and unfavourable", (*self.good, *self.bad))
        bare("label", (*self.good, *self.bad))


def once(what: str, texts: Sequence[str]) -> None:
    """Raise if a text stands twice among others."""
    if twice := [text for text in dict.fromkeys(texts) if texts.count(text) > 1]:
        raise ArenaError(f"{what}: expected each once; repeated: {', '.join(map(repr, twice[:5]))}")


def bare(what: str, texts: Sequence[str]) -> None:
    """Raise if a text has spaces around it: cells are read without them, and it would match none."""
    for text in texts:
        if text != text.strip():
            raise ArenaError(f"{what}: expected texts without spaces around them, as cells are read; got {text!r}")
