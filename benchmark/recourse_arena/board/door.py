"""Python's doors to a board: submit a run, add its entry, remove it, run it again."""

from __future__ import annotations

__all__ = ["add", "remove", "rerun", "submit"]

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recourse_arena.base.arguments import as_path, as_several, as_whole_number, as_yes_or_no
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.board.entries.entry import Entry, read_entry
from recourse_arena.execution.engines.progress import Progress


def submit(run: str | Path, out: str | Path, *, card: str | Path | None = None) -> Entry:
    """Write a finished run as an entry, one file that a board takes, and return it.

    Arguments:
        run: The run folder.
        out: The file.
        card: The method card, a TOML file with `name`, `authors`, `paper`, `code`, `licence`, `saw_test_people`,
            `hardware` and `text`; without one the entry says what plugins declare, and that there is none.

    Raises:
        ArenaError: If the run cannot become an entry, with what to do.
    """
    from recourse_arena.board.entries.submitting import submit as write
    from recourse_arena.registry.discovery import discover

    file = _path("out", out)
    write(_path("run", run), file, discover(), card=as_path("card", card))
    return read_entry(file)


def add(
    entries: Sequence[str | Path] | str | Path,
    board: str | Path,
    *,
    replace: bool = False,
    together: str = "",
    data: str | Path | None = None,
    cache: str | Path | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    no_plugins: Sequence[str] = (),
    isolated: bool | None = None,
) -> list[dict[str, Any]]:
    """Add entries to a board and return the verdicts on them: every number of each is judged again first.

    Arguments:
        entries: Their files.
        board: Folder of the board, new or there.
        replace: Whether an entry may take the place of another one of its name.
        together: What the entries are parts of, if they are: ranks of a solver in all of them span their suites.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        jobs: How many processes judge at a time.
        progress: Who hears of each step.
        no_plugins: Names of plugins to block.
        isolated: Whether judging has a process of its own, which computes as the command does; by default yes, unless
            `RECOURSE_ARENA_ISOLATION` says no.

    Raises:
        ArenaError: With the reason for each entry that is refused; the others are added then.
    """
    from recourse_arena.board.adding import Judges
    from recourse_arena.board.adding import add as take
    from recourse_arena.execution.run_process import wants_isolation

    judges = Judges(
        data_folder(as_path("data", data)),
        cache_folder(as_path("cache", cache)),
        as_whole_number("jobs", jobs, least=1),
        as_several("no_plugins", no_plugins),
        progress,
        wants_isolation(isolated),
    )
    files = [Path(one) for one in as_several("entries", entries, (str, Path))]
    return take(files, _path("board", board), judges, replace=as_yes_or_no("replace", replace), together=together)


def remove(which: str, board: str | Path) -> None:
    """Remove an entry from a board, by its name or the beginning of its digest.

    Raises:
        ArenaError: If there is no such entry, or no such board.
    """
    from recourse_arena.board.adding import remove as take_away

    take_away(which, _path("board", board))


def rerun(
    which: str,
    board: str | Path,
    *,
    python: str | None = None,
    wheels: Sequence[str] = (),
    data: str | Path | None = None,
    cache: str | Path | None = None,
    jobs: int = 1,
) -> dict[str, Any]:
    """Run the suite of an entry again for its solvers and return the verdict: its badge says whether rows are the same.

    Arguments:
        which: The entry's name, or the beginning of its digest.
        board: Folder of the board.
        python: An interpreter in whose environment everything is installed; by default a fresh environment is made.
        wheels: What is installed into a fresh one, instead of the distributions and versions that the entry names.
        data: Data directory, as of :func:`add`.
        cache: Artefact cache, as of :func:`add`.
        jobs: Cells worked on at a time.

    Raises:
        ArenaError: If there is no such entry, nothing says where its solvers can be had, or the run breaks off.
    """
    from recourse_arena.board.rerunning import Surroundings
    from recourse_arena.board.rerunning import rerun as run_again

    where = Surroundings(
        data_folder(as_path("data", data)),
        cache_folder(as_path("cache", cache)),
        python,
        as_several("wheels", wheels),
        as_whole_number("jobs", jobs, least=1),
    )
    return dict(run_again(which, _path("board", board), where))


def _path(what: str, given: str | Path) -> Path:
    found = as_path(what, given)
    if found is None:
        raise ArenaError(f"{what}: expected a path, got none")
    return found
