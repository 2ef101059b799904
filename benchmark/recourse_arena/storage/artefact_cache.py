"""Artefacts that took long to make, kept as safetensors under a key of everything they depend on."""

from __future__ import annotations

__all__ = ["Artefact", "ArtefactCache"]

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import Tensors, digest
from recourse_arena.storage.files import checked_name, set_aside, write_atomically


@dataclass(frozen=True)
class Artefact:
    """One kept artefact: what it is of, its key, where it lies, how many bytes it has and when it was last used."""

    kind: str
    key: str
    path: Path
    size: int
    used: float


_State = tuple[int, int, int, int]
_ASIDE = "set-aside"


@dataclass(frozen=True)
class ArtefactCache:
    """A folder of artefacts; only what succeeded is kept.

    Every file holds the key it was made for and a digest of its tensors. One that is not what it says is reported,
    moved aside into `set-aside/` and made anew.

    Arguments:
        folder: Where they lie; none keeps nothing.
        known: The state of each file that is believed; none believes all. See :meth:`believing`.
    """

    folder: Path | None
    known: dict[Path, _State] | None = None

    @classmethod
    def believing(cls, folder: Path | None) -> ArtefactCache:
        """Return a cache that believes what lies there now and what it puts there itself, and nothing else.

        For a run of code that is not ours: whatever it plants under a key that is not made yet is not taken.
        """
        cache = cls(folder, {})
        for artefact in cache.artefacts():
            cache._believe(artefact.path)
        return cache

    def strangers(self) -> list[Path]:
        """Return the files that are not believed."""
        known = self.known
        return (
            []
            if known is None
            else [a.path for a in self.artefacts() if a.kind != _ASIDE and not self._believed(a.path)]
        )

    def _believe(self, path: Path) -> None:
        if self.known is not None and (state := _state(path)):
            self.known[path] = state

    def _believed(self, path: Path) -> bool:
        return self.known is None or self.known.get(path) == _state(path)

    def get(
        self,
        kind: str,
        key: str,
        make: Callable[[], Tensors | None],
        *,
        check: Callable[[Tensors], object] | None = None,
    ) -> tuple[Tensors | None, float]:
        """Return the tensors of an artefact and the seconds it took to make, making it if it is not there.

        It is made on one thread, so that it is the same whatever the number of cores: sums over several threads are
        rounded otherwise, and training multiplies that. Without a folder, or if `make` returns none, nothing is kept;
        nor if the folder cannot be written, which is reported.

        Arguments:
            kind: What it is of.
            key: Its key.
            make: Makes it.
            check: Raises an ArenaError for tensors that cannot be used, although they are what the file says.
        """
        kept = self._kept(kind, key, check)
        if kept is not None:
            return kept
        start = time.perf_counter()
        with one_thread():
            tensors = make()
        seconds = time.perf_counter() - start
        if tensors is not None and self.folder is not None:
            self.put(kind, key, _packed(tensors, key, seconds))
        return tensors, seconds

    def seconds(self, kind: str, key: str) -> float | None:
        """Return the seconds a kept artefact took to make by its header; none if it is not there or has none."""
        return None if self.folder is None else _seconds(self._path(kind, key))

    def usual_seconds(self, kind: str) -> float | None:
        """Return the median of the seconds that kept artefacts of a kind took to make; none if there are none."""
        if self.folder is None:
            return None
        found = map(_seconds, (self.folder / checked_name(kind)).glob("*.safetensors"))
        known = [seconds for seconds in found if seconds is not None]
        return median(known) if known else None

    def content(self, kind: str, key: str) -> bytes | None:
        """Return the bytes of a kept artefact, to send them elsewhere; none if it is not there."""
        if self.folder is None or self._kept(kind, key) is None:
            return None
        return self._path(kind, key).read_bytes()

    def put(self, kind: str, key: str, content: bytes) -> None:
        """Keep the bytes of an artefact; that the folder cannot be written is reported, and costs nothing but that."""
        if self.folder is None or ((path := self._path(kind, key)).is_file() and self._believed(path)):
            return
        try:
            write_atomically(path, content)
            self._believe(path)
        except ArenaError as error:
            warnings.warn(f"{error}; the {kind} is used without being kept", stacklevel=2)

    def artefacts(self) -> list[Artefact]:
        """Return what is kept, last used first; what was set aside counts as of kind `set-aside`."""
        found = []
        for path in sorted(self.folder.glob("*/*")) if self.folder and self.folder.is_dir() else []:
            if path.is_file() and not path.is_symlink():
                state = path.stat()
                used = max(state.st_atime, state.st_mtime)
                found.append(Artefact(path.parent.name, path.stem, path, state.st_size, used))
        return sorted(found, key=lambda artefact: -artefact.used)

    def _kept(
        self, kind: str, key: str, check: Callable[[Tensors], object] | None = None
    ) -> tuple[Tensors, float] | None:
        if self.folder is None or not (path := self._path(kind, key)).is_file() or not self._believed(path):
            return None
        try:
            tensors, seconds = _unpacked(path, key)
            if check is not None:
                check(tensors)
            return tensors, seconds
        except ArenaError as error:
            moved = set_aside(path, self.folder)
            warnings.warn(f"{path}: {error}; it is made anew, and the file is now {moved}", stacklevel=4)
            return None

    def _path(self, kind: str, key: str) -> Path:
        assert self.folder is not None
        return self.folder / checked_name(kind) / f"{checked_name(key)}.safetensors"


def _state(path: Path) -> _State | None:
    """Return what changes with a file: nobody but the system sets the time of its last change."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _seconds(path: Path) -> float | None:
    """Return the seconds that the artefact in a file took to make, if it says so."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            return float((file.metadata() or {})["seconds"])
    except (SafetensorError, OSError, KeyError, ValueError):
        return None


def _unpacked(path: Path, key: str) -> tuple[Tensors, float]:
    """Return tensors and seconds of a file, or raise why it is not the artefact of that key."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            said = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        seconds = float(said["seconds"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ArenaError(f"not a readable artefact ({error})") from None
    if said.get("key") != key or said.get("sha256") != digest(tensors):
        raise ArenaError("not the artefact it should be (its key or its checksum is another)")
    return tensors, seconds


def _packed(tensors: Tensors, key: str, seconds: float) -> bytes:
    from safetensors.torch import save

    said = {"seconds": f"{seconds:.3f}", "key": key, "sha256": digest(tensors)}
    return bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}, said))
