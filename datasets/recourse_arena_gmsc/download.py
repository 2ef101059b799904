"""The file from OpenML: described, fetched, compared with its checksum, converted and checked."""

from __future__ import annotations

__all__ = ["DATA_ID", "OPENML", "download"]

import io
import json
import sys
from pathlib import Path
from typing import IO

import pooch

from recourse_arena import ArenaError
from recourse_arena_gmsc.arff import arff_to_csv, simplified
from recourse_arena_gmsc.contents import PUBLIC, Contents
from recourse_arena_gmsc.file import read
from recourse_arena_gmsc.place import replacement

OPENML = "https://www.openml.org"
DATA_ID = 46929
_NAME = "GiveMeSomeCredit"
_SECONDS = 60
_OTHERWISE = (
    "Try again later, or take your own copy of Kaggle's cs-training.csv:\n`recourse-arena data fetch gmsc --from FILE`"
)


def download(
    place: Path, *, force: bool = False, openml: str = OPENML, data_id: int = DATA_ID, expected: Contents = PUBLIC
) -> Path:
    """Fetch the data set `data_id` from `openml`, write it to `place` as Kaggle's file, and return `place`.

    A file in that place stays if it is the expected one already. Until everything is checked nothing there changes.

    Raises:
        ArenaError: If `place` holds another file and `force` is off, the server cannot be reached or does not
            have the data set, or what it sends has another checksum or other contents than `expected`.
    """
    if place.exists() and not force:
        if Contents.of(read(place)) == expected:
            return place
        raise ArenaError(f"{place} holds another file than the public one: replace it with --force, or move it away")
    with replacement(place) as temporary:
        url, checksum = _described(f"{openml}/api/v1/json/data/{data_id}")
        arff = temporary.with_suffix(".arff")
        _save(url, checksum, arff)
        arff_to_csv(arff, temporary)
        contents = Contents.of(read(temporary, called=url))
        if contents != expected:
            raise ArenaError(f"{url}: expected {expected},\ngot {contents}\n{_OTHERWISE}")
    return place


def _described(url: str) -> tuple[str, str]:
    """Return the address and the MD5 checksum of the data file which OpenML's answer at `url` describes."""
    answer = io.BytesIO()
    _get(url, answer)
    try:
        description = json.loads(answer.getvalue())["data_set_description"]
        name, address, checksum = (str(description[key]) for key in ("name", "url", "md5_checksum"))
    except (ValueError, KeyError, TypeError):
        raise ArenaError(
            f"{url}: expected a data_set_description with name, url and md5_checksum,\n"
            f"got {answer.getvalue()[:60]!r}\n{_OTHERWISE}"
        ) from None
    if simplified(name) != simplified(_NAME):
        raise ArenaError(f"{url}: expected the data set {_NAME}, got {name!r}\n{_OTHERWISE}")
    return address, checksum


def _save(url: str, checksum: str, path: Path) -> None:
    with path.open("wb") as file:
        _get(url, file, progress=sys.stderr.isatty())
    found = pooch.file_hash(str(path), alg="md5")
    if found != checksum.lower():
        raise ArenaError(f"{url}: expected a file with MD5 checksum {checksum}, got {found}\n{_OTHERWISE}")


def _get(url: str, file: IO[bytes], *, progress: bool = False) -> None:
    try:
        pooch.HTTPDownloader(progressbar=progress, timeout=_SECONDS)(url, file, None)
    except OSError as error:
        if not hasattr(error, "response"):
            raise
        answer = error.response
        got = f"no complete one ({type(error).__name__})" if answer is None else f"{answer.status_code} {answer.reason}"
        raise ArenaError(f"expected an answer from {url}, got {got}\n{_OTHERWISE}") from None
