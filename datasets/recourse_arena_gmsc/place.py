"""The place of the file in the data directory, and how a file gets there."""

from __future__ import annotations

__all__ = ["install", "replacement"]

import filecmp
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from recourse_arena import ArenaError
from recourse_arena_gmsc.file import read


def install(source: Path, place: Path, *, force: bool) -> Path:
    """Copy the user's own `source` to `place` if it is a valid file, and return `place`.

    Raises:
        ArenaError: If `source` is not what it should be, or `place` holds another file and `force` is off.
    """
    read(source)
    if place.is_file() and filecmp.cmp(source, place, shallow=False):
        return place
    if place.exists() and not force:
        raise ArenaError(f"{place} holds another file than {source}: replace it with --force, or move it away")
    with replacement(place) as temporary:
        shutil.copyfile(source, temporary)
    return place


@contextmanager
def replacement(place: Path) -> Iterator[Path]:
    """Yield a path beside `place`; the file written there becomes `place`, unless something is raised.

    Raises:
        ArenaError: If nothing can be written there.
    """
    if place.is_dir():
        raise ArenaError(f"expected a file or nothing at {place}, found a directory: remove it")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place.parent, prefix=".incoming-") as folder:
            temporary = Path(folder) / place.name
            yield temporary
            temporary.replace(place)
    except OSError as error:
        raise ArenaError(f"expected to write {place}, got: {error.strerror or error}") from None
