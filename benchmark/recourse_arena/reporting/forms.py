"""A leaderboard in the forms that it can be written in."""

from __future__ import annotations

__all__ = ["FORMS", "boards_are_newer", "render", "write_boards"]

from pathlib import Path

from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.storage.files import write_atomically
from recourse_arena.storage.lasting_table import LASTING

FORMS = ("table", "md", "html", "csv", "json")


def render(board: Leaderboard, form: str, *, at: Path | None = None) -> str:
    """Return a leaderboard in one of :data:`FORMS`; `at` is where a page will lie, so that it can link to files."""
    if form == "html":
        from recourse_arena.reporting.page.page import page
        from recourse_arena.reporting.paper.fairness import page_section

        return page(board, at=at, fairness=page_section(board.results))
    return {"table": board.text, "md": board.markdown, "csv": board.csv, "json": board.json}[form]()


_BOARDS = (("md", "leaderboard.md"), ("html", "leaderboard.html"))


def boards_are_newer(folder: Path) -> bool:
    """Return whether a run folder has its leaderboards, written after the run and what changed models decided of it."""
    boards = [folder / name for _, name in _BOARDS]
    written = [folder / "run.json", folder / LASTING]
    ended = max(path.stat().st_mtime_ns for path in written if path.is_file())
    return all(board.is_file() and board.stat().st_mtime_ns >= ended for board in boards)


def write_boards(board: Leaderboard, folder: Path) -> None:
    """Write the leaderboard of a run into its folder, as Markdown and as a page.

    Raises:
        ArenaError: If the folder cannot be written.
    """
    for form, name in _BOARDS:
        write_atomically(folder / name, render(board, form, at=folder / name).encode())
