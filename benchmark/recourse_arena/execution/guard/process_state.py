"""What a plugin shares with everybody else in the process, looked after while it runs."""

from __future__ import annotations

__all__ = ["ProcessState"]

import contextlib
import os
import random
from typing import Any

import numpy as np
import torch


class ProcessState:
    """Global random generators and defaults, put back after a plugin has run.

    Inside, the global generators start from a seed of their own: what draws from them although it should not gives
    the same result every time, whatever ran before. Afterwards :attr:`touched` names what was used or changed.

    Arguments:
        seed: Seed of the global generators inside.

    Example:
        >>> with ProcessState(0) as around:
        ...     drawn = random.random()
        >>> around.touched
        ["Python's global random generator"]
    """

    touched: list[str]

    def __init__(self, seed: int) -> None:
        self._seed = seed % 2**32
        self.touched = []  # an interrupt may end it before it has looked

    def __enter__(self) -> ProcessState:
        self._generators, self._defaults = _generators(), _defaults()
        random.seed(self._seed)
        np.random.seed(self._seed)
        torch.default_generator.manual_seed(self._seed)
        self._start = _generators()
        return self

    def __exit__(self, *raised: object) -> None:
        drawn = [name for name, state in _generators().items() if not _same(state, self._start[name])]
        changed = [name for name, value in _defaults().items() if value != self._defaults[name]]
        self.touched = [*drawn, *changed]
        python, numpy, pytorch = self._generators.values()
        random.setstate(python)
        np.random.set_state(numpy)
        torch.default_generator.set_state(pytorch)
        if changed:
            dtype, gradients, threads, deterministic, folder = self._defaults.values()
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(gradients)
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(deterministic)
            with contextlib.suppress(OSError):
                os.chdir(folder)


def _generators() -> dict[str, Any]:
    return {
        "Python's global random generator": random.getstate(),
        "NumPy's global random generator": np.random.get_state(),
        "PyTorch's global random generator": torch.default_generator.get_state(),
    }


def _defaults() -> dict[str, Any]:
    return {
        "PyTorch's default dtype": torch.get_default_dtype(),
        "PyTorch's gradient mode": torch.is_grad_enabled(),
        "PyTorch's number of threads": torch.get_num_threads(),
        "whether PyTorch is deterministic": torch.are_deterministic_algorithms_enabled(),
        "the working directory": _folder(),
    }


def _folder() -> str:
    with contextlib.suppress(OSError):  # somebody has removed it
        return os.getcwd()  # noqa: PTH109
    return ""


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one[1], np.ndarray):
        return one[2:] == other[2:] and np.array_equal(one[1], other[1])
    return bool(one == other)
