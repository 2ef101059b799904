"""What a new process gets: its environment, and objects as pickles."""

from __future__ import annotations

__all__ = ["computing", "pickled"]

import os
from collections.abc import Sequence

import cloudpickle

from recourse_arena.base.arithmetic import environment
from recourse_arena.base.errors import ArenaError
from recourse_arena.registry.discovery import BLOCKED

_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def computing(no_plugins: Sequence[str] = ()) -> dict[str, str]:
    """Return the environment of a process that computes: rounding as everywhere, one thread, plugins blocked.

    Dask's nannies tell malloc to give memory back at once, which their own workers want; training with PyTorch takes
    half as long again with it.
    """
    wanted = dict.fromkeys(_ONE_THREAD, "1")  # as the worker wants it, for NumPy and others too
    if no_plugins:
        wanted[BLOCKED] = ",".join(no_plugins)
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
    return environment(kept) | wanted


def pickled(what: str, value: object) -> bytes:
    """Return an object as a pickle, to be read in another process.

    Raises:
        ArenaError: If it cannot travel.
    """
    try:
        return cloudpickle.dumps(value)
    except Exception as error:  # an object may hold anything
        raise ArenaError(
            f"a {what} object cannot travel to another process ({type(error).__name__}: {error});\n"
            "run it with isolated=False, one job and no limits, or install it as a plugin and name it"
        ) from None
