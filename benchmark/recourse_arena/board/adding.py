"""Entries come to a board once every number of theirs is judged again, and leave it without a trace in its ranks."""

from __future__ import annotations

__all__ = ["Judges", "add", "remove", "write_page"]

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.board_folder import BoardFolder, Event
from recourse_arena.board.entries.entry import Entry, read_entry
from recourse_arena.board.entries.probe import probe
from recourse_arena.board.entries.rows import MOST_BYTES
from recourse_arena.board.rejudging.order import RejudgeOrder
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.run_process import run_apart
from recourse_arena.storage.files import plain_file, write_atomically
from recourse_arena.storage.run_record import now


@dataclass(frozen=True)
class Judges:
    """Who judges entries again, and how.

    Arguments:
        data: Data directory.
        cache: Artefact cache.
        jobs: How many processes judge at a time.
        no_plugins: Names of plugins to block.
        hears: Who hears of each step.
        isolated: Whether that happens in a process of its own, which computes as the command does.
    """

    data: Path
    cache: Path | None
    jobs: int = 1
    no_plugins: tuple[str, ...] = ()
    hears: Progress | None = None
    isolated: bool = True

    def found(self, files: Sequence[Path], suites: Path) -> list[dict[str, Any]]:
        """Return of each file `verdict`, or why it is `refused`."""
        with tempfile.TemporaryDirectory(prefix="recourse-arena-") as folder:
            out = Path(folder)
            order = RejudgeOrder(
                tuple(file.absolute() for file in files), out, suites.absolute(), self.data, self.cache, self.jobs,
                self.no_plugins,
            )  # fmt: skip
            hears = self.hears or Progress()
            if self.isolated:
                run_apart(order, hears)
            else:
                order.carry_out(hears)
            return [json.loads((out / f"{number}.json").read_bytes()) for number in range(len(files))]


@dataclass(frozen=True)
class _Sent:
    path: Path
    content: bytes
    entry: Entry


def add(
    files: Sequence[Path], board: Path, judges: Judges, *, replace: bool = False, together: str = ""
) -> list[dict[str, Any]]:
    """Add entries to a board, new or there, and return the verdicts on them; those that are refused stay outside.

    One that is there already changes nothing. What the board lacks of those that it has is made again.

    Arguments:
        files: The entries.
        board: Folder of the board.
        judges: Who judges them.
        replace: Whether one may take the place of another one of its name.
        together: What they are parts of, if they are: a solver of the same name and version is one solver in all of
            them, and its ranks span their suites.

    Raises:
        ArenaError: With the reason for each that is refused; the others are added then.
    """
    folder, files = BoardFolder(board), [*dict.fromkeys(files)]
    if judges.isolated:
        probe([path for path in files if path.is_file() and not path.is_symlink()])
    sent = [_read(path) for path in files]
    with folder.claimed():
        _refuse_taken_names(folder, sent, replace=replace)
        there = {digest for digest in folder.digests if folder.verdict(digest) is not None}
        new = {one.entry.digest: one for one in sent if one.entry.digest not in there}
        lost = [digest for digest in folder.digests if digest not in there and digest not in new]
        refused = _take(folder, [*new.values()], judges) if new else []
        refused += _heal(folder, lost, judges) if lost else []
        joined = _joined(folder, [one.entry.digest for one in sent], together) if together else False
        if new or lost or joined or not (board / "board.json").exists():
            write_page(folder)
        if refused:
            raise ArenaError("\n".join(refused))
        return [found for one in sent if (found := folder.verdict(one.entry.digest)) is not None]


def _joined(folder: BoardFolder, digests: Sequence[str], name: str) -> bool:
    """Keep that entries of the board are parts of one, and return whether that is new."""
    before = folder.together
    others = {label: [one for one in parts if one not in digests] for label, parts in before.items()}
    there = [digest for digest in digests if folder.verdict(digest) is not None]
    after = {**others, name: sorted({*others.get(name, []), *there})}
    if after != before:
        folder.write_together(after)
    return after != before


def _read(path: Path) -> _Sent:
    entry = read_entry(path)
    content = plain_file(path, most=MOST_BYTES).read_bytes()
    return _Sent(path, content, entry)


def _refuse_taken_names(folder: BoardFolder, sent: Sequence[_Sent], *, replace: bool) -> None:
    """Refuse an entry that is called as another one: nobody could tell them apart."""
    taken = {entry.name: entry.digest for entry in folder.entries()}
    for one in sent:
        name, digest = one.entry.name, one.entry.digest
        if taken.setdefault(name, digest) != digest and (
            not replace or name in {s.entry.name for s in sent if s != one}
        ):
            raise ArenaError(
                f"{one.path}: the board has an entry called {name!r} already ({taken[name][:8]}); give yours another "
                "name in its card, or have it take that place with --replace"
            )


