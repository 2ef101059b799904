"""Files from their publishers, compared with their checksums, or copies that a user has."""

from __future__ import annotations

__all__ = ["fetched"]

import hashlib
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from recourse_arena.base.errors import ArenaError

_SECONDS = 60


def fetched(
    name: str,
    wanted: Sequence[tuple[str, Path, str, str]],
    *,
    source: Path | None = None,
    force: bool = False,
    otherwise: str = "",
) -> Path:
    """Put the files of a dataset in their places and return the first of these.

    Arguments:
        name: The dataset's name.
        wanted: Of each file its name, its place, its address and its SHA-256 (the last two may be empty).
        source: A copy the user has, or a folder with copies of all, taken instead of downloads.
        force: Whether other files in these places may be replaced.
        otherwise: What else people can do.

    Raises:
        ArenaError: If a place is taken, or a file cannot be had or is not what it should be.
    """
    for file, place, url, checksum in wanted:
        if place.is_file() and not force:
            if not checksum or _sha256(place) == checksum:
                continue
            raise ArenaError(f"{place} holds another file than the published one: replace it with --force, or move it")
        temporary = place.with_name(f".{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)  # whatever was left, or lies there and leads elsewhere
            if source is not None:
                shutil.copyfile(_copy(source, file, len(wanted)), temporary)
            else:
                _download(name, url, temporary, otherwise)
            _check(temporary, checksum, url or str(source), strict=source is None)
            temporary.replace(place)
        except OSError as error:
            raise ArenaError(f"dataset {name}: cannot write {place}: {error}") from None
        finally:
            with suppress(OSError):  # where the folder is none
                temporary.unlink(missing_ok=True)
    return wanted[0][1]


def _copy(source: Path, file: str, count: int) -> Path:
    found = source / Path(file).name if source.is_dir() else source
    if count > 1 and not source.is_dir():
        raise ArenaError(f"expected a folder with {count} files, such as {Path(file).name}, got the file {source}")
    if not found.is_file():
        raise ArenaError(f"expected a file at {found}, found none")
    return found


def _download(name: str, url: str, place: Path, otherwise: str) -> None:
    import pooch

    if not url:
        raise ArenaError(f"dataset {name}: its publisher offers no address to fetch it from.\n{otherwise}".rstrip())
    try:
        with place.open("wb") as file:
            pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=_SECONDS)(url, file, None)
    except OSError as error:
        answer = getattr(error, "response", None)
        got = f"no complete one ({type(error).__name__})" if answer is None else f"{answer.status_code} {answer.reason}"
        raise ArenaError(
            f"expected an answer from {url}, got {got}\n"
            f"Try again later, or take a copy of your own: `recourse-arena data fetch {name} --from FILE`"
        ) from None


def _check(file: Path, checksum: str, origin: str, *, strict: bool) -> None:
    found = _sha256(file)
    if checksum and found != checksum and strict:
        raise ArenaError(f"{origin}: expected a file with SHA-256 {checksum}, got {found}")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
