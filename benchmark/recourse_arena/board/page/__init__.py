"""A board as a page, as Markdown and as plain text."""

from __future__ import annotations

__all__ = ["write_page"]

from pathlib import Path
from typing import Any


def write_page(folder: Any) -> None:
    """Write the page and the text of a board into its folder.

    Arguments:
        folder: The folder, or what has it as its `path`.

    Raises:
        ArenaError: If a file of it cannot be read, or the folder cannot be written.
    """
    from recourse_arena.board.page import page

    page.write_page(Path(getattr(folder, "path", folder)))
