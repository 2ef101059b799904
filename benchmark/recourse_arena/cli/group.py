"""What all commands share: a user's mistake is one message and exit code 2, never a traceback."""

from __future__ import annotations

__all__ = ["FOLDER", "Arena", "blocked_plugins", "no_plugin", "parsed_seeds", "registry"]

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recourse_arena.base.arguments import LARGEST, parsed_whole_number
from recourse_arena.base.arithmetic import environment
from recourse_arena.base.errors import ArenaError, unknown

if TYPE_CHECKING:
    from recourse_arena.registry.registry import Registry

Command = TypeVar("Command", bound=Callable[..., Any])

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_BLOCKED = "recourse_arena.blocked_plugins"


class _Folder(click.Path):
    """A path that says something: of an unset variable nothing is left, which is not the folder one is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path, or fail."""
        if isinstance(value, str) and not value.strip():
            self.fail("expected the name of a folder, got an empty one", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder(path_type=Path, file_okay=True)
"""A folder that a command reads or writes; it says itself what is wrong with it."""


class _Refusal(click.ClickException):
    """A user's mistake: one message, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message."""
        click.echo(f"error: {self.message}", err=True)


class Arena(click.Group):
    """A group in which a user's mistake never shows a traceback."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command, also where whoever started it has closed its standard files."""
        _open_standard_files()
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; libraries that compute are imported later, and find what they are to heed."""
        os.environ.update(environment(os.environ))
        try:
            return super().invoke(ctx)
        except ArenaError as error:
            raise _Refusal(str(error)) from None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise _Refusal(f"cannot write {error.filename or 'the output'}: {error.strerror}") from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command, or say which ones are near."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _open_standard_files() -> None:
    """Open what is closed of them on nothing: else the next file opened would be taken for one of them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(opened, True)
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w"))  # noqa: SIM115


def no_plugin(command: Command) -> Command:
    """Give a command the option `--no-plugin`; :func:`registry` then leaves those plugins out."""
    return click.option(
        "--no-plugin",
        multiple=True,
        metavar="NAME",
        expose_value=False,
        callback=_block,
        help="Leave a plugin out, * for all that are not built in; repeatable.  [env: RECOURSE_ARENA_NO_PLUGINS]",
    )(command)


def _block(ctx: click.Context, option: click.Parameter, names: tuple[str, ...]) -> None:
    ctx.meta[_BLOCKED] = (*ctx.meta.get(_BLOCKED, ()), *names)


def blocked_plugins() -> tuple[str, ...]:
    """Return the names of plugins that the command now running was told to leave out."""
    return tuple(click.get_current_context().meta.get(_BLOCKED, ()))


def registry() -> Registry:
    """Return what is plugged in, without the plugins that the command was told to leave out."""
    from recourse_arena.registry.discovery import discover

    return discover(no_plugins=blocked_plugins())


def parsed_seeds(text: str | None) -> tuple[int, ...]:
    """Return the seeds of an option such as `0,1,2`; none if it is not given."""
    if text is None:
        return ()
    seeds = [parsed_whole_number(part) for part in text.split(",")]
    known = tuple(seed for seed in seeds if seed is not None)
    if len(known) < len(seeds):
        expected = f"whole numbers from 0 to {LARGEST} joined by commas, as in 0,1,2"
        raise ArenaError(f"--seeds: expected {expected}; got {text[:80]!r}")
    return known
