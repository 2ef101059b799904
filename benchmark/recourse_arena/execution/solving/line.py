"""A line between two processes that carries frames of bytes; whoever is at the other end cannot make this one wait."""

from __future__ import annotations

__all__ = ["Line"]

import select
import socket
import struct
import threading
import time

_LENGTH = struct.Struct("<Q")
_BUFFERED = 1 << 16
"""Bytes that a line takes without anybody reading at its other end."""


class Line:
    """One end of a line.

    Arguments:
        end: The socket.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._held = bytearray()

    def send(self, content: bytes) -> None:
        """Send a frame, waiting until it is on its way.

        Raises:
            OSError: If nobody is at the other end.
        """
        self._end.sendall(_LENGTH.pack(len(content)) + content)

    def send_aside(self, content: bytes) -> None:
        """Send a frame without waiting for whoever should read it; an end that is gone is found out by receiving."""
        if len(content) < _BUFFERED:
            self._try(content)
        else:
            threading.Thread(target=self._try, args=(content,), daemon=True).start()

    def receive(self, *, most: int, wait: float | None = None) -> bytes | None:
        """Return the next frame; none if it is not there in so many seconds.

        Arguments:
            most: Bytes it may have.
            wait: Seconds to wait for it; none for any number.

        Raises:
            EOFError: If the other end is closed.
            ValueError: If the frame is longer.
        """
        until = None if wait is None else time.monotonic() + wait
        while (frame := self._frame(most)) is None:
            left = None if until is None else max(until - time.monotonic(), 0.0)
            try:
                if not select.select([self._end], [], [], left)[0]:
                    return None
                found = self._end.recv(1 << 20)
            except OSError:
                raise EOFError from None
            if not found:
                raise EOFError
            self._held += found
        return frame

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _try(self, content: bytes) -> None:
        try:
            self.send(content)
        except OSError:
            return

    def _frame(self, most: int) -> bytes | None:
        if len(self._held) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._held)
        if length > most:
            raise ValueError(f"a frame of {length} bytes; {most} are allowed")
        end = _LENGTH.size + length
        if len(self._held) < end:
            return None
        frame = bytes(self._held[_LENGTH.size : end])
        del self._held[:end]
        return frame
