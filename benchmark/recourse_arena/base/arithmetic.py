"""How computations are rounded: alike on every processor where that can be had.

PyTorch, MKL and OpenBLAS choose code by processor, and each choice rounds sums, roots and exponentials in its own way;
training multiplies the last digit until people get other advice. Environment variables, read when these libraries
first compute, name one choice that every x86-64 processor with AVX2 has. Matrix products are slower for it: MKL
promises the same results on processors of all makers only for its SSE2 code
(https://www.intel.com/content/www/us/en/docs/onemkl/developer-guide-linux/current/reproducibility-conditions.html).
"""

from __future__ import annotations

__all__ = ["arithmetic_of", "environment", "one_thread"]

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_SAME = {"MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "avx2", "OPENBLAS_CORETYPE": "Haswell"}
_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Waiting threads that spin halve the speed of a busy machine."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that computes: ours, unless `given` says otherwise, and all that is given."""
    return {**_PATIENT, **(_SAME if _can() else {}), **given}


def arithmetic_of(environ: Mapping[str, str]) -> str:
    """Return how a process with this environment rounds.

    `portable` is the same on every x86-64 processor with AVX2, under Linux; `native` may be another on each.

    Example:
        >>> arithmetic_of({})
        'native'
    """
    return "portable" if _can() and _SAME.items() <= environ.items() else "native"


@cache
def _can() -> bool:
    """Return whether this processor has what the common choice takes."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return {"avx2", "fma"} <= set(flags)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with tensors on one thread for a while."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
