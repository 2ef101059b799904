"""Scripts and data inside a page: nothing in them can end their element early, and a page runs what it names alone."""

from __future__ import annotations

__all__ = ["as_json", "as_script", "script_hash"]

import base64
import hashlib
import json


def as_script(text: str) -> str:
    """Return a script that cannot end its element early, with the line ends that browsers hash."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def script_hash(text: str) -> str:
    """Return what a content security policy calls a script by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def as_json(value: object) -> str:
    """Return JSON that no text in it can break out of."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
