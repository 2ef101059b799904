"""The command that looks after the artefact cache."""

from __future__ import annotations

__all__ = ["cache"]

import time
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER

_DAY = 86400.0


@click.command()
@click.option("--clear", is_flag=True, help="Remove what is listed.")
@click.option(
    "--name", default="*", metavar="PATTERN", help="Kinds: flow, classifier, solver-NAME, set-aside or a pattern."
)
@click.option("--unused", type=float, default=0.0, metavar="DAYS", help="Only what was not used for so many days.")
@click.option("--cache", "folder", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
def cache(clear: bool, name: str, unused: float, folder: Path | None) -> None:
    """Show what the artefact cache holds, by kind and size, or clear it.

    What is cleared is made again when a run needs it. `set-aside` is what could not be read.
    """
    from tabulate import tabulate

    from recourse_arena.base.folders import cache_folder
    from recourse_arena.storage.artefact_cache import ArtefactCache

    where = cache_folder(folder)
    before = time.time() - unused * _DAY
    found = [a for a in ArtefactCache(where).artefacts() if fnmatchcase(a.kind, name) and a.used <= before]
    counts, sizes = Counter(a.kind for a in found), Counter[str]()
    for artefact in found:
        sizes[artefact.kind] += artefact.size
    rows = [(kind, counts[kind], _size(sizes[kind])) for kind in sorted(counts)]
    rows.append(("all", len(found), _size(sum(sizes.values()))))
    click.echo(f"{where}\n{tabulate(rows, ['kind', 'files', 'size'], colalign=('left', 'right', 'right'))}")
    if clear:
        for artefact in found:
            try:
                artefact.path.unlink(missing_ok=True)
            except OSError as error:
                raise ArenaError(f"cannot remove {artefact.path}: {error.strerror or error}") from None
        click.echo(f"removed {len(found)} files")


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
