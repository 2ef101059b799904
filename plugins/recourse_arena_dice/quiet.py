"""DiCE prints, shows progress bars, warns, and draws from global generators: all of it kept inside."""

from __future__ import annotations

__all__ = ["quiet"]

import io
import logging
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import numpy as np
import torch

_NUMPY_SEEDS = 2**32


@contextmanager
def quiet(seed: int) -> Iterator[None]:
    """Let code inside draw from global generators seeded with `seed`, and put back everything it touches.

    DiCE's own argument `random_seed` is no alternative: it seeds anew before each feature, so that the samples of
    all features are the same up to scale.
    """
    before = random.getstate(), np.random.get_state()
    root = logging.getLogger()
    handlers, level = list(root.handlers), logging.root.manager.disable
    logging.disable(logging.WARNING)
    random.seed(seed)
    np.random.seed(seed % _NUMPY_SEEDS)
    try:
        with (
            torch.random.fork_rng(devices=[]),
            torch.enable_grad(),
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        logging.disable(level)
        root.handlers[:] = handlers
