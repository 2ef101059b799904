"""Text files of users, in any usual encoding, packed or not; what is no text is refused with what to do."""

from __future__ import annotations

__all__ = ["holds_json", "read_json", "read_text", "write_json"]

import codecs
import gzip
import io
import json
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError

_LARGEST = 200_000_000
"""Bytes, unpacked."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_text(path: Path, expected: str, largest: int = _LARGEST) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with its byte order mark, perhaps packed with gzip.

    What the file holds counts, not its suffix. Lines end as the file has them, but with a line feed where it has
    carriage returns alone.

    Arguments:
        path: The file.
        expected: What it should be, for messages: `a readable suite`.
        largest: Bytes that it may hold, unpacked.

    Raises:
        ArenaError: With the file, the line where one is known, and what to do.
    """
    raw = _bytes(path, f"{path}: expected {expected}", largest)
    encoding = next((name for mark, name in _ENCODINGS.items() if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ArenaError(
            f"{path}:{line}: expected {expected} in UTF-8, got the byte 0x{raw[error.start]:02x}; save it as UTF-8"
        ) from None
    if "\0" in text:
        raise ArenaError(f"{path}: expected {expected} in UTF-8, got zero bytes; save it as UTF-8")
    return text if "\n" in text else text.replace("\r", "\n")


def holds_json(path: Path, expected: str) -> bool:
    """Return whether a file is one of JSON and not of CSV: by its name, else by how its text begins."""
    if path.name.removesuffix(".gz").endswith(".json"):
        return True
    return read_text(path, expected).lstrip().startswith(("{", "["))


def read_json(path: Path, expected: str, largest: int = _LARGEST) -> Any:
    """Return what a JSON file says; files are read as :func:`read_text` does.

    Arguments:
        path: The file.
        expected: What it should be, for messages: `a readable person`.
        largest: Bytes that it may hold, unpacked.

    Raises:
        ArenaError: With the file, the line where one is known, and what to do; if an object says a key twice, too.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise ArenaError(f"{path}: expected each key once; {twice[0][:80]!r} occurs {names.count(twice[0])} times")
        return dict(pairs)

    text = read_text(path, expected, largest)
    if not text.strip():
        raise ArenaError(f"{path}: expected {expected}, got an empty file")
    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise ArenaError(f"{path}:{error.lineno}: expected {expected} in JSON: {error.msg}") from None
    except RecursionError:
        raise ArenaError(f"{path}: expected {expected} in JSON, got brackets within brackets without an end") from None
    except ValueError as error:
        if isinstance(error, ArenaError):
            raise
        raise ArenaError(
            f"{path}: expected {expected} in JSON: {str(error)[:200]}"
        ) from None  # a number of 5000 digits


def write_json(path: Path, said: Any) -> None:
    """Write a JSON file that people read; whoever reads it meanwhile finds all of the old text or of the new one.

    Raises:
        ArenaError: If it cannot be written.
    """
    text = json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.tmp")
    try:
        if path.exists() and not path.is_file():
            raise ArenaError(f"{path}: cannot be written: it is something else than a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
    except (OSError, ValueError) as error:
        if isinstance(error, ArenaError):
            raise
        reason = getattr(error, "strerror", None) or error
        with suppress(OSError, ValueError):
            beside.unlink(missing_ok=True)
        raise ArenaError(f"{path}: cannot be written: {reason}") from None


def _bytes(path: Path, expected: str, largest: int) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise ArenaError(f"{expected}, got something else than a file")
        with path.open("rb") as file:
            raw = file.read(largest + 1)
        if raw.startswith(_GZIP):
            with gzip.open(io.BytesIO(raw)) as packed:
                raw = packed.read(largest + 1)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        if isinstance(error, ArenaError):
            raise
        raise ArenaError(f"{expected}, got: {getattr(error, 'strerror', None) or error}") from None
    if raw.startswith(_ZIP):
        raise ArenaError(f"{expected}, got a spreadsheet or an archive; save it as text")
    if len(raw) > largest:
        raise ArenaError(f"{expected} of at most {largest} bytes, got more")
    return raw
