"""What a Dask worker has: a sandbox with folders of its own. Imports `distributed`; only clusters need it."""

from __future__ import annotations

__all__ = ["SandboxPlugin", "work"]

import platform
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin, get_worker

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import content_key
from recourse_arena.execution.engines.messages import Reply, TaskFiles
from recourse_arena.execution.guard.progress_events import Listener
from recourse_arena.execution.sandbox.sandbox import Sandbox, WorkerSetup
from recourse_arena.planning.tasks import Task
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.files import write_atomically
from recourse_arena.storage.task_result import Failure, TaskResult


def work(task: Task, token: str, files: TaskFiles, *needed: Reply) -> Reply:
    """Work on a task at this worker's plugin; `needed` is what came of the tasks it rests on."""
    for before in needed:
        if isinstance(before.answer, Failure):
            return Reply(before.answer)
    worker = get_worker()
    plugin: Any = worker.plugins[token]
    sent = [files, *(before.files for before in needed)]

    def listener(share: float, loss: float | None) -> None:
        worker.log_event(token, (task.key, share, loss))

    reply: Reply = plugin.work(task, sent, needed[-1].answer if needed else None, listener)
    return reply


class SandboxPlugin(WorkerPlugin):
    """A sandbox on a worker; tasks use it one at a time.

    Arguments:
        setting: What the sandbox needs to know; folders are the worker's own.
        path: Where Python looks for modules, before its own places.
    """

    def __init__(self, setting: WorkerSetup, path: Sequence[str]) -> None:
        self.setting, self.path = setting, tuple(path)

    def setup(self, worker: Any) -> None:
        """Make folders and start the sandbox.

        Raises:
            ArenaError: If a plugin that is needed is not installed here, or in another version.
        """
        _refuse_other_plugins(self.setting.plugins, worker.address)
        self.folder = Path(tempfile.mkdtemp(prefix="recourse-arena-", dir=worker.local_directory))
        setting = replace(self.setting, data=self.folder / "data", cache=self.folder / "cache")
        self.sandbox = Sandbox(setting, self.path)
        self.sandbox.start()
        self.turn = threading.Lock()
        self.written: list[Path] = []
        self.compared: set[str] = set()

    def teardown(self, worker: Any) -> None:
        """End the sandbox and remove the folders."""
        self.sandbox.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        for place in self.written:
            place.unlink(missing_ok=True)

    def work(self, task: Task, sent: Sequence[TaskFiles], before: TaskResult | None, listener: Listener) -> Reply:
        """Unpack what a task needs (its own files first), work on it, and pack what others need of it."""
        with self.turn:
            try:
                for files in sent:
                    self._unpack(files)
            except ArenaError as error:
                return Reply(Failure.of(error))
            artefacts = {place: content for files in sent for place, content in files.artefacts.items()}
            answer, made = self.sandbox.work(self._at_home(task), before, listener, artefacts)
            return Reply(answer, TaskFiles(made, sent[0].data, sent[0].elsewhere))

    def _unpack(self, files: TaskFiles) -> None:
        for name, content in files.data.items():
            if not (file := self.folder / "data" / name).is_file():
                write_atomically(file, content)
        for name, content in files.elsewhere.items():
            self._put_elsewhere(name, content)
        for name, content in files.answers.items():
            write_atomically(self._answers(name), content)

    def _put_elsewhere(self, name: str, content: bytes) -> None:
        """Put a file where its dataset looks for it on any machine, until the run ends; another's file there stays.

        Raises:
            ArenaError: If another file lies there, or it cannot be written.
        """
        place = Path(name)
        if not place.is_file():
            write_atomically(place, content)
            self.written.append(place)
        elif name not in self.compared and place.read_bytes() != content:
            raise ArenaError(
                f"{place} on worker {platform.node()} is another file than on the machine that runs;\n"
                "put the same one there, or keep it in the data directory, whose files travel"
            )
        self.compared.add(name)

    def _answers(self, name: str) -> Path:
        return self.folder / "answers" / content_key(file=name) / Path(name).name  # notes name the file

    def _at_home(self, task: Task) -> Task:
        """Return a task whose answers lie here."""
        return task if task.answers is None else task.with_answers(str(self._answers(task.answers)))


def _refuse_other_plugins(needed: Sequence[tuple[str, str, str]], address: str) -> None:
    """Raise which plugin is missing on a worker, before anything runs there."""
    here = {record.name: record.version for record in discover().announced}
    for name, distribution, version in needed:
        if name not in here:
            raise ArenaError(
                f"worker {address} has no plugin {name!r} of {distribution or 'no package'} {version}; install it there"
            )
        if here[name] != version:
            raise ArenaError(
                f"worker {address} has version {here[name]} of plugin {name!r}, not {version}; install that there"
            )
