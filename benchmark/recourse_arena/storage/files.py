"""Files read only if they are plain, written whole or not at all, never through links; and what is set aside."""

from __future__ import annotations

__all__ = ["GIGABYTE", "checked_name", "plain_file", "refuse_links", "set_aside", "write_atomically"]

import re
import stat
from pathlib import Path
from uuid import uuid4

from recourse_arena.base.errors import ArenaError

GIGABYTE = 2**30
"""Bytes of one."""


def plain_file(path: Path, *, most: int) -> Path:
    """Return the path of a file that may be opened: a plain one, no larger than it can be in earnest.

    Nothing is opened for that: a pipe would wait for somebody who writes, and a device may never end.

    Arguments:
        path: The file.
        most: Bytes that it may have.

    Raises:
        FileNotFoundError: If nothing is there.
        ArenaError: If it is a link, a folder, a pipe or a device, larger than that, or cannot be looked at.
    """
    try:
        state = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise ArenaError(f"cannot read {path}: {error.strerror or error}") from None
    kind = next((word for of, word in _KINDS if of(state.st_mode)), "")
    if kind:
        raise ArenaError(f"{path} is not a plain file but {kind}; it is not opened")
    if state.st_size > most:
        raise ArenaError(f"{path} has {state.st_size:,} bytes; expected at most {most:,}")
    return path


_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: not stat.S_ISREG(mode), "a device"),
)


def refuse_links(*paths: Path) -> None:
    """Refuse to write to, or to clean, what is a link: it leads to somebody else's file or folder.

    Raises:
        ArenaError: With where it leads.
    """
    for path in paths:
        if path.is_symlink():
            raise ArenaError(
                f"{path} is a link to {path.readlink()}, and nothing is written through links;\n"
                f"name the place itself, or move the link away"
            )


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
    refuse_links(aside.parent)
    try:
        aside.parent.mkdir(exist_ok=True)
        return path.rename(aside)
    except OSError as error:
        raise ArenaError(f"cannot move {path} aside: {error.strerror or error}") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it.

    Raises:
        ArenaError: If the folder cannot be written, or the file is a link.
    """
    refuse_links(path)
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
