"""A plugin for tests: solvers that crash, hang, eat memory, or take the worker with them."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

import psutil
import torch
from tiny import Learner, Top

from recourse_arena import hookimpl


class _Faulty(Top):
    """Does something terrible when asked about people with a single actionable feature; good otherwise."""

    def recommend(self, request):
        if int(request.actionable.sum(1).max()) == 1:
            self.trouble()
        return super().recommend(request)


class Careless(Learner):
    """Draws from a generator that is everybody's while it is fitted, and keeps what it learnt."""

    name = "careless"

    def fit(self, problem, *, seed):
        torch.rand(())
        super().fit(problem, seed=seed)


class Exits(Careless, _Faulty):
    name = "exits"
    fit_depends_on = frozenset()

    def recommend(self, request):
        return _Faulty.recommend(self, request)

    def trouble(self):
        os._exit(3)


class Segfaults(_Faulty):
    name = "segfaults"

    def trouble(self):
        ctypes.string_at(0)


class Hangs(_Faulty):
    name = "hangs"

    def trouble(self):
        time.sleep(1000)


class Hogs(_Faulty):
    name = "hogs"

    def trouble(self):
        self.held = torch.ones(1 << 29)  # two gigabytes
        time.sleep(1000)


class Prints(Top):
    """Talks on stdout, which belongs to the command."""

    name = "prints"

    def recommend(self, request):
        os.write(1, b"chatter\n")
        return super().recommend(request)


def _worker():
    """Return the Dask worker: it started the process that forked this one's parent."""
    return psutil.Process(os.getppid()).parent().parent()


class Assassin(_Faulty):
    """Kills the Dask worker, or whatever process started this one."""

    name = "assassin"

    def trouble(self):
        _worker().kill()
        time.sleep(1000)


class OneShot(_Faulty):
    """Kills what started this process, but only the first time: a mark in the folder says so."""

    name = "one-shot"

    def __init__(self, *, mark: str = ""):
        self.mark = Path(mark)

    def trouble(self):
        if not self.mark.exists():
            self.mark.touch()
            _worker().kill()
            time.sleep(1000)


class Slow(Top):
    """Takes a while with each cell, and draws its advice from a state that it learnt."""

    name = "slow"

    def __init__(self, *, seconds: float = 0.05):
        self.seconds = seconds

    def fit(self, problem, *, seed):
        time.sleep(self.seconds)
        self.shift = torch.rand(1, generator=torch.Generator().manual_seed(seed))

    def state(self):
        return {"shift": self.shift}

    def restore(self, problem, state):
        self.shift = state["shift"]

    def recommend(self, request):
        time.sleep(self.seconds)
        return super().recommend(request)


class Telling(Top):
    """Says how far it is, when it is fitted and when it is asked."""

    name = "telling"

    def fit(self, problem, *, seed):
        self.report = problem.report
        time.sleep(0.3)  # who hears it hears no more often
        self.report(0.5, torch.tensor(0.125))

    def recommend(self, request):
        time.sleep(0.3)
        self.report(0.75)
        return super().recommend(request)


@hookimpl
def recourse_solvers():
    return [Careless, Exits, Segfaults, Hangs, Hogs, Prints, Assassin, OneShot, Slow, Telling]
