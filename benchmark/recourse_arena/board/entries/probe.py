"""Files of strangers read for the first time in a process of its own: one that breaks it breaks nothing else.

Readers of Parquet are written in C++, and a file can be made to end the process that reads it.
"""

from __future__ import annotations

__all__ = ["probe"]

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.entry import read_entry

_SECONDS, _BYTES = 120.0, 8 * 2**30
"""Time that reading a file may take, and memory."""


def probe(files: Sequence[Path]) -> None:
    """Read files in a process of its own, and refuse what ends it; what else is wrong with them is told when read here.

    Raises:
        ArenaError: With the file.
    """
    if not files:
        return
    command = [sys.executable, "-m", "recourse_arena.board.entries.probe", *(str(file.absolute()) for file in files)]
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **paths}, stdin=subprocess.DEVNULL,
            timeout=_SECONDS * len(files),
        )  # fmt: skip
        read, how = done.stdout.count("read\n"), f"ends the process that reads it (code {done.returncode})"
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
        read, how = output.count(b"read\n"), f"takes longer than {_SECONDS:g} seconds to read"
    if read < len(files):
        raise ArenaError(f"{files[read]} is no entry: it {how}")


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # where it cannot be limited, it is not
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))


if __name__ == "__main__":
    _limit_memory()
    for _name in sys.argv[1:]:
        with suppress(ArenaError):
            read_entry(Path(_name))
        print("read", flush=True)  # noqa: T201
