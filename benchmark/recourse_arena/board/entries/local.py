"""What of a run may travel: nothing that tells whose machine it was, or where on it something lay."""

from __future__ import annotations

__all__ = ["refuse_local_names", "travelling_text", "travelling_words"]

import re
from collections.abc import Iterable, Sequence

from recourse_arena.base.errors import ArenaError

_PLACE = re.compile(r"(?:(?<=[\s'\"(=,:])|^)(?:~|\.{1,2}|[A-Za-z]:)?[\\/][^\s'\",;)]*")
_ADDRESS = re.compile(r"\w[\w+.-]*://[^\s'\",;)]*")


def travelling_text(text: str, most: int = 4000) -> str:
    """Return a text without paths and addresses, and not longer than it may be.

    Example:
        >>> travelling_text("no file '/home/ada/data/loan.csv': look at https://host/x")
        "no file 'PATH': look at ADDRESS"
    """
    return _PLACE.sub("PATH", _ADDRESS.sub("ADDRESS", text))[:most]


def travelling_words(command: Sequence[str]) -> list[str]:
    """Return the words of a command without paths and addresses.

    Example:
        >>> travelling_words(["run", "quick", "--out=/home/ada/run", "--scheduler", "tcp://ada:8786"])
        ['run', 'quick', '--out=PATH', '--scheduler', 'ADDRESS']
    """
    return [travelling_text(word, 300) for word in command][:200]


def refuse_local_names(names: Iterable[str]) -> None:
    """Refuse names that stand for a file of one machine.

    Raises:
        ArenaError: With the first of them.
    """
    for name in names:
        if re.search(r"[\\/]|%2f|%5c", name, re.IGNORECASE):
            raise ArenaError(
                f"{name!r} names a file of this machine, which nobody else has: an entry is made of plugins, or of a "
                "suite's TOML file that the board holds"
            )
