"""Passes on what computations say of how far they are: now and then, and only what can be shown."""

from __future__ import annotations

__all__ = ["Ear", "Listener", "Part", "throttled"]

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from recourse_arena.base.progress_hook import ProgressHook

Listener = Callable[[float, float | None], None]
"""Hears the share that is done, and the training loss, if there is one."""

_EVERY = 0.25
"""Seconds between two reports that are passed on."""


@dataclass(frozen=True)
class Part:
    """What a listener hears, to travel between processes."""

    share: float
    loss: float | None = None


@dataclass
class Ear:
    """Who listens now, if anybody does. Solvers are handed what holds it, so that it holds nothing else."""

    listener: Listener | None = None


def throttled(ear: Ear) -> ProgressHook:
    """Return a report that passes on to whoever listens at that time.

    What is no number is left out, and so is what other processes say that a plugin has started. A plain function, so
    that solvers which copy what they are handed copy no connections.
    """
    home, last = os.getpid(), float("-inf")

    def report(share: float, loss: float | Tensor | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _EVERY or os.getpid() != home or (hears := ear.listener) is None:
            return
        last = now
        try:
            done = float(share)
            lost = None if loss is None else float(loss.detach() if isinstance(loss, Tensor) else loss)
        except (TypeError, ValueError, RuntimeError):  # of a tensor of several numbers
            return
        if math.isfinite(done):
            hears(min(max(done, 0.0), 1.0), lost)

    return report
