"""A Dask cluster as others have it: a scheduler and two workers, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def scheduler(folder: Path, path: Sequence[Path] = ()) -> Iterator[tuple[str, psutil.Process]]:
    """Have a scheduler with two workers that find plugins in their environment, and in `path`.

    Like those of a cluster, workers have nannies, which replace them when they die. Yields the scheduler's address and
    the process whose children the workers are.
    """
    from distributed import Client

    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, path), os.environ.get("PYTHONPATH", "")]),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",  # or a killer kills four workers, one after the other
    }
    said = folder / "scheduler.json"
    options = ["--no-dashboard", "--host", "127.0.0.1", "--scheduler-file", str(said)]
    there = ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)]
    processes = []
    try:
        for module, *words in (["dask_scheduler", "--port", "0"], ["dask_worker", *there]):
            command = [sys.executable, "-m", f"distributed.cli.{module}", *words, *options]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            processes.append(subprocess.Popen(command, env=environment, start_new_session=True, **quiet))
            while not said.exists():
                assert processes[0].poll() is None
                time.sleep(0.05)
        address = json.loads(said.read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        yield address, psutil.Process(processes[1].pid)
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
