"""Files written whole or not at all, names that may become part of a path, and what is set aside."""

from __future__ import annotations

__all__ = ["checked_name", "set_aside", "write_atomically"]

import re
from pathlib import Path
from uuid import uuid4

from recourse_arena.base.errors import ArenaError


def checked_name(name: str) -> str:
    """Return a name that may become part of a path: letters, digits, `_`, `-`, `.`, and nothing that leads elsewhere.

    Example:
        >>> checked_name("solver-grid")
        'solver-grid'
        >>> checked_name("../grid")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: '../grid' cannot be part of a file name: expected letters, digits, ...
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", name):
        raise ArenaError(f"{name[:80]!r} cannot be part of a file name: expected letters, digits, '_', '-' and '.'")
    return name


def set_aside(path: Path, folder: Path) -> Path:
    """Move a file that cannot be used into `folder/set-aside`, and return where it is now."""
    aside = folder / "set-aside" / f"{path.name}.{uuid4().hex[:8]}"
    try:
        aside.parent.mkdir(exist_ok=True)
        return path.rename(aside)
    except OSError as error:
        raise ArenaError(f"cannot move {path} aside: {error.strerror or error}") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it.

    Raises:
        ArenaError: If the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".part-{uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                file.write(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ArenaError(f"cannot write {path}: {error.strerror or error}") from None