def _take(folder: BoardFolder, sent: Sequence[_Sent], judges: Judges) -> list[str]:
    """Judge entries that are new, take those that are as they say, and return why others are refused."""
    with tempfile.TemporaryDirectory(prefix="recourse-arena-") as copies:
        files = [Path(copies) / f"{one.entry.digest}.entry" for one in sent]
        for file, one in zip(files, sent, strict=True):  # what is judged is what is added, whatever becomes of the file
            file.write_bytes(one.content)
        found = judges.found(files, folder.path / "suites")
    refused, history = [], folder.history
    for one, said in zip(sent, found, strict=True):
        if "refused" in said:
            refused.append(f"{one.path} is refused: {said['refused']}")
            continue
        before = [entry for entry in folder.entries() if entry.name == one.entry.name]
        write_atomically(folder.entry_file(one.entry.digest), one.content)
        folder.write_verdict(said["verdict"])
        replaced = [entry for entry in before if entry.digest != one.entry.digest]
        for entry in replaced:
            _delete(folder, entry.digest)
        history.append(_event(one.entry, "replaced" if replaced else "added", [entry.digest for entry in replaced]))
    folder.write_history(history)
    return refused


def _event(entry: Entry, event: Any, was: Sequence[str] = (), **more: Any) -> Event:
    solvers = {name: solver.version for name, solver in entry.said.solvers.items()}
    return Event(
        date=now(), event=event, name=entry.name, entry=entry.digest, was=" ".join(was), suite=entry.said.suite.name,
        protocol=entry.said.protocol, solvers=solvers, **more,
    )  # fmt: skip


def _heal(folder: BoardFolder, digests: Sequence[str], judges: Judges) -> list[str]:
    """Judge entries again whose verdict is lost, and return why any is refused."""
    refused = []
    found = judges.found([folder.entry_file(digest) for digest in digests], folder.path / "suites")
    reruns = {event.entry: event for event in folder.history if event.event == "re-run"}
    for digest, said in zip(digests, found, strict=True):
        if "refused" in said:
            refused.append(f"{folder.entry_file(digest)} is refused: {said['refused']}")
            continue
        verdict = said["verdict"]
        if digest in reruns:
            verdict["badges"]["re-run"] = rerun_badge(reruns[digest])
        folder.write_verdict(verdict)
    return refused


def rerun_badge(event: Event) -> dict[str, Any]:
    """Return what a verdict says of an entry that was run again."""
    return {"date": event.date, "same": bool(event.same), "words": event.words}


def _delete(folder: BoardFolder, digest: str) -> None:
    for file in (folder.entry_file(digest), folder.verdict_file(digest)):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise ArenaError(f"cannot remove {file}: {error.strerror or error}") from None
    together = folder.together
    if any(digest in parts for parts in together.values()):
        folder.write_together({name: [one for one in parts if one != digest] for name, parts in together.items()})


def remove(which: str, board: Path) -> Entry:
    """Remove an entry from a board, and return it: ranks are as if it had never been there.

    The history keeps one line, with its name and the date; what it said of the entry before is gone.

    Arguments:
        which: Its name, or the beginning of its digest.
        board: Folder of the board.

    Raises:
        ArenaError: If there is no such entry, or no such board.
    """
    folder = BoardFolder(board)
    if not (board / "board.json").exists():
        raise ArenaError(f"{board} is no board: it has no board.json")
    with folder.claimed():
        entry = folder.named(which)
        history = [event for event in folder.history if event.entry != entry.digest]
        folder.write_history([*history, Event(date=now(), event="removed", name=entry.name)])
        _delete(folder, entry.digest)
        write_page(folder)
    return entry


def keep_rerun(folder: BoardFolder, entry: Entry, *, same: bool, words: str) -> Mapping[str, Any]:
    """Keep what running an entry again found, in its verdict and in the history, and return the verdict."""
    verdict = folder.verdict(entry.digest)
    if verdict is None:
        raise ArenaError(
            f"{folder.path}: the verdict on {entry.name!r} is lost; `recourse-arena board add` makes it again"
        )
    event = _event(entry, "re-run", same=same, words=words)
    verdict["badges"]["re-run"] = rerun_badge(event)
    folder.write_verdict(verdict)
    folder.write_history([*folder.history, event])
    write_page(folder)
    return verdict


def write_page(folder: BoardFolder) -> None:
    """Write the page of a board, and the same as Markdown."""
    from recourse_arena.board.page import page

    page.write_page(folder.path)
