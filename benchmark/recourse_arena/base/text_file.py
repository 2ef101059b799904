"""Text files of users, in any usual encoding, packed or not; what is no text is refused with what to do."""

from __future__ import annotations

__all__ = ["read_text"]

import codecs
import gzip
import io
import zlib
from pathlib import Path

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
