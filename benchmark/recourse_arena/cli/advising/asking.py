"""An interview in a terminal; what was answered is kept, whatever ends it."""

from __future__ import annotations

__all__ = ["ask", "kept_in"]

from pathlib import Path
from typing import Any

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import plain
from recourse_arena.base.text_file import read_json, write_json
from recourse_arena.elicitation.interviews.interview import Interview
from recourse_arena.elicitation.interviews.wishes import Wishes

_INTERRUPTED, _ENDED = 130, 1
"""Exit codes: as shells have it of Ctrl-C, and of an input that ends too early."""


def ask(interview: Interview, save: Path | None = None) -> Wishes:
    """Ask one person in the terminal, or whoever writes into the standard input, and return what they said.

    Everything is written to the standard error, so that what follows can be piped.

    Arguments:
        interview: The interview.
        save: Where answers are kept, after each one. An interview that was broken off goes on from there; one that is
            there to its end is not asked again.

    Raises:
        ArenaError: If `save` holds something else, or cannot be written.
        click.exceptions.Exit: If the person ends it, with 130 for Ctrl-C and 1 for the end of the input.
    """
    if save is not None and (said := kept_in(save)) is not None:
        interview.take_up(said, str(save))
    if interview.done:
        return interview.wishes
    _keep(interview, save)
    try:
        _show('Answer each question, "?" for help, "back" for the question before.')
        while not interview.done:
            _show("")
            _show(interview.question)
            _answer(interview)
            _keep(interview, save)
    except (click.Abort, KeyboardInterrupt) as error:
        interrupted = isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt)
        _show("")
        if save is None:
            _show("The interview was broken off; nothing is kept.")
        else:
            _show(f"What you answered is kept in {save}; the same command goes on from there.")
        raise click.exceptions.Exit(_INTERRUPTED if interrupted else _ENDED) from None
    return _ended(interview, save)


def kept_in(save: Path) -> dict[str, Any] | None:
    """Return what is kept in the file where answers are to be kept; none if there is no such file.

    Raises:
        ArenaError: If it holds something else, which is somebody's and no place for answers.
    """
    if not save.exists():
        return None
    said = read_json(save, "the answers of an interview")
    if not isinstance(said, dict) or "answers" not in said:
        raise ArenaError(f"{save}: expected the answers of an interview, as it keeps them; it is left as it is")
    return said


def _answer(interview: Interview) -> None:
    """Ask until an answer is one."""
    while True:
        text = click.prompt(">", default="", show_default=False, prompt_suffix=" ", err=True)
        try:
            reply = interview.answer(text)
        except ArenaError as error:
            _show(str(error))
            continue
        if reply:
            _show(reply)
        if reply != interview.help:
            return


def _ended(interview: Interview, save: Path | None) -> Wishes:
    wishes = interview.wishes
    if not any(map(wishes.possible, wishes.said)):
        _show("You said that none of this is possible for you: no advice can change the decision then.")
    if save is not None:
        _show(f"Your answers are in {save}.")
    return wishes


def _keep(interview: Interview, save: Path | None) -> None:
    if save is not None:
        write_json(save, interview.answered)


def _show(text: str) -> None:
    """Write lines as they are, but for what would move the cursor."""
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip(" "))]
        click.echo(indent + plain(line), err=True)
