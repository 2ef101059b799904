"""Kill a run at random moments, go on, and compare with a run that nobody killed.

As a script, on a real suite: `python tests/support/killing.py quick --kills 20 --people 20`. With `--cold` each run
that is killed starts with an empty cache, so that training is interrupted, too. With `--workers` the suite runs on
a Dask scheduler with two workers, one of which is killed, and goes on by itself.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from dask_cluster import scheduler

TIMINGS = ["fit_seconds", "solve_seconds", "validation_score"]


def command(*words: object) -> list[str]:
    """Return the command line of recourse-arena."""
    start = "from recourse_arena.cli import main; main()"
    return [sys.executable, "-c", start, *map(str, words)]


def killed_at(moment: float, words: list[str], *, out: Path) -> bool:
    """Start a run, kill it and all it started `moment` seconds after it wrote anything; return whether it was alive."""
    record, before = out / "run.json", time.time()
    process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (record.exists() and record.stat().st_mtime > before):
        time.sleep(0.01)
    time.sleep(moment)
    alive = process.poll() is None
    if alive:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def worker_killed_at(moment: float, words: list[str], *, out: Path, draws: random.Random) -> bool:
    """Run a suite on two Dask workers, kill one of them at a moment; return whether the run was not done by then."""
    record = out / "run.json"
    with tempfile.TemporaryDirectory() as folder, scheduler(Path(folder)) as (address, nanny):
        command = [*words, "--scheduler", address]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not record.exists():
            time.sleep(0.01)
        time.sleep(moment)
        alive = process.poll() is None
        workers = [child for child in nanny.children() if "spawn_main" in " ".join(child.cmdline())]
        draws.choice(workers).kill()
        if process.wait() != 0:
            raise RuntimeError(f"the run ended with {process.returncode}")
    return alive


def differences(one: Path, other: Path) -> str:
    """Return what differs between two finished runs, timings aside; nothing if they are equal."""
    try:
        tables = [pd.read_csv(folder / "summary.csv").drop(columns=TIMINGS, errors="ignore") for folder in (one, other)]
        pd.testing.assert_frame_equal(*tables)
        pd.testing.assert_frame_equal(*(pd.read_parquet(folder / "people.parquet") for folder in (one, other)))
    except AssertionError as error:
        return str(error)
    return ""


def main() -> int:
    """Kill a suite at random moments, as often as asked for; each interrupted run is resumed and compared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--longest", type=float, default=60.0, help="seconds until the latest kill")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cold", action="store_true", help="start each run with an empty cache")
    parser.add_argument("--workers", action="store_true", help="kill workers of the run, not the run")
    given, options = parser.parse_known_args()
    draws = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, broken = Path(folder) / "whole", Path(folder) / "broken"
        subprocess.run(command("run", given.suite, "--out", whole, *options), check=True, stdout=subprocess.DEVNULL)
        wrong = 0
        for number in range(given.kills):
            shutil.rmtree(broken, ignore_errors=True)
            cache = ["--cache", Path(folder) / f"cache-{number}"] if given.cold else []
            words = command("run", given.suite, "--out", broken, *cache, *options)
            moment = draws.uniform(0, given.longest)
            if given.workers:
                alive = worker_killed_at(moment, words, out=broken, draws=draws)
            else:
                alive = killed_at(moment, words, out=broken)
                subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found = differences(whole, broken)
            wrong += bool(found)
            sys.stdout.write(f"{number + 1}: killed after {moment:.1f} s{'' if alive else ' (done by then)'}: ")
            sys.stdout.write(f"{found or 'equal'}\n")
            sys.stdout.flush()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
